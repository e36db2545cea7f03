//! The fixed columns of a circuit, and nothing else of it.

use std::borrow::Borrow;

use ashlar_circuit::Val;
use ashlar_circuit::arithmetic::OperationFixed;
use ashlar_circuit::compress::CompressFixed;
use ashlar_circuit::sponge::SpongeFixed;
use ashlar_recursion::builder::Circuit;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

/// What a key fixes, row by row.
#[derive(Clone)]
pub(crate) struct Fixed {
    pub(crate) sponge: [Vec<SpongeFixed<Val>>; 2],
    pub(crate) compress: Vec<CompressFixed<Val>>,
    pub(crate) operations: Vec<OperationFixed<Val>>,
    /// k0 and k1 of each operation: zeros for all but the first of a row.
    pub(crate) constants: Vec<[Val; 2]>,
}

impl Fixed {
    pub(crate) fn new(circuit: &Circuit) -> Self {
        let matrices = circuit.fixed();
        let per_row = circuit.shape().operations;
        let [sponges @ .., of_compress, arithmetic] = &matrices[..] else { panic!("too few tables") };
        let (mut operations, mut constants) = (Vec::new(), Vec::new());
        for row in arithmetic.values.chunks(arithmetic.width) {
            let (of_row, rest) = row.split_at(OperationFixed::WIDTH * per_row);
            for (i, operation) in of_row.chunks(OperationFixed::WIDTH).enumerate() {
                let operation: &OperationFixed<Val> = operation.borrow();
                operations.push(*operation);
                constants.push(if i == 0 { [rest[0], rest[1]] } else { [Val::ZERO; 2] });
            }
        }
        // `shrink` has one table of sponges.
        let sponge = [0, 1].map(|i| sponges.get(i).map(rows).unwrap_or_default());
        Self { sponge, compress: rows(of_compress), operations, constants }
    }

    /// The rows of `compress` that state a cap's node.
    pub(crate) fn cap_rows(&self) -> impl Iterator<Item = &CompressFixed<Val>> {
        self.compress.iter().filter(|row| row.is_cap == Val::ONE)
    }
}

fn rows<C: Copy>(matrix: &RowMajorMatrix<Val>) -> Vec<C>
where
    [Val]: Borrow<C>,
{
    matrix.values.chunks(matrix.width).map(|row| *row.borrow()).collect()
}

/// A count as an integer: what is above the middle of the field is negative.
pub(crate) fn signed(count: Val) -> i64 {
    let value = i64::from(count.as_canonical_u32());
    if value > i64::from(Val::ORDER_U32 / 2) { value - i64::from(Val::ORDER_U32) } else { value }
}

/// An address as a number.
pub(crate) fn number(address: Val) -> usize {
    address.as_canonical_u32() as usize
}

/// The flag's value; an error if it is neither 0 nor 1.
pub(crate) fn flag(value: Val, what: &str, row: usize) -> Result<bool, String> {
    match number(value) {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(format!("row {row}: {what} is no flag")),
    }
}

pub(crate) fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
