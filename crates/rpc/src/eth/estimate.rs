//! `eth_estimateGas`: the lowest gas limit with which a call succeeds.

use super::call::Asked;
use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    call::{self, CallSimulator, Place},
    error::RpcError,
    json::quantity,
    methods::Methods,
};
use alloy_primitives::U256;
use ashlar_primitives::rollup::RollupConfig;
use ashlar_stf::rollup::Simulated;
use jsonrpsee::core::RegisterMethodError;
use revm::{
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason},
    },
    context_interface::Transaction as _,
};
use std::time::Instant;

/// Gas of a transaction that does nothing.
const TRANSACTION_GAS: u64 = 21_000;
/// Gas that a call with value gives its callee.
const CALL_STIPEND: u64 = 2_300;
/// The search ends when it is known to one part in so many.
const ACCURACY: u64 = 64;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_estimateGas", Work::Execute, estimate_gas)
}

fn estimate_gas(api: &Api, arguments: Arguments) -> Answer {
    let Asked { request, block, changed } = Asked::of_next(arguments)?;
    let place = api.place(block)?;
    let has_gas = request.gas.filter(|gas| *gas >= TRANSACTION_GAS);
    let mut call = api.call(request)?;
    let config = &api.node.config;
    let highest = has_gas.unwrap_or(u64::MAX).min(config.transaction_gas_limit).min(api.limits.call_gas);
    call.gas_limit = highest.min(affordable(api, &place, &changed, &call)?);
    let search = Search { config, call, deadline: Instant::now() + api.limits.query };
    Ok(quantity(api.simulate(&place, changed, |simulator| search.run(simulator))?))
}

/// Gas that the caller can pay for at the price that it names.
fn affordable(api: &Api, place: &Place, changed: &call::Changed, call: &TxEnv) -> Result<u64, RpcError> {
    if call.gas_price == 0 {
        return Ok(u64::MAX);
    }
    let own = changed.state.get(&call.caller).and_then(|account| account.balance);
    let balance = match own {
        Some(balance) => balance,
        None => super::state::account(api, call.caller, &place.state)?.balance,
    };
    let insufficient = || RpcError::Refused("insufficient funds for transfer".to_owned());
    let left = balance.checked_sub(call.value).ok_or_else(insufficient)?;
    Ok((left / U256::from(call.gas_price)).saturating_to())
}

struct Search<'a> {
    config: &'a RollupConfig,
    /// The call with the highest gas limit that comes into question.
    call: TxEnv,
    deadline: Instant,
}

impl Search<'_> {
    fn run(&self, simulator: &mut CallSimulator<'_, '_, '_>) -> Result<u64, RpcError> {
        let mut high = self.call.gas_limit;
        let first = call::run(simulator, &self.call)?;
        let used = self.succeeded(&first)?;
        if let Some(over) = first.usage.over_limit(self.config) {
            return Err(RpcError::OverLimit(over));
        }
        // Gas that was given back at the end was needed before, and of what is left calls pass on 63 parts of 64.
        let spent = first.result.gas().total_gas_spent();
        let guess = spent.saturating_add(CALL_STIPEND).saturating_mul(64) / 63;
        let mut low = used.saturating_sub(1);
        // What calls nobody, and gets nothing back, needs what it used: a transfer is known by its 21,000.
        if used < high {
            self.narrow(simulator, used, &mut low, &mut high)?;
        }
        if guess < high {
            self.narrow(simulator, guess, &mut low, &mut high)?;
        }
        while high.saturating_sub(low) > 1 && high.saturating_sub(low) > high / ACCURACY {
            // Most calls need little more than they use.
            let middle = (low + (high - low) / 2).min(low.saturating_mul(2));
            self.narrow(simulator, middle, &mut low, &mut high)?;
        }
        Ok(high)
    }

    /// Moves one of the bounds to `gas`.
    fn narrow(
        &self,
        simulator: &mut CallSimulator<'_, '_, '_>,
        gas: u64,
        low: &mut u64,
        high: &mut u64,
    ) -> Result<(), RpcError> {
        if Instant::now() > self.deadline {
            return Err(RpcError::Limit("the search of the gas limit takes too long: name one".to_owned()));
        }
        let call = TxEnv { gas_limit: gas, ..self.call.clone() };
        let succeeded = match call::run(simulator, &call) {
            Ok(simulated) => simulated.result.is_success(),
            // Too little to begin with.
            Err(RpcError::Refused(_)) => false,
            Err(error) => return Err(error),
        };
        *(if succeeded { high } else { low }) = gas;
        Ok(())
    }

    /// Gas that the first call used; an error if not even that succeeds.
    fn succeeded(&self, first: &Simulated) -> Result<u64, RpcError> {
        if let ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. } = &first.result {
            let limit = self.call.gas_limit();
            return Err(RpcError::Refused(format!("gas required exceeds allowance ({limit})")));
        }
        call::output(first.result.clone())?;
        Ok(first.result.tx_gas_used())
    }
}
