use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::mem::offset_of;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use super::{CompressColumns, CompressFixed};
use crate::Val;
use crate::bus;
use crate::permutation::PERMUTATION_16;

/// Public values of a circuit: the word of the first row.
pub const PUBLIC_VALUES: usize = 8;

/// The table of paths and transcripts.
#[derive(Clone, Debug, Default)]
pub struct CompressAir {
    /// The fixed columns; absent where only constraints matter, as in a verifier.
    fixed: Option<Arc<RowMajorMatrix<Val>>>,
}

impl CompressAir {
    /// The table with these fixed columns, see [`super::fixed_matrix`].
    pub const fn new(fixed: Arc<RowMajorMatrix<Val>>) -> Self {
        Self { fixed: Some(fixed) }
    }
}

impl BaseAir<Val> for CompressAir {
    fn width(&self) -> usize {
        CompressColumns::WIDTH
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.fixed.as_deref().cloned()
    }

    fn preprocessed_width(&self) -> usize {
        CompressFixed::WIDTH
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        type Columns = CompressColumns<u8>;
        let input = offset_of!(Columns, input);
        let word = offset_of!(Columns, word);
        let carry = offset_of!(Columns, carry);
        (input..input + 16).chain(word..word + 8).chain(carry..carry + 3).collect()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        Some(3)
    }

    fn num_public_values(&self) -> usize {
        PUBLIC_VALUES
    }
}

/// 1. The rounds are those of the permutation of the input.
/// 2. What the row's input has to do with its word, carry and bit: see `eval_input`.
/// 3. uses = 0 unless the row states a cap's node; index = 0 unless it is read.
/// 4. The first row's word is the public values.
/// 5. To the next row: see `eval_next`.
/// 6. Messages: the word as wires, as a digest and as a cap's node, the output as wires and as what a cap must have; bit,
///    index and carry.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for CompressAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &CompressColumns<AB::Var> = main.current_slice().borrow();
        let next: &CompressColumns<AB::Var> = main.next_slice().borrow();
        let fixed = builder.preprocessed().clone();
        let fixed: &CompressFixed<AB::Var> = fixed.current_slice().borrow();

        PERMUTATION_16.eval(builder, row.input.map(Into::into), &row.rounds);
        eval_input(builder, row, fixed);
        let none = |flag: AB::Var| AB::Expr::ONE - flag.into();
        builder.when(none(fixed.is_cap)).assert_zero(row.uses);
        builder.when(none(fixed.has_index)).assert_zero(row.index);
        for (i, word) in row.word.iter().enumerate() {
            let public = builder.public_values()[i].into();
            builder.when_first_row().assert_eq(*word, public);
        }
        eval_next(builder, row, next, fixed);
        send(builder, row, fixed);
    }
}

/// - absorbs(o): the first half of the input is o elements of the carry, then the word.
/// - is_path: the word is the left half if the bit is 0, the right half if it is 1.
fn eval_input<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CompressColumns<AB::Var>,
    fixed: &CompressFixed<AB::Var>,
) {
    for i in 0..8 {
        // At most one of the four flags is 1, so that they share a constraint.
        let differences = fixed.absorbs.iter().enumerate().map(|(offset, absorbs)| {
            let source = if i < offset { row.carry[i] } else { row.word[i - offset] };
            let difference: AB::Expr = row.input[i].into() - source.into();
            difference * *absorbs
        });
        let sum: AB::Expr = differences.sum();
        builder.assert_zero(sum);
    }
    for (i, word) in row.word.iter().enumerate() {
        let left: AB::Expr = row.input[i].into();
        let right: AB::Expr = row.input[i + 8].into();
        let child = left.clone() + (right - left) * row.bit;
        builder.when(fixed.is_path).assert_eq(*word, child);
    }
}

/// To the next row, where that of the last is the first, which nothing chains to:
///
/// - chain_word: its word is the first half of the output.
/// - chain_left: so is the first half of its input.
/// - chain_state: the second half of its input is that of the output, plus the tag in the first element.
/// - loads: the second half of its input is this row's word.
/// - chain_carry(o): its carry begins with the last o elements of this row's word.
fn eval_next<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CompressColumns<AB::Var>,
    next: &CompressColumns<AB::Var>,
    fixed: &CompressFixed<AB::Var>,
) {
    let output = row.rounds.output();
    for (i, output) in output[..8].iter().enumerate() {
        builder.when(fixed.chain_word).assert_eq(next.word[i], *output);
        builder.when(fixed.chain_left).assert_eq(next.input[i], *output);
    }
    for i in 0..8 {
        let capacity: AB::Expr = next.input[8 + i].into();
        let mut chained: AB::Expr = output[8 + i].into();
        if i == 0 {
            chained += fixed.tag.into();
        }
        // At most one of the two flags is 1.
        let loaded = (capacity.clone() - row.word[i].into()) * fixed.loads;
        builder.assert_zero((capacity - chained) * fixed.chain_state + loaded);
    }
    for j in 0..3 {
        // At most one of the three flags is 1; offset o has j < o.
        let differences = (j + 1..=3).map(|offset| {
            let difference: AB::Expr = next.carry[j].into() - row.word[8 - offset + j].into();
            difference * fixed.chain_carry[offset - 1]
        });
        let sum: AB::Expr = differences.sum();
        builder.assert_zero(sum);
    }
}

fn send<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CompressColumns<AB::Var>,
    fixed: &CompressFixed<AB::Var>,
) {
    let word = row.word.map(Into::<AB::Expr>::into);
    let output: [AB::Expr; 8] = core::array::from_fn(|i| row.rounds.output()[i].into());
    let half = |words: &[AB::Expr; 8], k: usize| core::array::from_fn(|i| words[4 * k + i].clone());
    for k in 0..2 {
        bus::wire(builder, fixed.word_address[k], half(&word, k), fixed.word_count[k]);
        bus::wire(builder, fixed.out_address[k], half(&output, k), fixed.out_count[k]);
    }
    bus::read_base_wire(builder, fixed.bit_address, row.bit, fixed.has_bit);
    bus::read_base_wire(builder, fixed.index_address, row.index, fixed.has_index);
    let [c0, c1, c2] = row.carry.map(Into::into);
    bus::wire(builder, fixed.carry_address, [c0, c1, c2, AB::Expr::ZERO], -fixed.has_carry.into());

    bus::digest(builder, fixed.digest_address, word.clone(), fixed.digest_count);
    bus::define_cap_node(builder, fixed.cap_address, word, row.uses);
    let end = fixed.end_address.into() + row.index.into();
    bus::read_cap_node(builder, end, output, fixed.has_index);
}
