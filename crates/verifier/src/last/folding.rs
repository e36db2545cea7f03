//! Folding: each round interpolates a group of values and evaluates at a challenge.

use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::error::RefusedFinal;
use super::hash::{Node, leaf};
use super::header::Header;
use super::openings::{domain_point, reverse_bits};
use super::reader::Reader;
use super::shape::{FinalShape, Tree};
use super::transcript::challenge_bytes;
use crate::config::Challenge;

/// Reads the siblings and folds the queries' values; returns the leaves by round. At the end the values must be the final
/// polynomial's.
pub(super) fn fold_queries(
    reader: &mut Reader<'_>,
    shape: &FinalShape,
    header: &Header,
    mut values: Vec<Challenge>,
) -> Result<Vec<Vec<Node>>, RefusedFinal> {
    let mut indices = header.indices.clone();
    let mut leaves = Vec::with_capacity(header.rounds.len());
    for (number, (round, log_arity)) in header.rounds.iter().zip(&shape.rounds).enumerate() {
        let log_leaves = shape.log_leaves(Tree::Round(number));
        let mut leaves_of_round = Vec::with_capacity(indices.len());
        for (index, value) in indices.iter_mut().zip(&mut values) {
            let group = read_group(reader, *index, *value, *log_arity)?;
            leaves_of_round.push(group_leaf(&group));
            *index >>= log_arity;
            *value = fold_group(group, round.beta, *index, log_leaves, *log_arity);
        }
        leaves.push(leaves_of_round);
    }
    for (index, value) in indices.into_iter().zip(values) {
        let x = domain_point(index, shape.log_height());
        let coefficients = header.final_polynomial.iter().rev();
        if coefficients.fold(Challenge::ZERO, |sum, coefficient| sum * x + *coefficient) != value {
            return Err(RefusedFinal::FinalPolynomial);
        }
    }
    Ok(leaves)
}

/// The values of a group: the query's own at its place among the siblings.
fn read_group(
    reader: &mut Reader<'_>,
    index: usize,
    value: Challenge,
    log_arity: usize,
) -> Result<Vec<Challenge>, RefusedFinal> {
    let arity = 1 << log_arity;
    let mut group = reader.challenges(arity - 1)?;
    // There are arity - 1 siblings, so the place is at most behind them.
    group.insert(index % arity, value);
    Ok(group)
}

fn group_leaf(group: &[Challenge]) -> Node {
    let bytes: Vec<u8> = group.iter().flat_map(|value| challenge_bytes(*value)).collect();
    leaf(&bytes)
}

/// The value at beta of the polynomial with a group's values. They lie on a coset of roots of unity, in bit-reversed
/// order, so that a pair of values is of x and -x; each layer halves the group: with f(X) = e(X^2) + X o(X^2) it computes
/// e(x^2) + beta o(x^2) = (f(x) + f(-x)) / 2 + beta (f(x) - f(-x)) / (2 x). The halving is done at the end.
pub(super) fn fold_group(
    mut group: Vec<Challenge>,
    beta: Challenge,
    index: usize,
    log_leaves: usize,
    log_arity: usize,
) -> Challenge {
    let start = domain_point(index << log_arity, log_leaves + log_arity);
    // Points of a domain are not zero.
    let mut scale = beta * start.try_inverse().unwrap_or_default();
    for layer in (1..=log_arity).rev() {
        let root = Val::two_adic_generator(layer).try_inverse().unwrap_or_default();
        let pairs = group.as_chunks::<2>().0.iter().enumerate();
        let fold = |(pair, [low, high]): (usize, &[Challenge; 2])| {
            let inverse = root.exp_u64(reverse_bits(2 * pair, layer));
            *low + *high + (*low - *high) * (scale * inverse)
        };
        group = pairs.map(fold).collect();
        scale = scale.square();
    }
    let half = Val::ONE.halve().exp_u64(log_arity as u64);
    group.first().map_or(Challenge::ZERO, |value| *value * half)
}
