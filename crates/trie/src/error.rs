//! What can be wrong with a witness or with a call.

use alloy_primitives::B256;

/// Why an operation on a [`Trie`](crate::Trie) could not be done. The trie is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The operation needs a node that the witness does not hold.
    #[error("the witness lacks node {hash}")]
    MissingNode {
        /// Keccak-256 of the node's RLP.
        hash: B256,
    },
    /// A node on the way is not one that a Merkle Patricia trie with 32-byte keys can contain.
    #[error("malformed node at depth {depth}: {fault}")]
    MalformedNode {
        /// Nibbles of the key above the node, 0 to 64.
        depth: usize,
        /// What is wrong with it.
        fault: NodeFault,
    },
    /// The trie maps absent keys to nothing, so it cannot hold the empty string: remove the key instead.
    #[error("the empty string cannot be a value")]
    EmptyValue,
}

/// What is wrong with a node's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeFault {
    /// An item claims more bytes than there are.
    #[error("ends inside an item")]
    Truncated,
    /// Bytes follow the node's list, or the two items of a leaf or extension.
    #[error("bytes after the end")]
    TrailingBytes,
    /// A length or a single byte is not in its shortest form (Yellow Paper, appendix B).
    #[error("RLP is not canonical")]
    NonCanonicalRlp,
    /// A string where a list belongs, or the other way round.
    #[error("string in place of a list or list in place of a string")]
    WrongKind,
    /// Neither 2 nor 17 items.
    #[error("neither 2 nor 17 items")]
    ItemCount,
    /// The 17th item of a branch is not empty: no 32-byte key ends at a branch.
    #[error("branch with a value")]
    BranchValue,
    /// A branch with no child or only one, which would have been an extension or a leaf.
    #[error("branch with fewer than two children")]
    LonelyBranch,
    /// Hex-prefix flags above 3, padding that is not zero, or no byte at all (Yellow Paper, appendix C).
    #[error("hex-prefix flags")]
    PathFlags,
    /// A leaf that does not end at nibble 64, or a branch at or below it.
    #[error("path does not fit a key of 64 nibbles")]
    PathLength,
    /// An extension over no nibbles.
    #[error("extension over no nibbles")]
    EmptyExtension,
    /// The child of an extension is a leaf or another extension, which would have been joined with it.
    #[error("extension whose child is not a branch")]
    ExtensionChild,
    /// A leaf with an empty value, or an extension with an empty child.
    #[error("leaf or extension over nothing")]
    EmptyTarget,
    /// A child that is neither empty, nor a 32-byte hash, nor a list.
    #[error("child is neither a hash nor a node")]
    ChildKind,
    /// A child of 32 bytes or more in place, which belongs behind its hash.
    #[error("node of 32 bytes or more in place")]
    InlineTooLong,
    /// A child of fewer than 32 bytes behind its hash, which belongs in place.
    #[error("node of fewer than 32 bytes behind a hash")]
    HashedTooShort,
}
