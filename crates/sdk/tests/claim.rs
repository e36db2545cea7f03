//! Withdrawals, claims and recoveries, by nodes that lie about them.

mod support;

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use ashlar_primitives::rollup::{L2Log, Operation};
use ashlar_sdk::{
    Claim, ClaimError, DepositRequest, ETHER, Finality, MessagePlace, Patience, ProofError, ReadError,
    RecoverError, Recovery, Stage, WithdrawError, Withdrawal,
};
use ashlar_settlement::{L2_ASSET_ROUTER, abi::router::AssetRouter};
use serde_json::{Value, json};
use support::*;

const FRIEND: Address = Address::repeat_byte(0x99);
const CONTRACT: Address = Address::repeat_byte(0x77);
const SHORT: Patience = Patience { interval: Duration::from_millis(1), timeout: Duration::from_millis(200) };
const BATCH: u64 = 3;

fn withdrawal(amount: u64) -> Withdrawal {
    Withdrawal { asset: ether_asset(), receiver: user(), amount: U256::from(amount) }
}

/// A batch with two withdrawals and the status of an operation that failed.
struct Batch {
    logs: Vec<L2Log>,
    place: MessagePlace,
}

fn log(transaction: u16, withdrawal: &Withdrawal) -> L2Log {
    L2Log::message(transaction, L2_ASSET_ROUTER, keccak256(withdrawal.message()))
}

fn answer(logs: &[L2Log], index: usize, withdrawal: &Withdrawal) -> Value {
    let mut answer = log_answer(logs, index, BATCH, "executed");
    answer["sender"] = json!(L2_ASSET_ROUTER);
    answer["message"] = json!(withdrawal.message());
    answer
}

/// The user's withdrawal of 500 and somebody's of 900 are in an executed batch.
fn executed(world: &World) -> Batch {
    let (mine, other) = (withdrawal(500), Withdrawal { receiver: FRIEND, ..withdrawal(900) });
    let logs = vec![log(0, &other), log(1, &mine)];
    let (transaction, raw) = signed(L2_ASSET_ROUTER, withdraw_call(&mine));
    let place = MessagePlace { transaction, index: 0 };
    let mut state = world.state();
    state.progress = [BATCH; 3];
    state.roots.insert(BATCH, root(&logs));
    state.raw.insert(transaction, raw);
    state.messages.insert((transaction, 0), answer(&logs, 1, &mine));
    Batch { logs, place }
}

#[test]
fn a_withdrawal_is_sent_and_found_among_other_messages() {
    let world = World::new();
    let chain = world.chain();
    let withdrawn = chain.withdraw(&world.l2_wallet(), ETHER, U256::from(500), FRIEND).unwrap();
    assert_eq!((withdrawn.place.index, withdrawn.block), (1, 9));
    assert_eq!(withdrawn.withdrawal, Withdrawal { receiver: FRIEND, ..withdrawal(500) });
    let token = chain.withdraw(&world.l2_wallet(), TOKEN, U256::from(7), FRIEND).unwrap();
    assert_eq!(token.withdrawal.asset, token_asset());
    let sent = world.state().sent_l2.clone();
    assert_eq!((sent[0].0, sent[0].2), (L2_ASSET_ROUTER, U256::from(500)), "the base token comes as value");
    assert_eq!(sent[1].2, U256::ZERO);
}

