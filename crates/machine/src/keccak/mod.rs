#![doc = include_str!("README.md")]

mod air;
mod columns;
mod layout;
mod table;
#[cfg(test)]
mod tests;
mod trace;

pub use air::KeccakAir;
pub use columns::KeccakColumns;
pub use layout::bus_name;
pub use table::{KeccakCounts, KeccakTableAir, generate_table};
pub use trace::{KeccakEvent, ROWS, generate};
