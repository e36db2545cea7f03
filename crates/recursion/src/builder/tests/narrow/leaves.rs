//! Leaves and paths against p3's trees with leaves of width 16.

use ashlar_verifier::config::{LeafHash16, NodeHash, ShrinkValMmcs};
use p3_commit::Mmcs;
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_symmetric::CryptographicHasher;

use super::super::paths::compress;
use super::*;
use crate::builder::DigestWire;

/// The digest that p3's trees give a leaf.
pub(super) fn leaf_digest(elements: &[Val]) -> [Val; 8] {
    LeafHash16::new(default_koalabear_poseidon2_16()).hash_slice(elements)
}

/// Asserts that the digest is this one: it is the left half of a root.
fn assert_digest(builder: &mut Builder, digest: DigestWire, expected: &[Val; 8], sibling: &[Val; 8]) {
    let root = words(&compress(expected, sibling)).map(|word| builder.extension_constant(word));
    let cap = builder.cap(&[root]);
    let zero = builder.zero();
    builder.path(SOURCE, digest, &[Step::Up(zero)], zero, cap);
}

/// A leaf of rows of these widths, after one of another length; the sum with this number is claimed to be another.
fn rows_of(widths: &[usize], claimed: usize) -> (Builder, Given) {
    let mut random = Random(widths.iter().fold(1, |seed, width| 31 * seed + *width as u64));
    let first = random.vals(20);
    let data = random.vals(widths.iter().sum());
    let power = random.challenge();
    let sibling: [Val; 8] = random.vals(8).try_into().unwrap();
    let mut builder = builder();
    let wire = builder.message(SOURCE);
    builder.open(SOURCE, &[]);
    let (before, _) = builder.hash_elements(SOURCE, 5);
    assert_digest(&mut builder, before, &leaf_digest(&first), &sibling);
    let (digest, sums) = builder.hash_rows(SOURCE, widths, wire);
    let mut rest = &data[..];
    for (i, (sum, width)) in sums.iter().zip(widths).enumerate() {
        let (row, others) = rest.split_at(*width);
        rest = others;
        let off = if i == claimed { Challenge::ONE } else { Challenge::ZERO };
        let sum_of = row.iter().fold(Challenge::ZERO, |sum, f| sum * power + *f);
        let expected = builder.extension_constant(sum_of + off);
        builder.assert_equal(*sum, expected);
    }
    assert_digest(&mut builder, digest, &leaf_digest(&data), &sibling);
    let openings = Openings { values: [first, data].concat(), digests: vec![sibling; 2] };
    (builder, Given::messages([power]).and_open(openings))
}

#[test]
fn rows_have_the_digest_of_a_leaf_and_the_sums_of_powers() {
    for widths in [&[8][..], &[16], &[8, 12], &[12, 8], &[20], &[4, 4, 28], &[36, 8, 12, 4], &[4, 8, 4, 4]] {
        let (builder, given) = rows_of(widths, usize::MAX);
        accept(builder, &given);
    }
}

#[test]
fn another_sum_is_refused() {
    for claimed in 0..3 {
        let (builder, given) = rows_of(&[4, 20, 8], claimed);
        assert_eq!(refuse(builder, &given), Failure::Assertion);
    }
}

#[test]
fn a_changed_value_has_another_digest() {
    let (builder, mut given) = rows_of(&[8, 16], usize::MAX);
    given.openings[0].values[3] += Val::ONE;
    assert_eq!(refuse(builder, &given), Failure::Path { index: 0 });
}

#[test]
fn elements_are_delivered() {
    for count in [1, 2, 3, 4, 5, 8] {
        let mut random = Random(count as u64);
        let elements = random.challenges(count);
        let data: Vec<Val> = elements.iter().flat_map(|element| coefficients(*element)).collect();
        let sibling: [Val; 8] = random.vals(8).try_into().unwrap();
        let build = |off: Challenge| {
            let mut builder = builder();
            builder.open(SOURCE, &[]);
            let (digest, wires) = builder.hash_elements(SOURCE, count);
            for (wire, element) in wires.iter().zip(&elements) {
                let expected = builder.extension_constant(*element + off);
                builder.assert_equal(*wire, expected);
            }
            assert_digest(&mut builder, digest, &leaf_digest(&data), &sibling);
            builder
        };
        let given = Given::default().and_open(Openings { values: data.clone(), digests: vec![sibling] });
        accept(build(Challenge::ZERO), &given);
        assert_eq!(refuse(build(Challenge::ONE), &given), Failure::Assertion);
    }
}

