//! Against the native trees, and the vectors of `specs/013-joiner.md`.

use ashlar_machine::Val;
use ashlar_machine::hash::Hasher;
use ashlar_verifier::{MACHINE_VERSION, ProgramKey, Statement as Claimed, statements_root};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use serde_json::Value;
use tiny_keccak::{Hasher as _, Keccak};

use crate::{
    Hashes, Joined, MODULUS, Node, Paths, Refused, STATEMENT_BYTES, Statement, is_included, join, leaf, node,
};

struct Native;

impl Hashes for Native {
    fn poseidon2(state: &mut [u32; 16]) {
        let image = Hasher::default().permute(state.map(Val::from_u32));
        *state = image.map(|element| element.as_canonical_u32());
    }

    fn keccak256(bytes: &[u8]) -> Node {
        keccak(bytes)
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../specs/vectors/joiner.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(&value.as_str().unwrap()[2..]).unwrap()
}

fn hash(value: &Value) -> [u8; 32] {
    bytes(value).try_into().unwrap()
}

fn statements() -> Vec<Statement> {
    let statement = |value: &Value| Statement {
        program_key: hash(&value["programKey"]),
        public_output: hash(&value["publicOutput"]),
    };
    vectors()["statements"].as_array().unwrap().iter().map(statement).collect()
}

fn encoded(statements: &[Statement]) -> Vec<u8> {
    statements.iter().flat_map(Statement::encode).collect()
}

fn joined(statements: &[Statement]) -> Result<Joined, Refused> {
    join::<Native>(&encoded(statements))
}

fn keccak(bytes: &[u8]) -> Node {
    let mut hash = [0; 32];
    let mut keccak = Keccak::v256();
    keccak.update(bytes);
    keccak.finalize(&mut hash);
    hash
}

/// As the verifier of aggregated proofs has it.
fn native_root(statements: &[Statement]) -> [u8; 32] {
    let leaf = |statement: &Statement| {
        let limbs = statement.public_output.as_chunks::<4>().0;
        let words = core::array::from_fn(|i| u32::from_le_bytes(limbs[i]));
        let digest = Hasher::default().commit(&[Val::ZERO; 8], &words);
        Claimed { program_key: ProgramKey(statement.program_key).elements().unwrap(), digest }.leaf()
    };
    let leaves: Vec<_> = statements.iter().map(leaf).collect();
    ProgramKey::from_elements(&statements_root(&leaves).unwrap()).0
}

#[test]
fn constants_are_those_of_the_field_and_of_the_machine() {
    assert_eq!(MODULUS, Val::ORDER_U32);
    assert_eq!(crate::poseidon2::MACHINE_VERSION, MACHINE_VERSION);
}

#[test]
fn roots_outputs_and_paths_are_those_of_the_vectors() {
    let statements = statements();
    for tree in vectors()["trees"].as_array().unwrap() {
        let count = tree["count"].as_u64().unwrap();
        let statements = &statements[..count as usize];
        let joined = joined(statements).unwrap();
        assert_eq!(u64::from(joined.count), count);
        assert_eq!(joined.root, hash(&tree["root"]), "{count}");
        assert_eq!(joined.statements_root, hash(&tree["statementsRoot"]), "{count}");
        assert_eq!(joined.encode().to_vec(), bytes(&tree["output"]));
        assert_eq!(keccak(&joined.encode()), hash(&tree["outputHash"]));
        let paths = Paths::new::<Native>(statements);
        assert_eq!(paths.root(), Some(joined.root));
        for (index, path) in tree["paths"].as_array().unwrap().iter().enumerate() {
            let path: Vec<_> = path.as_array().unwrap().iter().map(hash).collect();
            assert_eq!(paths.path(index), Some(path), "{index} of {count}");
        }
    }
}

#[test]
fn the_tree_of_statements_is_that_of_the_verifier() {
    let few = statements();
    for count in 1..=70 {
        let statements: Vec<_> = few.iter().cycle().take(count).copied().collect();
        let joined = joined(&statements).unwrap();
        assert_eq!(joined.statements_root, native_root(&statements), "{count}");
        assert_eq!(Some(joined.root), Paths::new::<Native>(&statements).root(), "{count}");
    }
}

#[test]
fn refuses_keys_that_are_zero_or_not_canonical() {
    for index in [0, 1, 4] {
        let mut statements = statements()[..5].to_vec();
        statements[index].program_key = [0; 32];
        assert_eq!(joined(&statements), Err(Refused::ProgramKey { index: index as u32 }));
        for element in 0..8 {
            for value in [MODULUS, MODULUS + 1, 1 << 31, u32::MAX] {
                statements[index].program_key = [1; 32];
                statements[index].program_key[4 * element..][..4].copy_from_slice(&value.to_be_bytes());
                assert_eq!(joined(&statements), Err(Refused::ProgramKey { index: index as u32 }));
            }
            statements[index].program_key[4 * element..][..4].copy_from_slice(&(MODULUS - 1).to_be_bytes());
            joined(&statements).unwrap();
        }
    }
}

#[test]
fn refuses_nothing_and_what_is_no_list_of_statements() {
    assert_eq!(joined(&[]), Err(Refused::NoStatement));
    let bytes = encoded(&statements()[..3]);
    for length in 1..bytes.len() {
        let refused = join::<Native>(&bytes[..length]);
        let expected = (length % STATEMENT_BYTES != 0).then_some(Refused::Length { bytes: length });
        assert_eq!(refused.err(), expected, "{length}");
    }
}

#[test]
fn every_part_of_a_statement_and_their_order_decide_both_roots() {
    let honest = statements()[..5].to_vec();
    let Joined { statements_root, root, .. } = joined(&honest).unwrap();
    let differs = |statements: &[Statement]| {
        let other = joined(statements).unwrap();
        assert!(other.statements_root != statements_root && other.root != root);
    };
    for byte in 0..32 {
        let mut changed = honest.clone();
        changed[3].public_output[byte] ^= 1;
        differs(&changed);
        changed = honest.clone();
        changed[3].program_key[byte] ^= 1;
        differs(&changed);
    }
    let mut swapped = honest.clone();
    swapped.swap(1, 2);
    differs(&swapped);
    differs(&honest[..4]);
    differs(&[honest.clone(), vec![honest[4]]].concat());
}

/// One of all the ways to be wrong about a place.
struct Place<'a> {
    root: Node,
    count: u64,
    index: u64,
    statement: [u8; STATEMENT_BYTES],
    path: &'a [Node],
}

