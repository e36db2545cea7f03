//! The tables as one type, as a proof of many tables wants it.

use alloc::vec::Vec;

use p3_air::{Air, BaseAir};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::Val;
use crate::arithmetic::ArithmeticAir;
use crate::compress::CompressAir;
use crate::sponge::SpongeAir;

/// One of the tables.
#[derive(Clone, Debug)]
pub enum CircuitAir {
    /// Permutations of width 24: leaves.
    Sponge(SpongeAir),
    /// Permutations of width 16: paths and the transcript.
    Compress(CompressAir),
    /// Operations on wires.
    Arithmetic(ArithmeticAir),
}

/// Asks the table at hand.
macro_rules! each {
    ($self:expr, $air:ident => $answer:expr) => {
        match $self {
            CircuitAir::Sponge($air) => $answer,
            CircuitAir::Compress($air) => $answer,
            CircuitAir::Arithmetic($air) => $answer,
        }
    };
}

impl CircuitAir {
    /// The tables of a circuit, in order, without their fixed columns: both of sponges, `compress`, `arithmetic` with so
    /// many operations a row.
    pub fn layer(operations: usize) -> [Self; 4] {
        [
            Self::Sponge(SpongeAir::default()),
            Self::Sponge(SpongeAir::default()),
            Self::Compress(CompressAir::default()),
            Self::Arithmetic(ArithmeticAir::constraints(operations)),
        ]
    }

    /// The same with one table of sponges.
    pub fn small_layer(operations: usize) -> [Self; 3] {
        let [sponge, _, compress, arithmetic] = Self::layer(operations);
        [sponge, compress, arithmetic]
    }

    /// Its name in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sponge(_) => "sponge",
            Self::Compress(_) => "compress",
            Self::Arithmetic(_) => "arithmetic",
        }
    }
}

impl BaseAir<Val> for CircuitAir {
    fn width(&self) -> usize {
        each!(self, air => BaseAir::<Val>::width(air))
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        each!(self, air => BaseAir::<Val>::preprocessed_trace(air))
    }

    fn preprocessed_width(&self) -> usize {
        each!(self, air => BaseAir::<Val>::preprocessed_width(air))
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        each!(self, air => BaseAir::<Val>::main_next_row_columns(air))
    }

    /// None: fixed columns of a row say what holds for the next row too.
    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    /// 3 for all: then two messages of a bus share an auxiliary column.
    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }

    fn num_public_values(&self) -> usize {
        each!(self, air => BaseAir::<Val>::num_public_values(air))
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for CircuitAir {
    fn eval(&self, builder: &mut AB) {
        each!(self, air => Air::<AB>::eval(air, builder));
    }
}
