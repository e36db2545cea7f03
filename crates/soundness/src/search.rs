//! The fewest queries with which proofs of given tables have enough bits.

use std::ops::RangeInclusive;

use ashlar_verifier::config::Parameters;

use crate::profile::TableProfile;
use crate::regime::Regime;
use crate::scheme::{Hash, Scheme};
use crate::term::{Site, Term, grinding_worth, terms};

/// A witness of grinding is one base element.
const WITNESS_BITS: usize = 30;

/// Finds the scheme with the fewest queries in which every term of proofs of these tables has `target` bits, with one of
/// these multiplicities. [`MULTIPLICITY_MIN`](crate::MULTIPLICITY_MIN) is the least that the theorem is stated for.
///
/// The grinding of `limits` is the most that each site may have; the scheme has the least that does. Its queries are
/// not read, its other numbers are taken over. Of multiplicities with which the queries are equally few, it is the one
/// with which there is the least to grind. None if no multiplicity does.
pub fn least_queries(
    limits: &Parameters,
    hash: Hash,
    multiplicities: RangeInclusive<u32>,
    tables: &[TableProfile],
    target: f64,
) -> Option<Scheme> {
    let schemes = multiplicities.filter_map(|m| {
        let scheme = Scheme { parameters: *limits, regime: Regime::Johnson { m }, hash };
        with_least(scheme, tables, target)
    });
    schemes.min_by_key(|scheme| (scheme.parameters.queries, work(&scheme.parameters)))
}

/// The scheme with the fewest queries and then the least grinding, its regime given.
fn with_least(mut scheme: Scheme, tables: &[TableProfile], target: f64) -> Option<Scheme> {
    scheme.parameters.queries = 1;
    let with_one = terms(&scheme, tables);
    // Bits of one query; those of many are proportional.
    let bits = with_one.iter().find(|term| term.site == Some(Site::Query))?.bits_before_grinding;
    let missing = target - grinding_worth(scheme.hash, scheme.parameters.query_grinding);
    if bits <= 0.0 {
        return None;
    }
    scheme.parameters.queries = (missing / bits).ceil().max(1.0) as usize;
    if with_one.iter().any(|term| term.site.is_none() && term.bits < target) {
        return None;
    }
    let terms = terms(&scheme, tables);
    let least = |site: Site, limit: usize| least_grinding(&terms, site, limit, target);
    let Parameters { query_grinding, fold_grinding, batch_grinding, lookup_grinding, point_grinding, .. } =
        scheme.parameters;
    scheme.parameters.query_grinding = least(Site::Query, query_grinding)?;
    scheme.parameters.fold_grinding = least(Site::Fold, fold_grinding)?;
    scheme.parameters.batch_grinding = least(Site::Batch, batch_grinding)?;
    scheme.parameters.lookup_grinding = least(Site::Lookup, lookup_grinding)?;
    scheme.parameters.point_grinding = least(Site::Point, point_grinding)?;
    Some(scheme)
}

/// The fewest bits of grinding at a site with which all its terms have `target` bits.
fn least_grinding(terms: &[Term], site: Site, limit: usize, target: f64) -> Option<usize> {
    let of_site = || terms.iter().filter(|term| term.site == Some(site));
    (0..=limit.min(WITNESS_BITS)).find(|bits| of_site().all(|term| term.with_grinding(*bits) >= target))
}

/// Expected tries of grinding a proof once, folding as one round.
const fn work(parameters: &Parameters) -> u64 {
    (1 << parameters.query_grinding)
        + (1 << parameters.fold_grinding)
        + (1 << parameters.batch_grinding)
        + (1 << parameters.lookup_grinding)
        + (1 << parameters.point_grinding)
}
