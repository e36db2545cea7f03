//! `specs/vectors/rollup.json`: encodings and hashes that other software made.

use alloy_primitives::{Address, B256, Bytes, U256};
use ashlar_primitives::rollup::{
    Deployment, L2Log, LogTree, Operation, OperationsHash, RollupConfig, RollupOutput, Upgrade, alias,
    batch_root, queue_leaf, queue_node,
};
use serde_json::Value;
use std::{str::FromStr, sync::LazyLock};

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/rollup.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the tree");
    serde_json::from_str(&text).expect("the vectors are JSON")
});

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    let list = of[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    assert!(!list.is_empty(), "{name}");
    list
}

fn get<T: FromStr<Err: std::fmt::Debug>>(vector: &Value, field: &str) -> T {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} is a string")).parse().expect(field)
}

fn hashes(values: &[Value]) -> Vec<B256> {
    values.iter().map(|value| value.as_str().expect("a hash").parse().expect("a hash")).collect()
}

fn config(vector: &Value) -> RollupConfig {
    let history: u64 = get(vector, "systemCalls");
    RollupConfig {
        chain_id: get(vector, "chainId"),
        protocol_version: get(vector, "protocolVersion"),
        history: history == 1,
        base_asset: get(vector, "baseTokenAssetId"),
        block_gas_limit: get(vector, "blockGasLimit"),
        transaction_gas_limit: get(vector, "transactionGasLimit"),
        gas_target: get(vector, "gasTarget"),
        base_fee_min: get(vector, "lowestBaseFee"),
        base_fee_doubling: get(vector, "baseFeeDoubling"),
        transaction_cost_limit: get(vector, "transactionProvingCostLimit"),
        batch_cost_limit: get(vector, "batchProvingCostLimit"),
        transaction_pubdata_limit: get(vector, "transactionPubdataLimit"),
        batch_pubdata_limit: get(vector, "batchPubdataLimit"),
        transaction_logs_limit: get(vector, "transactionLogLimit"),
        batch_logs_limit: get(vector, "batchLogLimit"),
    }
}

#[test]
fn configurations() {
    for vector in list(&VECTORS["config"], "configs") {
        let (config, encoding) = (config(vector), get::<Bytes>(vector, "encoding"));
        assert_eq!(config.validate(), Ok(()), "{vector}");
        assert_eq!(config.encode(), encoding);
        assert_eq!(config.hash(), get::<B256>(vector, "hash"));
        assert_eq!(RollupConfig::decode(&encoding), Ok(config));
        for length in 0..encoding.len() {
            assert!(RollupConfig::decode(&encoding[..length]).is_err());
        }
    }
}

#[test]
fn configurations_that_are_refused() {
    for vector in list(&VECTORS["config"], "refused") {
        assert!(RollupConfig::decode(&get::<Bytes>(vector, "encoding")).is_err(), "{vector}");
    }
}

fn operation(vector: &Value) -> Operation {
    Operation {
        chain_id: get(vector, "chainId"),
        id: get(vector, "id"),
        from: get(vector, "from"),
        to: get(vector, "to"),
        value: get(vector, "value"),
        mint: get(vector, "mint"),
        gas_limit: get(vector, "gasLimit"),
        gas_price: get(vector, "gasPrice"),
        refund_recipient: get(vector, "refundRecipient"),
        data: get(vector, "data"),
    }
}

#[test]
fn operations_and_the_hash_over_them() {
    let section = &VECTORS["operations"];
    let chain = hashes(list(section, "chain"));
    let mut hash = OperationsHash::default();
    assert_eq!(hash.get(), chain[0]);
    for (vector, after) in list(section, "operations").iter().zip(&chain[1..]) {
        let (operation, encoding) = (operation(vector), get::<Bytes>(vector, "encoding"));
        assert_eq!(operation.encode(), encoding);
        assert_eq!(operation.hash(), get::<B256>(vector, "hash"));
        assert_eq!(Operation::decode(&encoding), Ok(operation.clone()));
        hash.push(&operation.hash());
        assert_eq!(hash.get(), *after);
    }
}

#[test]
fn bytes_that_are_no_operation_or_upgrade() {
    for vector in list(&VECTORS["operations"], "refused") {
        assert!(Operation::decode(&get::<Bytes>(vector, "encoding")).is_err(), "{vector}");
    }
    for vector in list(&VECTORS["upgrades"], "refused") {
        assert!(Upgrade::decode(&get::<Bytes>(vector, "encoding")).is_err(), "{vector}");
    }
}

#[test]
fn aliases() {
    for vector in list(&VECTORS["operations"], "aliases") {
        assert_eq!(alias(get(vector, "address")), get::<Address>(vector, "alias"));
    }
}

