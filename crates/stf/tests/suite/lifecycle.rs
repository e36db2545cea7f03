//! Accounts that come and go: what one transaction leaves to the next one of its block.

use crate::{
    code::{Program, created2},
    keys::{Draft, Key},
    reference::{Environment, Reference},
    world::{BENEFICIARY, MACHINES, chain, config_of, draft, genesis_accounts, genesis_header, run},
};
use alloy_consensus::{Header, TxType};
use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use ashlar_primitives::Fork;
use ashlar_stf::AccountChange;
use ashlar_witness::{Chain, GenesisAccount, MadeBlock};

/// Makes one block of these transactions by `stf` and by the reference, which must agree.
fn agree(fork: Fork, beneficiary: Address, drafts: &[(u8, Draft)]) -> (MadeBlock, Reference) {
    let mut chain = chain(config_of(fork));
    let mut reference = Reference::new(&genesis_accounts());
    let made = next(&mut chain, &mut reference, 12, beneficiary, drafts);
    (made, reference)
}

fn next(
    chain: &mut Chain,
    reference: &mut Reference,
    seconds: u64,
    beneficiary: Address,
    drafts: &[(u8, Draft)],
) -> MadeBlock {
    let draft = Header { beneficiary, ..draft(seconds) };
    let parent = Header::decode(&mut chain.tip().as_ref()).unwrap();
    reference.begin(&Environment {
        fork: chain.config().fork_at(draft.timestamp).unwrap(),
        number: parent.number + 1,
        timestamp: draft.timestamp,
        beneficiary,
        gas_limit: draft.gas_limit,
        base_fee: parent.next_block_base_fee(alloy_eips::eip1559::BaseFeeParams::ethereum()).unwrap(),
        mix_hash: draft.mix_hash,
        excess_blob_gas: 0,
        beacon_root: draft.parent_beacon_block_root.unwrap(),
        parent_hash: keccak256(chain.tip()),
    });
    let mut transactions: Vec<Bytes> = Vec::new();
    for (key, draft) in drafts {
        let key = Key::number(*key);
        assert!(reference.transact(draft.kind, draft.environment(key.address())), "{draft:?}");
        transactions.push(draft.sign(&key));
    }
    reference.end(&[]);
    let made = chain.make(draft, transactions, Vec::new()).unwrap();
    assert_eq!(made.outcome.gas_used, reference.gas_used);
    assert_eq!(made.outcome.receipts_root, reference.receipts_root());
    assert_eq!(made.outcome.state_root, reference.state_root());
    run(&made.pruned().unwrap()).unwrap();
    made
}

fn change(made: &MadeBlock, address: Address) -> Option<&AccountChange> {
    made.outcome.changes.iter().find(|change| change.address == address)
}

fn send(nonce: u64, to: Address, program: Program) -> Draft {
    Draft::new(TxType::Eip1559, nonce, TxKind::Call(to)).data(program).gas(2_000_000)
}

const HEIR: Address = Address::repeat_byte(0x77);

#[test]
fn an_account_created_and_destroyed_in_one_transaction_leaves_nothing() {
    let child = created2(MACHINES[0], 1);
    let inside = Program::default().fill(1, 1).destroy(HEIR);
    let both = Program::default().create2(1, 5).call(child, 2, inside.bytes());
    let (made, reference) = agree(Fork::Osaka, BENEFICIARY, &[(0, send(0, MACHINES[0], both))]);
    assert_eq!(change(&made, child), None);
    assert_eq!(reference.account(HEIR).unwrap().balance, U256::from(7));
    assert_eq!(change(&made, HEIR).unwrap().record.unwrap().balance, U256::from(7));
}

