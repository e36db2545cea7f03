//! `callTracer`, against what geth answers.

use super::*;
use alloy_primitives::{B256, U256};
use ashlar_rpc::Limits;
use ashlar_stf::rollup::Resource;

/// Takes the gas out of all calls inside of a call.
fn without_gas(mut frame: Value) -> Value {
    if let Some(calls) = frame.get_mut("calls").and_then(Value::as_array_mut) {
        for call in calls {
            *call = without_gas(call.take());
            let call = call.as_object_mut().unwrap();
            let (gas, used) = (call.remove("gas").unwrap(), call.remove("gasUsed").unwrap());
            assert!(number(&gas) >= number(&used));
        }
    }
    frame
}

/// A transaction that makes all kinds of calls, and the contract that makes them.
fn tree_block(world: &World) -> (Address, Bytes, BlockRecord) {
    let contract = deploy(world, 0, &tree());
    let input = error_string("no way");
    let transaction = dynamic_gas(0, 1, TxKind::Call(contract), 3, input.clone(), 500_000);
    // Of the block's logs the transaction's are not the first.
    let block = world.make(&[call(1, 0, LOGGER, words(&[7])), transaction]);
    (contract, input, block)
}

#[test]
fn calls_of_all_kinds() {
    let world = World::new();
    let (contract, input, block) = tree_block(&world);
    let child = contract.create(1);
    let log = |index: &str, position: &str, topic| {
        json!({ "address": contract, "topics": [B256::with_last_byte(topic)], "data": "0x",
                "index": index, "position": position })
    };
    let expected = json!({
        "type": "CALL", "from": account(0), "to": contract, "value": "0x3", "input": input,
        "gas": "0x7a120", "gasUsed": format!("{:#x}", block.results[1].gas_used),
        "calls": [
            { "type": "CALL", "from": contract, "to": REVERTER, "value": "0x0", "input": input,
              "output": input, "error": "execution reverted", "revertReason": "no way" },
            { "type": "DELEGATECALL", "from": contract, "to": SETTER, "value": "0x3", "input": input },
            { "type": "STATICCALL", "from": contract, "to": READER, "input": input,
              "output": B256::ZERO },
            { "type": "STATICCALL", "from": contract, "to": SETTER, "input": input,
              "error": "write protection" },
            { "type": "CREATE", "from": contract, "to": child, "value": "0x3", "input": "0x60ddff",
              "calls": [{ "type": "SELFDESTRUCT", "from": child, "to": HEIR, "value": "0x3", "input": "0x" }] },
            { "type": "CALL", "from": contract, "to": Address::with_last_byte(4), "value": "0x0",
              "input": input, "output": input },
            { "type": "CALLCODE", "from": contract, "to": READER, "value": "0x0", "input": input,
              "output": world.get("eth_getStorageAt", json!([contract, json!(U256::from_be_slice(&input[..32])), "latest"])) },
        ],
        "logs": [log("0x1", "0x0", 0xaa), log("0x2", "0x5", 0xbb)],
    });
    assert_eq!(without_gas(trace(&world, &block, 1, &call_tracer())), expected);
    let mut plain = expected;
    plain.as_object_mut().unwrap().remove("logs");
    let options = json!({ "tracer": "callTracer" });
    assert_eq!(without_gas(trace(&world, &block, 1, &options)), plain);
    plain.as_object_mut().unwrap().remove("calls");
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    assert_eq!(trace(&world, &block, 1, &options), plain);
}

#[test]
fn creations_succeed_and_fail() {
    let world = World::new();
    let (ok, reverting) =
        (init(&[STOP]), Bytes::from_static(&[PUSH1, 1, PUSH0, MSTORE8, PUSH1, 1, PUSH0, REVERT]));
    let invalid = Bytes::from_static(&[INVALID]);
    let of = |nonce, code: &Bytes| dynamic(0, nonce, TxKind::Create, 0, code.clone());
    let block = world.make(&[of(0, &ok), of(1, &reverting), of(2, &invalid)]);
    let frame = |index: usize, code: &Bytes, rest: Value| {
        let mut frame = json!({ "type": "CREATE", "from": account(0), "value": "0x0", "input": code,
            "gas": "0x30d40", "gasUsed": format!("{:#x}", block.results[index].gas_used) });
        frame.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        assert_eq!(trace(&world, &block, index, &call_tracer()), frame);
    };
    frame(0, &ok, json!({ "to": account(0).create(0), "output": "0x00" }));
    frame(1, &reverting, json!({ "output": "0x01", "error": "execution reverted" }));
    frame(2, &invalid, json!({ "error": "invalid opcode: INVALID" }));
}