#[test]
fn what_cannot_be_withdrawn_is_not_sent() {
    let world = World::new();
    let (chain, wallet) = (world.chain(), world.l2_wallet());
    let refused =
        |token, amount, receiver| chain.withdraw(&wallet, token, U256::from(amount), receiver).unwrap_err();
    assert!(matches!(refused(ETHER, 0_u64, FRIEND), WithdrawError::AmountZero));
    assert!(matches!(refused(ETHER, 1, Address::ZERO), WithdrawError::ReceiverZero));
    assert!(matches!(refused(ETHER, u64::MAX, FRIEND), WithdrawError::Balance { token: ETHER, .. }));
    assert!(matches!(refused(TOKEN, 1_000_001, FRIEND), WithdrawError::Balance { token: L2_TOKEN, .. }));
    world.state().l2_code.clear();
    assert!(matches!(refused(TOKEN, 1, FRIEND), WithdrawError::NoToken(TOKEN)));
    let other = chain.withdraw(&world.l1_wallet(), ETHER, U256::from(1), FRIEND).unwrap_err();
    assert!(matches!(other, WithdrawError::Chain(_)));
    world.state().l2_code.insert(L2_TOKEN, Bytes::from_static(&[0]));
    world.state().l2_estimate = reverts("WithdrawalReceiverZero()");
    let error = refused(ETHER, 1, FRIEND).to_string();
    assert!(error.contains("the contract refuses: WithdrawalReceiverZero()"), "{error}");
    assert!(world.state().sent_l2.is_empty());
}

#[test]
fn a_withdrawal_is_claimed_once() {
    let world = World::new();
    let batch = executed(&world);
    let chain = world.chain();
    let claimed = chain.claim(&world.l1_wallet(), batch.place).unwrap();
    assert!(
        matches!(claimed, Claim::Paid { withdrawal: paid, .. } if paid == withdrawal(500)),
        "{claimed:?}"
    );
    let sent = world.sent();
    let call = AssetRouter::finalizeWithdrawalCall::abi_decode(&sent[0].1).unwrap();
    assert_eq!((sent[0].0, call.transactionIndex), (ROUTER, 1));
    assert_eq!((call.proof.batch, call.proof.index), (BATCH, U256::from(1)));
    assert_eq!(call.withdrawal.amount, U256::from(500));
    let again = chain.claim(&world.l1_wallet(), batch.place).unwrap();
    assert_eq!(again, Claim::PaidBefore { withdrawal: withdrawal(500) });
    assert_eq!(world.sent().len(), 1, "nothing is sent for what is paid");
}

#[test]
fn who_claims_in_the_same_moment_is_not_an_error() {
    let world = World::new();
    let batch = executed(&world);
    world.state().l1_estimate = reverts("WithdrawalFinalizedBefore(uint256,uint64,uint256)");
    world.state().after_estimate = Some(|state| {
        state.paid.insert((BATCH, U256::from(1)));
    });
    let claimed = world.chain().claim(&world.l1_wallet(), batch.place).unwrap();
    assert!(matches!(claimed, Claim::PaidBefore { .. }));
    // The same answer, but nobody was faster.
    world.state().paid.clear();
    let error = world.chain().claim(&world.l1_wallet(), batch.place).unwrap_err();
    assert!(matches!(error, ClaimError::Wallet(_)), "{error}");
}

