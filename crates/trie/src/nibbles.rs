//! Paths: runs of nibbles inside a byte string, and their hex-prefix encoding (Yellow Paper, appendix C).
//!
//! A path is never expanded to one byte per nibble. It is (bytes, start, end): nibbles `start..end`, the high half of
//! a byte first. A node keeps its whole key, so moving it up or down the tree changes only `start`.

#![allow(clippy::arithmetic_side_effects, reason = "positions are at most 64 and lengths at most 33")]

use alloc::vec::Vec;

use alloy_primitives::B256;

use crate::error::NodeFault;

/// Nibbles of a key.
pub(crate) const KEY_NIBBLES: usize = 64;

/// Flag of hex-prefix: the path ends at a leaf.
const LEAF: u8 = 0x20;
/// Flag of hex-prefix: the number of nibbles is odd, and the first is in the flag byte.
const ODD: u8 = 0x10;

/// Nibble `at` of `key`, 0 to 15. `at` is below 64.
#[allow(clippy::indexing_slicing, reason = "the mask keeps the index in range")]
pub(crate) fn nibble(key: &B256, at: usize) -> usize {
    let byte = key.0[(at >> 1) & 31];
    usize::from(if at & 1 == 0 { byte >> 4 } else { byte & 15 })
}

/// Replaces nibble `at` of `key`. `at` is below 64 and `value` below 16.
#[allow(clippy::indexing_slicing, reason = "the mask keeps the index in range")]
pub(crate) fn set_nibble(key: &mut B256, at: usize, value: u8) {
    let byte = &mut key.0[(at >> 1) & 31];
    *byte = if at & 1 == 0 { (*byte & 0x0f) | (value << 4) } else { (*byte & 0xf0) | (value & 15) };
}

/// The first position in `from..to` where the nibbles of `a` and `b` differ, or `to`.
pub(crate) fn first_difference(a: &[u8], b: &[u8], from: usize, to: usize) -> usize {
    let start = from >> 1;
    for (i, (x, y)) in a.iter().zip(b).enumerate().skip(start) {
        if 2 * i >= to {
            break;
        }
        let mut difference = x ^ y;
        if i == start && from & 1 == 1 {
            difference &= 0x0f;
        }
        if difference != 0 {
            return (2 * i + usize::from(difference >> 4 == 0)).min(to);
        }
    }
    to
}

/// Bytes that [`push_path`] appends for `nibbles` nibbles.
pub(crate) fn path_item_len(nibbles: usize) -> usize {
    // One byte of flags is below 0x80 and so its own RLP; anything longer has a length byte.
    if nibbles < 2 { 1 } else { 2 + nibbles / 2 }
}

/// Appends the RLP string of the hex-prefix encoding of nibbles `start..end` of `bytes` (at most 64 nibbles).
pub(crate) fn push_path(out: &mut Vec<u8>, bytes: &[u8], start: usize, end: usize, leaf: bool) {
    let nibbles = end.saturating_sub(start);
    if nibbles >= 2 {
        out.push(u8::try_from(0x81 + nibbles / 2).unwrap_or(u8::MAX));
    }
    let flags = if leaf { LEAF } else { 0 };
    let odd = nibbles & 1;
    let first = bytes.get(start >> 1).copied().unwrap_or(0);
    out.push(match (odd, start & 1) {
        (0, _) => flags,
        (_, 0) => flags | ODD | first >> 4,
        _ => flags | ODD | first & 15,
    });
    let rest = start + odd;
    if rest & 1 == 0 {
        out.extend_from_slice(bytes.get(rest >> 1..end >> 1).unwrap_or(&[]));
    } else {
        let pairs = bytes.get(rest >> 1..=end >> 1).unwrap_or(&[]).windows(2);
        out.extend(pairs.map(|pair| match pair {
            [high, low] => high << 4 | low >> 4,
            _ => 0,
        }));
    }
}

/// A decoded hex-prefix path.
pub(crate) struct Path {
    /// The key above the path, then the path; what follows is arbitrary.
    pub key: B256,
    /// Position of the first nibble below the path, at most 64.
    pub end: usize,
    /// Whether the path leads to a value.
    pub leaf: bool,
}

