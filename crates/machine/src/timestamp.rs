//! That an access to memory comes after the one before it.
//!
//! The gap `now - previous - 1` is cut into a low part of 16 bits and a high part of 8. A segment has at most 2^21
//! cycles, so timestamps are below 2^24: `now` because it is made from the processor's clock, `previous` because
//! whoever put it on the bus made it in the same way, or it is the 0 of a page. Were `previous >= now`, the gap would be
//! one of -2^24 .. -1, which no low + 2^16 high in 0 .. 2^24 equals modulo p > 2^25. No honest gap reaches 2^24.

use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use crate::Val;
use crate::bus::{self, ask_range16};

/// `8 * clock + slot`.
pub(crate) fn at<AB: AirBuilder<F = Val>>(clock: AB::Var, slot: u32) -> AB::Expr {
    clock * Val::from_u32(bus::SLOTS) + Val::from_u32(slot)
}

/// Asks that the gap without its high part has 16 bits. The caller asks that the high part is a byte.
pub(crate) fn ask_gap<AB: InteractionBuilder<F = Val>>(
    builder: &mut AB,
    now: impl Into<AB::Expr>,
    previous: AB::Var,
    high: AB::Var,
    count: Count<AB::Expr>,
) {
    ask_range16(builder, now.into() - previous - Val::ONE - high * Val::from_u32(1 << 16), count);
}

/// Low and high part of the gap. Panics if `previous` is not before `now`.
#[inline]
pub(crate) fn gap(now: u32, previous: u32) -> [u32; 2] {
    assert!(previous < now, "the access before {now} was at {previous}");
    let gap = now - previous - 1;
    [gap & 0xffff, gap >> 16]
}