#[test]
fn an_account_destroyed_a_transaction_after_its_creation_stays_without_its_ether() {
    let child = created2(MACHINES[0], 1);
    let (made, _) = agree(
        Fork::Osaka,
        BENEFICIARY,
        &[
            (0, send(0, MACHINES[0], Program::default().create2(1, 5))),
            (1, send(0, child, Program::default().set(3, 3).destroy(HEIR))),
        ],
    );
    let child = change(&made, child).unwrap();
    assert_eq!(child.record.unwrap().balance, U256::ZERO);
    assert_eq!(
        child.written().collect::<Vec<_>>(),
        [(U256::from(3), U256::from(3)), (U256::from(7), U256::from(7))],
        "its storage stays, and what it writes on its way out too"
    );
}

#[test]
fn an_account_destroyed_and_created_again_in_the_next_transaction_has_the_new_storage_only() {
    let child = created2(MACHINES[0], 1);
    let first =
        Program::default().create2(1, 5).call(child, 0, Program::default().fill(1, 1).destroy(HEIR).bytes());
    let second = Program::default().create2(1, 1).call(child, 0, Program::default().set(2, 2).bytes());
    let (made, _) = agree(
        Fork::Osaka,
        BENEFICIARY,
        &[(0, send(0, MACHINES[0], first)), (1, send(0, MACHINES[0], second))],
    );
    let child = change(&made, child).unwrap();
    assert_eq!(
        child.written().collect::<Vec<_>>(),
        [(U256::from(2), U256::from(2)), (U256::from(7), U256::from(7))]
    );
    assert_eq!(child.record.unwrap().balance, U256::from(1));
    assert!(child.code.is_some());
}

#[test]
fn ether_sent_to_an_account_after_its_end_in_the_same_block_makes_a_plain_account() {
    let child = created2(MACHINES[0], 1);
    let first =
        Program::default().create2(1, 5).call(child, 0, Program::default().fill(1, 1).destroy(HEIR).bytes());
    let pay = Draft::new(TxType::Legacy, 0, TxKind::Call(child)).value(9);
    let (made, _) = agree(Fork::Osaka, BENEFICIARY, &[(0, send(0, MACHINES[0], first)), (1, pay)]);
    let child = change(&made, child).unwrap();
    let record = child.record.unwrap();
    assert_eq!((record.nonce, record.balance), (0, U256::from(9)));
    assert_eq!((child.slots.len(), record.code_hash), (0, keccak256([])));
}

#[test]
fn an_account_that_held_ether_before_it_was_created_and_destroyed_is_gone() {
    let child = created2(MACHINES[0], 1);
    let mut chain = chain(config_of(Fork::Osaka));
    let mut reference = Reference::new(&genesis_accounts());
    let pay = Draft::new(TxType::Legacy, 0, TxKind::Call(child)).value(9);
    next(&mut chain, &mut reference, 12, BENEFICIARY, &[(1, pay)]);
    let both = Program::default().create2(1, 5).call(child, 0, Program::default().destroy(child).bytes());
    let made = next(&mut chain, &mut reference, 24, BENEFICIARY, &[(0, send(0, MACHINES[0], both))]);
    assert_eq!(change(&made, child).unwrap().record, None);
    let again = next(
        &mut chain,
        &mut reference,
        36,
        BENEFICIARY,
        &[(0, send(1, MACHINES[0], Program::default().create2(1, 0)))],
    );
    assert_eq!(change(&again, child).unwrap().record.unwrap().nonce, 1);
}

#[test]
fn a_created_account_whose_creation_reverts_leaves_nothing() {
    let child = created2(MACHINES[0], 1);
    let inner = Program::default().create2(1, 0).revert();
    let outer = Program::default().call(MACHINES[0], 0, inner.bytes()).set(1, 9);
    let (made, _) = agree(Fork::Osaka, BENEFICIARY, &[(0, send(0, MACHINES[0], outer))]);
    assert_eq!(change(&made, child), None);
}

