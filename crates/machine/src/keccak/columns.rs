use super::layout::{CUT_LANES, LANES, PIECES};
use crate::columns::columns;

/// One row: one slice of 16 bits of one step.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct KeccakColumns<T> {
    /// States the limbs of the state before the permutation.
    pub is_input: T,
    /// Takes the same state through theta, into the first round.
    pub is_start: T,
    /// Rounds 1 to 23: chi and iota, then theta of the next round.
    pub is_round: T,
    /// Round 24: chi and iota; states the limbs of the state after the permutation.
    pub is_last: T,
    /// Reads and writes memory.
    pub is_memory: T,
    /// The first row with `is_input`.
    pub is_call: T,
    /// The first row with `is_memory`.
    pub is_load: T,
    /// The rows with `is_memory` but the last.
    pub is_full: T,
    /// Cycle of the call.
    pub clock: T,
    /// Word address of the state.
    pub address: T,
    /// Number of the round, from 1; before the first, 0.
    pub step: T,
    /// The round constant's pieces 0, 1 and 3. Its piece 2 is 0 in every slice.
    pub constant: [T; 3],
    /// Pieces of each lane before chi. If `is_memory`, limbs of the state before.
    pub before: [[T; PIECES]; LANES],
    /// Pieces of each lane after theta, less the bits that go to `high`. If `is_input` or `is_last`, the result of chi
    /// and iota as numbers of 4 bits. If `is_memory`, limbs of the state after.
    pub low: [[T; PIECES]; LANES],
    /// The top bits of pieces, as many as rho's offset has modulo 4.
    pub high: [[T; PIECES]; CUT_LANES],
    /// The last of `high` in the slice that rho moves next to this one.
    pub carried: [T; CUT_LANES],
    /// The column parities' pieces, without their top bits.
    pub parity_low: [[T; PIECES]; 5],
    /// The column parities' top bits.
    pub parity_top: [[T; PIECES]; 5],
    /// The column parities' top bits in the previous slice.
    pub parity_before: [T; 5],
}

columns!(KeccakColumns);
