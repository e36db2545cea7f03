//! Deposits: what they cost, whom they could lose, what becomes of them.

mod support;

use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use ashlar_ethereum::{Wallet, test_utils::Reply};
use ashlar_sdk::{
    Chain, DepositError, DepositFailure, DepositPlan, DepositRequest, DepositStep, Deposited, ETHER,
    Patience, ReadError, Spending,
};
use ashlar_settlement::abi::{chain::RollupChain, hub::Bridgehub, router::AssetRouter};
use serde_json::{Value, json};
use support::*;

const FRIEND: Address = Address::repeat_byte(0x99);
const SHORT: Patience = Patience { interval: Duration::from_millis(1), timeout: Duration::from_millis(200) };

fn request(token: Address, amount: u64) -> DepositRequest {
    let amount = U256::from(amount);
    DepositRequest { token, amount, receiver: user(), refund_recipient: None, gas_limit: None }
}

fn plan(world: &World, request: &DepositRequest) -> Result<DepositPlan, DepositError> {
    world.chain().plan_deposit(user(), request)
}

#[test]
fn ether_goes_by_the_registry() {
    let world = World::new();
    let plan = plan(&world, &request(ETHER, 500)).unwrap();
    // A plain transfer, a quarter more, and 10,000.
    assert_eq!(plan.gas_limit, 36_250);
    assert_eq!(plan.gas_price, U256::from(PRICE + PRICE / 4));
    assert_eq!(plan.ether, plan.fee + U256::from(500));
    assert_eq!((plan.refund_recipient, &plan.spendings[..]), (user(), &[][..]));
    let deposited = world.chain().deposit(&world.l1_wallet(), &plan).unwrap();
    assert_eq!((deposited.id, deposited.deadline, deposited.gas_limit), (7, 1_000, 36_250));
    let sent = world.sent();
    let [(to, call, value)] = &sent[..] else { panic!("one transaction: {sent:?}") };
    let call = Bridgehub::requestL2TransactionCall::abi_decode(call).unwrap().request;
    assert_eq!((*to, *value), (HUB, plan.ether));
    assert_eq!((call.to, call.value, call.mint), (user(), U256::from(500), plan.ether));
    assert_eq!(call.refundRecipient, user());
}

#[test]
fn a_token_goes_by_the_bridge_with_an_exact_allowance_for_the_vault() {
    let world = World::new();
    let plan = plan(&world, &request(TOKEN, 500)).unwrap();
    assert_eq!(plan.gas_limit, 510_000);
    assert_eq!(plan.ether, plan.fee);
    assert_eq!(plan.spendings, [Spending { token: TOKEN, amount: U256::from(500) }]);
    world.chain().deposit(&world.l1_wallet(), &plan).unwrap();
    let sent = world.sent();
    let [(token, approve, _), (router, deposit, value)] = &sent[..] else { panic!("two: {sent:?}") };
    let approve = Token::approveCall::abi_decode(approve).unwrap();
    assert_eq!((*token, approve.spender, approve.amount), (TOKEN, VAULT, U256::from(500)));
    let deposit = AssetRouter::depositCall::abi_decode(deposit).unwrap().request;
    assert_eq!((*router, *value, deposit.mint), (ROUTER, plan.ether, plan.fee));
    assert_eq!((deposit.token, deposit.amount, deposit.receiver), (TOKEN, U256::from(500), user()));
}

#[test]
fn an_allowance_that_is_there_is_used_and_one_that_is_not_enough_begins_at_zero() {
    let world = World::new();
    let plan = plan(&world, &request(TOKEN, 500)).unwrap();
    world.state().allowance = U256::from(500);
    world.chain().deposit(&world.l1_wallet(), &plan).unwrap();
    assert_eq!(world.sent().len(), 1);
    world.state().allowance = U256::from(499);
    world.chain().deposit(&world.l1_wallet(), &plan).unwrap();
    let amounts: Vec<U256> = world.sent()[1..3]
        .iter()
        .map(|(_, call, _)| Token::approveCall::abi_decode(call).unwrap().amount)
        .collect();
    assert_eq!(amounts, [U256::ZERO, U256::from(500)]);
}

