//! Calls: what a client asks for, as the EVM executes it, and what becomes of it.

use crate::{
    api::Api,
    error::RpcError,
    overrides::{Overridden, override_block},
};
use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use ashlar_stf::{
    SealedHeader, WitnessState,
    rollup::{Simulated, SimulationError, Simulator, TraceError, Tracer, authorization},
};
use revm::{
    context::{
        TxEnv,
        either::Either,
        result::{ExecutionResult, HaltReason, InvalidTransaction},
    },
    context_interface::Transaction as _,
};

/// Bytes of a transaction beside its data and lists, at most.
const TRANSACTION_BYTES: usize = 180;
/// Bytes of an entry of an access list, of a key in it, and of an authorization, at most.
const ACCESS_BYTES: usize = 24;
const KEY_BYTES: usize = 33;
const AUTHORIZATION_BYTES: usize = 130;

/// Most bytes of init code (EIP-3860).
const INIT_CODE_BYTES_MAX: usize = 49_152;

/// The block that a call is executed in, on the state after `state`.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) state: SealedHeader,
    pub(crate) header: Header,
}

/// What a call may change of the state and its block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    pub(crate) state: StateOverride,
    pub(crate) block: Option<BlockOverrides>,
}

/// The simulator of a call.
pub(crate) type CallSimulator<'c, 's, 'w> = Simulator<'c, Overridden<'s, WitnessState<'w>>>;

impl Api {
    /// Where a call at this block is executed.
    pub(crate) fn place(&self, block: BlockId) -> Result<Place, RpcError> {
        if block == BlockId::Number(BlockNumberOrTag::Pending) {
            return Ok(Place { state: self.head()?, header: self.pending_header()? });
        }
        let state = self.header(block)?;
        Ok(Place { header: state.header.clone(), state })
    }

    /// What `run` does with the simulator of calls at this place.
    pub(crate) fn simulate<T>(
        &self,
        place: &Place,
        changed: Changed,
        run: impl FnOnce(&mut CallSimulator<'_, '_, '_>) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        self.with_state(&place.state, |state| {
            let mut state = Overridden::new(state, changed.state).map_err(RpcError::Invalid)?;
            let mut simulator = Simulator::new(&self.node.config, &mut state, &place.header);
            if let Some(block) = changed.block {
                override_block(simulator.block_mut(), block).map_err(RpcError::Invalid)?;
            }
            run(&mut simulator)
        })
    }

    /// What the EVM executes for a request.
    pub(crate) fn call(&self, request: TransactionRequest) -> Result<TxEnv, RpcError> {
        let invalid = |reason: &str| Err(RpcError::Invalid(reason.to_owned()));
        let TransactionRequest { from, to, gas_price, gas, value, input, nonce, access_list, .. } = request;
        let (max_fee, priority_fee) = (request.max_fee_per_gas, request.max_priority_fee_per_gas);
        if gas_price.is_some() && (max_fee.is_some() || priority_fee.is_some()) {
            return invalid("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
        }
        if request.blob_versioned_hashes.is_some_and(|blobs| !blobs.is_empty()) || request.sidecar.is_some() {
            return invalid("blob transactions (type 3) are not accepted on a rollup");
        }
        let (want, have) = (self.node.config.chain_id, request.chain_id);
        if have.is_some_and(|have| have != want) {
            let have = have.unwrap_or_default();
            let text = format!("chainId does not match node's (have={have}, want={want})");
            return Err(RpcError::Invalid(text));
        }
        let Ok(data) = input.try_into_unique_input() else {
            return invalid("both \"data\" and \"input\" are set and not equal");
        };
        let authorizations = request.authorization_list.unwrap_or_default();
        let tx_type = match (&authorizations, max_fee.or(priority_fee), &access_list) {
            (authorizations, ..) if !authorizations.is_empty() => 4,
            (_, Some(_), _) => 2,
            (_, None, Some(_)) => 1,
            (_, None, None) => 0,
        };
        let authorizations = authorizations.iter().map(|signed| Either::Right(authorization(signed)));
        Ok(TxEnv {
            tx_type,
            caller: from.unwrap_or_default(),
            gas_limit: gas.unwrap_or(u64::MAX).min(self.limits.call_gas),
            gas_price: gas_price.or(max_fee).or(priority_fee).unwrap_or(0),
            kind: to.unwrap_or(TxKind::Create),
            value: value.unwrap_or_default(),
            data: data.unwrap_or_default(),
            nonce: nonce.unwrap_or(0),
            chain_id: Some(want),
            access_list: access_list.unwrap_or_default(),
            gas_priority_fee: (tx_type == 2 || tx_type == 4).then(|| priority_fee.unwrap_or(0)),
            authorization_list: authorizations.collect(),
            ..TxEnv::default()
        })
    }
}

