//! Changes of 256-bit values, in the shortest of three forms.

use alloc::vec::Vec;
use alloy_primitives::U256;
use thiserror::Error;

/// Bits that hold the length, below those of the kind.
const KIND_SHIFT: u8 = 6;

/// Most bytes of a sum or a difference: the value itself never takes more than one byte more, and goes first.
const RELATIVE_BYTES_MAX: usize = 31;

/// How a value is told from the one before. The order is that of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The number is the value after.
    Value,
    /// The number is added to the value before, modulo 2^256.
    Sum,
    /// The number is taken from the value before, modulo 2^256.
    Difference,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Value => 0,
            Self::Sum => 1 << KIND_SHIFT,
            Self::Difference => 2 << KIND_SHIFT,
        }
    }
}

/// The change of a value. Its encoding depends on the value before, which only who applies it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    kind: Kind,
    number: U256,
}

/// Why a change is not the one encoding of what it does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChangeFault {
    /// The value stays as it is.
    #[error("the value does not change")]
    Unchanged,
    /// Another kind says the same in fewer bytes, or in as many with a lower kind.
    #[error("the change has a shorter form")]
    NotShortest,
}

/// Why bytes are no change, whatever the value before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Kind 3, or a length that no change of the kind has.
    Head(u8),
    /// The number has a leading zero byte.
    LeadingZero,
}

impl Change {
    /// The change from one value to another; `None` if they are the same.
    pub fn between(before: &U256, after: &U256) -> Option<Self> {
        if before == after {
            return None;
        }
        let candidates = [
            Self { kind: Kind::Sum, number: after.wrapping_sub(*before) },
            Self { kind: Kind::Difference, number: before.wrapping_sub(*after) },
        ];
        let value = Self { kind: Kind::Value, number: *after };
        // The first of the shortest.
        Some(candidates.into_iter().fold(value, |best, next| {
            if next.number.byte_len() < best.number.byte_len() { next } else { best }
        }))
    }

    /// The value after, if this is how the change from `before` to it is written.
    pub fn apply(&self, before: &U256) -> Result<U256, ChangeFault> {
        let after = match self.kind {
            Kind::Value => self.number,
            Kind::Sum => before.wrapping_add(self.number),
            Kind::Difference => before.wrapping_sub(self.number),
        };
        match Self::between(before, &after) {
            None => Err(ChangeFault::Unchanged),
            Some(change) if change != *self => Err(ChangeFault::NotShortest),
            Some(_) => Ok(after),
        }
    }

    /// Appends the encoding: kind and length, then the number without leading zeros.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.number.to_be_bytes::<32>();
        let length = self.number.byte_len();
        let (_, digits) = bytes.split_at_checked(bytes.len().saturating_sub(length)).unwrap_or((&[], &bytes));
        out.push(self.kind.code() | u8::try_from(length).unwrap_or(0));
        out.extend_from_slice(digits);
    }

    /// The number of bytes that follow the head, at most 32.
    pub(crate) fn length(head: u8) -> usize {
        usize::from(head & ((1 << KIND_SHIFT) - 1))
    }

    /// A change from its head and the bytes that follow it.
    pub(crate) fn read(head: u8, digits: &[u8]) -> Result<Self, Malformed> {
        let kind = match head >> KIND_SHIFT {
            0 => Kind::Value,
            1 => Kind::Sum,
            2 => Kind::Difference,
            _ => return Err(Malformed::Head(head)),
        };
        // A sum with nothing would not be a change, and one of 32 bytes has no advantage over the value.
        let relative = kind != Kind::Value;
        if relative && (digits.is_empty() || digits.len() > RELATIVE_BYTES_MAX) {
            return Err(Malformed::Head(head));
        }
        if digits.first() == Some(&0) {
            return Err(Malformed::LeadingZero);
        }
        let number = U256::try_from_be_slice(digits).ok_or(Malformed::Head(head))?;
        Ok(Self { kind, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(before: U256, after: U256) -> Vec<u8> {
        let mut out = Vec::new();
        Change::between(&before, &after).unwrap().write(&mut out);
        out
    }

    fn decoded(bytes: &[u8]) -> Result<Change, Malformed> {
        Change::read(bytes[0], &bytes[1..])
    }

    #[test]
    fn the_shortest_kind_stands_and_the_lowest_of_several() {
        let million = U256::from(1_000_000);
        assert_eq!(encoded(million, U256::ZERO), [0]);
        assert_eq!(encoded(million, million + U256::from(5)), [0x41, 5]);
        assert_eq!(encoded(million, million - U256::from(256)), [0x82, 1, 0]);
        // One byte either way.
        assert_eq!(encoded(U256::from(1), U256::from(2)), [0x01, 2]);
        assert_eq!(encoded(U256::from(200), U256::from(100)), [0x01, 100]);
        // Around the modulus.
        assert_eq!(encoded(U256::MAX, U256::from(300)), [0x02, 1, 44]);
        assert_eq!(encoded(U256::from(1), U256::MAX), [0x81, 2]);
        assert_eq!(encoded(U256::ZERO, U256::MAX), [0x81, 1]);
        // 32 bytes each: the value.
        assert_eq!(encoded(U256::ONE << 255, U256::from(3) << 254)[0], 0x20);
        assert_eq!(Change::between(&million, &million), None);
    }

    #[test]
    fn changes_that_no_value_before_explains_are_refused() {
        for head in [0x40, 0x80, 0x60, 0xa0, 0xc0, 0xc1, 0xff, 0x21, 0x3f] {
            let digits = vec![1; Change::length(head)];
            assert_eq!(Change::read(head, &digits), Err(Malformed::Head(head)), "{head:x}");
        }
        assert_eq!(decoded(&[0x01, 0]), Err(Malformed::LeadingZero));
        assert_eq!(decoded(&[0x42, 0, 1]), Err(Malformed::LeadingZero));
        assert!(decoded(&[0]).is_ok());
    }

    #[test]
    fn a_form_that_is_not_the_shortest_is_refused_against_the_value_before() {
        let long = decoded(&[0x03, 15, 66, 65]).unwrap();
        assert_eq!(long.apply(&U256::from(1_000_000)), Err(ChangeFault::NotShortest));
        assert_eq!(long.apply(&U256::from(1_000_001)), Err(ChangeFault::Unchanged));
        assert_eq!(long.apply(&U256::ZERO), Ok(U256::from(1_000_001)));
        // As short as the value itself.
        assert_eq!(decoded(&[0x41, 1]).unwrap().apply(&U256::ONE), Err(ChangeFault::NotShortest));
    }

    proptest! {
        #[test]
        fn changes_round_trip(before: [u8; 32], after: [u8; 32], shift in 0_usize..256, near: bool) {
            let before = U256::from_be_bytes(before);
            let after = U256::from_be_bytes(after) >> shift;
            let after = if near { before.wrapping_add(after) } else { after };
            prop_assume!(before != after);
            let bytes = encoded(before, after);
            prop_assert!(bytes.len() <= 33);
            let change = decoded(&bytes).unwrap();
            prop_assert_eq!(change.apply(&before), Ok(after));
            // No other kind is shorter.
            for number in [after, after.wrapping_sub(before), before.wrapping_sub(after)] {
                prop_assert!(bytes.len() - 1 <= number.byte_len());
            }
        }
    }
}
