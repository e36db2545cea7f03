//! Accounts of the chain that have money from the start, by real deposits.

use super::{
    chain::{self, MAX_FEE},
    ethereum::Ethereum,
    folder::Folder,
    view::Shown,
};
use alloy_primitives::{
    Address, Bytes, U256,
    utils::{format_ether, parse_ether},
};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{Account, BlockAt, Client, Wallet};
use ashlar_node::{ChainFile, Node, Stop};
use ashlar_settlement::abi::{chain::RollupChain, hub::Bridgehub};
use eyre::{WrapErr, ensure};
use serde_json::{Value, json};
use std::time::Duration;

/// How many there are where ether costs nothing; on another Ethereum nobody's is spent without being asked for.
const COUNT_ON_OWN: u32 = 2;

/// What an account of the chain gets at the start, ether.
const MONEY: &str = "100";

/// What a deposit may take beside what it brings, ether: its gas on Ethereum, at the highest price.
const MARGIN: &str = "0.1";

/// Gas limit of a deposit of ether: a transfer, its data and margin.
const DEPOSIT_GAS: u64 = 100_000;

/// How many accounts get money.
pub(super) fn count(asked: Option<u32>, is_own: bool) -> u32 {
    asked.unwrap_or(if is_own { COUNT_ON_OWN } else { 0 })
}

/// Deposits money for accounts of the chain that have none, and waits until they have it. `None` if that was stopped.
pub(super) fn fund(
    folder: &Folder,
    ethereum: &Ethereum,
    node: &Node,
    count: u32,
    stop: &Stop,
    shown: &Shown,
) -> eyre::Result<Option<Vec<Value>>> {
    let l2 = Client::new(&format!("http://{}", node.address()));
    let mut accounts = Vec::new();
    let mut waiting = Vec::new();
    for number in 1..=count {
        let file = folder.key(&format!("account-{number}"))?;
        let address = Account::from_file(&file)?.address();
        accounts.push(json!({"address": address, "keyFile": file}));
        // A node that was just started may not have looked at Ethereum; who has a nonce has had money.
        let has_money = !l2.balance(address)?.is_zero() || l2.nonce(address, BlockAt::Latest)? > 0;
        if !has_money && !was_asked(folder, number) {
            shown.step(&format!("depositing for account {number}"));
            deposit(folder, ethereum, address)?;
            folder.write(&format!("keys/account-{number}.deposited"), "")?;
            waiting.push(address);
        }
    }
    shown.step("waiting for the first blocks");
    for address in waiting {
        while l2.balance(address)?.is_zero() {
            // A component that failed orders the stop.
            if stop.wait(Duration::from_millis(50)) {
                return Ok(None);
            }
        }
    }
    Ok(Some(accounts))
}

/// Whether the deposit of an account was made, and is perhaps not in a block.
fn was_asked(folder: &Folder, number: u32) -> bool {
    folder.file(&format!("keys/account-{number}.deposited")).exists()
}

/// From an account that is for this alone: the node's sends batches meanwhile, and nobody else may send with its key.
fn deposit(folder: &Folder, ethereum: &Ethereum, to: Address) -> eyre::Result<()> {
    let funder = Account::from_file(&folder.key("funder")?)?;
    let client = Client::new(&ethereum.url);
    if ethereum.is_own() {
        chain::fund_on_anvil(&client, funder.address())?;
    }
    let wallet = Wallet::with_key(client, funder, MAX_FEE)?;
    let chain = chain::read(folder)?;
    let price = wallet.client().ask(chain.contracts.chain, &RollupChain::gasPriceCall {}, BlockAt::Latest)?;
    let value: U256 = parse_ether(MONEY)?;
    let mint = value + U256::from(DEPOSIT_GAS) * U256::from(price);
    check_funds(&wallet, mint)?;
    send(&wallet, &chain, to, value, mint)
}

fn check_funds(wallet: &Wallet, mint: U256) -> eyre::Result<()> {
    let margin: U256 = parse_ether(MARGIN)?;
    let (has, needs) = (wallet.client().balance(wallet.address())?, mint + margin);
    ensure!(
        has >= needs,
        "the account {} pays for the money of the chain's accounts, {MONEY} ether each; it has {} ether on Ethereum, and needs {} for \
         the next one: send it ether and run the command again, or give --accounts 0",
        wallet.address(),
        format_ether(has),
        format_ether(needs)
    );
    Ok(())
}

fn send(wallet: &Wallet, chain: &ChainFile, to: Address, value: U256, mint: U256) -> eyre::Result<()> {
    let request = Bridgehub::L2Request {
        chainId: U256::from(chain.config()?.chain_id),
        to,
        value,
        data: Bytes::new(),
        gasLimit: DEPOSIT_GAS,
        mint,
        refundRecipient: to,
    };
    let data = Bridgehub::requestL2TransactionCall { request }.abi_encode().into();
    wallet.send(Some(chain.contracts.bridgehub), &data, mint).wrap_err("depositing")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn ether_of_another_ethereum_is_spent_only_if_asked_for() {
        assert_eq!((count(None, true), count(None, false)), (2, 0));
        assert_eq!((count(Some(0), true), count(Some(3), false)), (0, 3));
    }
}
