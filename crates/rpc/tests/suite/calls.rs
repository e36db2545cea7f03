//! `eth_call` and `eth_createAccessList`.

use crate::world::*;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

fn word(value: u64) -> Value {
    json!(B256::from(U256::from(value)))
}

#[test]
fn calls_read_the_state_of_their_block() {
    let world = World::new();
    let request = json!({ "to": READER, "data": words(&[5]) });
    assert_eq!(world.get("eth_call", json!([request, "latest"])), word(55));
    assert_eq!(world.get("eth_call", json!([{ "to": READER, "input": words(&[6]) }])), word(66));
    world.make(&[call(0, 0, SETTER, words(&[1, 100]))]);
    // A call changes nothing, whatever it does.
    let setting = json!([{ "to": SETTER, "data": words(&[1, 200]) }, "latest"]);
    assert_eq!(world.get("eth_call", setting), "0x");
    assert_eq!(world.get("eth_getStorageAt", json!([SETTER, "0x1", "latest"])), word(100));
}

fn tell(world: &World, request: Value, more: &[Value]) -> Vec<U256> {
    let mut params = vec![request];
    params.extend_from_slice(more);
    let bytes: Bytes = serde_json::from_value(world.get("eth_call", json!(params))).unwrap();
    bytes.chunks(32).map(U256::from_be_slice).collect()
}

#[test]
fn calls_see_the_block_asked_for() {
    let world = World::new();
    let first = world.make(&[legacy(0, 0, account(1), 1)]);
    let second = world.make(&[legacy(0, 1, account(1), 1)]);
    let third = world.make(&[legacy(0, 2, account(1), 1)]);
    let request = json!({ "to": TELLER, "from": account(4) });
    let [number, time, base_fee, caller, parent, gas_limit, beneficiary] =
        tell(&world, request.clone(), &[json!("0x2")])[..]
    else {
        panic!("seven words")
    };
    assert_eq!((number, time), (U256::from(2), U256::from(second.header.header.timestamp)));
    assert_eq!(base_fee, U256::ZERO, "as no price is named");
    assert_eq!(Address::from_word(caller.into()), account(4));
    assert_eq!(B256::from(parent), first.header.hash);
    assert_eq!(gas_limit, U256::from(config().block_gas_limit));
    assert_eq!(Address::from_word(beneficiary.into()), BENEFICIARY);
    let pending = tell(&world, request.clone(), &[json!("pending")]);
    assert_eq!((pending[0], B256::from(pending[4])), (U256::from(4), third.header.hash));
    let priced = json!({ "to": TELLER, "from": account(4), "gasPrice": "0x186a0" });
    let base_fee = second.header.header.base_fee_per_gas.unwrap();
    assert_eq!(tell(&world, priced, &[json!("0x2")])[2], U256::from(base_fee));
}

#[test]
fn accounts_and_blocks_can_be_overridden() {
    let world = World::new();
    let read = json!({ "to": READER, "data": words(&[5]) });
    let over = |account: Value| json!([read, "latest", { READER.to_string(): account }]);
    let five = B256::with_last_byte(5).to_string();
    let nine = B256::with_last_byte(9);
    assert_eq!(world.get("eth_call", over(json!({ "stateDiff": { five.clone(): nine } }))), word(9));
    assert_eq!(world.get("eth_call", over(json!({ "state": { five.clone(): nine } }))), word(9));
    // Of a whole state nothing else remains; of a difference everything does.
    let six = json!({ "to": READER, "data": words(&[6]) });
    let six = |account: Value| json!([six, "latest", { READER.to_string(): account }]);
    assert_eq!(world.get("eth_call", six(json!({ "stateDiff": { five.clone(): nine } }))), word(66));
    assert_eq!(world.get("eth_call", six(json!({ "state": { five.clone(): nine } }))), word(0));
    let code = json!({ "code": "0x60015f5260205ff3" });
    assert_eq!(world.get("eth_call", over(code.clone())), word(1));
    let nowhere = Address::repeat_byte(0x99);
    assert_eq!(
        world.get("eth_call", json!([{ "to": nowhere }, "latest", { nowhere.to_string(): code }])),
        word(1)
    );
    let poor = Address::repeat_byte(0x98);
    let paying = json!({ "from": poor, "to": account(1), "value": "0x5" });
    assert!(world.fail("eth_call", json!([paying, "latest"])).message.starts_with("insufficient funds"));
    let rich = json!({ poor.to_string(): { "balance": "0x5" } });
    assert_eq!(world.get("eth_call", json!([paying, "latest", rich])), "0x");
    let blocks =
        json!({ "number": "0x99", "time": "0x88", "feeRecipient": account(2), "baseFeePerGas": "0x7" });
    let told =
        tell(&world, json!({ "to": TELLER, "gasPrice": "0x0" }), &[json!("latest"), json!({}), blocks]);
    assert_eq!((told[0], told[1]), (U256::from(0x99), U256::from(0x88)));
    assert_eq!(Address::from_word(told[6].into()), account(2));
    let both = over(json!({ "state": {}, "stateDiff": {} }));
    assert_eq!(world.fail("eth_call", both).code, -32_602);
    let moved = over(json!({ "movePrecompileToAddress": nowhere }));
    assert_eq!(world.fail("eth_call", moved).code, -32_602);
}

