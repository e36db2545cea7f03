//! Vectors that other software made.

use alloy_primitives::{Address, B256, U256};
use ashlar_primitives::rollup::RollupConfig;
use ashlar_settlement::{GenesisError, GenesisParameters, OperationTree, asset_id, genesis_accounts};
use serde_json::Value;

fn vectors(file: &str) -> Value {
    let path = format!("{}/../../specs/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors are in the tree")).expect("JSON")
}

#[test]
fn roots_of_a_growing_queue() {
    let section = &vectors("rollup")["queue"];
    let roots: Vec<B256> = serde_json::from_value(section["roots"].clone()).unwrap();
    let mut tree = OperationTree::default();
    assert_eq!(tree.root(), roots[0]);
    for (vector, root) in section["leaves"].as_array().unwrap().iter().zip(&roots[1..]) {
        let operation = vector["operation"].as_str().unwrap().parse().unwrap();
        tree.push(operation, vector["deadline"].as_str().unwrap().parse().unwrap());
        assert_eq!(tree.root(), *root);
    }
    assert_eq!(tree.len() + 1, roots.len());
}

#[test]
fn storage_of_the_genesis_state() {
    let vectors = vectors("genesis");
    for example in vectors["examples"].as_array().unwrap() {
        let given = |name: &str| example["parameters"][name].as_str().unwrap();
        let config = RollupConfig {
            protocol_version: given("protocolVersion").parse().unwrap(),
            base_asset: given("baseAssetId").parse().unwrap(),
            ..config()
        };
        let accounts = genesis_accounts(&GenesisParameters {
            asset_router: given("assetRouter").parse().unwrap(),
            l1_chain_id: given("l1ChainId").parse().unwrap(),
            config,
            wrapped_name: given("wrappedName").to_owned(),
            wrapped_symbol: given("wrappedSymbol").to_owned(),
        })
        .unwrap();
        let expected = example["storage"].as_array().unwrap();
        for slot in expected {
            let field = |name: &str| slot[name].as_str().unwrap();
            let address: Address = field("address").parse().unwrap();
            let key: U256 = field("slot").parse().unwrap();
            let value: U256 = match field("value") {
                hash if hash == given("configHash") => config.hash().into(),
                value => value.parse().unwrap(),
            };
            assert_eq!(accounts[&address].storage[&key], value, "{slot}");
        }
        assert_eq!(accounts.values().map(|account| account.storage.len()).sum::<usize>(), expected.len());
        assert!(accounts.values().all(|account| account.nonce == 1 && !account.code.is_empty()));
    }
}

#[test]
fn a_name_that_does_not_fit_is_refused() {
    for name in ["", "a name of thirty-two bytes, no less"] {
        let parameters = GenesisParameters {
            asset_router: Address::ZERO,
            l1_chain_id: 1,
            config: config(),
            wrapped_name: name.to_owned(),
            wrapped_symbol: "W".to_owned(),
        };
        assert!(matches!(genesis_accounts(&parameters), Err(GenesisError::Text(text)) if text == name));
    }
}

#[test]
fn ids_of_assets() {
    // That of ether on mainnet, as the table of the genesis state has it.
    let expected = vectors("genesis")["examples"][0]["parameters"]["baseAssetId"].clone();
    assert_eq!(asset_id(1, Address::with_last_byte(1)).to_string(), expected.as_str().unwrap());
}

fn config() -> RollupConfig {
    RollupConfig {
        chain_id: 5,
        protocol_version: 1,
        history: true,
        base_asset: B256::repeat_byte(1),
        block_gas_limit: 1 << 25,
        transaction_gas_limit: 1 << 24,
        gas_target: 1,
        base_fee_min: 1,
        base_fee_doubling: 1 << 28,
        transaction_cost_limit: 1 << 23,
        batch_cost_limit: 1 << 30,
        transaction_pubdata_limit: 1 << 12,
        batch_pubdata_limit: 1 << 14,
        transaction_logs_limit: 2,
        batch_logs_limit: 2,
    }
}
