use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{LANES, PortColumns};
use crate::bus::{PortMessage, ask_bytes, flag, port_tag, receive_memory, receive_port, send_memory};
use crate::{Val, timestamp};

/// The table of accesses that calls make.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortAir;

impl BaseAir<Val> for PortAir {
    fn width(&self) -> usize {
        PortColumns::WIDTH * LANES
    }

    fn main_next_row_columns(&self) -> alloc::vec::Vec<usize> {
        alloc::vec::Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for PortAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        for lane in main.current_slice().chunks_exact(PortColumns::WIDTH) {
            eval_lane(builder, lane.borrow());
        }
    }
}

/// 1. `reads`, `writes` and `is_used` are boolean.
/// 2. Word 0 is in use if a message is received. A later word is in use only if the one before it is: so the words in
///    use are the first `count`, none in a lane without a message.
/// 3. Without a WRITE message, the words are the same after as before.
/// 4. The messages are received; `count` is 1 + the number of later words in use, as word 0 is in use if there is one.
/// 5. Each word in use is taken from memory as an earlier access left it and put back at this timestamp. The high parts
///    of the gaps are asked for in pairs, whenever the first word of the pair is in use: it is if the second is.
fn eval_lane<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &PortColumns<AB::Var>) {
    let PortColumns { reads, writes, is_used, old, new, .. } = *row;
    builder.assert_bools([reads, writes]);
    builder.assert_bools(is_used);
    // Degree 2, which the multiplicities of the interactions below still allow.
    let is_live = reads + writes - reads * writes;
    let [second, third, fourth] = is_used.map(Into::into);
    let is_used: [AB::Expr; 4] = [is_live, second, third, fourth];
    for [before, after] in is_used.array_windows() {
        builder.when(after.clone()).assert_one(before.clone());
    }
    for (old, new) in old.into_iter().zip(new) {
        builder.when(AB::Expr::ONE - writes).assert_eq_arrays(old, new);
    }
    eval_messages(builder, row);
    eval_memory(builder, row, &is_used);
}

fn eval_messages<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &PortColumns<AB::Var>) {
    let [second, third, fourth] = row.is_used;
    let directions = [(port_tag::READ, row.reads, row.old), (port_tag::WRITE, row.writes, row.new)];
    for (tag, is_received, words) in directions {
        let message = PortMessage {
            tag,
            timestamp: row.timestamp.into(),
            address: row.address.into(),
            count: second + third + fourth + Val::ONE,
            limbs: core::array::from_fn(|i| words[i / 2][i % 2].into()),
        };
        receive_port(builder, message, flag(is_received));
    }
}

fn eval_memory<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &PortColumns<AB::Var>,
    is_used: &[AB::Expr; 4],
) {
    for (i, is_used) in is_used.iter().enumerate() {
        let address: AB::Expr = row.address + Val::from_usize(i);
        receive_memory(builder, address.clone(), row.previous[i], row.old[i], flag(is_used.clone()));
        send_memory(builder, address, row.timestamp, row.new[i], flag(is_used.clone()));
        timestamp::ask_gap(builder, row.timestamp, row.previous[i], row.gap_high[i], flag(is_used.clone()));
    }
    for i in [0, 2] {
        ask_bytes(builder, row.gap_high[i], row.gap_high[i + 1], flag(is_used[i].clone()));
    }
}
