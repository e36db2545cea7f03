//! A case: which blocks to run, and how their difference gives the cost of one operation.

use std::sync::Arc;

use alloy_primitives::{Bytes, U256};
use eyre::{WrapErr, ensure};

use super::asm::{CODE_BYTES_MAX, Code, LOOP_BYTES, looped, looped_with, op};
use super::block::{Accounts, Bench, Block, CONTRACT};
use super::sample::{Sample, round};

/// What a row of the table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Opcode,
    Precompile,
    Transaction,
}

impl Group {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Opcode => "opcode",
            Self::Precompile => "precompile",
            Self::Transaction => "transaction",
        }
    }
}

/// Makes the accounts of a case.
pub(super) type MakeAccounts = Arc<dyn Fn() -> eyre::Result<Accounts> + Send + Sync>;
type MakeBlocks = Box<dyn Fn() -> eyre::Result<Vec<(f64, Block)>> + Send + Sync>;

/// Opcodes whose own cost is needed to take the rest of a case apart: they cannot cancel. Every code that leaves the
/// stack as it was contains as many items pushed as popped, so no difference of loops tells a push from a pop.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Anchors {
    pub(super) pop: Sample,
    pub(super) push1: Sample,
}

/// One row to measure.
pub(super) struct Case {
    pub(super) group: Group,
    pub(super) name: String,
    pub(super) variant: String,
    /// Gas that the operation must turn out to take, by the specification.
    gas: Option<u64>,
    /// Blocks with the sign in which they count.
    blocks: MakeBlocks,
    /// Operations in the signed sum.
    operations: f64,
    pops: f64,
    pushes: f64,
    /// The operation in its loop, if it is one.
    repeated: Option<Loop>,
}

/// An operation that a contract does again and again, with what surrounds it.
#[derive(Clone)]
pub(crate) struct Loop {
    prologue: Code,
    unit: Code,
    unroll: usize,
    data: Vec<u8>,
    input: Bytes,
    accounts: MakeAccounts,
}

impl Loop {
    /// Of code that finds the counter on top of the stack and leaves the stack as it found it.
    pub(crate) fn new(unit: Code) -> Self {
        Self {
            prologue: Code::new(),
            unit,
            unroll: UNROLL_MAX,
            data: Vec::new(),
            input: Bytes::new(),
            accounts: Arc::new(|| Ok(Accounts::new())),
        }
    }

    /// The same with `code` after each operation, and `prologue` before the loop. The code leaves the stack as it found it.
    pub(crate) fn followed_by(self, prologue: &Code, code: &Code) -> Self {
        // Of two operations the code has no room for as many.
        Self { prologue: self.prologue.then(prologue), unit: self.unit.then(code), unroll: 1, ..self }
    }

    /// Input of the transaction.
    pub(crate) const fn input(&self) -> &Bytes {
        &self.input
    }

    /// Operations in a row that the report's measurements have, at most what a code has room for.
    pub(crate) const fn unroll(&self) -> usize {
        self.unroll
    }

    /// The accounts; [`CONTRACT`] does the operation `unroll` times in each of `iterations`, and then `end`.
    pub(crate) fn genesis(&self, unroll: usize, iterations: u64, end: &Code) -> eyre::Result<Accounts> {
        let count = Code::new().push(iterations);
        let code = looped_with(&count, &self.prologue, &self.unit, unroll, end, &self.data)?;
        let mut accounts = (self.accounts)()?;
        let account = accounts.entry(CONTRACT).or_default();
        (account.nonce, account.code) = (1, code.into());
        account.balance = U256::from(10).pow(U256::from(20));
        Ok(accounts)
    }

    /// The block with the iterations of a PREVRANDAO that is still to be chosen.
    fn block(&self) -> eyre::Result<Block> {
        let code = looped(&self.prologue, &self.unit, self.unroll, &self.data)?;
        Block::calling((self.accounts)()?, code, self.input.clone())
    }
}