#[test]
fn a_wrong_proof_sends_nothing() {
    type Change = fn(&mut Value);
    let changes: [Change; 6] = [
        |answer| answer["siblings"][0] = json!(B256::repeat_byte(1)),
        |answer| answer["siblings"] = json!([]),
        |answer| answer["logIndex"] = json!("0x0"),
        |answer| answer["logIndex"] = json!("0x4001"),
        |answer| answer["transactionIndex"] = json!("0x2"),
        |answer| answer["batch"] = json!("0x2"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let world = World::new();
        let batch = executed(&world);
        world.state().roots.insert(2, B256::repeat_byte(2));
        change(world.state().messages.get_mut(&(batch.place.transaction, 0)).unwrap());
        let error = world.chain().claim(&world.l1_wallet(), batch.place).unwrap_err();
        assert!(matches!(error, ClaimError::Unproven { .. }), "{number}: {error}");
        assert!(world.sent().is_empty());
        let stage = world.chain().withdrawal_status(batch.place).unwrap().stage;
        assert!(matches!(stage, Stage::Unproven { .. }), "{number}");
    }
}

#[test]
fn a_proof_in_parts_is_a_contradiction() {
    for part in ["siblings", "logIndex", "transactionIndex"] {
        let world = World::new();
        let batch = executed(&world);
        world.state().messages.get_mut(&(batch.place.transaction, 0)).unwrap()[part] = Value::Null;
        let error = world.chain().claim(&world.l1_wallet(), batch.place).unwrap_err();
        assert!(matches!(error, ClaimError::Read(ReadError::Contradiction(_))), "{part}: {error}");
    }
    let world = World::new();
    let batch = executed(&world);
    let index = json!("0x10001");
    world.state().messages.get_mut(&(batch.place.transaction, 0)).unwrap()["transactionIndex"] = index;
    let error = world.chain().claim(&world.l1_wallet(), batch.place).unwrap_err();
    assert!(matches!(error, ClaimError::Read(ReadError::Contradiction(_))), "65,537 is not 1: {error}");
}

#[test]
fn a_message_of_somebody_else_is_not_claimed() {
    let world = World::new();
    let Batch { logs, place } = executed(&world);
    // Another's withdrawal, with a proof that is good.
    let other = Withdrawal { receiver: FRIEND, ..withdrawal(900) };
    world.state().messages.insert((place.transaction, 0), answer(&logs, 0, &other));
    let error = world.chain().claim(&world.l1_wallet(), place).unwrap_err();
    assert!(matches!(error, ClaimError::Foreign { withdrawal, .. } if withdrawal == other), "{error}");
    // The right one, as the second message of a transaction that has one.
    world.state().messages.insert((place.transaction, 1), answer(&logs, 1, &withdrawal(500)));
    let second = MessagePlace { index: 1, ..place };
    assert!(matches!(world.chain().claim(&world.l1_wallet(), second), Err(ClaimError::Foreign { .. })));
    // A message of a contract that is not the bridge, with the bytes of a withdrawal.
    let mut forged = answer(&logs, 1, &withdrawal(500));
    forged["sender"] = json!(CONTRACT);
    world.state().messages.insert((place.transaction, 0), forged);
    let error = world.chain().claim(&world.l1_wallet(), place).unwrap_err();
    assert!(matches!(error, ClaimError::NoWithdrawal { sender: CONTRACT, .. }), "{error}");
    assert!(world.sent().is_empty());
}

#[test]
fn a_transaction_with_another_hash_is_not_believed() {
    let world = World::new();
    let Batch { logs, place } = executed(&world);
    let other = Withdrawal { receiver: FRIEND, ..withdrawal(900) };
    let (_, raw) = signed(L2_ASSET_ROUTER, withdraw_call(&other));
    world.state().messages.insert((place.transaction, 0), answer(&logs, 0, &other));
    for raw in [Some(raw), None] {
        world.state().raw.clear();
        world.state().raw.extend(raw.map(|raw| (place.transaction, raw)));
        let error = world.chain().claim(&world.l1_wallet(), place).unwrap_err();
        assert!(matches!(error, ClaimError::Read(ReadError::Contradiction(_))), "{error}");
    }
    assert!(world.sent().is_empty());
}

#[test]
fn what_a_contract_or_ethereum_withdraws_can_be_claimed() {
    let world = World::new();
    let Batch { logs, .. } = executed(&world);
    let operation = |withdrawal: &Withdrawal| Operation {
        chain_id: CHAIN_ID,
        id: 1,
        from: user(),
        to: L2_ASSET_ROUTER,
        value: withdrawal.amount,
        mint: U256::from(10_000),
        gas_limit: 100_000,
        gas_price: 1,
        refund_recipient: user(),
        data: withdraw_call(withdrawal),
    };
    let (by_contract, raw) = signed(CONTRACT, Bytes::new());
    let mine = operation(&withdrawal(500));
    let other = operation(&withdrawal(501));
    for (hash, raw, good) in [
        (by_contract, raw, true),
        (mine.hash(), mine.encode().into(), true),
        (other.hash(), other.encode().into(), false),
    ] {
        world.state().raw.insert(hash, raw);
        world.state().messages.insert((hash, 0), answer(&logs, 1, &withdrawal(500)));
        let status = world.chain().withdrawal_status(MessagePlace { transaction: hash, index: 0 });
        match good {
            true => assert!(matches!(status.unwrap().stage, Stage::Claimable { batch: BATCH })),
            false => assert!(matches!(status, Err(ClaimError::Foreign { .. }))),
        }
    }
}

#[test]
fn how_far_a_batch_is_ethereum_says() {
    let world = World::new();
    let batch = executed(&world);
    let chain = world.chain();
    let stage = |progress, status: &str| {
        let mut state = world.state();
        state.progress = progress;
        state.messages.get_mut(&(batch.place.transaction, 0)).unwrap()["status"] = json!(status);
        drop(state);
        chain.withdrawal_status(batch.place).unwrap().stage
    };
    // The node says that the batch is executed: Ethereum does not.
    assert_eq!(stage([2, 2, 2], "finalized"), Stage::Proven { batch: BATCH });
    assert_eq!(stage([3, 2, 2], "finalized"), Stage::Committed { batch: BATCH });
    assert_eq!(stage([3, 3, 2], "sealed"), Stage::Committed { batch: BATCH });
    assert_eq!(stage([2, 2, 2], "sealed"), Stage::Sealed { batch: BATCH });
    let error = chain.claim(&world.l1_wallet(), batch.place).unwrap_err();
    assert!(error.to_string().contains("waits for its proof"), "{error}");
    assert_eq!(stage([3, 3, 3], "sealed"), Stage::Claimable { batch: BATCH });
    let none = MessagePlace { index: 9, ..batch.place };
    assert!(matches!(chain.claim(&world.l1_wallet(), none), Err(ClaimError::NoMessage(_))));
    let pending = json!({
        "sender": L2_ASSET_ROUTER, "message": withdrawal(500).message(), "transactionIndex": null,
        "status": "pending", "batch": null, "logIndex": null, "siblings": null,
    });
    world.state().messages.insert((batch.place.transaction, 0), pending);
    assert_eq!(chain.withdrawal_status(batch.place).unwrap().stage, Stage::Pending);
}

fn listed(batch: &Batch, amount: u64) -> Value {
    json!({
        "transactionHash": batch.place.transaction, "index": "0x0", "block": "0x9", "assetId": ether_asset(),
        "amount": U256::from(amount), "receiver": user(), "status": "executed", "batch": "0x3", "secondsLeft": "0x3c",
    })
}

#[test]
fn a_withdrawal_is_waited_for_with_the_time_left() {
    let world = World::new();
    let batch = executed(&world);
    let transaction = batch.place.transaction;
    world.state().progress = [2; 3];
    world.state().withdrawals = json!([listed(&batch, 500)]);
    world.state().l2_receipts.insert(transaction, receipt(transaction, 9, 1, &[]));
    let mut seen = Vec::new();
    let status = world.chain().wait_for_withdrawal(batch.place, SHORT, |status| {
        seen.push((status.stage.clone(), status.time_left));
        world.state().progress = [BATCH; 3];
    });
    assert_eq!(status.unwrap().stage, Stage::Claimable { batch: BATCH });
    let minute = Some(Duration::from_secs(60));
    assert_eq!(seen, [(Stage::Proven { batch: BATCH }, minute), (Stage::Claimable { batch: BATCH }, None)]);
    world.state().progress = [2; 3];
    let error = world.chain().wait_for_withdrawal(batch.place, SHORT, |_| {}).unwrap_err();
    assert!(matches!(error, ClaimError::TimedOut), "{error}");
}

#[test]
fn a_list_of_withdrawals_is_held_against_ethereum() {
    let world = World::new();
    let batch = executed(&world);
    let chain = world.chain();
    assert!(chain.withdrawals(user(), None).unwrap().is_empty());
    world.state().withdrawals = json!([listed(&batch, 500)]);
    let list = chain.withdrawals(user(), None).unwrap();
    assert_eq!((list.len(), list[0].block, &list[0].stage), (1, Some(9), &Stage::Claimable { batch: BATCH }));
    assert_eq!(list[0].time_left, None, "it can be claimed now");
    world.state().paid.insert((BATCH, U256::from(1)));
    assert_eq!(chain.withdrawals(user(), None).unwrap()[0].stage, Stage::Claimed { batch: BATCH });
    // A list that says another amount than the message.
    world.state().withdrawals = json!([listed(&batch, 501)]);
    assert!(matches!(chain.withdrawals(user(), None), Err(ReadError::Contradiction(_))));
}

/// A token's deposit whose status is in an executed batch: Ethereum's transaction, and the operation.
fn status_of_deposit(world: &World, success: bool) -> (B256, B256) {
    let chain = world.chain();
    let request = DepositRequest {
        token: TOKEN,
        amount: U256::from(500),
        receiver: user(),
        refund_recipient: None,
        gas_limit: Some(60_000),
    };
    let plan = chain.plan_deposit(user(), &request).unwrap();
    let deposited = chain.deposit(&world.l1_wallet(), &plan).unwrap();
    let logs = [log(0, &withdrawal(1)), L2Log::status(1, deposited.operation, success)];
    let mut state = world.state();
    state.progress = [BATCH; 3];
    state.roots.insert(BATCH, root(&logs));
    let answer = json!({
        "id": quantity(deposited.id), "hash": deposited.operation, "deadline": "0x3e8", "l1Block": "0x5",
        "l1Transaction": deposited.transaction,
        "included": {"block": "0x1", "transactionHash": deposited.operation, "success": success, "overLimit": null},
        "statusProof": log_answer(&logs, 1, BATCH, "executed"),
    });
    state.operations.insert(deposited.operation, answer);
    state.sent.clear();
    (deposited.transaction, deposited.operation)
}

#[test]
fn a_deposit_that_failed_is_given_back_once() {
    let world = World::new();
    let (transaction, operation) = status_of_deposit(&world, false);
    let chain = world.chain();
    let deposit = chain.token_deposit(transaction).unwrap();
    assert_eq!((deposit.operation, deposit.sender, deposit.amount), (operation, user(), U256::from(500)));
    assert!(matches!(chain.recover(&world.l1_wallet(), &deposit).unwrap(), Recovery::Recovered { .. }));
    let call = AssetRouter::recoverDepositCall::abi_decode(&world.sent()[0].1).unwrap();
    assert_eq!((call.operation, call.assetId, call.transactionIndex), (operation, token_asset(), 1));
    assert_eq!(chain.recover(&world.l1_wallet(), &deposit).unwrap(), Recovery::RecoveredBefore);
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_deposit_that_arrived_is_not_given_back() {
    let world = World::new();
    let (transaction, operation) = status_of_deposit(&world, true);
    // The node says that it failed: the batch's root says that it did not.
    world.state().operations.get_mut(&operation).unwrap()["included"]["success"] = json!(false);
    let chain = world.chain();
    let deposit = chain.token_deposit(transaction).unwrap();
    assert_eq!(chain.recover(&world.l1_wallet(), &deposit).unwrap(), Recovery::Arrived);
    assert!(world.sent().is_empty());
}

#[test]
fn a_recovery_needs_a_proof_of_an_executed_batch() {
    let world = World::new();
    let (transaction, operation) = status_of_deposit(&world, false);
    let chain = world.chain();
    let deposit = chain.token_deposit(transaction).unwrap();
    let refused = || chain.recover(&world.l1_wallet(), &deposit).unwrap_err();
    let siblings = json!([]);
    world.state().operations.get_mut(&operation).unwrap()["statusProof"]["siblings"] = siblings;
    assert!(matches!(refused(), RecoverError::Unproven(ProofError::Siblings(0))));
    world.state().roots.clear();
    assert!(matches!(refused(), RecoverError::NotYet), "not executed");
    world.state().operations.get_mut(&operation).unwrap()["statusProof"] = Value::Null;
    assert!(matches!(refused(), RecoverError::NotYet), "not sealed");
    world.state().operations.clear();
    assert!(matches!(refused(), RecoverError::NotYet), "not known");
    assert!(world.sent().is_empty());
}

#[test]
fn what_was_no_deposit_of_a_token_is_told_apart() {
    let world = World::new();
    let chain = world.chain();
    let request = DepositRequest {
        token: ETHER,
        amount: U256::from(5),
        receiver: user(),
        refund_recipient: None,
        gas_limit: None,
    };
    let plan = chain.plan_deposit(user(), &request).unwrap();
    let deposited = chain.deposit(&world.l1_wallet(), &plan).unwrap();
    let error = chain.token_deposit(deposited.transaction).unwrap_err();
    assert!(matches!(error, RecoverError::OfBaseToken(_)), "{error}");
    let nothing = B256::repeat_byte(1);
    assert!(matches!(chain.token_deposit(nothing), Err(RecoverError::NoDeposit(_))));
    world.state().receipts.insert(nothing, receipt(nothing, 1, 1, &[]));
    assert!(matches!(chain.token_deposit(nothing), Err(RecoverError::NoDeposit(_))));
    // A record of other values is none of this deposit.
    let (transaction, operation) = status_of_deposit(&world, false);
    let deposit = chain.token_deposit(transaction).unwrap();
    let other = keccak256((FRIEND, token_asset(), U256::from(500)).abi_encode());
    world.state().records.insert(operation, other);
    assert_eq!(chain.recover(&world.l1_wallet(), &deposit).unwrap(), Recovery::RecoveredBefore);
}

#[test]
fn finality_is_ethereums_word_once_it_has_one() {
    let world = World::new();
    let chain = world.chain();
    let hash = B256::repeat_byte(9);
    let finality = |status: &str, block: Value, batch: Value, progress| {
        let mut state = world.state();
        state.transaction_status =
            json!({"status": status, "reason": "nonce too low", "block": block, "batch": null});
        state.batch_of_block = batch;
        state.progress = progress;
        drop(state);
        chain.finality(hash)
    };
    let none = || Value::Null;
    let batch = |status: &str, last: &str| {
        let root = B256::ZERO;
        json!({"number": "0x3", "status": status, "firstBlock": "0x5", "lastBlock": last, "batchRoot": root})
    };
    assert_eq!(finality("unknown", none(), none(), [0; 3]).unwrap(), Finality::Unknown);
    assert_eq!(finality("queued", none(), none(), [0; 3]).unwrap(), Finality::Pending);
    let rejected = Finality::Rejected { reason: "nonce too low".into() };
    assert_eq!(finality("rejected", none(), none(), [0; 3]).unwrap(), rejected);
    assert_eq!(finality("included", json!("0x7"), none(), [0; 3]).unwrap(), Finality::Included { block: 7 });
    let sealed =
        |status, progress| finality("included", json!("0x7"), batch(status, "0x8"), progress).unwrap();
    assert_eq!(sealed("sealed", [0; 3]), Finality::Sealed { block: 7, batch: 3 });
    assert_eq!(sealed("finalized", [3, 3, 2]), Finality::Proven { block: 7, batch: 3 }, "not executed");
    assert_eq!(sealed("sealed", [3, 3, 3]), Finality::Finalized { block: 7, batch: 3 });
    for answer in [
        finality("included", none(), none(), [0; 3]),
        finality("included", json!("0x7"), batch("sealed", "0x6"), [0; 3]),
    ] {
        assert!(matches!(answer, Err(ReadError::Contradiction(_))));
    }
}
