//! What a circuit does, in order of creation: how the values of wires and rows come about.

use ashlar_circuit::Challenge;

use super::leaves::Leaf;
use super::{Cap, DigestWire, Source, Step, Wire};

/// What a circuit does, whatever tables it is laid out in.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
    /// Where each label starts.
    pub(super) labels: Vec<(usize, &'static str)>,
    /// By wire: the values of constants, zero for all others.
    pub(super) values: Vec<Challenge>,
    pub(super) digests: usize,
    pub(super) tracks: usize,
    pub(super) cap_nodes: usize,
}

/// Four wires with a b + c = d, and which of them it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) a: Wire,
    pub(super) b: Wire,
    pub(super) c: Wire,
    pub(super) d: Wire,
}

/// Which of its wires an operation defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// d.
    MulAdd,
    /// d, which is a public word that must be read.
    Copy,
    /// None.
    Assert,
    /// None: d is a public value, and has its value from here.
    Publish,
    /// a, which is d / b. With b = d = 0 any a would do.
    Divide,
    /// a, which is b and d as well. A hint has found it.
    Bit,
}

/// A row of `compress` in a duplex sponge.
#[derive(Clone, Copy, Debug)]
pub(super) struct DuplexRow {
    pub(super) row: u32,
    pub(super) track: u32,
    pub(super) does: Duplexing,
}

/// What a row of a duplex sponge does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Duplexing {
    /// The words are the initial capacity.
    Load([Wire; 2]),
    /// The state's first 8 elements are the carry's and the words'.
    Absorb { offset: u8, carry: Option<Carry>, words: [Wire; 2], tag: u8 },
    /// Only permutes.
    Squeeze,
}

/// A wire of which some coefficients are absorbed in front of the words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carry {
    pub(super) wire: Wire,
    /// The first of them.
    pub(super) from: u8,
}

/// A Merkle path: consecutive rows of `compress`, or blocks.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) source: Source,
    pub(super) row: u32,
    pub(super) leaf: DigestWire,
    pub(super) steps: Vec<Step>,
    pub(super) index: Wire,
    pub(super) cap: Cap,
}

/// A step of the program.
#[derive(Clone, Debug)]
pub(super) enum Instruction {
    Operate(Operation),
    /// The next message of the source.
    Message {
        source: Source,
        wire: Wire,
    },
    /// The 31 bits of a base field element.
    Bits {
        of: Wire,
        first: Wire,
    },
    /// The coefficients 1 to 3.
    Coefficients {
        of: Wire,
        first: Wire,
    },
    /// The wire lies in the base field.
    Base(Wire),
    Duplex(DuplexRow),
    /// The state's first 8 elements.
    Output {
        track: u32,
        words: [Wire; 2],
    },
    /// A node of a cap.
    Node {
        row: u32,
        address: u32,
        words: [Wire; 2],
    },
    Path(Box<Path>),
    Leaf(Box<Leaf>),
    Open {
        source: Source,
        wires: Box<[Wire]>,
    },
}

impl Instruction {
    /// Calls `read` with each wire whose value must be known before.
    pub(super) fn each_operand(&self, mut read: impl FnMut(Wire)) {
        match self {
            Self::Operate(Operation { kind, a, b, c, d }) => match kind {
                Kind::MulAdd | Kind::Copy | Kind::Publish => {
                    [a, b, c].into_iter().for_each(|wire| read(*wire))
                }
                Kind::Assert => [a, b, c, d].into_iter().for_each(|wire| read(*wire)),
                Kind::Divide => [b, c, d].into_iter().for_each(|wire| read(*wire)),
                Kind::Bit => read(*c),
            },
            Self::Message { .. } | Self::Output { .. } => {}
            Self::Bits { of, .. } | Self::Coefficients { of, .. } | Self::Base(of) => read(*of),
            Self::Duplex(DuplexRow { does, .. }) => match does {
                Duplexing::Load(words) => words.iter().for_each(|wire| read(*wire)),
                Duplexing::Absorb { carry, words, .. } => {
                    carry.iter().map(|carry| &carry.wire).chain(words).for_each(|wire| read(*wire));
                }
                Duplexing::Squeeze => {}
            },
            Self::Node { words, .. } => words.iter().for_each(|wire| read(*wire)),
            Self::Path(path) => {
                for step in &path.steps {
                    if let Step::Up(bit) = step {
                        read(*bit);
                    }
                }
                read(path.index);
            }
            Self::Leaf(leaf) => leaf.powers().iter().for_each(|wire| read(*wire)),
            Self::Open { wires, .. } => wires.iter().for_each(|wire| read(*wire)),
        }
    }
}
