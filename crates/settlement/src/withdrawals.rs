//! What the chain's bridge tells of withdrawals (`specs/021-bridge.md`).

use crate::{L2_ASSET_ROUTER, abi::l2_router::L2AssetRouter::WithdrawalRequested};
use alloy_primitives::{Address, Log};
use alloy_sol_types::SolEvent;

/// Who has sent the withdrawals that these logs tell of, in order.
pub fn withdrawers<'a>(logs: impl IntoIterator<Item = &'a Log>) -> impl Iterator<Item = Address> {
    let of_router = logs.into_iter().filter(|log| log.address == L2_ASSET_ROUTER);
    of_router.filter_map(|log| WithdrawalRequested::decode_log(log).ok()).map(|event| event.sender)
}
