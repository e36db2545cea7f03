//! All tables as one type, as a proof of many tables wants it.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use p3_air::{Air, BaseAir};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::{Table, Val};

macro_rules! machine_air {
    ($($table:ident: $air:ty,)+) => {
        /// One of the tables.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)] // The variants are those of `Table`.
        pub enum MachineAir {
            $($table($air),)+
        }

        impl MachineAir {
            /// The table with its constraints alone: without the columns that a key fixes.
            pub fn constraints(table: Table) -> Self {
                match table {
                    $(Table::$table => Self::$table(Default::default()),)+
                }
            }

            /// Which table it is.
            pub const fn table(&self) -> Table {
                match self {
                    $(Self::$table(_) => Table::$table,)+
                }
            }
        }

        impl BaseAir<Val> for MachineAir {
            fn width(&self) -> usize {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::width(air),)+
                }
            }

            fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::preprocessed_trace(air),)+
                }
            }

            fn preprocessed_width(&self) -> usize {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::preprocessed_width(air),)+
                }
            }

            fn num_periodic_columns(&self) -> usize {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::num_periodic_columns(air),)+
                }
            }

            fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::periodic_columns(air),)+
                }
            }

            fn main_next_row_columns(&self) -> Vec<usize> {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::main_next_row_columns(air),)+
                }
            }

            fn preprocessed_next_row_columns(&self) -> Vec<usize> {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::preprocessed_next_row_columns(air),)+
                }
            }

            /// 3 for all: a table whose own constraints have degree 2 has two chunks of quotient as well, and so its
            /// messages may share auxiliary columns.
            fn max_constraint_degree(&self) -> Option<usize> {
                Some(3)
            }

            fn num_public_values(&self) -> usize {
                match self {
                    $(Self::$table(air) => BaseAir::<Val>::num_public_values(air),)+
                }
            }
        }

        impl<AB: InteractionBuilder<F = Val>> Air<AB> for MachineAir {
            fn eval(&self, builder: &mut AB) {
                match self {
                    $(Self::$table(air) => Air::<AB>::eval(air, builder),)+
                }
            }
        }
    };
}

machine_air! {
    Cpu: crate::cpu::CpuAir,
    Program: crate::program::ProgramAir,
    Lookup: crate::lookup::LookupAir,
    KeccakTable: crate::keccak::KeccakTableAir,
    Bitwise: crate::bitwise::BitwiseAir,
    Shift: crate::shift::ShiftAir,
    LessThan: crate::less_than::LessThanAir,
    Subword: crate::subword::SubwordAir,
    Mul: crate::mul::MulAir,
    Div: crate::div::DivAir,
    Call: crate::call::CallAir,
    Port: crate::port::PortAir,
    Hint: crate::hint::HintAir,
    Commit: crate::commit::CommitAir,
    Poseidon2: crate::poseidon2::Poseidon2Air,
    Page: crate::page::PageAir,
    Node: crate::node::NodeAir,
    Permute: crate::permute::PermuteAir,
    Keccak: crate::keccak::KeccakAir,
    Modmul256: crate::modmul::ModmulAir<8>,
    Modmul384: crate::modmul::ModmulAir<12>,
    Secp256k1: crate::secp256k1::Secp256k1Air,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GROUP;

    /// Otherwise a group of opened values could belong to two tables.
    #[test]
    fn widths_are_multiples_of_a_group() {
        for air in Table::ALL.map(MachineAir::constraints) {
            let widths = [air.width(), air.preprocessed_width()];
            assert!(
                widths.iter().all(|width| width.is_multiple_of(GROUP)),
                "{}: {widths:?}",
                air.table().name()
            );
        }
    }
}
