//! How long proofs are, and what a transaction with one costs at most: the paths depend on where the queries are.

use crate::shape::ContractShape;

/// Bytes of an element of the extension field.
const EXT_BYTES: usize = 16;
/// Bytes of an element of the base field, and of a nonce.
const ELEMENT_BYTES: usize = 4;
/// Bytes of a node of a tree.
const NODE_BYTES: usize = 26;
/// Trees of rows: table, quotient, fixed columns, messages.
const ROW_TREES: usize = 4;
/// Bytes of a word of the ABI.
const WORD_BYTES: usize = 32;
/// Gas of a transaction that does nothing.
const TRANSACTION_GAS: u64 = 21_000;

/// What a byte of the calldata costs, at least and beside what is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalldataPrice {
    /// A byte, beside what is executed.
    pub byte: u64,
    /// A zero byte, beside what is executed.
    pub zero: u64,
    /// A byte, where nothing that is executed counts.
    pub floor_byte: u64,
    /// A zero byte, where nothing that is executed counts.
    pub floor_zero: u64,
}

impl CalldataPrice {
    /// The prices since EIP-7623.
    pub const PRAGUE: Self = Self { byte: 16, zero: 4, floor_byte: 40, floor_zero: 10 };
    /// The prices of EIP-7976: at least 64 for any byte.
    pub const EIP_7976: Self = Self { byte: 16, zero: 4, floor_byte: 64, floor_zero: 64 };

    /// The gas of a transaction with so many bytes, so many of them zero, that executes so much.
    pub fn transaction_gas(&self, bytes: u64, zeros: u64, execution: u64) -> u64 {
        let others = bytes.saturating_sub(zeros);
        let sum = TRANSACTION_GAS + self.byte * others + self.zero * zeros + execution;
        let floor = TRANSACTION_GAS + self.floor_byte * others + self.floor_zero * zeros;
        sum.max(floor)
    }
}

impl ContractShape {
    /// Bytes of a proof without its paths.
    pub fn fixed_bytes(&self) -> usize {
        let opened = 2 * self.main_width + self.quotient_width + self.fixed_width + 2 * self.aux_width;
        let row = self.main_width + self.quotient_width + self.fixed_width + self.aux_width;
        let siblings: usize = self.rounds.iter().map(|log_arity| (1 << log_arity) - 1).sum();
        // Salt, and nonces of messages, point, batch and queries; the roots of rows but that of fixed columns; terminal.
        5 * ELEMENT_BYTES
            + (ROW_TREES - 1) * NODE_BYTES
            + EXT_BYTES
            + EXT_BYTES * opened
            + self.rounds.len() * (NODE_BYTES + ELEMENT_BYTES)
            + EXT_BYTES * self.final_coefficients
            + self.queries * ELEMENT_BYTES * row
            + self.queries * EXT_BYTES * siblings
    }

    /// log2 of the positions that a query may be at.
    pub const fn log_height(&self) -> usize {
        self.log_rows + self.log_blowup
    }

    /// Of each round, how far an index is shifted to be the position of its leaf.
    fn shifts(&self) -> impl Iterator<Item = usize> {
        self.rounds.iter().scan(0, |shift, log_arity| {
            *shift += log_arity;
            Some(*shift)
        })
    }

    /// Nodes in the paths of all trees, for queries at these positions.
    pub fn path_nodes(&self, indices: &[usize]) -> usize {
        let rounds = self.shifts().map(|shift| {
            nodes_of_tree(indices.iter().map(|index| index >> shift), self.log_height() - shift)
        });
        ROW_TREES * nodes_of_tree(indices.iter().copied(), self.log_height()) + rounds.sum::<usize>()
    }

    /// The most that `path_nodes` gives, of any positions.
    pub fn path_nodes_max(&self) -> usize {
        let tree = |depth| most_nodes_of_tree(self.queries, depth);
        ROW_TREES * tree(self.log_height())
            + self.shifts().map(|shift| tree(self.log_height() - shift)).sum::<usize>()
    }

    /// Positions that are as far apart as can be: their paths are the longest.
    pub fn spread_indices(&self) -> Vec<usize> {
        let bits = self.log_height();
        (0..self.queries).map(|i| i.reverse_bits() >> (usize::BITS as usize - bits)).collect()
    }

    /// Bytes of a proof with so many nodes in its paths.
    pub fn proof_bytes(&self, path_nodes: usize) -> usize {
        self.fixed_bytes() + NODE_BYTES * path_nodes
    }

    /// Bytes of the calldata of `verifyAll` or `submit` with so many statements.
    pub fn calldata_bytes(&self, path_nodes: usize, statements: usize) -> usize {
        // The selector, two places and two lengths; a key and an output of each statement.
        let head = 4 + 4 * WORD_BYTES + 2 * WORD_BYTES * statements;
        head + self.proof_bytes(path_nodes).next_multiple_of(WORD_BYTES)
    }
}

/// Siblings of these leaves and of what is above them that are not computed themselves.
fn nodes_of_tree(positions: impl Iterator<Item = usize>, depth: usize) -> usize {
    let mut level: Vec<usize> = positions.collect();
    level.sort_unstable();
    level.dedup();
    let mut nodes = 0;
    for _ in 0..depth {
        let known = level.len();
        for position in &mut level {
            *position /= 2;
        }
        level.dedup();
        // Each node of the next level has two children.
        nodes += 2 * level.len() - known;
    }
    nodes
}

/// The same, of any so many leaves or fewer. With n_l nodes known on level l it is the sum of 2 n_(l + 1) - n_l, which is the
/// sum of all n_l above the leaves, and 1 - n_0; n_l is at most the number of leaves and of nodes on its level.
fn most_nodes_of_tree(leaves: usize, depth: usize) -> usize {
    let of = |known: usize| {
        let above: usize = (1..=depth).map(|level| known.min(1 << (depth - level))).sum();
        above + 1 - known
    };
    (1..=leaves.min(1 << depth)).map(of).max().unwrap_or(0)
}
