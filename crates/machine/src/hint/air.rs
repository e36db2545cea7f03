use core::borrow::Borrow;

use ashlar_abi::call::{HINT, HINT_WORDS_MAX};
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::HintColumns;
use crate::bus::{PortMessage, ask_bytes, ask_range16, flag, port_tag, receive_call, send_port, slot};
use crate::{Val, timestamp};

/// The table of hints.
#[derive(Clone, Copy, Debug, Default)]
pub struct HintAir;

// The number of words less 1 is a byte.
const _: () = assert!(HINT_WORDS_MAX == 256);

impl BaseAir<Val> for HintAir {
    fn width(&self) -> usize {
        HintColumns::WIDTH
    }
}

/// 1. `is_first` and `is_used` are boolean. A later word is in use only if the one before it is, and the first row of a
///    call is in use. So `count`, the sum of `is_used`, says which words are in use, and is not 0 in a row in use.
/// 2. A row *continues* the one before it if it is in use and not the first of a call. Rows are linked as in
///    `eval_link`.
/// 3. On the first row of a call, the call is taken from the call table with this address and number of words, and the
///    number less 1 is a byte: 1 <= n <= 256.
/// 4. If the row is in use, its words are written. Limbs of words in use have 16 bits, the others are 0.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for HintAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &HintColumns<AB::Var> = main.current_slice().borrow();
        let next: &HintColumns<AB::Var> = main.next_slice().borrow();
        let HintColumns { is_first, is_used, clock, address, remaining, words } = *row;
        builder.assert_bool(is_first);
        builder.assert_bools(is_used);
        for [before, after] in is_used.array_windows() {
            builder.when(*after).assert_one(*before);
        }
        // Follows from n >= 1 as well, but the links should not lean on that.
        builder.when(is_first).assert_one(is_used[0]);
        let count: AB::Expr = is_used.map(Into::into).into_iter().sum();
        eval_link(builder, row, next, &count);

        let arguments = [address.into(), remaining.into(), AB::Expr::ZERO, AB::Expr::ZERO];
        receive_call(builder, AB::Expr::from_u32(HINT), clock, arguments, flag(is_first));
        ask_bytes(builder, remaining - Val::ONE, AB::Expr::ZERO, flag(is_first));

        for (limbs, is_used) in words.into_iter().zip(is_used) {
            for limb in limbs {
                ask_range16(builder, limb, flag(is_used));
                builder.when(AB::Expr::ONE - is_used).assert_zero(limb);
            }
        }
        let message = PortMessage {
            tag: port_tag::WRITE,
            timestamp: timestamp::at::<AB>(clock, slot::WRITE),
            address: address.into(),
            count,
            limbs: core::array::from_fn(|i| words[i / 2][i % 2].into()),
        };
        send_port(builder, message, flag(is_used[0]));
    }
}

/// The constraints hold on every row, also from the last to row 0, which continues nothing: so no call goes around the
/// end of the table, and none is cut there.
///
/// 1. Row 0 continues nothing.
/// 2. A row that is continued has 4 words, so it is in use: with 1., every row in use is the first of a call or
///    continues a chain of rows back to one.
/// 3. The next row of the chain has the same clock and the next 4 addresses.
/// 4. `remaining` = `count`, plus the next row's `remaining` if that continues this one. It is the sum of the counts of
///    the rest of the chain, as an integer: at most 4 words per row.
fn eval_link<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &HintColumns<AB::Var>,
    next: &HintColumns<AB::Var>,
    count: &AB::Expr,
) {
    // Boolean, as the first row of a call is in use.
    let continues = |row: &HintColumns<AB::Var>| -> AB::Expr { row.is_used[0] - row.is_first };
    builder.when_first_row().assert_zero(continues(row));
    let is_continued = continues(next);
    let mut link = builder.when(is_continued.clone());
    link.assert_one(row.is_used[3]);
    link.assert_eq(next.clock, row.clock);
    link.assert_eq(next.address, row.address + Val::from_u8(4));
    builder.assert_eq(row.remaining, count.clone() + is_continued * next.remaining);
}
