use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::array::from_fn;
use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{PageColumns, ROWS};
use crate::Val;
use crate::bus::{NodeMessage, ask_compress, flag, receive_memory, receive_node, send_memory};
use crate::node::DEPTH;

/// The table of touched pages.
#[derive(Clone, Debug)]
pub struct PageAir {
    periodic: [Vec<Val>; 3],
}

impl Default for PageAir {
    fn default() -> Self {
        let column = |f: fn(usize) -> usize| (0..ROWS).map(|row| Val::from_usize(f(row))).collect();
        Self { periodic: [column(|row| usize::from(row == 0)), column(|row| row / 3), column(|row| 4 * row)] }
    }
}

impl BaseAir<Val> for PageAir {
    fn width(&self) -> usize {
        PageColumns::WIDTH
    }

    fn num_periodic_columns(&self) -> usize {
        self.periodic.len()
    }

    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        Cow::Borrowed(&self.periodic)
    }
}

/// Rows are grouped in fours by periodic columns: whether the row is the first, the last of its page, and the offset of
/// its words in the page.
///
/// 1. `is_real` is boolean, and a page's rows have the same `is_real` and `page`.
/// 2. On a page's first row the incoming digests are 0; on others they are the outgoing digests of the row before.
/// 3. Outgoing digests are the compressions of the incoming ones with the row's limbs, before and after.
/// 4. On its last row a real page takes its node from the bus: place and digests are those of a leaf of the tree.
/// 5. Each word is put on the memory bus at time 0 as before, and taken off it as after.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for PageAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &PageColumns<AB::Var> = main.current_slice().borrow();
        let next: &PageColumns<AB::Var> = main.next_slice().borrow();
        let [is_first, is_last, offset]: [AB::PeriodicVar; 3] = from_fn(|i| builder.periodic_values()[i]);
        let is_last: AB::Expr = is_last.into();
        builder.assert_bool(row.is_real);

        // After the trace's last row, which is a page's last row, nothing is carried over.
        let mut inside = builder.when(AB::Expr::ONE - is_last.clone());
        inside.assert_eq(next.is_real, row.is_real);
        inside.assert_eq(next.page, row.page);
        for i in 0..8 {
            inside.assert_eq(next.old_in[i], row.old_out[i]);
            inside.assert_eq(next.new_in[i], row.new_out[i]);
        }
        builder.when(is_first).assert_zeros(row.old_in);
        builder.when(is_first).assert_zeros(row.new_in);

        for (digest, limbs, out) in [(row.old_in, row.old, row.old_out), (row.new_in, row.new, row.new_out)] {
            let [digest, limbs, out] = [digest, limbs, out].map(|digest| digest.map(Into::into));
            ask_compress(builder, digest, limbs, out, flag(row.is_real));
        }
        let message = NodeMessage {
            depth: AB::Expr::from_u32(DEPTH),
            index: row.page.into(),
            old: row.old_out.map(Into::into),
            new: row.new_out.map(Into::into),
        };
        receive_node(builder, message, flag(is_last * row.is_real));
        for i in 0..4 {
            let address = row.page * Val::from_u32(16) + offset.into() + AB::Expr::from_usize(i);
            let word = |limbs: [AB::Var; 8]| [limbs[2 * i], limbs[2 * i + 1]];
            send_memory(builder, address.clone(), AB::Expr::ZERO, word(row.old), flag(row.is_real));
            receive_memory(builder, address, row.timestamps[i], word(row.new), flag(row.is_real));
        }
    }
}
