//! The state over a store against the whole state in memory: the same transactions, the same headers.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::{
    eip2718::Encodable2718,
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use ashlar_primitives::rollup::{Operation, RollupConfig};
use ashlar_stf::{
    BlockError, StateError,
    rollup::{ChainState, Refusal, RollupBlock, RollupBlockBuilder, RollupTransaction, genesis_header},
};
use ashlar_storage::{
    Changes, DiskStore, InitialAccount, MemoryStore, StateDb, StateDbError, Store, StoreSource, Table,
    TrieProof,
};
use ashlar_trie::{EMPTY_ROOT, NodeSet, Trie};
use ashlar_witness::{GenesisAccount, RollupChain, RollupDraft};
use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

const CHAIN_ID: u64 = 1_337;
const TIME: u64 = 100;

/// `sstore(calldata word 0, calldata word 1)`.
const SETTER: Address = address!("00000000000000000000000000000000000c0de0");
const SETTER_CODE: [u8; 6] = [0x60, 0x20, 0x35, 0x5f, 0x35, 0x55];

fn config() -> RollupConfig {
    RollupConfig {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(0xaa),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1 << 22,
        base_fee_min: 1,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 24,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 100_000,
        batch_pubdata_limit: 700_000,
        transaction_logs_limit: 16,
        batch_logs_limit: 1024,
    }
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(keccak256([number]).as_slice()).unwrap()
}

fn accounts() -> BTreeMap<Address, InitialAccount> {
    let contract = |code: Bytes| InitialAccount { nonce: 1, code, ..InitialAccount::default() };
    let mut setter = contract(SETTER_CODE.into());
    setter.storage = (0..40u64).map(|slot| (U256::from(slot), U256::from(slot + 1))).collect();
    let mut accounts =
        BTreeMap::from([(HISTORY_STORAGE_ADDRESS, contract(HISTORY_STORAGE_CODE.clone())), (SETTER, setter)]);
    for number in 0..4 {
        let balance = U256::from(10).pow(U256::from(18));
        let address = Address::from_public_key(key(number).verifying_key());
        accounts.insert(address, InitialAccount { balance, ..InitialAccount::default() });
    }
    // Can be emptied by an operation, and so go.
    accounts.insert(poor(), InitialAccount { balance: U256::from(5), ..InitialAccount::default() });
    accounts
}

fn poor() -> Address {
    Address::repeat_byte(0x33)
}

fn reference() -> RollupChain {
    let accounts = accounts().into_iter().map(|(address, account)| {
        let InitialAccount { nonce, balance, code, storage } = account;
        (address, GenesisAccount { nonce, balance, code, storage })
    });
    RollupChain::new(config(), accounts.collect(), TIME).unwrap()
}

fn begin<S: Store>(store: S) -> StateDb<S> {
    StateDb::begin(store, &accounts(), |root| genesis_header(&config(), root, TIME)).unwrap()
}

fn sign(number: u8, nonce: u64, to: TxKind, value: u64, input: Bytes) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 100,
        max_priority_fee_per_gas: 1,
        to,
        value: U256::from(value),
        input,
        ..TxEip1559::default()
    };
    let hash = transaction.signature_hash();
    let signature: Signature = key(number).sign_prehash_recoverable(hash.as_slice()).unwrap().into();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

fn set(number: u8, nonce: u64, slot: u64, value: u64) -> Bytes {
    let words = [U256::from(slot).to_be_bytes::<32>(), U256::from(value).to_be_bytes()].concat();
    sign(number, nonce, TxKind::Call(SETTER), 0, words.into())
}

/// Takes all that the poor account has.
fn emptying(id: u64) -> Bytes {
    let operation = Operation {
        chain_id: CHAIN_ID,
        id,
        from: poor(),
        to: Address::repeat_byte(0x44),
        value: U256::from(5),
        mint: U256::ZERO,
        gas_limit: 30_000,
        gas_price: 0,
        refund_recipient: Address::repeat_byte(0x45),
        data: Bytes::new(),
    };
    operation.encode().into()
}

fn make<S: Store>(state: &mut StateDb<S>, transactions: &[Bytes]) -> Result<RollupBlock, Refusal> {
    let mut builder = RollupBlockBuilder::new(&config(), state, Address::repeat_byte(0xfe), TIME)?;
    for bytes in transactions {
        builder.push(&RollupTransaction::decode(bytes)?, bytes)?;
    }
    Ok(builder.finish()?)
}

fn draft(transactions: &[Bytes]) -> RollupDraft {
    RollupDraft {
        beneficiary: Address::repeat_byte(0xfe),
        timestamp: TIME,
        transactions: transactions.to_vec(),
    }
}

#[test]
fn blocks_have_the_headers_of_the_whole_state() {
    let mut whole = reference();
    let mut state = begin(MemoryStore::default());
    assert_eq!(state.parent(), whole.tip());
    let creation = Bytes::from_static(&[0x60, 1, 0x60, 1, 0x55, 0x60, 1, 0x5f, 0xf3]);
    let blocks = [
        vec![set(0, 0, 100, 7), set(0, 1, 3, 0), set(1, 0, 4, 0)],
        // Slots go until the trie has one node, and come again.
        (0..40).map(|slot| set(2, slot, slot, 0)).chain([set(3, 0, 100, 0)]).collect(),
        vec![set(0, 2, 1, 1), emptying(0), sign(0, 3, TxKind::Create, 0, creation)],
        vec![sign(0, 4, TxKind::Call(poor()), 9, Bytes::new())],
    ];
    for (number, transactions) in blocks.iter().enumerate() {
        let expected = whole.make(&[draft(transactions)]).unwrap().blocks.remove(0);
        let made = make(&mut state, transactions).unwrap();
        assert_eq!(made.header, expected.header, "block {number}");
        // Some of the blocks are written, others are read from what is pending.
        if number % 2 == 1 {
            state.write(Changes::default()).unwrap();
        }
    }
}

