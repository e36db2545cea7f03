//! A finished circuit, and its witness.

use ashlar_circuit::Val;
use ashlar_circuit::arithmetic::{self, OperationFixed};
use ashlar_circuit::compress::{self, CompressFixed, CompressRow};
use ashlar_circuit::sponge::{self, SpongeFixed, SpongeRow};
use p3_matrix::dense::RowMajorMatrix;

use super::program::Program;
use super::rows::WideRows;
use super::wires::{coefficients, elements};
use super::{Inputs, Unsatisfied, Wire};

/// Heights of the tables as powers of two, and the operations in a row of `arithmetic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitShape {
    /// log2 of the heights of the tables of sponges; 0 for the second where there is only one.
    pub sponge: [u8; 2],
    /// log2 of the height of `compress`.
    pub compress: u8,
    /// log2 of the height of `arithmetic`.
    pub arithmetic: u8,
    /// Operations of a row of `arithmetic`.
    pub operations: usize,
}

/// How much of a shape a circuit needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Rows of leaves.
    pub sponge: usize,
    /// Rows of `compress`.
    pub compress: usize,
    /// Operations, constants included.
    pub operations: usize,
    /// Constants: at most one a row.
    pub constants: usize,
}

/// A circuit: what it fixes of the tables, and how the values of the rest are found.
#[derive(Clone, Debug)]
pub struct Circuit {
    pub(super) shape: CircuitShape,
    pub(super) program: Program,
    pub(super) public: Option<[Wire; 2]>,
    /// The row of each node of a cap, by its address.
    pub(super) cap_rows: Vec<u32>,
    /// Wires that rows of `compress` show to be of the base field, and those rows.
    pub(super) based: Vec<(Wire, usize)>,
    pub(super) fixed_sponge: [Vec<SpongeFixed<Val>>; 2],
    pub(super) fixed_compress: Vec<CompressFixed<Val>>,
    pub(super) fixed_operations: Vec<OperationFixed<Val>>,
    /// The wires of each operation.
    pub(super) operations: Vec<[Wire; 4]>,
    /// k0 and k1 of the first rows of `arithmetic`.
    pub(super) constants: Vec<[Val; 2]>,
}

/// Values that satisfy a circuit: all tables' rows, from which the other columns follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Rows of the tables of sponges.
    pub sponge: [Vec<SpongeRow>; 2],
    /// Rows of `compress`.
    pub compress: Vec<CompressRow>,
    /// Operations of `arithmetic`.
    pub operations: Vec<arithmetic::Operation>,
    /// The public values.
    pub public_values: [Val; 8],
}

impl Circuit {
    /// The shape of its tables.
    pub const fn shape(&self) -> &CircuitShape {
        &self.shape
    }

    /// The fixed columns of the tables: those of sponges, `compress`, `arithmetic`.
    pub fn fixed(&self) -> Vec<RowMajorMatrix<Val>> {
        let mut tables: Vec<_> = self
            .shape
            .sponges()
            .zip(&self.fixed_sponge)
            .map(|(log_height, fixed)| sponge::fixed_matrix(fixed, 1 << log_height))
            .collect();
        tables.push(compress::fixed_matrix(&self.fixed_compress, 1 << self.shape.compress));
        let [per_row, height] = [self.shape.operations, 1 << self.shape.arithmetic];
        tables.push(arithmetic::fixed_matrix(&self.fixed_operations, &self.constants, per_row, height));
        tables
    }

    /// The columns of the tables with a witness, in the order of [`fixed`](Self::fixed).
    pub fn traces(&self, witness: &Witness) -> Vec<RowMajorMatrix<Val>> {
        let sponges = self.shape.sponges().zip(&self.fixed_sponge).zip(&witness.sponge);
        let mut tables: Vec<_> =
            sponges.map(|((log_height, fixed), rows)| sponge::trace(fixed, rows, 1 << log_height)).collect();
        tables.push(compress::trace(&witness.compress, 1 << self.shape.compress));
        let [per_row, height] = [self.shape.operations, 1 << self.shape.arithmetic];
        tables.push(arithmetic::trace(&witness.operations, per_row, height));
        tables
    }

    /// Finds a witness for these inputs. There is one if and only if every check of the circuit holds.
    pub fn run(&self, inputs: &mut dyn Inputs) -> Result<Witness, Unsatisfied> {
        let sponge = self.fixed_sponge.each_ref().map(Vec::len);
        let mut rows = WideRows::new(sponge, self.fixed_compress.len(), &self.cap_rows);
        let values = self.program.run(inputs, &mut rows)?;
        let WideRows { sponge, mut compress, .. } = rows;
        let value = |wire: Wire| values[wire.index()];
        let public_values = self.public.map(|words| elements(words.map(value))).unwrap_or_default();
        compress[0].word = public_values;
        for (wire, row) in &self.based {
            [compress[*row].bit, ..] = coefficients(value(*wire));
        }
        let operations = self.operations.iter().map(|wires| wires.map(value)).collect();
        Ok(Witness { sponge, compress, operations, public_values })
    }
}

impl CircuitShape {
    /// log2 of the heights of the tables of sponges that there are.
    pub fn sponges(&self) -> impl Iterator<Item = u8> + use<> {
        let [first, second] = self.sponge;
        core::iter::once(first).chain((second > 0).then_some(second))
    }
}