#[test]
fn what_would_be_lost_is_not_sent() {
    let world = World::new();
    let refused = |request: DepositRequest| plan(&world, &request).unwrap_err();
    assert!(matches!(refused(request(ETHER, 0)), DepositError::AmountZero));
    let nobody = DepositRequest { receiver: Address::ZERO, ..request(ETHER, 1) };
    assert!(matches!(refused(nobody), DepositError::ReceiverZero));
    assert!(matches!(refused(request(FRIEND, 1)), DepositError::NoToken(FRIEND)));
    // A contract of Ethereum is nobody on the chain.
    world.state().l1_code.insert(FRIEND, Bytes::from_static(&[0]));
    let to_contract = DepositRequest { receiver: FRIEND, ..request(ETHER, 1) };
    assert!(matches!(refused(to_contract), DepositError::ReceiverNotOnChain(FRIEND)));
    world.state().l2_code.insert(FRIEND, Bytes::from_static(&[0]));
    plan(&world, &to_contract).unwrap();
    let refund = DepositRequest { refund_recipient: Some(FRIEND), ..request(ETHER, 1) };
    assert!(matches!(refused(refund), DepositError::RefundToContract { recipient: FRIEND, .. }));
}

#[test]
fn a_contract_has_to_say_who_is_given_the_rest() {
    let world = World::new();
    world.state().l1_code.insert(user(), Bytes::from_static(&[0]));
    let error = plan(&world, &request(ETHER, 1)).unwrap_err();
    assert!(matches!(error, DepositError::SenderIsContract { .. }), "{error}");
    plan(&world, &DepositRequest { refund_recipient: Some(FRIEND), ..request(ETHER, 1) }).unwrap();
    // A delegated account has a key.
    let delegated = [&[0xef, 0x01, 0x00][..], &[7; 20]].concat();
    world.state().l1_code.insert(user(), delegated.into());
    assert_eq!(plan(&world, &request(ETHER, 1)).unwrap().refund_recipient, user());
}

#[test]
fn a_sender_with_too_little_is_told_how_much() {
    let world = World::new();
    let error = plan(&world, &request(TOKEN, 1_000_001)).unwrap_err();
    assert!(matches!(error, DepositError::Balance { token: TOKEN, .. }), "{error}");
    world.state().balance = U256::from(500);
    let error = plan(&world, &request(ETHER, 500)).unwrap_err();
    assert!(matches!(error, DepositError::Balance { token: ETHER, .. }), "the fee, too: {error}");
}

#[test]
fn gas_is_within_what_the_chain_takes() {
    let world = World::new();
    let with = |gas_limit| DepositRequest { gas_limit: Some(gas_limit), ..request(ETHER, 1) };
    assert!(matches!(plan(&world, &with(20_999)), Err(DepositError::GasTooLow { lowest: 21_000, .. })));
    assert_eq!(plan(&world, &with(21_000)).unwrap().gas_limit, 21_000);
    assert_eq!(plan(&world, &with(1 << 24)).unwrap().gas_limit, 1 << 24);
    assert!(matches!(plan(&world, &with((1 << 24) + 1)), Err(DepositError::GasTooHigh { .. })));
    world.state().view(CHAIN, RollupChain::requestGasLimitCall::SELECTOR, U256::from(450_000));
    assert_eq!(plan(&world, &request(TOKEN, 1)).unwrap().gas_limit, 450_000, "no more than allowed");
}

#[test]
fn a_false_estimate_costs_little() {
    let world = World::new();
    world.state().l2_estimate = Reply::Result(quantity(1 << 40));
    assert!(matches!(plan(&world, &request(TOKEN, 1)), Err(DepositError::GasTooHigh { .. })));
    world.state().l2_estimate = Reply::Result(quantity(1));
    let lowest = plan(&world, &request(TOKEN, 1)).unwrap().gas_limit;
    assert!(lowest > 21_000, "Ethereum would not take less: {lowest}");
    world.state().l2_estimate = Reply::Error(-32_000, "insufficient funds".into(), Value::Null);
    assert_eq!(plan(&world, &request(TOKEN, 1)).unwrap().gas_limit, 1_000_000);
    world.state().l2_estimate = reverts("CallerNotL1Router(address)");
    assert!(matches!(plan(&world, &request(TOKEN, 1)), Err(DepositError::WouldFail(_))));
}

#[test]
fn a_wallet_of_another_chain_sends_nothing() {
    let world = World::new();
    let plan = plan(&world, &request(ETHER, 1)).unwrap();
    let wallet = Wallet::with_key(world.l2.client(), key().into(), 1_000_000_000).unwrap();
    assert!(matches!(world.chain().deposit(&wallet, &plan), Err(DepositError::Chain(_))));
    assert!(world.sent().is_empty());
}

fn deposited(world: &World) -> (Chain, Deposited) {
    let chain = world.chain();
    let plan = chain.plan_deposit(user(), &request(ETHER, 1)).unwrap();
    let deposited = chain.deposit(&world.l1_wallet(), &plan).unwrap();
    (chain, deposited)
}

