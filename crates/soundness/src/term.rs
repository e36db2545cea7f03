//! The error terms, one function each. The README derives them.

use ashlar_machine::Val;
use ashlar_machine::hash::Digest as MachineDigest;
use ashlar_verifier::config::Parameters;
use p3_field::PrimeField32;
use p3_fri::fold_schedule;
use serde::Serialize;

use crate::profile::{EXTENSION, TableProfile};
use crate::regime::{Code, ROWS_OPENED, Regime};
use crate::scheme::{Digest, Hash, Scheme};

/// A place in the transcript where the prover has to work before it learns a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// Before the challenges of the buses.
    Lookup,
    /// Before the out-of-domain point.
    Point,
    /// Before the challenge that batches openings.
    Batch,
    /// Before each folding challenge.
    Fold,
    /// Before the queries.
    Query,
}

impl Site {
    /// Bits of work there.
    pub const fn grinding(self, parameters: &Parameters) -> usize {
        match self {
            Self::Lookup => parameters.lookup_grinding,
            Self::Point => parameters.point_grinding,
            Self::Batch => parameters.batch_grinding,
            Self::Fold => parameters.fold_grinding,
            Self::Query => parameters.query_grinding,
        }
    }
}

/// One way to make a verifier accept a false statement: what one more query to the random oracle wins at most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// Its name in reports.
    pub name: String,
    /// The bound, with its numbers.
    pub formula: String,
    /// Where the bound comes from.
    pub source: &'static str,
    /// -log2 of the bound.
    pub bits_before_grinding: f64,
    /// Where grinding counts for this term.
    pub site: Option<Site>,
    /// Bits of grinding there.
    pub grinding: usize,
    /// Security bits.
    pub bits: f64,
    #[serde(skip)]
    hash: Hash,
}

impl Term {
    /// Bits with so many bits of grinding at its site.
    pub(crate) fn with_grinding(&self, bits: usize) -> f64 {
        self.bits_before_grinding + grinding_worth(self.hash, bits)
    }

    /// The fewest bits of grinding with which this term has `target` bits; nothing, if it cannot have them.
    pub fn grinding_for(&self, target: f64) -> Option<usize> {
        let most = if self.site.is_some() { self.hash.grinding_max() } else { 0 };
        (0..=most).find(|bits| self.with_grinding(*bits) >= target)
    }
}

/// log2 of the number of elements of the extension field.
pub fn field_bits() -> f64 {
    EXTENSION as f64 * element_bits()
}

fn element_bits() -> f64 {
    f64::from(Val::ORDER_U32).log2()
}

/// What `bits` of grinding are worth: where low bits of a base element must be zero, they are in a share of
/// ceil(p / 2^bits) / p, slightly above 2^-bits. Keccak's bits are even.
pub fn grinding_worth(hash: Hash, bits: usize) -> f64 {
    if matches!(hash, Hash::Keccak { .. }) {
        return bits as f64;
    }
    let order = u64::from(Val::ORDER_U32);
    let hits =
        u32::try_from(bits).ok().and_then(|bits| 1_u64.checked_shl(bits)).map_or(1, |n| order.div_ceil(n));
    (order as f64 / hits as f64).log2()
}

/// All terms, in the order of the transcript, then those of the hashes.
pub(crate) fn terms(scheme: &Scheme, tables: &[TableProfile]) -> Vec<Term> {
    let mut terms = vec![
        buses(scheme, tables),
        constraints(scheme, tables),
        point(scheme, tables),
        batch(scheme, tables),
    ];
    terms.extend(folds(scheme, tables));
    terms.push(queries(scheme, tables));
    terms.extend(hashes(scheme.hash));
    terms
}

/// A challenge is bad with probability `numerator` / |F|.
fn challenge(
    name: impl Into<String>,
    formula: String,
    source: &'static str,
    numerator: f64,
    site: Option<Site>,
    scheme: &Scheme,
) -> Term {
    term(name, formula, source, field_bits() - numerator.max(1.0).log2(), site, scheme)
}

fn term(
    name: impl Into<String>,
    formula: String,
    source: &'static str,
    bits_before_grinding: f64,
    site: Option<Site>,
    scheme: &Scheme,
) -> Term {
    let grinding = site.map_or(0, |site| site.grinding(&scheme.parameters));
    let bits = bits_before_grinding + grinding_worth(scheme.hash, grinding);
    Term { name: name.into(), formula, source, bits_before_grinding, site, grinding, bits, hash: scheme.hash }
}

