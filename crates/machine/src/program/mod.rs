#![doc = include_str!("README.md")]

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::Val;
use crate::bus::answer_program;
use crate::cpu::ProgramRow;

/// Instructions per row.
pub const LANES: usize = 4;

/// Columns that the program fixes for an instruction.
const FIELDS: usize = 8;

/// Columns that the program fixes.
const FIXED: usize = FIELDS * LANES;

/// The table of instructions.
#[derive(Clone, Debug, Default)]
pub struct ProgramAir {
    /// The fixed columns; absent where only constraints matter, as in a verifier.
    fixed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl ProgramAir {
    /// The table of these instructions; where there is none, its lane is empty. Panics if they don't fit in `height` rows.
    pub fn new(program: &[Option<ProgramRow>], height: usize) -> Self {
        assert!(program.len() <= height * LANES, "{} instructions for {height} rows", program.len());
        // Lanes that are left over have no class, and no cycle asks for an instruction without a class.
        let mut values = vec![Val::ZERO; height * FIXED];
        for (lane, instruction) in values.chunks_exact_mut(FIELDS).zip(program) {
            if let Some(instruction) = instruction {
                lane.copy_from_slice(&instruction.columns());
            }
        }
        Self { fixed: Some(Arc::new(RowMajorMatrix::new(values, FIXED))) }
    }
}

impl BaseAir<Val> for ProgramAir {
    fn width(&self) -> usize {
        LANES
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.fixed.as_deref().cloned()
    }

    fn preprocessed_width(&self) -> usize {
        FIXED
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for ProgramAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let fixed = builder.preprocessed().clone();
        for (lane, count) in fixed.current_slice().chunks_exact(FIELDS).zip(main.current_slice()) {
            answer_program(builder, core::array::from_fn(|i| lane[i].into()), *count);
        }
    }
}

/// The trace: how often each instruction is executed.
pub fn generate(counts: &[u32], height: usize) -> RowMajorMatrix<Val> {
    assert!(counts.len() <= height * LANES, "{} instructions for {height} rows", counts.len());
    let mut values = vec![Val::ZERO; height * LANES];
    for (value, count) in values.iter_mut().zip(counts) {
        *value = Val::from_u32(*count);
    }
    RowMajorMatrix::new(values, LANES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::name;
    use crate::cpu::Class;
    use crate::evaluate::evaluate;

    fn rows() -> [Option<ProgramRow>; 3] {
        let class = |class| ProgramRow {
            pc: 0x20_0000,
            class,
            negate: true,
            uses_rs2: false,
            op: 0,
            rd: 32,
            rs1: 17,
            rs2: 10,
            imm: 0xdead_beef,
        };
        [Some(class(Class::BranchEq)), None, Some(ProgramRow { pc: 0x20_0008, ..class(Class::Ecall) })]
    }

    #[test]
    fn states_each_instruction_as_often_as_it_is_executed() {
        let air = ProgramAir::new(&rows(), 4);
        let report = evaluate(&air, &generate(&[3, 0, 5], 4), &[]);
        let messages = report.balance.on(name::PROGRAM);
        let flags = 1 << 3 | 1 << 14;
        assert_eq!(messages[&vec![0x20_0000, flags, 0, 32, 17, 10, 0xbeef, 0xdead]], -3);
        assert_eq!(messages.len(), 2);
    }
}