impl Case {
    /// A case that is the difference of two blocks.
    pub(super) fn difference(
        (group, name, variant): (Group, &str, &str),
        operations: u64,
        gas: Option<u64>,
        blocks: impl Fn() -> eyre::Result<(Block, Block)> + Send + Sync + 'static,
    ) -> Self {
        Self {
            group,
            name: name.into(),
            variant: variant.into(),
            gas,
            blocks: Box::new(move || blocks().map(|(less, more)| vec![(-1.0, less), (1.0, more)])),
            operations: operations as f64,
            pops: 0.0,
            pushes: 0.0,
            repeated: None,
        }
    }

    /// A case that is one block.
    pub(super) fn whole(
        (group, name, variant): (Group, &str, &str),
        block: impl Fn() -> eyre::Result<Block> + Send + Sync + 'static,
    ) -> Self {
        Self {
            group,
            name: name.into(),
            variant: variant.into(),
            gas: None,
            blocks: Box::new(move || block().map(|block| vec![(1.0, block)])),
            operations: 1.0,
            pops: 0.0,
            pushes: 0.0,
            repeated: None,
        }
    }

    /// Name and variant.
    pub(super) fn label(&self) -> String {
        [self.name.as_str(), &self.variant].join(" ").trim_end().to_owned()
    }

    /// The operation in its loop; none for what no loop does.
    pub(super) const fn repeated(&self) -> Option<&Loop> {
        self.repeated.as_ref()
    }

    /// Cost of one operation.
    pub(super) fn measure(&self, bench: &Bench, anchors: &Anchors) -> eyre::Result<Sample> {
        self.try_measure(bench, anchors).wrap_err_with(|| self.label())
    }

    fn try_measure(&self, bench: &Bench, anchors: &Anchors) -> eyre::Result<Sample> {
        let mut sum = Sample::default();
        for (sign, block) in (self.blocks)()? {
            sum = sum + bench.sample(&block)? * sign;
        }
        let own = sum / self.operations + anchors.pop * self.pops + anchors.push1 * self.pushes;
        if let Some(gas) = self.gas {
            // Another figure means that something else ran than the case says.
            ensure!((own.gas - gas as f64).abs() < 1e-6, "took {} gas, expected {gas}", round(own.gas, 3));
        }
        Ok(own)
    }
}

/// What is done with the outputs of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outputs {
    Popped(u8),
    /// A success flag, which must not be 0.
    Checked,
}

impl Outputs {
    const fn count(self) -> u8 {
        match self {
            Self::Popped(count) => count,
            Self::Checked => 1,
        }
    }

    fn cleanup(self) -> Code {
        match self {
            Self::Popped(count) => Code::new().times(op::POP, count.into()),
            Self::Checked => Code::new().check(),
        }
    }
}

/// How often an operation is measured.
#[derive(Clone, Copy, Debug)]
enum Repeat {
    /// As often as makes about [`TARGET_GAS`] with this gas each.
    Gas(u64),
    /// Once in each of this many iterations.
    Iterations(u64),
}

/// Gas of all operations in the smaller block of a case.
const TARGET_GAS: u64 = 60_000;

/// Most operations in a row: enough that the code around them does not matter.
const UNROLL_MAX: usize = 64;

/// A case of an operation in a loop, without what surrounds it: the cost per iteration of a loop with `setup`, the
/// operation and the removal of its outputs, less that of a loop where the operation is replaced by what has the same
/// effect on the stack.
pub(super) struct Operation {
    group: Group,
    name: String,
    variant: String,
    gas: Option<u64>,
    prologue: Code,
    setup: Code,
    code: Code,
    replacement: Option<Code>,
    inputs: u8,
    outputs: Outputs,
    per_unit: u64,
    repeat: Repeat,
    data: Vec<u8>,
    input: Bytes,
    accounts: MakeAccounts,
    other_accounts: Option<MakeAccounts>,
    ancestors: u64,
}

