use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::mem::offset_of;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{BLOCK, NarrowColumns, NarrowFixed, first, last};
use crate::Val;
use crate::bus;
use crate::extension::multiply;
use crate::permutation::narrow::{
    PARTIAL_MAX, constants, external_layer, internal_layer, partial_rounds, sbox,
};

/// The table of a whole circuit.
#[derive(Clone, Debug, Default)]
pub struct NarrowAir {
    /// The fixed columns; absent where only constraints matter, as in a verifier.
    fixed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl NarrowAir {
    /// The table with these fixed columns, see [`super::fixed_matrix`].
    pub const fn new(fixed: Arc<RowMajorMatrix<Val>>) -> Self {
        Self { fixed: Some(fixed) }
    }
}

/// Periodic columns: which row of its block a row is, and the constants of its two full rounds; those of partial rounds
/// are in place of the first.
const PERIODIC: usize = BLOCK + 2 * 16;

impl BaseAir<Val> for NarrowAir {
    fn width(&self) -> usize {
        NarrowColumns::WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.fixed.as_deref().cloned()
    }

    fn preprocessed_width(&self) -> usize {
        NarrowFixed::WIDTH
    }

    fn num_periodic_columns(&self) -> usize {
        PERIODIC
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        let selectors = (0..BLOCK).map(|row| (0..BLOCK).map(|j| Val::from_bool(j == row)).collect());
        let rounds = [0, 1]
            .into_iter()
            .flat_map(|half| (0..16).map(move |i| (0..BLOCK).map(|row| constants(row)[half][i]).collect()));
        selectors.chain(rounds).collect()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        type Columns = NarrowColumns<u8>;
        let state = offset_of!(Columns, state);
        let operands = offset_of!(Columns, operands);
        (state..state + 16).chain(operands..operands + 12).collect()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Then the four messages of a row share one auxiliary column.
    fn max_constraint_degree(&self) -> Option<usize> {
        Some(5)
    }
}

/// What constraints look at.
struct Rows<'a, AB: InteractionBuilder<F = Val>> {
    row: &'a NarrowColumns<AB::Var>,
    next: &'a NarrowColumns<AB::Var>,
    fixed: &'a NarrowFixed<AB::Var>,
    /// One for each row of a block.
    selectors: [AB::Expr; BLOCK],
}

/// 1. The permutation: `middle` and the next row's state are what the row's rounds say.
/// 2. What the input of a block has to do with operands, see `eval_first`.
/// 3. What the output of a block has to do with operands and the next block, see `eval_last`.
/// 4. d = a b + c + constant, if the row operates.
/// 5. a lies in the base field, if it is said to.
/// 6. Messages: the four operands, read or defined as their counts say.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for NarrowAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &NarrowColumns<AB::Var> = main.current_slice().borrow();
        let next: &NarrowColumns<AB::Var> = main.next_slice().borrow();
        let fixed = builder.preprocessed().clone();
        let fixed: &NarrowFixed<AB::Var> = fixed.current_slice().borrow();
        let periodic = |builder: &AB, i: usize| -> AB::Expr { builder.periodic_values()[i].into() };
        let selectors = core::array::from_fn(|j| periodic(builder, j));
        let constants = [0, 1].map(|half| core::array::from_fn(|i| periodic(builder, BLOCK + 16 * half + i)));
        let rows = Rows { row, next, fixed, selectors };

        rows.eval_middle(builder, &constants[0]);
        rows.eval_state(builder, constants[1].clone());
        rows.eval_first(builder);
        rows.eval_last(builder);
        rows.eval_operation(builder);
        for (k, operand) in row.operands.iter().enumerate() {
            bus::wire(builder, fixed.address[k], operand.map(Into::into), fixed.count[k]);
        }
    }
}

