//! Strict RLP (Yellow Paper, appendix B): every value has one accepted encoding.

#![allow(clippy::arithmetic_side_effects, reason = "sums of lengths of slices in memory")]

use alloc::vec::Vec;

use crate::error::NodeFault;

/// RLP of the empty string: an absent child or value.
pub(crate) const EMPTY_STRING: u8 = 0x80;
/// First byte of the RLP of a 32-byte string.
pub(crate) const HASH_HEADER: u8 = 0xa0;
/// Bytes of the RLP of a 32-byte string.
pub(crate) const HASH_ITEM_LEN: usize = 33;
/// First byte of a short list's RLP, less its payload's length.
pub(crate) const LIST_HEADER: u8 = 0xc0;
/// The longest payload whose length is in the first byte.
const SHORT_MAX: usize = 55;

/// One RLP item at the start of a byte string.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    /// Header and payload.
    pub whole: &'a [u8],
    /// The string itself, or the list's items.
    pub payload: &'a [u8],
    /// Whether it is a list.
    pub list: bool,
}

/// Splits the first item off `bytes`; the second part is what follows it.
pub(crate) fn split_item(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), NodeFault> {
    let &first = bytes.first().ok_or(NodeFault::Truncated)?;
    let (list, header_len, payload_len) = match first {
        0..=0x7f => (false, 0, 1),
        0x80..=0xb7 => (false, 1, usize::from(first - 0x80)),
        0xb8..=0xbf => long_length(bytes, first - 0xb7).map(|(header, len)| (false, header, len))?,
        0xc0..=0xf7 => (true, 1, usize::from(first - 0xc0)),
        0xf8..=0xff => long_length(bytes, first - 0xf7).map(|(header, len)| (true, header, len))?,
    };
    let end = header_len.checked_add(payload_len).ok_or(NodeFault::Truncated)?;
    let (whole, rest) = bytes.split_at_checked(end).ok_or(NodeFault::Truncated)?;
    let payload = whole.get(header_len..).unwrap_or(&[]);
    if first == 0x81 && payload.first().is_some_and(|&byte| byte < 0x80) {
        return Err(NodeFault::NonCanonicalRlp);
    }
    Ok((Item { whole, payload, list }, rest))
}

/// Header length and payload length of a long item, whose length has `len_len` bytes after the first byte.
fn long_length(bytes: &[u8], len_len: u8) -> Result<(usize, usize), NodeFault> {
    let len_len = usize::from(len_len);
    let digits = bytes.get(1..1 + len_len).ok_or(NodeFault::Truncated)?;
    if digits.first() == Some(&0) {
        return Err(NodeFault::NonCanonicalRlp);
    }
    let mut len = 0usize;
    for &digit in digits {
        // A length that overflows is more than there are bytes.
        len = len.checked_mul(256).ok_or(NodeFault::Truncated)? + usize::from(digit);
    }
    if len <= SHORT_MAX {
        return Err(NodeFault::NonCanonicalRlp);
    }
    Ok((1 + len_len, len))
}

/// The payload of `bytes`, which must be exactly one list.
pub(crate) fn exact_list(bytes: &[u8]) -> Result<&[u8], NodeFault> {
    let (item, rest) = split_item(bytes)?;
    if !item.list {
        return Err(NodeFault::WrongKind);
    }
    if !rest.is_empty() {
        return Err(NodeFault::TrailingBytes);
    }
    Ok(item.payload)
}

/// Splits a string off `bytes`.
pub(crate) fn split_string(bytes: &[u8]) -> Result<(&[u8], &[u8]), NodeFault> {
    let (item, rest) = split_item(bytes)?;
    if item.list { Err(NodeFault::WrongKind) } else { Ok((item.payload, rest)) }
}

/// Appends the header of a list whose items have `payload_len` bytes.
pub(crate) fn push_list_header(out: &mut Vec<u8>, payload_len: usize) {
    push_header(out, LIST_HEADER, payload_len);
}

/// Appends `string` as an RLP item.
pub(crate) fn push_string(out: &mut Vec<u8>, string: &[u8]) {
    if !is_its_own_rlp(string) {
        push_header(out, EMPTY_STRING, string.len());
    }
    out.extend_from_slice(string);
}

/// Bytes that [`push_string`] appends.
pub(crate) fn string_item_len(string: &[u8]) -> usize {
    if is_its_own_rlp(string) { 1 } else { header_len(string.len()) + string.len() }
}

fn is_its_own_rlp(string: &[u8]) -> bool {
    matches!(string, [byte] if *byte < EMPTY_STRING)
}

fn header_len(payload_len: usize) -> usize {
    if payload_len <= SHORT_MAX { 1 } else { 1 + significant(&payload_len.to_be_bytes()).len() }
}

/// `base` is 0x80 for strings and 0xc0 for lists.
fn push_header(out: &mut Vec<u8>, base: u8, payload_len: usize) {
    match u8::try_from(payload_len) {
        Ok(len) if payload_len <= SHORT_MAX => out.push(base + len),
        _ => {
            let digits = payload_len.to_be_bytes();
            let digits = significant(&digits);
            out.push(base + 55 + u8::try_from(digits.len()).unwrap_or(8));
            out.extend_from_slice(digits);
        }
    }
}

/// `digits` without leading zeros.
pub(crate) fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    digits.get(zeros..).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use alloy_rlp::Header;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_around_each_form_are_the_judges() {
        for len in [0, 1, 2, 55, 56, 57, 255, 256, 257, 65_535, 65_536, 65_537, 1 << 24] {
            let string = vec![0x80; len];
            let mut ours = Vec::new();
            push_string(&mut ours, &string);
            assert_eq!(ours, alloy_rlp::encode(&string[..]));
            assert_eq!(ours.len(), string_item_len(&string));
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            push_list_header(&mut ours, len);
            Header { list: true, payload_length: len }.encode(&mut theirs);
            assert_eq!(ours, theirs);
        }
    }

    proptest! {
        #[test]
        fn items_are_split_as_the_judge_splits_them(
            start in prop_oneof![any::<[u8; 3]>(), (0x7eu8..0x84, any::<[u8; 2]>()).prop_map(|(a, [b, c])| [a, b, c])],
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [&start[..], &rest].concat();
            let mut judged = &bytes[..];
            let header = Header::decode(&mut judged);
            match split_item(&bytes) {
                Ok((item, after)) => {
                    let header = header.unwrap();
                    prop_assert_eq!(item.list, header.list);
                    prop_assert_eq!(item.payload, &judged[..header.payload_length]);
                    prop_assert_eq!(after, &judged[header.payload_length..]);
                    prop_assert_eq!([item.whole, after].concat(), bytes);
                }
                Err(_) => prop_assert!(header.is_err()),
            }
        }

        #[test]
        fn a_string_is_its_item(string in prop::collection::vec(any::<u8>(), 0..300), after in prop::collection::vec(any::<u8>(), 0..9)) {
            let mut bytes = Vec::new();
            push_string(&mut bytes, &string);
            bytes.extend(&after);
            prop_assert_eq!(split_string(&bytes), Ok((&string[..], &after[..])));
        }
    }
}