impl Operation {
    /// An opcode without operands or results, to be completed.
    pub(super) fn new(group: Group, name: &str, variant: &str, code: Code) -> Self {
        Self {
            group,
            name: name.into(),
            variant: variant.into(),
            gas: None,
            prologue: Code::new(),
            setup: Code::new(),
            code,
            replacement: None,
            inputs: 0,
            outputs: Outputs::Popped(0),
            per_unit: 1,
            repeat: Repeat::Gas(1),
            data: Vec::new(),
            input: Bytes::new(),
            accounts: Arc::new(|| Ok(Accounts::new())),
            other_accounts: None,
            ancestors: 0,
        }
    }

    /// An opcode.
    pub(super) fn opcode(name: &str, variant: &str, opcode: u8) -> Self {
        Self::new(Group::Opcode, name, variant, Code::new().op(&[opcode]))
    }

    /// Gas it takes by the specification, which must turn out; decides how often it is measured.
    pub(super) fn gas(mut self, gas: u64) -> Self {
        self.gas = Some(gas);
        self.about(gas)
    }

    /// Gas it takes, roughly, where the specification does not give one figure.
    pub(super) fn about(mut self, gas: u64) -> Self {
        if let Repeat::Gas(estimate) = &mut self.repeat {
            *estimate = gas;
        }
        self
    }

    /// Measured in this many iterations, once in each; for what differs with the counter.
    pub(super) fn iterations(mut self, iterations: u64) -> Self {
        self.repeat = Repeat::Iterations(iterations);
        self
    }

    /// Runs before the loop.
    pub(super) fn prologue(mut self, prologue: Code) -> Self {
        self.prologue = prologue;
        self
    }

    /// Runs before each operation: leaves this many operands above the counter.
    pub(super) fn setup(mut self, setup: Code, inputs: u8) -> Self {
        (self.setup, self.inputs) = (setup, inputs);
        self
    }

    /// Follows the operation and counts with it.
    pub(super) fn after(mut self, code: Code) -> Self {
        self.code = self.code.then(&code);
        self
    }

    pub(super) fn outputs(mut self, outputs: Outputs) -> Self {
        self.outputs = outputs;
        self
    }

    /// Runs in the place of the operation in the loop that is subtracted, with the same effect on the stack.
    pub(super) fn against(mut self, replacement: Code) -> Self {
        self.replacement = Some(replacement);
        self
    }

    /// How many operations the code has; the gas is that of one.
    pub(super) fn per_unit(mut self, count: u64) -> Self {
        self.per_unit = count;
        self
    }

    /// In memory from 0 on before the loop.
    pub(super) fn data(mut self, data: Vec<u8>) -> Self {
        self.data = data;
        self
    }

    /// Input of the transaction.
    pub(super) fn input(mut self, input: Vec<u8>) -> Self {
        self.input = input.into();
        self
    }

    /// Accounts of the genesis state.
    pub(super) fn accounts(
        mut self,
        make: impl Fn() -> eyre::Result<Accounts> + Send + Sync + 'static,
    ) -> Self {
        self.accounts = Arc::new(make);
        self
    }

    /// Empty blocks between genesis and the block.
    pub(super) fn ancestors(mut self, count: u64) -> Self {
        self.ancestors = count;
        self
    }

    /// Other accounts in the blocks that are subtracted, for operations in the code of another contract.
    pub(super) fn against_accounts(
        mut self,
        make: impl Fn() -> eyre::Result<Accounts> + Send + Sync + 'static,
    ) -> Self {
        self.other_accounts = Some(Arc::new(make));
        self
    }

    /// Operations in a row, and iterations of the smaller block.
    fn repetitions(&self, unit_bytes: usize) -> (usize, u64) {
        match self.repeat {
            Repeat::Iterations(iterations) => (1, iterations),
            Repeat::Gas(gas) => {
                let wanted = (TARGET_GAS / (gas + 8)).max(1);
                let room =
                    (CODE_BYTES_MAX - LOOP_BYTES - self.data.len() - self.prologue.len()) / unit_bytes.max(1);
                let unroll = room.min(UNROLL_MAX).min(wanted as usize).max(1);
                (unroll, wanted.div_ceil(unroll as u64))
            }
        }
    }

