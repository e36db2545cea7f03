//! Some of everything.

use super::{
    delegate::{batch, set_code},
    exchange, people,
};
use crate::inputs::{
    accounts::{self, Account},
    contracts::{Contracts, Erc20, Erc721, Notary, Workshop},
    scene::{CALL_GAS, CHAIN_ID, FEE_MAX, Scene, TIP, bystander, ether},
};
use alloy_consensus::{TxEip2930, TxEip4844, TxLegacy, TypedTransaction};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use ashlar_witness::MadeBlock;

/// Every type of transaction, tokens, the exchange, a creation, `BLOCKHASH`, withdrawals.
pub(super) fn mixed(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(8)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let exchange = exchange::open(&mut scene, contracts, &owner, &people)?;
    let collection = scene.create(&owner, contracts.new_collectible(owner.address))?;
    let executor = scene.create(&owner, contracts.batch_account.clone())?;
    let notary = scene.create(&owner, contracts.notary.clone())?;
    let workshop = scene.create(&owner, contracts.workshop.clone())?;
    scene.seal()?;

    legacy(&mut scene, &people[0])?;
    access_list(&mut scene, &people[1], exchange.red, people[2].address)?;
    blobs(&mut scene, &people[2])?;
    delegation(&mut scene, &people[3], executor, exchange.blue)?;
    scene.transfer(&people[4], accounts::address("newcomer"), ether(1))?;
    scene.call(&owner, collection, &Erc721::mintCall { to: people[4].address })?;
    let swap = exchange.swap_ether(&scene, people[5].address);
    scene.pay(&people[5], exchange.router, ether(1), &swap)?;
    let liquidity = exchange.add_liquidity(&scene, people[6].address, ether(7), ether(7));
    scene.call(&people[6], exchange.router, &liquidity)?;
    scene.call(&people[7], notary, &Notary::recordCall { distance: U256::from(3) })?;
    let clone = Workshop::cloneCall { implementation: exchange.red, salt: keccak256("proxy") };
    scene.call(&people[7], workshop, &clone)?;
    scene.create(&people[0], contracts.notary.clone())?;
    for index in 0..16 {
        // Every other one to an account that does not exist yet.
        let to = match index % 2 {
            0 => bystander(index),
            _ => accounts::address(&format!("staker {index}")),
        };
        scene.withdraw(to, 18_000_000 + index as u64);
    }
    scene.seal()
}

/// A transfer of ether in the oldest type.
fn legacy(scene: &mut Scene, from: &Account) -> eyre::Result<()> {
    let transaction = TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce: scene.take_nonce(from.address),
        gas_price: FEE_MAX,
        gas_limit: 21_000,
        to: bystander(100).into(),
        value: ether(2),
        ..TxLegacy::default()
    };
    scene.push(from, transaction)
}

/// A token transfer that names the contract and a slot beforehand (EIP-2930).
fn access_list(scene: &mut Scene, from: &Account, token: Address, to: Address) -> eyre::Result<()> {
    let access_list = AccessList(vec![
        AccessListItem { address: token, storage_keys: vec![B256::with_last_byte(2)] },
        AccessListItem { address: bystander(101), storage_keys: Vec::new() },
    ]);
    let transaction = TxEip2930 {
        chain_id: CHAIN_ID,
        nonce: scene.take_nonce(from.address),
        gas_price: FEE_MAX,
        gas_limit: CALL_GAS,
        to: token.into(),
        access_list,
        input: Erc20::transferCall { to, value: ether(4) }.abi_encode().into(),
        ..TxEip2930::default()
    };
    scene.push(from, transaction)
}

/// A transaction with the hashes of two blobs. Blobs are no part of a block, so nobody needs to have them here.
fn blobs(scene: &mut Scene, from: &Account) -> eyre::Result<()> {
    let hash = |name: &str| {
        let mut hash = keccak256(name);
        hash.0[0] = alloy_eips::eip4844::VERSIONED_HASH_VERSION_KZG;
        hash
    };
    let transaction = TxEip4844 {
        chain_id: CHAIN_ID,
        nonce: scene.take_nonce(from.address),
        gas_limit: 21_000,
        max_fee_per_gas: FEE_MAX,
        max_priority_fee_per_gas: TIP,
        to: bystander(102),
        blob_versioned_hashes: vec![hash("first blob"), hash("second blob")],
        max_fee_per_blob_gas: FEE_MAX,
        ..TxEip4844::default()
    };
    scene.push(from, TypedTransaction::Eip4844(transaction.into()))
}

/// An account delegates and runs a batch in one transaction (EIP-7702).
fn delegation(scene: &mut Scene, from: &Account, executor: Address, token: Address) -> eyre::Result<()> {
    let nonce = scene.take_nonce(from.address);
    let authorization = scene.delegate(from, executor)?;
    let input = batch(token, &[bystander(103), bystander(104)]).abi_encode().into();
    scene.push(from, set_code(nonce, from.address, input, vec![authorization]))
}
