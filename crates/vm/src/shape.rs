//! The shapes of segments: which height each table has.
//!
//! Provisional figures. A verifier accepts only the named shapes, so the list is part of what a proof means; it is
//! decided when the chips' widths are final and real blocks have been measured. What stands is the form: at most 8
//! shapes with at most 5 distinct heights each.

use crate::{Rows, Table};

/// Height of a table that is not in the proof: no rows.
pub const ABSENT: u8 = u8::MAX;

/// The height of every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name in reports.
    pub name: &'static str,
    /// log2 of the rows of each table, in the order of [`Table::ALL`], or [`ABSENT`].
    pub heights: [u8; Table::COUNT],
}

impl Shape {
    /// Most rows of this table.
    pub const fn capacity(&self, table: Table) -> u32 {
        match self.heights[table as usize] {
            ABSENT => 0,
            height => 1 << height,
        }
    }

    /// Whether every table has room for these rows.
    pub fn holds(&self, rows: &Rows) -> bool {
        Table::ALL.iter().all(|table| rows.of(*table) <= self.capacity(*table))
    }

    /// Cells of all tables, padding included.
    pub fn cells(&self) -> u64 {
        Table::ALL.iter().map(|table| u64::from(self.capacity(*table)) * width(*table)).sum()
    }
}

/// Cells of these rows, without padding.
pub fn used_cells(rows: &Rows) -> u64 {
    Table::ALL.iter().map(|table| u64::from(rows.of(*table)) * width(*table)).sum()
}

/// Cells of one row, auxiliary columns counted as base-field cells. Estimates until the chips are measured.
pub const fn width(table: Table) -> u64 {
    match table {
        Table::Upper => 36,
        Table::Add | Table::Jump | Table::Call | Table::Hint => 48,
        Table::Bitwise | Table::Compare | Table::Branch => 56,
        Table::Shift | Table::LoadWord | Table::StoreWord => 64,
        Table::LoadSub | Table::StoreSub | Table::Mul | Table::Commit => 88,
        Table::Div => 120,
        Table::Poseidon2 => 250,
        Table::Modmul256 | Table::Secp256k1 => 2_000,
        Table::Modmul384 => 3_000,
        // Per round.
        Table::Keccak => 700,
        // Hashing its old and new content and its share of the tree's inner nodes.
        Table::Page => 4_000,
    }
}

const NO: u8 = ABSENT;

/// The shapes. Real runs that they are made for: compiled Rust in general, inner loops of arithmetic, copying, trie
/// hashing, signature recovery, pairings, and the short remainder at the end of a run.
#[rustfmt::skip]
pub const SHAPES: [Shape; 7] = [
    //                                    add bit shf cmp brn jmp upp lw  lsb sw  ssb mul div cal hnt com kec pos m25 m38 sec pag
    Shape { name: "rest",       heights: [16, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 12, 12, 12, 12, 10, 12, 10, 10, 10, 10, 10] },
    Shape { name: "general",    heights: [20, 18, 18, 18, 19, 18, 18, 19, 18, 19, 18, 16, 14, 14, 16, 14, 16, 14, NO, NO, NO, 14] },
    Shape { name: "arithmetic", heights: [21, 20, 20, 18, 20, 18, 18, 18, 18, 18, 18, 18, 14, 14, 14, 12, 12, 12, 12, 12, 12, 14] },
    Shape { name: "memory",     heights: [20, 18, 18, 18, 19, 18, 18, 20, 19, 20, 19, 16, 12, 12, 18, 12, 12, 12, NO, NO, NO, 16] },
    Shape { name: "keccak",     heights: [20, 18, 18, 18, 19, 18, 18, 19, 18, 19, 18, 14, 12, 14, 14, 12, 18, 12, NO, NO, NO, 14] },
    Shape { name: "curve",      heights: [20, 18, 18, 18, 18, 18, 18, 19, 16, 19, 16, 16, 12, 16, 12, 12, 12, 12, 16, NO, 16, 12] },
    Shape { name: "pairing",    heights: [20, 18, 18, 18, 18, 18, 18, 19, 16, 19, 16, 18, 12, 18, 12, 12, 12, 12, 18, 18, NO, 12] },
];
