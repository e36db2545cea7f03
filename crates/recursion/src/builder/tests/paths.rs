//! Merkle paths against p3's trees.

use ashlar_verifier::config::ValMmcs;
use p3_commit::Mmcs;
use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_symmetric::{PaddingFreeSponge, Permutation, TruncatedPermutation};

use super::super::wires::words;
use super::super::{DigestWire, Step};
use super::*;

/// p3's hash of two nodes.
pub(super) fn compress(left: &[Val; 8], right: &[Val; 8]) -> [Val; 8] {
    let mut state = core::array::from_fn(|i| if i < 8 { left[i] } else { right[i - 8] });
    default_koalabear_poseidon2_16().permute_mut(&mut state);
    core::array::from_fn(|i| state[i])
}

/// log2 of the height and the width of each matrix.
const MATRICES: [(usize, usize); 4] = [(5, 8), (3, 20), (5, 4), (2, 12)];
const LOG_HEIGHT: usize = 5;
const LOG_CAP: usize = 1;

/// What a tree of matrices says of a row.
struct Opening {
    cap: Vec<[Val; 8]>,
    rows: Vec<Vec<Val>>,
    siblings: Vec<[Val; 8]>,
}

fn open(index: usize) -> Opening {
    let leaves = PaddingFreeSponge::new(default_koalabear_poseidon2_24());
    let nodes = TruncatedPermutation::new(default_koalabear_poseidon2_16());
    let mmcs = ValMmcs::new(leaves, nodes, LOG_CAP);
    let mut random = Random(11);
    let matrices: Vec<_> = MATRICES
        .iter()
        .map(|(log_height, width)| RowMajorMatrix::new(random.vals(width << log_height), *width))
        .collect();
    let (cap, data) = mmcs.commit(matrices);
    let opening = mmcs.open_batch(index, &data);
    Opening { cap: cap.roots().to_vec(), rows: opening.opened_values, siblings: opening.opening_proof }
}

/// The circuit of the path, with bits and cap from outside.
fn build() -> Builder {
    let mut builder = Builder::new();
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let nodes = [(); 1 << LOG_CAP].map(|()| [builder.message(SOURCE), builder.message(SOURCE)]);
    // A cap before it, so that addresses matter.
    let one = builder.one();
    builder.cap(&[[one, one]]);
    let cap = builder.cap(&nodes);
    builder.label("path");
    builder.open(SOURCE, &[index]);
    let mut leaf = None;
    let mut steps = Vec::new();
    for (level, bit) in (0..=LOG_HEIGHT - LOG_CAP).zip(bits) {
        let widths: Vec<_> = MATRICES
            .iter()
            .filter(|(log_height, _)| *log_height == LOG_HEIGHT - level)
            .map(|(_, width)| *width)
            .collect();
        if !widths.is_empty() {
            let (digest, _) = builder.hash_rows(SOURCE, &widths, one);
            if level == 0 { leaf = Some(digest) } else { steps.push(Step::Inject(digest)) }
        }
        if level < LOG_HEIGHT - LOG_CAP {
            steps.push(Step::Up(bit));
        }
    }
    builder.path(SOURCE, leaf.unwrap(), &steps, bits[LOG_HEIGHT - LOG_CAP], cap);
    builder
}

fn given(opening: &Opening, index: usize) -> Given {
    let messages: Vec<_> = [Challenge::from(Val::from_usize(index))]
        .into_iter()
        .chain(opening.cap.iter().flat_map(words))
        .collect();
    let mut values = Vec::new();
    for level in 0..=LOG_HEIGHT {
        for ((log_height, _), row) in MATRICES.iter().zip(&opening.rows) {
            if *log_height == LOG_HEIGHT - level {
                values.extend_from_slice(row);
            }
        }
    }
    Given::messages(messages).and_open(Openings { values, digests: opening.siblings.clone() })
}

#[test]
fn paths_are_those_of_p3() {
    for index in [0, 1, 6, 15, 16, 27, 31] {
        let given = given(&open(index), index);
        let (circuit, _) = accept(build(), &given);
        let mut asked = given.clone();
        circuit.run(&mut asked).unwrap();
        assert_eq!(asked.opened, [(SOURCE, vec![Challenge::from(Val::from_usize(index))])]);
    }
}

#[test]
fn a_path_of_another_index_is_refused() {
    let opening = open(6);
    for index in [7, 2, 22] {
        let failure = refuse(build(), &given(&opening, index));
        assert!(matches!(failure, Failure::Path { .. }), "{failure}");
    }
}

