//! The error terms, one function each. The README derives them.

use std::marker::PhantomData;

use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_verifier::config::{Challenger, LeafHash, Parameters, ValMmcs};
use p3_challenger::DuplexChallenger;
use p3_field::PrimeField32;
use p3_fri::fold_schedule;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicPermutation, PaddingFreeSponge};
use serde::Serialize;

use crate::profile::{EXTENSION, TableProfile};

/// The most bits of grinding at one site.
///
/// A witness is one base element, so p ~ 2^31 can be tried: up to 24 bits an honest prover finds none with a probability
/// below 2^-180.
pub const GRINDING_MAX: usize = 24;

/// Rows that a constraint or an opening refers to: this one and the next.
const ROWS_OPENED: u64 = 2;

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
}

impl Term {
    /// The fewest bits of grinding with which this term has `target` bits; nothing, if it cannot have them.
    pub fn grinding_for(&self, target: f64) -> Option<usize> {
        let most = if self.site.is_some() { GRINDING_MAX } else { 0 };
        (0..=most).find(|bits| self.bits_before_grinding + grinding_worth(*bits) >= target)
    }
}

/// log2 of the number of elements of the extension field.
pub fn field_bits() -> f64 {
    EXTENSION as f64 * element_bits()
}

fn element_bits() -> f64 {
    f64::from(Val::ORDER_U32).log2()
}

/// What `bits` of grinding are worth: the low bits of a base element must be zero, which they are in a share of
/// ceil(p / 2^bits) / p, slightly above 2^-bits.
pub fn grinding_worth(bits: usize) -> f64 {
    let order = u64::from(Val::ORDER_U32);
    let hits =
        u32::try_from(bits).ok().and_then(|bits| 1_u64.checked_shl(bits)).map_or(1, |n| order.div_ceil(n));
    (order as f64 / hits as f64).log2()
}

/// All terms, in the order of the transcript, then those of the hashes.
pub(crate) fn terms(parameters: &Parameters, tables: &[TableProfile]) -> Vec<Term> {
    let mut terms = vec![
        buses(parameters, tables),
        constraints(parameters, tables),
        point(parameters, tables),
        batch(parameters, tables),
    ];
    terms.extend(folds(parameters, tables));
    terms.push(queries(parameters, tables));
    terms.extend(hashes());
    terms
}

/// A challenge is bad with probability `numerator` / |F|.
fn challenge(
    name: impl Into<String>,
    formula: String,
    source: &'static str,
    numerator: f64,
    site: Option<Site>,
    parameters: &Parameters,
) -> Term {
    term(name, formula, source, field_bits() - numerator.max(1.0).log2(), site, parameters)
}

fn term(
    name: impl Into<String>,
    formula: String,
    source: &'static str,
    bits_before_grinding: f64,
    site: Option<Site>,
    parameters: &Parameters,
) -> Term {
    let grinding = site.map_or(0, |site| site.grinding(parameters));
    let bits = bits_before_grinding + grinding_worth(grinding);
    Term { name: name.into(), formula, source, bits_before_grinding, site, grinding, bits }
}

/// Two messages' fingerprints collide, or a denominator is zero.
fn buses(parameters: &Parameters, tables: &[TableProfile]) -> Term {
    let count: f64 = tables.iter().map(|table| table.messages as f64 * table.height() as f64).sum();
    let width = tables.iter().map(|table| table.message_width).max().unwrap_or(0);
    challenge(
        "buses",
        format!("M (W + 2) / F, M = 2^{:.2}, W = {width}", count.log2()),
        "2022/1530; p3-security logup.rs",
        count * (width as f64 + 2.0),
        Some(Site::Lookup),
        parameters,
    )
}

/// The constraints of a table cancel each other.
fn constraints(parameters: &Parameters, tables: &[TableProfile]) -> Term {
    let count = tables.iter().map(|table| table.constraints).max().unwrap_or(0);
    challenge(
        "constraints",
        format!("C / F, C = {count}"),
        "2021/582 (ALI); p3-security air.rs",
        count as f64,
        None,
        parameters,
    )
}

/// A false identity of polynomials holds at the out-of-domain point.
fn point(parameters: &Parameters, tables: &[TableProfile]) -> Term {
    let degree = |table: &TableProfile| {
        let height = table.height();
        let (degree, chunks) = (table.degree.max(1) as u64, table.quotient_chunks as u64);
        let constraint = degree * (height + ROWS_OPENED - 1) + height - 1;
        constraint.max((chunks + 1) * height + ROWS_OPENED - 1)
    };
    let degree = tables.iter().map(degree).max().unwrap_or(0);
    challenge(
        "point",
        format!("max(d (N + 1) + N - 1, (c + 1) N + 1) / F = {degree} / F"),
        "2021/582 (DEEP); p3-security deep.rs",
        degree as f64,
        Some(Site::Point),
        parameters,
    )
}

