//! The instructions that only compute.

use crate::Op;

/// Result of a register-register instruction, or of its immediate form with `b` the immediate. 0 for what is neither.
///
/// With a constant `op` this folds to the one expression.
#[inline(always)]
pub(crate) const fn compute(op: Op, a: u32, b: u32) -> u32 {
    let (sa, sb) = (a as i32, b as i32);
    match op {
        Op::Add | Op::Addi => a.wrapping_add(b),
        Op::Sub => a.wrapping_sub(b),
        // The wrapping shifts take the count modulo 32, as the instructions do.
        Op::Sll | Op::Slli => a.wrapping_shl(b),
        Op::Srl | Op::Srli => a.wrapping_shr(b),
        Op::Sra | Op::Srai => sa.wrapping_shr(b) as u32,
        Op::Slt | Op::Slti => (sa < sb) as u32,
        Op::Sltu | Op::Sltiu => (a < b) as u32,
        Op::Xor | Op::Xori => a ^ b,
        Op::Or | Op::Ori => a | b,
        Op::And | Op::Andi => a & b,
        Op::Mul => a.wrapping_mul(b),
        Op::Mulh => ((sa as i64 * sb as i64) >> 32) as u32,
        Op::Mulhsu => ((sa as i64 * b as i64) >> 32) as u32,
        Op::Mulhu => ((a as u64 * b as u64) >> 32) as u32,
        // M extension, table 7.1: no trap on division by zero, nor on the one overflow (which wraps).
        Op::Div if b == 0 => u32::MAX,
        Op::Div => sa.wrapping_div(sb) as u32,
        Op::Divu if b == 0 => u32::MAX,
        Op::Divu => a / b,
        Op::Rem if b == 0 => a,
        Op::Rem => sa.wrapping_rem(sb) as u32,
        Op::Remu if b == 0 => a,
        Op::Remu => a % b,
        _ => 0,
    }
}

/// Whether a branch is taken. False for what is not a branch.
#[inline(always)]
pub(crate) const fn is_taken(op: Op, a: u32, b: u32) -> bool {
    match op {
        Op::Beq => a == b,
        Op::Bne => a != b,
        Op::Blt => (a as i32) < b as i32,
        Op::Bge => a as i32 >= b as i32,
        Op::Bltu => a < b,
        Op::Bgeu => a >= b,
        _ => false,
    }
}

/// What a load takes from the word that holds its address. The word itself for what is not a sub-word load.
#[inline(always)]
pub(crate) const fn extract(op: Op, word: u32, address: u32) -> u32 {
    let shifted = word >> (8 * (address & 3));
    match op {
        Op::Lb => shifted as i8 as u32,
        Op::Lbu => shifted as u8 as u32,
        Op::Lh => shifted as i16 as u32,
        Op::Lhu => shifted as u16 as u32,
        _ => word,
    }
}

/// What a store makes of the word that holds its address. The value itself for what is not a sub-word store.
#[inline(always)]
pub(crate) const fn insert(op: Op, word: u32, address: u32, value: u32) -> u32 {
    let shift = 8 * (address & 3);
    let mask = match op {
        Op::Sb => 0xff << shift,
        Op::Sh => 0xffff << shift,
        _ => return value,
    };
    word & !mask | value << shift & mask
}
