//! Runs the scenario that the input names, for tests and measurements of the runtime and the machine.
//!
//! The input is words: the scenario's number, then its arguments. Tests that run it are in `xtask/tests`.

#![no_std]
#![no_main]

extern crate alloc;

mod calls;
mod heap;
mod measure;
mod memory;

use alloc::vec::Vec;

ashlar_guest_rt::entry!(main);

fn main() {
    let words: Vec<u32> = ashlar_guest_rt::read_input()
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes))
        .collect();
    let Some((scenario, arguments)) = words.split_first() else { panic!("no scenario") };
    match scenario {
        0 => calls::commit_all(arguments),
        1 => panic!("asked to panic with {arguments:?}"),
        2 => ashlar_guest_rt::halt(arguments[0]),
        3 => calls::accelerate(arguments),
        4 => memory::check_all(arguments[0] as usize),
        5 => heap::check(arguments[0]),
        6 => heap::exhaust(),
        7 => heap::overflow_stack(arguments[0]),
        8 => measure::run(arguments),
        9 => memory::store_to_image(),
        other => panic!("unknown scenario {other}"),
    }
}
