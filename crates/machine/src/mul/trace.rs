use alloc::vec;
use core::borrow::BorrowMut;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::MulColumns;
use crate::opcode::alu;
use crate::{TableCounts, Val};

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MulEvent {
    /// [`alu::MUL`], [`alu::MULH`], [`alu::MULHSU`] or [`alu::MULHU`].
    pub op: u32,
    /// First operand.
    pub x: u32,
    /// Second operand.
    pub b: u32,
}

/// The trace of these operations. Panics if they do not fit in `height` rows, or if one is not a multiplication.
pub fn generate(events: &[MulEvent], height: usize, counts: &mut TableCounts) -> RowMajorMatrix<Val> {
    assert!(events.len() <= height, "{} operations for {height} rows", events.len());
    let mut values = vec![Val::ZERO; height * MulColumns::WIDTH];
    for (row, event) in values.chunks_exact_mut(MulColumns::WIDTH).zip(events) {
        fill(row.borrow_mut(), event, counts);
    }
    // What unused rows ask for.
    let unused = (height - events.len()) as u32;
    counts.bytes[0] += 4 * unused;
    counts.and[0] += 2 * unused;
    counts.range16[0] += 6 * unused;
    RowMajorMatrix::new(values, MulColumns::WIDTH)
}

fn fill(row: &mut MulColumns<Val>, event: &MulEvent, counts: &mut TableCounts) {
    let MulEvent { op, x, b } = *event;
    let (flag, is_x_signed, is_b_signed) = match op {
        alu::MUL => (&mut row.is_mul, false, false),
        alu::MULH => (&mut row.is_mulh, true, true),
        alu::MULHSU => (&mut row.is_mulhsu, true, false),
        alu::MULHU => (&mut row.is_mulhu, false, false),
        _ => panic!("operation {op} is not a multiplication"),
    };
    *flag = Val::ONE;
    let x_sign = is_x_signed && x >> 31 == 1;
    let b_sign = is_b_signed && b >> 31 == 1;
    row.x_sign = Val::from_bool(x_sign);
    row.b_sign = Val::from_bool(b_sign);
    let signed = |word: u32, sign: bool| i128::from(word) - (i128::from(sign) << 32);
    let product = signed(x, x_sign) * signed(b, b_sign);
    row.is_negative = Val::from_bool(product < 0);
    let limbs: [u32; 4] = core::array::from_fn(|k| (product >> (16 * k)) as u32 & 0xffff);
    row.product = limbs.map(Val::from_u32);
    let [carry0, carry1, carry2] = carries(x, b, [x_sign, b_sign], limbs);
    row.carry0 = [carry0 & 255, carry0 >> 8].map(Val::from_u32);
    row.carry1 = Val::from_u32(carry1);
    row.carry2 = [carry2 & 255, carry2 >> 8].map(Val::from_u32);

    let [x, b] = [x, b].map(u32::to_le_bytes);
    [row.x, row.b] = [x, b].map(|bytes| bytes.map(Val::from_u8));
    for (i, j) in [(x[0], x[1]), (x[2], b[2]), (b[0], b[1])] {
        counts.bytes(i.into(), j.into());
    }
    counts.bytes(carry0 & 255, carry2 & 255);
    counts.and(x[3].into(), 128 * u32::from(is_x_signed));
    counts.and(b[3].into(), 128 * u32::from(is_b_signed));
    for number in limbs.into_iter().chain([carry1, 64 * carry1]) {
        counts.range16(number);
    }
}

/// The carries out of the first three limbs, the last one plus the signs.
fn carries(x: u32, b: u32, [x_sign, b_sign]: [bool; 2], product: [u32; 4]) -> [u32; 3] {
    let [x_bytes, b_bytes] = [x, b].map(|word| word.to_le_bytes().map(i64::from));
    let at = |position: usize| -> i64 {
        let pairs = (0..4).flat_map(|i| (0..4).map(move |j| (i, j)));
        pairs.filter(|(i, j)| i + j == position).map(|(i, j)| x_bytes[i] * b_bytes[j]).sum()
    };
    let mut carry = 0;
    let carries: [i64; 3] = core::array::from_fn(|k| {
        let mut sum = at(2 * k) + 256 * at(2 * k + 1) + carry;
        if k == 2 {
            let low = |word: u32, is_taken: bool| if is_taken { i64::from(word & 0xffff) } else { 0 };
            sum -= low(b, x_sign) + low(x, b_sign);
        }
        carry = (sum - i64::from(product[k])) >> 16;
        carry
    });
    let [carry0, carry1, carry2] = carries;
    [carry0, carry1, carry2 + i64::from(x_sign) + i64::from(b_sign)].map(|carry| carry as u32)
}
