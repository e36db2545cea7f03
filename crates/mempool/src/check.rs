//! What a transaction is refused for whatever the state is. All of it happens outside of the pool's lock.

use crate::{limits::Limits, rejection::Rejection, transaction::PooledTransaction};
use alloy_consensus::Transaction as _;
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::{Address, Bytes, U256};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_stf::{
    Transaction, TransactionError,
    rollup::{RollupTransaction, RollupTransactionKind},
};
use revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};

/// Decodes a transaction, recovers its sender and checks it. It has no order of arrival yet.
pub(crate) fn check(
    bytes: Bytes,
    config: &RollupConfig,
    limits: &Limits,
) -> Result<PooledTransaction, Rejection> {
    // Before the size: with its blobs a transaction is always too large, and that is not why it is refused.
    match bytes.first() {
        // A list is a legacy transaction; what is between is no transaction at all.
        None | Some(0x01 | 0x02 | 0x04 | 0x80..) => {}
        Some(other) => return Err(Rejection::Type(*other)),
    }
    if bytes.len() > limits.transaction_bytes {
        return Err(Rejection::Oversized { size: bytes.len(), limit: limits.transaction_bytes });
    }
    let decoded = RollupTransaction::decode(&bytes).map_err(|error| match error {
        TransactionError::HighS | TransactionError::Signature => Rejection::Sender(error),
        error => Rejection::Encoding(error),
    })?;
    let RollupTransactionKind::Signed { transaction, sender } = &decoded.kind else {
        return Err(Rejection::Type(decoded.type_byte()));
    };
    check_chain(transaction, config, limits)?;
    check_gas(transaction, config)?;
    let (max_fee, max_priority_fee) = fees(transaction, limits)?;
    let authorities = authorities(transaction, config, limits)?;
    let gas = U256::from(transaction.gas_limit()) * U256::from(max_fee);
    Ok(PooledTransaction {
        sender: *sender,
        nonce: transaction.nonce(),
        gas_limit: transaction.gas_limit(),
        max_fee,
        max_priority_fee,
        cost: gas.saturating_add(transaction.value()),
        authorities,
        arrival: 0,
        transaction: decoded,
        bytes,
    })
}

fn check_chain(transaction: &Transaction, config: &RollupConfig, limits: &Limits) -> Result<(), Rejection> {
    match transaction.chain_id() {
        Some(have) if have != config.chain_id => Err(Rejection::ChainId { have, want: config.chain_id }),
        None if !limits.unprotected => Err(Rejection::Unprotected),
        Some(_) | None => Ok(()),
    }
}

/// Limits of gas and of init code, as the EVM has them.
fn check_gas(transaction: &Transaction, config: &RollupConfig) -> Result<(), Rejection> {
    let (input, limit) = (transaction.input(), transaction.gas_limit());
    if transaction.is_create() && input.len() > MAX_INITCODE_SIZE {
        return Err(Rejection::InitCode { size: input.len(), limit: MAX_INITCODE_SIZE });
    }
    if limit > config.block_gas_limit {
        return Err(Rejection::BlockGas { limit, most: config.block_gas_limit });
    }
    if limit > config.transaction_gas_limit {
        return Err(Rejection::Gas { limit, most: config.transaction_gas_limit });
    }
    if transaction.nonce() == u64::MAX {
        return Err(Rejection::NonceMax);
    }
    let (accounts, slots) = transaction
        .access_list()
        .map_or((0, 0), |list| (list.len(), list.iter().map(|item| item.storage_keys.len()).sum::<usize>()));
    let needed = calculate_initial_tx_gas(
        SpecId::OSAKA,
        input,
        transaction.is_create(),
        accounts.try_into().unwrap_or(u64::MAX),
        slots.try_into().unwrap_or(u64::MAX),
        transaction.authorization_count().unwrap_or(0),
        None,
    );
    if limit < needed.initial_total_gas() {
        return Err(Rejection::IntrinsicGas { limit, least: needed.initial_total_gas() });
    }
    if limit < needed.floor_gas() {
        return Err(Rejection::FloorGas { limit, least: needed.floor_gas() });
    }
    Ok(())
}

/// Most wei per gas, and most of them above the base fee.
fn fees(transaction: &Transaction, limits: &Limits) -> Result<(u128, u128), Rejection> {
    let fee = transaction.max_fee_per_gas();
    // A gas price is both.
    let tip = transaction.max_priority_fee_per_gas().unwrap_or(fee);
    if tip > fee {
        return Err(Rejection::TipAboveFee { tip, fee });
    }
    if tip < limits.tip_min {
        return Err(Rejection::TipTooLow { tip, least: limits.tip_min });
    }
    Ok((fee, tip))
}

/// Whose accounts the authorizations may change. Those for other chains and those without a signer change none.
fn authorities(
    transaction: &Transaction,
    config: &RollupConfig,
    limits: &Limits,
) -> Result<Vec<Address>, Rejection> {
    let Some(authorizations) = transaction.authorization_list() else { return Ok(Vec::new()) };
    if authorizations.is_empty() {
        return Err(Rejection::NoAuthorizations);
    }
    if authorizations.len() > limits.authorizations {
        return Err(Rejection::Authorizations { have: authorizations.len(), limit: limits.authorizations });
    }
    let chain_id = U256::from(config.chain_id);
    let is_here = |authorization: &&SignedAuthorization| {
        authorization.chain_id.is_zero() || authorization.chain_id == chain_id
    };
    let signers = authorizations.iter().filter(is_here).filter_map(|signed| signed.recover_authority().ok());
    let mut authorities: Vec<_> = signers.collect();
    authorities.sort_unstable();
    authorities.dedup();
    Ok(authorities)
}
