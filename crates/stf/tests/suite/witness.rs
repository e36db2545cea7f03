//! Witness checks W1 to W4: nodes, codes and ancestors that are missing, changed, added or made up.

use crate::{
    code::{Program, created2},
    keys::{Draft, Key},
    world::{
        BATCH, MACHINES, PRUNED, chain, change_header, config_of, draft, genesis_accounts, genesis_header,
        refusal, run,
    },
};
use alloy_consensus::{Header, TxType};
use alloy_eips::eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use ashlar_primitives::{BatchInputOwned, Fork};
use ashlar_stf::{BlockError, Error, Field, StateError};
use ashlar_trie::{Account, EMPTY_ROOT, NodeSet, Trie, TrieError};
use ashlar_witness::{Chain, GenesisAccount, prune};
use std::borrow::Cow;

fn missing_node(hash: B256) -> BlockError {
    BlockError::State(StateError::Trie(TrieError::MissingNode { hash }))
}

#[test]
fn w3_every_node_of_a_pruned_witness_is_needed_and_named_when_missing() {
    assert!(PRUNED.state.len() > 30, "{}", PRUNED.state.len());
    for index in 0..PRUNED.state.len() {
        let mut input = PRUNED.clone();
        let hash = keccak256(input.state.remove(index));
        assert_eq!(refusal(&input), missing_node(hash));
    }
}

#[test]
fn w1_a_changed_node_is_not_found_under_its_hash() {
    for index in 0..PRUNED.state.len() {
        let mut input = PRUNED.clone();
        let node = &input.state[index];
        let hash = keccak256(node);
        let mut forged = node.to_vec();
        let at = index * 7 % forged.len();
        forged[at] ^= 1 << (index % 8);
        input.state[index] = forged.into();
        assert_eq!(refusal(&input), missing_node(hash));
    }
}

#[test]
fn w1_a_node_cut_short_or_made_longer_is_not_found() {
    for index in (0..PRUNED.state.len()).step_by(5) {
        let node = &PRUNED.state[index];
        let longer = Bytes::from([node.as_ref(), &[0]].concat());
        for forged in [Bytes::new(), node.slice(1..), node.slice(..node.len() - 1), longer] {
            let mut input = PRUNED.clone();
            input.state[index] = forged;
            assert_eq!(refusal(&input), missing_node(keccak256(node)));
        }
    }
}

#[test]
fn w3_every_code_of_a_pruned_witness_is_needed_and_named_when_missing() {
    assert!(PRUNED.codes.len() > 4);
    for index in 0..PRUNED.codes.len() {
        let mut input = PRUNED.clone();
        let code = input.codes.remove(index);
        let missing = BlockError::State(StateError::MissingCode(keccak256(&code)));
        assert_eq!(refusal(&input), missing);
        let mut input = PRUNED.clone();
        let mut forged = code.to_vec();
        forged[0] ^= 1;
        input.codes[index] = forged.into();
        assert_eq!(refusal(&input), missing);
    }
}

#[test]
fn w3_no_witness_at_all_lacks_the_root() {
    let mut input = PRUNED.clone();
    input.state.clear();
    let root = run(&PRUNED).unwrap().pre_state_root;
    assert_eq!(refusal(&input), missing_node(root));
}

#[test]
fn order_and_repetition_and_additions_do_not_matter() {
    let output = run(&PRUNED);
    let mut input = PRUNED.clone();
    input.state.reverse();
    input.codes.reverse();
    assert_eq!(run(&input), output);
    let (state, codes) = (input.state.clone(), input.codes.clone());
    input.state.extend(state);
    input.codes.extend(codes);
    input.state.extend([Bytes::new(), Bytes::from(vec![0x80]), Bytes::from(vec![0xff; 100])]);
    input.codes.extend([Bytes::new(), Bytes::from(vec![0xef, 1, 0])]);
    assert_eq!(run(&input), output);
    // Nodes of another state say nothing.
    let other = Chain::new(config_of(Fork::Osaka), Default::default(), genesis_header()).unwrap();
    assert_ne!(other.state_root(), run(&PRUNED).unwrap().pre_state_root);
    input.state.extend(BATCH.state.iter().cloned());
    assert_eq!(run(&input), output);
}

#[test]
fn pruning_is_a_fixed_point() {
    assert_eq!(prune(PRUNED.clone()).unwrap(), *PRUNED);
    assert_eq!(PRUNED.blocks, BATCH.blocks);
}

/// A block after five others that stores the hashes of the four last ones.
fn historian() -> BatchInputOwned {
    let mut chain = chain(config_of(Fork::Osaka));
    for index in 1..=5 {
        chain.make(draft(12 * index), Vec::new(), Vec::new()).unwrap();
    }
    let program = (1..=4).fold(Program::default(), |program, back| program.blockhash(back, 200 + back));
    let ask = Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0])).data(program).gas(500_000);
    chain.make(draft(72), vec![ask.sign(&Key::number(0))], Vec::new()).unwrap().input
}

