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
