//! Constraints at the out-of-domain point: their sum with powers of a challenge is the quotient times the vanishing
//! polynomial.

use ashlar_circuit::{Challenge, Val};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};

use super::graph::{Graph, Leaf, Node, NodeId};
use super::powers::Powers;
use super::shape::{DEGREE, TableShape};
use crate::builder::{Builder, Wire};

/// What the prover says of a table at the out-of-domain point.
#[derive(Clone, Debug, Default)]
pub(super) struct TableOpenings {
    /// This row's and the next row's values of each kind; empty where it is not opened.
    pub(super) main: [Vec<Wire>; 2],
    pub(super) fixed: [Vec<Wire>; 2],
    /// Elements of the base field's extension, in coefficients that are themselves of the extension.
    pub(super) auxiliary: [Vec<Wire>; 2],
    /// Each piece's four coefficients.
    pub(super) pieces: Vec<Vec<Wire>>,
}

/// Challenges and values that constraints mention.
pub(super) struct Context<'a> {
    pub(super) zeta: Wire,
    /// alpha and beta of each column of messages.
    pub(super) challenges: &'a [Wire],
    pub(super) terminal: Option<Wire>,
    pub(super) public_values: &'a [Wire],
}

/// The constraints of a table hold. `alpha` combines them.
pub(super) fn check_constraints(
    builder: &mut Builder,
    table: &TableShape,
    openings: &TableOpenings,
    context: &Context<'_>,
    alpha: &mut Powers,
) {
    let power = builder.exp_power_of_2(context.zeta, table.log_height);
    let minus_one = builder.constant(Val::NEG_ONE);
    let vanishing = builder.add(power, minus_one);
    // No proof has its point on the table's own domain.
    builder.inverse(vanishing);
    let quotient = recompose_quotient(builder, table, &openings.pieces, power);
    let graph = &table.constraints;
    let values = vec![None; graph.nodes.len()];
    let mut evaluator = Evaluator { builder, table, graph, openings, context, vanishing, values };
    let folded = evaluator.fold(alpha);
    evaluator.builder.assert_mul_add(quotient, vanishing, evaluator.builder.zero(), folded);
}

/// The quotient from its pieces, each of which interpolates it on one coset: the piece times a polynomial that is one
/// on its coset and zero on the others.
fn recompose_quotient(builder: &mut Builder, table: &TableShape, pieces: &[Vec<Wire>], power: Wire) -> Wire {
    let count = 1 << table.log_pieces;
    let generator = Val::two_adic_generator(table.log_height + table.log_pieces);
    // A coset of shift s vanishes where point^n s^-n - 1 does.
    let shifts: Vec<Val> = generator
        .shifted_powers(Val::GENERATOR)
        .take(count)
        .map(|shift| shift.exp_power_of_2(table.log_height))
        .collect();
    let minus_one = builder.constant(Val::NEG_ONE);
    let vanishing: Vec<Wire> = shifts
        .iter()
        .map(|shift| {
            let scale = builder.constant(shift.inverse());
            builder.mul_add(scale, power, minus_one)
        })
        .collect();
    let mut quotient = builder.zero();
    for (i, piece) in pieces.iter().enumerate() {
        let others = || (0..count).filter(move |j| *j != i);
        let scale: Val = others().map(|j| shifts[i] * shifts[j].inverse() - Val::ONE).product();
        let mut weight = builder.constant(scale.inverse());
        for j in others() {
            weight = builder.mul(weight, vanishing[j]);
        }
        let value = recompose(builder, piece);
        quotient = builder.mul_add(weight, value, quotient);
    }
    quotient
}

/// The element with these coefficients, which may themselves lie in the extension field.
pub(super) fn recompose(builder: &mut Builder, coefficients: &[Wire]) -> Wire {
    let x = Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == 1));
    let x = builder.extension_constant(x);
    let mut coefficients = coefficients.iter().rev();
    let first = coefficients.next().copied().unwrap_or_else(|| builder.zero());
    coefficients.fold(first, |sum, coefficient| builder.mul_add(sum, x, *coefficient))
}

/// Turns nodes into wires.
struct Evaluator<'a> {
    builder: &'a mut Builder,
    table: &'a TableShape,
    graph: &'a Graph,
    openings: &'a TableOpenings,
    context: &'a Context<'a>,
    vanishing: Wire,
    values: Vec<Option<Wire>>,
}

