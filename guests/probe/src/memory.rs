//! The memory functions against loops over single bytes.

use alloc::vec::Vec;
use core::hint::black_box;
use core::ptr;

use ashlar_abi::memory::DATA_START;

/// Room around the checked ranges, so that a byte too many is seen.
const MARGIN: usize = 16;

/// Checks every alignment of both sides for every length up to `len_max`.
pub(crate) fn check_all(len_max: usize) {
    let size = len_max + 2 * MARGIN + 8;
    let source: Vec<u8> = (0..size).map(|i| (i * 7 + 3) as u8).collect();
    let mut target: Vec<u8> = Vec::with_capacity(size);
    for len in 0..=len_max {
        for to in MARGIN..MARGIN + 4 {
            check_set(&source, &mut target, to, len);
            for from in MARGIN..MARGIN + 4 {
                check_copy(&source, &mut target, to, from, len);
                check_compare(&source, &mut target, to, from, len);
            }
        }
        for to in MARGIN - 9..=MARGIN + 9 {
            check_move(&source, &mut target, to, len);
        }
    }
}

fn reset(target: &mut Vec<u8>, source: &[u8]) {
    target.clear();
    for byte in source {
        target.push(black_box(!*byte));
    }
}

/// Every byte of `target` is what `expected` says of its position.
fn expect(target: &[u8], expected: impl Fn(usize) -> u8, what: &str, detail: [usize; 3]) {
    for (i, byte) in target.iter().enumerate() {
        assert!(*black_box(byte) == expected(i), "{what}: byte {i} is wrong for {detail:?}");
    }
}

fn check_copy(source: &[u8], target: &mut Vec<u8>, to: usize, from: usize, len: usize) {
    reset(target, source);
    // SAFETY: both ranges lie in their vectors, which are distinct.
    unsafe {
        ptr::copy_nonoverlapping(source.as_ptr().add(from), target.as_mut_ptr().add(to), black_box(len))
    };
    let inside = |i| (to..to + len).contains(&i);
    let expected = |i: usize| if inside(i) { source[i - to + from] } else { !source[i] };
    expect(target, expected, "memcpy", [to, from, len]);
}

fn check_move(source: &[u8], target: &mut Vec<u8>, to: usize, len: usize) {
    reset(target, source);
    let start = target.as_mut_ptr();
    // SAFETY: both ranges lie in the vector.
    unsafe { ptr::copy(start.add(MARGIN), start.add(to), black_box(len)) };
    let inside = |i| (to..to + len).contains(&i);
    let expected = |i: usize| !source[if inside(i) { i + MARGIN - to } else { i }];
    expect(target, expected, "memmove", [to, MARGIN, len]);
}

fn check_set(source: &[u8], target: &mut Vec<u8>, to: usize, len: usize) {
    reset(target, source);
    // SAFETY: the range lies in the vector.
    unsafe { ptr::write_bytes(target.as_mut_ptr().add(to), black_box(0xa5), black_box(len)) };
    let inside = |i| (to..to + len).contains(&i);
    expect(target, |i| if inside(i) { 0xa5 } else { !source[i] }, "memset", [to, 0, len]);
}

fn check_compare(source: &[u8], target: &mut Vec<u8>, to: usize, from: usize, len: usize) {
    reset(target, source);
    for i in 0..len {
        target[to + i] = black_box(source[from + i]);
    }
    let left = &source[from..][..len];
    assert!(left == &target[to..][..len], "memcmp: equal ranges differ for {to} {from} {len}");
    // One byte apart, at both ends and in the middle, in both directions.
    for at in [0, len / 2, len.saturating_sub(1)] {
        if at >= len {
            continue;
        }
        for value in [source[from + at].wrapping_add(1), source[from + at].wrapping_sub(0x80)] {
            target[to + at] = black_box(value);
            let expected = source[from + at].cmp(&value);
            let result = left.cmp(black_box(&target[to..][..len]));
            assert!(result == expected, "memcmp: {to} {from} {len} at {at}");
            assert!(left != &target[to..][..len], "bcmp: {to} {from} {len} at {at}");
        }
        target[to + at] = source[from + at];
    }
}

/// Writes to read-only memory, which traps.
pub(crate) fn store_to_image() {
    let below_data = ptr::without_provenance_mut::<u32>(black_box(DATA_START as usize - 4));
    // SAFETY: none, and that is the point: the machine must trap on the address.
    unsafe { below_data.write_volatile(1) };
}
