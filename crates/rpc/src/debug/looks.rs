//! Accounts in the format of geth's `prestateTracer`.

use crate::{api::Answer, error::RpcError};
use alloy_primitives::{Address, B256};
use alloy_rpc_types_trace::geth::{AccountState, DiffMode, PreStateConfig, PreStateFrame, PreStateMode};
use ashlar_stf::rollup::{AccountView, Looked};
use std::collections::BTreeMap;

/// What the transaction looked at as it was before, or what it changed.
pub(super) fn answer(accounts: BTreeMap<Address, Looked>, config: &PreStateConfig) -> Answer {
    let frame = match config.is_diff_mode() {
        true => PreStateFrame::Diff(differences(accounts, config)),
        false => PreStateFrame::Default(PreStateMode(before(accounts, config))),
    };
    serde_json::to_value(frame).map_err(|_| RpcError::Internal)
}

/// Accounts that were there.
fn before(accounts: BTreeMap<Address, Looked>, config: &PreStateConfig) -> BTreeMap<Address, AccountState> {
    let existing = accounts.into_iter().filter(|(_, looked)| looked.before != AccountView::default());
    let states = existing.map(|(address, looked)| {
        let mut state = state(&looked.before, config);
        if config.storage_enabled() {
            let slots = looked.slots.iter();
            state.storage = slots.map(|(key, (before, _))| ((*key).into(), (*before).into())).collect();
        }
        (address, state)
    });
    states.collect()
}

fn state(view: &AccountView, config: &PreStateConfig) -> AccountState {
    let code = config.code_enabled().then(|| view.code.clone());
    AccountState::from_account_info(view.nonce, view.balance, code)
}

/// Accounts that changed: all of what they were, and what of them is another now. A new account is in `post` only, one that
/// destroyed itself in `pre` only.
fn differences(accounts: BTreeMap<Address, Looked>, config: &PreStateConfig) -> DiffMode {
    let mut all = DiffMode::default();
    for (address, looked) in accounts.into_iter().filter(|(_, looked)| is_changed(looked, config)) {
        if looked.before != AccountView::default() {
            let mut pre = state(&looked.before, config);
            pre.storage = changed_slots(&looked, config).map(|(key, before, _)| (key, before)).collect();
            // Zero is what a slot has that is not there.
            pre.storage.retain(|_, value| !value.is_zero());
            all.pre.insert(address, pre);
        }
        if let Some(after) = &looked.after {
            let before = &looked.before;
            let mut post = AccountState {
                balance: (after.balance != before.balance).then_some(after.balance),
                nonce: (after.nonce != before.nonce).then_some(after.nonce),
                code: (config.code_enabled() && after.code != before.code).then(|| after.code.clone()),
                storage: changed_slots(&looked, config).map(|(key, _, after)| (key, after)).collect(),
            };
            post.storage.retain(|_, value| !value.is_zero());
            all.post.insert(address, post);
        }
    }
    all
}

/// Whether of what is shown of an account something is another now.
fn is_changed(looked: &Looked, config: &PreStateConfig) -> bool {
    let Some(after) = &looked.after else { return true };
    let before = &looked.before;
    (before.balance, before.nonce) != (after.balance, after.nonce)
        || (config.code_enabled() && before.code != after.code)
        || changed_slots(looked, config).next().is_some()
}

/// Slots that have another value now: key, value before, value after.
fn changed_slots(looked: &Looked, config: &PreStateConfig) -> impl Iterator<Item = (B256, B256, B256)> {
    let slots =
        looked.slots.iter().filter(|(_, (before, after))| config.storage_enabled() && before != after);
    slots.map(|(key, (before, after))| ((*key).into(), (*before).into(), (*after).into()))
}