#[test]
fn upgrades() {
    for vector in list(&VECTORS["upgrades"], "upgrades") {
        let deployments = vector["deployments"].as_array().expect("a list");
        let deployment = |of: &Value| Deployment { address: get(of, "address"), code: get(of, "code") };
        let upgrade = Upgrade {
            chain_id: get(vector, "chainId"),
            protocol_version: get(vector, "protocolVersion"),
            to: get(vector, "to"),
            gas_limit: get(vector, "gasLimit"),
            deployments: deployments.iter().map(deployment).collect(),
            data: get(vector, "data"),
        };
        let encoding: Bytes = get(vector, "encoding");
        assert_eq!(upgrade.encode().unwrap(), encoding);
        assert_eq!(alloy_primitives::keccak256(&encoding), get::<B256>(vector, "hash"));
        assert_eq!(Upgrade::decode(&encoding), Ok(upgrade));
    }
}

#[test]
fn leaves_and_nodes_of_the_queue() {
    let section = &VECTORS["queue"];
    for vector in list(section, "leaves") {
        let leaf = queue_leaf(&get(vector, "operation"), get(vector, "deadline"));
        assert_eq!(leaf, get::<B256>(vector, "leaf"));
    }
    let vector = &section["node"];
    assert_eq!(queue_node(&get(vector, "left"), &get(vector, "right")), get::<B256>(vector, "node"));
}

fn log(vector: &Value) -> L2Log {
    let transaction = get(vector, "transaction");
    match vector["kind"].as_str().expect("a kind") {
        "message" => {
            let message: Bytes = get(vector, "message");
            L2Log::message(transaction, get(vector, "from"), alloy_primitives::keccak256(message))
        }
        _ => {
            let value: U256 = get(vector, "value");
            L2Log::status(transaction, get(vector, "key"), value == U256::ONE)
        }
    }
}

#[test]
fn logs_and_their_trees() {
    let section = &VECTORS["logs"];
    let mut leaves = Vec::new();
    for vector in list(section, "logs") {
        let log = log(vector);
        assert_eq!(Bytes::from(log.encode()), get::<Bytes>(vector, "bytes"));
        assert_eq!(
            (log.sender, log.key, log.value),
            (get(vector, "sender"), get(vector, "key"), get(vector, "value"))
        );
        assert_eq!(log.leaf(), get::<B256>(vector, "leaf"));
        leaves.push(log.leaf());
    }
    let tree = |vector: &Value| {
        let count =
            vector["logs"].as_u64().or_else(|| vector["logs"].as_str()?.parse().ok()).expect("a count");
        LogTree::new(leaves[..usize::try_from(count).unwrap()].to_vec()).expect("few leaves")
    };
    for vector in list(section, "trees") {
        assert_eq!(tree(vector).root(), get::<B256>(vector, "root"));
        assert_eq!(batch_root(&tree(vector).root()), get::<B256>(vector, "batchRoot"));
    }
    for vector in list(section, "proofs") {
        let index =
            vector["index"].as_u64().or_else(|| vector["index"].as_str()?.parse().ok()).expect("an index");
        let proof = tree(vector).proof(usize::try_from(index).unwrap()).expect("the log is there");
        assert_eq!(proof, hashes(list(vector, "siblings")));
    }
    let three = LogTree::new(leaves[..3].to_vec()).unwrap();
    assert_eq!(three.proof(3), None, "padding has no proof");
    assert_eq!(LogTree::new(vec![B256::ZERO; (1 << 14) + 1]), None);
}

#[test]
fn outputs() {
    for vector in VECTORS["outputs"].as_array().expect("a list") {
        let output = RollupOutput {
            chain_id: get(vector, "chainId"),
            config_hash: get(vector, "configHash"),
            commitment_before: get(vector, "commitmentBefore"),
            commitment_after: get(vector, "commitmentAfter"),
            first_block: get(vector, "firstBlock"),
            last_block: get(vector, "lastBlock"),
            first_timestamp: get(vector, "firstTimestamp"),
            last_timestamp: get(vector, "lastTimestamp"),
            data_commitment: get(vector, "availabilityCommitment"),
            first_operation: get(vector, "firstOperation"),
            operations: get(vector, "operations"),
            operations_hash: get(vector, "operationsHash"),
            transactions: get(vector, "transactions"),
            upgrade_hash: get(vector, "upgradeHash"),
            batch_root: get(vector, "batchRoot"),
            logs: get(vector, "logs"),
        };
        let encoding: Bytes = get(vector, "encoding");
        assert_eq!(output.encode(), encoding);
        assert_eq!(output.hash(), get::<B256>(vector, "hash"));
        assert_eq!(RollupOutput::decode(&encoding), Ok(output));
        // Every bit says something.
        for at in 0..encoding.len() {
            let mut other = encoding.to_vec();
            other[at] ^= 1;
            assert_ne!(RollupOutput::decode(&other).ok(), Some(output));
        }
    }
}