#[test]
fn w2_blockhash_of_an_absent_ancestor_is_an_error_and_not_zero() {
    let whole = historian();
    let output = run(&whole);
    assert!(output.is_ok());
    // The block's number is 6; its parent is ancestor 0.
    for (have, expected) in [(4, None), (3, Some(2)), (2, Some(3)), (1, Some(4))] {
        let mut input = whole.clone();
        input.ancestors.truncate(have);
        match expected {
            None => assert_eq!(run(&input), output, "the fifth one is not asked for"),
            Some(number) => {
                assert_eq!(refusal(&input), BlockError::State(StateError::MissingAncestor(number)));
            }
        }
    }
}

#[test]
fn w2_ancestors_in_another_order_are_refused() {
    for (index, other) in [(0, 1), (1, 2), (2, 4), (0, 5)] {
        let mut input = historian();
        input.ancestors.swap(index, other);
        assert_eq!(run(&input), Err(Error::AncestorLink(index.max(1))));
    }
    let mut input = historian();
    input.ancestors.reverse();
    assert_eq!(run(&input), Err(Error::AncestorLink(1)));
}

#[test]
fn w2_repeated_and_dropped_ancestors_are_refused() {
    for index in 0..5 {
        let mut input = historian();
        let again = input.ancestors[index].clone();
        input.ancestors.insert(index, again);
        assert_eq!(run(&input), Err(Error::AncestorLink(index + 1)));
    }
    for index in 1..4 {
        let mut input = historian();
        input.ancestors.remove(index);
        assert_eq!(run(&input), Err(Error::AncestorLink(index)));
    }
    // Without the parent, its parent is taken for it.
    let mut input = historian();
    input.ancestors.remove(0);
    assert_eq!(refusal(&input), BlockError::Field(Field::ParentHash));
}

#[test]
fn w2_changed_ancestors_are_refused() {
    let changes: [fn(&mut Header); 5] = [
        |header| header.state_root.0[0] ^= 1,
        |header| header.number += 1,
        |header| header.parent_hash.0[0] ^= 1,
        |header| header.extra_data = vec![1].into(),
        |header| header.timestamp -= 1,
    ];
    for change in changes {
        for index in 1..5 {
            let mut input = historian();
            let mut header = Header::decode(&mut input.ancestors[index].as_ref()).unwrap();
            change(&mut header);
            input.ancestors[index] = alloy_rlp::encode(&header).into();
            assert_eq!(run(&input), Err(Error::AncestorLink(index)));
        }
    }
}

#[test]
fn w2_ancestors_that_are_no_headers_are_refused() {
    for index in 0..6 {
        let whole = historian().ancestors[index].clone();
        for forged in [Bytes::new(), whole.slice(1..), [&whole[..], &[0]].concat().into(), vec![0xc0].into()]
        {
            let mut input = historian();
            input.ancestors[index] = forged;
            assert_eq!(run(&input), Err(Error::AncestorRlp(index)));
        }
    }
}

#[test]
fn w2_no_ancestors_and_too_many_are_refused() {
    let mut input = historian();
    input.ancestors.clear();
    assert_eq!(run(&input), Err(Error::NoParent));
    let mut chain = chain(config_of(Fork::Osaka));
    for index in 1..=257 {
        chain.make(draft(12 * index), Vec::new(), Vec::new()).unwrap();
    }
    let program = Program::default().blockhash(255, 200).blockhash(1, 201).blockhash(0, 202);
    let ask = Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0])).data(program).gas(500_000);
    let made = chain.make(draft(12 * 258), vec![ask.sign(&Key::number(0))], Vec::new()).unwrap();
    assert_eq!(made.input.ancestors.len(), 256);
    let slots = made.outcome.changes.iter().find(|change| change.address == MACHINES[0]).unwrap();
    // Block 258 sees block 3, the 255th before it; of itself it knows no hash.
    let expected = |back: usize| keccak256(&made.input.ancestors[back - 1]).into();
    assert_eq!(
        slots.written().collect::<Vec<_>>(),
        [(U256::from(200), expected(255)), (U256::from(201), expected(1))]
    );
    let mut input = made.input.clone();
    assert!(run(&input).is_ok());
    let first = input.ancestors[255].clone();
    input.ancestors.push(first);
    assert_eq!(run(&input), Err(Error::Ancestors(257)));
}

#[test]
fn w2_numbers_that_do_not_descend_are_refused_though_the_hashes_link() {
    let mut input = historian();
    // An ancestor with a number of its own, and all headers after it made to follow.
    let mut headers: Vec<_> =
        input.ancestors.iter().map(|rlp| Header::decode(&mut rlp.as_ref()).unwrap()).collect();
    headers[2].number += 7;
    for index in (0..2).rev() {
        headers[index].parent_hash = headers[index + 1].hash_slow();
    }
    input.ancestors = headers.iter().map(|header| alloy_rlp::encode(header).into()).collect();
    let parent = headers[0].hash_slow();
    change_header(&mut input.blocks[0], |header| header.parent_hash = parent);
    assert_eq!(run(&input), Err(Error::AncestorLink(2)));
}

