use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::array::from_fn;
use core::borrow::Borrow;

use ashlar_abi::call;
use p3_air::{Air, BaseAir, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use super::KeccakColumns;
use super::layout::{BASE, LANES, ONES, PIECES, SLICES, TOP, bus_name, cut, cut_index, destination, moves};
use super::table::{FIELDS, role, tag};
use crate::Val;
use crate::bus::{PortMessage, SLOTS, flag, port_tag, receive_call, send_port, slot};

/// Pieces of 4 bits, per lane or column.
type Pieces<E, const N: usize> = [[E; PIECES]; N];

/// The table of `Keccak-f[1600]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeccakAir;

impl BaseAir<Val> for KeccakAir {
    fn width(&self) -> usize {
        KeccakColumns::<u8>::WIDTH
    }

    fn num_periodic_columns(&self) -> usize {
        SLICES + 2
    }

    /// The slices that are 0 to 3 before the row's, cyclically; whether it is slice 0; whether it is slice 3.
    fn periodic_columns(&self) -> Cow<'_, [Vec<Val>]> {
        let slices = 0..SLICES;
        let earlier =
            |d| slices.clone().map(|slice| Val::from_usize((slice + SLICES - d) % SLICES)).collect();
        let is = |one| slices.clone().map(|slice| Val::from_bool(slice == one)).collect();
        Cow::Owned(slices.clone().map(earlier).chain([is(0), is(SLICES - 1)]).collect())
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for KeccakAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &KeccakColumns<AB::Var> = main.current_slice().borrow();
        let periodic: Vec<AB::Expr> = builder.periodic_values().iter().map(|value| (*value).into()).collect();
        let [is_first, is_final]: [AB::Expr; 2] = from_fn(|i| periodic[SLICES + i].clone());
        let earlier: [AB::Expr; SLICES] = from_fn(|d| periodic[d].clone());
        eval_roles(builder, row, &earlier[0], is_first, is_final.clone());
        let theta = eval_parity(builder, row, &earlier);
        eval_pieces(builder, row, &theta);
        eval_columns(builder, row, &theta);
        eval_rho(builder, row, &earlier);
        eval_words(builder, row, &earlier[0]);
        eval_memory(builder, row, &earlier[0], is_final);
    }
}

/// Asks the table for an entry: its tag and up to 6 fields.
fn ask<AB: InteractionBuilder>(
    builder: &mut AB,
    entry: impl IntoIterator<Item = AB::Expr>,
    count: Count<AB::Expr>,
) {
    let fields = entry.into_iter().chain(core::iter::repeat(AB::Expr::ZERO)).take(FIELDS);
    builder.push_interaction(bus_name::TABLE, fields.collect::<Vec<_>>(), count);
}

/// Whether the row does theta.
fn is_theta<AB: InteractionBuilder>(row: &KeccakColumns<AB::Var>) -> AB::Expr {
    row.is_start + row.is_round
}

/// Whether the row states limbs, and so does no theta.
fn is_printed<AB: InteractionBuilder>(row: &KeccakColumns<AB::Var>) -> AB::Expr {
    row.is_input + row.is_last
}

/// A constant.
fn constant<AB: InteractionBuilder>(x: u32) -> AB::Expr {
    AB::Expr::from_u32(x)
}

