//! The report: all rows as JSON, the worst of each operation as tables.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ashlar_vm::Table;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::case::{Case, Group};
use super::prose;
use super::sample::{PLAIN_CELLS, Sample, round, weight};

/// Rows of the first table.
const WORST: usize = 20;

/// Gas of a call to a warm account (EIP-2929), which a precompile always is.
const CALL_GAS: f64 = 100.0;

/// A measured case.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) group: Group,
    pub(super) name: String,
    pub(super) variant: String,
    /// Cost of one operation.
    pub(super) own: Sample,
    /// Whether no other input of the operation takes more for its gas.
    pub(super) is_worst: bool,
}

impl Row {
    pub(super) fn new(case: &Case, own: Sample) -> Self {
        let Case { group, name, variant, .. } = case;
        Self { group: *group, name: name.clone(), variant: variant.clone(), own, is_worst: false }
    }

    /// Name and variant.
    pub(super) fn label(&self) -> String {
        if self.variant.is_empty() { self.name.clone() } else { format!("{}: {}", self.name, self.variant) }
    }

    /// `None` for what takes no gas.
    fn per_gas(&self, amount: f64) -> Option<f64> {
        (self.own.gas > 0.0).then(|| amount / self.own.gas)
    }

    /// Cycle equivalents per gas, `None` for what takes no gas.
    pub(super) fn equivalents_per_gas(&self) -> Option<f64> {
        self.per_gas(self.own.equivalents())
    }

    /// What rows are ranked by: equivalents per gas; then equivalents, for what takes no gas and so comes last.
    ///
    /// A precompile counts as taking at least the gas of the call that it takes: one whose own gas is near 0 could be
    /// ranked by nothing else.
    fn rank(&self) -> (f64, f64) {
        let equivalents = self.own.equivalents();
        let gas = if self.group == Group::Precompile { self.own.gas.max(CALL_GAS) } else { self.own.gas };
        (if gas > 0.0 { equivalents / gas } else { 0.0 }, equivalents)
    }

    /// Largest rank first.
    fn compare(&self, other: &Self) -> Ordering {
        let ((a, b), (c, d)) = (self.rank(), other.rank());
        c.total_cmp(&a).then(d.total_cmp(&b))
    }

    fn json(&self) -> Value {
        let own = &self.own;
        json!({
            "group": self.group.name(),
            "name": self.name,
            "variant": self.variant,
            "worst": self.is_worst,
            "gas": round(own.gas, 2),
            "cycles": round(own.cycles, 1),
            "calls": own.calls_json(),
            "hint_words": round(own.hint_words, 1),
            "units": own.rows_json(),
            "equivalents": round(own.equivalents(), 1),
            "cycles_per_gas": self.per_gas(own.cycles).map(|ratio| round(ratio, 2)),
            "equivalents_per_gas": self.equivalents_per_gas().map(|ratio| round(ratio, 2)),
        })
    }
}

/// All rows and what they were measured with.
pub(super) struct Report {
    rows: Vec<Row>,
    commit: String,
    date: String,
    guest_sha256: String,
}

impl Report {
    /// Marks the worst row of each operation. `commit` is what was checked out when the guest was read.
    pub(super) fn new(mut rows: Vec<Row>, elf: &[u8], commit: String) -> Self {
        let mut worst = BTreeMap::<(Group, String), usize>::new();
        for (index, row) in rows.iter().enumerate() {
            let best = worst.entry((row.group, row.name.clone())).or_insert(index);
            if row.compare(&rows[*best]) == Ordering::Less {
                *best = index;
            }
        }
        worst.into_values().for_each(|index| rows[index].is_worst = true);
        let guest_sha256 = hex::encode(Sha256::digest(elf));
        Self { rows, commit, date: crate::origin::date(), guest_sha256 }
    }

    pub(super) fn json(&self) -> Value {
        let weights: serde_json::Map<_, _> = Table::BESIDE_CYCLES
            .into_iter()
            .map(|table| (table.name().to_owned(), json!(round(weight(table), 2))))
            .collect();
        json!({
            "machine": crate::origin::machine(),
            "command": "cargo xtask costs",
            "commit": self.commit,
            "date": self.date,
            "guest_sha256": self.guest_sha256,
            "provisional_weights_per_unit": weights,
            "plain_cells_per_cycle": PLAIN_CELLS,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
        })
    }

    /// [`Self::json`] as text, with each row in a line of its own.
    pub(super) fn json_text(&self) -> serde_json::Result<String> {
        let mut head = self.json();
        let rows = self.rows.iter().map(|row| format!("    {}", row.json())).collect::<Vec<_>>().join(",\n");
        head["rows"] = Value::Null;
        let text = serde_json::to_string_pretty(&head)? + "\n";
        Ok(text.replacen("\"rows\": null", &format!("\"rows\": [\n{rows}\n  ]"), 1))
    }

    /// The worst row of each operation, largest ratio first; only those that take gas.
    fn worst(&self) -> Vec<&Row> {
        let mut worst: Vec<_> = self.rows.iter().filter(|row| row.is_worst && row.own.gas > 0.0).collect();
        worst.sort_by(|a, b| a.compare(b));
        worst
    }

    pub(super) fn markdown(&self) -> String {
        let worst = self.worst();
        let mut text = format!(
            "# What the EVM's operations take in the guest\n\n\
             Made by `cargo xtask costs` on {} at commit {} with the guest {}. The figures are exact counts of a \
             deterministic machine, not timings. All rows, also those that are not the worst of their operation, are \
             in `opcodes.json`.\n\n",
            self.date,
            &self.commit[..self.commit.len().min(12)],
            &self.guest_sha256[..16],
        );
        text += prose::METHOD;
        text += "\n## What dominates\n\n";
        text += &prose::findings(&self.rows, &worst);
        text += &format!("\n## The worst {WORST}\n\n");
        text += &table(worst.iter().take(WORST).copied());
        for (title, group) in [
            ("Opcodes", Group::Opcode),
            ("Precompiles", Group::Precompile),
            ("Parts of transactions", Group::Transaction),
        ] {
            text += &format!("\n## {title}\n\n");
            text += &table(worst.iter().filter(|row| row.group == group).copied());
        }
        text += "\n## Without gas\n\n";
        let mut free: Vec<_> = self.rows.iter().filter(|row| row.own.gas <= 0.0).collect();
        free.sort_by(|a, b| a.compare(b));
        text += &table(free.into_iter());
        text += "\n## Weights\n\n| unit of | cycle equivalents |\n|---|--:|\n";
        for table in Table::BESIDE_CYCLES {
            text += &format!("| {} | {:.2} |\n", table.name(), weight(table));
        }
        text
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut text = String::from(
        "| operation, worst input | gas | cycles | equivalents | cycles/gas | equivalents/gas | most of it |\n\
         |---|--:|--:|--:|--:|--:|---|\n",
    );
    let ratio = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.1}"));
    for row in rows {
        let (part, share) = row.own.dominant();
        text += &format!(
            "| {} | {} | {:.0} | {:.0} | {} | {} | {part} {:.0} % |
",
            row.label(),
            round(row.own.gas, 1),
            row.own.cycles,
            row.own.equivalents(),
            ratio(row.per_gas(row.own.cycles)),
            ratio(row.equivalents_per_gas()),
            100.0 * share,
        );
    }
    text
}
