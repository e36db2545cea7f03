//! Signed digits of fixed numbers.

/// How many digits [`signed_digits`] has for this value.
pub(crate) const fn digit_count(value: u128, width: u32) -> usize {
    let (mut rest, mut count) = (value, 0);
    while rest != 0 {
        (_, rest) = next_digit(rest, width);
        count += 1;
    }
    count
}

/// Digits d_i of a value, least significant first, with sum d_i 2^i = value: each is 0 or odd and below 2^(width - 1) in
/// absolute value, and of `width` digits in a row at most one is not 0 (the width-w non-adjacent form). For width 1, its
/// bits. The value is at most 2^127.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this")]
pub(crate) const fn signed_digits<const L: usize>(value: u128, width: u32) -> [i8; L] {
    let (mut digits, mut rest, mut i) = ([0; L], value, 0);
    while rest != 0 {
        (digits[i], rest) = next_digit(rest, width);
        i += 1;
    }
    digits
}

const fn next_digit(rest: u128, width: u32) -> (i8, u128) {
    if rest & 1 == 0 {
        return (0, rest >> 1);
    }
    if width == 1 {
        return (1, rest >> 1);
    }
    let low = (rest & ((1 << width) - 1)) as i8;
    let digit = if low >= 1 << (width - 1) { low - (1 << width) } else { low };
    let rest = if digit < 0 { rest + digit.unsigned_abs() as u128 } else { rest - digit as u128 };
    (digit, rest >> 1)
}
