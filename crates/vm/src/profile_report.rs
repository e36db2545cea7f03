//! A finished profile in the forms that people and tools read.

use std::fmt;

use crate::profile::Node;
use crate::{Call, CallCounts, Symbols};

/// What one function costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCost {
    /// Its demangled name; `[unknown]` for all code without a symbol.
    pub name: String,
    /// Cycles in its own instructions.
    pub self_cycles: u64,
    /// Cycles from its calls to their returns; recursion is not counted twice.
    pub total_cycles: u64,
    /// How often it was entered.
    pub entries: u64,
    /// Calls to the machine that it made itself.
    pub calls: CallCounts,
}

/// A finished profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileReport {
    functions: Vec<FunctionCost>,
    folded: Vec<(String, u64)>,
}

/// The flame graph could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("flame graph: {0}")]
pub struct FlameGraphFailure(String);

impl ProfileReport {
    /// Nodes come after their parents.
    pub(crate) fn new(nodes: &[Node], symbols: &Symbols) -> Self {
        let mut names: Vec<String> = symbols.all().iter().map(crate::Symbol::name).collect();
        names.push("[unknown]".to_owned());
        let totals = totals(nodes);
        let costs = |(function, name): (usize, &String)| FunctionCost {
            name: name.clone(),
            self_cycles: 0,
            total_cycles: totals.get(function).copied().unwrap_or(0),
            entries: 0,
            calls: CallCounts::default(),
        };
        let mut functions: Vec<FunctionCost> = names.iter().enumerate().map(costs).collect();
        for node in nodes {
            let cost = &mut functions[node.function as usize];
            cost.self_cycles += node.cycles;
            cost.entries += node.entries;
            cost.calls.add_all(&node.calls);
        }
        functions.retain(|cost| cost.entries > 0);
        functions.sort_by(|a, b| b.self_cycles.cmp(&a.self_cycles).then_with(|| a.name.cmp(&b.name)));
        Self { functions, folded: fold(nodes, &names) }
    }

    /// What each function costs, those with most cycles of their own first.
    pub fn functions(&self) -> &[FunctionCost] {
        &self.functions
    }

    /// One line per distinct stack, `main;f;g 123`: what flame-graph tools read.
    pub fn folded(&self) -> impl Iterator<Item = String> {
        self.folded.iter().map(|(stack, cycles)| format!("{stack} {cycles}"))
    }

    /// A flame graph as an SVG document.
    pub fn to_svg(&self, title: &str) -> Result<String, FlameGraphFailure> {
        let lines: Vec<String> = self.folded().collect();
        let mut options = inferno::flamegraph::Options::default();
        title.clone_into(&mut options.title);
        "cycles".clone_into(&mut options.count_name);
        let mut svg = Vec::new();
        inferno::flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)
            .map_err(|error| FlameGraphFailure(error.to_string()))?;
        String::from_utf8(svg).map_err(|error| FlameGraphFailure(error.to_string()))
    }
}

/// The table of functions.
impl fmt::Display for ProfileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: u64 = self.functions.iter().map(|cost| cost.self_cycles).sum();
        let share = |cycles: u64| 100.0 * cycles as f64 / all.max(1) as f64;
        writeln!(f, "{:>14} {:>6} {:>14} {:>6} {:>10}  function", "self", "%", "total", "%", "entries")?;
        for cost in &self.functions {
            let FunctionCost { self_cycles: own, total_cycles: total, entries, name, .. } = cost;
            write!(
                f,
                "{own:>14} {:>6.2} {total:>14} {:>6.2} {entries:>10}  {name}",
                share(*own),
                share(*total)
            )?;
            for call in Call::ALL {
                match cost.calls.of(call) {
                    0 => {}
                    count => write!(f, " {call}={count}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Cycles of each function with all that it calls.
fn totals(nodes: &[Node]) -> Vec<u64> {
    let mut subtree: Vec<u64> = nodes.iter().map(|node| node.cycles).collect();
    let mut totals = Vec::new();
    for (at, node) in nodes.iter().enumerate().rev() {
        let function = node.function as usize;
        totals.resize(totals.len().max(function + 1), 0);
        // Under another frame of itself it is already part of that one's total.
        if !ancestors(nodes, at).any(|above| nodes[above].function == node.function) {
            totals[function] += subtree[at];
        }
        if at > 0 {
            subtree[node.parent as usize] += subtree[at];
        }
    }
    totals
}

/// One stack per node with cycles of its own.
fn fold(nodes: &[Node], names: &[String]) -> Vec<(String, u64)> {
    let name = |at: usize| names[nodes[at].function as usize].replace(';', ":");
    let stack = |at: usize| {
        let mut frames: Vec<String> = ancestors(nodes, at).map(name).collect();
        frames.reverse();
        frames.push(name(at));
        frames.join(";")
    };
    let costly = nodes.iter().enumerate().filter(|(_, node)| node.cycles > 0);
    let mut folded: Vec<(String, u64)> = costly.map(|(at, node)| (stack(at), node.cycles)).collect();
    folded.sort();
    folded
}

/// The callers of a node, the nearest first.
fn ancestors(nodes: &[Node], at: usize) -> impl Iterator<Item = usize> {
    let parent = |at: usize| (at > 0).then(|| nodes[at].parent as usize);
    std::iter::successors(parent(at), move |at| parent(*at))
}
