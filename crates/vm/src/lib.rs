#![doc = include_str!("../README.md")]

mod arithmetic;
pub mod asm;
pub mod bench;
mod calls;
mod decode;
mod elf;
mod execute;
mod log;
mod memory;
mod metering;
mod observer;
mod poseidon2;
mod program;
mod replay;
mod run;
mod segment;
pub mod shape;
mod symbols;
mod table;
mod trap;

pub use calls::{Call, CallCounts};
pub use decode::{Instruction, Op};
pub use elf::ElfError;
pub use execute::{Machine, Status};
pub use log::{LOG_KEPT_BYTES, LogSink};
pub use memory::{MEMORY_WORDS, Memory, PAGES};
pub use metering::{Metering, meter};
pub use observer::{Access, CallStep, Observer, Region, State, Step};
pub use program::{IMAGE_BYTES_MAX, ImageChunk, LayoutError, LoadSegment, Program, SEGMENTS_MAX, Text};
pub use replay::SegmentInput;
pub use run::{ExitStatus, Options, Run, run, run_observed};
pub use segment::{Boundary, Meter, Segment, SegmentLimits};
pub use shape::Shape;
pub use symbols::{Symbol, Symbols};
pub use table::{Rows, Table};
pub use trap::{RunError, Trap, TrapKind};
