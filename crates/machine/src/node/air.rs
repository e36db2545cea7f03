use core::array::from_fn;
use core::borrow::Borrow;

use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::NodeColumns;
use crate::Val;
use crate::bus::{NodeMessage, ask_compress, flag, receive_node, send_node};

/// The table of the memory tree's inner nodes. Public values: the root's digest before, then after.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeAir;

impl BaseAir<Val> for NodeAir {
    fn width(&self) -> usize {
        NodeColumns::WIDTH
    }

    fn num_public_values(&self) -> usize {
        16
    }
}

/// 1. `is_real` and `touched` are boolean on every row, and only a real row has touched children.
/// 2. The first row is real, is the root, has depth 0, index 0 and the public digests. No other row is the root.
/// 3. A real row that is not the root takes its node from the bus, so somebody opened its parent.
/// 4. A real row's digests are the compressions of its children's, before and after.
/// 5. A touched child goes on the bus; any other child has the same digest before and after.
/// 6. Node 7 of depth 3 is not touched (see the README): a touched right child has 2 * index + 1 != 7 or
///    depth + 1 != 3, since (depth - 2) + 32 (index - 3) has an inverse. For depths below [`super::DEPTH`] it is zero
///    nowhere else: it would have to be p, which is 1 mod 32, so depth = 3, but then index < 8.
impl<AB: InteractionBuilder<F = Val>> Air<AB> for NodeAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &NodeColumns<AB::Var> = main.current_slice().borrow();
        let next: &NodeColumns<AB::Var> = main.next_slice().borrow();
        builder.assert_bool(row.is_real);
        builder.assert_bools(row.touched);
        eval_root(builder, row, next);
        let message = NodeMessage {
            depth: row.depth.into(),
            index: row.index.into(),
            old: row.old.map(Into::into),
            new: row.new.map(Into::into),
        };
        // On the first row this is 0, on all others `is_real`.
        receive_node(builder, message, flag(row.is_real - row.is_root));
        for (children, digest) in [(row.old_children, row.old), (row.new_children, row.new)] {
            let [left, right] = children.map(|child| child.map(Into::into));
            ask_compress(builder, left, right, digest.map(Into::into), flag(row.is_real));
        }
        for side in 0..2 {
            eval_child(builder, row, side);
        }
        let place = row.depth - Val::TWO + (row.index - Val::from_u32(3)) * Val::from_u32(32);
        builder.when(row.touched[1]).assert_one(place * row.inverse);
    }
}

fn eval_root<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &NodeColumns<AB::Var>,
    next: &NodeColumns<AB::Var>,
) {
    let [old, new]: [[AB::PublicVar; 8]; 2] = [0, 8].map(|at| from_fn(|i| builder.public_values()[at + i]));
    let mut first = builder.when_first_row();
    first.assert_one(row.is_real);
    first.assert_one(row.is_root);
    first.assert_zeros([row.depth, row.index]);
    for i in 0..8 {
        first.assert_eq(row.old[i], old[i]);
        first.assert_eq(row.new[i], new[i]);
    }
    builder.when_transition().assert_zero(next.is_root);
}

fn eval_child<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &NodeColumns<AB::Var>, side: usize) {
    let touched = row.touched[side];
    let [old, new] = [row.old_children[side], row.new_children[side]];
    builder.when(touched).assert_one(row.is_real);
    for i in 0..8 {
        builder.when_ne(touched, Val::ONE).assert_eq(old[i], new[i]);
    }
    let message = NodeMessage {
        depth: row.depth + Val::ONE,
        index: row.index * Val::TWO + Val::from_usize(side),
        old: old.map(Into::into),
        new: new.map(Into::into),
    };
    send_node(builder, message, flag(touched));
}