/// Two messages' fingerprints collide, or a denominator is zero.
fn buses(scheme: &Scheme, tables: &[TableProfile]) -> Term {
    let count: f64 = tables.iter().map(|table| table.messages as f64 * table.height() as f64).sum();
    let width = tables.iter().map(|table| table.message_width).max().unwrap_or(0);
    let (list, listed) = lists(scheme, tables);
    challenge(
        "buses",
        format!(
            "{}M (W + 2) / F, M = 2^{:.2}, W = {width}{listed}",
            scheme.regime.list_formula(),
            count.log2()
        ),
        "2022/1530; p3-security logup.rs",
        list * count * (width as f64 + 2.0),
        Some(Site::Lookup),
        scheme,
    )
}

/// The constraints of a table cancel each other.
fn constraints(scheme: &Scheme, tables: &[TableProfile]) -> Term {
    let count = tables.iter().map(|table| table.constraints).max().unwrap_or(0);
    let (list, listed) = lists(scheme, tables);
    challenge(
        "constraints",
        format!("{}C / F, C = {count}{listed}", scheme.regime.list_formula()),
        "2021/582 (ALI); p3-security air.rs",
        list * count as f64,
        None,
        scheme,
    )
}

/// A false identity of polynomials holds at the out-of-domain point.
fn point(scheme: &Scheme, tables: &[TableProfile]) -> Term {
    let degree = |table: &TableProfile| {
        let height = table.height();
        let (degree, chunks) = (table.degree.max(1) as u64, table.quotient_chunks as u64);
        let constraint = degree * (height + ROWS_OPENED - 1) + height - 1;
        constraint.max((chunks + 1) * height + ROWS_OPENED - 1)
    };
    let degree = tables.iter().map(degree).max().unwrap_or(0);
    let (list, listed) = lists(scheme, tables);
    challenge(
        "point",
        format!(
            "{}max(d (N + 1) + N - 1, (c + 1) N + 1) / F, max = {degree}{listed}",
            scheme.regime.list_formula()
        ),
        "2021/582 (DEEP); p3-security deep.rs",
        list * degree as f64,
        Some(Site::Point),
        scheme,
    )
}

/// Quotients that are not all close to polynomials have a combination that is.
fn batch(scheme: &Scheme, tables: &[TableProfile]) -> Term {
    let count: usize = tables.iter().map(TableProfile::openings).sum();
    let log_domain = log_domain(&scheme.parameters, tables);
    let (exceptions, formula) = exceptions(scheme, log_domain);
    challenge(
        "batch",
        format!("(B - 1) {formula}, B = {count}"),
        proximity_source(scheme),
        count.saturating_sub(1) as f64 * exceptions,
        Some(Site::Batch),
        scheme,
    )
}

/// In one round of folding, words that are not close to polynomials have a combination that is.
fn folds(scheme: &Scheme, tables: &[TableProfile]) -> Vec<Term> {
    let inputs = log_domains(&scheme.parameters, tables);
    let log_domain = log_domain(&scheme.parameters, tables);
    let mut log_height = log_domain;
    let fold = |log_arity: usize| {
        let from = log_height;
        log_height -= log_arity;
        let joins = inputs.contains(&log_height);
        // `arity` parts of the word, and what joins with the next power of the challenge.
        let degree = (1_u64 << log_arity) - 1 + u64::from(joins);
        // Unique decoding counts points of the top domain; mutual agreement those that the parts are defined on.
        let counted = match scheme.regime {
            Regime::UniqueDecoding => log_domain,
            Regime::Johnson { .. } => log_height,
        };
        let (exceptions, formula) = exceptions(scheme, counted);
        challenge(
            format!("fold 2^{from} to 2^{log_height}{}", if joins { " + input" } else { "" }),
            format!("{degree} {formula}"),
            proximity_source(scheme),
            degree as f64 * exceptions,
            Some(Site::Fold),
            scheme,
        )
    };
    arities(&scheme.parameters, tables).into_iter().map(fold).collect()
}

