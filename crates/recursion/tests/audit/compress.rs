//! The table of paths and transcripts: what each row is, and that it is bound to the row before it.

use ashlar_circuit::Val;
use ashlar_circuit::compress::CompressFixed;

use crate::fixed::{check, flag, number, signed};

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its word is the public values.
    Public,
    /// Its word is the capacity of the next row.
    Load,
    /// Absorbs its word, behind so many elements of its carry.
    Absorb(usize),
    /// Permutes what the row before put out.
    Squeeze,
    /// A step of a path.
    Path,
    /// A node of a cap.
    Cap,
    Idle,
}

/// A row's flags.
struct Row {
    absorbs: Option<usize>,
    is_path: bool,
    is_cap: bool,
    has_bit: bool,
    has_index: bool,
    has_carry: bool,
    chain_word: bool,
    chain_left: bool,
    chain_state: bool,
    loads: bool,
    chain_carry: Option<usize>,
}

impl Row {
    fn new(i: usize, fixed: &CompressFixed<Val>) -> Result<Self, String> {
        Ok(Self {
            absorbs: one_of(&fixed.absorbs, "absorbs", i)?,
            is_path: flag(fixed.is_path, "is_path", i)?,
            is_cap: flag(fixed.is_cap, "is_cap", i)?,
            has_bit: flag(fixed.has_bit, "has_bit", i)?,
            has_index: flag(fixed.has_index, "has_index", i)?,
            has_carry: flag(fixed.has_carry, "has_carry", i)?,
            chain_word: flag(fixed.chain_word, "chain_word", i)?,
            chain_left: flag(fixed.chain_left, "chain_left", i)?,
            chain_state: flag(fixed.chain_state, "chain_state", i)?,
            loads: flag(fixed.loads, "loads", i)?,
            chain_carry: one_of(&fixed.chain_carry, "chain_carry", i)?.map(|offset| offset + 1),
        })
    }

    /// Chain flags: to the word, the left half, the state, a load.
    const fn chains(&self) -> [bool; 4] {
        [self.chain_word, self.chain_left, self.chain_state, self.loads]
    }
}

fn one_of(flags: &[Val], what: &str, row: usize) -> Result<Option<usize>, String> {
    let mut found = None;
    for (place, value) in flags.iter().enumerate() {
        if flag(*value, what, row)? {
            check(found.is_none(), || format!("row {row}: two of {what}"))?;
            found = Some(place);
        }
    }
    Ok(found)
}

/// Checks the table, and returns what each row is. `one` is the address of the constant 1.
pub(crate) fn audit(fixed: &[CompressFixed<Val>], one: usize) -> Result<Vec<Kind>, String> {
    let rows: Vec<_> = fixed.iter().enumerate().map(|(i, row)| Row::new(i, row)).collect::<Result<_, _>>()?;
    let mut kinds: Vec<Kind> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let is_squeeze = i > 0 && rows[i - 1].chain_left && rows[i - 1].chain_state;
        let kind_flags = [i == 0, row.loads, row.absorbs.is_some(), is_squeeze, row.is_path, row.is_cap];
        let set = kind_flags.iter().filter(|is_set| **is_set).count();
        check(set <= 1, || format!("row {i} is several things"))?;
        kinds.push(match kind_flags.iter().position(|is_set| *is_set) {
            Some(0) => Kind::Public,
            Some(1) => Kind::Load,
            Some(2) => Kind::Absorb(row.absorbs.unwrap_or_default()),
            Some(3) => Kind::Squeeze,
            Some(4) => Kind::Path,
            Some(_) => Kind::Cap,
            None => Kind::Idle,
        });
    }
    for (i, row) in rows.iter().enumerate() {
        let before = i.checked_sub(1).map(|before| (&rows[before], kinds[before]));
        messages(i, kinds[i], &fixed[i])?;
        chained(i, kinds[i], row, kinds.get(i + 1).copied())?;
        match kinds[i] {
            Kind::Absorb(offset) => absorption(i, row, before, fixed, offset)?,
            Kind::Squeeze => check(number(fixed[i - 1].tag) == 0, || format!("row {i} squeezes with a tag"))?,
            Kind::Path => step(i, row, before, &fixed[i], one)?,
            _ => {}
        }
    }
    Ok(kinds)
}

