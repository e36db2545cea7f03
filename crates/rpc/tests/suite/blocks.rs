//! Blocks, transactions and receipts.

use crate::world::*;
use alloy_consensus::{Eip658Value, Header, Receipt, RlpEncodableReceipt, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_trie::root::ordered_trie_root_with_encoder;
use ashlar_primitives::rollup::Operation;
use ashlar_storage::BlockRecord;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::atomic::Ordering};

/// One block with a transaction of each type, logs in several of them.
fn block_of_all_types(world: &World) -> BlockRecord {
    let creation = Bytes::from_static(&[0x60, 1, 0x60, 1, 0x55, 0x60, 1, 0x5f, 0xf3]);
    world.make(&[
        operation(0).encode().into(),
        legacy(0, 0, account(1), 7),
        with_access_list(0, 1, LOGGER, words(&[1])),
        call(1, 0, LOGGER, words(&[2, 3])),
        dynamic(1, 1, TxKind::Create, 0, creation),
        delegating(2, 0, 3, LOGGER),
        call(1, 2, REVERTER, words(&[1])),
        operation(1).encode().into(),
    ])
}

fn as_type<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn operation_of(json: &Value) -> Operation {
    Operation {
        chain_id: number(&json["chainId"]),
        id: number(&json["id"]),
        from: as_type(&json["from"]),
        to: as_type(&json["to"]),
        value: as_type(&json["value"]),
        mint: as_type(&json["mint"]),
        gas_limit: number(&json["gas"]),
        gas_price: number(&json["gasPrice"]).into(),
        refund_recipient: as_type(&json["refundRecipient"]),
        data: as_type(&json["input"]),
    }
}

/// Bytes of a transaction, from its JSON alone.
fn bytes_of(json: &Value) -> Vec<u8> {
    match json["type"].as_str().unwrap() {
        "0x7f" => operation_of(json).encode(),
        _ => as_type::<TxEnvelope>(json).encoded_2718(),
    }
}

/// Bytes of a receipt, from its JSON alone.
fn receipt_bytes_of(json: &Value) -> Vec<u8> {
    let logs = json["logs"].as_array().unwrap().iter().map(|log| {
        Log::new(as_type(&log["address"]), as_type(&log["topics"]), as_type(&log["data"])).unwrap()
    });
    let receipt = Receipt::<Log> {
        status: Eip658Value::Eip658(number(&json["status"]) == 1),
        cumulative_gas_used: number(&json["cumulativeGasUsed"]),
        logs: logs.collect(),
    };
    let mut out = Vec::new();
    match number(&json["type"]) {
        0 => {}
        type_byte => out.push(type_byte as u8),
    }
    receipt.rlp_encode_with_bloom(&as_type(&json["logsBloom"]), &mut out);
    out
}

#[test]
fn the_header_hashes_to_what_the_block_says() {
    let world = World::new();
    let record = block_of_all_types(&world);
    for number in ["0x0", "0x1"] {
        let block = world.get("eth_getBlockByNumber", json!([number, false]));
        let header: Header = as_type(&block);
        assert_eq!(json!(header.hash_slow()), block["hash"]);
    }
    let block = world.get("eth_getBlockByHash", json!([record.header.hash, false]));
    assert_eq!(block["hash"], json!(record.header.hash));
}

