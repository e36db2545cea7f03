//! Uniswap v2: factory, pairs, router and WETH9 as Uniswap published them.

use super::{people, tokens::issue};
use crate::inputs::{
    accounts::Account,
    contracts::{Contracts, Erc20, Router, Weth},
    scene::{Scene, ether},
};
use alloy_primitives::{Address, U256};
use ashlar_witness::MadeBlock;

/// How long the router may take, in seconds.
const PATIENCE: u64 = 1_200;

/// Where everything is.
pub(super) struct Exchange {
    pub(super) router: Address,
    pub(super) weth: Address,
    pub(super) red: Address,
    pub(super) blue: Address,
}

/// Creates the exchange, two tokens and two pairs with liquidity: red with blue, blue with WETH. Everybody of `people`
/// holds both tokens and lets the router take them.
pub(super) fn open(
    scene: &mut Scene,
    contracts: &Contracts,
    owner: &Account,
    people: &[Account],
) -> eyre::Result<Exchange> {
    let factory = scene.create(owner, contracts.new_factory(owner.address))?;
    let weth = scene.create(owner, contracts.weth.clone())?;
    let router = scene.create(owner, contracts.new_router(factory, weth))?;
    let red = issue(scene, contracts, owner, "RED", people)?;
    let blue = issue(scene, contracts, owner, "BLUE", people)?;
    let exchange = Exchange { router, weth, red, blue };
    for token in [red, blue] {
        for person in people.iter().chain([owner]) {
            scene.call(person, token, &Erc20::approveCall { spender: router, value: U256::MAX })?;
        }
    }
    scene.seal()?;
    // Two creations of pairs: they cost more gas than other calls.
    let (liquidity, deadline) = (ether(10_000), exchange.deadline(scene));
    let add = exchange.add_liquidity(scene, owner.address, liquidity, liquidity);
    scene.pay_at_most(owner, router, U256::ZERO, &add, 4_000_000)?;
    let add_ether = Router::addLiquidityETHCall {
        token: blue,
        amount: liquidity,
        amountMin: U256::ZERO,
        amountEthMin: U256::ZERO,
        to: owner.address,
        deadline,
    };
    scene.pay_at_most(owner, router, ether(100), &add_ether, 4_000_000)?;
    scene.seal()?;
    Ok(exchange)
}

impl Exchange {
    fn deadline(&self, scene: &Scene) -> U256 {
        U256::from(scene.timestamp() + PATIENCE)
    }

    /// Liquidity for red with blue.
    pub(super) fn add_liquidity(
        &self,
        scene: &Scene,
        to: Address,
        red: U256,
        blue: U256,
    ) -> Router::addLiquidityCall {
        Router::addLiquidityCall {
            tokenA: self.red,
            tokenB: self.blue,
            amountA: red,
            amountB: blue,
            amountAMin: U256::ZERO,
            amountBMin: U256::ZERO,
            to,
            deadline: self.deadline(scene),
        }
    }

    /// Sells tokens along a path.
    pub(super) fn swap(
        &self,
        scene: &Scene,
        to: Address,
        path: Vec<Address>,
        sold: U256,
    ) -> Router::swapExactTokensForTokensCall {
        let deadline = self.deadline(scene);
        Router::swapExactTokensForTokensCall {
            amountIn: sold,
            amountOutMin: U256::from(1),
            path,
            to,
            deadline,
        }
    }

    /// Sells ether for red, by way of WETH and blue.
    pub(super) fn swap_ether(&self, scene: &Scene, to: Address) -> Router::swapExactETHForTokensCall {
        let path = vec![self.weth, self.blue, self.red];
        let deadline = self.deadline(scene);
        Router::swapExactETHForTokensCall { amountOutMin: U256::from(1), path, to, deadline }
    }
}

/// Swaps through one pair and through two, of tokens and of ether, liquidity, and wrapped ether.
pub(super) fn uniswap_v2(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(4)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let exchange = open(&mut scene, contracts, &owner, &people)?;
    let Exchange { router, weth, red, blue } = exchange;
    let swap = exchange.swap(&scene, people[0].address, vec![red, blue], ether(10));
    scene.call(&people[0], router, &swap)?;
    let liquidity = exchange.add_liquidity(&scene, people[1].address, ether(100), ether(100));
    scene.call(&people[1], router, &liquidity)?;
    let swap = exchange.swap_ether(&scene, people[2].address);
    scene.pay(&people[2], router, ether(2), &swap)?;
    let swap = exchange.swap(&scene, people[3].address, vec![red, blue, weth], ether(25));
    scene.call(&people[3], router, &swap)?;
    scene.pay(&people[0], weth, ether(5), &Weth::depositCall {})?;
    scene.call(&people[0], weth, &Weth::withdrawCall { value: ether(2) })?;
    scene.seal()
}
