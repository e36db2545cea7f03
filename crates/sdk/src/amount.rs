//! Amounts as people write them.

use alloy_primitives::U256;
use thiserror::Error;

/// Most decimals that are taken for those of a token: 10^77 is the highest power of ten below 2^256.
const DECIMALS_MAX: u8 = 77;

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// It has other characters than digits and one point, or no digit on a side of the point.
    #[error("{0:?} is no amount: 1.5 is one")]
    Form(String),
    /// It has more digits behind the point than the token.
    #[error("{text} has {digits} digits behind the point, and the token {decimals}")]
    Digits {
        /// The text.
        text: String,
        /// Digits behind the point.
        digits: usize,
        /// Decimals of the token.
        decimals: u8,
    },
    /// It is above 2^256 - 1 of the smallest units.
    #[error("{0} is more than a token can have")]
    TooLarge(String),
    /// Nothing is no amount.
    #[error("the amount is zero")]
    Zero,
    /// The token says that it has more decimals than fit.
    #[error("the token says that it has {0} decimals, which no amount can have")]
    Decimals(u8),
}

/// Reads an amount in units of a token, such as "1.5", as the number of its smallest units. It is above zero and exact: nothing is
/// rounded.
pub fn parse_units(text: &str, decimals: u8) -> Result<U256, AmountError> {
    if decimals > DECIMALS_MAX {
        return Err(AmountError::Decimals(decimals));
    }
    let form = || AmountError::Form(text.to_owned());
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(form()),
        Some(parts) => parts,
        None => (text, ""),
    };
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return Err(form());
    }
    let missing = usize::from(decimals).checked_sub(fraction.len());
    let missing = missing.ok_or_else(|| AmountError::Digits {
        text: text.to_owned(),
        digits: fraction.len(),
        decimals,
    })?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let amount = U256::from_str_radix(&digits, 10).map_err(|_| AmountError::TooLarge(text.to_owned()))?;
    if amount.is_zero() { Err(AmountError::Zero) } else { Ok(amount) }
}

/// Writes a number of smallest units as an amount, with all digits that are not zero.
pub fn format_units(amount: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{amount:0>width$}", amount = amount.to_string(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, decimals, units) in [
            ("1.5", 18, "1500000000000000000"),
            ("0.000001", 6, "1"),
            ("1", 0, "1"),
            ("007", 0, "7"),
            ("0.10", 2, "10"),
            (
                "115792089237316195423570985008687907853269984665640564039457.584007913129639935",
                18,
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            ),
        ] {
            assert_eq!(parse_units(text, decimals).unwrap().to_string(), units, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", ".", "1.", ".5", "-1", "+1", "1e18", "1,5", "1.5.0", " 1", "0x1", "one", "1_000", "٣"]
        {
            assert_eq!(parse_units(text, 18), Err(AmountError::Form(text.to_owned())), "{text}");
        }
        assert!(matches!(parse_units("0.0000001", 6), Err(AmountError::Digits { digits: 7, .. })));
        assert!(matches!(parse_units("1.0", 0), Err(AmountError::Digits { .. })), "nothing is rounded");
        for text in ["0", "0.0"] {
            assert_eq!(parse_units(text, 18), Err(AmountError::Zero));
        }
        let above = format!("{}", U256::MAX);
        assert!(matches!(parse_units(&above, 1), Err(AmountError::TooLarge(_))));
        assert_eq!(parse_units("1", 78), Err(AmountError::Decimals(78)));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for (units, decimals, text) in [
            (U256::from(1_500_000_u64), 6, "1.5"),
            (U256::from(1_u64), 18, "0.000000000000000001"),
            (U256::from(12_u64), 0, "12"),
            (U256::ZERO, 6, "0"),
            (U256::from(10_u64), 1, "1"),
        ] {
            assert_eq!(format_units(units, decimals), text);
            if !units.is_zero() {
                assert_eq!(parse_units(text, decimals).unwrap(), units);
            }
        }
        assert_eq!(parse_units(&format_units(U256::MAX, 18), 18).unwrap(), U256::MAX);
        format_units(U256::MAX, 255);
    }
}
