use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::mem::offset_of;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{SpongeColumns, SpongeFixed};
use crate::Val;
use crate::bus;
use crate::extension::multiply;
use crate::permutation::PERMUTATION_24;

/// The table of leaves.
#[derive(Clone, Debug, Default)]
pub struct SpongeAir {
    /// The fixed columns; absent where only constraints matter, as in a verifier.
    fixed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl SpongeAir {
    /// The table with these fixed columns, see [`super::fixed_matrix`].
    pub const fn new(fixed: Arc<RowMajorMatrix<Val>>) -> Self {
        Self { fixed: Some(fixed) }
    }
}

impl BaseAir<Val> for SpongeAir {
    fn width(&self) -> usize {
        SpongeColumns::WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.fixed.as_deref().cloned()
    }

    fn preprocessed_width(&self) -> usize {
        SpongeFixed::WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        type Columns = SpongeColumns<u8>;
        let input = offset_of!(Columns, input);
        let carried = offset_of!(Columns, carried);
        let power = offset_of!(Columns, powers);
        (input..input + 24).chain(carried..carried + 4).chain(power..power + 4).collect()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }
}

/// 1. The rounds are those of the permutation of the input.
/// 2. The powers are those of a.
/// 3. Each group's sum is the one before times a^4, if it continues, and the group's data: times powers of a if the row
///    batches, as an element if it delivers.
/// 4. Messages: the sums, a, and the digest.
/// 5. To the next row: see `eval_next`.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for SpongeAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &SpongeColumns<AB::Var> = main.current_slice().borrow();
        let next: &SpongeColumns<AB::Var> = main.next_slice().borrow();
        let fixed = builder.preprocessed().clone();
        let fixed: &SpongeFixed<AB::Var> = fixed.current_slice().borrow();

        PERMUTATION_24.eval(builder, row.input.map(Into::into), &row.rounds);
        eval_powers(builder, row);
        eval_sums(builder, row, fixed);
        eval_next(builder, row, next, fixed);

        for k in 0..4 {
            bus::wire(builder, fixed.sum_address[k], row.sums[k].map(Into::into), fixed.sum_count[k]);
        }
        bus::wire(builder, fixed.power_address, row.powers[0].map(Into::into), fixed.power_count);
        let digest = core::array::from_fn(|i| row.rounds.output()[i].into());
        bus::digest(builder, fixed.digest_address, digest, fixed.digest_count);
    }
}

fn eval_powers<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &SpongeColumns<AB::Var>) {
    let [a, a2, a3, a4] = row.powers.map(|power| power.map(Into::<AB::Expr>::into));
    for (power, product) in [(&a2, multiply(&a, &a)), (&a3, multiply(&a2, &a)), (&a4, multiply(&a2, &a2))] {
        for (x, y) in power.iter().zip(product) {
            builder.assert_eq(x.clone(), y);
        }
    }
}

fn eval_sums<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &SpongeColumns<AB::Var>,
    fixed: &SpongeFixed<AB::Var>,
) {
    let [a, a2, a3, a4] = row.powers.map(|power| power.map(Into::<AB::Expr>::into));
    let mut before = row.carried;
    for (k, (sum, data)) in row.sums.iter().zip(row.input.as_chunks::<4>().0).enumerate() {
        let data: [AB::Expr; 4] = data.map(Into::into);
        let [f0, f1, f2, f3] = &data;
        let carried = multiply(&before.map(Into::into), &a4);
        for i in 0..4 {
            let mut batch =
                f0.clone() * a3[i].clone() + f1.clone() * a2[i].clone() + f2.clone() * a[i].clone();
            if i == 0 {
                batch += f3.clone();
            }
            let continued = carried[i].clone() * fixed.continues[k];
            let delivered = data[i].clone() * fixed.delivers;
            builder.assert_eq(sum[i], continued + batch * fixed.batches + delivered);
        }
        before = *sum;
    }
}

/// To the next row, where that of the last is the first:
///
/// - Its capacity is the output's if the row chains, or else zero.
/// - Where it retains, its rate is so too. So a leaf's first row, if it has data for few groups only, hashes zeros in the
///   others: nothing else binds what is there.
/// - It carries the last sum on.
/// - If the row holds, it has the same a.
fn eval_next<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &SpongeColumns<AB::Var>,
    next: &SpongeColumns<AB::Var>,
    fixed: &SpongeFixed<AB::Var>,
) {
    let state = row.rounds.output().map(|x| Into::<AB::Expr>::into(x) * fixed.chains);
    for (i, (after, before)) in next.input.iter().zip(state).enumerate() {
        match i {
            0..4 => {}
            4..16 => builder.when(fixed.retains[i / 4 - 1]).assert_eq(*after, before),
            _ => builder.assert_eq(*after, before),
        }
    }
    for i in 0..4 {
        builder.assert_eq(next.carried[i], row.sums[3][i]);
        builder.when(fixed.holds).assert_eq(next.powers[0][i], row.powers[0][i]);
    }
}
