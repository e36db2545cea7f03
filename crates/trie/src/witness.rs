//! The nodes of a witness, found by their hash.

use alloc::{vec, vec::Vec};
use core::fmt::Debug;

use alloy_primitives::{B256, keccak256};

/// Where nodes are found that a set does not have: a database.
pub trait NodeSource: Debug {
    /// The RLP of the node with this hash.
    fn node(&self, hash: &B256) -> Option<&[u8]>;
}

/// An untrusted set of trie nodes, each under the Keccak-256 hash that this type computed for it.
///
/// A node found here has the hash that was asked for, so it is the one its parent committed to; nothing else about it
/// is known or checked before a [`Trie`](crate::Trie) reaches it. One set may serve any number of tries.
///
/// Finding a node takes a probe or two however an attacker chose the nodes: the table's hash function is salted with
/// the hashes of the whole set, so that nodes cannot be ground to collide in it without redoing the work for each set.
#[derive(Debug, Clone)]
pub struct NodeSet<'a> {
    nodes: Vec<Hashed<'a>>,
    /// Open addressing with linear probing: 0 is free, anything else an index into `nodes` plus one. The length is a
    /// power of two and at least twice the number of nodes, so that a probe always meets a free place.
    table: Vec<usize>,
    salt: [u32; 2],
    /// 32 less the binary logarithm of the table's length.
    shift: u32,
    /// Where to look for what is not here; the nodes found there come into the set.
    source: Option<&'a dyn NodeSource>,
}

#[derive(Debug, Clone)]
struct Hashed<'a> {
    hash: HashWords,
    rlp: &'a [u8],
    used: bool,
}

/// A hash as words: comparing bytes takes four times as many instructions on a machine without unaligned loads.
type HashWords = [u32; 8];

impl<'a> NodeSet<'a> {
    /// Hashes and indexes `nodes`, each the RLP of one node. Nodes that no trie reaches cost their hash only, and
    /// need not be nodes at all.
    pub fn new(nodes: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let hashed = |rlp| Hashed { hash: words(&keccak256(rlp).0), rlp, used: false };
        Self::index(nodes.into_iter().map(hashed).collect(), None)
    }

    /// An empty set that takes nodes from `source` as tries ask for them. They are hashed here as any others.
    pub fn over(source: &'a dyn NodeSource) -> Self {
        Self::index(Vec::new(), Some(source))
    }

    fn index(nodes: Vec<Hashed<'a>>, source: Option<&'a dyn NodeSource>) -> Self {
        let len = nodes.len().saturating_mul(2).next_power_of_two().max(2);
        let mut salt = [1u32, 1];
        for node in &nodes {
            let [_, _, a, b, ..] = node.hash;
            // Any odd constant mixes; this one is 2^32 over the golden ratio.
            salt = [a ^ salt[1].wrapping_mul(0x9e37_79b1), b ^ salt[0].wrapping_mul(0x9e37_79b1)];
        }
        // Multiply-shift hashing wants odd factors.
        let salt = salt.map(|word| word | 1);
        let mut set = Self {
            nodes,
            table: vec![0; len],
            salt,
            shift: 32u32.saturating_sub(len.trailing_zeros()),
            source,
        };
        for index in 0..set.nodes.len() {
            set.place(index);
        }
        set
    }

    /// Number of nodes, duplicates included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes that a trie resolved through this set so far, in the order of the input. They are a witness for the
    /// same operations, so a host prunes a witness by keeping them.
    pub fn used(&self) -> impl Iterator<Item = &'a [u8]> {
        self.nodes.iter().filter(|node| node.used).map(|node| node.rlp)
    }

    /// The node with this hash, now marked as used.
    pub(crate) fn resolve(&mut self, hash: &[u8; 32]) -> Option<&'a [u8]> {
        let place = self.probe(&words(hash));
        let Some(index) = self.table.get(place)?.checked_sub(1) else { return self.load(hash) };
        let node = self.nodes.get_mut(index)?;
        node.used = true;
        Some(node.rlp)
    }

    /// Takes the node with this hash from the source.
    #[cold]
    fn load(&mut self, hash: &[u8; 32]) -> Option<&'a [u8]> {
        let rlp = self.source?.node(&B256::from(*hash))?;
        if keccak256(rlp).0 != *hash {
            return None;
        }
        self.nodes.push(Hashed { hash: words(hash), rlp, used: true });
        if self.nodes.len().saturating_mul(2) > self.table.len() {
            *self = Self::index(core::mem::take(&mut self.nodes), self.source);
        } else {
            self.place(self.nodes.len().saturating_sub(1));
        }
        Some(rlp)
    }

    /// Enters node `index` into the table; of equal nodes the first counts.
    fn place(&mut self, index: usize) {
        let Some(node) = self.nodes.get(index) else { return };
        let place = self.probe(&node.hash);
        if let Some(slot @ 0) = self.table.get_mut(place) {
            *slot = index.saturating_add(1);
        }
    }

    /// The place in the table that holds `hash`, or the free place where it would be.
    fn probe(&self, hash: &HashWords) -> usize {
        let [a, b, ..] = hash;
        let mixed = a.wrapping_mul(self.salt[0]).wrapping_add(b.wrapping_mul(self.salt[1]));
        let mask = self.table.len().wrapping_sub(1);
        let mut place = usize::try_from(mixed >> self.shift).unwrap_or(0) & mask;
        loop {
            let index = self.table.get(place).and_then(|slot| slot.checked_sub(1));
            match index.and_then(|index| self.nodes.get(index)) {
                Some(node) if node.hash != *hash => place = place.wrapping_add(1) & mask,
                _ => return place,
            }
        }
    }
}

