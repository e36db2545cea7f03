//! Leaves against p3's sponge.

use p3_field::Field;
use p3_koala_bear::default_koalabear_poseidon2_24;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge};

use super::super::wires::{coefficients, words};
use super::super::{DigestWire, Step};
use super::*;

/// The digest that p3's trees give a leaf.
pub(super) fn leaf_digest(elements: &[Val]) -> [Val; 8] {
    let hasher = PaddingFreeSponge::<_, 24, 16, 8>::new(default_koalabear_poseidon2_24());
    hasher.hash_iter(elements.iter().copied())
}

/// Asserts that the digest is this one: it is the left half of a node in a cap.
pub(super) fn assert_digest(
    builder: &mut Builder,
    source: Source,
    digest: DigestWire,
    expected: &[Val; 8],
    sibling: &[Val; 8],
) {
    let node = paths::compress(expected, sibling);
    let words = words(&node).map(|word| builder.extension_constant(word));
    let cap = builder.cap(&[words]);
    let zero = builder.zero();
    builder.path(source, digest, &[Step::Up(zero)], zero, cap);
}

/// sum of power^(n-1-i) f(i).
fn combination(power: Challenge, row: &[Val]) -> Challenge {
    row.iter().fold(Challenge::ZERO, |sum, f| sum * power + *f)
}

/// A leaf of rows of these widths, after one of another length.
fn rows_of(widths: &[usize], claimed: usize) -> (Builder, Given) {
    let mut random = Random(widths.iter().fold(1, |seed, width| 31 * seed + *width as u64));
    let first = random.vals(20);
    let data = random.vals(widths.iter().sum());
    let power = random.challenge();
    let sibling: [Val; 8] = random.vals(8).try_into().unwrap();

    let mut builder = Builder::new();
    let wire = builder.message(SOURCE);
    builder.open(SOURCE, &[]);
    let (before, _) = builder.hash_elements(SOURCE, 5);
    assert_digest(&mut builder, SOURCE, before, &leaf_digest(&first), &sibling);
    let (digest, sums) = builder.hash_rows(SOURCE, widths, wire);
    let mut rest = &data[..];
    for (i, (sum, width)) in sums.iter().zip(widths).enumerate() {
        let (row, others) = rest.split_at(*width);
        rest = others;
        let off = if i == claimed { Challenge::ONE } else { Challenge::ZERO };
        let expected = builder.extension_constant(combination(power, row) + off);
        builder.assert_equal(*sum, expected);
    }
    assert_digest(&mut builder, SOURCE, digest, &leaf_digest(&data), &sibling);
    let openings = Openings { values: [first, data].concat(), digests: vec![sibling; 2] };
    (builder, Given::messages([power]).and_open(openings))
}

#[test]
fn rows_have_the_digest_of_a_leaf_and_the_sums_of_powers() {
    for widths in [&[4][..], &[16], &[8, 12], &[20], &[4, 4, 28], &[36, 8, 12, 4], &[64]] {
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
    // In the first leaf, which no sum is asserted of.
    given.openings[0].values[3] += Val::ONE;
    assert_eq!(refuse(builder, &given), Failure::Path { index: 0 });
}

#[test]
fn elements_are_delivered() {
    for count in [1, 3, 4, 5, 11] {
        let mut random = Random(count as u64);
        let elements = random.challenges(count);
        let data: Vec<Val> = elements.iter().flat_map(|element| coefficients(*element)).collect();
        let sibling: [Val; 8] = random.vals(8).try_into().unwrap();
        let build = |off: Challenge| {
            let mut builder = Builder::new();
            builder.open(SOURCE, &[]);
            let (digest, wires) = builder.hash_elements(SOURCE, count);
            for (i, (wire, element)) in wires.iter().zip(&elements).enumerate() {
                let off = if i + 1 == count { off } else { Challenge::ZERO };
                let expected = builder.extension_constant(*element + off);
                builder.assert_equal(*wire, expected);
            }
            assert_digest(&mut builder, SOURCE, digest, &leaf_digest(&data), &sibling);
            builder
        };
        let openings = Openings { values: data.clone(), digests: vec![sibling] };
        let given = Given::default().and_open(openings);
        accept(build(Challenge::ZERO), &given);
        assert_eq!(refuse(build(Challenge::ONE), &given), Failure::Assertion);
    }
}

/// Nothing else binds what it says it hashes.
#[test]
fn a_leaf_on_no_path_gives_no_circuit() {
    let mut builder = Builder::new();
    builder.open(SOURCE, &[]);
    builder.hash_elements(SOURCE, 1);
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::UnreadDigest);
}

/// With the inverse of p3's batching challenge, one product gives the sum of increasing powers.
#[test]
fn a_power_of_the_challenge_reverses_the_sum() {
    let mut random = Random(9);
    let [alpha, data] = [random.challenge(), Challenge::ZERO];
    let row = random.vals(12);
    let increasing = row.iter().rev().fold(data, |sum, f| sum * alpha + *f);
    assert_eq!(combination(alpha.inverse(), &row) * alpha.exp_u64(11), increasing);
}

#[test]
fn forged_rate_elements_of_a_partial_block_are_refused() {
    let (builder, given) = rows_of(&[8], usize::MAX);
    let (circuit, witness) = accept(builder, &given);
    // Rows: idle, two of the first leaf, the leaf of 8 elements.
    for i in [8, 12, 15] {
        for row in [2, 3] {
            let mut forged = witness.clone();
            forged.sponge[0][row].input[i] += Val::ONE;
            assert!(!holds(&circuit, &forged), "row {row}, element {i}");
        }
    }
    for i in [16, 23] {
        for row in [1, 3] {
            let mut forged = witness.clone();
            forged.sponge[0][row].input[i] += Val::ONE;
            assert!(!holds(&circuit, &forged), "row {row}, capacity {i}");
        }
    }
}