/// The circuit of a path in a tree of two matrices, with bits and root from outside.
fn path() -> Builder {
    let mut builder = builder();
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let root = [builder.message(SOURCE), builder.message(SOURCE)];
    let cap = builder.cap(&[root]);
    builder.open(SOURCE, &[index]);
    let one = builder.one();
    let (leaf, _) = builder.hash_rows(SOURCE, &[12, 8], one);
    let steps: Vec<_> = bits[..4].iter().map(|bit| Step::Up(*bit)).collect();
    let zero = builder.zero();
    builder.path(SOURCE, leaf, &steps, zero, cap);
    builder
}

fn given(index: usize) -> Given {
    let permutation = default_koalabear_poseidon2_16();
    let mmcs = ShrinkValMmcs::new(LeafHash16::new(permutation.clone()), NodeHash::new(permutation), 0);
    let mut random = Random(11);
    let matrices = [12, 8].map(|width| RowMajorMatrix::new(random.vals(width << 4), width));
    let (cap, data) = mmcs.commit(matrices.to_vec());
    let (rows, siblings) = mmcs.open_batch(index, &data).unpack();
    let root = words(&cap.roots()[0]);
    let messages: Vec<_> = [Challenge::from(Val::from_usize(index))].into_iter().chain(root).collect();
    Given::messages(messages).and_open(Openings { values: rows.concat(), digests: siblings })
}

#[test]
fn paths_are_those_of_p3() {
    for index in [0, 1, 6, 15] {
        accept(path(), &given(index));
    }
}

#[test]
fn a_path_of_another_row_index_or_root_is_refused() {
    let refused = Failure::Path { index: 0 };
    for index in [4, 7, 14] {
        let mut forged = given(6);
        forged.messages.get_mut(&0).unwrap()[0] = Val::from_usize(index).into();
        assert_eq!(refuse(path(), &forged), refused);
    }
    for word in [1, 2] {
        let mut forged = given(6);
        forged.messages.get_mut(&0).unwrap()[word] += Challenge::ONE;
        assert_eq!(refuse(path(), &forged), refused);
    }
    for i in 0..20 {
        let mut forged = given(6);
        forged.openings[0].values[i] += Val::ONE;
        assert_eq!(refuse(path(), &forged), refused);
    }
    for i in 0..4 {
        let mut forged = given(6);
        forged.openings[0].digests[i][i] += Val::ONE;
        assert_eq!(refuse(path(), &forged), refused);
    }
}

/// What only the wide tables have.
#[test]
fn paths_that_the_table_does_not_have_give_no_circuit() {
    let finish = |make: &dyn Fn(&mut Builder)| {
        let mut builder = builder();
        builder.open(SOURCE, &[]);
        make(&mut builder);
        builder.finish_narrow(LOG_HEIGHT).unwrap_err()
    };
    let caps = |builder: &mut Builder| {
        let zero = builder.zero();
        builder.cap(&[[zero; 2]; 2]);
    };
    assert_eq!(finish(&caps), BuildError::NarrowCap { nodes: 2 });
    let joins = |builder: &mut Builder| {
        let zero = builder.zero();
        let cap = builder.cap(&[[zero; 2]]);
        let [first, second] = [0; 2].map(|_| builder.hash_elements(SOURCE, 2).0);
        builder.path(SOURCE, first, &[Step::Up(zero), Step::Inject(second)], zero, cap);
    };
    assert_eq!(finish(&joins), BuildError::NarrowJoin);
    let twice = |builder: &mut Builder| {
        let zero = builder.zero();
        let cap = builder.cap(&[[zero; 2]]);
        let (leaf, _) = builder.hash_elements(SOURCE, 2);
        for _ in 0..2 {
            builder.path(SOURCE, leaf, &[Step::Up(zero)], zero, cap);
        }
    };
    assert_eq!(finish(&twice), BuildError::SharedDigest);
    let unread = |builder: &mut Builder| {
        builder.hash_elements(SOURCE, 2);
    };
    assert_eq!(finish(&unread), BuildError::UnreadDigest);
    let short = |builder: &mut Builder| {
        let one = builder.one();
        builder.hash_rows(SOURCE, &[4], one);
    };
    assert_eq!(finish(&short), BuildError::ShortLeaf);
    let elsewhere = |builder: &mut Builder| {
        let [zero, one] = [builder.zero(), builder.one()];
        let cap = builder.cap(&[[zero; 2]]);
        let (leaf, _) = builder.hash_elements(SOURCE, 2);
        builder.path(SOURCE, leaf, &[Step::Up(zero)], one, cap);
    };
    assert_eq!(finish(&elsewhere), BuildError::PathPlace);
}
