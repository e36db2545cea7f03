//! Hashes of opened values: runs of rows of `sponge`, or of blocks.

use super::leaves::{Content, Group, Leaf};
use super::program::Instruction;
use super::wires::Origin;
use super::{BuildError, Builder, DigestWire, Layout, Source, Wire};

impl Builder {
    /// Hashes the source's next values, one row of each of these widths (multiples of 4). Returns the digest and for each matrix
    /// with f(0), .., f(n-1) the wire sum of power^(n-1-i) f(i).
    pub fn hash_rows(&mut self, source: Source, widths: &[usize], power: Wire) -> (DigestWire, Vec<Wire>) {
        if let Some(width) = widths.iter().find(|width| **width == 0 || !width.is_multiple_of(4)) {
            self.misused(BuildError::Width { width: *width });
        }
        let (mut groups, mut sums) = (Vec::new(), Vec::new());
        for width in widths {
            let len = width / 4;
            for i in 0..len {
                // Sums on the way to a matrix's are wires on the narrow table: a block has the one before from there.
                let is_wire = i + 1 == len || self.layout == Layout::Narrow;
                let sum = is_wire.then(|| self.wires.add(Origin::Row, None));
                groups.push(Group { continues: i > 0, sum });
            }
            sums.push(groups.last().and_then(|group| group.sum).unwrap_or(self.zero()));
        }
        let powers = match self.layout {
            Layout::Wide => vec![power],
            Layout::Narrow => {
                let square = self.mul(power, power);
                vec![power, square, self.mul(square, power), self.mul(square, square)]
            }
        };
        // Nothing would bind what is behind the only group.
        if self.layout == Layout::Narrow && groups.len() == 1 {
            self.misused(BuildError::ShortLeaf);
        }
        (self.leaf(source, Content::Rows { powers, groups }), sums)
    }

    /// Hashes the source's next 4 n values as n extension elements, and returns them as wires.
    pub fn hash_elements(&mut self, source: Source, count: usize) -> (DigestWire, Vec<Wire>) {
        let wires: Vec<_> = (0..count).map(|_| self.wires.add(Origin::Row, None)).collect();
        (self.leaf(source, Content::Elements(wires.clone())), wires)
    }

    fn leaf(&mut self, source: Source, content: Content) -> DigestWire {
        let digest = DigestWire(self.digests);
        self.digests += 1;
        let mut leaf = Leaf { source, digest, content, behind: None, place: (0, 0) };
        if leaf.len() == 0 {
            self.misused(BuildError::EmptyLeaf);
        }
        if self.layout == Layout::Narrow && leaf.len() > 1 && !leaf.len().is_multiple_of(2) {
            leaf.behind = Some(self.wires.add(Origin::Row, None));
        }
        self.instruct(Instruction::Leaf(Box::new(leaf)));
        digest
    }

    /// From here on the source gives what it opens. It is told the values of these wires: indices, and challenges that
    /// opened values depend on.
    pub fn open(&mut self, source: Source, wires: &[Wire]) {
        self.instruct(Instruction::Open { source, wires: wires.into() });
    }
}
