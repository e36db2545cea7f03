//! The rounds of Poseidon2 as columns, for the widths 16 and 24.
//!
//! What has degree 3 is committed: the state after each full round, and in a partial round what the S-box (x^3) returns,
//! since the other elements pass only through linear layers and stay linear.

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS as HALF_FULL,
    KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_24,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    KOALABEAR_POSEIDON2_RC_16_INTERNAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_24_INTERNAL,
};
use p3_lookup::InteractionBuilder;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use crate::Val;

/// The columns of one permutation's rounds, beside those of its input.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Rounds<T, const WIDTH: usize, const PARTIAL: usize> {
    /// The state after each of the first full rounds.
    pub first: [[T; WIDTH]; HALF_FULL],
    /// What the S-box of each partial round returns.
    pub partial: [T; PARTIAL],
    /// The state after each of the last full rounds.
    pub last: [[T; WIDTH]; HALF_FULL],
}

/// The rounds of width 16.
pub type Rounds16<T> = Rounds<T, 16, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16>;
/// The rounds of width 24.
pub type Rounds24<T> = Rounds<T, 24, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_24>;

impl<T, const WIDTH: usize, const PARTIAL: usize> Rounds<T, WIDTH, PARTIAL> {
    /// The permutation of the input.
    #[inline]
    pub const fn output(&self) -> &[T; WIDTH] {
        &self.last[HALF_FULL - 1]
    }
}

/// The constants of a width.
#[derive(Debug)]
pub struct Permutation<const WIDTH: usize, const PARTIAL: usize> {
    first: [[Val; WIDTH]; HALF_FULL],
    partial: [Val; PARTIAL],
    last: [[Val; WIDTH]; HALF_FULL],
}

/// The permutation of transcripts and of Merkle trees' nodes.
pub static PERMUTATION_16: Permutation<16, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16> = Permutation {
    first: KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    partial: KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    last: KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
};

/// The permutation of Merkle trees' leaves.
pub static PERMUTATION_24: Permutation<24, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_24> = Permutation {
    first: KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
    partial: KOALABEAR_POSEIDON2_RC_24_INTERNAL,
    last: KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL,
};

impl<const WIDTH: usize, const PARTIAL: usize> Permutation<WIDTH, PARTIAL>
where
    Layers: GenericPoseidon2LinearLayers<WIDTH>,
{
    /// Constrains `rounds` to be those of the permutation of `input`, by one constraint of degree 3 for each column.
    ///
    /// The input must have degree 1.
    pub fn eval<AB: InteractionBuilder<F = Val>>(
        &self,
        builder: &mut AB,
        input: [AB::Expr; WIDTH],
        rounds: &Rounds<AB::Var, WIDTH, PARTIAL>,
    ) {
        let mut state = input;
        Layers::external_linear_layer(&mut state);
        for (constants, after) in self.first.iter().zip(&rounds.first) {
            eval_full_round(builder, &mut state, constants, after);
        }
        for (constant, after) in self.partial.iter().zip(&rounds.partial) {
            builder.assert_eq((state[0].clone() + *constant).cube(), *after);
            state[0] = (*after).into();
            Layers::internal_linear_layer(&mut state);
        }
        for (constants, after) in self.last.iter().zip(&rounds.last) {
            eval_full_round(builder, &mut state, constants, after);
        }
    }

    /// Fills in the rounds of the permutation of `input`.
    pub fn fill(&self, input: &[Val; WIDTH], rounds: &mut Rounds<Val, WIDTH, PARTIAL>) {
        let mut state = *input;
        Layers::external_linear_layer(&mut state);
        for (constants, after) in self.first.iter().zip(&mut rounds.first) {
            full_round(&mut state, constants);
            *after = state;
        }
        for (constant, after) in self.partial.iter().zip(&mut rounds.partial) {
            state[0] = (state[0] + *constant).cube();
            *after = state[0];
            Layers::internal_linear_layer(&mut state);
        }
        for (constants, after) in self.last.iter().zip(&mut rounds.last) {
            full_round(&mut state, constants);
            *after = state;
        }
    }
}

/// `after` = M (state + constants)^3, and becomes the state.
fn eval_full_round<AB: InteractionBuilder<F = Val>, const WIDTH: usize>(
    builder: &mut AB,
    state: &mut [AB::Expr; WIDTH],
    constants: &[Val; WIDTH],
    after: &[AB::Var; WIDTH],
) where
    Layers: GenericPoseidon2LinearLayers<WIDTH>,
{
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (x.clone() + *constant).cube();
    }
    Layers::external_linear_layer(state);
    for (x, after) in state.iter_mut().zip(after) {
        builder.assert_eq(x.clone(), *after);
        *x = (*after).into();
    }
}

