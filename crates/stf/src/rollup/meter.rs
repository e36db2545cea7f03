//! What a transaction costs to prove (`specs/020-proving-cost.md`).

use super::cost_table::{
    ACCESS_ENTRY, AUTHORIZATION, CODE_BYTE, EXPANSION, EXPANSION_WORD, Price, RETURNED_BYTE, STEPS,
    TRANSACTION, TRANSACTION_BYTE, precompile_price,
};
use alloc::{collections::BTreeSet, string::String};
use alloy_primitives::B256;
use revm::{
    bytecode::opcode,
    context_interface::{Cfg, ContextTr, transaction::AccessListItemTr},
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, Gas, InstructionResult, InterpreterResult},
    primitives::{AddressSet, eip170::MAX_CODE_SIZE, hardfork::SpecId},
};

/// Counts the proving cost of one transaction after another, in cycle equivalents.
#[derive(Debug)]
pub(super) struct Meter {
    limit: u64,
    /// What is left of the limit; below 0 the transaction is over it. The EVM's loop subtracts and looks at the sign.
    left: i64,
    /// Codes that this transaction has paid for: reading and analysing one is done once.
    codes: BTreeSet<B256>,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Self { limit: 0, left: 0, codes: BTreeSet::new() }
    }

    /// Begins a transaction with this number of bytes.
    pub(super) fn begin(&mut self, limit: u64, bytes: usize) {
        self.codes.clear();
        self.limit = limit;
        self.left = i64::try_from(limit).unwrap_or(i64::MAX);
        self.add(TRANSACTION);
        self.add(product(TRANSACTION_BYTE, bytes));
    }

    /// Charges for authorizations (EIP-7702) and for what an access list (EIP-2930) has, whose gas is that of no instruction.
    pub(super) fn lists<'a, I: AccessListItemTr + 'a>(
        &mut self,
        authorizations: usize,
        access_list: impl Iterator<Item = &'a I>,
    ) {
        self.add(product(AUTHORIZATION, authorizations));
        let entries = access_list.map(|item| item.storage_slots().count().saturating_add(1));
        self.add(product(ACCESS_ENTRY, entries.fold(0, usize::saturating_add)));
    }

    /// The transaction's cost so far.
    pub(super) fn cost(&self) -> u64 {
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        limit.saturating_sub(self.left).try_into().unwrap_or(0)
    }

    /// Whether the transaction has passed its limit.
    pub(super) const fn is_over(&self) -> bool {
        self.left < 0
    }

    /// Charges for the code of an account that is called or looked at.
    pub(super) fn code(&mut self, hash: B256, bytes: usize) {
        if bytes != 0 && self.codes.insert(hash) {
            self.add(product(CODE_BYTE, bytes));
        }
    }

    /// Charges for memory that became longer by this number of words.
    pub(super) fn expansion(&mut self, words: usize) {
        self.add(product(EXPANSION_WORD, words).saturating_add(EXPANSION));
    }

    /// Charges for what a call or a frame gives back.
    pub(super) fn returned(&mut self, bytes: usize) {
        self.add(product(RETURNED_BYTE, bytes));
    }

    /// Charges for what a creation leaves as code; more than a code may have is refused unread.
    pub(super) fn created(&mut self, bytes: usize) {
        if bytes <= MAX_CODE_SIZE {
            self.add(product(CODE_BYTE, bytes));
        }
    }

    /// Gas that what is left can pay for.
    fn payable(&self, per_gas: u32) -> u64 {
        let left = u64::try_from(self.left).unwrap_or(0);
        left.checked_div(per_gas.into()).unwrap_or(u64::MAX)
    }

    /// Passes the limit, by as little as can be: what would cost more is not done.
    fn exceed(&mut self) {
        self.left = self.left.min(-1);
    }

    pub(super) fn add(&mut self, cost: u64) {
        self.left = self.left.saturating_sub(i64::try_from(cost).unwrap_or(i64::MAX));
    }

    /// Charges for an instruction's base.
    #[inline(always)]
    pub(super) fn add_base(&mut self, base: u32) {
        // From i64::MIN on it would wrap; the loop stops long before.
        self.left = self.left.wrapping_sub(i64::from(base));
    }
}

/// Price of an instruction. What it passes on to a frame is not gas that it spends.
#[inline(always)]
pub(super) fn price(opcode: u8) -> &'static Price {
    STEPS.get(usize::from(opcode)).unwrap_or(&Price { base: u32::MAX, free: 0, per_gas: 0, most: 0 })
}

/// Whether an instruction reads the code of an account whose address is on top of the stack.
pub(super) const fn reads_code(opcode: u8) -> bool {
    matches!(opcode, opcode::EXTCODESIZE | opcode::EXTCODECOPY)
}

fn product(price: u64, count: usize) -> u64 {
    price.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Ethereum's precompiles, metered.
#[derive(Debug)]
pub(super) struct MeteredPrecompiles(EthPrecompiles);

impl MeteredPrecompiles {
    pub(super) fn new(spec: SpecId) -> Self {
        Self(EthPrecompiles::new(spec))
    }
}

impl<CTX> PrecompileProvider<CTX> for MeteredPrecompiles
where
    CTX: ContextTr<Chain = Meter>,
{
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: <CTX::Cfg as Cfg>::Spec) -> bool {
        PrecompileProvider::<CTX>::set_spec(&mut self.0, spec)
    }

    /// A precompile has no more gas than the meter can pay for. If it needs more than that, the transaction is over its limit.
    fn run(&mut self, context: &mut CTX, inputs: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        if !self.0.contains(&inputs.bytecode_address) {
            return Ok(None);
        }
        let price = precompile_price(&inputs.bytecode_address);
        let meter = context.chain_mut();
        meter.add(price.base.into());
        if meter.is_over() {
            return Ok(Some(InterpreterResult::new_oog(inputs.gas_limit, inputs.reservoir)));
        }
        let given = meter.payable(price.per_gas).min(inputs.gas_limit);
        let result = if given == inputs.gas_limit {
            self.0.run(context, inputs)?
        } else {
            let limited = CallInputs { gas_limit: given, ..inputs.clone() };
            self.0.run(context, &limited)?
        };
        let Some(mut result) = result else { return Ok(None) };
        let spent = given.saturating_sub(result.gas.remaining());
        let meter = context.chain_mut();
        meter.add(spent.saturating_mul(price.per_gas.into()));
        meter.returned(result.output.len());
        if given < inputs.gas_limit {
            if result.result == InstructionResult::PrecompileOOG {
                meter.exceed();
            }
            result.gas = Gas::new(inputs.gas_limit);
            // What a failed one leaves is nothing, and the caller does not take it.
            let _is_enough = result.gas.record_regular_cost(spent);
        }
        Ok(Some(result))
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.0.warm_addresses()
    }
}
