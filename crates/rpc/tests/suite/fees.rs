//! Gas prices and their history.

use crate::world::*;
use ashlar_stf::rollup::{base_fee, next_excess};
use serde_json::{Value, json};

/// Three blocks; the second has transactions with different tips.
fn world() -> World {
    let world = World::new();
    world.make(&[legacy(0, 0, account(1), 1)]);
    world.make(&[
        call(1, 0, LOGGER, words(&[1])),
        call(2, 0, LOGGER, words(&[1])),
        call(3, 0, LOGGER, words(&[1])),
        operation(0).encode().into(),
    ]);
    world.make(&[legacy(0, 1, account(1), 1)]);
    world
}

#[test]
fn the_history_is_that_of_the_blocks() {
    let world = world();
    let history = world.get("eth_feeHistory", json!(["0x2", "latest", [0, 40, 60, 100]]));
    assert_eq!(history["oldestBlock"], "0x2");
    let blocks = ["0x2", "0x3"].map(|number| world.get("eth_getBlockByNumber", json!([number, false])));
    let fees = history["baseFeePerGas"].as_array().unwrap();
    assert_eq!(fees.len(), 3);
    for (block, fee) in blocks.iter().zip(fees) {
        assert_eq!(block["baseFeePerGas"], *fee);
    }
    let ratios: Vec<f64> = serde_json::from_value(history["gasUsedRatio"].clone()).unwrap();
    let expected =
        blocks.each_ref().map(|block| number(&block["gasUsed"]) as f64 / number(&block["gasLimit"]) as f64);
    assert_eq!(ratios, expected);
    // The operation pays less than the base fee: nothing above it.
    assert_eq!(history["reward"][0], json!(["0x0", "0xa", "0x14", "0x1e"]));
    let tip = 5_000 - number(&blocks[1]["baseFeePerGas"]);
    assert_eq!(history["reward"][1], json!(vec![format!("{tip:#x}"); 4]));
    assert_eq!(history["baseFeePerBlobGas"].as_array().unwrap().len(), 3);
    assert_eq!(history["blobGasUsedRatio"], json!([0.0, 0.0]));
}

#[test]
fn more_blocks_than_there_are_are_not_asked_for_in_vain() {
    let world = world();
    let history = world.get("eth_feeHistory", json!([1_000, "0x1"]));
    assert_eq!((number(&history["oldestBlock"]), history["gasUsedRatio"].as_array().unwrap().len()), (0, 2));
    assert_eq!(history.get("reward"), None);
    // After a block that is not the last one comes the next one's fee.
    let next = world.get("eth_getBlockByNumber", json!(["0x2", false]));
    assert_eq!(history["baseFeePerGas"][2], next["baseFeePerGas"]);
    assert_eq!(world.get("eth_feeHistory", json!(["0x0", "latest"]))["gasUsedRatio"], json!([]));
    assert_eq!(world.fail("eth_feeHistory", json!(["0x1", "0x9"])).message, "header not found");
    for percentiles in [json!([101]), json!([-1]), json!([2, 1]), json!(vec![1; 101])] {
        let error = world.fail("eth_feeHistory", json!(["0x1", "latest", percentiles]));
        assert!(error.code == -32_602 && error.message.starts_with("invalid reward percentile"), "{error:?}");
    }
}

#[test]
fn a_transaction_at_the_gas_price_is_valid_after_a_full_block() {
    let world = world();
    let price = number(&world.get("eth_gasPrice", json!([])));
    let pending = world.get("eth_getBlockByNumber", json!(["pending", false]));
    let now = number(&pending["baseFeePerGas"]);
    assert!(price >= now);
    let header = ashlar_storage::ChainRecords::head(&world.store).unwrap().unwrap().header;
    let excess = next_excess(&config(), &header, header.timestamp).unwrap() + config().block_gas_limit;
    assert!(price <= base_fee(&config(), excess));
    assert_eq!(world.get("eth_maxPriorityFeePerGas", json!([])), "0x0");
    assert_eq!(world.get("eth_blobBaseFee", json!([])), Value::from("0x1"));
}
