//! L2->L1 logs and their tree (`specs/017-messages.md`).

use super::{MESSENGER, SYSTEM};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, b256, keccak256};

/// Depth of the tree of logs.
pub const L2_LOG_TREE_DEPTH: usize = 14;

/// Most logs of a batch.
pub const L2_LOGS_MAX: usize = 1 << L2_LOG_TREE_DEPTH;

/// Depth of a batch's tree.
const BATCH_TREE_DEPTH: usize = 3;

/// Leaf where no log is: Keccak-256 of 88 zero bytes.
const PADDING_LEAF: B256 = b256!("72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba");

/// What happened on the chain, for contracts on Ethereum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct L2Log {
    /// Whether the system made it; all logs that exist are the system's.
    pub is_service: bool,
    /// Index of the transaction in the batch.
    pub transaction_index: u16,
    /// Sender.
    pub sender: Address,
    /// Key.
    pub key: B256,
    /// Value.
    pub value: B256,
}

impl L2Log {
    /// A message.
    pub fn message(transaction_index: u16, sender: Address, hash: B256) -> Self {
        Self { is_service: true, transaction_index, sender: MESSENGER, key: sender.into_word(), value: hash }
    }

    /// The status of a priority operation.
    pub fn status(transaction_index: u16, operation: B256, success: bool) -> Self {
        let value = B256::with_last_byte(success.into());
        Self { is_service: true, transaction_index, sender: SYSTEM, key: operation, value }
    }

    /// The 88 bytes that are hashed.
    pub fn encode(&self) -> [u8; 88] {
        let mut bytes = [0; 88];
        let fields: [&[u8]; 6] = [
            &[0],
            &[self.is_service.into()],
            &self.transaction_index.to_be_bytes(),
            self.sender.as_slice(),
            self.key.as_slice(),
            self.value.as_slice(),
        ];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// Leaf of the tree of logs.
    pub fn leaf(&self) -> B256 {
        keccak256(self.encode())
    }
}

/// The tree of a batch's logs: leaves to root, without what is only padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTree {
    /// Nodes by height, leaves first, from the left.
    levels: Vec<Vec<B256>>,
    /// The padding's node at each height.
    padding: Vec<B256>,
}

impl LogTree {
    /// The tree of these leaves; `None` if they are too many.
    pub fn new(leaves: Vec<B256>) -> Option<Self> {
        if leaves.len() > L2_LOGS_MAX {
            return None;
        }
        let mut tree = Self { levels: Vec::new(), padding: Vec::new() };
        let (mut level, mut padding) = (leaves, PADDING_LEAF);
        for _ in 0..L2_LOG_TREE_DEPTH {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                [left] => node(left, &padding),
                _ => padding,
            });
            let above = above.collect();
            tree.levels.push(core::mem::replace(&mut level, above));
            tree.padding.push(padding);
            padding = node(&padding, &padding);
        }
        tree.levels.push(level);
        tree.padding.push(padding);
        Some(tree)
    }

    /// The root.
    pub fn root(&self) -> B256 {
        self.node(L2_LOG_TREE_DEPTH, 0)
    }

    /// The siblings of a proof that a log has this index (`specs/017`, "Proof of a log"), those of the batch's tree
    /// behind; `None` if there is no such log.
    pub fn proof(&self, index: usize) -> Option<Vec<B256>> {
        if index >= self.levels.first()?.len() {
            return None;
        }
        let of_logs = (0..L2_LOG_TREE_DEPTH).map(|height| self.node(height, (index >> height) ^ 1));
        Some(of_logs.chain(zero_subtrees()).collect())
    }

    fn node(&self, height: usize, index: usize) -> B256 {
        let level = self.levels.get(height).and_then(|level| level.get(index));
        level.or_else(|| self.padding.get(height)).copied().unwrap_or_default()
    }
}

/// Root of a batch's tree: the root of its logs, and seven leaves that are zero.
pub fn batch_root(logs: &B256) -> B256 {
    zero_subtrees().fold(*logs, |left, right| node(&left, &right))
}

/// Roots of trees of zero words, by height.
fn zero_subtrees() -> impl Iterator<Item = B256> {
    core::iter::successors(Some(B256::ZERO), |below| Some(node(below, below))).take(BATCH_TREE_DEPTH)
}

fn node(left: &B256, right: &B256) -> B256 {
    keccak256([left.0, right.0].concat())
}