impl<AB: InteractionBuilder<F = Val>> Rows<'_, AB> {
    /// The sum of the selectors of these rows of a block.
    fn is_one_of<const N: usize>(&self, rows: [usize; N]) -> AB::Expr {
        rows.into_iter().map(|j| self.selectors[j].clone()).sum()
    }

    /// What `middle` is:
    ///
    /// - rows 0, 1, 5, 6: the state after a full round, the first one with the linear layer in front of it;
    /// - rows 2, 3, 4: what the S-boxes of the row's 7, 7 and 6 partial rounds return.
    fn eval_middle(&self, builder: &mut AB, constants: &[AB::Expr; 16]) {
        let state: [AB::Expr; 16] = self.row.state.map(Into::into);
        let mut mixed = state.clone();
        external_layer(&mut mixed);
        let [first, full] = [self.is_one_of([0]), self.is_one_of([1, 5, 6])];
        // The layer behind the S-boxes is linear: it is the same for both kinds of rounds.
        let mut rounds: [AB::Expr; 16] = core::array::from_fn(|i| {
            let [mixed, plain] = [&mixed[i], &state[i]].map(|x| sbox(x.clone() + constants[i].clone()));
            mixed * first.clone() + plain * full.clone()
        });
        external_layer(&mut rounds);

        let returned = self.row.middle.map(Into::<AB::Expr>::into);
        let mut partial = state;
        for (i, round) in rounds.into_iter().enumerate() {
            let middle = returned[i].clone();
            let mut difference = middle.clone() * (first.clone() + full.clone()) - round;
            if i < PARTIAL_MAX {
                let is_partial = if i < 6 { self.is_one_of([2, 3, 4]) } else { self.is_one_of([2, 3]) };
                let returns = sbox(partial[0].clone() + constants[i].clone());
                difference += (middle.clone() - returns) * is_partial;
                partial[0] = middle;
                internal_layer(&mut partial);
            }
            builder.assert_zero(difference);
        }
    }

    /// What the next row's state is, in all rows of a block but the last:
    ///
    /// - rows 0, 1, 5, 6: what a full round makes of `middle`;
    /// - rows 2, 3, 4: the state after the row's partial rounds.
    fn eval_state(&self, builder: &mut AB, constants: [AB::Expr; 16]) {
        let mut full: [AB::Expr; 16] = core::array::from_fn(|i| {
            let middle: AB::Expr = self.row.middle[i].into();
            sbox(middle + constants[i].clone())
        });
        external_layer(&mut full);
        let returned = self.row.middle.map(Into::<AB::Expr>::into);
        let mut six = self.row.state.map(Into::<AB::Expr>::into);
        partial_rounds(&mut six, &returned[..6]);
        let mut seven = six.clone();
        partial_rounds(&mut seven, &returned[6..7]);
        let [is_full, is_seven, is_six] =
            [self.is_one_of([0, 1, 5, 6]), self.is_one_of([2, 3]), self.is_one_of([4])];
        for (i, next) in self.next.state.iter().enumerate() {
            let after = full[i].clone() * is_full.clone()
                + seven[i].clone() * is_seven.clone()
                + six[i].clone() * is_six.clone();
            let is_any = is_full.clone() + is_seven.clone() + is_six.clone();
            builder.assert_eq(is_any * *next, after);
        }
    }

    /// In the first row of a block, s being the input:
    ///
    /// - absorbs(o): s\[0..8\] is the last o of the first four coefficients of c, then a and b, as many as there is room for.
    /// - loads: s\[8..16\] = (a', b').
    /// - sums: b' = a' d + s0 c + s1 b + s2 a + s3; c' = s4 c + s5 b + s6 a + s7, and b' d if it continues.
    fn eval_first(&self, builder: &mut AB) {
        let flag = |flag: usize| -> AB::Expr { self.selectors[0].clone() * self.fixed.flags[flag] };
        let state: [AB::Expr; 16] = self.row.state.map(Into::into);
        let [a, b, c, d] = self.row.operands.map(|operand| operand.map(Into::<AB::Expr>::into));
        let [before, sum, second, _] = self.next.operands.map(|operand| operand.map(Into::<AB::Expr>::into));

        let word = |i: usize| if i < 4 { &a[i] } else { &b[i - 4] };
        for (i, element) in state[..8].iter().enumerate() {
            // At most one of the four flags is 1, so that they share a constraint.
            let differences = first::ABSORBS.into_iter().enumerate().map(|(offset, absorbs)| {
                let source = if i < offset { &c[4 - offset + i] } else { word(i - offset) };
                (element.clone() - source.clone()) * flag(absorbs)
            });
            let sum: AB::Expr = differences.sum();
            builder.assert_zero(sum);
        }
        let loads = flag(first::LOADS);
        for (element, loaded) in state[8..].iter().zip(before.iter().chain(&sum)) {
            builder.assert_zero(loads.clone() * (element.clone() - loaded.clone()));
        }
        let sums = flag(first::SUMS);
        let continued = [multiply(&before, &d), multiply(&sum, &d)];
        for i in 0..4 {
            let batch = |s: &[AB::Expr]| {
                let batch =
                    s[0].clone() * c[i].clone() + s[1].clone() * b[i].clone() + s[2].clone() * a[i].clone();
                if i == 0 { batch + s[3].clone() } else { batch }
            };
            let one = batch(&state[..4]) + continued[0][i].clone();
            builder.assert_zero(sums.clone() * (sum[i].clone() - one));
            let two = batch(&state[4..8]) + continued[1][i].clone() * self.fixed.flags[first::CONTINUES];
            builder.assert_zero(sums.clone() * (second[i].clone() - two));
        }
    }

    /// In the last row of a block, s being the output and s' the next block's input, where the block after the last is the
    /// first:
    ///
    /// - path: s\[0..8\] is the left half of s' if the next row's a is 0, the right half if it is 1.
    /// - binds: s'\[8..16\] = s\[8..16\] if it chains, or else 0, and the tag in the first element.
    /// - retains: s'\[0..4\] = s\[0..4\]; s'\[4..8\] = s\[4..8\].
    /// - hands out: (a, b) = s\[0..8\].
    fn eval_last(&self, builder: &mut AB) {
        let flag = |flag: usize| -> AB::Expr { self.selectors[BLOCK - 1].clone() * self.fixed.flags[flag] };
        let state: [AB::Expr; 16] = self.row.state.map(Into::into);
        let next: [AB::Expr; 16] = self.next.state.map(Into::into);
        let bit: AB::Expr = self.next.operands[0][0].into();
        let [path, binds, hands_out] = [last::PATH, last::BINDS, last::HANDS_OUT].map(flag);
        for i in 0..8 {
            let child = next[i].clone() + (next[8 + i].clone() - next[i].clone()) * bit.clone();
            builder.assert_zero(path.clone() * (state[i].clone() - child));
            let mut capacity = state[8 + i].clone() * self.fixed.flags[last::CHAINS];
            if i == 0 {
                capacity += self.fixed.flags[last::TAG].into();
            }
            builder.assert_zero(binds.clone() * (next[8 + i].clone() - capacity));
            let retains = flag(last::RETAINS[i / 4]);
            builder.assert_zero(retains * (next[i].clone() - state[i].clone()));
            let out: AB::Expr = self.row.operands[i / 4][i % 4].into();
            builder.assert_zero(hands_out.clone() * (out - state[i].clone()));
        }
    }

    fn eval_operation(&self, builder: &mut AB) {
        let [a, b, c, d] = self.row.operands.map(|operand| operand.map(Into::<AB::Expr>::into));
        let product = multiply(&a, &b);
        for i in 0..4 {
            let mut result = product[i].clone() + c[i].clone();
            if i == 0 {
                result += self.fixed.constant.into();
            }
            builder.when(self.fixed.operates).assert_eq(d[i].clone(), result);
            if i > 0 {
                builder.when(self.fixed.base).assert_zero(a[i].clone());
            }
        }
    }
}
