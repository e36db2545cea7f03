use crate::columns::columns;
use crate::permutation::Rounds24;

/// One permutation, and the sums of its data.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SpongeColumns<T> {
    /// The state before: 16 elements of data or what was there before, and the capacity.
    pub input: [T; 24],
    /// The permutation; its output is the state after.
    pub rounds: Rounds24<T>,
    /// The sum of the row before, after its last group.
    pub carried: [T; 4],
    /// The sums after each group of four elements of data.
    pub sums: [[T; 4]; 4],
    /// The powers a, a^2, a^3, a^4 of what combines the data.
    pub powers: [[T; 4]; 4],
    /// Free: makes the width a multiple of 4.
    pub free: T,
}

columns!(SpongeColumns);

/// What a key fixes of a row. Counts are positive where the row defines, negative where it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SpongeFixed<T> {
    /// Wires of the sums.
    pub sum_address: [T; 4],
    /// How often the sums are defined.
    pub sum_count: [T; 4],
    /// Flags: the sum of this group adds to that of the group before.
    pub continues: [T; 4],
    /// Flag: sums are of powers of a times the data.
    pub batches: T,
    /// Flag: sums are the data, each group as an element of the extension field.
    pub delivers: T,
    /// Flag: the next row goes on from this row's state.
    pub chains: T,
    /// Flags for groups 1 to 3: the next row has no data there.
    pub retains: [T; 3],
    /// The digest, which is the first 8 elements of the output.
    pub digest_address: T,
    /// How often it is defined.
    pub digest_count: T,
    /// The wire of a.
    pub power_address: T,
    /// Its count.
    pub power_count: T,
    /// Flag: the next row has the same a.
    pub holds: T,
    /// Zero: makes the width a multiple of 4.
    pub zero: T,
}

columns!(SpongeFixed);
