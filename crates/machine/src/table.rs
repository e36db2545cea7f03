//! The tables of a segment's proof, and the shapes that a proof may have.

/// A table of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // Each is described in the README of the folder of its name.
pub enum Table {
    Cpu,
    Program,
    Lookup,
    KeccakTable,
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
    pub const ALL: [Self; 22] = [
        Self::Cpu,
        Self::Program,
        Self::Lookup,
        Self::KeccakTable,
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

    /// The tables of what calls and memory take, beside the cycles. The others are those of instructions, or have rows
    /// that do not depend on the run.
    pub const BESIDE_CYCLES: [Self; 12] = [
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
            Self::KeccakTable => "keccak_table",
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
            Self::Bitwise | Self::Shift | Self::Port => (2, 1),
            Self::Subword => (3, 1),
            Self::Program => (4, 1),
            Self::Page => (1, 4),
            Self::Keccak => (1, 108),
            Self::Permute | Self::Secp256k1 => (1, 2),
            _ => (1, 1),
        };
        Packing { units, rows }
    }

    /// Cells that one unit takes of its row or rows.
    pub fn cells_per_unit(self) -> f64 {
        let Packing { units, rows } = self.packing();
        f64::from(rows) / f64::from(units) * self.width() as f64
    }

    /// Cells of one row: main, fixed, auxiliary (bus argument) and quotient columns, in base-field cells. A test holds
    /// it against the constraints.
    pub const fn width(self) -> usize {
        match self {
            Self::Cpu => 104,
            Self::Program => 56,
            Self::Lookup => 28,
            Self::KeccakTable => 28,
            Self::Bitwise => 68,
            Self::Shift => 84,
            Self::LessThan => 36,
            Self::Subword => 92,
            Self::Mul => 64,
            Self::Div => 56,
            Self::Call => 76,
            Self::Port => 140,
            Self::Hint => 56,
            Self::Commit => 76,
            Self::Poseidon2 => 188,
            Self::Page => 92,
            Self::Node => 80,
            Self::Permute => 152,
            Self::Keccak => 688,
            Self::Modmul256 => 460,
            Self::Modmul384 => 684,
            Self::Secp256k1 => 404,
        }
    }
}

/// How many units (instructions, calls, pages, ...) fit in how many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Units that share a group of rows.
    pub units: u32,
    /// Rows of the group.
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

    /// Cells of all tables.
    pub fn cells(&self) -> u64 {
        Table::ALL.iter().map(|table| self.height(*table) as u64 * table.width() as u64).sum()
    }

    /// The tables that are present, in order.
    pub fn tables(&self) -> impl Iterator<Item = Table> + use<> {
        let heights = self.heights;
        Table::ALL.into_iter().filter(move |table| heights[*table as usize] != ABSENT)
    }
}

const NO: u8 = ABSENT;

/// The shapes of segments. Each serves a kind of work that real blocks do for a while: a search over their heights on
/// measured runs found them (`specs/006-segment-proof.md`). Every call is in one of them, all that an EVM makes are in three that
/// serve different work, so that no contract can end segments by what it calls in turn, and a shape has at most the five heights that
/// the recursion budget allows.
#[rustfmt::skip]
pub const SHAPES: [Shape; 8] = [
    //                                    cpu prg lut ktb bit shf lt  sub mul div cal prt hnt com pos pag nod prm kec m25 m38 sec
    Shape { name: "small",      heights: [17, 17, 17, 17, 13, 13, 11, 13, 11,  9,  9, 11, 11,  9, 13, 11, 13, NO, 13,  9, NO,  9] },
    Shape { name: "medium",     heights: [19, 17, 17, 17, 15, 15, 15, 15, 15, 13, 13, 15, 13,  9, 15, 13, 13, NO, 15, 13, NO, 13] },
    Shape { name: "load",       heights: [18, 17, 17, 17, 15, 13,  9, 13,  9,  9, 13, 17, 17,  9, 18, 17, 15, 13, 15, NO, NO, NO] },
    Shape { name: "witness",    heights: [19, 17, 17, 17, 17, 15, 13, 13, 13, 13, 13, 15, 15, 13, 17, 15, 15, NO, 18, NO, NO, NO] },
    Shape { name: "hash",       heights: [20, 17, 17, 17, 17, 17, 17, 15, 15, 13, 13, 15, 13,  9, 17, 17, 15, NO, 17, 13, 13, 13] },
    Shape { name: "general",    heights: [21, 17, 17, 17, 17, 17, 16, 17, 17, 15, 13, 15, 13, 13, 17, 16, 15, NO, 15, 13, NO, 13] },
    Shape { name: "signatures", heights: [20, 17, 17, 17, 17, 17, 15, 17, 17, 13, 15, 17, 13,  9, 15, 13, 13, NO, 15, 15, 13, 15] },
    Shape { name: "pairing",    heights: [19, 17, 17, 17, 15, 15, 15, 15, 15, 13, 15, 17, 13,  9, 15, 13, 13, NO, 15, 15, 15, 13] },
];
