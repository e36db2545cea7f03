//! Leaves and nodes: the vectorised hashes are those of the definition.

use ashlar_machine::Val;
use ashlar_verifier::last::{LeafHash, Node, NodeHash, keccak256, leaf, node};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_symmetric::{CryptographicHasher, PseudoCompressionFunction};

#[test]
fn keccak_is_the_one_of_ethereum() {
    let empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert_eq!(hex::encode(keccak256(&[])), empty);
    assert_eq!(keccak256(&[b"a", b"", b"bc"]), keccak256(&[b"abc"]));
}

#[test]
fn many_leaves_at_once_are_the_leaves_one_by_one() {
    for width in [1, 3, 16, 34, 64] {
        for count in [1, 7, 8, 9, 30] {
            let elements: Vec<_> = (0..width * count).map(|i| Val::from_usize(i * i * 7919 + 1)).collect();
            let mut leaves = vec![Node::default(); count];
            LeafHash.hash_many(&elements, &mut leaves);
            for (row, found) in elements.chunks(width).zip(&leaves) {
                let bytes: Vec<u8> =
                    row.iter().flat_map(|element| element.as_canonical_u32().to_be_bytes()).collect();
                assert_eq!(*found, leaf(&bytes));
                assert_eq!(*found, LeafHash.hash_slice(row));
                assert_eq!(found[..], keccak256(&[&bytes])[..26]);
            }
        }
    }
}

#[test]
fn many_nodes_at_once_are_the_nodes_one_by_one() {
    for count in [1, 8, 13] {
        let children: Vec<[Node; 2]> = (0..count).map(|i| [[i as u8; 26], [200 - i as u8; 26]]).collect();
        let mut nodes = vec![Node::default(); count];
        NodeHash.compress_many(&children, &mut nodes);
        for ([left, right], found) in children.iter().zip(&nodes) {
            assert_eq!(*found, node(left, right));
            assert_eq!(*found, NodeHash.compress([*left, *right]));
            assert_eq!(found[..], keccak256(&[left, right])[..26]);
        }
    }
}