#[test]
fn touching_nobody_leaves_nothing() {
    let touch = Draft::new(TxType::Legacy, 0, TxKind::Call(HEIR));
    let nothing = Program::default().call(HEIR, 0, &[]);
    let (made, _) = agree(Fork::Osaka, HEIR, &[(0, touch), (1, send(0, MACHINES[0], nothing))]);
    // The block's maker is the same account, and has its tips.
    assert!(change(&made, HEIR).unwrap().record.unwrap().balance > U256::ZERO);
    let touch =
        Draft { tip: 0, max_fee: 1_000_000_000, ..Draft::new(TxType::Eip1559, 0, TxKind::Call(HEIR)) };
    let (made, _) = agree(Fork::Osaka, HEIR, &[(0, touch)]);
    assert_eq!(change(&made, HEIR), None);
}

#[test]
fn slots_written_and_zeroed_within_the_block_leave_the_trie_as_it_was() {
    let write = Program::default().fill(100, 1).fill(101, 1).set(1, 0).set(2, 0);
    let undo = Program::default().set(100, 0).set(101, 0).fill(1, 1).fill(2, 2);
    let (made, reference) =
        agree(Fork::Osaka, BENEFICIARY, &[(0, send(0, MACHINES[0], write)), (1, send(0, MACHINES[0], undo))]);
    assert_eq!(change(&made, MACHINES[0]), None);
    assert_eq!(reference.accounts()[&MACHINES[0]].1.len(), 19);
}

#[test]
fn deleting_all_slots_of_an_account_empties_its_storage_trie() {
    let program = (1..20).fold(Program::default(), |program, slot| program.set(slot, 0));
    let (made, _) = agree(Fork::Osaka, BENEFICIARY, &[(0, send(0, MACHINES[0], program))]);
    assert_eq!(change(&made, MACHINES[0]).unwrap().record.unwrap().storage_root, ashlar_trie::EMPTY_ROOT);
}

/// An account that a transaction touches and leaves empty is not in the state when the next one starts (EIP-161), so an
/// authorization by it pays for a new account (EIP-7702: no refund of 12,500 gas).
#[test]
fn an_authority_touched_earlier_in_the_block_is_not_refunded_as_existing() {
    let authority = Key::number(9);
    let delegate = |nonce| {
        Draft::new(TxType::Eip7702, nonce, TxKind::Call(Address::repeat_byte(0xe1)))
            .authorize(&authority, MACHINES[0], 0)
            .gas(300_000)
    };
    let touch = Draft::new(TxType::Legacy, 0, TxKind::Call(authority.address()));
    let inside = Program::default().call(authority.address(), 0, &[]);
    let (alone, _) = agree(Fork::Prague, BENEFICIARY, &[(1, delegate(0))]);
    // 21,000 and 25,000 for one authorization, of which nothing comes back.
    assert_eq!(alone.outcome.gas_used, 46_000);
    for toucher in [touch, send(0, MACHINES[1], inside)] {
        let (made, _) = agree(Fork::Prague, BENEFICIARY, &[(0, toucher), (1, delegate(0))]);
        let gas: Vec<_> = made.outcome.receipts.iter().map(|receipt| receipt.cumulative_gas_used()).collect();
        assert_eq!(gas[1] - gas[0], 46_000);
        let record = change(&made, authority.address()).unwrap().record.unwrap();
        assert_eq!(record.nonce, 1);
    }
    // As the block's maker, without a tip, it is touched too.
    let free = Draft { tip: 0, max_fee: 1_000_000_000, ..delegate(0) };
    let first = Draft { kind: TxType::Eip1559, authorizations: Vec::new(), ..free.clone() };
    let (made, _) = agree(Fork::Prague, authority.address(), &[(0, first), (1, free)]);
    assert_eq!(made.outcome.gas_used, 21_000 + 46_000);
}