/// 1. Each role is boolean, and a row has one at most.
/// 2. The three flags of single rows are products of a role and the slice: committed to keep counts at degree 1.
/// 3. Role, step, slice and round constant are from the schedule, so a step's number is an integer, and 0 for input and
///    start. Rows of memory have none.
/// 4. The first row of the input takes the call.
fn eval_roles<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    slice: &AB::Expr,
    is_first: AB::Expr,
    is_final: AB::Expr,
) {
    builder.assert_bools([row.is_input, row.is_start, row.is_round, row.is_last, row.is_memory]);
    let is_any = is_theta::<AB>(row) + is_printed::<AB>(row);
    builder.assert_bool(is_any.clone() + row.is_memory.into());
    builder.assert_eq(row.is_call, is_first.clone() * row.is_input.into());
    builder.assert_eq(row.is_load, is_first * row.is_memory.into());
    builder.assert_eq(row.is_full, row.is_memory.into() - is_final * row.is_memory.into());
    let roles = [
        (row.is_input, role::INPUT),
        (row.is_start, role::START),
        (row.is_round, role::ROUND),
        (row.is_last, role::LAST),
    ];
    let role: AB::Expr = roles.into_iter().map(|(flag, role)| flag * Val::from_u32(role)).sum();
    let [a, b, c] = row.constant.map(Into::into);
    ask(
        builder,
        [constant::<AB>(tag::SCHEDULE), row.step.into(), slice.clone(), role, a, b, c],
        flag(is_any),
    );
    let words = [row.address.into(), AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO];
    receive_call(builder, constant::<AB>(call::KECCAK_F), row.clock, words, flag(row.is_call));
}

/// The column parities C. Returns what theta adds to each bit: C of the column x - 1, and C of the column x + 1 one bit
/// lower, as the pieces of their sum.
///
/// 1. Where there is no theta, but chi, C = 0 and theta adds nothing.
/// 2. Top bits are boolean; the others are bits by the table, three pieces per entry.
/// 3. The bit below a piece is the top bit of the piece before. The bit below the slice is from the row of the same
///    step that has the slice before, by a message.
fn eval_parity<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    earlier: &[AB::Expr; SLICES],
) -> Pieces<AB::Expr, 5> {
    let (low, top, before) = (&row.parity_low, &row.parity_top, &row.parity_before);
    let is_theta = is_theta::<AB>(row);
    for cell in low.iter().chain(top).flatten().chain(before) {
        builder.assert_zero(is_printed::<AB>(row) * (*cell).into());
    }
    for top in top {
        builder.assert_bools(*top);
    }
    for three in low.as_flattened().chunks(3) {
        let pieces = three.iter().map(|piece| (*piece).into());
        ask(builder, [constant::<AB>(tag::BITS)].into_iter().chain(pieces), flag(is_theta.clone()));
    }
    let head = |slice: &AB::Expr| [row.clock.into(), row.step.into(), slice.clone()];
    let sent = head(&earlier[0]).into_iter().chain(top.iter().map(|top| top[PIECES - 1].into()));
    let received = head(&earlier[1]).into_iter().chain(before.iter().map(|bit| (*bit).into()));
    let (sent, received): (Vec<_>, Vec<_>) = (sent.collect(), received.collect());
    builder.push_interaction(bus_name::THETA, sent, flag(is_theta.clone()));
    builder.push_interaction(bus_name::THETA, received, -flag(is_theta));
    from_fn(|x| {
        let (left, right) = ((x + 4) % 5, (x + 1) % 5);
        from_fn(|p| {
            let below = if p == 0 { before[right] } else { top[right][p - 1] };
            low[left][p] + top[left][p] * Val::from_u32(TOP) + low[right][p] * Val::from_u32(BASE) + below
        })
    })
}

