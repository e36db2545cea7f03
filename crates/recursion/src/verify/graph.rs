//! The constraints of a table as a graph in which equal expressions are one node.

use std::collections::HashMap;
use std::sync::Arc;

use ashlar_circuit::{Challenge, Val};
use p3_air::symbolic::{
    BaseEntry, BaseLeaf, ConstraintLayout, ExtEntry, ExtLeaf, SymbolicExpr, SymbolicExpression,
    SymbolicExpressionExt,
};

/// Position of a node.
pub(super) type NodeId = usize;

/// What a constraint is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Leaf {
    /// A column, of this row or of the next one.
    Main { next: bool, column: usize },
    /// A fixed column.
    Fixed { next: bool, column: usize },
    /// An auxiliary column.
    Auxiliary { next: bool, column: usize },
    /// A public value.
    Public(usize),
    /// A periodic column.
    Periodic(usize),
    /// Not zero on the first row only.
    IsFirstRow,
    /// Not zero on the last row only.
    IsLastRow,
    /// Zero on the last row only.
    IsTransition,
    /// alpha and beta of each column of messages.
    Challenge(usize),
    /// The sum of all messages of the table.
    Terminal,
    /// A constant.
    Constant(Challenge),
}

/// A leaf or an operation on nodes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// No operation.
    Leaf(Leaf),
    /// A sum.
    Add(NodeId, NodeId),
    /// The first less the second.
    Sub(NodeId, NodeId),
    /// Zero less it.
    Neg(NodeId),
    /// A product.
    Mul(NodeId, NodeId),
}

/// All constraints of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// Each is after those that it needs.
    pub(super) nodes: Vec<Node>,
    /// What must be zero, in the order in which it is folded.
    pub(super) constraints: Vec<NodeId>,
    /// How many nodes and constraints need each node.
    pub(super) uses: Vec<usize>,
}

impl Graph {
    /// The graph of these constraints, merged into one order.
    pub(super) fn new(
        base: &[SymbolicExpression<Val>],
        extension: &[SymbolicExpressionExt<Val, Challenge>],
        layout: &ConstraintLayout,
    ) -> Self {
        let mut interner = Interner::default();
        let base = base.iter().map(|expression| interner.base(expression)).collect::<Vec<_>>();
        let extension = extension.iter().map(|expression| interner.extension(expression)).collect::<Vec<_>>();
        let places = layout.base_indices.iter().chain(&layout.ext_indices);
        let mut constraints: Vec<_> = places.copied().zip(base.into_iter().chain(extension)).collect();
        constraints.sort_unstable();
        let constraints: Vec<_> = constraints.into_iter().map(|(_, node)| node).collect();
        let nodes = interner.nodes;
        let uses = uses(&nodes, &constraints);
        Self { nodes, constraints, uses }
    }
}

/// Counts only nodes that some constraint needs.
fn uses(nodes: &[Node], constraints: &[NodeId]) -> Vec<usize> {
    let mut uses = vec![0; nodes.len()];
    for constraint in constraints {
        uses[*constraint] += 1;
    }
    for (id, node) in nodes.iter().enumerate().rev() {
        if uses[id] == 0 {
            continue;
        }
        match node {
            Node::Leaf(_) => {}
            Node::Neg(x) => uses[*x] += 1,
            Node::Add(x, y) | Node::Sub(x, y) | Node::Mul(x, y) => {
                uses[*x] += 1;
                uses[*y] += 1;
            }
        }
    }
    uses
}

/// Finds equal nodes. Expressions share parts by pointers, which keeps the walk linear.
#[derive(Default)]
struct Interner {
    nodes: Vec<Node>,
    known: HashMap<Node, NodeId>,
    base: HashMap<*const SymbolicExpression<Val>, NodeId>,
    extension: HashMap<*const SymbolicExpressionExt<Val, Challenge>, NodeId>,
}

