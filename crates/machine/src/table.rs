//! The tables of a segment's proof, and the shapes that a proof may have.

/// A table of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // Each is described in the README of the folder of its name.
pub enum Table {
    Cpu,
    Program,
    Lookup,
    Bitwise,
    Shift,
    LessThan,
    Subword,
    Mul,
    Div,
    Call,
    Port,
    Hint,
    Commit,
    Poseidon2,
    Page,
    Node,
    Permute,
    Keccak,
    Modmul256,
    Modmul384,
    Secp256k1,
}

impl Table {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order in which a proof has them; the position is the value as a number.
    pub const ALL: [Self; 21] = [
        Self::Cpu,
        Self::Program,
        Self::Lookup,
        Self::Bitwise,
        Self::Shift,
        Self::LessThan,
        Self::Subword,
        Self::Mul,
        Self::Div,
        Self::Call,
        Self::Port,
        Self::Hint,
        Self::Commit,
        Self::Poseidon2,
        Self::Page,
        Self::Node,
        Self::Permute,
        Self::Keccak,
        Self::Modmul256,
        Self::Modmul384,
        Self::Secp256k1,
    ];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Program => "program",
            Self::Lookup => "lookup",
            Self::Bitwise => "bitwise",
            Self::Shift => "shift",
            Self::LessThan => "less_than",
            Self::Subword => "subword",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Call => "call",
            Self::Port => "port",
            Self::Hint => "hint",
            Self::Commit => "commit",
            Self::Poseidon2 => "poseidon2",
            Self::Page => "page",
            Self::Node => "node",
            Self::Permute => "permute",
            Self::Keccak => "keccak",
            Self::Modmul256 => "modmul256",
            Self::Modmul384 => "modmul384",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// What the table counts: `units` of them take `rows` rows.
    pub const fn packing(self) -> Packing {
        let (units, rows) = match self {
            Self::Bitwise | Self::Shift => (2, 1),
            Self::Subword => (3, 1),
            Self::Program => (4, 1),
            Self::Page => (1, 4),
            Self::Permute => (1, 2),
            Self::Keccak => (1, 32),
            Self::Permute | Self::Secp256k1 => (1, 2),
            _ => (1, 1),
        };
        Packing { units, rows }
    }

    /// Cells of one row, columns of the bus argument counted as base-field cells. Rough figures that rank shapes by
    /// their cost.
    pub const fn width_estimate(self) -> usize {
        match self {
            Self::Cpu | Self::Page => 95,
            Self::Program => 17,
            Self::Lookup => 19,
            Self::Bitwise => 54,
            Self::Shift => 82,
            Self::LessThan => 30,
            Self::Subword | Self::Mul => 70,
            Self::Div => 80,
            Self::Call | Self::Commit | Self::Node => 90,
            Self::Port | Self::Hint => 72,
            Self::Poseidon2 => 210,
            Self::Permute => 180,
            Self::Keccak => 700,
            Self::Modmul256 | Self::Secp256k1 => 450,
            Self::Modmul384 => 680,
        }
    }
}

/// How many units (instructions, calls, pages, ...) fit in how many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Units that share a group of rows.
    pub units: u32,
    /// Rows of the group; a power of 2.
    pub rows: u32,
}

/// Height of a table that is not in the proof.
pub const ABSENT: u8 = u8::MAX;

/// The height of every table. A verifier accepts only the named shapes of [`SHAPES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name in reports.
    pub name: &'static str,
    /// log2 of the rows of each table, in the order of [`Table::ALL`], or [`ABSENT`].
    pub heights: [u8; Table::COUNT],
}

impl Shape {
    /// Rows of this table, 0 if it is absent.
    pub const fn height(&self, table: Table) -> usize {
        match self.heights[table as usize] {
            ABSENT => 0,
            height => 1 << height,
        }
    }

    /// Most units (instructions, calls, pages, ...) of this table.
    pub const fn capacity(&self, table: Table) -> u32 {
        let Packing { units, rows } = table.packing();
        self.height(table) as u32 / rows * units
    }

    /// Cells of all tables by [`Table::width_estimate`].
    pub fn cells(&self) -> u64 {
        Table::ALL.iter().map(|table| self.height(*table) as u64 * table.width_estimate() as u64).sum()
    }

    /// The tables that are present, in order.
    pub fn tables(&self) -> impl Iterator<Item = Table> + use<> {
        let heights = self.heights;
        Table::ALL.into_iter().filter(move |table| heights[*table as usize] != ABSENT)
    }
}

const NO: u8 = ABSENT;

/// The shapes of segments.
#[rustfmt::skip]
pub const SHAPES: [Shape; 4] = [
    //                                    cpu prg lut bit shf lt  sub mul div cal prt hnt com pos pag nod prm kec m25 m38 sec
    Shape { name: "small",      heights: [16, 19, 16, 13, 13, 10, 13, 10,  8, 10, 13, 13,  6, 13, 10, 10,  6, 10, 10, NO, 10] },
    Shape { name: "general",    heights: [21, 19, 16, 17, 17, 13, 17, 13, 10, 13, 17, 13,  6, 17, 15, 14,  6, 17, NO, NO, NO] },
    Shape { name: "curve",      heights: [21, 19, 16, 17, 17, 13, 17, 15, 10, 15, 17, 10,  6, 17, 15, 14,  6, NO, 15, NO, 17] },
    Shape { name: "pairing",    heights: [21, 19, 16, 17, 17, 13, 17, 15, 10, 17, 19, 10,  6, 17, 15, 14,  6, NO, 16, 16, NO] },
];
