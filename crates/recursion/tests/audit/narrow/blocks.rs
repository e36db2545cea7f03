//! Blocks: what each is, and that all 16 elements of its input are bound.

use std::collections::HashSet;

use ashlar_circuit::Val;
use ashlar_circuit::narrow::{BLOCK, NarrowFixed, first, last};
use p3_field::PrimeCharacteristicRing;

use crate::fixed::{check, flag, number, signed};

/// What a block does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: its input is anything, its output is nobody's.
    Idle,
    /// Absorbs two words behind so many elements of its carry, loading its capacity if it is the first one.
    Absorb { offset: usize, loads: bool },
    /// Permutes what the block before put out.
    Squeeze,
    /// Hashes so many groups of a leaf, which it sums or hands out.
    Leaf { starts: bool, groups: usize, sums: bool },
    /// A step of a path; the last one's output is compared with a root.
    Step { ends: bool },
}

/// A block, with the place of its first row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) row: usize,
    pub(crate) kind: Kind,
}

/// Flags of a block's first row.
struct First {
    absorbs: Option<usize>,
    loads: bool,
    sums: bool,
}

impl First {
    fn new(i: usize, row: &NarrowFixed<Val>) -> Result<Self, String> {
        let mut absorbs = None;
        for (offset, place) in first::ABSORBS.into_iter().enumerate() {
            if flag(row.flags[place], "absorbs", i)? {
                check(absorbs.is_none(), || format!("row {i} absorbs twice"))?;
                absorbs = Some(offset);
            }
        }
        let continues = flag(row.flags[first::CONTINUES], "continues", i)?;
        let loads = flag(row.flags[first::LOADS], "loads", i)?;
        let sums = flag(row.flags[first::SUMS], "sums", i)?;
        check(!(sums && (loads || absorbs.is_some())), || format!("row {i} uses its operands twice"))?;
        check(sums || !continues, || format!("row {i} continues no sum"))?;
        Ok(Self { absorbs, loads, sums })
    }

    const fn is_none(&self) -> bool {
        self.absorbs.is_none() && !self.loads && !self.sums
    }
}

/// Flags of a block's last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    path: bool,
    chains: bool,
    binds: bool,
    tag: usize,
    retains: [bool; 2],
    hands_out: bool,
}

impl Last {
    fn new(i: usize, row: &NarrowFixed<Val>) -> Result<Self, String> {
        let is_set = |place: usize, what| flag(row.flags[place], what, i);
        Ok(Self {
            path: is_set(last::PATH, "path")?,
            chains: is_set(last::CHAINS, "chains")?,
            binds: is_set(last::BINDS, "binds")?,
            tag: number(row.flags[last::TAG]),
            retains: [is_set(last::RETAINS[0], "retains")?, is_set(last::RETAINS[1], "retains")?],
            hands_out: is_set(last::HANDS_OUT, "hands out")?,
        })
    }

    /// Flags that speak of the next block: path, binds, chains, retains.
    const fn next(&self) -> (bool, bool, bool, [bool; 2]) {
        (self.path, self.binds, self.chains, self.retains)
    }
}

const NOTHING: (bool, bool, bool, [bool; 2]) = (false, false, false, [false; 2]);