#[test]
fn an_authority_with_ether_from_earlier_in_the_block_is_refunded() {
    let authority = Key::number(9);
    let pay = Draft::new(TxType::Legacy, 0, TxKind::Call(authority.address())).value(1);
    let delegate = Draft::new(TxType::Eip7702, 0, TxKind::Call(Address::repeat_byte(0xe1)))
        .authorize(&authority, MACHINES[0], 0)
        .gas(300_000);
    let (made, _) = agree(Fork::Prague, BENEFICIARY, &[(0, pay), (1, delegate)]);
    // A fifth of the gas, 9,200, comes back: the cap on the refund of 12,500 (EIP-3529).
    assert_eq!(made.outcome.gas_used, 21_000 + 46_000 - 9_200);
}

#[test]
fn an_absent_authority_that_gets_code_reads_its_own_storage_only() {
    let authority = Key::number(9);
    let program = Program::default().copy(1, 2).copy(7, 3);
    let delegate = Draft::new(TxType::Eip7702, 0, TxKind::Call(authority.address()))
        .authorize(&authority, MACHINES[0], 0)
        .data(program)
        .gas(300_000);
    let (made, _) = agree(Fork::Prague, BENEFICIARY, &[(0, delegate)]);
    let slots: Vec<_> = change(&made, authority.address()).unwrap().written().collect();
    assert_eq!(slots, [(U256::from(2), U256::from(1)), (U256::from(3), U256::from(1))]);
}

#[test]
fn a_delegation_that_is_taken_back_leaves_an_account_without_code() {
    let authority = Key::number(9);
    let to = TxKind::Call(Address::repeat_byte(0xe1));
    let set = Draft::new(TxType::Eip7702, 0, to).authorize(&authority, MACHINES[0], 0).gas(300_000);
    let clear = Draft::new(TxType::Eip7702, 1, to).authorize(&authority, Address::ZERO, 1).gas(300_000);
    let mut chain = chain(config_of(Fork::Prague));
    let mut reference = Reference::new(&genesis_accounts());
    let set = next(&mut chain, &mut reference, 12, BENEFICIARY, &[(0, set)]);
    let code = change(&set, authority.address()).unwrap().code.clone().unwrap();
    assert_eq!(code, Bytes::from([&[0xef, 1, 0], MACHINES[0].as_slice()].concat()));
    let cleared = next(&mut chain, &mut reference, 24, BENEFICIARY, &[(0, clear)]);
    let change = change(&cleared, authority.address()).unwrap();
    assert_eq!(change.code, Some(Bytes::new()));
    assert_eq!(change.record.unwrap().code_hash, keccak256([]));
}

/// No chain has an empty account with storage, but a genesis state can: its storage goes with it when it is touched.
#[test]
fn storage_of_an_account_that_was_cleared_is_not_there_when_it_is_created_in_the_next_block() {
    let child = created2(MACHINES[0], 1);
    let mut accounts = genesis_accounts();
    let storage = [(U256::from(1), U256::from(1)), (U256::from(7), U256::from(9))].into();
    accounts.insert(child, GenesisAccount { storage, ..Default::default() });
    let mut chain = Chain::new(config_of(Fork::Osaka), accounts, genesis_header()).unwrap();
    let touch = Draft::new(TxType::Legacy, 0, TxKind::Call(child)).sign(&Key::number(1));
    let first = chain.make(draft(12), vec![touch], Vec::new()).unwrap();
    assert_eq!(change(&first, child).unwrap().record, None);
    let create = send(0, MACHINES[0], Program::default().create2(1, 0)).sign(&Key::number(0));
    let second = chain.make(draft(24), vec![create], Vec::new()).unwrap();
    assert_eq!(
        change(&second, child).unwrap().written().collect::<Vec<_>>(),
        [(U256::from(7), U256::from(7))]
    );
    // Both over one witness, whose state outlives the first block.
    let mut batch = first.input;
    batch.blocks.extend(second.input.blocks);
    assert_eq!(run(&batch).unwrap().post_state_root, second.outcome.state_root);
}