/// `Error(string)` with this text.
fn error_string(text: &str) -> Bytes {
    let mut data = vec![0x08, 0xc3, 0x79, 0xa0];
    data.extend(words(&[32, text.len() as u64]));
    data.extend(text.as_bytes());
    data.resize(data.len().next_multiple_of(32) + 4, 0);
    data.into()
}

#[test]
fn reverts_have_code_3_their_data_and_their_reason() {
    let world = World::new();
    let panic = [&[0x4e, 0x48, 0x7b, 0x71][..], &words(&[0x11])].concat();
    for (data, text) in [
        (error_string("no way"), "execution reverted: no way"),
        (panic.into(), "execution reverted: panic code 0x11"),
        (Bytes::new(), "execution reverted"),
        (words(&[7]), "execution reverted"),
        // The length is a lie.
        (error_string("no way").slice(..50), "execution reverted"),
    ] {
        for method in ["eth_call", "eth_estimateGas"] {
            let error = world.fail(method, json!([{ "to": REVERTER, "data": data }, "latest"]));
            assert_eq!(
                (error.code, error.message.as_str(), &error.data),
                (3, text, &json!(data)),
                "{method}"
            );
        }
    }
}

#[test]
fn calls_are_refused_in_ethereums_words() {
    let world = World::new();
    let poor = Address::repeat_byte(0x98);
    let to = account(1);
    for (request, code, text) in [
        (
            json!({ "from": poor, "to": to, "value": "0x5" }),
            -32_000,
            "insufficient funds for gas * price + value: address",
        ),
        (
            json!({ "from": account(0), "to": to, "gasPrice": "0x1" }),
            -32_000,
            "max fee per gas less than block base fee",
        ),
        (
            json!({ "from": account(0), "to": to, "maxFeePerGas": "0xffff", "maxPriorityFeePerGas": "0x1ffff" }),
            -32_000,
            "max priority fee per gas higher than max fee per gas",
        ),
        (json!({ "to": to, "gas": "0x5207" }), -32_000, "intrinsic gas too low: have 20999, want 21000"),
        (json!({ "to": BURNER, "gas": "0xffff" }), -32_000, "out of gas"),
        (json!({ "data": "0xfe" }), -32_000, "invalid opcode: INVALID"),
        (json!({ "data": "0x56" }), -32_000, "stack underflow"),
        (json!({ "data": "0x5f56" }), -32_000, "invalid jump destination"),
        (json!({ "data": "0x60ef5f5360015ff3" }), -32_000, "invalid code: must not begin with 0xef"),
        (
            json!({ "data": Bytes::from(vec![0; 50_000]) }),
            -32_000,
            "max initcode size exceeded: code size 50000 limit 49152",
        ),
        (
            json!({ "to": to, "data": "0x00", "input": "0x01" }),
            -32_602,
            "both \"data\" and \"input\" are set and not equal",
        ),
        (json!({ "to": to, "chainId": "0x1" }), -32_602, "chainId does not match node's (have=1, want=1337)"),
        (
            json!({ "to": to, "gasPrice": "0x1", "maxFeePerGas": "0x1" }),
            -32_602,
            "both gasPrice and (maxFeePerGas",
        ),
        (json!({ "to": to, "blobVersionedHashes": [B256::ZERO] }), -32_602, "blob transactions"),
    ] {
        let error = world.fail("eth_call", json!([request, "latest"]));
        assert_eq!(error.code, code, "{error:?}");
        assert!(error.message.starts_with(text), "{error:?}");
    }
    assert_eq!(world.fail("eth_call", json!([{ "to": to }, "0x5"])).message, "header not found");
}

#[test]
fn contracts_may_be_the_senders_of_calls() {
    let world = World::new();
    let told = tell(&world, json!({ "from": SETTER, "to": TELLER }), &[]);
    assert_eq!(Address::from_word(told[3].into()), SETTER);
}

#[test]
fn a_calls_gas_is_cut_to_the_limit() {
    let world = World::with(ashlar_rpc::Limits { call_gas: 100_000, ..Default::default() }, |_| {});
    let gas = Bytes::from_static(&[0x5a, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    let address = Address::repeat_byte(0x55);
    let codes = json!({ address.to_string(): { "code": gas } });
    let left: U256 = serde_json::from_value(
        world.get("eth_call", json!([{ "to": address, "gas": "0xffffffffffff" }, "latest", codes])),
    )
    .unwrap();
    assert_eq!(left, U256::from(100_000 - 21_000 - 2));
}

#[test]
fn access_lists_have_what_a_call_reads() {
    let world = World::new();
    let request = json!({ "from": account(0), "to": READER, "data": words(&[5]) });
    let answer = world.get("eth_createAccessList", json!([request, "latest"]));
    let expected = json!([{ "address": READER, "storageKeys": [B256::with_last_byte(5)] }]);
    assert_eq!(answer["accessList"], expected);
    assert_eq!(answer.get("error"), None);
    // 2,400 and 1,900 for the list, which saves 2,000 of the read.
    let gas = number(&answer["gasUsed"]);
    let with = json!({ "from": account(0), "to": READER, "data": words(&[5]), "accessList": expected });
    assert!(gas > number(&world.get("eth_createAccessList", json!([{ "to": account(1) }]))["gasUsed"]));
    assert_eq!(world.get("eth_createAccessList", json!([with]))["gasUsed"], answer["gasUsed"]);
    let failing = world.get("eth_createAccessList", json!([{ "to": REVERTER }]));
    assert_eq!(failing["error"], "execution reverted");
}
