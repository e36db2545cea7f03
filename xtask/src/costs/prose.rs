//! The text of the report, with the figures of its rows.

use super::case::Group;
use super::cases::ODD_WORD;
use super::report::Row;

/// How the figures come about.
pub(super) const METHOD: &str = "\
An operation stands in a loop of a contract that a block's only transaction calls. Blocks with n and 2n iterations share \
state, code and transaction, so their difference is the loop's alone; what surrounds the operation is measured the same \
way, in a loop where the operation is replaced by pops and pushes, and taken off. What a slot or account costs at the end \
of the block (hashing the trie) is in it. The gas comes out of the same differences and must be what the specification \
says, where it gives one figure, and every transaction must succeed; otherwise there is no report. Inputs are tried from a list; the worst by \
equivalents per gas is shown.\n\
\n\
*Equivalents* are cycles, plus the units of calls, accelerators, hints, pages and inner nodes of memory, and the hashes \
of both, by the weights at the end. The weights are provisional: a unit's cells, as now estimated, over those of a plain \
cycle with its share of the tables of instructions. Pages are counted as if the run were \
one segment, so that what a segment opens again is no operation's. A precompile's figures are those of its own work and gas; \
the call itself is a row of its own.\n";

/// What an operator should know about the figures. Sentences whose rows were not measured are left out.
pub(super) fn findings(rows: &[Row], worst: &[&Row]) -> String {
    let first = vec![spread(worst), dominant(worst), powers(rows), divisions(rows)];
    let second = vec![codes(rows), tries(rows), recovery(rows)];
    let paragraph =
        |sentences: Vec<Option<String>>| sentences.into_iter().flatten().collect::<Vec<_>>().join(" ");
    [paragraph(first), paragraph(second)].join("\n\n") + "\n"
}

fn find<'a>(rows: &'a [Row], name: &str, variant: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name && row.variant == variant)
}

fn ratio(row: &Row) -> f64 {
    row.equivalents_per_gas().unwrap_or(0.0)
}

fn spread(worst: &[&Row]) -> Option<String> {
    let executed: Vec<_> = worst.iter().filter(|row| row.group != Group::Transaction).collect();
    let (first, median) = (executed.first()?, executed.get(executed.len() / 2)?);
    let transfer = worst.iter().find(|row| row.name == "transfer")?;
    Some(format!(
        "Of {} opcodes and precompiles the median takes {:.0} equivalents per gas at its worst; the first of the table below ({}) takes {:.0}, {:.0} times \
         as much, and {:.0} times what a plain transfer takes ({:.1}). A price of proving by gas alone would have to be set \
         for the former and would be paid by the latter: prices by operation, or a second limit beside gas, are worth that \
         factor.",
        executed.len(),
        ratio(median),
        first.name,
        ratio(first),
        ratio(first) / ratio(median),
        ratio(first) / ratio(transfer),
        ratio(transfer),
    ))
}

fn dominant(worst: &[&Row]) -> Option<String> {
    let top: Vec<_> = worst.iter().take(20).collect();
    let by_cycles = top.iter().filter(|row| row.own.dominant().0 == "cycles").count();
    let precompiles: Vec<_> = top.iter().filter(|row| row.group == Group::Precompile).collect();
    let is_software = |row: &&&&&Row| row.own.dominant().1 > 0.99;
    let software: Vec<_> = precompiles.iter().filter(is_software).map(|row| row.name.as_str()).collect();
    (top.len() == 20).then(|| {
        format!(
            "Of the worst twenty, {} are precompiles, and in {by_cycles} plain cycles weigh more than any accelerator; {} use \
             none at all. What costs is the code around the accelerators and what has none.",
            precompiles.len(),
            software.join(", "),
        )
    })
}

/// A finding about one implementation: only said while it is the worst.
fn powers(rows: &[Row]) -> Option<String> {
    let worst = rows.iter().find(|row| row.is_worst && row.name.starts_with("MODEXP"))?;
    worst.variant.contains(ODD_WORD).then(|| {
        format!(
            "MODEXP is at its worst where hardly anything is raised to a power ({}): the software that does moduli above 384 \
             bits inverts the odd part bit by bit modulo the power of two, which EIP-7883 does not charge for.",
            worst.variant,
        )
    })
}

fn divisions(rows: &[Row]) -> Option<String> {
    let names = ["DIV", "SDIV", "MOD", "SMOD", "ADDMOD", "MULMOD"];
    let worst: Vec<_> =
        rows.iter().filter(|row| row.is_worst && names.contains(&row.name.as_str())).collect();
    let least = worst.iter().map(|row| ratio(row)).min_by(f64::total_cmp)?;
    let most = worst.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    Some(format!(
        "Among opcodes the divisions stand out, from {least:.0} per gas up to {:.0} ({}): a division of 64-bit limbs is a long \
         one on a 32-bit machine, and the gas does not depend on the operands.",
        ratio(most),
        most.label(),
    ))
}

fn codes(rows: &[Row]) -> Option<String> {
    let big = find(rows, "EXTCODESIZE", "cold, 24 KiB of JUMPDESTs each")?;
    let plain = find(rows, "EXTCODESIZE", "cold, one of 4096 accounts")?;
    let hash = find(rows, "EXTCODEHASH", "cold, 24 KiB of JUMPDESTs each")?;
    Some(format!(
        "State is cheap but for code: an account that is looked up cold takes {:.1} equivalents per gas, but EXTCODESIZE, \
         EXTCODECOPY of nothing and every CALL take {:.0} where the account has 24 KiB of code, because all of it is read, \
         hashed and searched for jump destinations ({:.0} cycles for 2,600 gas); EXTCODEHASH, which needs none of that, takes \
         {:.1}.",
        ratio(plain),
        ratio(big),
        big.own.cycles,
        ratio(hash),
    ))
}

fn tries(rows: &[Row]) -> Option<String> {
    let small = find(rows, "SLOAD", "cold, one of 4096 slots")?;
    let large = find(rows, "SLOAD", "cold, one of 65536 slots")?;
    Some(format!(
        "Tries are measured small: SLOAD takes {:.0} equivalents in a trie of 4,096 slots and {:.0} in one of 65,536, so each \
         further level of full branches adds about {:.0}, and a state eight levels deep stays below {:.0} per gas.",
        small.own.equivalents(),
        large.own.equivalents(),
        large.own.equivalents() - small.own.equivalents(),
        ((ratio(large) + 4.0 * (ratio(large) - ratio(small))) / 5.0).ceil() * 5.0,
    ))
}

fn recovery(rows: &[Row]) -> Option<String> {
    let transfer = find(rows, "transfer", "different senders and recipients")?;
    let header = find(rows, "ancestor", "header in the witness")?;
    let block = find(rows, "block", "empty")?;
    Some(format!(
        "A transfer takes {:.0} equivalents with the recovery of its sender, an empty block {:.0}. What has no gas has a limit \
         elsewhere, except the ancestors that BLOCKHASH can reach: {:.0} equivalents a header, {:.1} million for all 256, \
         which is the block's fixed cost if its witness always carries them.",
        transfer.own.equivalents(),
        block.own.equivalents(),
        header.own.equivalents(),
        256.0 * header.own.equivalents() / 1e6,
    ))
}