    /// The case.
    pub(super) fn case(self) -> Case {
        let cleanup = self.outputs.cleanup();
        let unit = self.setup.clone().then(&self.code).then(&cleanup);
        let (inputs, outputs) = (self.inputs, self.outputs.count());
        let replaced = self.replacement.is_some();
        let neutral = self.replacement.clone().unwrap_or_else(|| {
            let popped = Code::new().times(op::POP, inputs.into());
            (0..outputs).fold(popped, |code, _| code.op(&[op::PUSH1, 1]))
        });
        let base = self.setup.clone().then(&neutral).then(&cleanup);
        let (unroll, iterations) = self.repetitions(unit.len().max(base.len()));
        let corrections = if replaced { (0.0, 0.0) } else { (f64::from(inputs), f64::from(outputs)) };
        let Self { group, name, variant, gas, per_unit, prologue, data, input, accounts, ancestors, .. } =
            self;
        let other_accounts = self.other_accounts.unwrap_or_else(|| accounts.clone());
        let with = Loop { prologue, unit, unroll, data, input, accounts };
        let without = Loop { unit: base, accounts: other_accounts, ..with.clone() };
        let repeated = Some(with.clone());
        let blocks = move || {
            let mut blocks = Vec::with_capacity(4);
            for (sign, part) in [(1.0, &with), (-1.0, &without)] {
                let block = Block { ancestors, ..part.block()? };
                blocks.push((-sign, Block { prevrandao: iterations, ..block.clone() }));
                blocks.push((sign, Block { prevrandao: 2 * iterations, ..block }));
            }
            Ok(blocks)
        };
        Case {
            group,
            name,
            variant,
            gas,
            blocks: Box::new(blocks),
            operations: (unroll as u64 * iterations * per_unit) as f64,
            pops: corrections.0,
            pushes: corrections.1,
            repeated,
        }
    }
}

/// Pushes on the stack when the anchors are measured, in the larger block.
const ANCHOR_PUSHES: usize = 960;

/// Measures what a PUSH1 and a POP take alone: by code that stops with more or fewer items on the stack.
pub(super) fn anchors(bench: &Bench) -> eyre::Result<Anchors> {
    let block = |pushes: usize| {
        let mut code = Code::new();
        // Touches the stack's memory first, so that no page is new to the pushes that count.
        for (opcode, count) in [(op::PUSH0, ANCHOR_PUSHES), (op::POP, ANCHOR_PUSHES)] {
            code = code.times(opcode, count);
        }
        for index in 0..ANCHOR_PUSHES {
            let stop: &[u8] = if index == pushes { &[op::STOP] } else { &[] };
            code = code.op(stop).op(&[op::PUSH1, 1]);
        }
        Block::calling(Accounts::new(), code.op(&[op::STOP]).finish(), Bytes::new())
    };
    let less = bench.sample(&block(ANCHOR_PUSHES / 2)?)?;
    // The same bytes but for the place of one STOP: hashing and analysing the code costs the same.
    let more = bench.sample(&block(ANCHOR_PUSHES - 1)?)?;
    let push1 = (more - less) / (ANCHOR_PUSHES - 1 - ANCHOR_PUSHES / 2) as f64;
    ensure!((push1.gas - 3.0).abs() < 1e-6, "PUSH1 took {} gas, expected 3", push1.gas);
    let pair = Operation::new(Group::Opcode, "PUSH1, POP", "", Code::new().op(&[op::PUSH1, 1, op::POP]));
    let pair = pair.against(Code::new()).gas(5).case().measure(bench, &Anchors::default())?;
    Ok(Anchors { pop: pair - push1, push1 })
}