/// Decodes the hex-prefix path `encoded` of a node `depth` nibbles below the root, on the way to `above`.
pub(crate) fn decode_path(encoded: &[u8], above: &B256, depth: usize) -> Result<Path, NodeFault> {
    let (&first, bytes) = encoded.split_first().ok_or(NodeFault::PathFlags)?;
    let odd = first & ODD != 0;
    if first & 0xc0 != 0 || (!odd && first & 15 != 0) {
        return Err(NodeFault::PathFlags);
    }
    if bytes.len() > KEY_NIBBLES / 2 {
        return Err(NodeFault::PathLength);
    }
    let end = depth + usize::from(odd) + 2 * bytes.len();
    if end > KEY_NIBBLES {
        return Err(NodeFault::PathLength);
    }
    let mut key = *above;
    if odd {
        set_nibble(&mut key, depth, first & 15);
    }
    let start = depth + usize::from(odd);
    if start & 1 == 0 {
        if let Some(target) = key.0.get_mut(start >> 1..end >> 1) {
            target.copy_from_slice(bytes);
        }
    } else {
        for (i, byte) in bytes.iter().enumerate() {
            set_nibble(&mut key, start + 2 * i, byte >> 4);
            set_nibble(&mut key, start + 2 * i + 1, byte & 15);
        }
    }
    Ok(Path { key, end, leaf: first & LEAF != 0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nibbles(key: &[u8]) -> Vec<u8> {
        key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
    }

    /// Hex-prefix encoding as the Yellow Paper's appendix C writes it.
    fn hex_prefix(path: &[u8], leaf: bool) -> Vec<u8> {
        let flag = if leaf { 2 } else { 0 };
        let padded = match path.len() % 2 {
            0 => [&[flag, 0], path].concat(),
            _ => [&[flag + 1], path].concat(),
        };
        padded.chunks(2).map(|pair| 16 * pair[0] + pair[1]).collect()
    }

    proptest! {
        #[test]
        fn a_nibble_is_half_a_byte(key: [u8; 32], at in 0usize..64, value in 0u8..16) {
            let mut key = B256::new(key);
            let mut expected = nibbles(&key.0);
            prop_assert_eq!(nibble(&key, at), usize::from(expected[at]));
            set_nibble(&mut key, at, value);
            expected[at] = value;
            prop_assert_eq!(nibbles(&key.0), expected);
        }

        #[test]
        fn the_first_difference_is_the_first(
            a: [u8; 32], same in 0usize..65, flip in 1u8..16, from in 0usize..65, to in 0usize..65,
        ) {
            // `b` differs from `a` at `same` and everywhere before `from`.
            let mut b = B256::new(a);
            for at in (0..from).chain([same]).filter(|&at| at < 64) {
                let value = nibble(&b, at) as u8 ^ flip;
                set_nibble(&mut b, at, value);
            }
            let (x, y) = (nibbles(&a), nibbles(&b.0));
            let expected = (from..to).find(|&at| x[at] != y[at]).unwrap_or(to);
            prop_assert_eq!(first_difference(&a, &b.0, from, to), expected);
        }

        #[test]
        fn paths_are_hex_prefix_and_back(key: [u8; 32], other: [u8; 32], start in 0usize..65, len in 0usize..65, leaf: bool) {
            let end = (start + len).min(64);
            let path = &nibbles(&key)[start..end];
            let mut out = Vec::new();
            push_path(&mut out, &key, start, end, leaf);
            let encoded = hex_prefix(path, leaf);
            prop_assert_eq!(&out, &alloy_rlp::encode(&encoded[..]));
            prop_assert_eq!(out.len(), path_item_len(end - start));

            let decoded = decode_path(&encoded, &B256::new(other), start).unwrap();
            prop_assert_eq!((decoded.end, decoded.leaf), (end, leaf));
            prop_assert_eq!(&nibbles(&decoded.key.0)[start..end], path);
            prop_assert_eq!(&nibbles(&decoded.key.0)[..start], &nibbles(&other)[..start]);
        }

        #[test]
        fn what_decodes_as_a_path_encodes_to_the_same_bytes(encoded in prop::collection::vec(any::<u8>(), 0..36), depth in 0usize..65) {
            if let Ok(path) = decode_path(&encoded, &B256::ZERO, depth) {
                let mut out = Vec::new();
                push_path(&mut out, &path.key.0, depth, path.end, path.leaf);
                prop_assert_eq!(out, alloy_rlp::encode(&encoded[..]));
            }
        }
    }
}
