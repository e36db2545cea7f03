//! What the Ethereum Foundation's `soundcalc` is told of our proof systems.

use std::fmt::Write;

use ashlar_soundness::{Budget, Overview, Regime, field_bits};

use super::layers::{Described, Figures, messages, most};
use super::tables;

const HEAD: &str = "\
# Ashlar's proof systems as configuration of soundcalc (github.com/ethereum/soundcalc).
# Made by `cargo xtask book` of crates/soundness; docs/src/proofs/soundcalc.md says what does not fit the form.

[zkevm]
name = \"Ashlar\"
protocol_family = \"FRI_STARK\"
field = \"KoalaBear^4\"
";

/// The configuration of all layers, and of all shapes of segments.
pub(super) fn toml(overview: &Overview) -> eyre::Result<String> {
    let mut text = HEAD.to_string();
    writeln!(text, "version = \"{}\"\nhash_size_bits = 248", env!("CARGO_PKG_VERSION"))?;
    for figures in Figures::all(overview)? {
        for budget in &figures.layer.budgets {
            circuit(&mut text, figures.described, budget)?;
        }
    }
    Ok(text)
}

fn circuit(text: &mut String, layer: &Described, budget: &Budget) -> eyre::Result<()> {
    let given = layer.scheme.parameters;
    let rows = 1_u64 << budget.log_heights.first().copied().unwrap_or(0);
    let name = section(layer, budget);
    let constraints: usize = budget.tables.iter().map(|table| table.constraints).sum();
    let factors: Vec<_> = budget.log_arities.iter().map(|log| 1 << log).collect();
    let rate = (-(given.log_blowup as f64)).exp2();
    writeln!(text, "\n[[circuits]]\nname = \"{name}\"\nprotocol_family = \"FRI_STARK\"")?;
    writeln!(text, "hash_size_bits = {}", layer.digest_bits)?;
    match layer.scheme.regime {
        Regime::UniqueDecoding => writeln!(text, "explicit_regime = \"unique\"")?,
        Regime::Johnson { m } => writeln!(text, "gap_to_radius = {:.7} # m = {m}", gap(rate, m))?,
    }
    writeln!(text, "rho = {rate}\ntrace_length = {rows}")?;
    writeln!(text, "air_max_degree = {}", most(&budget.tables, |table| table.degree))?;
    writeln!(text, "num_constraints = {constraints} # of all tables")?;
    writeln!(text, "batch_size = {} # pairs of a column and a point", budget.openings)?;
    writeln!(text, "opening_points = 2\npower_batching = true\nnum_queries = {}", given.queries)?;
    writeln!(text, "fri_folding_factors = {factors:?}")?;
    let stop = 1_u64 << (given.log_final_polynomial + given.log_blowup);
    writeln!(text, "fri_early_stop_degree = {stop} # points of the last domain")?;
    writeln!(text, "grinding_query_phase = {}", given.query_grinding)?;
    writeln!(text, "grinding_commit_phase = {}", given.fold_grinding)?;
    writeln!(text, "grinding_batching_phase = {}", given.batch_grinding)?;
    writeln!(text, "grinding_deep = {}", given.point_grinding)?;
    let width = most(&budget.tables, |table| table.message_width) + 2;
    writeln!(text, "\n[[circuits.lookups]]\nname = \"buses\"\nlogup_type = \"univariate\"")?;
    writeln!(text, "rows_L = {} # messages of all tables", messages(&budget.tables))?;
    writeln!(text, "rows_T = 0\nnum_columns_S = {width} # elements of the widest message, and 2")?;
    writeln!(text, "grinding_bits_lookup = {}", given.lookup_grinding)?;
    Ok(())
}

/// The name of a section: only segments have several shapes.
fn section(layer: &Described, budget: &Budget) -> String {
    if layer.name == "segments" { format!("segment-{}", budget.shape) } else { layer.name.into() }
}

