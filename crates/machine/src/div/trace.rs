use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::DivColumns;
use crate::mul::MulEvent;
use crate::opcode::alu;
use crate::{TableCounts, Val};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DivEvent {
    /// [`alu::DIV`], [`alu::DIVU`], [`alu::REM`] or [`alu::REMU`].
    pub op: u32,
    /// Dividend.
    pub x: u32,
    /// Divisor.
    pub b: u32,
}

impl DivEvent {
    fn is_signed(&self) -> bool {
        match self.op {
            alu::DIV | alu::REM => true,
            alu::DIVU | alu::REMU => false,
            op => panic!("operation {op} is not a division"),
        }
    }

    /// Quotient and remainder as words.
    fn results(&self) -> [u32; 2] {
        let Self { x, b, .. } = *self;
        match (self.is_signed(), b) {
            (_, 0) => [u32::MAX, x],
            (false, _) => [x / b, x % b],
            (true, _) => {
                let [x, b] = [x, b].map(u32::cast_signed);
                [x.wrapping_div(b), x.wrapping_rem(b)].map(i32::cast_unsigned)
            }
        }
    }
}

/// What an operation asks of the `mul` table.
pub fn mul_events(event: &DivEvent) -> [MulEvent; 2] {
    let [quotient, _] = event.results();
    let high = if event.is_signed() { alu::MULH } else { alu::MULHU };
    [alu::MUL, high].map(|op| MulEvent { op, x: quotient, b: event.b })
}

/// The trace of these operations. Panics if they do not fit in `height` rows, or if one is not a division.
pub fn generate(events: &[DivEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * DivColumns::WIDTH];
    for (row, event) in values.chunks_exact_mut(DivColumns::WIDTH).zip(events) {
        fill(row.borrow_mut(), event, counts);
    }
    // Unused rows ask that the limbs of remainder and margin have 16 bits.
    counts.range16[0] += 4 * (height - events.len()) as u32;
    RowMajorMatrix::new(values, DivColumns::WIDTH)
}

fn fill(row: &mut DivColumns<Val>, event: &DivEvent, counts: &mut TableCounts) {
    let DivEvent { op, x, b } = *event;
    let is_signed = event.is_signed();
    let [quotient, remainder] = event.results();
    let is_negative = |word: u32| is_signed && word >> 31 == 1;
    let integer = |word: u32| i64::from(word) - (i64::from(is_negative(word)) << 32);
    row.is_used = Val::ONE;
    row.is_signed = Val::from_bool(is_signed);
    row.is_remainder = Val::from_bool(op == alu::REM || op == alu::REMU);
    row.x = limbs(x).map(Val::from_u32);
    row.b = limbs(b).map(Val::from_u32);
    row.quotient = limbs(quotient).map(Val::from_u32);
    row.remainder = limbs(remainder).map(Val::from_u32);
    row.x_sign = Val::from_bool(is_negative(x));
    row.b_sign = Val::from_bool(is_negative(b));
    row.remainder_sign = Val::from_bool(is_negative(remainder));
    row.borrow = Val::from_bool(limbs(x)[0] < limbs(remainder)[0]);
    // Of unsigned operations, the product is at most x; of b = 0, it is 0.
    row.is_product_negative = Val::from_bool(is_signed && integer(quotient) * integer(b) < 0);
    row.is_by_zero = Val::from_bool(b == 0);
    row.is_overflow = Val::from_bool(is_signed && x == 1 << 31 && b == u32::MAX);

    let bound = if b == 0 { 1 << 32 } else { integer(b).unsigned_abs() };
    let margin = limbs((bound - integer(remainder).unsigned_abs() - 1) as u32);
    let absolute_low = |word: u32| {
        let low = limbs(word)[0];
        if is_negative(word) { (1 << 16) - low } else { low }
    };
    row.margin = margin.map(Val::from_u32);
    row.margin_borrow = Val::from_u32((margin[0] + 1 + absolute_low(remainder) - absolute_low(b)) >> 16);

    for word in [x, b].into_iter().filter(|_| is_signed) {
        counts.range16(2 * (word >> 16 & 0x7fff));
    }
    for limb in limbs(remainder).into_iter().chain(margin) {
        counts.range16(limb);
    }
}

fn limbs(word: u32) -> [u32; 2] {
    [word & 0xffff, word >> 16]
}