#[test]
fn logs_of_what_failed_are_gone() {
    let world = World::new();
    // It logs, and reverts if there is calldata.
    let mut logger = logging(1).to_vec();
    logger.extend([CALLDATASIZE, PUSH1, 10, JUMPI, STOP, JUMPDEST, PUSH0, PUSH0, REVERT]);
    let inner = deploy(&world, 0, &logger);
    let mut outer = logging(2).to_vec();
    outer.extend(calling(CALL, inner));
    outer.extend(logging(3));
    let outer = deploy(&world, 1, &outer);
    let of =
        |nonce, to, input: &'static [u8]| dynamic(0, nonce, TxKind::Call(to), 0, Bytes::from_static(input));
    let block = world.make(&[of(2, outer, &[]), of(3, outer, &[1]), of(4, inner, &[1])]);
    let positions = |frame: &Value| -> Vec<(u64, u64)> {
        let logs = frame["logs"].as_array().into_iter().flatten();
        logs.map(|log| (number(&log["index"]), number(&log["position"]))).collect()
    };
    let frames: Vec<_> = (0..3).map(|index| trace(&world, &block, index, &call_tracer())).collect();
    assert_eq!(positions(&frames[0]), [(0, 0), (2, 1)]);
    assert_eq!(positions(&frames[0]["calls"][0]), [(1, 0)]);
    assert_eq!(positions(&frames[1]), [(3, 0), (4, 1)]);
    assert_eq!(
        (positions(&frames[1]["calls"][0]), &frames[1]["calls"][0]["error"]),
        (vec![], &json!("execution reverted"))
    );
    assert_eq!((positions(&frames[2]), &frames[2]["error"]), (vec![], &json!("execution reverted")));
}

#[test]
fn panics_have_their_meaning() {
    let world = World::new();
    let panic = |code: u64| Bytes::from([&[0x4e, 0x48, 0x7b, 0x71][..], &words(&[code])].concat());
    let block = world.make(&[
        call(0, 0, REVERTER, panic(0x11)),
        call(0, 1, REVERTER, panic(0x99)),
        call(0, 2, REVERTER, words(&[7])),
    ]);
    let reason = |index| trace(&world, &block, index, &call_tracer())["revertReason"].clone();
    assert_eq!(reason(0), "arithmetic underflow or overflow");
    assert_eq!(reason(1), "unknown panic code: 0x99");
    assert_eq!(reason(2), Value::Null);
}

#[test]
fn operations_that_pass_a_limit_fail_in_their_trace() {
    let world = World::new();
    let gas = config().transaction_gas_limit;
    let burning = ashlar_primitives::rollup::Operation {
        to: BURNER,
        gas_limit: gas,
        gas_price: 1,
        mint: U256::from(gas + 5),
        ..operation(0)
    };
    let block = world.make(&[burning.encode().into(), call(0, 0, LOGGER, words(&[1]))]);
    let over = block.results[0].over_limit.unwrap();
    assert_eq!(over.resource, Resource::ProvingCost);
    let frame = trace(&world, &block, 0, &call_tracer());
    assert_eq!(
        frame,
        json!({
            "type": "CALL", "from": burning.from, "to": BURNER, "value": "0x5", "input": burning.data,
            "gas": format!("{gas:#x}"), "gasUsed": format!("{gas:#x}"),
            "error": format!("the transaction passes a limit of the chain: {over}"),
        })
    );
    // What it minted is not with the sender, but with who is refunded; the gas is paid.
    let changed = trace(&world, &block, 0, &diff());
    let refunded = json!({ "balance": "0x5" });
    assert_eq!(changed["post"][burning.refund_recipient.to_string().to_lowercase()], refunded);
    assert_eq!(changed["post"].as_object().unwrap().len(), 2, "{changed}");
    assert_eq!(trace(&world, &block, 1, &call_tracer())["error"], Value::Null);
}

#[test]
fn calls_of_operations() {
    let world = World::new();
    let contract = deploy(&world, 0, &tree());
    let input = error_string("no way");
    let calling = ashlar_primitives::rollup::Operation {
        to: contract,
        value: U256::from(3),
        data: input.clone(),
        gas_limit: 500_000,
        ..operation(0)
    };
    let transaction = dynamic_gas(1, 0, TxKind::Call(contract), 3, input, 500_000);
    let block = world.make(&[calling.encode().into(), transaction]);
    // But for who calls, and what it is charged for, it is as a transaction of Ethereum's.
    let calls = |index| {
        let frame = without_gas(trace(&world, &block, index, &json!({ "tracer": "callTracer" })));
        json!([frame["calls"], frame["to"], frame["value"], frame["gas"], frame["error"]])
    };
    let (mut first, second) = (calls(0), calls(1));
    // The second one creates the next contract.
    let children = [contract.create(1), contract.create(2)];
    assert_eq!(first[0][4]["to"], json!(children[0]));
    first[0][4]["to"] = json!(children[1]);
    first[0][4]["calls"][0]["from"] = json!(children[1]);
    assert_eq!(first, second);
}

