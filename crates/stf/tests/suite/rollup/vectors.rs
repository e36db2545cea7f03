//! `specs/vectors/rollup.json`: base fees and headers that other software made.

use super::world::config;
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use ashlar_primitives::rollup::RollupConfig;
use ashlar_stf::rollup::{base_fee, genesis_header, next_excess};
use serde_json::Value;
use std::str::FromStr;

fn vectors(section: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/rollup.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the tree");
    serde_json::from_str::<Value>(&text).expect("the vectors are JSON")[section].take()
}

fn get<T: FromStr<Err: std::fmt::Debug>>(vector: &Value, field: &str) -> T {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} is a string")).parse().expect(field)
}

#[test]
fn base_fees_of_an_excess() {
    let section = vectors("baseFee");
    for vector in section["fees"].as_array().unwrap() {
        let config = RollupConfig {
            base_fee_min: get(vector, "lowest"),
            base_fee_doubling: get(vector, "doubling"),
            ..config()
        };
        assert_eq!(base_fee(&config, get(vector, "excess")), get::<u64>(vector, "fee"), "{vector}");
    }
}

#[test]
fn sequences_of_blocks() {
    let section = vectors("baseFee");
    for sequence in section["sequences"].as_array().unwrap() {
        let config = RollupConfig {
            base_fee_min: get(sequence, "lowest"),
            base_fee_doubling: get(sequence, "doubling"),
            gas_target: get(sequence, "target"),
            ..config()
        };
        let mut parent = genesis_header(&config, B256::ZERO, get(sequence, "genesisTimestamp")).header;
        for block in sequence["blocks"].as_array().unwrap() {
            let timestamp = get(block, "timestamp");
            let excess = next_excess(&config, &parent, timestamp).unwrap();
            assert_eq!(excess, get::<u64>(block, "excess"), "{} {block}", sequence["name"]);
            assert_eq!(base_fee(&config, excess), get::<u64>(block, "fee"), "{} {block}", sequence["name"]);
            let extra_data: Bytes = [&[1], excess.to_be_bytes().as_slice()].concat().into();
            parent = Header { timestamp, gas_used: get(block, "gasUsed"), extra_data, ..parent };
        }
    }
}

#[test]
fn headers() {
    for vector in vectors("header").as_array().unwrap() {
        let rlp: Bytes = get(vector, "rlp");
        let header = Header::decode(&mut rlp.as_ref()).unwrap();
        assert_eq!(header.hash_slow(), get::<B256>(vector, "hash"));
        if vector["number"] != "0" {
            continue;
        }
        let config = RollupConfig {
            base_fee_min: get(vector, "lowestBaseFee"),
            base_fee_doubling: get(vector, "doubling"),
            block_gas_limit: get(vector, "gasLimit"),
            ..config()
        };
        let made = genesis_header(&config, get(vector, "stateRoot"), get(vector, "timestamp"));
        assert_eq!(made.header, header, "{}", vector["name"]);
        assert_eq!(made.hash, get::<B256>(vector, "hash"));
    }
}
