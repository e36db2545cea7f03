//! The generated sources in the tree are those of the code.

use std::path::Path;

use ashlar_contracts::{BadKey, DeploymentKey, joiner_source};
use ashlar_verifier::VerifyingKey;

#[test]
fn generated_sources_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read =
        |name: &str| std::fs::read_to_string(root.join("contracts/src/generated").join(name)).expect(name);
    let key = DeploymentKey::current().expect("a key");
    for (name, source) in key.sources().expect("sources") {
        assert!(read(name) == source, "{name} is not what `cargo xtask contracts` makes");
    }
    let joiner = std::fs::read(root.join("guests/elf/joiner.key")).expect("a key");
    let joiner = VerifyingKey::decode(&joiner).expect("a key").program_key();
    assert!(
        read("JoinerKey.sol") == joiner_source(&joiner.0),
        "JoinerKey.sol is not of guests/elf/joiner.key"
    );
}

#[test]
fn refuses_keys_of_another_form() {
    let (circuits, last) = ("11".repeat(32), "22".repeat(26));
    let key = |circuits: &str, last: &str| {
        DeploymentKey::from_json(&format!(r#"{{"circuits": "{circuits}", "lastCircuit": "{last}"}}"#))
    };
    let good = key(&circuits, &last).expect("a key");
    assert_eq!((good.circuits, good.last_circuit), ([0x11; 32], [0x22; 26]));
    let [first, second] = good.words();
    assert_eq!((first.0, &second[..26], &second[26..]), ([0x11; 32], &[0x22; 26][..], &[0; 6][..]));
    let fields = [(&circuits[2..], last.as_str()), ("zz", &last), ("", &last), (&circuits, &last[1..])];
    for (circuits, last) in fields {
        assert!(matches!(key(circuits, last), Err(BadKey::Hexadecimal { .. })), "{circuits} {last}");
    }
    for text in ["", "{}", "[]", r#"{"circuits": 1, "lastCircuit": 2}"#] {
        assert!(matches!(DeploymentKey::from_json(text), Err(BadKey::Json(_))), "{text}");
    }
    let more = format!(r#"{{"circuits": "{circuits}", "lastCircuit": "{last}", "more": 1}}"#);
    assert!(matches!(DeploymentKey::from_json(&more), Err(BadKey::Json(_))));
}
