use core::borrow::Borrow;

use ashlar_abi::memory::DATA_START;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::CallColumns;
use crate::bus::{
    self, ask_bytes, ask_range16, flag, receive_ecall, receive_memory, send_call, send_memory, slot,
};
use crate::{Val, timestamp};

/// The table of calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallAir;

/// Register of a1; a2 and a3 follow.
pub(super) const A1: u32 = 11;

/// High limb of the first address that may be written.
pub(super) const DATA_START_HIGH: u32 = DATA_START >> 16;

// Comparing high limbs compares addresses.
const _: () = assert!(DATA_START_HIGH << 16 == DATA_START);

impl BaseAir<Val> for CallAir {
    fn width(&self) -> usize {
        CallColumns::WIDTH
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

/// 1. Each flag is boolean, and at most one is set. Everything below happens if one is.
/// 2. The `ECALL` with this clock, number and a0 is taken from the processor.
/// 3. a1, a2 and a3 are read at this clock (`eval_reads`).
/// 4. The call's words are made from the arguments (`eval_words`) and handed to the table of the call.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for CallAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &CallColumns<AB::Var> = main.current_slice().borrow();
        let flags = row.flags.numbered();
        builder.assert_bools(flags.map(|(_, flag)| flag));
        let is_live: AB::Expr = flags.iter().map(|(_, flag)| (*flag).into()).sum();
        builder.assert_bool(is_live.clone());
        let number: AB::Expr = flags.iter().map(|(number, flag)| *flag * Val::from_u32(*number)).sum();

        receive_ecall(builder, row.clock, number.clone(), row.arguments[0], flag(is_live.clone()));
        eval_reads(builder, row, &is_live);
        let words = eval_words(builder, row, &is_live);
        send_call(builder, number, row.clock, words, flag(is_live));
    }
}

/// Each of the three registers is taken from memory as an earlier access left it, and put back unchanged: the bus gives
/// the value, the gap proves that the access before was earlier.
fn eval_reads<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CallColumns<AB::Var>,
    is_live: &AB::Expr,
) {
    let now = timestamp::at::<AB>(row.clock, slot::ARGUMENTS);
    for (i, register) in (0..3).zip(A1..) {
        let address = AB::Expr::from_u32(bus::REGISTERS + register);
        let value = row.arguments[i + 1];
        receive_memory(builder, address.clone(), row.previous[i], value, flag(is_live.clone()));
        send_memory(builder, address, now.clone(), value, flag(is_live.clone()));
        timestamp::ask_gap(builder, now.clone(), row.previous[i], row.gap_high[i], flag(is_live.clone()));
    }
    ask_bytes(builder, row.gap_high[0], row.gap_high[1], flag(is_live.clone()));
    ask_bytes(builder, row.gap_high[2], AB::Expr::ZERO, flag(is_live.clone()));
}

/// 1. Where an argument is a pointer, low / 4 has 16 bits: then it is an integer.
/// 2. If the call writes, the high limb of a0 less that of `DATA_START` has 16 bits. It is more than -2^16, so a
///    negative difference does not pass.
/// 3. The high limb of a1 is 0 in a `HINT`: the number of words is the low limb.
/// 4. A word is the word address of a pointer, the number of words in a `HINT`, otherwise 0.
fn eval_words<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CallColumns<AB::Var>,
    is_live: &AB::Expr,
) -> [AB::Expr; 4] {
    let flags = &row.flags;
    let is_modmul: AB::Expr = flags.is_modmul256 + flags.is_modmul384;
    let is_pointer =
        [is_live.clone(), is_modmul.clone() + flags.is_secp256k1_add, is_modmul.clone(), is_modmul];
    let quarter = Val::ONE.halve().halve();
    for ([low, _], is_pointer) in row.arguments.iter().zip(&is_pointer) {
        ask_range16(builder, *low * quarter, flag(is_pointer.clone()));
    }
    let writes = is_live.clone() - flags.is_commit;
    ask_range16(builder, row.arguments[0][1] - Val::from_u32(DATA_START_HIGH), flag(writes));
    let [words, words_high] = row.arguments[1];
    builder.when(flags.is_hint).assert_zero(words_high);

    let word_address = |i: usize| -> AB::Expr {
        let [low, high] = row.arguments[i];
        low * quarter + high * Val::from_u32(1 << 14)
    };
    // a0 needs no selector: no row sends a call that has no pointer in a0.
    core::array::from_fn(|i| match i {
        0 => word_address(0),
        1 => is_pointer[1].clone() * word_address(1) + flags.is_hint * words,
        _ => is_pointer[i].clone() * word_address(i),
    })
}
