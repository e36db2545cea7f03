//! The tables of figures.

use std::fmt::Display;

use ashlar_soundness::{
    Budget, Hash, Overview, Regime, Report, Site, TARGET_BITS, TableProfile, Term, field_bits,
};
use ashlar_verifier::config::Parameters;
use eyre::{OptionExt, bail};

use super::layers::{Figures, messages, most};
use super::soundcalc;

/// The table that a page asks for: its name, then arguments, separated by spaces.
pub(super) fn render(block: &str, overview: &Overview) -> eyre::Result<String> {
    let words: Vec<_> = block.split(' ').collect();
    match *words.as_slice() {
        ["layers"] => layers(overview),
        ["parameters", layer] => parameters(&Figures::named(overview, layer)?),
        ["terms", layer] => terms(&Figures::named(overview, layer)?, None),
        ["terms", layer, shape] => terms(&Figures::named(overview, layer)?, Some(shape)),
        ["shapes", layer] => shapes(&Figures::named(overview, layer)?),
        ["tables", layer] => tables(&Figures::named(overview, layer)?, None),
        ["tables", layer, shape] => tables(&Figures::named(overview, layer)?, Some(shape)),
        ["circuits"] => circuits(overview),
        ["bytes"] => bytes(&Figures::named(overview, "last")?),
        ["readings"] => readings(overview),
        ["soundcalc"] => soundcalc::table(overview),
        _ => bail!("there is no table `{block}`"),
    }
}

/// A table: the heads of its columns, then the rows.
pub(super) fn table<const N: usize>(heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&heads.map(String::from)) + &line(&heads.map(|_| "---".to_string()));
    text.extend(rows.into_iter().map(|row| line(&row)));
    text
}

/// 1234567 as 1,234,567.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The least and the most of what shapes have.
fn span<T: Ord + Copy>(values: impl Iterator<Item = T> + Clone, show: impl Fn(T) -> String) -> String {
    match (values.clone().min(), values.max()) {
        (Some(least), Some(most)) if least == most => show(least),
        (Some(least), Some(most)) => format!("{} to {}", show(least), show(most)),
        _ => "none".into(),
    }
}

fn layers(overview: &Overview) -> eyre::Result<String> {
    let row = |figures: &Figures<'_>| {
        let parameters = figures.described.scheme.parameters;
        let weakest = figures.layer.reports.iter().min_by(|a, b| a.bits.total_cmp(&b.bits));
        [
            figures.layer.name.into(),
            figures.described.proves.into(),
            figures.layer.regime.clone(),
            (1 << parameters.log_blowup).to_string(),
            parameters.queries.to_string(),
            format!("{:.2}", figures.layer.bits),
            weakest.and_then(Report::weakest).map_or_else(String::new, |term| term.name.clone()),
        ]
    };
    let heads = ["layer", "proves", "regime", "blowup", "queries", "bits", "its weakest term"];
    Ok(table(heads, Figures::all(overview)?.iter().map(row)))
}

fn parameters(figures: &Figures<'_>) -> eyre::Result<String> {
    let budgets = &figures.layer.budgets;
    let described = figures.described;
    let given = described.scheme.parameters;
    let (_, tallest) = figures.shape(None)?;
    let of = |count: fn(&Budget) -> usize| span(budgets.iter().map(count), |value| number(value as u64));
    let widths = [
        ("main", of(|budget| budget.main)),
        ("messages", of(|budget| budget.auxiliary)),
        ("fixed", of(|budget| budget.fixed)),
        ("quotients", of(|budget| budget.quotient)),
    ];
    let log_messages = budgets.iter().map(|budget| (messages(&budget.tables) as f64).log2());
    let [least, greatest] =
        [log_messages.clone().fold(f64::INFINITY, f64::min), log_messages.fold(0.0, f64::max)];
    let all_messages =
        if least == greatest { format!("2^{least:.2}") } else { format!("2^{least:.2} to 2^{greatest:.2}") };
    let rows = [
        (
            "field",
            format!(
                "KoalaBear, p = 2^31 - 2^24 + 1; challenges from F[X]/(X^4 - 3), {:.2} bits",
                field_bits()
            ),
        ),
        ("regime", figures.layer.regime.clone()),
        ("blowup", format!("{}, rate 1/{0}", 1 << given.log_blowup)),
        ("rows of the tallest table", span(budgets.iter().map(tallest_log), |log| format!("2^{log}"))),
        ("heights", of(|budget| budget.log_heights.len())),
        ("tables", of(|budget| budget.tables.len())),
        ("opened columns", format!("{} ({})", of(|budget| budget.columns), parts(&widths))),
        ("pairs of a column and a point", of(|budget| budget.openings)),
        (
            "constraints, of the table that has most",
            of(|budget| most(&budget.tables, |table| table.constraints)),
        ),
        ("degree", of(|budget| most(&budget.tables, |table| table.degree))),
        (
            "messages of a proof",
            format!(
                "{all_messages}, of up to {} elements",
                of(|budget| most(&budget.tables, |table| table.message_width))
            ),
        ),
        ("queries", given.queries.to_string()),
        ("grinding, in bits", grinding(&given)),
        (
            "folding",
            format!(
                "by {}{}",
                arities(tallest),
                if budgets.len() > 1 { format!(" (shape `{}`)", tallest.shape) } else { String::new() }
            ),
        ),
        ("final polynomial", format!("{} coefficients", 1 << given.log_final_polynomial)),
        ("leaves of trees", described.leaves.into()),
        ("nodes", format!("{}; caps of {} ", described.nodes, nodes(given.cap_height))),
        ("digest", described.digest.into()),
        ("transcript", described.transcript.into()),
    ];
    Ok(table(["", "value"], rows.map(|(name, value)| [name.into(), value.trim_end().into()])))
}

