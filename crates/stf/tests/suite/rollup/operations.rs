//! Priority operations (`specs/016-priority-operations.md`).

use super::world::{
    GENESIS_TIME, SENDER, SEQUENCER, WITNESS, accounts, balance, chain, chain_with, config, draft, execute,
    make, only, operation, supply, transaction, words,
};
use crate::{
    code::{Assembler, Program},
    keys::{Draft, Key},
    world::MACHINES,
};
use alloy_consensus::TxType;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_stf::{
    TransactionError,
    rollup::{Refusal, Role},
};
use ashlar_witness::{GenesisAccount, RollupChain, RollupDraft};
use proptest::prelude::*;
use revm::bytecode::opcode as op;

fn gas_cost(operation: &Operation, gas: u64) -> U256 {
    U256::from(operation.gas_price) * U256::from(gas)
}

#[test]
fn a_deposit_arrives_and_what_is_left_is_refunded() {
    let mut chain = chain();
    let deposit = Operation { mint: operation(0).mint + U256::from(500), ..operation(0) };
    let batch = make(&mut chain, 1, vec![deposit.encode().into()]);
    let result = only(&batch);
    assert!(result.receipt.is_success());
    assert_eq!((result.gas_used, result.role), (21_000, Role::Operation { id: 0 }));
    assert_eq!(balance(&chain, deposit.to), deposit.value);
    assert_eq!(balance(&chain, deposit.from), U256::ZERO);
    assert_eq!(balance(&chain, SEQUENCER), gas_cost(&deposit, 21_000));
    let refund = U256::from(500) + gas_cost(&deposit, deposit.gas_limit - 21_000);
    assert_eq!(balance(&chain, deposit.refund_recipient), refund);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn a_failed_call_refunds_its_value() {
    let mut chain = chain();
    let program = Program::default().set(1, 9).revert();
    let fails = Operation { to: MACHINES[0], data: program.bytes().to_vec().into(), ..operation(0) };
    let before = chain.accounts()[&MACHINES[0]].clone();
    let batch = make(&mut chain, 1, vec![fails.encode().into()]);
    assert!(!only(&batch).receipt.is_success());
    assert_eq!(chain.accounts()[&MACHINES[0]].storage, before.storage);
    assert_eq!(balance(&chain, MACHINES[0]), before.balance);
    let fee = gas_cost(&fails, only(&batch).gas_used);
    assert_eq!(balance(&chain, SEQUENCER), fee);
    assert_eq!(balance(&chain, fails.refund_recipient), fails.mint - fee);
    assert!(!chain.accounts().contains_key(&fails.from), "the sender is as it was: not there");
}

#[test]
fn value_can_come_from_the_senders_balance() {
    let mut chain = chain();
    let sender = Key::number(0).address();
    let had = balance(&chain, sender);
    let exit = Operation {
        from: sender,
        value: U256::from(5_000_000),
        mint: gas_cost(&operation(0), 200_000),
        ..operation(0)
    };
    make(&mut chain, 1, vec![exit.encode().into()]);
    assert_eq!(balance(&chain, exit.to), exit.value);
    assert_eq!(balance(&chain, sender), had - exit.value);
    assert_eq!(chain.accounts()[&sender].nonce, 0, "an operation has no nonce");
    // Its signed transactions go on as if there had been none.
    make(&mut chain, 1, vec![super::world::transfer(0, 0)]);
}

#[test]
fn an_exit_brings_its_fee_alone_and_has_a_message_under_the_lowest_limit_of_logs() {
    let lowest = RollupConfig { transaction_logs_limit: 2, batch_logs_limit: 2, ..config() };
    assert_eq!(lowest.validate(), Ok(()));
    let mut chain = chain_with(lowest);
    let sender = Key::number(0).address();
    let had = balance(&chain, sender);
    let exit = Operation {
        from: sender,
        to: SENDER,
        value: had,
        data: words(&[1, 7]),
        mint: gas_cost(&operation(0), 200_000),
        ..operation(0)
    };
    let batch = make(&mut chain, 1, vec![exit.encode().into()]);
    let result = only(&batch);
    assert!(result.receipt.is_success());
    assert_eq!(result.usage.logs, 2);
    assert_eq!(result.messages.len(), 1);
    assert_eq!(balance(&chain, sender), U256::ZERO);
    assert_eq!(balance(&chain, SENDER), had);
    let fee = gas_cost(&exit, result.gas_used);
    assert_eq!(balance(&chain, exit.refund_recipient), exit.mint - fee);
    assert_eq!(execute(&lowest, &batch).unwrap(), batch.blocks);
}

#[test]
fn an_exit_of_more_than_there_is_fails_and_has_paid() {
    let mut chain = chain();
    let sender = Key::number(0).address();
    let had = balance(&chain, sender);
    let exit = Operation {
        from: sender,
        value: had + U256::ONE,
        mint: gas_cost(&operation(0), 200_000),
        ..operation(0)
    };
    let batch = make(&mut chain, 1, vec![exit.encode().into()]);
    assert!(!only(&batch).receipt.is_success());
    assert_eq!(balance(&chain, sender), had);
    assert_eq!(balance(&chain, exit.to), U256::ZERO);
    assert_eq!(balance(&chain, exit.refund_recipient), exit.mint - gas_cost(&exit, 21_000));
}

#[test]
fn a_value_that_nobody_has_makes_it_fail() {
    let mut chain = chain();
    let poor = Operation { value: U256::MAX, ..operation(0) };
    let batch = make(&mut chain, 1, vec![poor.encode().into()]);
    assert!(!only(&batch).receipt.is_success());
    assert_eq!(only(&batch).gas_used, 21_000);
    assert_eq!(balance(&chain, poor.refund_recipient), poor.mint - gas_cost(&poor, 21_000));
}

#[test]
fn what_ethereum_would_never_accept_fails_and_is_included() {
    let base = operation(0);
    let void = [
        Operation { mint: gas_cost(&base, base.gas_limit) - U256::ONE, ..base.clone() },
        Operation { mint: U256::ZERO, ..base.clone() },
        Operation { gas_limit: (1 << 24) + 1, mint: U256::MAX >> 1, ..base.clone() },
        Operation { gas_limit: 20_999, ..base.clone() },
        Operation { gas_limit: 0, ..base.clone() },
        // Enough for the intrinsic gas of its data, but not for the floor (EIP-7623).
        Operation { gas_limit: 21_000 + 16 * 100 + 1, data: vec![1; 100].into(), ..base.clone() },
        Operation { gas_price: u128::MAX, mint: U256::MAX, gas_limit: u64::MAX, ..base },
    ];
    for operation in void {
        let mut chain = chain();
        let before = supply(&chain);
        let batch = make(&mut chain, 1, vec![operation.encode().into()]);
        assert!(!only(&batch).receipt.is_success(), "{operation:?}");
        assert_eq!(only(&batch).gas_used, operation.gas_limit.min(1 << 24));
        assert_eq!(balance(&chain, operation.to), U256::ZERO);
        if operation.mint != U256::MAX {
            assert_eq!(supply(&chain), before + operation.mint);
        }
        assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
    }
}

#[test]
fn balances_saturate_instead_of_overflowing() {
    let mut chain = chain();
    let rich = |id| Operation { mint: U256::MAX, value: U256::MAX >> 1, ..operation(id) };
    let transactions = (0..3).map(|id| rich(id).encode().into()).collect();
    let batch = make(&mut chain, 1, transactions);
    assert_eq!(balance(&chain, rich(0).refund_recipient), U256::MAX);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn an_operation_for_another_chain_is_refused() {
    let foreign = Operation { chain_id: 1, ..operation(0) };
    let refused = chain().make(&[draft(1, vec![foreign.encode().into()])]).unwrap_err();
    assert_eq!(refused, Refusal::Transaction(TransactionError::ChainId(1)));
}

#[test]
fn bytes_that_are_no_operation_are_refused() {
    let bytes = operation(0).encode();
    let longer = [bytes.as_slice(), &[0]].concat();
    let mut wide_id = bytes.clone();
    wide_id[33] = 1;
    for bytes in [&bytes[..bytes.len() - 1], &longer, &wide_id, &[0x7f]] {
        let refused = chain().make(&[draft(1, vec![Bytes::copy_from_slice(bytes)])]).unwrap_err();
        assert!(matches!(refused, Refusal::Transaction(TransactionError::Operation(_))), "{refused:?}");
    }
}

#[test]
fn code_at_the_sender_does_not_matter() {
    let mut chain = chain();
    let from_contract = Operation { from: MACHINES[1], ..operation(0) };
    let batch = make(&mut chain, 1, vec![from_contract.encode().into()]);
    assert!(only(&batch).receipt.is_success());
}

#[test]
fn the_call_sees_sender_and_price() {
    let mut chain = chain();
    let call = Operation { to: WITNESS, ..operation(0) };
    let batch = make(&mut chain, 1, vec![call.encode().into()]);
    assert!(only(&batch).receipt.is_success());
    let storage: Vec<_> = chain.accounts()[&WITNESS].storage.values().copied().collect();
    let from = U256::from_be_slice(call.from.as_slice());
    assert_eq!(storage, [from, from, U256::from(7)]);
}

prop_compose! {
    fn any_operation()(
        value in 0u64..3_000_000,
        extra in 0u64..3_000_000,
        gas_limit in 0u64..400_000,
        gas_price in 0u128..20,
        to in 0usize..5,
        from in 0u8..4,
        refund in 0u8..4,
        short in any::<bool>(),
        fails in any::<bool>(),
    ) -> Operation {
        let program = Program::default().set(3, 1).balance(Address::repeat_byte(0x52), 4);
        let program = if fails { program.revert() } else { program };
        let addresses = [MACHINES[0], MACHINES[1], MACHINES[2], Address::repeat_byte(0x52), SEQUENCER];
        let to = addresses[to];
        let party = |n: u8| [Address::repeat_byte(0x51), to, SEQUENCER, Key::number(0).address()][usize::from(n)];
        let mint = U256::from(extra) + if short { U256::ZERO } else {
            U256::from(value) + U256::from(gas_limit) * U256::from(gas_price)
        };
        Operation {
            from: party(from),
            to,
            value: U256::from(value),
            mint,
            gas_limit,
            gas_price,
            refund_recipient: party(refund),
            data: if MACHINES.contains(&to) { program.bytes().to_vec().into() } else { Bytes::new() },
            ..operation(0)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn wei_are_conserved(operations in prop::collection::vec(any_operation(), 1..4)) {
        let mut chain = chain();
        let before = supply(&chain);
        let minted: U256 = operations.iter().map(|operation| operation.mint).fold(U256::ZERO, |a, b| a + b);
        let transactions = operations.iter().map(|operation| operation.encode().into()).collect();
        let batch = make(&mut chain, 1, transactions);
        prop_assert_eq!(supply(&chain), before + minted);
        prop_assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
    }
}

#[test]
fn operations_stand_beside_ordinary_transactions() {
    let mut chain = chain();
    let ordinary = transaction(0, 0, Address::repeat_byte(0x77)).value(3).sign(&Key::number(0));
    let batch =
        make(&mut chain, 1, vec![operation(4).encode().into(), ordinary, operation(5).encode().into()]);
    let roles: Vec<_> = batch.blocks[0].transactions.iter().map(|result| result.role).collect();
    assert_eq!(roles, [Role::Operation { id: 4 }, Role::Ordinary, Role::Operation { id: 5 }]);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

/// Makes a child with the call's value; the child's init code destroys it in favour of itself or of its maker.
const PARENT: Address = Address::repeat_byte(0xb9);

fn chain_with_parent(favours: u8) -> RollupChain {
    let init = U256::from_be_slice(&[favours, op::SELFDESTRUCT]);
    let code = Assembler::default()
        .push(init)
        .op(&[op::PUSH0, op::MSTORE])
        .push(U256::from(2))
        .push(U256::from(30))
        .op(&[op::CALLVALUE, op::CREATE, op::STOP])
        .finish();
    let mut accounts = accounts();
    accounts.insert(PARENT, GenesisAccount { nonce: 1, code, ..Default::default() });
    RollupChain::new(config(), accounts, GENESIS_TIME).unwrap()
}

#[test]
fn a_contract_that_destroys_itself_at_birth_burns_what_it_gives_to_itself() {
    let mut chain = chain_with_parent(op::ADDRESS);
    let before = supply(&chain);
    let deposit = Operation { to: PARENT, ..operation(0) };
    let batch = make(&mut chain, 1, vec![deposit.encode().into()]);
    assert!(only(&batch).receipt.is_success());
    assert_eq!(supply(&chain), before + deposit.mint - deposit.value);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn fees_and_refunds_of_who_is_destroyed_are_burned() {
    let child = PARENT.create(1);
    let mut chain = chain_with_parent(op::CALLER);
    let before = supply(&chain);
    let deposit = Operation { to: PARENT, refund_recipient: child, ..operation(0) };
    let batch = make(&mut chain, 1, vec![deposit.encode().into()]);
    let fee = gas_cost(&deposit, only(&batch).gas_used);
    assert_eq!(balance(&chain, PARENT), deposit.value);
    assert_eq!(supply(&chain), before + deposit.value + fee);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);

    let mut chain = chain_with_parent(op::CALLER);
    let deposit = Operation { refund_recipient: Address::repeat_byte(0x53), ..deposit };
    let draft = RollupDraft { beneficiary: child, ..draft(1, vec![deposit.encode().into()]) };
    let batch = chain.make(&[draft]).unwrap();
    assert_eq!(supply(&chain), before + deposit.mint - fee);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn an_account_that_an_operation_emptied_is_none_for_authorizations() {
    let authority = Key::number(5);
    let all = U256::from(10).pow(U256::from(18));
    let mut accounts = accounts();
    accounts.insert(authority.address(), GenesisAccount { balance: all, ..Default::default() });
    let fresh = || RollupChain::new(config(), accounts.clone(), GENESIS_TIME).unwrap();
    let empties: Bytes = Operation {
        from: authority.address(),
        value: all,
        mint: gas_cost(&operation(0), operation(0).gas_limit),
        ..operation(0)
    }
    .encode()
    .into();
    let authorizes = Draft::new(TxType::Eip7702, 0, TxKind::Call(Address::repeat_byte(0x44)))
        .authorize(&authority, MACHINES[0], 0)
        .sign(&Key::number(0));
    let (mut one, mut two) = (fresh(), fresh());
    let together = make(&mut one, 1, vec![empties.clone(), authorizes.clone()]);
    let apart = two.make(&[draft(1, vec![empties]), draft(1, vec![authorizes])]).unwrap();
    // No refund: 21,000 and the price of an authorization for an account that is not there.
    assert_eq!(together.blocks[0].transactions[1].gas_used, 46_000);
    assert_eq!(apart.blocks[1].transactions[0].gas_used, 46_000);
    assert_eq!(one.accounts()[&authority.address()], two.accounts()[&authority.address()]);
    assert_eq!(execute(&config(), &together).unwrap(), together.blocks);
    assert_eq!(execute(&config(), &apart).unwrap(), apart.blocks);
}

#[test]
fn an_authority_that_is_there_is_refunded_and_one_that_was_only_touched_is_not() {
    let authorize = |authority: u8, nonce| {
        Draft::new(TxType::Eip7702, nonce, TxKind::Call(Address::repeat_byte(0x44)))
            .authorize(&Key::number(authority), MACHINES[0], 0)
            .sign(&Key::number(0))
    };
    let touch = transaction(0, 0, Key::number(77).address()).sign(&Key::number(0));
    // Key 1 has ether; key 77 has nothing, and a call without value touches it.
    let batch = make(&mut chain(), 1, vec![touch, authorize(1, 1), authorize(77, 2)]);
    let gas: Vec<_> = batch.blocks[0].transactions.iter().map(|result| result.gas_used).collect();
    assert_eq!(gas, [21_000, 36_800, 46_000]);
    assert_eq!(execute(&config(), &batch).unwrap(), batch.blocks);
}

#[test]
fn the_lowest_limit_of_proving_cost_leaves_something_for_the_call_with_the_most_data() {
    let lowest = RollupConfig { transaction_cost_limit: 1 << 23, ..config() };
    assert_eq!(lowest.validate(), Ok(()));
    assert!(RollupConfig { transaction_cost_limit: (1 << 23) - 1, ..lowest }.validate().is_err());
    let gas_limit = 1 << 22;
    let most = Operation {
        data: vec![1; 98_304].into(),
        gas_limit,
        mint: operation(0).value + U256::from(gas_limit) * U256::from(7),
        ..operation(0)
    };
    let batch = make(&mut chain_with(lowest), 1, vec![most.encode().into()]);
    assert!(only(&batch).receipt.is_success());
    assert!(only(&batch).usage.cost < lowest.transaction_cost_limit * 2 / 3, "{:?}", only(&batch).usage);
}
