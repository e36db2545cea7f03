use p3_koala_bear::{KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS, KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16};

use crate::columns::columns;

/// One permutation.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Poseidon2Columns<T> {
    /// How often the row is asked for as a compression.
    pub compress: T,
    /// How often the row is asked for as a permutation.
    pub permute: T,
    /// The state before.
    pub input: [T; 16],
    /// The state after each of the first full rounds.
    pub first: [[T; 16]; KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS],
    /// What the S-box of each partial round returns.
    pub partial: [T; KOALABEAR_POSEIDON2_PARTIAL_ROUNDS_16],
    /// The state after each of the last full rounds; the last one is the permutation of `input`.
    pub last: [[T; 16]; KOALABEAR_POSEIDON2_HALF_FULL_ROUNDS],
}

columns!(Poseidon2Columns);
