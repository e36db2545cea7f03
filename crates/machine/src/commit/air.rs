use core::array::from_fn;
use core::borrow::Borrow;

use ashlar_abi::call::COMMIT;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::CommitColumns;
use crate::Val;
use crate::bus::{
    PortMessage, SLOTS, ask_bytes, ask_compress, ask_range16, flag, port_tag, receive_call, send_port, slot,
};

/// The table of `COMMIT`. Public values: the running digest before the segment, then after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitAir;

impl BaseAir<Val> for CommitAir {
    fn width(&self) -> usize {
        CommitColumns::WIDTH
    }

    fn num_public_values(&self) -> usize {
        16
    }
}

/// 1. `is_real` is boolean, and after a row that is not real comes none that is.
/// 2. The digest begins and ends with the public values; each row begins with what the row before ended with.
/// 3. A real row absorbs its limbs with two compressions; any other row leaves the digest as it is.
/// 4. A real row takes a call, and has the port table read the words that the call points to.
/// 5. A real row's clock is below that of the next real row, so digests are chained in the order of the run: the
///    difference less 1 is the gap, of 16 + 8 bits. Clocks are below 2^28, so clock + 1 + gap < p.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for CommitAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &CommitColumns<AB::Var> = main.current_slice().borrow();
        let next: &CommitColumns<AB::Var> = main.next_slice().borrow();
        builder.assert_bool(row.is_real);
        builder.when_transition().when(next.is_real).assert_one(row.is_real);
        eval_digest(builder, row, next);
        eval_operands(builder, row);

        let [low, high] = row.gap;
        ask_range16(builder, low, flag(row.is_real));
        ask_bytes(builder, high, AB::Expr::ZERO, flag(row.is_real));
        let gap = low + high * Val::from_u32(1 << 16);
        builder.when_transition().when(next.is_real).assert_eq(next.clock - row.clock, gap + Val::ONE);
    }
}

fn eval_digest<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &CommitColumns<AB::Var>,
    next: &CommitColumns<AB::Var>,
) {
    let [start, end]: [[AB::PublicVar; 8]; 2] = [0, 8].map(|at| from_fn(|i| builder.public_values()[at + i]));
    for i in 0..8 {
        builder.when_first_row().assert_eq(row.before[i], start[i]);
        builder.when_transition().assert_eq(next.before[i], row.after[i]);
        builder.when_last_row().assert_eq(row.after[i], end[i]);
        builder.when_ne(row.is_real, Val::ONE).assert_eq(row.after[i], row.before[i]);
    }
    let [before, middle, after] = [row.before, row.middle, row.after].map(|digest| digest.map(Into::into));
    ask_compress(builder, before, from_fn(|i| row.limbs[i].into()), middle.clone(), flag(row.is_real));
    ask_compress(builder, middle, from_fn(|i| row.limbs[8 + i].into()), after, flag(row.is_real));
}

fn eval_operands<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &CommitColumns<AB::Var>) {
    let words = [row.address.into(), AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO];
    receive_call(builder, AB::Expr::from_u32(COMMIT), row.clock, words, flag(row.is_real));
    for chunk in 0..2 {
        let message = PortMessage {
            tag: port_tag::READ,
            timestamp: row.clock * Val::from_u32(SLOTS) + Val::from_u32(slot::OPERAND_A),
            address: row.address + Val::from_usize(4 * chunk),
            count: AB::Expr::from_u32(4),
            limbs: from_fn(|i| row.limbs[8 * chunk + i].into()),
        };
        send_port(builder, message, flag(row.is_real));
    }
}