fn operation(deposited: &Deposited, included: Value) -> Value {
    json!({
        "id": quantity(deposited.id), "hash": deposited.operation, "deadline": "0x3e8", "l1Block": "0x5",
        "l1Transaction": deposited.transaction, "included": included, "statusProof": null,
    })
}

fn included(deposited: &Deposited, success: bool, over_limit: Value) -> Value {
    json!({
        "block": "0x2a", "transactionHash": deposited.operation, "success": success, "overLimit": over_limit,
    })
}

#[test]
fn a_deposit_is_followed_to_its_block() {
    let world = World::new();
    let (chain, deposited) = deposited(&world);
    assert_eq!(chain.deposited(deposited.transaction).unwrap(), deposited);
    let mut steps = Vec::new();
    let result = chain.wait_for_deposit(&deposited, SHORT, |step| {
        steps.push(step);
        let included = match step {
            DepositStep::OnEthereum => Value::Null,
            _ => included(&deposited, true, Value::Null),
        };
        let mut state = world.state();
        // The node is away for a moment.
        state.away = 1;
        state.operations.insert(deposited.operation, operation(&deposited, included));
    });
    let result = result.unwrap();
    assert_eq!((result.block, result.failure), (42, None));
    assert_eq!(steps, [DepositStep::OnEthereum, DepositStep::Seen, DepositStep::Included]);
}

#[test]
fn a_deposit_that_failed_has_a_reason() {
    let world = World::new();
    let (chain, deposited) = deposited(&world);
    let failure = |over_limit, gas| {
        let answer = operation(&deposited, included(&deposited, false, over_limit));
        let mut state = world.state();
        state.operations.insert(deposited.operation, answer);
        state.l2_receipts.insert(deposited.operation, receipt(deposited.operation, 42, gas, &[]));
        drop(state);
        chain.wait_for_deposit(&deposited, SHORT, |_| {}).unwrap().failure.unwrap()
    };
    let over = failure(json!({"resource": "pubdata", "used": "0x9", "limit": "0x8"}), 1);
    assert!(over.to_string().contains("9 of pubdata, and the chain allows 8"), "{over}");
    assert_eq!(
        failure(Value::Null, deposited.gas_limit),
        DepositFailure::OutOfGas { limit: deposited.gas_limit }
    );
    assert_eq!(failure(Value::Null, 30_000), DepositFailure::Reverted);
}

#[test]
fn another_operation_is_not_taken_for_the_deposit() {
    let world = World::new();
    let (chain, deposited) = deposited(&world);
    let mut answer = operation(&deposited, included(&deposited, true, Value::Null));
    answer["id"] = json!("0x8");
    world.state().operations.insert(deposited.operation, answer);
    let error = chain.wait_for_deposit(&deposited, SHORT, |_| {}).unwrap_err();
    assert!(matches!(error, DepositError::Read(ReadError::Contradiction(_))), "{error}");
}

#[test]
fn a_wait_for_a_deposit_ends() {
    let world = World::new();
    let (chain, deposited) = deposited(&world);
    let error = chain.wait_for_deposit(&deposited, SHORT, |_| {}).unwrap_err();
    assert!(matches!(error, DepositError::TimedOut), "{error}");
}

#[test]
fn what_asked_the_chain_for_nothing_is_no_deposit() {
    let world = World::new();
    let chain = world.chain();
    let hash = alloy_primitives::B256::repeat_byte(5);
    assert!(matches!(chain.deposited(hash), Err(DepositError::NoOperation(_))));
    world.state().receipts.insert(hash, receipt(hash, 5, 1, &[]));
    assert!(matches!(chain.deposited(hash), Err(DepositError::NoOperation(_))));
    // The same event of a contract that is not the chain's.
    let (_, good) = deposited(&world);
    let mut foreign = world.state().receipts[&good.transaction].clone();
    foreign["transactionHash"] = json!(hash);
    foreign["logs"][0]["address"] = json!(FRIEND);
    world.state().receipts.insert(hash, foreign);
    assert!(matches!(chain.deposited(hash), Err(DepositError::NoOperation(_))));
    // An event whose bytes are another operation.
    let mut other = world.state().receipts[&good.transaction].clone();
    other["transactionHash"] = json!(hash);
    let topic = json!(alloy_primitives::B256::repeat_byte(1));
    other["logs"][0]["topics"][2] = topic;
    world.state().receipts.insert(hash, other);
    assert!(matches!(chain.deposited(hash), Err(DepositError::OtherOperation(_))));
}
