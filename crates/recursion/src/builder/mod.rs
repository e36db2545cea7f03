#![doc = include_str!("README.md")]

mod arithmetic;
mod bits;
mod circuit;
mod compress;
mod error;
mod execute;
mod inputs;
mod layout;
mod leaves;
mod narrow;
mod plan;
mod program;
mod rows;
mod sponge;
#[cfg(test)]
mod tests;
mod wires;

use std::collections::{HashMap, HashSet};

use ashlar_circuit::Challenge;

pub use circuit::{Circuit, CircuitShape, Usage, Witness};
pub use error::{BuildError, Failure, Unsatisfied};
pub use inputs::{Inputs, Openings, Refused};
pub use narrow::{NarrowCircuit, NarrowUsage, NarrowWitness};

use compress::{CompressSpec, Track};
use program::{Instruction, Operation};
use wires::Wires;

/// An element of the extension field with an address on the `witness` bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wire(pub(crate) u32);

/// The digest of a sponge, with an address on the `digest` bus. Read by one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DigestWire(pub(crate) u32);

/// A Merkle cap: its nodes have consecutive addresses on the `cap` bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cap {
    pub(crate) address: u32,
    pub(crate) len: u32,
}

/// Which of the inner proofs data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(pub usize);

/// A step of a Merkle path, from the leaf up.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The node is the left (bit 0) or the right child; its sibling comes from outside.
    Up(Wire),
    /// A lower matrix's leaf joins: the node becomes compress(node, digest).
    Inject(DigestWire),
}

/// A duplex sponge of width 16 and rate 8 under way: rows of `compress` that follow each other.
#[derive(Clone, Debug)]
pub struct Duplex {
    pub(crate) track: usize,
}

/// One absorption: `carry` is a wire whose first `offset` (0 to 3) coefficients come first, or None where the carry is
/// what the two words of the row before left over; then `words`, of which the last `offset` coefficients are left over for
/// the next row. `tag` is what is added to the first element of the capacity.
///
/// The last coefficient of a `carry` wire must be zero. Without one, the row before must be an absorption with the same
/// offset.
#[derive(Clone, Copy, Debug)]
pub struct Absorb {
    /// Elements that are in front of the words.
    pub offset: usize,
    /// Where they come from.
    pub carry: Option<Wire>,
    /// Two words of four elements each.
    pub words: [Wire; 2],
    /// How many elements p3's duplex sponge is told that it absorbs; 0 for our own hashes.
    pub tag: usize,
}

/// Which tables a circuit is for. It says how leaves are hashed, too: the two have sponges of different widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The tables of `specs/009-recursion-tables.md`: leaves are hashed by the sponge of width 24.
    Wide,
    /// The one table of `specs/011-narrow-table.md`: leaves are hashed by the sponge of width 16, caps have one node, and all
    /// matrices of a tree one height.
    Narrow,
}

/// Makes a circuit.
pub struct Builder {
    layout: Layout,
    wires: Wires,
    program: Vec<Instruction>,
    /// Where each label starts.
    labels: Vec<(usize, &'static str)>,
    /// Wires by their value, operands or origin, so that nothing is computed twice. Only looked up: their order is
    /// nowhere seen.
    constants: HashMap<Challenge, Wire>,
    results: HashMap<[Wire; 3], Wire>,
    asserted: HashSet<[Wire; 4]>,
    inverses: HashMap<Wire, Wire>,
    bits: HashMap<Wire, [Wire; 31]>,
    coefficients: HashMap<Wire, [Wire; 4]>,
    /// Wires that a row of `compress` reads to show that they are base field elements.
    based: Vec<Wire>,
    public: Option<[Wire; 2]>,
    /// Of the narrow table, by number; the first is X.
    public_words: Vec<Wire>,
    /// Public values that an assertion has said the value of.
    published: Vec<Wire>,
    compress: Vec<CompressSpec>,
    tracks: Vec<Track>,
    /// The nodes of all caps, by address.
    cap_nodes: Vec<[Wire; 2]>,
    digests: u32,
    /// The first call that no circuit can be made of.
    misuse: Option<BuildError>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty circuit on the wide tables.
    pub fn new() -> Self {
        Self::with_layout(Layout::Wide)
    }

    /// An empty circuit.
    pub fn with_layout(layout: Layout) -> Self {
        let mut builder = Self {
            layout,
            wires: Wires::default(),
            program: Vec::new(),
            labels: Vec::new(),
            constants: HashMap::new(),
            results: HashMap::new(),
            asserted: HashSet::new(),
            inverses: HashMap::new(),
            bits: HashMap::new(),
            coefficients: HashMap::new(),
            based: Vec::new(),
            public: None,
            public_words: Vec::new(),
            published: Vec::new(),
            compress: Vec::new(),
            tracks: Vec::new(),
            cap_nodes: Vec::new(),
            digests: 0,
            misuse: None,
        };
        builder.first_constants();
        builder
    }

    /// Which tables the circuit is for.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// A name for what follows, shown when a check fails.
    pub fn label(&mut self, label: &'static str) {
        self.labels.push((self.program.len(), label));
    }

    fn instruct(&mut self, instruction: Instruction) {
        self.program.push(instruction);
    }

    fn operate(&mut self, operation: Operation) {
        self.program.push(Instruction::Operate(operation));
    }

    fn misused(&mut self, error: BuildError) {
        self.misuse.get_or_insert(error);
    }
}
