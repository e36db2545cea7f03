//! Prints how fast the executor runs: `cargo run --release -p ashlar-vm --example speed [program.elf]`.

use std::error::Error;

use ashlar_vm::bench::{measure, mixed_program};
use ashlar_vm::{Machine, Meter, Program, SegmentLimits};

fn main() -> Result<(), Box<dyn Error>> {
    let program = match std::env::args_os().nth(1) {
        Some(path) => Program::from_elf(&std::fs::read(path)?)?,
        None => Program::from_words(0x1000, &mixed_program(20_000_000))?,
    };
    for _ in 0..3 {
        let mut meter = Meter::new(SegmentLimits::default(), &Machine::new(&program, &[]).state());
        let speed = measure(&program, &[], &mut meter)?;
        println!("metered: {:.0} M instructions/s", speed.per_second() / 1e6);
        let speed = measure(&program, &[], &mut ())?;
        println!("plain: {:.0} M instructions/s ({} cycles)", speed.per_second() / 1e6, speed.cycles);
    }
    Ok(())
}
