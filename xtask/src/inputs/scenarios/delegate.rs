//! EIP-7702: accounts that delegate to OpenZeppelin's batch executor.

use super::{people, tokens::issue};
use crate::inputs::{
    accounts::Account,
    contracts::{Batch, BatchCall, Contracts, Erc20},
    scene::{CALL_GAS, CHAIN_ID, FEE_MAX, Scene, TIP, bystander, ether},
};
use alloy_consensus::TxEip7702;
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::{Address, B256, Bytes, U256, b256};
use alloy_sol_types::{SolCall, SolValue};
use ashlar_witness::MadeBlock;

/// ERC-7579's mode for a batch that reverts as a whole.
const BATCH: B256 = b256!("0100000000000000000000000000000000000000000000000000000000000000");

/// A batch of token transfers and one of ether.
pub(super) fn batch(token: Address, receivers: &[Address]) -> Batch::executeCall {
    let mut calls: Vec<_> = receivers
        .iter()
        .map(|to| BatchCall {
            to: token,
            value: U256::ZERO,
            data: Erc20::transferCall { to: *to, value: ether(5) }.abi_encode().into(),
        })
        .collect();
    calls.extend(receivers.first().map(|to| BatchCall { to: *to, value: ether(1), data: Bytes::new() }));
    Batch::executeCall { mode: BATCH, executionData: calls.abi_encode().into() }
}

/// A transaction that sets code: from its sender to `to`.
pub(super) fn set_code(
    nonce: u64,
    to: Address,
    input: Bytes,
    authorization_list: Vec<SignedAuthorization>,
) -> TxEip7702 {
    TxEip7702 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: CALL_GAS,
        max_fee_per_gas: FEE_MAX,
        max_priority_fee_per_gas: TIP,
        to,
        authorization_list,
        input,
        ..TxEip7702::default()
    }
}

/// An account delegates and runs a batch in one transaction; a sponsor brings another's delegation, who then runs a
/// batch; a third one's delegation ends.
pub(super) fn eip7702(contracts: &Contracts) -> eyre::Result<MadeBlock> {
    let (owner, people) = (Account::named("owner")?, people(4)?);
    let mut scene = Scene::new(people.iter().chain([&owner]))?;
    let token = issue(&mut scene, contracts, &owner, "ASH", &people)?;
    let executor = scene.create(&owner, contracts.batch_account.clone())?;
    scene.seal()?;
    let [first, second, third, sponsor] = [&people[0], &people[1], &people[2], &people[3]];
    let nonce = scene.take_nonce(sponsor.address);
    let delegation = scene.delegate(third, executor)?;
    scene.push(sponsor, set_code(nonce, sponsor.address, Bytes::new(), vec![delegation]))?;
    scene.seal()?;

    let receivers = [bystander(1), bystander(2), second.address];
    let input: Bytes = batch(token, &receivers).abi_encode().into();
    let nonce = scene.take_nonce(first.address);
    let delegation = scene.delegate(first, executor)?;
    scene.push(first, set_code(nonce, first.address, input.clone(), vec![delegation]))?;
    let nonce = scene.take_nonce(sponsor.address);
    let (begins, ends) = (scene.delegate(second, executor)?, scene.delegate(third, Address::ZERO)?);
    scene.push(sponsor, set_code(nonce, first.address, Bytes::new(), vec![begins, ends]))?;
    scene.send(second, second.address.into(), U256::ZERO, input, CALL_GAS)?;
    scene.seal()
}
