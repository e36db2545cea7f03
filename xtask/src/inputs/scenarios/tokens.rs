//! OpenZeppelin's ERC-20 and ERC-721.

use super::people;
use crate::inputs::{
    accounts::{self, Account},
    contracts::{Contracts, Erc20, Erc721},
    scene::{Scene, bystander, ether},
};
use alloy_primitives::{Address, U256};
use ashlar_witness::MadeBlock;

/// Creates a token whose first holder is `owner`, and gives 1,000 to each of the others.
pub(super) fn issue(
    scene: &mut Scene,
    contracts: &Contracts,
    owner: &Account,
    symbol: &str,
    holders: &[Account],
) -> eyre::Result<Address> {
    let code = contracts.new_token(&format!("{symbol} token"), symbol, ether(1_000_000), owner.address);
    let token = scene.create(owner, code)?;
    for holder in holders {
        scene.call(owner, token, &Erc20::transferCall { to: holder.address, value: ether(1_000) })?;
    }
    Ok(token)
}

/// Ten transfers between ten holders: to holders, to newcomers, and of all that one has. Then an approval and a transfer
/// by who was approved.
pub(super) fn erc20(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(10)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let token = issue(&mut scene, contracts, &owner, "ASH", &people)?;
    scene.seal()?;
    for (index, person) in people.iter().enumerate() {
        let to = match index {
            0..5 => people[(index + 1) % people.len()].address,
            _ => bystander(index),
        };
        // The last one's balance becomes zero, which deletes its slot.
        let value = if index == 9 { ether(1_000) } else { ether(index as u64 + 1) };
        scene.call(person, token, &Erc20::transferCall { to, value })?;
    }
    let (holder, spender) = (&people[0], &people[1]);
    scene.call(holder, token, &Erc20::approveCall { spender: spender.address, value: ether(50) })?;
    let to = people[2].address;
    scene.call(spender, token, &Erc20::transferFromCall { from: holder.address, to, value: ether(20) })?;
    scene.seal()
}

/// Mints, transfers by the holder, by who was approved for one token and by who was approved for all.
pub(super) fn erc721(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(5)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let collection = scene.create(&owner, contracts.new_collectible(owner.address))?;
    for person in &people {
        scene.call(&owner, collection, &Erc721::mintCall { to: person.address })?;
    }
    scene.seal()?;
    for person in &people {
        scene.call(&owner, collection, &Erc721::mintCall { to: person.address })?;
    }
    let addresses: Vec<_> = people.iter().map(|person| person.address).collect();
    let newcomer = accounts::address("newcomer");
    let id = U256::from;
    let safely = Erc721::safeTransferFromCall { from: addresses[0], to: newcomer, id: id(1) };
    scene.call(&people[0], collection, &safely)?;
    let plainly = Erc721::transferFromCall { from: addresses[1], to: addresses[0], id: id(2) };
    scene.call(&people[1], collection, &plainly)?;
    scene.call(&people[2], collection, &Erc721::approveCall { to: addresses[3], id: id(3) })?;
    let approved = Erc721::transferFromCall { from: addresses[2], to: addresses[3], id: id(3) };
    scene.call(&people[3], collection, &approved)?;
    let for_all = Erc721::setApprovalForAllCall { operator: addresses[0], approved: true };
    scene.call(&people[4], collection, &for_all)?;
    let operated = Erc721::transferFromCall { from: addresses[4], to: addresses[0], id: id(10) };
    scene.call(&people[0], collection, &operated)?;
    scene.seal()
}

/// A transfer of ether and one of a token: a block for tests that prove one.
pub(super) fn small(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(2)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let token = issue(&mut scene, contracts, &owner, "ASH", &people)?;
    scene.seal()?;
    scene.transfer(&people[0], bystander(0), ether(1))?;
    scene.call(&people[1], token, &Erc20::transferCall { to: people[0].address, value: ether(3) })?;
    scene.seal()
}
