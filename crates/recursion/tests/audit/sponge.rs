//! The tables of leaves: rows of one leaf follow each other, and touch no other leaf.

use ashlar_circuit::Val;
use ashlar_circuit::sponge::SpongeFixed;
use p3_field::PrimeCharacteristicRing;

use crate::fixed::{check, flag, number, signed};

/// A row's flags.
struct Row {
    batches: bool,
    delivers: bool,
    chains: bool,
    holds: bool,
    continues: [bool; 4],
    /// Groups that have data in the next row.
    next_groups: usize,
}

impl Row {
    fn new(i: usize, fixed: &SpongeFixed<Val>) -> Result<Self, String> {
        let mut continues = [false; 4];
        for (flag_value, value) in continues.iter_mut().zip(fixed.continues) {
            *flag_value = flag(value, "continues", i)?;
        }
        let mut retains = [false; 3];
        for (flag_value, value) in retains.iter_mut().zip(fixed.retains) {
            *flag_value = flag(value, "retains", i)?;
        }
        check(retains.is_sorted(), || format!("row {i} retains a group before one that has data"))?;
        check(fixed.zero == Val::ZERO, || format!("row {i}: the column that is zero"))?;
        Ok(Self {
            batches: flag(fixed.batches, "batches", i)?,
            delivers: flag(fixed.delivers, "delivers", i)?,
            chains: flag(fixed.chains, "chains", i)?,
            holds: flag(fixed.holds, "holds", i)?,
            continues,
            next_groups: 4 - retains.iter().filter(|retains| **retains).count(),
        })
    }
}

/// Checks a table, and returns the number of groups of each leaf.
pub(crate) fn audit(fixed: &[SpongeFixed<Val>]) -> Result<Vec<usize>, String> {
    let rows: Vec<_> = fixed.iter().enumerate().map(|(i, row)| Row::new(i, row)).collect::<Result<_, _>>()?;
    let mut leaves = Vec::new();
    for (i, (row, fixed)) in rows.iter().zip(fixed).enumerate() {
        let before = &rows[(i + rows.len() - 1) % rows.len()];
        if !row.batches && !row.delivers {
            idle(i, row, before, fixed)?;
            continue;
        }
        check(i > 0, || "row 0 has data, and no row before it".into())?;
        let groups = before.next_groups;
        if before.chains {
            if let Some(len) = leaves.last_mut() {
                *len += groups;
            }
        } else {
            leaves.push(groups);
        }
        data(i, row, before, fixed)?;
        messages(i, row, rows.get(i + 1), fixed, groups)?;
    }
    Ok(leaves)
}

/// Neither sends anything nor is part of a leaf.
fn idle(i: usize, row: &Row, before: &Row, fixed: &SpongeFixed<Val>) -> Result<(), String> {
    let counts = fixed.sum_count.into_iter().chain([fixed.digest_count, fixed.power_count]);
    check(counts.eq([Val::ZERO; 6]), || format!("idle row {i} sends messages"))?;
    check(!before.chains && !row.chains && !row.holds, || format!("idle row {i} is chained"))
}

/// What a row of a leaf has to do with its neighbours.
fn data(i: usize, row: &Row, before: &Row, fixed: &SpongeFixed<Val>) -> Result<(), String> {
    check(row.batches != row.delivers, || format!("row {i} sums its data in two ways"))?;
    check(!before.chains || before.batches == row.batches, || {
        format!("row {i} changes how its leaf is summed")
    })?;
    check(!row.chains || row.holds == row.batches, || format!("row {i} lets the next have another power"))?;
    check(row.chains || !row.holds, || format!("row {i} holds its power past the leaf"))?;
    let reads = if row.batches && !before.chains { -1 } else { 0 };
    check(signed(fixed.power_count) == reads, || format!("row {i} reads its power wrongly"))?;
    // The digest is that of the whole leaf, and goes to one path.
    let digests = i64::from(!row.chains);
    check(signed(fixed.digest_count) == digests, || format!("row {i} delivers its digest wrongly"))
}

/// Which sums are wires: those of whole matrices, or each group's.
fn messages(
    i: usize,
    row: &Row,
    next: Option<&Row>,
    fixed: &SpongeFixed<Val>,
    groups: usize,
) -> Result<(), String> {
    check(groups == 4 || !row.chains, || format!("row {i} is not full, and goes on"))?;
    for k in 0..4 {
        let goes_on = if k + 1 < groups {
            row.continues[k + 1]
        } else {
            k + 1 == groups && row.chains && next.is_some_and(|next| next.continues[0])
        };
        let count = signed(fixed.sum_count[k]);
        let is_wire = k < groups && !goes_on;
        check(if is_wire { count > 0 } else { count == 0 }, || format!("row {i}, group {k}: count {count}"))?;
        check(!row.continues[k] || (k < groups && row.batches), || format!("row {i}, group {k} continues"))?;
    }
    Ok(())
}

/// A leaf does not go on with the sums of the one before.
pub(crate) fn audit_starts(fixed: &[SpongeFixed<Val>]) -> Result<(), String> {
    for (i, pair) in fixed.windows(2).enumerate() {
        let starts = number(pair[0].chains) == 0;
        check(!starts || number(pair[1].continues[0]) == 0, || {
            format!("row {} adds to another leaf", i + 1)
        })?;
    }
    let [first, last] = [fixed.first(), fixed.last()].map(|row| row.copied().unwrap_or_default());
    check(number(last.chains) + number(last.holds) == 0, || "the last row goes on in the first".into())?;
    check(number(first.continues[0]) == 0, || "the first row adds to the last".into())
}
