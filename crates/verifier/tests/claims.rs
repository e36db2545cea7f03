//! How claims, statements and circuits are hashed: no two things have one hash, and the trees are those of the
//! specification.

use std::collections::HashSet;

use ashlar_machine::Val;
use ashlar_machine::hash::{Digest, Hasher, tag};
use ashlar_verifier::{
    Boundary, CIRCUITS_DEPTH, Circuit, CircuitKeys, Commitment, ProgramKey, RangeClaim, Statement,
    circuit_leaf, runs_claim, statement_node, statements_root,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

fn digest(seed: u32) -> Digest {
    core::array::from_fn(|i| Val::from_u32(1_000 * seed + i as u32 + 1))
}

fn boundary(seed: u32) -> Boundary {
    Boundary { root: digest(seed), pc: 4 * seed, digest: digest(seed + 1) }
}

fn keys() -> CircuitKeys {
    let cap = |i: usize| Commitment::new((0..16).map(|root| digest(100 * i as u32 + root)).collect());
    CircuitKeys::new((0..Circuit::COUNT).map(cap).collect()).expect("keys")
}

/// As RFC 6962 says it: from the top.
fn root_from_the_top(leaves: &[Digest]) -> Digest {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let left = leaves.len().next_power_of_two() / 2;
            statement_node(&root_from_the_top(&leaves[..left]), &root_from_the_top(&leaves[left..]))
        }
    }
}

#[test]
fn trees_of_statements_are_those_of_rfc_6962() {
    assert_eq!(statements_root(&[]), None);
    for count in 1..=70 {
        let leaves: Vec<_> = (0..count).map(digest).collect();
        assert_eq!(statements_root(&leaves), Some(root_from_the_top(&leaves)), "{count} statements");
    }
}

/// Lists that differ in order, number or a statement have other roots; also those that repeat the last one, as trees that
/// fill up with copies would have it.
#[test]
fn no_two_lists_of_statements_have_one_root() {
    let statement = |i: u32| Statement { program_key: digest(i), digest: digest(i + 50) }.leaf();
    let mut roots = HashSet::new();
    let mut lists = 0;
    for count in 1..=12 {
        let leaves: Vec<_> = (0..count).map(statement).collect();
        let mut of_count = vec![leaves.clone()];
        for i in 1..leaves.len() {
            let mut swapped = leaves.clone();
            swapped.swap(i - 1, i);
            of_count.push(swapped);
        }
        of_count.push([&leaves[..], &[leaves[leaves.len() - 1]]].concat());
        // An inner node as a leaf.
        if let [.., a, b] = leaves[..] {
            of_count.push([&leaves[..leaves.len() - 2], &[statement_node(&a, &b)], &[a]].concat());
        }
        for list in of_count {
            roots.insert(statements_root(&list).expect("a root"));
            lists += 1;
        }
    }
    assert_eq!(roots.len(), lists);
}

/// The same elements under every tag, and as many as each has.
#[test]
fn no_two_kinds_have_one_hash() {
    let hasher = Hasher::default();
    let elements: Vec<_> = (0..128).map(Val::from_u32).collect();
    let tags = [
        tag::PROGRAM_KEY,
        tag::RANGE_CLAIM,
        tag::RUNS_CLAIM,
        tag::STATEMENT,
        tag::STATEMENT_NODE,
        tag::CIRCUIT,
        tag::CIRCUIT_NODE,
    ];
    let mut hashes = HashSet::new();
    for tag in tags {
        for length in [16, 17, 52, 128] {
            hashes.insert(hasher.sponge(tag, &elements[..length]));
        }
    }
    assert_eq!(hashes.len(), tags.len() * 4);
    let [left, right] = [digest(1), digest(2)];
    assert_ne!(statement_node(&left, &right), runs_claim(&left, &right));
    assert_ne!(statement_node(&left, &right), statement_node(&right, &left));
}

/// Every element of a range claim counts, and its place too.
#[test]
fn range_claims_cover_every_element() {
    let honest = RangeClaim { program_key: digest(3), start: boundary(5), end: boundary(8) };
    let circuits = digest(1);
    let mut hashes = HashSet::from([honest.hash(&circuits)]);
    let mut count = 1;
    let mut add = |claim: RangeClaim, circuits: Digest| {
        count += 1;
        assert!(hashes.insert(claim.hash(&circuits)), "change {count}");
    };
    for i in 0..8 {
        let mut other = circuits;
        other[i] += Val::ONE;
        add(honest, other);
        let mut changed = [honest; 5];
        changed[0].program_key[i] += Val::ONE;
        changed[1].start.root[i] += Val::ONE;
        changed[2].start.digest[i] += Val::ONE;
        changed[3].end.root[i] += Val::ONE;
        changed[4].end.digest[i] += Val::ONE;
        changed.into_iter().for_each(|claim| add(claim, circuits));
    }
    let mut changed = [honest; 3];
    changed[0].start.pc += 1;
    changed[1].end.pc += 1;
    (changed[2].start, changed[2].end) = (honest.end, honest.start);
    changed.into_iter().for_each(|claim| add(claim, circuits));
}