/// Quotients that are not all close to polynomials have a combination that is.
fn batch(parameters: &Parameters, tables: &[TableProfile]) -> Term {
    let count: usize = tables.iter().map(TableProfile::openings).sum();
    challenge(
        "batch",
        format!("(B - 1) (n + 1) / F, B = {count}, n = 2^{}", log_domain(parameters, tables)),
        "2020/654, Theorem 1.5",
        count.saturating_sub(1) as f64 * (domain(parameters, tables) + 1.0),
        Some(Site::Batch),
        parameters,
    )
}

/// In one round of folding, words that are not close to polynomials have a combination that is.
fn folds(parameters: &Parameters, tables: &[TableProfile]) -> Vec<Term> {
    let inputs = log_domains(parameters, tables);
    let log_domain = log_domain(parameters, tables);
    let mut log_height = log_domain;
    let fold = |log_arity: usize| {
        let from = log_height;
        log_height -= log_arity;
        let joins = inputs.contains(&log_height);
        // `arity` parts of the word, and what joins with the next power of the challenge.
        let degree = (1_u64 << log_arity) - 1 + u64::from(joins);
        challenge(
            format!("fold 2^{from} to 2^{log_height}{}", if joins { " + input" } else { "" }),
            format!("{degree} (n + 1) / F, n = 2^{log_domain}"),
            "2020/654, Theorem 1.5, weighted",
            degree as f64 * (domain(parameters, tables) + 1.0),
            Some(Site::Fold),
            parameters,
        )
    };
    arities(parameters, tables).into_iter().map(fold).collect()
}

/// Every query hits where the words agree with polynomials.
fn queries(parameters: &Parameters, tables: &[TableProfile]) -> Term {
    let domain = domain(parameters, tables);
    let height = domain / f64::from(parameters.log_blowup as u32).exp2();
    let agreement = (1.0 + (height + ROWS_OPENED as f64) / domain) / 2.0;
    // An index is the low bits of a base element, so index 0 has one more preimage than the others.
    let hit = (agreement + 1.0 / f64::from(Val::ORDER_U32)).min(1.0);
    term(
        "queries",
        format!("a^q, a = (1 + rho) / 2 = {agreement:.6}, q = {}", parameters.queries),
        "2024/1553, Theorem 2",
        -(parameters.queries as f64) * hit.log2(),
        Some(Site::Query),
        parameters,
    )
}

/// Collisions of hashes of e elements after half of e log2(p) bits of work.
fn hashes() -> [Term; 3] {
    let term = |name: &str, what: &str, source, elements: usize| {
        let bits = elements as f64 * element_bits() / 2.0;
        let formula = format!("{elements} log2(p) / 2, {what}");
        Term { name: name.into(), formula, source, bits_before_grinding: bits, site: None, grinding: 0, bits }
    };
    let leaf = sponge_capacity(PhantomData::<LeafHash>);
    let commitments = digest_elements(PhantomData::<ValMmcs>).min(leaf);
    let transcript = transcript_capacity(PhantomData::<Challenger>);
    let memory = Digest::default().len();
    [
        term(
            "commitments",
            "the smaller of digest and leaf sponge's capacity",
            "birthday bound",
            commitments,
        ),
        term("transcript", "capacity of the duplex sponge", "2025/536", transcript),
        term("memory tree", "digest of pages, nodes and commits", "birthday bound", memory),
    ]
}

const fn sponge_capacity<P, const WIDTH: usize, const RATE: usize, const OUT: usize>(
    _: PhantomData<PaddingFreeSponge<P, WIDTH, RATE, OUT>>,
) -> usize {
    WIDTH - RATE
}

const fn digest_elements<P, W, H, C, const ARITY: usize, const DIGEST: usize>(
    _: PhantomData<MerkleTreeMmcs<P, W, H, C, ARITY, DIGEST>>,
) -> usize {
    DIGEST
}

const fn transcript_capacity<P, const WIDTH: usize, const RATE: usize>(
    _: PhantomData<DuplexChallenger<Val, P, WIDTH, RATE>>,
) -> usize
where
    P: CryptographicPermutation<[Val; WIDTH]>,
{
    WIDTH - RATE
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

fn domain(parameters: &Parameters, tables: &[TableProfile]) -> f64 {
    f64::from(log_domain(parameters, tables) as u32).exp2()
}
