//! The queried rows: each gives one value of the function that is proven to be of low degree.

use alloc::vec;
use alloc::vec::Vec;

use ashlar_machine::Val;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use super::error::RefusedFinal;
use super::hash::{Node, leaf};
use super::header::{Header, Opened};
use super::reader::{Reader, elements};
use super::shape::{FinalShape, TREES, Tree};
use crate::config::Challenge;

/// What is read of the rows.
pub(super) struct Rows {
    /// By tree, the leaf of each query.
    pub(super) leaves: Vec<Vec<Node>>,
    /// The value of each query.
    pub(super) values: Vec<Challenge>,
}

/// The powers of gamma that a tree's columns start with, at zeta and at the point after it.
struct Weights {
    at_zeta: Challenge,
    at_next: Option<Challenge>,
}

/// Reads the rows. With p(X) = sum of gamma^i p_i(X) over all columns that are opened at a point z, and f the same of a row
/// at x, a query's value is the sum over the two points of (p(z) - f(x)) / (z - x).
pub(super) fn read_rows(
    reader: &mut Reader<'_>,
    shape: &FinalShape,
    header: &Header,
) -> Result<Rows, RefusedFinal> {
    let weights = weights(shape, header.gamma);
    let widest = TREES.iter().map(|tree| shape.row_width(*tree)).max().unwrap_or(0);
    let powers: Vec<_> = header.gamma.powers().take(widest).collect();
    let (at_zeta, at_next) = opened_sums(&header.opened, &weights, &powers);
    let mut sums = vec![(at_zeta, at_next); header.indices.len()];
    let mut leaves = Vec::with_capacity(TREES.len());
    for (tree, weights) in TREES.iter().zip(&weights) {
        let mut leaves_of_tree = Vec::with_capacity(header.indices.len());
        for (at_zeta, at_next) in &mut sums {
            let row = reader.bytes(4 * shape.row_width(*tree))?;
            leaves_of_tree.push(leaf(row));
            let sum = powers.iter().zip(elements(row)?).map(|(power, x)| *power * x).sum::<Challenge>();
            *at_zeta -= weights.at_zeta * sum;
            *at_next -= weights.at_next.map_or(Challenge::ZERO, |weight| weight * sum);
        }
        leaves.push(leaves_of_tree);
    }
    let inverses = inverse_distances(shape, header)?;
    let values = sums
        .iter()
        .zip(inverses)
        .map(|((at_zeta, at_next), (to_zeta, to_next))| *at_zeta * to_zeta + *at_next * to_next);
    Ok(Rows { leaves, values: values.collect() })
}

fn weights(shape: &FinalShape, gamma: Challenge) -> [Weights; 4] {
    let mut next = Challenge::ONE;
    let mut weight = |tree: Tree| {
        let width = shape.row_width(tree) as u64;
        let after = next * gamma.exp_u64(width);
        core::mem::replace(&mut next, after)
    };
    TREES.map(|tree| Weights {
        at_zeta: weight(tree),
        at_next: matches!(tree, Tree::Main | Tree::Auxiliary).then(|| weight(tree)),
    })
}

/// p(z) at both points.
fn opened_sums(opened: &Opened, weights: &[Weights; 4], powers: &[Challenge]) -> (Challenge, Challenge) {
    let sum = |values: &[Challenge]| {
        powers.iter().zip(values).map(|(power, value)| *power * *value).sum::<Challenge>()
    };
    let [main, quotient, fixed, auxiliary] = weights;
    let at_zeta = main.at_zeta * sum(&opened.main)
        + quotient.at_zeta * sum(&opened.quotient)
        + fixed.at_zeta * sum(&opened.fixed)
        + auxiliary.at_zeta * sum(&opened.auxiliary);
    let weight = |weights: &Weights| weights.at_next.unwrap_or(Challenge::ZERO);
    let at_next = weight(main) * sum(&opened.main_next) + weight(auxiliary) * sum(&opened.auxiliary_next);
    (at_zeta, at_next)
}

/// For each query 1 / (zeta - x) and 1 / (g zeta - x), at the price of one inversion.
fn inverse_distances(
    shape: &FinalShape,
    header: &Header,
) -> Result<Vec<(Challenge, Challenge)>, RefusedFinal> {
    let next = header.zeta * Val::two_adic_generator(shape.log_rows);
    let mut product = Challenge::ONE;
    let mut steps = Vec::with_capacity(header.indices.len());
    for index in &header.indices {
        let x = Val::GENERATOR * domain_point(*index, shape.log_height());
        let (to_zeta, to_next) = (header.zeta - x, next - x);
        steps.push((product, to_zeta, to_next));
        product *= to_zeta * to_next;
    }
    let mut inverse = product.try_inverse().ok_or(RefusedFinal::PointOnQuery)?;
    let mut inverses = Vec::with_capacity(steps.len());
    for (before, to_zeta, to_next) in steps.into_iter().rev() {
        let both = inverse * before;
        inverses.push((both * to_next, both * to_zeta));
        inverse *= to_zeta * to_next;
    }
    inverses.reverse();
    Ok(inverses)
}

/// The point of a subgroup at a position in bit-reversed order.
pub(super) fn domain_point(index: usize, log_height: usize) -> Val {
    Val::two_adic_generator(log_height).exp_u64(reverse_bits(index, log_height))
}

/// The low bits of a number in reverse.
pub(super) fn reverse_bits(index: usize, bits: usize) -> u64 {
    let reversed = (index as u64).reverse_bits();
    reversed.checked_shr(64 - bits as u32).unwrap_or(0)
}