impl Evaluator<'_> {
    /// All constraints, the first one with the highest power. Neighbours with a common factor are summed first.
    fn fold(&mut self, alpha: &mut Powers) -> Wire {
        let graph = self.graph;
        let mut sum = self.builder.zero();
        let mut rest = graph.constraints.as_slice();
        while let Some(first) = rest.first() {
            let (factor, length) = common_factor(graph, rest);
            let (group, after) = rest.split_at(length);
            rest = after;
            match factor {
                Some(factor) => {
                    let mut inner = self.builder.zero();
                    for id in group {
                        let other = self.value(cofactor(graph, *id, factor));
                        inner = self.builder.mul_add(inner, alpha.base(), other);
                    }
                    let power = alpha.get(self.builder, length);
                    sum = self.builder.mul(sum, power);
                    let factor = self.value(factor);
                    sum = self.builder.mul_add(factor, inner, sum);
                }
                None => {
                    let value = self.value(*first);
                    sum = self.builder.mul_add(sum, alpha.base(), value);
                }
            }
        }
        sum
    }

    /// The node as a wire.
    fn value(&mut self, id: NodeId) -> Wire {
        if let Some(value) = self.values[id] {
            return value;
        }
        let value = match self.graph.nodes[id] {
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::Add(x, y) => {
                let (x, y) = if self.is_inner(y) { (y, x) } else { (x, y) };
                let y = self.value(y);
                self.plus(y, x)
            }
            Node::Sub(x, y) => {
                let x = self.value(x);
                self.minus(x, y)
            }
            Node::Neg(x) => self.minus(self.builder.zero(), x),
            Node::Mul(x, y) => {
                let (x, y) = (self.value(x), self.value(y));
                self.builder.mul(x, y)
            }
        };
        self.values[id] = Some(value);
        value
    }

    /// Whether the node may vanish in the operation that needs it.
    fn is_inner(&self, id: NodeId) -> bool {
        let is_leaf = matches!(self.graph.nodes[id], Node::Leaf(_));
        !is_leaf && self.graph.uses[id] == 1 && self.values[id].is_none()
    }

    /// sum + node.
    fn plus(&mut self, sum: Wire, id: NodeId) -> Wire {
        if self.is_inner(id) {
            match self.graph.nodes[id] {
                Node::Add(x, y) => {
                    let sum = self.plus(sum, y);
                    return self.plus(sum, x);
                }
                Node::Sub(x, y) => {
                    let sum = self.plus(sum, x);
                    return self.minus(sum, y);
                }
                Node::Neg(x) => return self.minus(sum, x),
                Node::Mul(x, y) => {
                    let (x, y) = (self.value(x), self.value(y));
                    return self.builder.mul_add(x, y, sum);
                }
                Node::Leaf(_) => {}
            }
        }
        let value = self.value(id);
        self.builder.add(sum, value)
    }

    /// sum - node.
    fn minus(&mut self, sum: Wire, id: NodeId) -> Wire {
        if self.is_inner(id) {
            match self.graph.nodes[id] {
                Node::Add(x, y) => {
                    let sum = self.minus(sum, y);
                    return self.minus(sum, x);
                }
                Node::Sub(x, y) => {
                    let sum = self.plus(sum, y);
                    return self.minus(sum, x);
                }
                Node::Neg(x) => return self.plus(sum, x),
                Node::Mul(x, y) => {
                    for (x, y) in [(x, y), (y, x)] {
                        if let Some(x) = self.negated(x) {
                            let y = self.value(y);
                            return self.builder.mul_add(x, y, sum);
                        }
                    }
                }
                Node::Leaf(_) => {}
            }
        }
        let value = self.value(id);
        self.builder.sub(sum, value)
    }

    /// Minus the node, where that costs no more than the node itself.
    fn negated(&mut self, id: NodeId) -> Option<Wire> {
        match self.graph.nodes[id] {
            Node::Leaf(Leaf::Constant(value)) => Some(self.builder.extension_constant(-value)),
            Node::Sub(x, y) if self.is_inner(id) => {
                let y = self.value(y);
                Some(self.minus(y, x))
            }
            Node::Neg(x) => Some(self.value(x)),
            _ => None,
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> Wire {
        // What is not opened is zero, as for p3.
        let opened =
            |rows: &[Vec<Wire>; 2], next: bool, column: usize| rows[usize::from(next)].get(column).copied();
        let context = self.context;
        let found = match leaf {
            Leaf::Main { next, column } => opened(&self.openings.main, next, column),
            Leaf::Fixed { next, column } => opened(&self.openings.fixed, next, column),
            Leaf::Auxiliary { next, column } => {
                let row = &self.openings.auxiliary[usize::from(next)];
                let coefficients = row.chunks(DEGREE).nth(column);
                coefficients.map(|coefficients| recompose(self.builder, coefficients))
            }
            Leaf::Public(i) => context.public_values.get(i).copied(),
            Leaf::Challenge(i) => context.challenges.get(i).copied(),
            Leaf::Terminal => context.terminal,
            Leaf::Constant(value) => Some(self.builder.extension_constant(value)),
            Leaf::Periodic(i) => self.table.periodic.get(i).map(|column| self.periodic(column)),
            Leaf::IsTransition => Some(self.distance_to_last_row()),
            Leaf::IsFirstRow => {
                let minus_one = self.builder.constant(Val::NEG_ONE);
                let distance = self.builder.add(context.zeta, minus_one);
                let inverse = self.builder.inverse(distance);
                Some(self.builder.mul(self.vanishing, inverse))
            }
            Leaf::IsLastRow => {
                let distance = self.distance_to_last_row();
                let inverse = self.builder.inverse(distance);
                Some(self.builder.mul(self.vanishing, inverse))
            }
        };
        found.unwrap_or_else(|| self.builder.zero())
    }

    /// The point less the last one of the table's domain.
    fn distance_to_last_row(&mut self) -> Wire {
        let last = Val::two_adic_generator(self.table.log_height).inverse();
        let last = self.builder.constant(-last);
        self.builder.add(self.context.zeta, last)
    }

    /// A periodic column is a polynomial in the power of the point that has the period as its order.
    fn periodic(&mut self, column: &[Val]) -> Wire {
        let log_period = column.len().trailing_zeros() as usize;
        let folds = self.table.log_height.saturating_sub(log_period);
        let point = self.builder.exp_power_of_2(self.context.zeta, folds);
        let mut value = self.builder.zero();
        for coefficient in interpolate(column).into_iter().rev() {
            let coefficient = self.builder.constant(coefficient);
            value = self.builder.mul_add(value, point, coefficient);
        }
        value
    }
}

/// The coefficients of the polynomial with these values on the subgroup of their number.
fn interpolate(values: &[Val]) -> Vec<Val> {
    let log_size = values.len().trailing_zeros() as usize;
    let root = Val::two_adic_generator(log_size).inverse();
    let scale = Val::from_usize(values.len()).inverse();
    let coefficient =
        |point: Val| values.iter().rev().fold(Val::ZERO, |sum, value| sum * point + *value) * scale;
    root.powers().take(values.len()).map(coefficient).collect()
}

/// How many constraints from the first one on have a factor in common, at least 1. None if it does not help.
fn common_factor(graph: &Graph, constraints: &[NodeId]) -> (Option<NodeId>, usize) {
    let factors = |id: &NodeId| match graph.nodes[*id] {
        // A product that others need too is made anyway.
        Node::Mul(x, y) if graph.uses[*id] == 1 => Some([x, y]),
        _ => None,
    };
    let length = |factor: NodeId| {
        let has = |id: &&NodeId| factors(id).is_some_and(|factors| factors.contains(&factor));
        constraints.iter().take_while(has).count()
    };
    let candidates = constraints.first().and_then(factors).into_iter().flatten();
    let best = candidates.map(|factor| (length(factor), factor)).max();
    match best {
        Some((length, factor)) if length > 1 => (Some(factor), length),
        _ => (None, 1),
    }
}

/// The other factor of a product.
fn cofactor(graph: &Graph, id: NodeId, factor: NodeId) -> NodeId {
    match graph.nodes[id] {
        Node::Mul(x, y) if x == factor => y,
        Node::Mul(x, _) => x,
        _ => id,
    }
}