#[test]
fn a_changed_opening_is_refused() {
    let opening = open(19);
    let honest = given(&opening, 19);
    for i in 0..honest.openings[0].values.len() {
        let mut given = honest.clone();
        given.openings[0].values[i] += Val::ONE;
        assert_eq!(refuse(build(), &given), Failure::Path { index: 1 });
    }
    for i in 0..opening.siblings.len() {
        let mut given = honest.clone();
        given.openings[0].digests[i][i] += Val::ONE;
        assert_eq!(refuse(build(), &given), Failure::Path { index: 1 });
    }
}

#[test]
fn another_cap_is_refused() {
    let mut opening = open(19);
    opening.cap[1][7] += Val::ONE;
    assert_eq!(refuse(build(), &given(&opening, 19)), Failure::Path { index: 1 });
}

/// A path of one step to a cap of two nodes.
fn short(place: impl Fn(&mut Builder) -> [Wire; 2]) -> Result<Circuit, BuildError> {
    let mut builder = Builder::new();
    let [bit, index] = place(&mut builder);
    let one = builder.one();
    let cap = builder.cap(&[[one; 2]; 2]);
    builder.cap(&[[one; 2]]);
    builder.open(SOURCE, &[]);
    let (leaf, _) = builder.hash_elements(SOURCE, 1);
    builder.path(SOURCE, leaf, &[Step::Up(bit)], index, cap);
    builder.finish(&SMALL)
}

#[test]
fn bits_and_indices_that_could_be_others_give_no_circuit() {
    let refuse = |place: &dyn Fn(&mut Builder) -> [Wire; 2]| {
        assert_eq!(short(place).unwrap_err(), BuildError::PathPlace)
    };
    short(|builder| [builder.zero(), builder.one()]).unwrap();
    short(|builder| {
        let x = builder.message(SOURCE);
        let bits = builder.bits(x);
        [bits[30], bits[3]]
    })
    .unwrap();
    refuse(&|builder| [builder.message(SOURCE), builder.zero()]);
    refuse(&|builder| [builder.zero(), builder.message(SOURCE)]);
    refuse(&|builder| [builder.constant(Val::TWO), builder.zero()]);
    refuse(&|builder| [builder.zero(), builder.constant(Val::TWO)]);
    // Of the base field, but any element of it.
    refuse(&|builder| {
        let x = builder.message(SOURCE);
        builder.assert_base(x);
        [x, builder.zero()]
    });
    // The third node is that of another cap.
    refuse(&|builder| {
        let x = builder.message(SOURCE);
        let bits = builder.bits(x);
        [bits[0], builder.add(bits[0], bits[1])]
    });
    // The product of the bounds is above p, so that it bounds nothing.
    refuse(&|builder| {
        let x = builder.message(SOURCE);
        let bit = builder.bits(x)[0];
        let large = builder.constant(Val::from_u32(1 << 24));
        let product = builder.mul(bit, large);
        let product = builder.mul(product, large);
        [product, builder.zero()]
    });
}

#[test]
fn forged_paths_are_refused() {
    let (circuit, witness) = accept(build(), &given(&open(21), 21));
    let is_of_path = |row: &usize| circuit.fixed_compress[*row].is_path == Val::ONE;
    let rows: Vec<_> = (0..witness.compress.len()).filter(is_of_path).collect();
    assert_eq!(rows.len(), LOG_HEIGHT - LOG_CAP + 2);
    for row in rows {
        let mut forged = witness.clone();
        // The node and its sibling change places, and the bit says so.
        forged.compress[row].input.rotate_left(8);
        forged.compress[row].bit = Val::ONE - forged.compress[row].bit;
        assert!(!holds(&circuit, &forged), "row {row}");
        let mut forged = witness.clone();
        forged.compress[row].index += Val::ONE;
        assert!(!holds(&circuit, &forged), "row {row}");
    }
    // Uses of a node, and of a row that is none.
    for row in 0..witness.compress.len() {
        let mut forged = witness.clone();
        forged.compress[row].uses += Val::ONE;
        assert!(!holds(&circuit, &forged), "row {row}");
    }
}

#[test]
fn misused_paths_give_no_circuit() {
    let finish = |steps: &[Step]| {
        let mut builder = Builder::new();
        let zero = builder.zero();
        let cap = builder.cap(&[[zero; 2]]);
        builder.path(SOURCE, DigestWire(0), steps, zero, cap);
        builder.finish(&SMALL).unwrap_err()
    };
    assert_eq!(finish(&[]), BuildError::PathStart);
    assert_eq!(finish(&[Step::Inject(DigestWire(0))]), BuildError::PathStart);
    let mut builder = Builder::new();
    builder.cap(&[]);
    assert_eq!(builder.finish(&SMALL).unwrap_err(), BuildError::EmptyCap);
}