/// Bit 1 of (1 - b) + c + 2 (a + d), where d is a sum of bits, is a ^ (!b & c) ^ d: the carry of (1 - b) + c is !b & c.
///
/// Piece by piece, the table takes the digits (1 - b) + c + 2 (a + theta + constant), which are integers up to 10, to
/// these bits, cut in two where rho is going to, or printed as a number of 4 bits. Where there is no cut, or in print,
/// the high part is 0.
fn eval_pieces<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    theta: &Pieces<AB::Expr, 5>,
) {
    let is_printed = is_printed::<AB>(row);
    let is_any = is_theta::<AB>(row) + is_printed.clone();
    for lane in 0..LANES {
        let (x, plane) = (lane % 5, lane / 5 * 5);
        let at = |i: usize| row.before[(x + i) % 5 + plane];
        let cut = cut(lane) as u32;
        let tag = is_printed.clone() * Val::from_u32(tag::PRINT - cut) + constant::<AB>(cut);
        for (p, theta) in theta[x].iter().enumerate() {
            let mut sum = theta.clone() + at(0)[p];
            if lane == 0 {
                sum += match p {
                    0 => row.constant[0].into(),
                    1 => row.constant[1].into(),
                    3 => row.constant[2].into(),
                    _ => AB::Expr::ZERO,
                };
            }
            let key = constant::<AB>(ONES) - at(1)[p] + at(2)[p] + sum * Val::TWO;
            let high = cut_index(lane).map_or(AB::Expr::ZERO, |index| row.high[index][p].into());
            ask(builder, [tag.clone(), key, row.low[lane][p].into(), high], flag(is_any.clone()));
        }
    }
}

/// The piece of a lane after theta, put together.
fn whole<AB: InteractionBuilder<F = Val>>(
    row: &KeccakColumns<AB::Var>,
    lane: usize,
    piece: usize,
) -> AB::Expr {
    let low = row.low[lane][piece].into();
    let weight = Val::from_u32(BASE.pow(4 - cut(lane) as u32));
    cut_index(lane).map_or(low.clone(), |index| low + row.high[index][piece] * weight)
}

/// C is the parity of the columns before theta. theta adds to all five bits of a column the same bit, which is the
/// parity of what it adds, so: the sum of the five bits after theta, of what theta adds, and of C, is even.
fn eval_columns<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    theta: &Pieces<AB::Expr, 5>,
) {
    for (x, theta) in theta.iter().enumerate() {
        for (p, theta) in theta.iter().enumerate() {
            let column: AB::Expr = (0..5).map(|y| whole::<AB>(row, x + 5 * y, p)).sum();
            let parity = row.parity_low[x][p] + row.parity_top[x][p] * Val::from_u32(TOP);
            let sum = column + parity + theta.clone();
            ask(builder, [constant::<AB>(tag::EVEN), sum], flag(is_theta::<AB>(row)));
        }
    }
}

/// The state goes from the rows of a step to those of the next: one message for each distance between slices. Rows of
/// start send to step 1; the last step only receives. The state of the input goes to the start unchanged.
fn eval_rho<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    earlier: &[AB::Expr; SLICES],
) {
    let length = (0..SLICES).map(|distance| moves(distance).count()).max().unwrap_or(0);
    let message =
        |distance: usize, step: AB::Expr, slice: &AB::Expr, pieces: &mut dyn Iterator<Item = AB::Expr>| {
            let head = [constant::<AB>(distance as u32), row.clock.into(), step, slice.clone()];
            let pieces = pieces.chain(core::iter::repeat(AB::Expr::ZERO)).take(length);
            head.into_iter().chain(pieces).collect::<Vec<_>>()
        };
    for (distance, source) in earlier.iter().enumerate() {
        let mut sent = moves(distance).map(|part| {
            let high = |piece: usize| cut_index(part.lane).map(|index| row.high[index][piece].into());
            let below = part.piece.checked_sub(1).and_then(high).unwrap_or(AB::Expr::ZERO);
            let weight = Val::from_u32(BASE.pow(cut(part.lane) as u32));
            row.low[part.lane].get(part.piece).map_or(below.clone(), |low| below.clone() + *low * weight)
        });
        let mut received = moves(distance).map(|part| {
            let carried = cut_index(part.lane).map_or(AB::Expr::ZERO, |index| row.carried[index].into());
            let whole: AB::Expr = row.before[destination(part.lane)][part.target].into();
            match part.piece {
                0 => whole - carried,
                PIECES => carried,
                _ => whole,
            }
        });
        let sent = message(distance, row.step + AB::Expr::ONE, &earlier[0], &mut sent);
        let received = message(distance, row.step.into(), source, &mut received);
        builder.push_interaction(bus_name::RHO, sent, flag(is_theta::<AB>(row)));
        builder.push_interaction(bus_name::RHO, received, -flag(row.is_round + row.is_last));
    }
    let pieces = row.before.as_flattened().iter().map(|piece| (*piece).into());
    let start: Vec<AB::Expr> = [row.clock.into(), earlier[0].clone()].into_iter().chain(pieces).collect();
    builder.push_interaction(bus_name::START, start.clone(), flag(row.is_input));
    builder.push_interaction(bus_name::START, start, -flag(row.is_start));
}