/// The gap of multiplicity m, a little more so that rounding does not make it m + 1.
fn gap(rate: f64, m: u32) -> f64 {
    (rate.sqrt() / (2.0 * f64::from(m)) * 1e7).ceil() / 1e7
}

/// The bits of each section by soundcalc's formulas.
pub(super) fn table(overview: &Overview) -> eyre::Result<String> {
    let mut rows = Vec::new();
    for figures in Figures::all(overview)? {
        for budget in &figures.layer.budgets {
            let bits = Formulas::new(figures.described, budget).bits();
            let least = bits.iter().copied().fold(f64::INFINITY, f64::min);
            let cells = bits.map(tables::bits);
            let [constraints, point, batch, fold, queries, buses] = cells;
            let total = format!("{:.0}", least.floor());
            let name = section(figures.described, budget);
            rows.push([name, constraints, point, batch, fold, queries, buses, total]);
        }
    }
    let heads =
        ["section", "ALI", "DEEP", "batching", "worst commit round", "query phase", "lookup", "total"];
    Ok(tables::table(heads, rows))
}

/// soundcalc's formulas (`proxgaps`, `pcs/fri.py`, `circuits/deep_ali.py`, `lookups/logup.py`) for one section.
struct Formulas<'a> {
    layer: &'a Described,
    budget: &'a Budget,
    rate: f64,
    rows: f64,
    /// The gap to Johnson's bound, in that regime.
    gap: Option<f64>,
}

impl<'a> Formulas<'a> {
    fn new(layer: &'a Described, budget: &'a Budget) -> Self {
        let rate = (-(layer.scheme.parameters.log_blowup as f64)).exp2();
        let rows = f64::from(budget.log_heights.first().copied().unwrap_or(0)).exp2();
        let gap = match layer.scheme.regime {
            Regime::UniqueDecoding => None,
            Regime::Johnson { m } => Some(gap(rate, m)),
        };
        Self { layer, budget, rate, rows, gap }
    }

    /// ALI, DEEP, batching, the worst commit round, query phase, lookup.
    fn bits(&self) -> [f64; 6] {
        let given = self.layer.scheme.parameters;
        let tables = &self.budget.tables;
        let of = |numerator: f64, grinding: usize| field_bits() - numerator.log2() + grinding as f64;
        let constraints: usize = tables.iter().map(|table| table.constraints).sum();
        let degree = most(tables, |table| table.degree) as f64;
        let point = degree * (self.rows + 1.0) + self.rows - 1.0;
        let batch = self.line(self.rows) * (self.budget.openings as f64 - 1.0);
        let mut rows = self.rows;
        let mut fold = f64::INFINITY;
        for log_arity in &self.budget.log_arities {
            let arity = (*log_arity as f64).exp2();
            rows /= arity;
            fold = fold.min(of(self.line(rows) * (arity - 1.0), given.fold_grinding));
        }
        let agreement = self.gap.map_or((1.0 + self.rate) / 2.0, |gap| self.rate.sqrt() + gap);
        let width = most(tables, |table| table.message_width) as f64 + 2.0;
        [
            of(self.list() * constraints as f64, 0),
            of(self.list() * point, given.point_grinding),
            of(batch, given.batch_grinding),
            fold,
            -(given.queries as f64) * agreement.log2() + given.query_grinding as f64,
            of(messages(tables) as f64 * width, given.lookup_grinding),
        ]
    }

    fn list(&self) -> f64 {
        self.gap.map_or(1.0, |gap| 1.0 / (2.0 * gap * self.rate.sqrt()))
    }

    /// The exceptional challenges of a line of words for polynomials of so many coefficients.
    fn line(&self, rows: f64) -> f64 {
        let domain = rows / self.rate;
        let Some(gap) = self.gap else { return domain };
        let root = self.rate.sqrt();
        let half_more = (root / (2.0 * gap)).ceil().max(3.0) + 0.5;
        let distance = 1.0 - root - gap;
        (2.0 * half_more.powi(5) + 3.0 * half_more * distance * self.rate) * domain / (3.0 * self.rate * root)
            + half_more / root
    }
}
