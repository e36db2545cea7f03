//! Keccak-256 as the final proof uses it: leaves and nodes of Merkle trees, in the shape that Plonky3 wants.

use alloc::vec;
use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_commit::ExtensionMmcs;
use p3_field::PrimeField32;
use p3_keccak::Keccak256Hash;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicHasher, PseudoCompressionFunction};
use tiny_keccak::{Hasher, Keccak};

use crate::config::Challenge;

/// Bytes of a node: 208 bits, of which the best search for a collision has to try 2^104.
pub const NODE_BYTES: usize = 26;

/// A node of a Merkle tree.
pub type Node = [u8; NODE_BYTES];

/// Commits to matrices over the base field.
pub type KeccakMmcs = MerkleTreeMmcs<Val, u8, LeafHash, NodeHash, 2, NODE_BYTES>;

/// Commits to matrices over the extension field.
pub type KeccakChallengeMmcs = ExtensionMmcs<Val, Challenge, KeccakMmcs>;

/// Hashes rows, each element as four bytes, big-endian.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeafHash;

/// Hashes two nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeHash;

/// The Keccak-256 hash of these parts, one after the other.
pub fn keccak256(parts: &[&[u8]]) -> [u8; 32] {
    let mut keccak = Keccak::v256();
    let mut hash = [0; 32];
    parts.iter().for_each(|part| keccak.update(part));
    keccak.finalize(&mut hash);
    hash
}

/// A leaf, from the bytes of its row.
pub fn leaf(row: &[u8]) -> Node {
    node_of(&keccak256(&[row]))
}

/// The node above two nodes.
pub fn node(left: &Node, right: &Node) -> Node {
    node_of(&keccak256(&[left, right]))
}

/// The first bytes of a hash.
fn node_of(hash: &[u8; 32]) -> Node {
    hash.first_chunk().copied().unwrap_or_default()
}

/// Messages that the vectorised permutation hashes at once.
const LANES: usize = <Keccak256Hash as CryptographicHasher<u8, [u8; 32]>>::LANES;

/// Hashes messages of one length that lie one after the other, as many at once as there are lanes.
fn hash_messages(messages: &[u8], out: &mut [Node]) {
    let mut hashes = vec![[0; 32]; out.len()];
    Keccak256Hash.hash_many(messages, &mut hashes);
    for (node, hash) in out.iter_mut().zip(&hashes) {
        *node = node_of(hash);
    }
}

impl CryptographicHasher<Val, Node> for LeafHash {
    const LANES: usize = LANES;

    fn hash_iter<I: IntoIterator<Item = Val>>(&self, input: I) -> Node {
        let bytes: Vec<u8> =
            input.into_iter().flat_map(|element| element.as_canonical_u32().to_be_bytes()).collect();
        leaf(&bytes)
    }

    fn hash_many(&self, input: &[Val], out: &mut [Node]) {
        let mut bytes = vec![0; 4 * input.len()];
        for (bytes, element) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(input) {
            *bytes = element.as_canonical_u32().to_be_bytes();
        }
        hash_messages(&bytes, out);
    }
}

impl PseudoCompressionFunction<Node, 2> for NodeHash {
    const LANES: usize = LANES;

    fn compress(&self, [left, right]: [Node; 2]) -> Node {
        node(&left, &right)
    }

    fn compress_many(&self, inputs: &[[Node; 2]], out: &mut [Node]) {
        hash_messages(inputs.as_flattened().as_flattened(), out);
    }
}
