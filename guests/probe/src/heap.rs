//! The allocator and the limits of memory, from inside.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::hint::black_box;

/// Uses collections that allocate, grow, shrink and free in many sizes, and checks what they hold.
pub(crate) fn check(rounds: u32) {
    let mut map = BTreeMap::new();
    let mut noise = 0x2545_f491u32;
    for round in 0..rounds {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let key = noise % 512;
        let len = (noise >> 9) as usize % if round % 64 == 0 { 20_000 } else { 300 };
        match round % 4 {
            0 => drop(map.remove(&key)),
            1 => map.entry(key).or_insert_with(Vec::new).shrink_to_fit(),
            _ => map.entry(key).or_insert_with(Vec::new).resize(len, key as u8),
        }
        let zeros = black_box(alloc::vec![0u8; len]);
        assert!(zeros.iter().all(|byte| *byte == 0), "zeroed memory is not zero");
    }
    for (key, bytes) in &map {
        assert!(bytes.iter().all(|byte| *byte == *key as u8), "a block lost its content");
    }
    let mut text = String::new();
    for (key, bytes) in &map {
        text.push_str(&alloc::format!("{key}:{},", bytes.len()));
    }
    ashlar_guest_rt::log(text.as_bytes());
}

/// Allocates until nothing is left, which panics.
pub(crate) fn exhaust() {
    let mut blocks = Vec::new();
    loop {
        blocks.push(Vec::<u8>::with_capacity(64 << 20));
        black_box(&blocks);
    }
}

/// Recurses to this depth, 1 KiB of stack each.
pub(crate) fn overflow_stack(depth: u32) {
    let frame = black_box([depth as u8; 1024]);
    if depth > 0 {
        overflow_stack(depth - 1);
    }
    black_box(frame);
}
