//! What does not hold is refused: by the verifier, or, where the loop could not even start, by the loop.

use ashlar_stark::{Error, prove};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::proofs::{data, is_accepted, prove_tables};
use crate::schemes::{keccak, poseidon2};
use crate::tables::Tables;
use ashlar_stark::Val;

/// A cell of each column of each table, in the first, a middle and the last row.
#[test]
fn refuses_a_changed_cell_of_every_column() {
    for (degree, log_blowup) in [(3, 1), (5, 2)] {
        let config = poseidon2(log_blowup, 0);
        for table in 0..3 {
            let (rows, width) = {
                let trace = &Tables::new(degree, true).traces[table];
                (trace.height(), trace.width())
            };
            for cell in
                [0, rows / 2, rows - 1].into_iter().flat_map(|row| (0..width).map(move |i| row * width + i))
            {
                let mut tables = Tables::new(degree, true);
                tables.traces[table].values[cell] += Val::ONE;
                // A row that receives nothing may have anything but the count.
                let is_padding = table == 1 && cell / width == rows - 1 && cell % width != width - 1;
                let proof = prove_tables(&config, log_blowup, &tables);
                assert_eq!(is_accepted(&config, &proof, &tables), is_padding, "table {table}, cell {cell}");
            }
        }
    }
}

#[test]
fn refuses_a_changed_cell_with_another_hash() {
    let config = keccak(2);
    let mut tables = Tables::new(5, true);
    tables.traces[0].values[42] += Val::ONE;
    assert!(!is_accepted(&config, &prove_tables(&config, 2, &tables), &tables));
}

#[test]
fn refuses_other_public_values() {
    let config = poseidon2(2, 0);
    let honest = Tables::new(3, true);
    let proof = prove_tables(&config, 2, &honest);
    for i in 0..2 {
        let mut tables = Tables::new(3, true);
        tables.public_values[0][i] += Val::ONE;
        // Neither the proof for others, nor one for these.
        assert!(!is_accepted(&config, &proof, &tables));
        assert!(!is_accepted(&config, &prove_tables(&config, 2, &tables), &tables));
    }
}

/// The tables' messages balance only together.
#[test]
fn refuses_messages_that_nobody_receives() {
    let config = poseidon2(1, 0);
    let mut tables = Tables::new(3, true);
    tables.traces[1].values.fill(Val::ZERO);
    assert!(!is_accepted(&config, &prove_tables(&config, 1, &tables), &tables));
}

#[test]
fn does_not_start_with_fewer_rows_than_a_vector_has_lanes() {
    let config = poseidon2(1, 0);
    let mut tables = Tables::new(3, true);
    let data = data(&config, &tables);
    for rows in [1, 24] {
        tables.traces[1] = RowMajorMatrix::new(Val::zero_vec(4 * rows), 4);
        let error = prove(&config, 1, &tables.instances(), &data).err();
        assert!(
            matches!(error, Some(Error::Rows { table: 1, rows: found, .. }) if found == rows),
            "{error:?}"
        );
    }
}

#[test]
fn does_not_start_without_messages_or_fixed_columns() {
    let config = poseidon2(1, 0);
    let tables = Tables::new(3, true);
    let mut without = data(&config, &tables);
    without.common.lookups[2] = Default::default();
    let error = prove(&config, 1, &tables.instances(), &without).err();
    assert_eq!(error, Some(Error::NoMessages { table: 2 }));
    let mut without = data(&config, &tables);
    without.common.preprocessed = None;
    assert_eq!(prove(&config, 1, &tables.instances(), &without).err(), Some(Error::NoFixedColumns));
}
