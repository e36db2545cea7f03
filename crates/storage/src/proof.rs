//! Proofs of values in tries.

use crate::{source::StoreSource, store::Store};
use alloy_primitives::{B256, Bytes};
use ashlar_trie::{NodeSet, Trie, TrieError};

/// What a trie has under a key, and the nodes that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrieProof {
    /// The value; `None` if the trie has none under the key, which the nodes prove too.
    pub value: Option<Bytes>,
    /// Nodes on the way to the key, from the root on. Those below 32 bytes stand in their parents; the empty trie has none.
    pub nodes: Vec<Bytes>,
}

impl TrieProof {
    /// Of a key in the trie with this root. Where the store fails a node seems to be missing: see [`StoreSource::failure`].
    pub fn of<S: Store>(source: &StoreSource<'_, S>, root: B256, key: &B256) -> Result<Self, TrieError> {
        let mut nodes = NodeSet::over(source);
        let mut trie = Trie::new(root);
        let value = trie.get(&mut nodes, key)?.map(Bytes::copy_from_slice);
        Ok(Self { value, nodes: nodes.used().map(Bytes::copy_from_slice).collect() })
    }
}