#[test]
fn operations_whose_call_is_not_made_have_one_frame() {
    let world = World::new();
    let poor = ashlar_primitives::rollup::Operation { value: U256::from(1) << 90, ..operation(0) };
    let unpaid = ashlar_primitives::rollup::Operation { mint: U256::ZERO, id: 1, ..operation(1) };
    let block = world.make(&[poor.encode().into(), unpaid.encode().into()]);
    for (index, operation) in [poor, unpaid].iter().enumerate() {
        let frame = trace(&world, &block, index, &call_tracer());
        let expected = json!({
            "type": "CALL", "from": operation.from, "to": LOGGER, "value": format!("{:#x}", operation.value),
            "input": operation.data, "gas": "0x30d40", "gasUsed": format!("{:#x}", block.results[index].gas_used),
            "error": "the operation's call is not made",
        });
        assert_eq!(frame, expected);
    }
}

#[test]
fn calls_that_nobody_signed_have_traces() {
    let world = World::new();
    let contract = deploy(&world, 0, &tree());
    let input = error_string("no");
    let request =
        json!({ "from": account(1), "to": contract, "data": input, "value": "0x3", "gas": "0x7a120" });
    let frame = world.get("debug_traceCall", json!([request, "latest", call_tracer()]));
    assert_eq!((frame["calls"].as_array().unwrap().len(), &frame["gas"]), (7, &json!("0x7a120")));
    assert_eq!(frame["logs"][1]["index"], "0x1");
    // The same as a transaction.
    let transaction = dynamic_gas(1, 0, TxKind::Call(contract), 3, input, 500_000);
    let block = world.make(&[transaction]);
    assert_eq!(trace(&world, &block, 0, &call_tracer()), frame);
    // Nothing remains of it, and accounts can be overridden.
    let code =
        json!({ "tracer": "callTracer", "stateOverrides": { READER.to_string(): { "code": "0x5f5ffd" } } });
    let failed = world.get("debug_traceCall", json!([{ "to": READER }, "latest", code]));
    assert_eq!(failed["error"], "execution reverted");
    let error =
        world.fail("debug_traceCall", json!([{ "to": READER, "gas": "0x1" }, "latest", call_tracer()]));
    assert!(error.message.starts_with("intrinsic gas too low"), "{error:?}");
    let indexed = json!({ "tracer": "callTracer", "txIndex": "0x0" });
    assert_eq!(world.fail("debug_traceCall", json!([request, "latest", indexed])).code, -32_602);
}

#[test]
fn calls_can_be_hundreds_deep() {
    let world = World::new();
    let recursive = deploy(&world, 0, &[PUSH0, PUSH0, PUSH0, PUSH0, PUSH0, ADDRESS, GAS, CALL]);
    let block = world.make(&[dynamic_gas(0, 1, TxKind::Call(recursive), 0, Bytes::new(), 1 << 24)]);
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_traceTransaction",
        "params": [block.results[0].hash, call_tracer()] });
    let (_, text) = world.post(&request.to_string());
    let depth = text.matches("\"type\":\"CALL\"").count();
    assert!(depth > 400, "{depth}");
    let call = json!({ "to": recursive, "gas": "0x2faf080" });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "debug_traceCall",
        "params": [call, "latest", call_tracer()] });
    let (_, text) = world.post(&request.to_string());
    assert!(text.matches("\"type\":\"CALL\"").count() > depth);
}

#[test]
fn what_traces_record_is_limited() {
    let world = World::with(Limits { trace_bytes: 20_000, ..Limits::default() }, |_| {});
    let recursive = deploy(&world, 0, &[PUSH0, PUSH0, PUSH0, PUSH0, PUSH0, ADDRESS, GAS, CALL]);
    let block = world.make(&[dynamic_gas(0, 1, TxKind::Call(recursive), 0, Bytes::new(), 1 << 20)]);
    let hash = block.results[0].hash;
    let calling = json!([{ "to": recursive }, "latest", call_tracer()]);
    let big = Bytes::from(vec![0; 30_000]);
    for (method, params) in [
        ("debug_traceTransaction", json!([hash, call_tracer()])),
        ("debug_traceBlockByNumber", json!(["latest", call_tracer()])),
        ("debug_traceCall", calling),
        ("debug_traceCall", json!([{ "to": account(1), "data": big }, "latest", call_tracer()])),
        ("debug_traceCall", json!([{ "to": LOGGER, "data": big }, "latest", call_tracer()])),
    ] {
        let error = world.fail(method, params);
        assert_eq!(error.code, -32_005, "{error:?}");
        assert!(error.message.contains("20000 bytes"), "{error:?}");
    }
    let top = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    assert_eq!(world.get("debug_traceTransaction", json!([hash, top]))["type"], "CALL");
    // Many slots.
    let reading = [JUMPDEST, GAS, SLOAD, POP, PUSH0, JUMP];
    let reader = deploy(&world, 2, &reading);
    let options = json!({ "tracer": "prestateTracer" });
    let error =
        world.fail("debug_traceCall", json!([{ "to": reader, "gas": "0x100000" }, "latest", options]));
    assert_eq!(error.code, -32_005, "{error:?}");
}