fn tallest_log(budget: &Budget) -> u8 {
    budget.log_heights.first().copied().unwrap_or(0)
}

fn nodes(cap_height: usize) -> String {
    if cap_height == 0 { "one node".into() } else { format!("{} nodes", 1 << cap_height) }
}

fn parts(widths: &[(&str, String)]) -> String {
    widths.iter().map(|(name, width)| format!("{name} {width}")).collect::<Vec<_>>().join(", ")
}

fn grinding(parameters: &Parameters) -> String {
    let sites = [
        ("queries", Site::Query),
        ("each folding", Site::Fold),
        ("batching", Site::Batch),
        ("buses", Site::Lookup),
        ("point", Site::Point),
    ];
    parts(&sites.map(|(name, site)| (name, site.grinding(parameters).to_string())))
}

fn arities(budget: &Budget) -> String {
    join(budget.log_arities.iter().map(|log| 1 << log))
}

fn join<T: Display>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

fn terms(figures: &Figures<'_>, shape: Option<&str>) -> eyre::Result<String> {
    let (report, _) = figures.shape(shape)?;
    let row = |term: &Term| {
        let ground = if term.site.is_some() { term.grinding.to_string() } else { "-".into() };
        [
            term.name.clone(),
            format!("`{}`", term.formula),
            term.source.into(),
            format!("{:.2}", term.bits_before_grinding),
            ground,
            format!("{:.2}", term.bits),
        ]
    };
    let heads = ["term", "bound", "source", "bits", "grinding", "with grinding"];
    Ok(table(heads, report.terms.iter().map(row)))
}

fn shapes(figures: &Figures<'_>) -> eyre::Result<String> {
    let row = |(report, budget): (&Report, &Budget)| {
        let least = |prefix: &str| {
            let of = report.terms.iter().filter(|term| term.name.starts_with(prefix));
            format!("{:.2}", of.map(|term| term.bits).fold(f64::INFINITY, f64::min))
        };
        [
            report.shape.clone(),
            join(budget.log_heights.iter()),
            number(budget.columns as u64),
            number(budget.openings as u64),
            least("buses"),
            least("point"),
            least("batch"),
            least("fold"),
            least("queries"),
            format!("{:.2}", report.bits),
        ]
    };
    let heads = [
        "shape",
        "log2 of heights",
        "columns",
        "pairs",
        "buses",
        "point",
        "batch",
        "fold",
        "queries",
        "least",
    ];
    Ok(table(heads, figures.layer.reports.iter().zip(&figures.layer.budgets).map(row)))
}

fn tables(figures: &Figures<'_>, shape: Option<&str>) -> eyre::Result<String> {
    let (_, budget) = figures.shape(shape)?;
    let row = |profile: &TableProfile| {
        [
            format!("`{}`", profile.name),
            format!("2^{}", profile.log_height),
            profile.main_width.to_string(),
            profile.aux_width().to_string(),
            profile.fixed_width.to_string(),
            profile.quotient_width().to_string(),
            profile.messages.to_string(),
            profile.degree.to_string(),
            profile.constraints.to_string(),
        ]
    };
    let heads = [
        "table",
        "rows",
        "main",
        "messages",
        "fixed",
        "quotients",
        "messages a row",
        "degree",
        "constraints",
    ];
    Ok(table(heads, budget.tables.iter().map(row)))
}

fn circuits(overview: &Overview) -> eyre::Result<String> {
    let all = Figures::all(overview)?;
    let rows = all.iter().flat_map(|figures| &figures.layer.circuits).map(|usage| {
        let share = |share: &ashlar_soundness::Share| {
            format!("{} {} of {}", share.of, number(share.used as u64), number(share.all as u64))
        };
        [format!("`{}`", usage.circuit), usage.tables.iter().map(share).collect::<Vec<_>>().join("; ")]
    });
    Ok(table(["circuit", "takes"], rows))
}

