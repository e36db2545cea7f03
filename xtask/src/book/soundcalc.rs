//! What the Ethereum Foundation's `soundcalc` is told of our proof systems.

use std::fmt::Write;

use ashlar_soundness::{Budget, Overview, Regime};

use super::layers::{Described, Figures, messages, most};

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
            circuit(&mut text, figures.described, budget, figures.layer.budgets.len() > 1)?;
        }
    }
    Ok(text)
}

fn circuit(text: &mut String, layer: &Described, budget: &Budget, has_shapes: bool) -> eyre::Result<()> {
    let given = layer.scheme.parameters;
    let rows = 1_u64 << budget.log_heights.first().copied().unwrap_or(0);
    let name = if has_shapes { format!("{}-{}", layer.name, budget.shape) } else { layer.name.into() };
    let constraints: usize = budget.tables.iter().map(|table| table.constraints).sum();
    let factors: Vec<_> = budget.log_arities.iter().map(|log| 1 << log).collect();
    let rate = (-(given.log_blowup as f64)).exp2();
    writeln!(text, "\n[[circuits]]\nname = \"{name}\"\nprotocol_family = \"FRI_STARK\"")?;
    writeln!(text, "hash_size_bits = {}", layer.digest_bits)?;
    match layer.scheme.regime {
        Regime::UniqueDecoding => writeln!(text, "explicit_regime = \"unique\"")?,
        Regime::Johnson { m } => {
            // The gap of multiplicity m, a little more so that rounding does not make it m + 1.
            let gap = (rate.sqrt() / (2.0 * f64::from(m)) * 1e7).ceil() / 1e7;
            writeln!(text, "gap_to_radius = {gap:.7} # m = {m}")?;
        }
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