/// Only rows that bind a value say it.
fn messages(i: usize, kind: Kind, fixed: &CompressFixed<Val>) -> Result<(), String> {
    let words = fixed.word_count.map(signed);
    let fits = (0..2).all(|k| match kind {
        Kind::Public => words[k] > 0,
        Kind::Load => words[k] == -1,
        // Counted 0 times, it is a value that nothing else has; see `audit_choices`.
        Kind::Absorb(_) => words[k] >= -1 && (words[k] != 0 || number(fixed.word_address[k]) != 0),
        Kind::Cap => words[k] >= -1 && words[k] != 0,
        Kind::Squeeze | Kind::Path | Kind::Idle => words[k] == 0,
    });
    check(fits, || format!("row {i}, {kind:?}: its word's counts are {words:?}"))?;
    let is_sponge = matches!(kind, Kind::Absorb(_) | Kind::Squeeze);
    let outputs = fixed.out_count.map(signed);
    check(is_sponge && outputs >= [0; 2] || outputs == [0; 2], || format!("row {i} puts out {outputs:?}"))?;
    let is_path = kind == Kind::Path;
    check(is_path || number(fixed.has_index) == 0, || format!("row {i} looks up what is on no path"))?;
    check(is_path || number(fixed.digest_count) == 0, || format!("row {i} takes a digest to no path"))?;
    let is_absorb = matches!(kind, Kind::Absorb(_));
    check(is_absorb || number(fixed.has_carry) == 0, || format!("row {i} reads a carry for nothing"))
}

/// Chain flags lead to rows that take what they pass on; so a track's last row has none, nor has the table's.
fn chained(i: usize, kind: Kind, row: &Row, next: Option<Kind>) -> Result<(), String> {
    let [path, absorb] = [Some(Kind::Path) == next, matches!(next, Some(Kind::Absorb(_)))];
    let is_sponge = matches!(kind, Kind::Absorb(_) | Kind::Squeeze);
    let fits = match row.chains() {
        [false, false, false, false] => true,
        [true, false, false, false] | [false, true, false, false] => kind == Kind::Path && path,
        [false, true, true, false] => is_sponge && next == Some(Kind::Squeeze),
        [false, false, true, false] => is_sponge && absorb,
        [false, false, false, true] => kind == Kind::Load && absorb,
        _ => false,
    };
    check(fits, || format!("row {i}, {kind:?}, chains {:?} to {next:?}", row.chains()))?;
    let carried = row.chain_carry.is_none_or(|offset| next == Some(Kind::Absorb(offset)));
    check(carried, || format!("row {i} carries on to {next:?}"))
}

/// All 16 elements of the state are bound: the rate by the word and the carry, the capacity by the row before.
fn absorption(
    i: usize,
    row: &Row,
    before: Option<(&Row, Kind)>,
    fixed: &[CompressFixed<Val>],
    offset: usize,
) -> Result<(), String> {
    let (before, kind) = before.ok_or("row 0 absorbs")?;
    check(before.loads || before.chain_state, || format!("row {i} has any capacity"))?;
    check(number(fixed[i - 1].tag) <= 8, || format!("row {i} absorbs more than the rate"))?;
    check(!before.loads || number(fixed[i - 1].tag) == 0, || format!("row {i} has a tag that nothing adds"))?;
    let is_chained = before.chain_carry == Some(offset);
    check(before.chain_carry.is_none() || is_chained, || format!("row {i} has a carry for another offset"))?;
    check(!is_chained || kind == Kind::Absorb(offset), || format!("row {i} has a carry of {kind:?}"))?;
    let sources = usize::from(is_chained) + usize::from(row.has_carry);
    check(sources == usize::from(offset > 0), || format!("row {i} has {sources} carries at offset {offset}"))
}

/// The node that a step starts from is a leaf's digest or the node before; the last one is looked up.
fn step(
    i: usize,
    row: &Row,
    before: Option<(&Row, Kind)>,
    fixed: &CompressFixed<Val>,
    one: usize,
) -> Result<(), String> {
    let (before, _) = before.ok_or("row 0 is a step")?;
    check(row.has_bit, || format!("row {i} is on any side"))?;
    let digests = if before.chain_word { 0 } else { -1 };
    check(signed(fixed.digest_count) == digests, || format!("row {i} has a node of nowhere"))?;
    let is_right = number(fixed.bit_address) == one;
    check(!before.chain_left || is_right, || format!("row {i}: what joins may be the left child"))?;
    let goes_on = row.chain_word || row.chain_left;
    check(row.has_index != goes_on, || format!("row {i}: the path's end is looked up {}", row.has_index))
}