#[test]
fn w4_a_contract_created_over_storage_is_refused() {
    let child = created2(MACHINES[0], 1);
    let mut accounts = genesis_accounts();
    let storage = [(U256::from(1), U256::from(1))].into();
    accounts.insert(child, GenesisAccount { balance: U256::from(1), storage, ..Default::default() });
    let mut chain = Chain::new(config_of(Fork::Osaka), accounts, genesis_header()).unwrap();
    let create = Draft::new(TxType::Eip1559, 0, TxKind::Call(MACHINES[0]))
        .data(Program::default().create2(1, 0))
        .gas(1_000_000);
    let made = chain.make(draft(12), vec![create.sign(&Key::number(0))], Vec::new());
    assert_eq!(made.unwrap_err(), BlockError::State(StateError::CreatedOverStorage(child)));
}

/// A trie of these leaves: its root and its nodes.
fn trie(leaves: &[(B256, Vec<u8>)]) -> (B256, Vec<Bytes>) {
    let (mut trie, mut none) = (Trie::new(EMPTY_ROOT), NodeSet::new([]));
    let changes = leaves.iter().map(|(key, value)| (*key, Some(Cow::Owned(value.clone()))));
    trie.update(&mut none, changes).unwrap();
    (trie.root(), trie.collect_nodes().into_iter().map(Bytes::from).collect())
}

/// Why an empty block of Cancun is refused after a parent that has this state root, over these nodes.
fn after_state(root: B256, state: Vec<Bytes>) -> BlockError {
    let mut input =
        chain(config_of(Fork::Cancun)).make(draft(12), Vec::new(), Vec::new()).expect("it is valid").input;
    let mut parent = Header::decode(&mut input.ancestors[0].as_ref()).unwrap();
    parent.state_root = root;
    input.ancestors[0] = alloy_rlp::encode(&parent).into();
    change_header(&mut input.blocks[0], |header| header.parent_hash = parent.hash_slow());
    input.state = state;
    refusal(&input)
}

#[test]
fn w1_nodes_under_their_hash_that_are_no_nodes_are_refused() {
    // The string 0x80 is missing here: its hash is the root of the empty trie.
    for node in [&[][..], &[0xc0], &[0xff; 40], &[0xf8, 0xff], &[0xc1, 0x80], &[0xd1; 18]] {
        let reason = after_state(keccak256(node), vec![Bytes::copy_from_slice(node)]);
        assert!(
            matches!(reason, BlockError::State(StateError::Trie(TrieError::MalformedNode { depth: 0, .. }))),
            "{reason} for {node:02x?}"
        );
    }
}

#[test]
fn w1_accounts_under_their_key_that_are_no_accounts_are_refused() {
    let key = keccak256(BEACON_ROOTS_ADDRESS);
    let account = Account { nonce: 1, ..Account::default() }.encode();
    let whole = [(key, account.clone())];
    let (root, nodes) = trie(&whole);
    // The account itself is as good as any: the block fails for its own state root only.
    assert_eq!(after_state(root, nodes), BlockError::Field(Field::StateRoot));
    for forged in [vec![0xc0], account[..account.len() - 1].to_vec(), [&account[..], &[0]].concat(), vec![1]]
    {
        let (root, nodes) = trie(&[(key, forged)]);
        let reason = after_state(root, nodes);
        assert_eq!(reason, BlockError::State(StateError::AccountRlp(BEACON_ROOTS_ADDRESS)));
    }
}

#[test]
fn w1_storage_values_that_are_not_canonical_are_refused() {
    let slot = U256::from(draft(12).timestamp % 8_191);
    let key = keccak256(slot.to_be_bytes::<32>());
    for forged in [
        vec![0],
        vec![0x80],
        vec![0x81, 1],
        vec![0x82, 0, 1],
        vec![0xc1, 1],
        [&[0xa1][..], &[1; 33]].concat(),
    ] {
        let (storage_root, mut nodes) = trie(&[(key, forged)]);
        let code_hash = keccak256(&BEACON_ROOTS_CODE);
        let account = Account { nonce: 1, storage_root, code_hash, ..Account::default() };
        let (root, more) = trie(&[(keccak256(BEACON_ROOTS_ADDRESS), account.encode())]);
        nodes.extend(more);
        let reason = after_state(root, nodes);
        assert_eq!(reason, BlockError::State(StateError::SlotRlp(BEACON_ROOTS_ADDRESS)));
    }
}

#[test]
fn an_empty_state_executes() {
    // Nobody is there, and the proof of that is the empty root.
    let reason = after_state(EMPTY_ROOT, Vec::new());
    assert_eq!(reason, BlockError::Field(Field::StateRoot));
    let mut chain = Chain::new(config_of(Fork::Cancun), Default::default(), genesis_header()).unwrap();
    let made = chain.make(draft(12), Vec::new(), Vec::new()).unwrap();
    let output = run(&made.pruned().unwrap()).unwrap();
    assert_eq!((output.pre_state_root, output.post_state_root), (EMPTY_ROOT, EMPTY_ROOT));
    assert!(made.pruned().unwrap().state.is_empty());
    assert_ne!(Address::ZERO, MACHINES[0]);
}
