//! The generated sources in the tree are those of the code.

use std::path::Path;

use ashlar_contracts::{DeploymentKey, joiner_source};
use ashlar_verifier::VerifyingKey;

#[test]
fn generated_sources_are_up_to_date() {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let read = |path: &str| std::fs::read_to_string(contracts.join(path)).expect(path);
    let key: serde_json::Value = serde_json::from_str(&read("key.json")).expect("a key");
    let bytes = |name: &str| hex::decode(key[name].as_str().expect(name)).expect(name);
    let key = DeploymentKey {
        circuits: bytes("circuits").try_into().expect("32 bytes"),
        last_circuit: bytes("lastCircuit").try_into().expect("26 bytes"),
    };
    for (name, source) in key.sources().expect("sources") {
        let found = read(&format!("src/generated/{name}"));
        assert!(found == source, "{name} is not what `cargo xtask contracts` makes");
    }
    let joiner = std::fs::read(contracts.join("../guests/elf/joiner.key")).expect("a key");
    let joiner = VerifyingKey::decode(&joiner).expect("a key").program_key();
    let found = read("src/generated/JoinerKey.sol");
    assert!(found == joiner_source(&joiner.0), "JoinerKey.sol is not of guests/elf/joiner.key");
}
