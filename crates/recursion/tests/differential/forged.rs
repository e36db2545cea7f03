//! Traces that are forged and proven all the same. Three judge: the constraints and buses themselves, row by row; Plonky3,
//! of the proof; and the circuit.

use ashlar_circuit::Val;
use ashlar_circuit::arithmetic::OperationColumns;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::campaign::{count, seed};
use crate::fixture::fixture;
use crate::mutator::Random;

type Traces = Vec<RowMajorMatrix<Val>>;

/// The three verdicts are one; returns it.
fn verdict(traces: &Traces, values: &[Val; 8], what: &str) -> bool {
    let fixture = fixture();
    let holds = fixture.holds(traces, values);
    let [native, circuit] = fixture.verdicts(&fixture.prove(traces, values), values);
    let verdicts = [native.is_ok(), circuit.is_ok()];
    assert_eq!(verdicts, [holds; 2], "{what}: {native:?}, {circuit:?}");
    holds
}

fn honest() -> (Traces, [Val; 8]) {
    (fixture().inner.traces(&fixture().witness), fixture().witness.public_values)
}

#[test]
fn changed_cells_have_one_verdict() {
    let mut random = Random(seed());
    let count = count() / 10;
    let mut refused = 0;
    for _ in 0..count {
        let (mut traces, values) = honest();
        let table = random.below(4);
        let trace = &mut traces[table];
        let [row, column] = [trace.height(), trace.width()].map(|bound| random.below(bound));
        trace.values[row * trace.width + column] += Val::from_usize(1 + random.below(1 << 30));
        let what = format!("table {table}, row {row}, column {column}");
        refused += u64::from(!verdict(&traces, &values, &what));
    }
    println!("{refused} of {count} changes are of cells that are bound");
}

/// Another public value, wherever it is read: only what it's computed from says otherwise.
#[test]
fn refuses_public_values_changed_in_all_their_places() {
    for word in 0..2 {
        let (mut traces, mut values) = honest();
        let before: [Val; 4] = core::array::from_fn(|i| values[4 * word + i]);
        let after = before.map(|x| x + Val::TWO);
        values[4 * word..][..4].copy_from_slice(&after);
        let mut places = 0;
        for trace in &mut traces {
            places += replace(&mut trace.values, &before, &after);
        }
        assert!(places >= 2, "{places} places");
        assert!(!verdict(&traces, &values, "public values"));
    }
}

/// Replaces four elements by others wherever they are; returns how often.
fn replace(values: &mut [Val], before: &[Val; 4], after: &[Val; 4]) -> usize {
    let mut places = 0;
    for i in 0..values.len().saturating_sub(3) {
        if values[i..i + 4] == *before {
            values[i..i + 4].copy_from_slice(after);
            places += 1;
        }
    }
    places
}

/// A wire's value changed wherever it is: a bus never sees it, the row that computes it does.
#[test]
fn refuses_results_changed_in_all_their_places() {
    let (honest, values) = honest();
    let mut random = Random(3);
    for _ in 0..8 {
        let mut traces = honest.clone();
        let operations = traces[3].values.len() / OperationColumns::WIDTH;
        let d = OperationColumns::WIDTH * random.below(operations / 4) + 12;
        let before: [Val; 4] = core::array::from_fn(|i| traces[3].values[d + i]);
        // Small numbers are elsewhere by accident.
        if before[1..].iter().all(|x| *x == Val::ZERO) {
            continue;
        }
        let after = before.map(|x| x + Val::ONE);
        traces.iter_mut().for_each(|trace| {
            replace(&mut trace.values, &before, &after);
        });
        assert!(!verdict(&traces, &values, "a wire"));
    }
}

/// Other data behind a leaf that does not fill its first row.
#[test]
fn refuses_a_leaf_with_something_behind_its_data() {
    let (honest, values) = honest();
    let witness = &fixture().witness;
    let rows = &witness.sponge[0];
    // The last leaf has four elements in a row of its own, or fills one up; any row's last group will do.
    for row in 1..rows.len() {
        let mut changed = witness.clone();
        changed.sponge[0][row].input[15] += Val::ONE;
        let mut traces = honest.clone();
        traces[0] = fixture().inner.traces(&changed).swap_remove(0);
        assert!(!verdict(&traces, &values, &format!("row {row}")));
    }
}

/// A path row's other child, an absorbed carry or capacity: rows made anew, so that each permutation is right.
#[test]
fn refuses_another_state_of_any_row() {
    let (honest, values) = honest();
    let witness = &fixture().witness;
    for (row, of) in witness.compress.iter().enumerate().filter(|(_, row)| row.input != [Val::ZERO; 16]) {
        for i in [0, 7, 8, 15] {
            let mut changed = witness.clone();
            changed.compress[row].input[i] += Val::ONE;
            assert_ne!(changed.compress[row].input, of.input);
            let mut traces = honest.clone();
            traces[2] = fixture().inner.traces(&changed).swap_remove(2);
            assert!(!verdict(&traces, &values, &format!("row {row}, element {i}")));
        }
    }
}
