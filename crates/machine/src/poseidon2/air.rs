use core::borrow::Borrow;

use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};
use p3_lookup::InteractionBuilder;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::Poseidon2Columns;
use crate::Val;
use crate::bus::{answer_compress, answer_permute};

/// The table of permutations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poseidon2Air;

impl BaseAir<Val> for Poseidon2Air {
    fn width(&self) -> usize {
        Poseidon2Columns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

/// 1. Round by round, the committed values are what the permutation makes of those before. It holds on every row, so
///    every row states true facts only, and the multiplicities need no constraint.
/// 2. The row answers C(x, y) = z, where x || y is the input and z the first half of the output plus x.
/// 3. The row answers P(input) = output.
///
/// Both messages have degree 1, but they are on two buses and share no auxiliary column.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for Poseidon2Air {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &Poseidon2Columns<AB::Var> = main.current_slice().borrow();
        let input: [AB::Expr; 16] = row.input.map(Into::into);
        let mut state = input.clone();
        Layers::external_linear_layer(&mut state);
        for (constants, after) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL.iter().zip(&row.first) {
            eval_full_round(builder, &mut state, constants, after);
        }
        for (constant, after) in KOALABEAR_POSEIDON2_RC_16_INTERNAL.iter().zip(&row.partial) {
            eval_partial_round(builder, &mut state, *constant, *after);
        }
        for (constants, after) in KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL.iter().zip(&row.last) {
            eval_full_round(builder, &mut state, constants, after);
        }
        // The state is now the last columns, of degree 1.
        let x = core::array::from_fn(|i| input[i].clone());
        let y = core::array::from_fn(|i| input[i + 8].clone());
        let z = core::array::from_fn(|i| state[i].clone() + input[i].clone());
        answer_compress(builder, x, y, z, row.compress);
        answer_permute(builder, input, state, row.permute);
    }
}

/// `after` = M (state + constants)^3, and becomes the state.
fn eval_full_round<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    state: &mut [AB::Expr; 16],
    constants: &[Val; 16],
    after: &[AB::Var; 16],
) {
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (x.clone() + *constant).cube();
    }
    Layers::external_linear_layer(state);
    for (x, after) in state.iter_mut().zip(after) {
        builder.assert_eq(x.clone(), *after);
        *x = (*after).into();
    }
}

/// `after` = (state\[0\] + constant)^3, and takes its place; then the linear layer, which keeps degree 1.
fn eval_partial_round<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    state: &mut [AB::Expr; 16],
    constant: Val,
    after: AB::Var,
) {
    builder.assert_eq((state[0].clone() + constant).cube(), after);
    state[0] = after.into();
    Layers::internal_linear_layer(state);
}
