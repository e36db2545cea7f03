use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use core::array::from_fn;
use core::borrow::Borrow;

use ashlar_abi::call::POSEIDON2;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{HIGH_MAX, InputWord, OutputWord, PermuteColumns, STEP};
use crate::Val;
use crate::bus::{
    PortMessage, SLOTS, ask_bytes, ask_permute, ask_range16, flag, port_tag, receive_call, send_port, slot,
};

/// The table of `POSEIDON2`.
#[derive(Clone, Debug)]
pub struct PermuteAir {
    periodic: [Vec<Val>; 1],
}

impl Default for PermuteAir {
    fn default() -> Self {
        Self { periodic: [vec![Val::ZERO, Val::ONE]] }
    }
}

impl BaseAir<Val> for PermuteAir {
    fn width(&self) -> usize {
        PermuteColumns::WIDTH
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        Cow::Borrowed(&self.periodic)
    }
}

/// Rows are paired by a periodic column, `is_second`.
///
/// 1. `is_real` is boolean, and both rows of a call have the same `is_real`, `clock` and `address`.
/// 2. Each word is below p (see `eval_input` and `eval_output`), so it is the one encoding of its value.
/// 3. A real first row takes the call. Each real row has the port table replace its 8 words, in place.
/// 4. A second row has the values of the first row's words, and if it is real, the 16 values after are the permutation
///    of the 16 before.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for PermuteAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &PermuteColumns<AB::Var> = main.current_slice().borrow();
        let next: &PermuteColumns<AB::Var> = main.next_slice().borrow();
        let is_second: AB::Expr = builder.periodic_values()[0].into();
        let is_first = AB::Expr::ONE - is_second.clone();
        builder.assert_bool(row.is_real);
        let inputs = row.inputs.each_ref().map(|word| eval_input(builder, word, row.is_real));
        let outputs = row.outputs.each_ref().map(|word| eval_output(builder, word, row.is_real));

        // After the trace's last row, which is a second row, nothing is carried over.
        let mut first = builder.when(is_first.clone());
        first.assert_eq(next.is_real, row.is_real);
        first.assert_eq(next.clock, row.clock);
        first.assert_eq(next.address, row.address);
        for i in 0..8 {
            first.assert_eq(next.first_inputs[i], value::<AB>(&inputs[i]));
            first.assert_eq(next.first_outputs[i], value::<AB>(&outputs[i]));
        }

        let words = [row.address.into(), AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO];
        receive_call(builder, AB::Expr::from_u32(POSEIDON2), row.clock, words, flag(is_first * row.is_real));
        for (tag, words) in [(port_tag::READ, &inputs), (port_tag::WRITE, &outputs)] {
            for chunk in 0..2 {
                let offset = is_second.clone() * Val::from_u32(8) + AB::Expr::from_usize(4 * chunk);
                let message = PortMessage {
                    tag,
                    timestamp: row.clock * Val::from_u32(SLOTS) + Val::from_u32(slot::WRITE),
                    address: row.address + offset,
                    count: AB::Expr::from_u32(4),
                    limbs: from_fn(|i| words[4 * chunk + i / 2][i % 2].clone()),
                };
                send_port(builder, message, flag(row.is_real));
            }
        }
        let state = |first: [AB::Var; 8], words: &[[AB::Expr; 2]; 8]| {
            from_fn(|i| if i < 8 { first[i].into() } else { value::<AB>(&words[i - 8]) })
        };
        let [before, after] = [state(row.first_inputs, &inputs), state(row.first_outputs, &outputs)];
        ask_permute(builder, before, after, flag(is_second * row.is_real));
    }
}

/// The field element of a word's limbs.
fn value<AB: InteractionBuilder<F = Val>>([low, high]: &[AB::Expr; 2]) -> AB::Expr {
    low.clone() + high.clone() * Val::from_u32(1 << 16)
}

/// Both limbs of an input have 16 bits, since memory held them.
///
/// 1. `is_below` is boolean; if it is 0, the low limb is 0.
/// 2. 0x7f00 - is_below - high has 16 bits, so it is not negative. With `is_below`, high <= 0x7eff; without,
///    high <= 0x7f00 and low = 0. Either way the word is at most 0x7f000000 = p - 1.
fn eval_input<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    word: &InputWord<AB::Var>,
    is_real: AB::Var,
) -> [AB::Expr; 2] {
    let InputWord { low, high, is_below } = *word;
    builder.assert_bool(is_below);
    builder.when_ne(is_below, Val::ONE).assert_zero(low);
    ask_range16(builder, AB::Expr::from_u32(HIGH_MAX) - is_below - high, flag(is_real));
    [low.into(), high.into()]
}

/// An output's high limb is 126 * steps + rest + extra with two bytes, so it is an integer and not negative.
///
/// 1. The low limb has 16 bits, `steps` and `rest` have 8 bits each.
/// 2. `extra` is 0, 126 or 127, and if it is 127, then low = 0. In the first two cases
///    high <= 126 * 255 + 255 + 126 = 0x7eff; in the third, high <= 0x7f00 and low = 0. Either way the word is at most
///    0x7f000000 = p - 1, and all of those words can be written so.
fn eval_output<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    word: &OutputWord<AB::Var>,
    is_real: AB::Var,
) -> [AB::Expr; 2] {
    let OutputWord { low, steps, rest, extra } = *word;
    let step = Val::from_u32(STEP);
    ask_range16(builder, low, flag(is_real));
    ask_bytes(builder, steps, rest, flag(is_real));
    let is_partial = extra * (extra - step);
    builder.assert_zero(is_partial.clone() * (extra - step - Val::ONE));
    builder.assert_zero(is_partial * low);
    [low.into(), steps * step + rest + extra]
}
