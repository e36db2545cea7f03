//! Why a circuit cannot be made, or has no witness.

use thiserror::Error;

use super::Refused;

/// Why there is no circuit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// The leaves do not fit in the two tables of their rows.
    #[error("the leaves have {rows} rows, and the tables of sponges have {heights:?}")]
    SpongeRows {
        /// Rows of all leaves.
        rows: usize,
        /// Rows of the tables; the first of each is idle.
        heights: [usize; 2],
    },
    /// The table `compress` is too low.
    #[error("paths, transcript and caps have {rows} rows, and the table has {height}")]
    CompressRows {
        /// Rows that are needed.
        rows: usize,
        /// Rows of the table.
        height: usize,
    },
    /// More base field elements are to be shown than rows are free for it.
    #[error("{wires} wires are shown to lie in the base field, and {rows} rows are free for it")]
    BaseRows {
        /// Wires to show.
        wires: usize,
        /// Free rows.
        rows: usize,
    },
    /// The table `arithmetic` is too low.
    #[error("there are {operations} operations, and the table has place for {places}")]
    Operations {
        /// Operations that are needed.
        operations: usize,
        /// Places in the table.
        places: usize,
    },
    /// A row has place for one constant.
    #[error("there are {constants} constants, and the table has {height} rows")]
    Constants {
        /// Constants that are read.
        constants: usize,
        /// Rows of the table.
        height: usize,
    },
    /// A table has no rows, or too many.
    #[error("a table has no such height: 2^{log_height}")]
    Height {
        /// log2 of the height.
        log_height: u8,
    },
    /// A matrix's width is no multiple of 4, or 0.
    #[error("a matrix has {width} columns, which is no positive multiple of 4")]
    Width {
        /// The width.
        width: usize,
    },
    /// A leaf of nothing.
    #[error("a leaf has no elements")]
    EmptyLeaf,
    /// A leaf whose digest no path reads: its values could be any.
    #[error("the digest of a leaf is on no path")]
    UnreadDigest,
    /// A path whose first step is not a step up: there is no row for its leaf.
    #[error("a path does not start with a step up")]
    PathStart,
    /// A path whose sides need not be bits, or whose end need not be in its cap.
    #[error("nothing proves that a path's steps have bits, or that its index is one of the cap's")]
    PathPlace,
    /// A cap without nodes.
    #[error("a cap has no nodes")]
    EmptyCap,
    /// An absorption with more in front of its words than a carry holds, or with a tag that p3's sponge never adds.
    #[error("no row absorbs at offset {offset} with tag {tag}")]
    Absorption {
        /// The offset.
        offset: usize,
        /// The tag.
        tag: usize,
    },
    /// The row before an absorption leaves nothing over that the absorption could start with.
    #[error("nothing is left over for an absorption at offset {offset}")]
    Carry {
        /// The absorption's offset.
        offset: usize,
    },
    /// A sponge that is read before its first row.
    #[error("a duplex sponge is read before it has permuted")]
    EarlyOutput,
    /// A hash of nothing, or of another number of words than its length has.
    #[error("a hash of {length} elements is given {words} words")]
    HashLength {
        /// Elements.
        length: usize,
        /// Words.
        words: usize,
    },
    /// A leaf of one group: nothing on the narrow table would bind what is behind it.
    #[error("the rows of a leaf have four elements only")]
    ShortLeaf,
    /// On the narrow table a leaf is the start of its path.
    #[error("the digest of a leaf is on two paths")]
    SharedDigest,
    /// On the narrow table matrices of a tree have one height.
    #[error("a leaf joins a path")]
    NarrowJoin,
    /// On the narrow table a path ends in a root.
    #[error("a cap has {nodes} nodes")]
    NarrowCap {
        /// Its nodes.
        nodes: usize,
    },
    /// On the narrow table a carry is what is left over, or a constant.
    #[error("a carry is no constant")]
    NarrowCarry,
    /// The narrow table is too low.
    #[error("there are {blocks} blocks, and the table has {height}")]
    Blocks {
        /// Blocks that are needed.
        blocks: usize,
        /// Blocks of the table.
        height: usize,
    },
    /// A call that is not for these tables.
    #[error("the circuit is for other tables")]
    Layout,
    /// Public values have their values from the first assertion of what they are equal to.
    #[error("a public value is read before an assertion says what it is")]
    PublicValues,
}

/// Why a circuit has no witness with these inputs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{label}: {what}")]
pub struct Unsatisfied {
    /// Which part of the circuit failed.
    pub label: &'static str,
    /// What failed.
    pub what: Failure,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// a b + c = d does not hold.
    #[error("an assertion does not hold")]
    Assertion,
    /// d / 0.
    #[error("a quotient by zero")]
    Quotient,
    /// An element of the extension field.
    #[error("an element is not in the base field")]
    NotBase,
    /// The fourth coefficient of a carry.
    #[error("a carry has a fourth coefficient")]
    Carry,
    /// A path that ends elsewhere.
    #[error("a path does not end at the node {index} of the cap")]
    Path {
        /// The index.
        index: usize,
    },
    /// A hash or a path before anything was opened.
    #[error("the source has opened nothing")]
    NotOpened,
    /// Too few messages, values or digests.
    #[error("the source has no more {0}")]
    TooShort(&'static str),
    /// Too many messages, values or digests.
    #[error("the source has {0} left over")]
    TooLong(&'static str),
    /// The source has no such opening.
    #[error(transparent)]
    Refused(#[from] Refused),
}
