//! `prestateTracer`, against what geth answers.

use super::*;
use alloy_primitives::{B256, U256};

fn lower(address: Address) -> String {
    address.to_string().to_lowercase()
}

fn balance(world: &World, address: Address, block: &str) -> Value {
    world.get("eth_getBalance", json!([address, block]))
}

fn prestate() -> Value {
    json!({ "tracer": "prestateTracer" })
}

#[test]
fn a_transfer() {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    let nobody = Address::repeat_byte(0x77);
    let block = world.make(&[legacy(0, 1, nobody, 5)]);
    let before = json!({
        lower(account(0)): { "balance": balance(&world, account(0), "0x1"), "nonce": 1 },
        lower(BENEFICIARY): { "balance": balance(&world, BENEFICIARY, "0x1") },
    });
    assert_eq!(trace(&world, &block, 0, &prestate()), before);
    let expected = json!({ "pre": before, "post": {
        lower(account(0)): { "balance": balance(&world, account(0), "0x2"), "nonce": 2 },
        lower(BENEFICIARY): { "balance": balance(&world, BENEFICIARY, "0x2") },
        lower(nobody): { "balance": "0x5" },
    }});
    assert_eq!(trace(&world, &block, 0, &diff()), expected);
}

#[test]
fn writes_of_slots() {
    let world = World::new();
    // Slot 1 has 2, slot 50 nothing.
    let block = world.make(&[
        call(0, 0, SETTER, words(&[1, 7])),
        call(0, 1, SETTER, words(&[50, 8])),
        call(0, 2, SETTER, words(&[1, 0])),
        call(0, 3, SETTER, words(&[50, 8])),
    ]);
    let (one, fifty) = (B256::from(U256::from(1)), B256::from(U256::from(50)));
    let (two, seven, eight) = (B256::with_last_byte(2), B256::with_last_byte(7), B256::with_last_byte(8));
    let setter = |index, options: &Value| trace(&world, &block, index, options)[lower(SETTER)].clone();
    let code = world.get("eth_getCode", json!([SETTER, "latest"]));
    let account = |storage: Value| json!({ "balance": "0x0", "nonce": 1, "code": code, "storage": storage });
    assert_eq!(setter(0, &prestate()), account(json!({ one.to_string(): two })));
    assert_eq!(setter(1, &prestate()), account(json!({ fifty.to_string(): B256::ZERO })));
    assert_eq!(setter(2, &prestate()), account(json!({ one.to_string(): seven })));
    let bare = json!({ "tracer": "prestateTracer", "tracerConfig": { "disableCode": true, "disableStorage": true } });
    assert_eq!(setter(0, &bare), json!({ "balance": "0x0", "nonce": 1 }));
    let sides = |index| {
        let diff = trace(&world, &block, index, &diff());
        (diff["pre"][lower(SETTER)].clone(), diff["post"][lower(SETTER)].clone())
    };
    let without_slots = json!({ "balance": "0x0", "nonce": 1, "code": code });
    let written = |slot: B256, value: B256| json!({ "storage": { slot.to_string(): value } });
    assert_eq!(sides(0), (account(json!({ one.to_string(): two })), written(one, seven)));
    assert_eq!(sides(1), (without_slots, written(fifty, eight)));
    // The value of what becomes zero is in `pre` alone.
    assert_eq!(sides(2), (account(json!({ one.to_string(): seven })), json!({})));
    assert_eq!(sides(3), (Value::Null, Value::Null));
}

#[test]
fn a_creation_and_a_destruction() {
    let world = World::new();
    let block = world.make(&[
        dynamic(0, 0, TxKind::Create, 5, init(&[STOP])),
        dynamic(0, 1, TxKind::Create, 6, Bytes::from_static(&[PUSH1, 0xdd, SELFDESTRUCT])),
        // A contract whose first block is this one, looked at once more.
        legacy(0, 2, account(0).create(0), 1),
    ]);
    let [created, destroyed] = [0, 1].map(|nonce| lower(account(0).create(nonce)));
    assert_eq!(trace(&world, &block, 0, &prestate())[&created], Value::Null);
    let first = trace(&world, &block, 0, &diff());
    assert_eq!(first["pre"][&created], Value::Null);
    assert_eq!(first["post"][&created], json!({ "balance": "0x5", "nonce": 1, "code": "0x00" }));
    let second = trace(&world, &block, 1, &diff());
    assert_eq!((&second["pre"][&destroyed], &second["post"][&destroyed]), (&Value::Null, &Value::Null));
    assert_eq!(second["post"][lower(HEIR)], json!({ "balance": "0x6" }));
    let third = trace(&world, &block, 2, &diff());
    assert_eq!(third["pre"][&created], json!({ "balance": "0x5", "nonce": 1, "code": "0x00" }));
    assert_eq!(third["post"][&created], json!({ "balance": "0x6" }));
}

#[test]
fn what_fails_has_looked_too() {
    let world = World::new();
    let contract = deploy(
        &world,
        0,
        &[
            PUSH1,
            9,
            SLOAD,
            PUSH20,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0x0c,
            0x0d,
            0xe2,
            EXTCODESIZE,
            INVALID,
        ],
    );
    let block = world.make(&[call(0, 1, contract, Bytes::new())]);
    let before = trace(&world, &block, 0, &prestate());
    assert_eq!(before[lower(contract)]["storage"][B256::with_last_byte(9).to_string()], json!(B256::ZERO));
    let changed = trace(&world, &block, 0, &diff());
    let who: Vec<_> = changed["post"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        who,
        [lower(BENEFICIARY), lower(account(0))]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn delegations_are_followed() {
    let world = World::new();
    let block = world.make(&[delegating(0, 0, 3, READER), call(1, 0, account(3), words(&[5]))]);
    let first = trace(&world, &block, 0, &diff());
    let designator = alloy_primitives::hex::encode_prefixed([&[0xef, 1, 0][..], READER.as_slice()].concat());
    assert_eq!(first["post"][lower(account(3))], json!({ "nonce": 1, "code": designator }));
    let second = trace(&world, &block, 1, &prestate());
    assert_eq!(second[lower(account(3))]["code"], json!(designator));
    assert_eq!(second[lower(READER)]["nonce"], 1);
    let slot = B256::with_last_byte(5).to_string();
    assert_eq!(second[lower(account(3))]["storage"], json!({ slot: B256::ZERO }));
}