#[test]
fn roots_follow_from_the_json_of_transactions_and_receipts() {
    let world = World::new();
    block_of_all_types(&world);
    let block = world.get("eth_getBlockByNumber", json!(["latest", true]));
    let transactions: Vec<_> = block["transactions"].as_array().unwrap().iter().map(bytes_of).collect();
    let root = ordered_trie_root_with_encoder(&transactions, |bytes, out| out.extend_from_slice(bytes));
    assert_eq!(block["transactionsRoot"], json!(root));
    let receipts = world.get("eth_getBlockReceipts", json!(["latest"]));
    let receipts: Vec<_> = receipts.as_array().unwrap().iter().map(receipt_bytes_of).collect();
    let root = ordered_trie_root_with_encoder(&receipts, |bytes, out| out.extend_from_slice(bytes));
    assert_eq!(block["receiptsRoot"], json!(root));
    for (json, bytes) in block["transactions"].as_array().unwrap().iter().zip(&transactions) {
        assert_eq!(json["hash"], json!(keccak256(bytes)));
        assert_eq!(
            world.get("eth_getRawTransactionByHash", json!([json["hash"]])),
            json!(Bytes::from(bytes.clone()))
        );
    }
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn blocks_have_the_fields_of_execution_apis() {
    let world = World::new();
    block_of_all_types(&world);
    let block = world.get("eth_getBlockByNumber", json!(["latest", true]));
    let expected = "baseFeePerGas blobGasUsed difficulty excessBlobGas extraData gasLimit gasUsed hash logsBloom miner mixHash \
        nonce number parentBeaconBlockRoot parentHash receiptsRoot requestsHash sha3Uncles size stateRoot timestamp \
        totalDifficulty transactions transactionsRoot uncles withdrawals withdrawalsRoot";
    assert_eq!(names(&block), expected.split_whitespace().collect());
    for name in
        ["number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "size", "difficulty", "blobGasUsed"]
    {
        number(&block[name]);
    }
    assert_eq!(block["nonce"], "0x0000000000000000");
    assert_eq!(block["withdrawals"], json!([]));
    assert_eq!(block["miner"], json!(BENEFICIARY));
    // The length of the block's RLP: its fields, less what is the same in every block.
    let size = number(&block["size"]);
    let sum: usize = block["transactions"].as_array().unwrap().iter().map(|json| bytes_of(json).len()).sum();
    assert!((sum as u64 + 500..sum as u64 + 800).contains(&size), "{size} {sum}");
    let common = "blockHash blockNumber chainId from gas gasPrice hash input nonce r s to transactionIndex type v value yParity";
    for transaction in block["transactions"].as_array().unwrap() {
        let more = match transaction["type"].as_str().unwrap() {
            "0x0" => "",
            "0x1" => "accessList",
            "0x2" => "accessList maxFeePerGas maxPriorityFeePerGas",
            "0x4" => "accessList maxFeePerGas maxPriorityFeePerGas authorizationList",
            "0x7f" => "id mint refundRecipient",
            other => panic!("{other}"),
        };
        let mut expected: BTreeSet<_> = common.split_whitespace().chain(more.split_whitespace()).collect();
        if transaction["type"] == "0x0" {
            expected.remove("yParity");
        }
        assert_eq!(names(transaction), expected, "{transaction}");
        for name in ["blockNumber", "transactionIndex", "gas", "gasPrice", "nonce", "chainId"] {
            number(&transaction[name]);
        }
    }
}

#[test]
fn receipts_have_the_fields_of_execution_apis() {
    let world = World::new();
    let record = block_of_all_types(&world);
    let receipts = world.get("eth_getBlockReceipts", json!([record.header.hash]));
    let receipts = receipts.as_array().unwrap();
    let expected = "blockHash blockNumber contractAddress cumulativeGasUsed effectiveGasPrice from gasUsed logs logsBloom \
        status to transactionHash transactionIndex type";
    let mut log_index = 0;
    for (index, receipt) in receipts.iter().enumerate() {
        assert_eq!(names(receipt), expected.split_whitespace().collect());
        assert_eq!(number(&receipt["transactionIndex"]), index as u64);
        assert_eq!(*receipt, world.get("eth_getTransactionReceipt", json!([receipt["transactionHash"]])));
        for log in receipt["logs"].as_array().unwrap() {
            assert_eq!(number(&log["logIndex"]), log_index);
            assert_eq!(log["transactionHash"], receipt["transactionHash"]);
            assert_eq!(log["blockHash"], json!(record.header.hash));
            assert_eq!(log["removed"], json!(false));
            log_index += 1;
        }
    }
    assert_eq!(log_index, 4);
    assert_eq!(
        receipts.iter().map(|receipt| number(&receipt["status"])).collect::<Vec<_>>(),
        [1, 1, 1, 1, 1, 1, 0, 1]
    );
    let created: Address = as_type(&receipts[4]["contractAddress"]);
    assert_eq!(created, account(1).create(1));
    assert_eq!(receipts[4]["to"], Value::Null);
    assert_eq!(receipts[3]["contractAddress"], Value::Null);
    let base_fee = record.header.header.base_fee_per_gas.unwrap();
    let prices: Vec<_> = receipts.iter().map(|receipt| number(&receipt["effectiveGasPrice"])).collect();
    assert_eq!(prices, [10, 5_000, 6_000, base_fee + 10, base_fee + 10, base_fee + 1, base_fee + 10, 10]);
}

#[test]
fn transactions_are_found_by_hash_and_by_place() {
    let world = World::new();
    let record = block_of_all_types(&world);
    for (index, result) in record.results.iter().enumerate() {
        let by_hash = world.get("eth_getTransactionByHash", json!([result.hash]));
        let index = format!("{index:#x}");
        assert_eq!(by_hash, world.get("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", index])));
        let by_block_hash = json!([record.header.hash, index]);
        assert_eq!(by_hash, world.get("eth_getTransactionByBlockHashAndIndex", by_block_hash));
        assert_eq!(by_hash["transactionIndex"], json!(index));
    }
    assert_eq!(world.get("eth_getBlockTransactionCountByNumber", json!(["0x1"])), "0x8");
    assert_eq!(world.get("eth_getBlockTransactionCountByHash", json!([record.header.hash])), "0x8");
    assert_eq!(world.get("eth_getUncleCountByBlockNumber", json!(["0x1"])), "0x0");
}

