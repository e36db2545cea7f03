//! Upgrades (`specs/016-priority-operations.md`).

use super::world::{WITNESS, chain, config, draft, execute, make, only};
use crate::{
    code::{MACHINE, Program},
    world::{CHAIN_ID, MACHINES},
};
use alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
use alloy_primitives::{Address, Bytes, U256, address};
use ashlar_primitives::rollup::{Deployment, OperationError, UPGRADER, Upgrade};
use ashlar_stf::{
    BlockError, TransactionError,
    rollup::{Refusal, Role},
};

const NEW: Address = address!("00000000000000000000000000000000000000c1");

fn upgrade() -> Upgrade {
    Upgrade {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        to: NEW,
        gas_limit: 1 << 22,
        deployments: vec![Deployment { address: NEW, code: MACHINE.clone() }],
        data: Program::default().set(1, 5).bytes().to_vec().into(),
    }
}

#[test]
fn an_upgrade_puts_code_into_place_and_calls_it() {
    let mut chain = chain();
    let batch = make(&mut chain, 1, vec![upgrade().encode().unwrap().into()]);
    assert!(only(&batch).receipt.is_success());
    assert_eq!(only(&batch).role, Role::Upgrade);
    assert_eq!(only(&batch).l2_logs(0).count(), 0);
    let new = &chain.accounts()[&NEW];
    assert_eq!((new.nonce, &new.code, new.storage[&U256::ONE]), (1, &*MACHINE, U256::from(5)));
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn the_upgrader_calls_without_a_price() {
    let mut chain = chain();
    let upgrade = Upgrade {
        to: WITNESS,
        deployments: vec![Deployment { address: WITNESS, code: super::world::witness() }],
        ..upgrade()
    };
    make(&mut chain, 1, vec![upgrade.encode().unwrap().into()]);
    let upgrader = U256::from_be_slice(UPGRADER.as_slice());
    let storage: Vec<_> = chain.accounts()[&WITNESS].storage.values().copied().collect();
    assert_eq!(storage, [upgrader, upgrader]);
    assert!(!chain.accounts().contains_key(&UPGRADER));
}

#[test]
fn code_is_replaced_and_storage_stays() {
    let mut chain = chain();
    let before = chain.accounts()[&MACHINES[0]].clone();
    let code: Bytes = vec![0].into();
    let replace = Upgrade {
        to: MACHINES[1],
        data: Bytes::new(),
        deployments: vec![Deployment { address: MACHINES[0], code: code.clone() }],
        ..upgrade()
    };
    make(&mut chain, 1, vec![replace.encode().unwrap().into()]);
    let after = &chain.accounts()[&MACHINES[0]];
    assert_eq!((&after.code, &after.storage, after.balance), (&code, &before.storage, before.balance));
}

#[test]
fn an_upgrade_that_fails_stops_the_block() {
    let fails = Upgrade { data: Program::default().revert().bytes().to_vec().into(), ..upgrade() };
    let other_version = Upgrade { protocol_version: 2, ..upgrade() };
    for upgrade in [fails, other_version] {
        let mut config = config();
        config.block_gas_limit = 1 << 27;
        config.base_fee_doubling = 1 << 30;
        let mut chain = super::world::chain_with(config);
        let refused = chain.make(&[draft(1, vec![upgrade.encode().unwrap().into()])]).unwrap_err();
        assert_eq!(refused, Refusal::Block(BlockError::Upgrade));
    }
}

#[test]
fn an_upgrade_fits_into_its_block() {
    let mut chain = chain();
    let large = Upgrade { gas_limit: 1 << 26, ..upgrade() };
    let refused = chain.make(&[draft(1, vec![large.encode().unwrap().into()])]).unwrap_err();
    let (limit, left) = (1 << 26, config().block_gas_limit);
    assert_eq!(refused, Refusal::Transaction(TransactionError::GasLeft { limit, left }));
}

#[test]
fn an_upgrade_for_another_chain_is_refused() {
    let foreign = Upgrade { chain_id: 1, ..upgrade() };
    let refused = chain().make(&[draft(1, vec![foreign.encode().unwrap().into()])]).unwrap_err();
    assert_eq!(refused, Refusal::Transaction(TransactionError::ChainId(1)));
}

/// An upgrade that puts this code at this address, whatever both are.
fn deploying(address: Address, code: &[u8]) -> Bytes {
    let harmless = Deployment { address: NEW, code: vec![0; code.len()].into() };
    let upgrade = Upgrade { deployments: vec![harmless], data: Bytes::new(), ..upgrade() };
    let mut bytes = upgrade.encode().unwrap();
    let end = bytes.len() - code.len();
    bytes[end..].copy_from_slice(code);
    bytes[end - 24..end - 4].copy_from_slice(address.as_slice());
    bytes.into()
}

#[test]
fn a_delegation_is_no_code_to_deploy() {
    let delegation = [&[0xef, 0x01, 0x00], MACHINES[0].as_slice()].concat();
    for code in [delegation.as_slice(), &[0xef]] {
        let refused = chain().make(&[draft(1, vec![deploying(NEW, code)])]).unwrap_err();
        let reason = TransactionError::Operation(OperationError::ReservedCode(NEW));
        assert_eq!(refused, Refusal::Transaction(reason));
    }
    make(&mut chain(), 1, vec![deploying(NEW, &[0, 0xef])]);
}

#[test]
fn the_code_of_the_history_stays() {
    for code in [&[][..], &[0]] {
        let refused = chain().make(&[draft(1, vec![deploying(HISTORY_STORAGE_ADDRESS, code)])]).unwrap_err();
        let reason = TransactionError::Operation(OperationError::HistoryCode);
        assert_eq!(refused, Refusal::Transaction(reason));
    }
}
