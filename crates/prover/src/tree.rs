//! The tree of memory pages, sparse.

use std::collections::{BTreeSet, HashMap};

use ashlar_abi::memory::STACK_TOP;
use ashlar_machine::bus::REGISTERS;
use ashlar_machine::hash::{Digest, Hasher};
use ashlar_machine::node::{DEPTH, NodeEvent};
use ashlar_vm::Program;
use p3_field::PrimeCharacteristicRing;

/// Words of a page.
pub const PAGE_WORDS: usize = 16;

/// First of the three pages of registers.
pub const REGISTER_PAGE: u32 = REGISTERS / PAGE_WORDS as u32;

/// Pages of registers: x0 to x15, x16 to x31, and the one that takes what is written to x0.
pub const REGISTER_PAGES: u32 = 3;

/// Depth and index of the subtrees that hold pages: memory (2^24 pages) and registers (4 pages). What lies in neither is
/// void.
const SUBTREES: [(u32, u32); 2] = [(3, 0), (25, 3 << 23)];

/// The digest of void: no page and no node has it, so nobody can read or write there.
const VOID: Digest = [ashlar_machine::Val::ZERO; 8];

/// One page before and after a segment.
#[derive(Clone, Debug)]
pub struct PageChange {
    /// Its index.
    pub page: u32,
    /// Digest of what it holds after the segment.
    pub new: Digest,
}

/// Digests of all nodes that differ from those of empty memory.
pub struct MemoryTree {
    hasher: Hasher,
    /// Per depth, index to digest.
    levels: Vec<HashMap<u32, Digest>>,
    /// Digest of a subtree of pages of zeros, by height.
    empty: Vec<Digest>,
}

impl MemoryTree {
    /// The tree before a program's first instruction.
    pub fn new(program: &Program) -> Self {
        let hasher = Hasher::default();
        let mut empty = vec![hasher.page(&[0; PAGE_WORDS])];
        for height in 0..DEPTH as usize {
            empty.push(hasher.compress(&empty[height], &empty[height]));
        }
        let mut tree = Self { hasher, levels: vec![HashMap::new(); DEPTH as usize + 1], empty };
        let mut changes: Vec<_> = initial_pages(program)
            .into_iter()
            .map(|(page, words)| PageChange { page, new: tree.hasher.page(&words) })
            .collect();
        changes.sort_by_key(|change| change.page);
        tree.update(&changes);
        tree
    }

    /// The root.
    pub fn root(&self) -> Digest {
        self.digest(0, 0)
    }

    /// The digest of a node.
    pub fn digest(&self, depth: u32, index: u32) -> Digest {
        if let Some(digest) = self.levels[depth as usize].get(&index) {
            return *digest;
        }
        let is_inside = |(top, root): (u32, u32)| depth >= top && index >> (depth - top) == root;
        if SUBTREES.into_iter().any(is_inside) { self.empty[(DEPTH - depth) as usize] } else { VOID }
    }

    fn children(&self, depth: u32, index: u32) -> [Digest; 2] {
        [0, 1].map(|side| self.digest(depth + 1, 2 * index + side))
    }

    /// Sets pages, in ascending order without repetition, and returns every node above them, root first, with what it
    /// held before and after.
    pub fn update(&mut self, changes: &[PageChange]) -> Vec<NodeEvent> {
        let mut events = Vec::new();
        // Before.
        let mut touched: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); DEPTH as usize + 1];
        touched[DEPTH as usize] = changes.iter().map(|change| change.page).collect();
        for depth in (0..DEPTH as usize).rev() {
            touched[depth] = touched[depth + 1].iter().map(|index| index / 2).collect();
        }
        for depth in 0..DEPTH {
            for index in &touched[depth as usize] {
                let old = self.children(depth, *index);
                let sides = [0, 1].map(|side| touched[depth as usize + 1].contains(&(2 * index + side)));
                events.push(NodeEvent { depth, index: *index, old, new: old, touched: sides });
            }
        }
        // After.
        for change in changes {
            self.levels[DEPTH as usize].insert(change.page, change.new);
        }
        for event in events.iter_mut().rev() {
            event.new = self.children(event.depth, event.index);
            let digest = self.hasher.compress(&event.new[0], &event.new[1]);
            self.levels[event.depth as usize].insert(event.index, digest);
        }
        events
    }
}

/// The pages that are not zero before the first instruction: the image, and the stack pointer.
fn initial_pages(program: &Program) -> Vec<(u32, [u32; PAGE_WORDS])> {
    let mut pages = Vec::new();
    for chunk in program.image() {
        let first = chunk.address / 64;
        pages.extend((first..).zip(chunk.words.as_chunks::<PAGE_WORDS>().0.iter().copied()));
    }
    let mut registers = [0; 32];
    registers[2] = STACK_TOP;
    pages.extend((REGISTER_PAGE..).zip(register_pages(&registers, 0)));
    pages
}

/// The register file as pages.
pub fn register_pages(registers: &[u32; 32], discarded: u32) -> [[u32; PAGE_WORDS]; 3] {
    let [low, high] = [0, 1].map(|half| core::array::from_fn(|i| registers[PAGE_WORDS * half + i]));
    [low, high, core::array::from_fn(|i| if i == 0 { discarded } else { 0 })]
}