impl Interner {
    fn intern(&mut self, node: Node) -> NodeId {
        let node = match node {
            Node::Add(x, y) => Node::Add(x.min(y), x.max(y)),
            Node::Mul(x, y) => Node::Mul(x.min(y), x.max(y)),
            node => node,
        };
        let nodes = &mut self.nodes;
        *self.known.entry(node).or_insert_with(|| {
            nodes.push(node);
            nodes.len() - 1
        })
    }

    fn base(&mut self, expression: &SymbolicExpression<Val>) -> NodeId {
        let node = match expression {
            SymbolicExpr::Leaf(leaf) => Node::Leaf(base_leaf(leaf)),
            SymbolicExpr::Add { x, y, .. } => Node::Add(self.shared_base(x), self.shared_base(y)),
            SymbolicExpr::Sub { x, y, .. } => Node::Sub(self.shared_base(x), self.shared_base(y)),
            SymbolicExpr::Neg { x, .. } => Node::Neg(self.shared_base(x)),
            SymbolicExpr::Mul { x, y, .. } => Node::Mul(self.shared_base(x), self.shared_base(y)),
        };
        self.intern(node)
    }

    fn shared_base(&mut self, expression: &Arc<SymbolicExpression<Val>>) -> NodeId {
        let key = Arc::as_ptr(expression);
        if let Some(id) = self.base.get(&key) {
            return *id;
        }
        let id = self.base(expression);
        self.base.insert(key, id);
        id
    }

    fn extension(&mut self, expression: &SymbolicExpressionExt<Val, Challenge>) -> NodeId {
        let node = match expression {
            SymbolicExpr::Leaf(ExtLeaf::Base(expression)) => return self.base(expression),
            SymbolicExpr::Leaf(ExtLeaf::ExtConstant(value)) => Node::Leaf(Leaf::Constant(*value)),
            SymbolicExpr::Leaf(ExtLeaf::ExtVariable(variable)) => Node::Leaf(match variable.entry {
                ExtEntry::Permutation { offset } => {
                    Leaf::Auxiliary { next: offset > 0, column: variable.index }
                }
                ExtEntry::Challenge => Leaf::Challenge(variable.index),
                ExtEntry::PermutationValue => Leaf::Terminal,
            }),
            SymbolicExpr::Add { x, y, .. } => Node::Add(self.shared_extension(x), self.shared_extension(y)),
            SymbolicExpr::Sub { x, y, .. } => Node::Sub(self.shared_extension(x), self.shared_extension(y)),
            SymbolicExpr::Neg { x, .. } => Node::Neg(self.shared_extension(x)),
            SymbolicExpr::Mul { x, y, .. } => Node::Mul(self.shared_extension(x), self.shared_extension(y)),
        };
        self.intern(node)
    }

    fn shared_extension(&mut self, expression: &Arc<SymbolicExpressionExt<Val, Challenge>>) -> NodeId {
        let key = Arc::as_ptr(expression);
        if let Some(id) = self.extension.get(&key) {
            return *id;
        }
        let id = self.extension(expression);
        self.extension.insert(key, id);
        id
    }
}

fn base_leaf(leaf: &BaseLeaf<Val>) -> Leaf {
    match leaf {
        BaseLeaf::Variable(variable) => match variable.entry {
            BaseEntry::Main { offset } => Leaf::Main { next: offset > 0, column: variable.index },
            BaseEntry::Preprocessed { offset } => Leaf::Fixed { next: offset > 0, column: variable.index },
            BaseEntry::Periodic => Leaf::Periodic(variable.index),
            BaseEntry::Public => Leaf::Public(variable.index),
        },
        BaseLeaf::IsFirstRow => Leaf::IsFirstRow,
        BaseLeaf::IsLastRow => Leaf::IsLastRow,
        BaseLeaf::IsTransition => Leaf::IsTransition,
        BaseLeaf::Constant(value) => Leaf::Constant((*value).into()),
    }
}
