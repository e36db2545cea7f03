//! `eth_estimateGas`: what it says is enough, and little less is not.

use crate::world::*;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, Bytes, Signature, TxKind, address};
use ashlar_rpc::Limits;
use serde_json::json;

fn with_gas(nonce: u64, gas_limit: u64, to: TxKind, input: Bytes) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit,
        max_fee_per_gas: 100_000,
        to,
        input,
        ..TxEip1559::default()
    };
    let hash = transaction.signature_hash();
    let signature: Signature = key(0).sign_prehash_recoverable(hash.as_slice()).unwrap().into();
    TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into()
}

#[test]
fn a_transfer_needs_21000() {
    let world = World::new();
    let request = json!({ "from": account(0), "to": Address::repeat_byte(9), "value": "0x1" });
    assert_eq!(world.get("eth_estimateGas", json!([request])), "0x5208");
    assert_eq!(world.get("eth_estimateGas", json!([{ "to": account(1) }, "latest"])), "0x5208");
    for from in [account(0), account(1)] {
        let request = json!({ "from": from, "to": Address::ZERO, "value": "0x1", "maxFeePerGas": "0x186a0" });
        assert_eq!(world.get("eth_estimateGas", json!([request])), "0x5208");
    }
}

#[test]
fn what_calls_nobody_needs_what_it_uses() {
    let world = World::new();
    let input = words(&[100, 7]);
    let request = json!({ "from": account(0), "to": SETTER, "data": input, "maxFeePerGas": "0x186a0" });
    let gas = number(&world.get("eth_estimateGas", json!([request])));
    let record = world.make(&[with_gas(0, gas, TxKind::Call(SETTER), input)]);
    assert_eq!(record.results[0].gas_used, gas);
}

#[test]
fn what_is_estimated_is_enough_and_little_more() {
    let world = World::new();
    let creation = Bytes::from_static(&[0x60, 1, 0x60, 1, 0x55, 0x60, 200, 0x5f, 0xf3]);
    let calls = [
        (TxKind::Call(SETTER), words(&[100, 7])),
        // A refund at the end does not help on the way.
        (TxKind::Call(SETTER), words(&[1, 0])),
        (TxKind::Call(LOGGER), Bytes::from(vec![7; 1_000])),
        (TxKind::Create, creation),
    ];
    for (nonce, (to, input)) in (0..).zip(calls) {
        let mut request = json!({ "from": account(0), "data": input, "maxFeePerGas": "0x186a0" });
        if let TxKind::Call(to) = to {
            request["to"] = json!(to);
        }
        let gas = number(&world.get("eth_estimateGas", json!([request])));
        let less = gas - gas / 50;
        let error = world.fail(
            "eth_call",
            json!([{ "from": account(0), "to": request["to"], "data": input, "gas": format!("{less:#x}") }]),
        );
        assert!(
            ["out of gas"].contains(&error.message.as_str()) || error.message.starts_with("in"),
            "{error:?}"
        );
        // Only now: it changes what the call finds.
        let record = world.make(&[with_gas(nonce, gas, to, input.clone())]);
        assert!(record.results[0].receipt.is_success(), "{to:?}");
    }
}

#[test]
fn an_estimate_is_for_the_time_of_the_next_block() {
    let world = World::new();
    // Writes slot 1 a thousand seconds after the genesis block, which is long ago while the last block is not.
    let later = u32::try_from(GENESIS_TIME + 1_000).unwrap();
    let code = format!("0x63{later:08x}42111560105760016001555b00");
    let address = Address::repeat_byte(0x55);
    let codes = json!({ address.to_string(): { "code": code } });
    let estimate = |block: serde_json::Value| {
        number(&world.get("eth_estimateGas", json!([{ "to": address }, block, codes])))
    };
    assert!(estimate(json!("latest")) < 22_000);
    assert!(estimate(json!("pending")) > 42_000);
    assert_eq!(estimate(json!(null)), estimate(json!("pending")));
    let slots = |block: serde_json::Value| {
        let list = world.get("eth_createAccessList", json!([{ "to": address }, block, codes]));
        list["accessList"].as_array().unwrap().len()
    };
    assert_eq!((slots(json!("latest")), slots(json!(null))), (0, 1));
}

#[test]
fn a_call_that_never_ends_is_over_the_allowance() {
    let world = World::new();
    let error = world.fail("eth_estimateGas", json!([{ "to": BURNER }]));
    let text = format!("gas required exceeds allowance ({})", config().transaction_gas_limit);
    assert_eq!((error.code, error.message), (-32_000, text));
    let error = world.fail("eth_estimateGas", json!([{ "to": BURNER, "gas": "0x7530" }]));
    assert_eq!(error.message, "gas required exceeds allowance (30000)");
}

#[test]
fn who_cannot_pay_is_told_so() {
    let world = World::new();
    let poor = Address::repeat_byte(0x98);
    let priced = json!({ "from": poor, "to": SETTER, "data": words(&[1, 1]), "gasPrice": "0x186a0" });
    let error = world.fail("eth_estimateGas", json!([priced]));
    assert!(error.message.starts_with("intrinsic gas too low"), "{error:?}");
    let valued = json!({ "from": poor, "to": SETTER, "value": "0x1", "gasPrice": "0x186a0" });
    assert_eq!(world.fail("eth_estimateGas", json!([valued])).message, "insufficient funds for transfer");
    // For what it can pay for, it is estimated.
    let funds = json!({ poor.to_string(): { "balance": "0x1dcd65000" } });
    assert!(world.ask("eth_estimateGas", json!([priced, "latest", funds])).is_ok());
}

#[test]
fn a_call_over_the_proving_cost_is_refused_with_both_costs() {
    let world = World::new();
    // Pairings, dear to prove: `staticcall(8, 0, 192 * 100)` in a loop until the gas is down to 100,000.
    let pairing = address!("0000000000000000000000000000000000000008");
    assert_eq!(pairing, Address::with_last_byte(8));
    let code = "0x5b5f5f614b005f60085afa50620186a05a115f57";
    let address = Address::repeat_byte(0x55);
    let codes = json!({ address.to_string(): { "code": code } });
    let error = world.fail("eth_estimateGas", json!([{ "to": address }, "latest", codes]));
    assert_eq!(error.code, -32_000);
    let limit = format!("the limit is {}", config().transaction_cost_limit);
    assert!(error.message.contains("proving cost") && error.message.contains(&limit), "{error:?}");
    let used: u64 = error.message.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(used > config().transaction_cost_limit);
    // A call is answered all the same.
    assert_eq!(world.get("eth_call", json!([{ "to": address, "gas": "0xffffff" }, "latest", codes])), "0x");
}

#[test]
fn a_search_that_takes_too_long_is_ended() {
    let world = World::with(Limits { query: std::time::Duration::ZERO, ..Limits::default() }, |_| {});
    let error = world.fail("eth_estimateGas", json!([{ "to": SETTER, "data": words(&[1, 0]) }]));
    assert_eq!(error.code, -32_005);
}