fn words(hash: &[u8; 32]) -> HashWords {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(hash.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::{string::String, time::Instant};

    use super::*;

    fn crafted(hashes: impl Iterator<Item = [u8; 32]>) -> NodeSet<'static> {
        NodeSet::index(
            hashes.map(|hash| Hashed { hash: words(&hash), rlp: &[], used: false }).collect(),
            None,
        )
    }

    fn hash(head: [u8; 8], tail: u32) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&head);
        hash[28..].copy_from_slice(&tail.to_be_bytes());
        hash
    }

    #[test]
    fn finds_each_node_by_its_hash_and_nothing_else() {
        let nodes: Vec<String> = (0..1000).map(|i| format!("node {i}")).collect();
        let mut set = NodeSet::new(nodes.iter().map(String::as_bytes));
        assert_eq!(set.len(), 1000);
        for node in nodes.iter().step_by(3) {
            assert_eq!(set.resolve(&keccak256(node).0), Some(node.as_bytes()));
        }
        assert_eq!(set.resolve(&keccak256("node 1000").0), None);
        assert!(set.used().eq(nodes.iter().step_by(3).map(String::as_bytes)));
    }

    #[test]
    fn an_empty_set_finds_nothing() {
        let mut set = NodeSet::new([]);
        assert!(set.is_empty());
        assert_eq!(set.resolve(&[0; 32]), None);
    }

    #[derive(Debug)]
    struct Source(std::collections::BTreeMap<B256, Vec<u8>>);

    impl NodeSource for Source {
        fn node(&self, hash: &B256) -> Option<&[u8]> {
            self.0.get(hash).map(Vec::as_slice)
        }
    }

    #[test]
    fn nodes_come_from_the_source_as_they_are_asked_for() {
        let nodes: Vec<_> = (0..1000u32).map(|i| i.to_be_bytes().to_vec()).collect();
        let source = Source(nodes.iter().map(|node| (keccak256(node), node.clone())).collect());
        let mut set = NodeSet::over(&source);
        for _ in 0..2 {
            for node in nodes.iter().step_by(3) {
                assert_eq!(set.resolve(&keccak256(node).0), Some(node.as_slice()));
            }
        }
        assert_eq!(set.resolve(&keccak256("none").0), None);
        assert_eq!(set.len(), 334);
        assert!(set.used().eq(nodes.iter().step_by(3).map(Vec::as_slice)));
    }

    #[test]
    fn a_source_that_has_another_node_under_the_hash_has_none() {
        let hash = keccak256("this");
        let source = Source([(hash, b"that".to_vec())].into());
        assert_eq!(NodeSet::over(&source).resolve(&hash.0), None);
    }

    #[test]
    fn a_duplicate_counts_once_as_used() {
        let mut set = NodeSet::new([&b"twice"[..], b"once", b"twice"]);
        assert_eq!(set.resolve(&keccak256("twice").0), Some(&b"twice"[..]));
        assert_eq!(set.used().count(), 1);
        assert_eq!(set.len(), 3);
    }

    #[test]
    fn hashes_that_share_every_bit_the_table_uses_are_told_apart() {
        let mut set = crafted((0..500).map(|i| hash([7; 8], i)));
        for i in 0..500 {
            let place = set.probe(&words(&hash([7; 8], i)));
            assert_eq!(set.table[place], i as usize + 1);
        }
        assert_eq!(set.resolve(&hash([7; 8], 500)), None);
    }

    #[test]
    fn hashes_ground_to_share_their_first_bytes_do_not_slow_the_table_down() {
        // 48 equal bits are more than anyone grinds for thousands of nodes. Without a salt over both words, these
        // 50,000 would share one place: over a billion probes.
        let heads = (0..50_000u32).map(|i| {
            let [_, _, a, b] = i.to_be_bytes();
            (i, [1, 2, 3, 4, 5, 6, a, b])
        });
        let start = Instant::now();
        let set = crafted(heads.clone().map(|(i, head)| hash(head, i.wrapping_mul(0x85eb_ca6b))));
        let longest = heads.map(|(i, head)| {
            let hash = words(&hash(head, i.wrapping_mul(0x85eb_ca6b)));
            let [a, b, ..] = hash;
            let mixed = a.wrapping_mul(set.salt[0]).wrapping_add(b.wrapping_mul(set.salt[1]));
            let ideal = (mixed >> set.shift) as usize;
            set.probe(&hash).wrapping_sub(ideal) & (set.table.len() - 1)
        });
        assert!(longest.max().unwrap() < 1000, "took {:?}", start.elapsed());
    }
}