/// Checks all rows, and returns the blocks.
pub(crate) fn audit(rows: &[NarrowFixed<Val>]) -> Result<Vec<Block>, String> {
    check(!rows.is_empty() && rows.len().is_multiple_of(BLOCK), || "no whole blocks".into())?;
    let mut blocks: Vec<Block> = Vec::new();
    // Rows whose operands flags speak of.
    let mut spoken: HashSet<usize> = HashSet::new();
    for row in (0..rows.len()).step_by(BLOCK) {
        let before = (row + rows.len() - 1) % rows.len();
        let before = Last::new(before, &rows[before])?;
        check(row > 0 || before.next() == NOTHING, || "the last row goes on in the first".into())?;
        let kind_before = blocks.last().map_or(Kind::Idle, |block| block.kind);
        let flags = First::new(row, &rows[row])?;
        let end = Last::new(row + BLOCK - 1, &rows[row + BLOCK - 1])?;
        let kind = kind(row, kind_before, before, &flags, &rows[row], end)?;
        check(end.binds || (!end.chains && end.tag == 0), || {
            format!("block at {row} binds nothing to a tag")
        })?;
        operands(row, kind, before, &flags, end, rows, &mut spoken)?;
        blocks.push(Block { row, kind });
    }
    for (i, row) in rows.iter().enumerate() {
        let is_inner = !matches!(i % BLOCK, 0 | 7);
        check(!is_inner || row.flags == [Val::ZERO; 7], || format!("row {i} has flags inside a block"))?;
        check(row.free == [Val::ZERO; 2], || format!("row {i}: columns that are zero"))?;
        operation(i, row, spoken.contains(&i))?;
    }
    Ok(blocks)
}

/// What a block is, by its flags and those of the row before it.
fn kind(
    row: usize,
    kind_before: Kind,
    before: Last,
    flags: &First,
    fixed: &NarrowFixed<Val>,
    end: Last,
) -> Result<Kind, String> {
    let is_sponge = matches!(kind_before, Kind::Absorb { .. } | Kind::Squeeze);
    let is_leaf = matches!(kind_before, Kind::Leaf { .. });
    let is_full = !matches!(kind_before, Kind::Leaf { groups: 1, .. });
    let refuse = |what: &str| Err(format!("block at {row}: {what} after {kind_before:?}, {before:?}"));
    if is_leaf && !before.path && !before.chains {
        return refuse("a digest of nobody");
    }
    if matches!(kind_before, Kind::Step { ends: false }) && !before.path {
        return refuse("a path without an end");
    }
    let groups = 2 - usize::from(before.retains[1]);
    match before.next() {
        (true, false, false, [false, false]) if flags.is_none() => {
            let goes_on = is_leaf || matches!(kind_before, Kind::Step { .. });
            let ends = end.hands_out && !end.path;
            if goes_on && (ends != end.path) { Ok(Kind::Step { ends }) } else { refuse("a step") }
        }
        NOTHING if flags.loads => match flags.absorbs {
            Some(offset) => Ok(Kind::Absorb { offset, loads: true }),
            None => refuse("a capacity without words"),
        },
        NOTHING if flags.is_none() => Ok(Kind::Idle),
        // A leaf of one group is filled up with zeros, which it reads.
        (false, true, false, [false, false]) if flags.sums || flags.absorbs == Some(0) && !flags.loads => {
            let is_short = !flags.sums && signed(fixed.count[1]) == -1;
            let groups = if is_short { 1 } else { 2 };
            if before.tag == 0 {
                Ok(Kind::Leaf { starts: true, groups, sums: flags.sums })
            } else {
                refuse("a tag")
            }
        }
        (false, true, true, [false, _])
            if is_leaf && is_full && before.tag == 0 && kind_before.sums() == flags.sums =>
        {
            let fits = flags.sums || flags.absorbs == Some(0) && !flags.loads;
            if fits { Ok(Kind::Leaf { starts: false, groups, sums: flags.sums }) } else { refuse("a leaf") }
        }
        (false, true, true, [true, true]) if is_sponge && flags.is_none() && before.tag == 0 => {
            Ok(Kind::Squeeze)
        }
        (false, true, true, [false, false]) if is_sponge && !flags.loads => match flags.absorbs {
            Some(offset) if before.tag <= 8 => Ok(Kind::Absorb { offset, loads: false }),
            _ => refuse("an absorption"),
        },
        _ => refuse("any input"),
    }
}

impl Kind {
    const fn sums(self) -> bool {
        matches!(self, Self::Leaf { sums: true, .. })
    }
}

