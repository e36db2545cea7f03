//! Nodes that no honest trie has: each kind is refused by name, and nothing panics.

mod support;

use alloy_primitives::{B256, keccak256};
use ashlar_trie::{EMPTY_ROOT, NodeFault, NodeSet, Trie, TrieError};
use proptest::prelude::*;
use support::*;

const LONG: [u8; 40] = [7; 40];

/// Hex-prefix encoding, nibble by nibble.
fn path(nibbles: &[u8], leaf: bool) -> Vec<u8> {
    let mut flagged = vec![if leaf { 2 } else { 0 } + (nibbles.len() % 2) as u8];
    if nibbles.len().is_multiple_of(2) {
        flagged.push(0);
    }
    flagged.extend(nibbles);
    flagged.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn leaf(nibbles: usize, value: &[u8]) -> Vec<u8> {
    list(&[string(&path(&vec![0; nibbles], true)), string(value)])
}

fn extension(nibbles: usize, child: Vec<u8>) -> Vec<u8> {
    list(&[string(&path(&vec![0; nibbles], false)), child])
}

/// A branch at `depth` that holds the zero key.
fn good_branch(depth: usize) -> Vec<Vec<u8>> {
    branch(&[(0, hashed(&leaf(63 - depth, &LONG))), (5, hashed(&leaf(63 - depth, &LONG)))])
}

/// What looking up the zero key says under the root `nodes[0]`.
fn look_up(nodes: &[Vec<u8>]) -> Result<Option<Vec<u8>>, TrieError> {
    let mut trie = Trie::new(keccak256(&nodes[0]));
    let mut nodes = set(nodes);
    let found = trie.get(&mut nodes, &B256::ZERO).map(|value| value.map(<[u8]>::to_vec));
    // What reads refuse, writes refuse.
    if let Err(fault) = found {
        assert_eq!(trie.insert(&mut nodes, &B256::ZERO, vec![1]), Err(fault));
        assert_eq!(trie.remove(&mut nodes, &B256::ZERO), Err(fault));
    }
    found
}

#[track_caller]
fn refused(depth: usize, fault: NodeFault, nodes: &[Vec<u8>]) {
    assert_eq!(look_up(nodes), Err(TrieError::MalformedNode { depth, fault }));
}

#[test]
fn the_honest_forms_of_what_follows_are_accepted() {
    let value = Ok(Some(LONG.to_vec()));
    assert_eq!(look_up(&[leaf(64, &LONG)]), value);
    assert_eq!(look_up(&[list(&good_branch(0)), leaf(63, &LONG)]), value);
    let below = list(&good_branch(3));
    assert_eq!(look_up(&[extension(3, hashed(&below)), below, leaf(60, &LONG)]), value);
    let last = list(&branch(&[(0, leaf(0, &[1])), (1, leaf(0, &[2]))]));
    assert_eq!(look_up(&[extension(63, last)]), Ok(Some(vec![1])));
}

#[test]
fn a_node_cut_short_or_with_bytes_after_it() {
    let node = leaf(64, &LONG);
    for end in 0..node.len() {
        refused(0, NodeFault::Truncated, &[node[..end].to_vec()]);
    }
    refused(0, NodeFault::TrailingBytes, &[[node, vec![0]].concat()]);
    // A list whose length promises more than a machine can address.
    refused(0, NodeFault::Truncated, &[[vec![0xff], vec![0xff; 8]].concat()]);
    refused(0, NodeFault::Truncated, &[[vec![0xff], vec![0xff; 60]].concat()]);
}

#[test]
fn a_node_that_is_a_string() {
    refused(0, NodeFault::WrongKind, &[string(&LONG)]);
    refused(0, NodeFault::WrongKind, &[vec![0x01]]);
}

#[test]
fn a_length_not_in_its_shortest_form() {
    // A long form for a short list.
    let short = leaf(1, &[1]);
    refused(
        0,
        NodeFault::NonCanonicalRlp,
        &[[vec![0xf8, short.len() as u8 - 1], short[1..].to_vec()].concat()],
    );
    // A length with a leading zero.
    let long = leaf(64, &LONG);
    assert_eq!(long[0], 0xf8);
    refused(0, NodeFault::NonCanonicalRlp, &[[vec![0xf9, 0x00], long[1..].to_vec()].concat()]);
    // A single byte with a header, as path and as value.
    let path = string(&path(&[0; 64], true));
    refused(0, NodeFault::NonCanonicalRlp, &[list(&[path.clone(), vec![0x81, 0x01]])]);
    refused(0, NodeFault::NonCanonicalRlp, &[list(&[vec![0x81, 0x20], string(&LONG)])]);
    // The same inside a branch.
    let mut items = good_branch(0);
    items[3] = vec![0x81, 0x01];
    refused(0, NodeFault::NonCanonicalRlp, &[list(&items)]);
    items[3] = [vec![0xb8, 32], vec![9; 32]].concat();
    refused(0, NodeFault::NonCanonicalRlp, &[list(&items)]);
}

#[test]
fn a_node_of_neither_2_nor_17_items() {
    refused(0, NodeFault::Truncated, &[vec![0xc0]]);
    refused(0, NodeFault::Truncated, &[list(&[string(&LONG)])]);
    refused(0, NodeFault::ItemCount, &[list(&[vec![0x80], vec![0x80], vec![0x80]])]);
    refused(0, NodeFault::ItemCount, &[list(&good_branch(0)[..16])]);
    refused(0, NodeFault::ItemCount, &[list(&[good_branch(0), vec![vec![0x80]]].concat())]);
}

#[test]
fn a_branch_with_a_value() {
    let mut items = good_branch(0);
    for value in [string(&[1]), string(&LONG), list(&[])] {
        items[16] = value;
        refused(0, NodeFault::BranchValue, &[list(&items)]);
    }
}

#[test]
fn a_full_branch_with_a_value_or_a_child_that_is_no_hash() {
    let full: Vec<_> = (0..16).map(|i| (i, string(&[i as u8; 32]))).collect();
    let good = list(&branch(&full));
    assert_eq!(good.len(), 532);
    assert_eq!(look_up(std::slice::from_ref(&good)), Err(TrieError::MissingNode { hash: B256::ZERO }));
    let mut value = good.clone();
    value[531] = 1;
    refused(0, NodeFault::BranchValue, &[value]);
    // The header of one child changed: whatever it is parsed as, it is no branch any more.
    for child in 0..16 {
        for header in [0x00, 0x80, 0x9f, 0xa1, 0xc0, 0xe0, 0xff] {
            let mut node = good.clone();
            node[3 + 33 * child] = header;
            assert!(matches!(look_up(&[node]), Err(TrieError::MalformedNode { depth: 0, .. })));
        }
    }
}

#[test]
fn a_branch_of_hashes_with_a_header_changed() {
    // Branches whose children are all hashes take a shortcut through the decoder: it must not be wider than the way.
    for count in 2..16 {
        let children: Vec<_> = (0..count).map(|i| (i, string(&[i as u8; 32]))).collect();
        let good = list(&branch(&children));
        assert_eq!(look_up(std::slice::from_ref(&good)), Err(TrieError::MissingNode { hash: B256::ZERO }));
        let first = good.len() - (33 * count + 17 - count);
        let headers = (0..17).map(|i| first + if i < count { 33 * i } else { 33 * count + i - count });
        for at in headers.chain(0..first) {
            for header in (0..=0xff).filter(|&header| header != good[at]) {
                let mut node = good.clone();
                node[at] = header;
                let result = look_up(&[node]);
                // An empty list in place of an empty string is a child whose insides nobody looked at.
                let inner = header == 0xc0 && good[at] == 0x80 && at + 1 < good.len();
                let refused = matches!(result, Err(TrieError::MalformedNode { depth: 0, .. }));
                assert!(refused != inner, "{count} children, byte {at} is {header:#x}: {result:?}");
            }
        }
    }
}

#[test]
fn a_branch_with_fewer_than_two_children() {
    refused(0, NodeFault::LonelyBranch, &[list(&branch(&[]))]);
    for nibble in 0..16 {
        refused(0, NodeFault::LonelyBranch, &[list(&branch(&[(nibble, string(&[7; 32]))]))]);
    }
}

#[test]
fn a_child_that_is_neither_a_hash_nor_a_node() {
    for child in [vec![0x01], string(&[1; 2]), string(&[1; 31]), string(&[1; 33]), string(&[1; 60])] {
        let mut items = good_branch(0);
        items[9] = child.clone();
        refused(0, NodeFault::ChildKind, &[list(&items)]);
        refused(0, NodeFault::ChildKind, &[extension(4, child)]);
    }
}

#[test]
fn a_node_in_place_that_belongs_behind_its_hash() {
    let mut items = good_branch(0);
    items[0] = leaf(63, &[1]);
    assert!(items[0].len() >= 32);
    refused(0, NodeFault::InlineTooLong, &[list(&items)]);
    refused(0, NodeFault::InlineTooLong, &[extension(2, list(&good_branch(2)))]);
    // 32 bytes exactly is too long, 31 is not.
    let at = |len: usize| leaf(31, &vec![9; len - 19]);
    for (len, expected) in [(31, None), (32, Some(NodeFault::InlineTooLong))] {
        let child = at(len);
        assert_eq!(child.len(), len);
        let below = list(&branch(&[(0, child), (1, string(&[7; 32]))]));
        let nodes = [extension(32, hashed(&below)), below];
        match expected {
            None => assert_eq!(look_up(&nodes), Ok(Some(vec![9; 12]))),
            Some(fault) => refused(32, fault, &nodes),
        }
    }
}

#[test]
fn a_node_behind_its_hash_that_belongs_in_place() {
    let child = leaf(0, &[1]);
    let last = list(&branch(&[(0, hashed(&child)), (1, string(&[7; 32]))]));
    refused(64, NodeFault::HashedTooShort, &[extension(63, hashed(&last)), last, child]);
    let last = list(&branch(&[(0, leaf(0, &[1])), (1, leaf(0, &[2]))]));
    refused(63, NodeFault::HashedTooShort, &[extension(63, hashed(&last)), last]);
}

#[test]
fn hex_prefix_flags_or_padding_that_mean_nothing() {
    let mut bytes = path(&[0; 64], true);
    for flags in (0x40..=0xff).step_by(0x10).chain([0x21, 0x2f]) {
        bytes[0] = flags;
        refused(0, NodeFault::PathFlags, &[list(&[string(&bytes), string(&LONG)])]);
    }
    refused(0, NodeFault::PathFlags, &[list(&[string(&[]), string(&LONG)])]);
    refused(0, NodeFault::PathFlags, &[list(&[string(&[0x01, 0x11]), string(&[7; 32])])]);
    refused(0, NodeFault::WrongKind, &[list(&[list(&[]), string(&LONG)])]);
}

#[test]
fn a_leaf_that_ends_above_or_below_nibble_64() {
    for nibbles in (0..64).chain([65, 66, 127, 128, 500]) {
        refused(0, NodeFault::PathLength, &[leaf(nibbles, &LONG)]);
    }
    for nibbles in [0, 61, 62, 64, 65] {
        let bad = leaf(nibbles, &LONG);
        let root = list(&branch(&[(0, hashed(&bad)), (1, string(&[7; 32]))]));
        refused(1, NodeFault::PathLength, &[root, bad]);
    }
}

#[test]
fn an_extension_to_or_past_nibble_64() {
    for nibbles in [64, 65, 66, 200] {
        refused(0, NodeFault::PathLength, &[extension(nibbles, string(&[7; 32]))]);
    }
}

#[test]
fn a_branch_below_nibble_63() {
    let bad = list(&good_branch(0));
    let above = list(&branch(&[(0, hashed(&bad)), (1, string(&[7; 32]))]));
    let root = extension(63, hashed(&above));
    refused(64, NodeFault::PathLength, &[root.clone(), above, bad]);
    // One with 16 hashed children takes a way of its own through the decoder.
    let full: Vec<_> = (0..16).map(|i| (i, string(&[i as u8; 32]))).collect();
    let full = list(&branch(&full));
    let above = list(&branch(&[(0, hashed(&full)), (1, string(&[7; 32]))]));
    refused(64, NodeFault::PathLength, &[extension(63, hashed(&above)), above, full]);
}

#[test]
fn an_extension_over_no_nibbles() {
    refused(0, NodeFault::EmptyExtension, &[extension(0, string(&[7; 32]))]);
}

#[test]
fn an_extension_over_an_extension_or_a_leaf() {
    let branch = list(&good_branch(6));
    let lower = extension(3, hashed(&branch));
    refused(3, NodeFault::ExtensionChild, &[extension(3, hashed(&lower)), lower, branch]);
    let lower = leaf(61, &LONG);
    refused(3, NodeFault::ExtensionChild, &[extension(3, hashed(&lower)), lower]);
    let lower = leaf(1, &[1]);
    refused(63, NodeFault::ExtensionChild, &[extension(63, lower)]);
}

#[test]
fn a_leaf_or_extension_over_nothing() {
    refused(0, NodeFault::EmptyTarget, &[leaf(64, &[])]);
    refused(0, NodeFault::EmptyTarget, &[extension(4, vec![0x80])]);
}

#[test]
fn a_leaf_whose_value_is_a_list() {
    refused(0, NodeFault::WrongKind, &[list(&[string(&path(&[0; 64], true)), list(&[string(&LONG)])])]);
}

#[test]
fn a_node_under_another_nodes_hash_is_not_found() {
    let nodes = [list(&good_branch(0)), leaf(63, &[8; 40])];
    assert_eq!(look_up(&nodes), Err(TrieError::MissingNode { hash: keccak256(leaf(63, &LONG)) }));
    let mut trie = Trie::new(B256::ZERO);
    assert_eq!(
        trie.get(&mut set(&nodes), &B256::ZERO),
        Err(TrieError::MissingNode { hash: B256::ZERO }),
        "the root itself"
    );
}

#[test]
fn the_node_of_the_empty_trie_is_never_looked_for() {
    let mut nodes = set(&[]);
    let mut trie = Trie::new(EMPTY_ROOT);
    assert_eq!(trie.get(&mut nodes, &B256::ZERO), Ok(None));
    assert_eq!(trie.remove(&mut nodes, &B256::ZERO), Ok(()));
    assert_eq!(trie.root(), EMPTY_ROOT);
}

/// Replaces node `index` by `new`, and its hash in every node above it.
fn rebind(nodes: &mut [Vec<u8>], index: usize, new: Vec<u8>) {
    let mut pending = vec![(keccak256(&nodes[index]), keccak256(&new))];
    nodes[index] = new;
    while let Some((old, new)) = pending.pop() {
        for node in nodes.iter_mut() {
            let before = keccak256(&*node);
            let places: Vec<_> = node.windows(32).enumerate().filter(|(_, w)| *w == old.as_slice()).collect();
            let places: Vec<_> = places.into_iter().map(|(at, _)| at).collect();
            for at in &places {
                node[*at..at + 32].copy_from_slice(new.as_slice());
            }
            if !places.is_empty() {
                pending.push((before, keccak256(&*node)));
            }
        }
    }
}

/// Reads and writes every key; no result matters, only that there is one, and that what was refused changed nothing.
fn exercise(root: B256, nodes: &[Vec<u8>], keys: &[B256]) {
    let mut nodes = set(nodes);
    let mut trie = Trie::new(root);
    for key in keys {
        let Ok(value) = trie.get(&mut nodes, key).map(|value| value.map(<[u8]>::to_vec)) else { continue };
        // There and back again: what was decoded is encoded as it was.
        if let Some(value) = value {
            trie.insert(&mut nodes, key, vec![0x55; 3]).unwrap();
            let _changed = trie.root();
            trie.insert(&mut nodes, key, value).unwrap();
            assert_eq!(trie.root(), root);
        }
        let mut fork = trie.clone();
        if fork.remove(&mut nodes, key).is_err() {
            assert_eq!(fork.root(), root);
        }
    }
    for key in keys {
        let _refused = trie.remove(&mut nodes, key);
        trie.root();
    }
}

fn near_model() -> impl Strategy<Value = Model> {
    prop::collection::btree_map(near_key(), value(), 2..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_changed_byte_anywhere_below_a_root_that_commits_to_it(
        model in near_model(), index: prop::sample::Index, at: prop::sample::Index, byte: u8, keys in prop::collection::vec(near_key(), 0..4),
    ) {
        let mut nodes = build(&model).collect_nodes();
        let index = index.index(nodes.len());
        let mut new = nodes[index].clone();
        let at = at.index(new.len());
        new[at] = byte;
        rebind(&mut nodes, index, new);
        let keys: Vec<_> = model.keys().copied().chain(keys).collect();
        exercise(keccak256(&nodes[0]), &nodes, &keys);
    }

    #[test]
    fn bytes_put_in_or_left_out_anywhere_below_a_root_that_commits_to_it(
        model in near_model(), index: prop::sample::Index, at: prop::sample::Index, cut in 0usize..40,
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut nodes = build(&model).collect_nodes();
        let index = index.index(nodes.len());
        let mut new = nodes[index].clone();
        let at = at.index(new.len());
        let end = (at + cut).min(new.len());
        new.splice(at..end, bytes);
        rebind(&mut nodes, index, new);
        let keys: Vec<_> = model.keys().copied().collect();
        exercise(keccak256(&nodes[0]), &nodes, &keys);
    }

    #[test]
    fn lists_of_arbitrary_items(items in prop::collection::vec(item(), 0..19), keys in prop::collection::vec(near_key(), 1..4)) {
        let nodes = [list(&items)];
        exercise(keccak256(&nodes[0]), &nodes, &keys);
    }

    #[test]
    fn arbitrary_bytes(node in prop::collection::vec(any::<u8>(), 0..600), keys in prop::collection::vec(near_key(), 1..4)) {
        exercise(keccak256(&node), &[node], &keys);
    }
}

/// Items as nodes have them, and others.
fn item() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(vec![0x80]),
        2 => any::<[u8; 32]>().prop_map(|bytes| string(&bytes)),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| string(&bytes)),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (0usize..70, any::<bool>()).prop_map(|(nibbles, leaf)| string(&path(&vec![0; nibbles], leaf))),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| list(&[string(&bytes), vec![0x80]])),
    ]
}

#[test]
fn a_set_of_no_nodes_is_enough_for_the_empty_trie_only() {
    let mut none = NodeSet::new([]);
    let mut trie = build(&Model::from([(key(&[(3, 1)]), vec![1])]));
    let root = trie.root();
    assert_eq!(Trie::new(root).get(&mut none, &B256::ZERO), Err(TrieError::MissingNode { hash: root }));
}
