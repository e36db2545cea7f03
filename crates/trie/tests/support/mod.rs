//! What the suites share: the independent judge, keys that make small and deep tries, hand-made nodes.

#![allow(dead_code, reason = "each suite uses its part")]

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::ProofRetainer};
use ashlar_trie::{EMPTY_ROOT, NodeSet, Trie};
use proptest::prelude::*;

/// What a trie should hold.
pub(crate) type Model = BTreeMap<B256, Vec<u8>>;

/// The root as `alloy-trie` computes it.
pub(crate) fn judge_root(model: &Model) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in model {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// All nodes as `alloy-trie` makes them: the union of the proofs of all keys.
pub(crate) fn judge_nodes(model: &Model) -> Vec<Vec<u8>> {
    let retainer = ProofRetainer::from_iter(model.keys().map(Nibbles::unpack));
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (key, value) in model {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root();
    // The judge's proof of the empty trie is the empty string, which is no node.
    let nodes = builder.take_proof_nodes().into_nodes_sorted();
    nodes.into_iter().map(|(_, rlp)| rlp.to_vec()).filter(|rlp| rlp != &[0x80]).collect()
}

/// A set over owned nodes.
pub(crate) fn set(nodes: &[Vec<u8>]) -> NodeSet<'_> {
    NodeSet::new(nodes.iter().map(Vec::as_slice))
}

/// A trie in memory that holds `model`.
pub(crate) fn build(model: &Model) -> Trie<'static> {
    let mut trie = Trie::new(EMPTY_ROOT);
    let mut none = NodeSet::new([]);
    for (key, value) in model {
        trie.insert(&mut none, key, value.clone()).unwrap();
    }
    trie
}

/// A key that is zero but for some nibbles: `(position, value)`.
pub(crate) fn key(nibbles: &[(usize, u8)]) -> B256 {
    let mut key = B256::ZERO;
    for &(at, value) in nibbles {
        key.0[at / 2] |= if at % 2 == 0 { value << 4 } else { value };
    }
    key
}

/// Keys that differ in a few nibbles at the top, in the middle and at the very end, so that there are long extensions
/// of both parities, leaves over no nibbles, and nodes of fewer than 32 bytes.
pub(crate) fn near_key() -> impl Strategy<Value = B256> + Clone {
    let at = |position: usize| (0u8..3).prop_map(move |value| (position, value));
    (at(0), at(1), at(30), at(33), at(61), at(62), at(63)).prop_map(|(a, b, c, d, e, f, g)| {
        // Most keys differ at the end only.
        let top = if a.1 == 2 { vec![a, b] } else { vec![] };
        let middle = if c.1 == 2 { vec![c, d] } else { vec![] };
        key(&[top, middle, vec![e, f, g]].concat())
    })
}

/// Keys as hashing makes them, from a small set so that they meet again.
pub(crate) fn hashed_key() -> impl Strategy<Value = B256> + Clone {
    (0u32..400).prop_map(|seed| keccak256(seed.to_be_bytes()))
}

/// Values of all kinds of RLP: own bytes, short strings, and strings with one and two bytes of length.
pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 1..3),
        3 => prop::collection::vec(any::<u8>(), 20..60),
        1 => prop::collection::vec(any::<u8>(), 250..260),
    ]
}

/// RLP string.
pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(bytes)
}

/// RLP list of items that are RLP already.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    let mut out = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend(payload);
    out
}

/// The 17 items of a branch with these children and no value.
pub(crate) fn branch(children: &[(usize, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut items = vec![vec![0x80]; 17];
    for (nibble, item) in children {
        items[*nibble] = item.clone();
    }
    items
}

/// The reference by hash.
pub(crate) fn hashed(node: &[u8]) -> Vec<u8> {
    string(keccak256(node).as_slice())
}