#[test]
fn statements_cover_key_digest_and_version() {
    let statement = Statement { program_key: digest(1), digest: digest(2) };
    let swapped = Statement { program_key: digest(2), digest: digest(1) };
    assert_ne!(statement.leaf(), swapped.leaf());
    let elements = [&digest(1)[..], &digest(2), &[Val::from_u32(ashlar_verifier::MACHINE_VERSION)]].concat();
    assert_eq!(statement.leaf(), Hasher::default().sponge(tag::STATEMENT, &elements));
    let next = [&elements[..16], &[Val::from_u32(ashlar_verifier::MACHINE_VERSION + 1)]].concat();
    assert_ne!(statement.leaf(), Hasher::default().sponge(tag::STATEMENT, &next));
}

#[test]
fn refuses_program_keys_that_are_not_canonical() {
    let key = ProgramKey::from_elements(&digest(1));
    assert!(Statement::new(&key, b"output").is_some());
    for number in [Val::ORDER_U32, Val::ORDER_U32 + 1, u32::MAX] {
        for word in 0..8 {
            let mut other = key;
            other.0[4 * word..][..4].copy_from_slice(&number.to_be_bytes());
            assert_eq!(Statement::new(&other, b"output"), None);
        }
    }
}

/// From every circuit's leaf its path leads to the root, on the sides that its number says.
#[test]
fn paths_of_circuits_lead_to_the_root() {
    let keys = keys();
    let node = |left: &Digest, right: &Digest| {
        Hasher::default().sponge(tag::CIRCUIT_NODE, &[*left, *right].concat())
    };
    let mut siblings = 0;
    for circuit in Circuit::all() {
        let leaf = circuit_leaf(keys.cap(circuit).expect("a cap"));
        let mut up = leaf;
        for (level, sibling) in keys.path(circuit).iter().enumerate() {
            let is_right = circuit.number() >> level & 1 == 1;
            up = if is_right { node(sibling, &up) } else { node(&up, sibling) };
            siblings += 1;
        }
        assert_eq!(up, keys.root(), "{}", circuit.name());
    }
    assert_eq!(siblings, Circuit::COUNT * CIRCUITS_DEPTH);
    const { assert!(Circuit::COUNT <= 1 << CIRCUITS_DEPTH) };
}

/// Every element of every cap, and which circuit has it.
#[test]
fn the_root_of_circuits_covers_every_key() {
    let caps: Vec<_> = Circuit::all().map(|circuit| keys().cap(circuit).expect("a cap").clone()).collect();
    let mut roots = HashSet::from([keys().root()]);
    let mut add = |caps: Vec<Commitment>| assert!(roots.insert(CircuitKeys::new(caps).expect("keys").root()));
    for circuit in 0..caps.len() {
        for place in [0, 77, 127] {
            let mut changed = caps.clone();
            let mut cap = changed[circuit].roots().to_vec();
            cap[place / 8][place % 8] += Val::ONE;
            changed[circuit] = Commitment::new(cap);
            add(changed);
        }
        if circuit > 0 {
            let mut swapped = caps.clone();
            swapped.swap(circuit - 1, circuit);
            add(swapped);
        }
    }
    assert_eq!(CircuitKeys::new(caps[1..].to_vec()), None);
    assert_eq!(CircuitKeys::new([&caps[..], &caps[..1]].concat()), None);
    let mut lower = caps;
    lower[2] = Commitment::new(lower[2].roots()[..8].to_vec());
    assert_eq!(CircuitKeys::new(lower), None);
}

#[test]
fn keys_of_circuits_have_one_encoding() {
    let bytes = keys().encode();
    assert_eq!(CircuitKeys::decode(&bytes).expect("keys"), keys());
    assert!(CircuitKeys::decode(&[&bytes[..], &[0]].concat()).is_err());
    for length in [0, 8, 12, bytes.len() - 1] {
        assert!(CircuitKeys::decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    for at in 0..12 {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(CircuitKeys::decode(&changed).is_err(), "byte {at}");
    }
    // The number of caps, with a superfluous group of 7 bits.
    let longer = [&bytes[..12], &[bytes[12] | 0x80, 0], &bytes[13..]].concat();
    assert!(CircuitKeys::decode(&longer).is_err());
}