/// Every query hits where the words agree with polynomials.
fn queries(scheme: &Scheme, tables: &[TableProfile]) -> Term {
    let agreement = scheme.regime.agreement(code(scheme, log_domain(&scheme.parameters, tables)));
    // An index is the low bits of a base element, so index 0 has one more preimage than the others.
    let bias = match scheme.hash {
        Hash::Poseidon2 => 1.0 / f64::from(Val::ORDER_U32),
        Hash::Keccak { .. } => 0.0,
    };
    let hit = (agreement + bias).min(1.0);
    let queries = scheme.parameters.queries;
    term(
        "queries",
        format!("a^q, a = {} = {agreement:.6}, q = {queries}", scheme.regime.agreement_formula()),
        "2024/1553, Theorem 2",
        -(queries as f64) * hit.log2(),
        Some(Site::Query),
        scheme,
    )
}

/// Collisions of hashes of n bits after 2^(n / 2) tries.
fn hashes(hash: Hash) -> [Term; 3] {
    let term = |name: &str, what: &str, source, digest: Digest| {
        let (bits, formula) = match digest {
            Digest::Elements(elements) => {
                (elements as f64 * element_bits() / 2.0, format!("{elements} log2(p) / 2, {what}"))
            }
            Digest::Bytes(bytes) => (4.0 * f64::from(bytes), format!("8 * {bytes} / 2, {what}")),
        };
        let name = name.into();
        Term { name, formula, source, bits_before_grinding: bits, site: None, grinding: 0, bits, hash }
    };
    let machine = Digest::Elements(MachineDigest::default().len());
    [
        term(
            "commitments",
            "the smaller of digest and leaf sponge's capacity",
            "birthday bound",
            hash.commitment(),
        ),
        term("transcript", "capacity of the sponge, or digest", "2025/536", hash.transcript()),
        term("memory, claims", "digest of pages, nodes, commits, claims", "birthday bound", machine),
    ]
}

const fn proximity_source(scheme: &Scheme) -> &'static str {
    match scheme.regime {
        Regime::UniqueDecoding => "2020/654, Theorem 1.5, weighted",
        Regime::Johnson { .. } => "2025/2055, Theorem 4.6",
    }
}

/// The code of the words on a domain of this size.
fn code(scheme: &Scheme, log_domain: usize) -> Code {
    let power = |log: usize| f64::from(u32::try_from(log).unwrap_or(u32::MAX)).exp2();
    let domain = power(log_domain);
    Code { height: domain / power(scheme.parameters.log_blowup), domain }
}

/// The list's length, and what a formula adds about it.
fn lists(scheme: &Scheme, tables: &[TableProfile]) -> (f64, String) {
    let list = scheme.regime.list(code(scheme, log_domain(&scheme.parameters, tables)));
    let listed = match scheme.regime {
        Regime::UniqueDecoding => String::new(),
        Regime::Johnson { .. } => format!(", L = {list:.2}"),
    };
    (list, listed)
}

/// The exceptional challenges of a line of words on a domain of this size, and their formula.
fn exceptions(scheme: &Scheme, log_domain: usize) -> (f64, String) {
    let exceptions = scheme.regime.exceptions(code(scheme, log_domain));
    let formula = match scheme.regime {
        Regime::UniqueDecoding => format!("(n + 1) / F, n = 2^{log_domain}"),
        Regime::Johnson { .. } => format!("e(n) / F, n = 2^{log_domain}, e = 2^{:.2}", exceptions.log2()),
    };
    (exceptions, formula)
}

/// log2 of the sizes of the domains that words are committed on, without repetition, largest first.
pub(crate) fn log_domains(parameters: &Parameters, tables: &[TableProfile]) -> Vec<usize> {
    let domains = tables.iter().map(|table| usize::from(table.log_height) + parameters.log_blowup);
    let mut domains: Vec<_> = domains.collect();
    domains.sort_unstable_by(|a, b| b.cmp(a));
    domains.dedup();
    domains
}

/// log2 of what each round folds by.
pub(crate) fn arities(parameters: &Parameters, tables: &[TableProfile]) -> Vec<usize> {
    let log_final = parameters.log_blowup + parameters.log_final_polynomial;
    fold_schedule(&log_domains(parameters, tables), log_final, parameters.log_arity_max.max(1))
}

fn log_domain(parameters: &Parameters, tables: &[TableProfile]) -> usize {
    log_domains(parameters, tables).first().copied().unwrap_or(0)
}
