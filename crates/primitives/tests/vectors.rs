//! `specs/vectors/public-output.json`: encodings and hashes that other software made.

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B256, hex};
use ashlar_primitives::{BlobEntry, ChainConfig, Fork, PublicOutput};
use serde_json::Value;

fn vectors(kind: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/public-output.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the tree");
    let all: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let list = all[kind].as_array().expect("a list of vectors").clone();
    assert!(list.len() >= 4);
    list
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} is a string"))
}

fn number(vector: &Value, field: &str) -> u64 {
    text(vector, field).parse().unwrap()
}

fn hash(vector: &Value, field: &str) -> B256 {
    text(vector, field).parse().unwrap()
}

fn encoding(vector: &Value) -> Vec<u8> {
    let words = vector["encoding"].as_array().unwrap();
    words.iter().flat_map(|word| hex::decode(word.as_str().unwrap()).unwrap()).collect()
}

fn config(vector: &Value) -> ChainConfig {
    let small = |entry: &Value, field: &str| u16::try_from(entry[field].as_u64().unwrap()).unwrap();
    ChainConfig {
        chain_id: number(vector, "chainId"),
        cancun: number(vector, "cancun"),
        prague: number(vector, "prague"),
        osaka: number(vector, "osaka"),
        deposit_contract: text(vector, "depositContract").parse::<Address>().unwrap(),
        blob_schedule: vector["blobSchedule"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| BlobEntry {
                activation: number(entry, "activation"),
                target: small(entry, "target"),
                max: small(entry, "max"),
                update_fraction: number(entry, "updateFraction"),
            })
            .collect(),
    }
}

#[test]
fn configurations_have_the_encodings_and_hashes_of_the_vectors() {
    for vector in vectors("configs") {
        let (config, name) = (config(&vector), text(&vector, "name"));
        assert_eq!(config.validate(), Ok(()), "{name}");
        assert_eq!(hex::encode(config.encode()), hex::encode(encoding(&vector)), "{name}");
        assert_eq!(config.hash(), hash(&vector, "hash"), "{name}");
        assert_eq!(ChainConfig::decode(&encoding(&vector)), Ok(config), "{name}");
    }
}

#[test]
fn outputs_have_the_encodings_and_hashes_of_the_vectors() {
    for vector in vectors("outputs") {
        let name = text(&vector, "name");
        let output = PublicOutput {
            chain_id: number(&vector, "chainId"),
            config_hash: hash(&vector, "configHash"),
            first_block: hash(&vector, "firstBlock"),
            last_block: hash(&vector, "lastBlock"),
            pre_state_root: hash(&vector, "preStateRoot"),
            post_state_root: hash(&vector, "postStateRoot"),
        };
        assert_eq!(encoding(&vector).len(), PublicOutput::BYTES);
        assert_eq!(hex::encode(output.encode()), hex::encode(encoding(&vector)), "{name}");
        assert_eq!(output.hash(), hash(&vector, "hash"), "{name}");
        assert_eq!(PublicOutput::decode(&encoding(&vector)), Ok(output), "{name}");
    }
}

#[test]
fn the_first_vector_is_the_built_in_mainnet() {
    assert_eq!(config(&vectors("configs")[0]), ChainConfig::mainnet());
}

#[test]
fn mainnets_blob_schedule_is_that_of_the_library() {
    let mainnet = ChainConfig::mainnet();
    let libraries = [BlobParams::cancun(), BlobParams::prague(), BlobParams::bpo1(), BlobParams::bpo2()];
    assert_eq!(mainnet.blob_schedule.len(), libraries.len());
    for (entry, library) in mainnet.blob_schedule.iter().zip(libraries) {
        assert_eq!(u64::from(entry.target), library.target_blob_count);
        assert_eq!(u64::from(entry.max), library.max_blob_count);
        assert_eq!(u128::from(entry.update_fraction), library.update_fraction);
    }
    // Osaka itself keeps Prague's blobs (EIP-7607): its parameters changed a week later.
    let osaka = BlobParams::osaka();
    let at_osaka = mainnet.blobs_at(mainnet.osaka).unwrap();
    assert_eq!(u64::from(at_osaka.max), osaka.max_blob_count);
    assert_eq!(u128::from(at_osaka.update_fraction), osaka.update_fraction);
}

/// Activation times from the meta EIPs: 7569, 7600, 7607.
#[test]
fn mainnets_forks_are_those_of_the_meta_eips() {
    let mainnet = ChainConfig::mainnet();
    for (time, before, at) in [
        (1_710_338_135, None, Some(Fork::Cancun)),
        (1_746_612_311, Some(Fork::Cancun), Some(Fork::Prague)),
        (1_764_798_551, Some(Fork::Prague), Some(Fork::Osaka)),
    ] {
        assert_eq!(mainnet.fork_at(time - 1), before);
        assert_eq!(mainnet.fork_at(time), at);
    }
    for (time, before, at) in [
        (1_710_338_135, None, Some(6)),
        (1_746_612_311, Some(6), Some(9)),
        (1_765_290_071, Some(9), Some(15)),
        (1_767_747_671, Some(15), Some(21)),
    ] {
        assert_eq!(mainnet.blobs_at(time - 1).map(|entry| entry.max), before);
        assert_eq!(mainnet.blobs_at(time).map(|entry| entry.max), at);
    }
}
