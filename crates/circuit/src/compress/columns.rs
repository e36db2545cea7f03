use crate::columns::columns;
use crate::permutation::Rounds16;

/// One permutation: a step of a Merkle path, or of a transcript.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CompressColumns<T> {
    /// The state before; of a path, the left and the right child.
    pub input: [T; 16],
    /// The permutation; its output is the state after.
    pub rounds: Rounds16<T>,
    /// Two wires, a digest or a cap's node; on a path, the child that is known.
    pub word: [T; 8],
    /// What is absorbed in front of the word.
    pub carry: [T; 3],
    /// Which child the known one is: 0 for the left.
    pub bit: T,
    /// Position of the path's end in its cap.
    pub index: T,
    /// How often a cap's node is read.
    pub uses: T,
    /// Free: makes the width a multiple of 4.
    pub free: [T; 2],
}

columns!(CompressColumns);

/// What a key fixes of a row. Counts are positive where the row defines, negative where it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct CompressFixed<T> {
    /// Wires of the two halves of the word.
    pub word_address: [T; 2],
    /// Their counts.
    pub word_count: [T; 2],
    /// The word as a digest.
    pub digest_address: T,
    /// Its count.
    pub digest_count: T,
    /// The word as a node of a cap.
    pub cap_address: T,
    /// Flag: the row states the node.
    pub is_cap: T,
    /// The wire of the bit.
    pub bit_address: T,
    /// Flag: it is read.
    pub has_bit: T,
    /// The wire of the index.
    pub index_address: T,
    /// Flag: it is read, and the output is looked up in a cap.
    pub has_index: T,
    /// Address of that cap's first node.
    pub end_address: T,
    /// Wires of the first two words of the output.
    pub out_address: [T; 2],
    /// Their counts.
    pub out_count: [T; 2],
    /// The wire of the carry.
    pub carry_address: T,
    /// Flag: it is read.
    pub has_carry: T,
    /// Flags, at most one: the input's first half is this many elements of the carry, then the word.
    pub absorbs: [T; 4],
    /// Flag: the word is the child that the bit says.
    pub is_path: T,
    /// Flag: the next row's word is the output's first half.
    pub chain_word: T,
    /// Flag: the next row's left input is the output's first half.
    pub chain_left: T,
    /// Flag: the next row's capacity is the output's, with the tag.
    pub chain_state: T,
    /// What is added to its first element.
    pub tag: T,
    /// Flag: the next row's capacity is this row's word. Not with `chain_state`.
    pub loads: T,
    /// Flags, at most one, for 1 to 3: the next row's carry is this many last elements of the word.
    pub chain_carry: [T; 3],
}

columns!(CompressFixed);