/// The state becomes M (state + constants)^3.
#[inline]
fn full_round<const WIDTH: usize>(state: &mut [Val; WIDTH], constants: &[Val; WIDTH])
where
    Layers: GenericPoseidon2LinearLayers<WIDTH>,
{
    for (x, constant) in state.iter_mut().zip(constants) {
        *x = (*x + *constant).cube();
    }
    Layers::external_linear_layer(state);
}

/// The permutation of width 16 in a block of eight rows: two full rounds a row, or six or seven partial rounds.
pub(crate) mod narrow {
    use super::*;

    /// Partial rounds of a row at most.
    pub(crate) const PARTIAL_MAX: usize = 7;
    /// Rows of a block.
    const ROWS: usize = 8;

    /// The S-box.
    pub(crate) fn sbox<R: PrimeCharacteristicRing>(x: R) -> R {
        x.cube()
    }

    /// The linear layer of full rounds, and in front of all rounds.
    pub(crate) fn external_layer<R: PrimeCharacteristicRing>(state: &mut [R; 16]) {
        Layers::external_linear_layer(state);
    }

    /// The linear layer of partial rounds.
    pub(crate) fn internal_layer<R: PrimeCharacteristicRing>(state: &mut [R; 16]) {
        Layers::internal_linear_layer(state);
    }

    /// The state after partial rounds whose S-boxes return these.
    pub(crate) fn partial_rounds<R: PrimeCharacteristicRing>(state: &mut [R; 16], returned: &[R]) {
        for x in returned {
            state[0] = x.clone();
            internal_layer(state);
        }
    }

    /// Which partial rounds a row of a block has.
    const fn partial_range(row: usize) -> Option<core::ops::Range<usize>> {
        match row {
            2 => Some(0..7),
            3 => Some(7..14),
            4 => Some(14..20),
            _ => None,
        }
    }

    /// The constants of a row: of its two full rounds, or in the first array of its partial rounds. Zeros where there are
    /// none.
    pub(crate) fn constants(row: usize) -> [[Val; 16]; 2] {
        let Permutation { first, partial, last } = &PERMUTATION_16;
        match row {
            0 | 1 => [first[2 * row], first[2 * row + 1]],
            5 | 6 => [last[2 * (row - 5)], last[2 * (row - 5) + 1]],
            _ => {
                let mut constants = [[Val::ZERO; 16]; 2];
                if let Some(range) = partial_range(row) {
                    constants[0][..range.len()].copy_from_slice(&partial[range]);
                }
                constants
            }
        }
    }

    /// The state at the start of each row of the permutation of `input`, and what is between its rounds: the state after
    /// the first of two full rounds, or what the S-boxes of partial rounds return. Zeros where there is nothing.
    pub(crate) fn round_states(input: &[Val; 16]) -> [([Val; 16], [Val; 16]); ROWS] {
        let mut state = *input;
        core::array::from_fn(|row| {
            let before = state;
            let mut middle = [Val::ZERO; 16];
            let constants = constants(row);
            if let Some(range) = partial_range(row) {
                for i in 0..range.len() {
                    middle[i] = sbox(state[0] + constants[0][i]);
                    partial_rounds(&mut state, &middle[i..=i]);
                }
            } else if row < ROWS - 1 {
                if row == 0 {
                    external_layer(&mut state);
                }
                full_round(&mut state, &constants[0]);
                middle = state;
                full_round(&mut state, &constants[1]);
            }
            (before, middle)
        })
    }
}

#[cfg(test)]
mod tests {
    use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
    use p3_symmetric::Permutation as _;

    use super::*;
    use crate::testing::Random;

    #[test]
    fn outputs_are_those_of_the_reference_permutation() {
        let mut random = Random(7);
        for i in 0..10 {
            let input = if i == 0 { [Val::NEG_ONE; 24] } else { random.vals() };
            let mut rounds = Rounds24 {
                first: [[Val::ZERO; 24]; 4],
                partial: [Val::ZERO; 23],
                last: [[Val::ZERO; 24]; 4],
            };
            PERMUTATION_24.fill(&input, &mut rounds);
            assert_eq!(*rounds.output(), default_koalabear_poseidon2_24().permute(input));

            let input: [Val; 16] = core::array::from_fn(|i| input[i]);
            let mut rounds = Rounds16 {
                first: [[Val::ZERO; 16]; 4],
                partial: [Val::ZERO; 20],
                last: [[Val::ZERO; 16]; 4],
            };
            PERMUTATION_16.fill(&input, &mut rounds);
            assert_eq!(*rounds.output(), default_koalabear_poseidon2_16().permute(input));
            assert_eq!(narrow::round_states(&input)[7].0, *rounds.output());
        }
    }
}
