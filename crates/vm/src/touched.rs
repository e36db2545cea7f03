//! Which part of memory a segment has touched.

use ashlar_abi::memory;

use crate::mapped::Mapped;
use crate::rows::TREE_DEPTH;
use crate::{PAGES, Rows};

/// Levels of the tree above memory's own subtree that only memory lies under: all but the root, which the registers
/// share.
const LEVELS_ABOVE: u32 = TREE_DEPTH - memory::TREE_DEPTH - 1;

/// The pages and inner nodes of the memory tree that the present segment has touched.
pub(crate) struct Touched {
    /// Memory's subtree as a heap: its root at 1, the children of `i` at `2 * i` and `2 * i + 1`, page `p` at
    /// `PAGES + p`. A node has `epoch` if a page under it was touched in this segment, less if not; a page has
    /// `epoch + 1` if it was also written.
    stamps: Mapped<[u32; 2 * PAGES]>,
    /// Even; grows by 2 with each segment.
    epoch: u32,
    /// The accesses that were new, by page and whether it was written: to touch these is to touch all.
    pub(crate) accesses: Vec<(u32, bool)>,
}

/// What an access, or several, touched for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct New {
    /// Pages.
    pub(crate) pages: u32,
    /// Pages not written before.
    pub(crate) pages_written: u32,
    /// Inner nodes.
    pub(crate) nodes: u32,
}

impl New {
    /// What it takes to prove it.
    pub(crate) const fn rows(&self) -> Rows {
        Rows::ZERO.with_memory(self.pages, self.nodes)
    }
}

impl Touched {
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self { stamps: Mapped::zeroed(), epoch: 2, accesses: Vec::new() }
    }

    /// Starts over with nothing, for the next segment.
    pub(crate) fn clear(&mut self) {
        self.epoch += 2;
        self.accesses.clear();
    }

    /// Whether [`Self::touch_all`] would find nothing new.
    #[inline(always)]
    pub(crate) fn has(&self, page: u32, is_write: bool) -> bool {
        self.stamps[Self::leaf(page)] >= self.epoch + is_write as u32
    }

    /// Place of a page's stamp. The mask changes nothing (addresses were checked) but spares the bounds check.
    #[inline(always)]
    const fn leaf(page: u32) -> usize {
        page as usize & (PAGES - 1) | PAGES
    }

    /// Notes accesses to pages, each with whether it is written. Returns what is new.
    pub(crate) fn touch_all(&mut self, accesses: impl Iterator<Item = (u32, bool)>) -> New {
        let mut new = New::default();
        for (page, is_write) in accesses {
            self.touch(page, is_write, &mut new);
        }
        new
    }

    fn touch(&mut self, page: u32, is_write: bool, new: &mut New) {
        if self.has(page, is_write) {
            return;
        }
        let mut node = Self::leaf(page);
        let is_new = self.stamps[node] < self.epoch;
        self.stamps[node] = self.epoch + u32::from(is_write);
        self.accesses.push((page, is_write));
        new.pages_written += u32::from(is_write);
        if !is_new {
            return;
        }
        new.pages += 1;
        // What is above a node that was touched was touched as well.
        node /= 2;
        while node > 0 && self.stamps[node] < self.epoch {
            self.stamps[node] = self.epoch;
            new.nodes += if node == 1 { 1 + LEVELS_ABOVE } else { 1 };
            node /= 2;
        }
    }
}