/// Operands that flags speak of have messages, and no others have.
fn operands(
    row: usize,
    kind: Kind,
    before: Last,
    flags: &First,
    end: Last,
    rows: &[NarrowFixed<Val>],
    spoken: &mut HashSet<usize>,
) -> Result<(), String> {
    let counts = |row: usize| rows[row].count.map(signed);
    let fits = |row: usize, fits: bool| {
        check(fits, || format!("row {row}, {kind:?}: counts {:?} at {:?}", counts(row), rows[row].address))
    };
    // Counted 0 times, it is a value that nothing else has.
    let is_word = |row: usize, k: usize| {
        let count = counts(row)[k];
        count >= -1 && (count != 0 || number(rows[row].address[k]) != 0)
    };
    let last_row = row + BLOCK - 1;
    match kind {
        Kind::Idle | Kind::Squeeze => {}
        Kind::Absorb { offset, .. } => {
            spoken.insert(row);
            let [_, _, c, d] = counts(row);
            fits(row, is_word(row, 0) && is_word(row, 1) && c == -i64::from(offset > 0) && d == 0)?;
        }
        Kind::Leaf { groups, sums: true, .. } => {
            spoken.extend([row, row + 1]);
            fits(row, counts(row) == [-1; 4])?;
            let [a, b, c, d] = counts(row + 1);
            // The first sum is read by the bus or continued in the block, the second one is that of a group that is there.
            let goes_on = rows[row].flags[first::CONTINUES] == Val::ONE;
            fits(
                row + 1,
                a == -1 && d == 0 && b >= 0 && (b > 0) != goes_on && c >= 0 && (c > 0) == (groups == 2),
            )?;
        }
        Kind::Leaf { starts, groups, sums: false } => {
            spoken.insert(row);
            let [a, b, c, d] = counts(row);
            let is_zero = number(rows[row].address[1]) == 0;
            let second = match (groups, starts) {
                (2, _) => b > 0,
                (_, true) => b == -1 && is_zero,
                (_, false) => b == 0 && before.retains[1],
            };
            fits(row, a > 0 && second && c == 0 && d == 0)?;
        }
        Kind::Step { .. } => {
            spoken.insert(row);
            fits(row, counts(row) == [-1, 0, 0, 0])?;
        }
    }
    if flags.loads {
        spoken.insert(row + 1);
        fits(row + 1, is_word(row + 1, 0) && is_word(row + 1, 1) && counts(row + 1)[2..] == [0; 2])?;
    }
    if end.hands_out {
        spoken.insert(last_row);
        let [a, b, c, d] = counts(last_row);
        let is_read = [a, b] == [-1; 2];
        let has_output = match kind {
            Kind::Absorb { .. } | Kind::Squeeze => a >= 0 && b >= 0,
            Kind::Step { ends } => ends && is_read,
            Kind::Idle | Kind::Leaf { .. } => false,
        };
        fits(last_row, has_output && c == 0 && d == 0)?;
    }
    Ok(())
}

/// A row whose operands no flag speaks of is an operation, or shows that a lies in the base field, or says nothing.
fn operation(i: usize, row: &NarrowFixed<Val>, is_spoken_of: bool) -> Result<(), String> {
    let operates = flag(row.operates, "operates", i)?;
    let base = flag(row.base, "base", i)?;
    let [a, b, c, d] = row.count.map(signed);
    check(!operates || !is_spoken_of, || format!("row {i} uses its operands twice"))?;
    check(operates || row.constant == Val::ZERO, || format!("row {i} adds a constant to nothing"))?;
    if is_spoken_of {
        return Ok(());
    }
    let fits = if operates {
        a >= -1 && b == -1 && c == -1 && d >= -1
    } else {
        [a, b, c, d] == [-i64::from(base), 0, 0, 0]
    };
    check(fits, || format!("row {i} has counts {:?}", [a, b, c, d]))
}
