//! Calls that leave nothing, and what they need.

use crate::{
    api::{Answer, Api, Work},
    arguments::Arguments,
    call::{self, Changed, Place},
    error::RpcError,
    json::quantity,
    methods::Methods,
};
use alloy_eips::{
    BlockId,
    eip2930::{AccessList, AccessListItem},
};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use jsonrpsee::core::RegisterMethodError;
use revm::{
    Database,
    context::{TransactTo, TxEnv, result::ExecutionResult},
};
use serde_json::json;

/// Most rounds in search of an access list: each may show slots that the one before did not reach.
const ACCESS_ROUNDS_MAX: usize = 8;

pub(super) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    methods.add("eth_call", Work::Execute, eth_call)?;
    methods.add("eth_createAccessList", Work::Execute, create_access_list)
}

/// The arguments of a call.
pub(crate) struct Asked {
    pub(crate) request: TransactionRequest,
    pub(crate) block: BlockId,
    pub(crate) changed: Changed,
}

impl Asked {
    /// For the state after the last block, unless asked otherwise.
    fn of_latest(arguments: Arguments) -> Result<Self, RpcError> {
        Self::take(arguments, BlockId::latest())
    }

    /// For the next block, unless asked otherwise: it is for a transaction that is to be sent. The last block may be of long ago, since
    /// none is made without transactions, and what the transaction does may depend on the time.
    pub(crate) fn of_next(arguments: Arguments) -> Result<Self, RpcError> {
        Self::take(arguments, BlockId::pending())
    }

    fn take(mut arguments: Arguments, unnamed: BlockId) -> Result<Self, RpcError> {
        let request = arguments.required()?;
        let block = arguments.optional()?.unwrap_or(unnamed);
        let state: Option<StateOverride> = arguments.optional()?;
        let changed_block: Option<BlockOverrides> = arguments.optional()?;
        arguments.end()?;
        Ok(Self {
            request,
            block,
            changed: Changed { state: state.unwrap_or_default(), block: changed_block },
        })
    }
}

fn eth_call(api: &Api, arguments: Arguments) -> Answer {
    let Asked { request, block, changed } = Asked::of_latest(arguments)?;
    let place = api.place(block)?;
    let call = api.call(request)?;
    let simulated = api.simulate(&place, changed, |simulator| call::run(simulator, &call))?;
    Ok(json!(call::output(simulated.result)?))
}

fn create_access_list(api: &Api, arguments: Arguments) -> Answer {
    let Asked { request, block, changed } = Asked::of_next(arguments)?;
    let place = api.place(block)?;
    let mut call = api.call(request)?;
    call.tx_type = call.tx_type.max(1);
    let known = known_accounts(api, &place, &call)?;
    let mut rounds = 0;
    loop {
        rounds += 1;
        let (simulated, accessed) = api.simulate(&place, changed.clone(), |simulator| {
            let simulated = call::run(simulator, &call)?;
            Ok((simulated, simulator.accessed()))
        })?;
        let list = access_list(accessed, &known);
        if list == call.access_list || rounds == ACCESS_ROUNDS_MAX {
            let mut answer = json!({
                "accessList": call.access_list,
                "gasUsed": quantity(simulated.result.tx_gas_used()),
            });
            if let (Some(answer), Some(error)) = (answer.as_object_mut(), failure(&simulated.result)) {
                answer.insert("error".to_owned(), json!(error));
            }
            return Ok(answer);
        }
        call.access_list = list;
    }
}

fn failure<H>(result: &ExecutionResult<H>) -> Option<&'static str> {
    match result {
        ExecutionResult::Success { .. } => None,
        ExecutionResult::Revert { .. } => Some("execution reverted"),
        ExecutionResult::Halt { .. } => Some("execution failed"),
    }
}

/// Accounts whose access costs nothing more, as long as no slot of theirs is read.
fn known_accounts(api: &Api, place: &Place, call: &TxEnv) -> Result<[Address; 3], RpcError> {
    let to = match call.kind {
        TransactTo::Call(to) => to,
        TransactTo::Create => {
            let nonce = api.with_state(&place.state, |state| {
                Ok(state.basic(call.caller)?.map_or(0, |account| account.nonce))
            })?;
            call.caller.create(nonce)
        }
    };
    Ok([call.caller, to, place.header.beneficiary])
}

fn access_list(accessed: Vec<(Address, Vec<U256>)>, known: &[Address]) -> AccessList {
    let is_free = |address: &Address| known.contains(address) || call::is_precompile(address);
    let items = accessed.into_iter().filter(|(address, slots)| !slots.is_empty() || !is_free(address));
    let items = items.map(|(address, slots)| AccessListItem {
        address,
        storage_keys: slots.into_iter().map(B256::from).collect(),
    });
    AccessList(items.collect())
}