/// The input's and the last step's rows hand their limbs, one of each lane, to the first row of memory. Each limb is
/// put together from four numbers of 4 bits, so it has 16.
fn eval_words<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    slice: &AB::Expr,
) {
    let message = |is_after: AB::Expr, slice: AB::Expr, limb: &dyn Fn(usize) -> AB::Expr| {
        let head = [is_after, slice, row.clock.into(), row.address.into()];
        head.into_iter().chain((0..LANES).map(limb)).collect::<Vec<_>>()
    };
    let limb = |lane: usize| -> AB::Expr {
        (0..PIECES).map(|p| row.low[lane][p] * Val::from_u32(1 << (4 * p))).sum()
    };
    let sent = message(row.is_last.into(), slice.clone(), &limb);
    builder.push_interaction(bus_name::WORDS, sent, flag(is_printed::<AB>(row)));
    for (is_after, limbs) in [(0, &row.before), (1, &row.low)] {
        let received: [_; SLICES] = from_fn(|slice| {
            let limb = |lane: usize| limbs[lane][slice].into();
            message(constant::<AB>(is_after), constant::<AB>(slice as u32), &limb)
        });
        for received in received {
            builder.push_interaction(bus_name::WORDS, received, -flag(row.is_load));
        }
    }
}

/// The rows of memory read and write 8 lanes each, and leave the others to the next row, which has them 8 places lower.
/// The last row has lane 24, alone: the message also brings a lane of zeros after it.
fn eval_memory<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    row: &KeccakColumns<AB::Var>,
    slice: &AB::Expr,
    is_final: AB::Expr,
) {
    const LEFT: usize = LANES - 8;
    let head = |slice| [slice, row.clock.into(), row.address.into()];
    let mut sent: Vec<AB::Expr> = head(slice.clone() + AB::Expr::ONE).into();
    let mut received: Vec<AB::Expr> = head(slice.clone()).into();
    for limbs in [&row.before, &row.low] {
        sent.extend(limbs[8..].as_flattened().iter().map(|limb| (*limb).into()));
        sent.extend([const { AB::Expr::ZERO }; SLICES]);
        received.extend(limbs[..=LEFT].as_flattened().iter().map(|limb| (*limb).into()));
    }
    builder.push_interaction(bus_name::SHIFT, sent, flag(row.is_full));
    builder.push_interaction(bus_name::SHIFT, received, -flag(row.is_memory - row.is_load));
    for chunk in 0..4 {
        let offset = slice.clone() * Val::from_u32(16) + constant::<AB>(4 * chunk as u32);
        let count = if chunk == 0 { row.is_memory } else { row.is_full };
        for (tag, limbs) in [(port_tag::READ, &row.before), (port_tag::WRITE, &row.low)] {
            let lanes = limbs[2 * chunk..][..2].as_flattened();
            let message = PortMessage {
                tag,
                timestamp: row.clock * Val::from_u32(SLOTS) + constant::<AB>(slot::WRITE),
                address: offset.clone() + row.address,
                // Rows of `is_full` are not the final one, so its count of 2 concerns the first chunk only.
                count: constant::<AB>(4) - is_final.clone() * Val::TWO,
                limbs: from_fn(|i| lanes[i].into()),
            };
            send_port(builder, message, flag(count));
        }
    }
}
