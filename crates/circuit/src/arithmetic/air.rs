use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{OperationColumns, OperationFixed, fixed_width, width};
use crate::Val;
use crate::bus;
use crate::extension::multiply;

/// The table of operations.
#[derive(Clone, Debug)]
pub struct ArithmeticAir {
    /// Operations of a row.
    pub operations: usize,
    /// The fixed columns; absent where only constraints matter, as in a verifier.
    fixed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl ArithmeticAir {
    /// The constraints alone of rows of this many operations.
    pub const fn constraints(operations: usize) -> Self {
        Self { operations, fixed: None }
    }

    /// The table with these fixed columns, see [`super::fixed_matrix`].
    pub const fn new(operations: usize, fixed: Arc<RowMajorMatrix<Val>>) -> Self {
        Self { operations, fixed: Some(fixed) }
    }
}

impl BaseAir<Val> for ArithmeticAir {
    fn width(&self) -> usize {
        width(self.operations)
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.fixed.as_deref().cloned()
    }

    fn preprocessed_width(&self) -> usize {
        fixed_width(self.operations)
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

/// For each operation:
///
/// 1. d = a b + c; in the row's first operation, plus k0 + k1 X.
/// 2. b and c are read; a and d are read or defined as their counts say.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for ArithmeticAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let fixed = builder.preprocessed().clone();
        let (fixed, constants) = fixed.current_slice().split_at(OperationFixed::WIDTH * self.operations);
        let operations = main.current_slice().chunks_exact(OperationColumns::WIDTH);
        for (i, (row, fixed)) in operations.zip(fixed.chunks_exact(OperationFixed::WIDTH)).enumerate() {
            let row: &OperationColumns<AB::Var> = row.borrow();
            let fixed: &OperationFixed<AB::Var> = fixed.borrow();
            let [a, b, c, d] = [row.a, row.b, row.c, row.d].map(|x| x.map(Into::<AB::Expr>::into));
            let mut result = multiply(&a, &b);
            for (x, c) in result.iter_mut().zip(&c) {
                *x += c.clone();
            }
            if i == 0 {
                result[0] += constants[0].into();
                result[1] += constants[1].into();
            }
            for (x, y) in d.iter().zip(result) {
                builder.assert_eq(x.clone(), y);
            }
            bus::wire(builder, fixed.a, a, fixed.a_count);
            bus::read_wire(builder, fixed.b, b);
            bus::read_wire(builder, fixed.c, c);
            bus::wire(builder, fixed.d, d, fixed.d_count);
        }
    }
}