/// The parts of a final proof (`specs/012-final-proof.md`).
fn bytes(figures: &Figures<'_>) -> eyre::Result<String> {
    let (_, budget) = figures.shape(None)?;
    let Hash::Keccak { digest } = figures.described.scheme.hash else {
        bail!("the last layer has another hash")
    };
    let (given, digest) = (figures.described.scheme.parameters, u64::from(digest));
    let [element, extension, queries] = [4, 16, given.queries as u64];
    let rounds = budget.log_arities.len() as u64;
    let roots = 3 * digest + rounds * digest;
    let nonces = (5 + rounds) * element;
    let siblings: u64 = budget.log_arities.iter().map(|log| (1 << log) - 1).sum();
    let mut depth = u64::from(tallest_log(budget)) + given.log_blowup as u64;
    let mut nodes = 4 * path_nodes(depth, queries);
    for log in &budget.log_arities {
        depth -= *log as u64;
        nodes += path_nodes(depth, queries);
    }
    let parts = [
        ("salt, roots of trees, nonces, terminal", roots + nonces + extension),
        ("opened values at the two points", extension * budget.openings as u64),
        ("final polynomial", extension << given.log_final_polynomial),
        ("opened rows", element * queries * budget.columns as u64),
        ("siblings of folding", extension * queries * siblings),
        ("Merkle paths, at most", digest * nodes),
    ];
    let all = ("all, at most", parts.iter().map(|(_, bytes)| bytes).sum());
    let rows = parts.into_iter().chain([all]);
    Ok(table(["part", "bytes"], rows.map(|(name, bytes)| [name.into(), number(bytes)])))
}

/// The most nodes that the paths of so many leaves take in a tree of this depth: those of leaves that are spread evenly.
///
/// With k(d) nodes on the way at depth d, 2 k(d - 1) - k(d) are not computed there, which adds up to 2 + the sum of k(d) over
/// 0 < d < depth, less k(depth).
fn path_nodes(depth: u64, leaves: u64) -> u64 {
    let on_the_way = |d: u64| leaves.min(1 << d);
    2 + (1..depth).map(on_the_way).sum::<u64>() - on_the_way(depth)
}

/// What the terms are worth if two theorems are read in another way than `ashlar-soundness` does.
fn readings(overview: &Overview) -> eyre::Result<String> {
    let mut rows = Vec::new();
    for name in ["shrink", "last"] {
        let figures = Figures::named(overview, name)?;
        let (report, _) = figures.shape(None)?;
        let scheme = figures.described.scheme;
        let Regime::Johnson { m } = scheme.regime else { bail!("{name} is in another regime") };
        let of = |term: &str| report.terms.iter().find(|found| found.name == term).ok_or_eyre("no such term");
        let root_of_rate = (-0.5 * scheme.parameters.log_blowup as f64).exp2();
        let (queries, point) = (of("queries")?, of("point")?);
        let ground = queries.bits - queries.bits_before_grinding;
        let of_one = -(root_of_rate * (1.0 + 1.0 / f64::from(m))).log2();
        let enough = format!("{:.0} queries", ((TARGET_BITS - ground) / of_one).ceil());
        let then = ground + scheme.parameters.queries as f64 * of_one;
        rows.push(reading(name, queries, "a = sqrt(rho) (1 + 1 / m)", then, enough));
        let then = point.bits - ((f64::from(m) + 0.5) / root_of_rate).log2();
        let enough = format!("{:.0} bits of grinding", point.grinding as f64 + (TARGET_BITS - then).ceil());
        rows.push(reading(name, point, "L^2 for L", then, enough));
    }
    Ok(table(["layer", "term", "read as", "bits", "bits then", "enough then"], rows))
}

fn reading(layer: &str, term: &Term, read_as: &str, then: f64, enough: String) -> [String; 6] {
    let enough = if then < TARGET_BITS { enough } else { "as it is".into() };
    [layer.into(), term.name.clone(), read_as.into(), bits(term.bits), bits(then), enough]
}

pub(super) fn bits(bits: f64) -> String {
    format!("{bits:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn paths_take_what_a_count_by_hand_says() {
        // One leaf: a sibling at each level.
        assert_eq!(path_nodes(22, 1), 22);
        // All leaves: everything is computed.
        assert_eq!(path_nodes(3, 8), 0);
        // Two of eight, in different halves: two levels of two siblings.
        assert_eq!(path_nodes(3, 2), 4);
    }

    #[test]
    fn spans_of_equal_values_are_one_value() {
        assert_eq!(span([3, 3].into_iter(), |value| value.to_string()), "3");
        assert_eq!(span([5, 3, 4].into_iter(), |value| value.to_string()), "3 to 5");
    }

    #[test]
    fn tables_have_a_head_and_rows() {
        let text = table(["a", "b"], [["1".to_string(), "2".to_string()]]);
        assert_eq!(text, "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    }
}