#[test]
fn a_chain_goes_on_where_its_store_is() {
    let folder = tempfile::tempdir().unwrap();
    let open = || DiskStore::open(folder.path(), 1 << 20).unwrap();
    let mut whole = reference();
    let mut state = begin(open());
    let first = [set(0, 0, 100, 7)];
    make(&mut state, &first).unwrap();
    let mut beside = Changes::default();
    beside.put(Table::Batches, "with the block", "yes");
    state.write(beside).unwrap();
    // Executed, but not written: a crash forgets it.
    make(&mut state, &[set(0, 1, 101, 8)]).unwrap();
    drop(state);
    whole.make(&[draft(&first)]).unwrap();
    let mut state = StateDb::open(open()).unwrap();
    assert_eq!(state.parent(), whole.tip());
    assert_eq!(state.store().get(Table::Batches, b"with the block").unwrap().unwrap(), b"yes");
    let second = [set(0, 1, 102, 9), set(1, 0, 100, 0)];
    let expected = whole.make(&[draft(&second)]).unwrap();
    assert_eq!(make(&mut state, &second).unwrap().header, expected.blocks[0].header);
}

#[test]
fn a_store_begins_once() {
    let store = Arc::new(MemoryStore::default());
    assert!(matches!(StateDb::open(Arc::clone(&store)), Err(StateDbError::NotBegun)));
    begin(Arc::clone(&store));
    let again = StateDb::begin(store, &accounts(), |root| genesis_header(&config(), root, TIME));
    assert!(matches!(again, Err(StateDbError::Begun)));
}

#[test]
fn what_was_not_written_can_be_discarded() {
    let mut state = begin(MemoryStore::default());
    let before = state.parent().clone();
    make(&mut state, &[set(0, 0, 100, 7)]).unwrap();
    assert_ne!(*state.parent(), before);
    let mut state = state.discard().unwrap();
    assert_eq!(*state.parent(), before);
    make(&mut state, &[set(0, 0, 100, 7)]).unwrap();
}

#[test]
fn damage_is_an_error_that_names_it() {
    let store = Arc::new(MemoryStore::default());
    let mut state = begin(Arc::clone(&store));
    let sender = Address::from_public_key(key(0).verifying_key());
    let mut changes = Changes::default();
    changes.put(Table::Accounts, sender.as_slice(), "no record");
    store.write(changes).unwrap();
    let refused = make(&mut state, &[set(0, 0, 100, 7)]).unwrap_err();
    assert_eq!(refused, Refusal::Block(BlockError::State(StateError::Database)));
    let failure = state.take_failure().unwrap().to_string();
    assert!(failure.contains(&sender.to_string()) && failure.contains("damaged"), "{failure}");
    // A node that is lost.
    let store = Arc::new(MemoryStore::default());
    let mut state = begin(Arc::clone(&store));
    let mut changes = Changes::default();
    changes.remove(Table::Nodes, state.parent().header.state_root.as_slice());
    store.write(changes).unwrap();
    let refused = make(&mut state, &[set(0, 0, 100, 7)]).unwrap_err();
    assert!(matches!(refused, Refusal::Block(BlockError::State(StateError::Trie(_)))), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_blocks_have_the_headers_of_the_whole_state(
        blocks in prop::collection::vec(prop::collection::vec((0u64..48, 0u64..3), 1..12), 1..5),
        write in any::<u8>(),
    ) {
        let mut whole = reference();
        let mut state = begin(MemoryStore::default());
        let mut nonce = 0;
        for (number, block) in blocks.iter().enumerate() {
            let transactions: Vec<_> = block
                .iter()
                .map(|(slot, value)| {
                    nonce += 1;
                    set(0, nonce - 1, *slot, *value)
                })
                .collect();
            let expected = whole.make(&[draft(&transactions)]).unwrap();
            prop_assert_eq!(&make(&mut state, &transactions).unwrap().header, &expected.blocks[0].header);
            if write >> number & 1 == 1 {
                state.write(Changes::default()).unwrap();
            }
        }
    }
}

#[test]
fn a_proof_is_all_that_a_value_needs() {
    let mut state = begin(MemoryStore::default());
    let before = state.parent().header.state_root;
    make(&mut state, &[set(0, 0, 3, 0)]).unwrap();
    state.write(Changes::default()).unwrap();
    let source = StoreSource::new(state.store());
    for root in [before, state.parent().header.state_root] {
        for (address, is_there) in [(SETTER, true), (poor(), true), (Address::repeat_byte(0x77), false)] {
            let proof = TrieProof::of(&source, root, &keccak256(address)).unwrap();
            assert_eq!(proof.value.is_some(), is_there);
            assert_eq!(keccak256(&proof.nodes[0]), root);
            let mut nodes = NodeSet::new(proof.nodes.iter().map(AsRef::as_ref));
            let mut trie = Trie::new(root);
            let value = trie.get(&mut nodes, &keccak256(address)).unwrap();
            assert_eq!(value, proof.value.as_ref().map(AsRef::as_ref));
            // None of the nodes is there in vain.
            assert_eq!(nodes.used().count(), proof.nodes.len());
        }
    }
    let nothing = TrieProof::of(&source, EMPTY_ROOT, &B256::ZERO).unwrap();
    assert_eq!(nothing, TrieProof { value: None, nodes: Vec::new() });
    assert!(TrieProof::of(&source, B256::repeat_byte(9), &B256::ZERO).is_err());
}