#[test]
fn what_does_not_exist_is_null() {
    let world = World::new();
    block_of_all_types(&world);
    let nowhere = B256::repeat_byte(9);
    for (method, params) in [
        ("eth_getBlockByNumber", json!(["0x2", true])),
        ("eth_getBlockByNumber", json!(["0xffffffffffffffff", true])),
        ("eth_getBlockByHash", json!([nowhere, false])),
        ("eth_getBlockReceipts", json!(["0x2"])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x2"])),
        ("eth_getBlockTransactionCountByHash", json!([nowhere])),
        ("eth_getTransactionByHash", json!([nowhere])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x8"])),
        ("eth_getTransactionByBlockHashAndIndex", json!([nowhere, "0x0"])),
        ("eth_getTransactionReceipt", json!([nowhere])),
        ("eth_getRawTransactionByHash", json!([nowhere])),
    ] {
        assert_eq!(world.get(method, params), Value::Null, "{method}");
    }
    // Only a block's JSON is null; a state is asked for in vain.
    let error = world.fail("eth_getBalance", json!([account(0), "0x2"]));
    assert_eq!((error.code, error.message.as_str()), (-32_000, "header not found"));
}

#[test]
fn tags_name_blocks() {
    let world = World::new();
    for nonce in 0..4 {
        world.make(&[legacy(0, nonce, account(1), 1)]);
    }
    world.settlement.committed.store(3, Ordering::Relaxed);
    world.settlement.finalized.store(2, Ordering::Relaxed);
    for (tag, expected) in [("earliest", 0), ("finalized", 2), ("safe", 3), ("latest", 4)] {
        let block = world.get("eth_getBlockByNumber", json!([tag, false]));
        assert_eq!(number(&block["number"]), expected, "{tag}");
    }
    let pending = world.get("eth_getBlockByNumber", json!(["pending", false]));
    assert_eq!(
        (number(&pending["number"]), &pending["hash"], &pending["nonce"]),
        (5, &Value::Null, &Value::Null)
    );
    let latest = world.get("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(pending["parentHash"], latest["hash"]);
    assert_eq!(number(&world.get("eth_blockNumber", json!([]))), 4);
    assert_eq!(world.get("eth_chainId", json!([])), "0x539");
    assert_eq!(world.get("net_version", json!([])), "1337");
    assert_eq!(world.get("eth_syncing", json!([])), json!(false));
    assert_eq!(world.get("eth_accounts", json!([])), json!([]));
    assert_eq!(world.get("net_listening", json!([])), json!(true));
    assert_eq!(world.get("net_peerCount", json!([])), "0x0");
    assert_eq!(world.get("web3_clientVersion", json!([])), "ashlar/test");
    assert_eq!(world.get("web3_sha3", json!(["0x"])), json!(keccak256([])));
    assert_ne!(U256::ZERO, as_type::<U256>(&pending["timestamp"]));
}
