//! Real state: the witness of Ethereum's block 24073997. The data is not part of the project, so these tests are run
//! by name: `ASHLAR_FIXTURES=<folder> cargo test -p ashlar-trie --test mainnet -- --ignored`.

mod support;

use std::path::PathBuf;

use alloy_primitives::{B256, U256, hex, keccak256};
use alloy_rlp::Encodable;
use ashlar_trie::{Account, NodeSet, Trie, decode_storage_value, ordered_root};
use serde_json::Value;

fn json(name: &str) -> Value {
    let root = std::env::var_os("ASHLAR_FIXTURES").expect("ASHLAR_FIXTURES names the folder of the fixtures");
    let path = PathBuf::from(root).join("mainnet/24073997").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn list(value: &Value) -> Vec<Vec<u8>> {
    value.as_array().unwrap().iter().map(bytes).collect()
}

/// Of the parent block: its fourth field.
fn state_root(header: &[u8]) -> B256 {
    let mut fields = header;
    assert!(alloy_rlp::Header::decode(&mut fields).unwrap().list);
    for _ in 0..3 {
        alloy_rlp::Header::decode_bytes(&mut fields, false).unwrap();
    }
    B256::from_slice(alloy_rlp::Header::decode_bytes(&mut fields, false).unwrap())
}

/// Hashed addresses, each with the hashed slots that follow it in the witness.
fn keys(witness: &Value) -> Vec<(B256, Vec<B256>)> {
    let mut keys: Vec<(B256, Vec<B256>)> = Vec::new();
    for key in list(&witness["keys"]) {
        match key.len() {
            20 => keys.push((keccak256(key), Vec::new())),
            _ => keys.last_mut().unwrap().1.push(keccak256(key)),
        }
    }
    keys
}

#[test]
#[ignore = "reads ASHLAR_FIXTURES"]
fn every_key_resolves_changes_and_changes_back() {
    let witness = json("execution_witness.json");
    let nodes = list(&witness["state"]);
    let root = state_root(&bytes(&witness["headers"][0]));
    let mut set = support::set(&nodes);
    let mut state = Trie::new(root);
    let mut found = 0;
    for (address, slots) in keys(&witness) {
        let value = state.get(&mut set, &address).unwrap().map(<[u8]>::to_vec);
        let account = value.as_deref().map_or(Ok(Account::default()), Account::decode).unwrap();
        let mut storage = Trie::new(account.storage_root);
        for slot in &slots {
            let Some(value) = storage.get(&mut set, slot).unwrap().map(<[u8]>::to_vec) else { continue };
            found += 1;
            assert!(!decode_storage_value(&value).unwrap().is_zero());
            storage.insert(&mut set, slot, vec![0x7f]).unwrap();
            let changed = storage.root();
            storage.insert(&mut set, slot, value.clone()).unwrap();
            assert!(changed != account.storage_root || value == [0x7f]);
        }
        assert_eq!(storage.root(), account.storage_root);

        let Some(value) = value else { continue };
        assert_eq!(account.encode(), value);
        let richer = Account { balance: account.balance + U256::ONE, ..account };
        state.insert(&mut set, &address, richer.encode()).unwrap();
        assert_ne!(state.root(), root);
        state.insert(&mut set, &address, value).unwrap();
        assert_eq!(state.root(), root);
    }
    assert!(found > 200, "{found} slots");
    assert!(set.used().count() > nodes.len() * 9 / 10, "the witness has little that its keys do not need");
}

#[test]
#[ignore = "reads ASHLAR_FIXTURES"]
fn what_was_used_is_a_witness_for_the_same_reads() {
    let witness = json("execution_witness.json");
    let nodes = list(&witness["state"]);
    let root = state_root(&bytes(&witness["headers"][0]));
    let read = |set: &mut NodeSet<'_>, keys: &[(B256, Vec<B256>)]| -> Vec<Option<Vec<u8>>> {
        let mut values = Vec::new();
        for (address, _) in keys {
            values.push(Trie::new(root).get(set, address).unwrap().map(<[u8]>::to_vec));
        }
        values
    };
    let keys = keys(&witness);
    let mut set = support::set(&nodes);
    let values = read(&mut set, &keys[..20]);
    let used: Vec<_> = set.used().collect();
    assert!(used.len() < nodes.len() / 4);
    assert_eq!(read(&mut NodeSet::new(used), &keys[..20]), values);
}

#[test]
#[ignore = "reads ASHLAR_FIXTURES"]
fn the_withdrawals_root_is_the_headers() {
    let block = json("block.json");
    let number = |value: &Value| u64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap();
    let encode = |withdrawal: &Value| {
        let mut payload = Vec::new();
        number(&withdrawal["index"]).encode(&mut payload);
        number(&withdrawal["validatorIndex"]).encode(&mut payload);
        bytes(&withdrawal["address"])[..].encode(&mut payload);
        number(&withdrawal["amount"]).encode(&mut payload);
        support::list(&[payload])
    };
    let withdrawals: Vec<_> = block["withdrawals"].as_array().unwrap().iter().map(encode).collect();
    assert_eq!(withdrawals.len(), 16);
    assert_eq!(ordered_root(&withdrawals), B256::from_slice(&bytes(&block["withdrawalsRoot"])));
}
