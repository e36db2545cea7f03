//! Prints how fast the executor runs: `cargo run --release -p ashlar-vm --example speed [program.elf]`.

use std::error::Error;

use ashlar_vm::Program;
use ashlar_vm::bench::{measure, mixed_program};

fn main() -> Result<(), Box<dyn Error>> {
    let program = match std::env::args_os().nth(1) {
        Some(path) => Program::from_elf(&std::fs::read(path)?)?,
        None => Program::from_words(0x1000, &mixed_program(20_000_000))?,
    };
    for _ in 0..3 {
        let speed = measure(&program, &[], &mut ())?;
        println!("plain: {:.0} M instructions/s ({} cycles)", speed.per_second() / 1e6, speed.cycles);
    }
    Ok(())
}
