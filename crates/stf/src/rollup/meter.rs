//! What a transaction costs to prove (`specs/020-proving-cost.md`).

use super::cost_table::{
    AUTHORIZATION, CODE_BYTE, Price, STEPS, TRANSACTION, TRANSACTION_BYTE, precompile_price,
};
use alloc::collections::BTreeSet;
use alloy_primitives::{Address, B256};
use revm::{
    bytecode::opcode,
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{CallInputs, InterpreterResult},
    primitives::{AddressSet, hardfork::SpecId},
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

    /// Begins a transaction with this number of bytes and authorizations (EIP-7702).
    pub(super) fn begin(&mut self, limit: u64, bytes: usize, authorizations: usize) {
        self.codes.clear();
        self.limit = limit;
        self.left = i64::try_from(limit).unwrap_or(i64::MAX);
        self.add(TRANSACTION);
        self.add(product(TRANSACTION_BYTE, bytes));
        self.add(product(AUTHORIZATION, authorizations));
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

    /// Charges for the call of a precompile that used this gas.
    pub(super) fn precompile(&mut self, address: &Address, gas: u64) {
        let price = precompile_price(address);
        self.add(u64::from(price.base).saturating_add(gas.saturating_mul(price.per_gas.into())));
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
    CTX: revm::context_interface::ContextTr<Chain = Meter>,
{
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: <CTX::Cfg as revm::context_interface::Cfg>::Spec) -> bool {
        PrecompileProvider::<CTX>::set_spec(&mut self.0, spec)
    }

    fn run(
        &mut self,
        context: &mut CTX,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, alloc::string::String> {
        let result = self.0.run(context, inputs)?;
        if let Some(result) = &result {
            let gas = inputs.gas_limit.saturating_sub(result.gas.remaining());
            context.chain_mut().precompile(&inputs.bytecode_address, gas);
        }
        Ok(result)
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.0.warm_addresses()
    }
}
