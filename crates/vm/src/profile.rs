//! Where a run spends its cycles.

use std::collections::HashMap;

use crate::{
    CallCounts, CallStep, Observer, Op, Options, ProfileReport, Program, Run, RunError, State, Step,
    run_observed,
};

/// Frames that are followed; deeper calls count for the deepest frame.
const DEPTH_MAX: usize = 256;

/// Distinct stacks that are told apart; further ones count for their caller.
const STACKS_MAX: usize = 1 << 17;

/// Runs a program to its `HALT` and tells where its cycles went.
pub fn profile(
    program: &Program,
    hints: &[u32],
    options: Options<'_>,
) -> Result<(Run, ProfileReport), RunError> {
    let mut profile = Profile::new(program);
    let run = run_observed(program, hints, options, &mut profile)?;
    let report = profile.finish(run.cycles);
    Ok((run, report))
}

/// Follows calls and returns, and counts cycles by stack.
///
/// Functions are those of the symbol table. Calls and returns are told by the link registers that the RISC-V
/// specification names for this (table 2.1), and a return pops frames only if it goes where one of them was called
/// from: so a `longjmp` pops several, and a jump that is no return pops none. A jump into another function is a tail
/// call.
pub struct Profile<'p> {
    program: &'p Program,
    /// Function of each instruction: a position in the symbols, or one past the last for none.
    functions: Vec<u32>,
    nodes: Vec<Node>,
    children: HashMap<(u32, u32), u32>,
    stack: Vec<Frame>,
    /// Cycle up to which cycles are counted.
    counted: u64,
}

/// One distinct stack: a function and, through its parent, who called it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) function: u32,
    /// Position of the caller's node; its own for the first function.
    pub(crate) parent: u32,
    pub(crate) cycles: u64,
    pub(crate) entries: u64,
    pub(crate) calls: CallCounts,
}

struct Frame {
    node: u32,
    /// Where the function should return to.
    return_address: u32,
}

impl<'p> Profile<'p> {
    /// A profile of a run from the entry point on.
    pub fn new(program: &'p Program) -> Self {
        let text = program.text();
        let none = program.symbols().all().len() as u32;
        let addresses = (text.base()..).step_by(4).take(text.instructions().len());
        let functions = addresses
            .map(|address| program.symbols().index_at(address).map_or(none, |index| index as u32))
            .collect();
        let mut profile = Self {
            program,
            functions,
            nodes: Vec::new(),
            children: HashMap::new(),
            stack: Vec::new(),
            counted: 0,
        };
        let function = profile.function_at(program.entry());
        profile.nodes.push(Node { function, entries: 1, ..Node::default() });
        profile.stack.push(Frame { node: 0, return_address: u32::MAX });
        profile
    }

    /// Ends the count. `cycles` is that of the finished run.
    pub fn finish(mut self, cycles: u64) -> ProfileReport {
        self.count(cycles);
        ProfileReport::new(&self.nodes, self.program.symbols())
    }

    fn function_at(&self, address: u32) -> u32 {
        let index = self.program.text().index(address).unwrap_or(self.functions.len() - 1);
        self.functions[index]
    }

    /// Gives the cycles since the last change to the function on top.
    fn count(&mut self, cycles: u64) {
        let node = self.top().node as usize;
        self.nodes[node].cycles += cycles - self.counted;
        self.counted = cycles;
    }

    /// The frame on top. There always is one: the last is replaced, never popped.
    fn top(&self) -> &Frame {
        &self.stack[self.stack.len() - 1]
    }

    /// Node of a function called by the function of a node.
    fn child(&mut self, parent: u32, function: u32) -> u32 {
        if let Some(node) = self.children.get(&(parent, function)) {
            return *node;
        }
        if self.nodes.len() >= STACKS_MAX {
            return parent;
        }
        let node = self.nodes.len() as u32;
        self.nodes.push(Node { function, parent, ..Node::default() });
        self.children.insert((parent, function), node);
        node
    }

    fn push(&mut self, target: u32, return_address: u32) {
        if self.stack.len() < DEPTH_MAX {
            let node = self.child(self.top().node, self.function_at(target));
            self.nodes[node as usize].entries += 1;
            self.stack.push(Frame { node, return_address });
        }
    }

    /// Pops the frames down to the one that was called from before `target`, if there is one.
    fn pop(&mut self, target: u32) -> bool {
        match self.stack.iter().rposition(|frame| frame.return_address == target) {
            // The lowest frame has no return address, but a guest may jump to any.
            Some(depth) if depth > 0 => {
                self.stack.truncate(depth);
                true
            }
            _ => false,
        }
    }

    /// A jump that neither calls nor returns: within a function, or a tail call.
    fn replace(&mut self, target: u32) {
        let function = self.function_at(target);
        let Frame { node, return_address } = *self.top();
        let Node { function: current, parent, .. } = self.nodes[node as usize];
        if function == current {
            return;
        }
        self.stack.pop();
        // The first function has no caller to hang the new one on.
        let parent = if self.stack.is_empty() { node } else { parent };
        let node = self.child(parent, function);
        self.nodes[node as usize].entries += 1;
        self.stack.push(Frame { node, return_address });
    }

    #[inline(never)]
    fn jump(&mut self, cycle: u64, pc: u32, step: &Step) {
        // The jump itself belongs to the function that makes it.
        self.count(cycle + 1);
        let (rd, rs1) = (step.instruction.rd(), step.instruction.rs1());
        let (calls, from_link) = (is_link(rd), step.op == Op::Jalr && is_link(rs1));
        // Through another register it is a return if it goes just where the top frame should return to.
        let goes_back = step.op == Op::Jalr && self.top().return_address == step.next_pc;
        let returns = if from_link { !(calls && rd == rs1) } else { goes_back };
        let is_popped = returns && self.pop(step.next_pc);
        if calls {
            self.push(step.next_pc, pc.wrapping_add(4));
        } else if !is_popped {
            self.replace(step.next_pc);
        }
    }
}

/// Whether a register holds return addresses: `ra`, or `t0` in helpers with their own convention.
const fn is_link(register: u8) -> bool {
    matches!(register, 1 | 5)
}

impl Observer for Profile<'_> {
    #[inline(always)]
    fn instruction(&mut self, state: &State<'_>, step: &Step) {
        if matches!(step.op, Op::Jal | Op::Jalr) {
            let step = *step;
            self.jump(state.cycle, state.pc, &step);
        }
    }

    fn call(&mut self, _: &State<'_>, step: &CallStep<'_>) {
        let node = self.top().node as usize;
        self.nodes[node].calls.add(step.call);
    }
}
