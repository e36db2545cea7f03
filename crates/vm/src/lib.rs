#![doc = include_str!("../README.md")]

mod arithmetic;
pub mod asm;
pub mod bench;
mod calls;
mod cut;
mod decode;
mod elf;
mod execute;
mod log;
mod mapped;
mod memory;
mod metering;
mod observer;
mod poseidon2;
mod profile;
mod profile_report;
mod program;
mod replay;
mod rows;
mod run;
mod segment;
mod symbols;
mod touched;
mod trap;

/// The tables of the proof and their heights, by which runs are cut.
pub use ashlar_machine::{ABSENT, SHAPES, Shape, Table};
pub use calls::{Call, CallCounts};
pub use cut::meter_cheapest;
pub use decode::{Instruction, Op};
pub use elf::ElfError;
pub use execute::{Machine, Status};
pub use log::{LOG_KEPT_BYTES, LogSink};
pub use memory::{MEMORY_WORDS, Memory, PAGES};
pub use metering::{Metering, meter};
pub use observer::{Access, CallStep, Observer, Region, State, Step};
pub use profile::{Profile, profile};
pub use profile_report::{FlameGraphFailure, FunctionCost, ProfileReport};
pub use program::{IMAGE_BYTES_MAX, ImageChunk, LayoutError, LoadSegment, Program, SEGMENTS_MAX, Text};
pub use replay::SegmentInput;
pub use rows::Rows;
pub use run::{ExitStatus, Options, Run, run, run_observed};
pub use segment::{Boundary, Meter, Segment, SegmentLimits};
pub use symbols::{Symbol, Symbols};
pub use trap::{RunError, Trap, TrapKind};