fn included(place: &Place<'_>) -> bool {
    is_included::<Native>(&place.root, place.count, place.index, &place.statement, place.path)
}

#[test]
fn a_statement_is_included_at_its_place_and_at_no_other() {
    let all = statements();
    for count in 1..=all.len() {
        let paths = Paths::new::<Native>(&all[..count]);
        let root = paths.root().unwrap();
        assert_eq!(paths.path(count), None);
        for index in 0..count {
            let path = paths.path(index).unwrap();
            let honest = || Place {
                root,
                count: count as u64,
                index: index as u64,
                statement: all[index].encode(),
                path: &path,
            };
            assert!(included(&honest()), "{index} of {count}");
            for other in (0..2 * count as u64).filter(|other| *other != index as u64) {
                assert!(!included(&Place { index: other, ..honest() }), "{other} for {index} of {count}");
            }
            let other = all[(index + 1) % all.len()].encode();
            assert!(!included(&Place { statement: other, ..honest() }));
            let long = [path.as_slice(), &[[7; 32]]].concat();
            assert!(!included(&Place { path: &long, ..honest() }));
            if let Some((_, short)) = path.split_last() {
                assert!(!included(&Place { path: short, ..honest() }));
                assert!(!included(&Place { path: &path[1..], ..honest() }));
            }
            for sibling in 0..path.len() {
                let mut changed = path.clone();
                changed[sibling][31] ^= 1;
                assert!(!included(&Place { path: &changed, ..honest() }));
            }
            let mut other = root;
            other[0] ^= 1;
            assert!(!included(&Place { root: other, ..honest() }));
            assert!(!included(&Place { count: 0, ..honest() }));
        }
    }
}

/// A path says nothing of a number of statements that has another shape of the tree at its place.
#[test]
fn another_number_of_statements_is_refused_where_it_moves_the_place() {
    let all = statements();
    let paths = Paths::new::<Native>(&all[..5]);
    let root = paths.root().unwrap();
    let path = paths.path(4).unwrap();
    let at = |count| Place { root, count, index: 4, statement: all[4].encode(), path: &path };
    assert!(included(&at(5)));
    for count in [0, 1, 4, 6, 7, 8, 9, 16, u64::MAX] {
        assert!(!included(&at(count)), "{count}");
    }
}

/// The bytes of two nodes are as long as a statement's.
#[test]
fn a_node_is_no_statement() {
    let all = statements();
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| leaf::<Native>(&all[i].encode()));
    let left = [a, b].concat().try_into().unwrap();
    let right = node::<Native>(&c, &d);
    let root = node::<Native>(&node::<Native>(&a, &b), &right);
    assert_eq!(Paths::new::<Native>(&all[..4]).root(), Some(root));
    let forged = Place { root, count: 2, index: 0, statement: left, path: &[right] };
    assert!(!included(&forged));
}