/// Executes a call.
pub(crate) fn run(simulator: &mut CallSimulator<'_, '_, '_>, call: &TxEnv) -> Result<Simulated, RpcError> {
    let base_fee = simulator.block_mut().basefee;
    simulator.run(call.clone(), bytes(call)).map_err(|error| refused(error, call, base_fee))
}

/// Why a call has no trace.
#[derive(Debug)]
pub(crate) enum NotTraced {
    /// There is more to record than may be.
    Full,
    /// What the client is told.
    Other(RpcError),
}

/// Executes a call and records what it does.
pub(crate) fn trace(
    simulator: &mut CallSimulator<'_, '_, '_>,
    call: &TxEnv,
    tracer: Tracer,
) -> Result<(Simulated, Tracer), NotTraced> {
    let base_fee = simulator.block_mut().basefee;
    simulator.trace(call.clone(), bytes(call), tracer).map_err(|error| match error {
        TraceError::Full => NotTraced::Full,
        TraceError::Call(error) => NotTraced::Other(refused(error, call, base_fee)),
        TraceError::State(error) => NotTraced::Other(error.into()),
        TraceError::Refused(_) | TraceError::Lost => NotTraced::Other(RpcError::Internal),
    })
}

fn refused(error: SimulationError, call: &TxEnv, base_fee: u64) -> RpcError {
    match error {
        SimulationError::Invalid(reason) => RpcError::Refused(refusal(&reason, call, base_fee)),
        SimulationError::Block(error) => error.into(),
    }
}

/// Bytes of the transaction that a call may become, at most.
fn bytes(call: &TxEnv) -> usize {
    let keys: usize = call.access_list.iter().map(|item| item.storage_keys.len()).sum();
    TRANSACTION_BYTES
        + call.data.len()
        + call.access_list.len() * ACCESS_BYTES
        + keys * KEY_BYTES
        + call.authorization_list.len() * AUTHORIZATION_BYTES
}

/// What a call returned; an error if it did not succeed.
pub(crate) fn output(result: ExecutionResult<HaltReason>) -> Result<Bytes, RpcError> {
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(RpcError::Reverted(output)),
        ExecutionResult::Halt { reason, .. } => Err(RpcError::Refused(halt(&reason))),
    }
}

/// Why a call ended, in geth's words.
pub(crate) fn halt(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas",
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode",
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID",
        HaltReason::InvalidJump => "invalid jump destination",
        HaltReason::StackUnderflow => "stack underflow",
        HaltReason::StackOverflow => "stack limit reached 1024",
        HaltReason::OutOfOffset => "return data out of bounds",
        HaltReason::CreateCollision => "contract address collision",
        HaltReason::NonceOverflow => "nonce uint64 overflow",
        HaltReason::CreateContractSizeLimit => "max code size exceeded",
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef",
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded",
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => {
            "write protection"
        }
        HaltReason::OutOfFunds => "insufficient balance for transfer",
        HaltReason::CallTooDeep => "max call depth exceeded",
        other => return other.to_string(),
    }
    .to_owned()
}

/// Why a call is refused, in geth's words.
fn refusal(reason: &InvalidTransaction, call: &TxEnv, base_fee: u64) -> String {
    let (from, fee) = (call.caller, call.gas_price);
    match reason {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: address {from} have {balance} want {fee}")
        }
        InvalidTransaction::OverflowPaymentInTransaction => {
            format!("insufficient funds for gas * price + value: address {from}, it is above 2^256")
        }
        InvalidTransaction::GasPriceLessThanBasefee => format!(
            "max fee per gas less than block base fee: address {from}, maxFeePerGas: {fee}, baseFee: {base_fee}"
        ),
        InvalidTransaction::PriorityFeeGreaterThanMaxFee => {
            let tip = call.max_priority_fee_per_gas().unwrap_or(0);
            format!(
                "max priority fee per gas higher than max fee per gas: address {from}, \
                 maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee}"
            )
        }
        InvalidTransaction::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        InvalidTransaction::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
            format!("insufficient gas for floor data gas cost: have {gas_limit}, want {gas_floor}")
        }
        InvalidTransaction::CreateInitCodeSizeLimit => {
            let size = call.data.len();
            format!("max initcode size exceeded: code size {size} limit {INIT_CODE_BYTES_MAX}")
        }
        other => other.to_string(),
    }
}

/// Whether an address is that of a precompile.
pub(crate) fn is_precompile(address: &Address) -> bool {
    let number = U256::from_be_slice(address.as_slice());
    (U256::ONE..=U256::from(0x11)).contains(&number) || number == U256::from(0x100)
}
