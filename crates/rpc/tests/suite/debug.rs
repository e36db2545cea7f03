//! Traces and witnesses: `debug_trace*`, `debug_executionWitness`.

mod anvil;
mod calls;
mod looks;
mod whole_blocks;
mod witness;

use crate::world::*;
use alloy_primitives::{Address, Bytes, TxKind, address};
use ashlar_storage::{BlockRecord, Changes, Store};
use revm::bytecode::opcode::*;
use serde_json::{Value, json};

/// Who gets what destroyed contracts have.
const HEIR: Address = address!("00000000000000000000000000000000000000dd");

/// Init code of a contract with this code.
fn init(code: &[u8]) -> Bytes {
    let [.., high, low] = code.len().to_be_bytes();
    let copy = [PUSH2, high, low, DUP1, PUSH1, 10, PUSH0, CODECOPY, PUSH0, RETURN];
    [&copy, code].concat().into()
}

/// Calls an address with what is in memory, and drops whether it succeeded.
fn calling(opcode: u8, to: Address) -> Vec<u8> {
    calling_with(opcode, to, &[GAS])
}

/// As [`calling`], with the gas that this pushes.
fn calling_with(opcode: u8, to: Address, gas: &[u8]) -> Vec<u8> {
    let mut code = vec![PUSH0, PUSH0, CALLDATASIZE, PUSH0];
    if opcode == CALL || opcode == CALLCODE {
        code.push(PUSH0);
    }
    code.push(PUSH20);
    code.extend(to);
    code.extend(gas);
    code.extend([opcode, POP]);
    code
}

/// Emits an empty log with this topic.
const fn logging(topic: u8) -> [u8; 5] {
    [PUSH1, topic, PUSH0, PUSH0, LOG1]
}

/// Creates a contract, with all the value of the call, that destroys itself at once.
fn destroying() -> Vec<u8> {
    let init = [PUSH1, 0xdd, SELFDESTRUCT];
    let mut code = vec![PUSH3];
    code.extend(init);
    // The three bytes are the last ones of the word.
    code.extend([CALLDATASIZE, MSTORE, PUSH1, 3, CALLDATASIZE, PUSH1, 29, ADD, CALLVALUE, CREATE, POP]);
    code
}

/// Makes calls of all kinds with all of its calldata, of which some fail, and logs before and after.
fn tree() -> Vec<u8> {
    let mut code = vec![CALLDATASIZE, PUSH0, PUSH0, CALLDATACOPY];
    code.extend(logging(0xaa));
    code.extend(calling(CALL, REVERTER));
    code.extend(calling(DELEGATECALL, SETTER));
    code.extend(calling(STATICCALL, READER));
    // All that it is given is gone.
    code.extend(calling_with(STATICCALL, SETTER, &[PUSH2, 0x27, 0x10]));
    code.extend(destroying());
    code.extend(logging(0xbb));
    code.extend(calling(CALL, Address::with_last_byte(4)));
    code.extend(calling(CALLCODE, READER));
    code.push(STOP);
    code
}

/// Deploys a contract as the first account's next transaction; where it is.
fn deploy(world: &World, nonce: u64, code: &[u8]) -> Address {
    world.make(&[dynamic_gas(0, nonce, TxKind::Create, 0, init(code), 1_000_000)]);
    account(0).create(nonce)
}

/// `Error(string)` with this text.
fn error_string(text: &str) -> Bytes {
    let mut data = vec![0x08, 0xc3, 0x79, 0xa0];
    data.extend(words(&[32, text.len() as u64]));
    data.extend(text.as_bytes());
    data.resize(data.len().next_multiple_of(32) + 4, 0);
    data.into()
}

fn call_tracer() -> Value {
    json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } })
}

fn diff() -> Value {
    json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } })
}

/// Trace of a transaction of a block.
fn trace(world: &World, block: &BlockRecord, index: usize, options: &Value) -> Value {
    world.get("debug_traceTransaction", json!([block.results[index].hash, options]))
}

#[test]
fn tracers_are_named_or_refused() {
    let world = World::new();
    let block = world.make(&[legacy(0, 0, account(1), 1)]);
    let hash = block.results[0].hash;
    for options in [json!(null), json!({}), json!({ "tracer": "4byteTracer" }), json!({ "tracer": "{}" })] {
        for (method, first) in [
            ("debug_traceTransaction", json!([hash, options])),
            ("debug_traceBlockByNumber", json!(["0x1", options])),
            ("debug_traceBlockByHash", json!([block.header.hash, options])),
            ("debug_traceCall", json!([{ "to": READER }, "latest", options])),
        ] {
            let error = world.fail(method, first);
            assert_eq!(error.code, -32_602);
            assert!(error.message.contains("callTracer") && error.message.contains("prestateTracer"));
        }
    }
    let wrong = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": 7 } });
    assert_eq!(world.fail("debug_traceTransaction", json!([hash, wrong])).code, -32_602);
}

#[test]
fn what_is_not_there_has_no_trace() {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    let unknown = alloy_primitives::B256::repeat_byte(7);
    let message = |method, first: Value| world.fail(method, json!([first, call_tracer()])).message;
    assert_eq!(message("debug_traceTransaction", json!(unknown)), "transaction not found");
    assert_eq!(message("debug_traceBlockByNumber", json!("0x2")), "header not found");
    assert_eq!(message("debug_traceBlockByNumber", json!("0x0")), "genesis is not traceable");
    assert_eq!(message("debug_traceBlockByHash", json!(unknown)), "header not found");
    for (block, text) in [("0x0", "genesis is not traceable"), ("0x2", "header not found")] {
        assert_eq!(world.fail("debug_executionWitness", json!([block])).message, text);
    }
}

#[test]
fn a_block_that_becomes_another_has_no_trace() {
    let world = World::new();
    let mut block = world.make(&[legacy(0, 0, account(1), 1)]);
    block.results[0].gas_used += 1;
    let mut changes = Changes::default();
    block.put(&mut changes);
    world.store.write(changes).unwrap();
    let error = world.fail("debug_traceTransaction", json!([block.results[0].hash, call_tracer()]));
    assert_eq!(error.code, -32_603);
    assert!(error.message.starts_with("executed again, it is not the same"), "{error:?}");
}
