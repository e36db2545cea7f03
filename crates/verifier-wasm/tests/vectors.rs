//! The module's functions on the host, with the proof of the specification's vectors.

use ashlar_verifier_wasm::{
    INPUT_BYTES_MAX, Refusal, ashlar_input, ashlar_reason_bytes, ashlar_verify_final, ashlar_verify_joined,
    check_final, check_joined, check_shape,
};
use serde_json::Value;

fn input() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/final-proof.json");
    let text = std::fs::read_to_string(path).expect("the vectors");
    let vectors: Value = serde_json::from_str(&text).expect("json");
    let number = |value: &Value| (value.as_u64().expect("a number") as u32).to_be_bytes();
    let bytes = |name: &str| hex::decode(vectors[name].as_str().expect(name)).expect(name);
    let shape = ["logRows", "logBlowup", "logFinalPolynomial"].map(|name| number(&vectors[name]));
    let grinding =
        ["queries", "lookupGrinding", "pointGrinding", "batchGrinding", "foldGrinding", "queryGrinding"]
            .map(|name| number(&vectors[name]));
    let words = vectors["words"].as_array().expect("words");
    let count = (words.len() as u32).to_be_bytes();
    let elements = words.iter().flat_map(|word| word.as_array().expect("a word")).flat_map(number);
    [
        shape.concat(),
        4_u32.to_be_bytes().to_vec(),
        grinding.concat(),
        bytes("fixedRoot"),
        count.to_vec(),
        elements.collect(),
        bytes("proof"),
    ]
    .concat()
}

#[test]
fn the_vectors_are_accepted_and_changed_ones_are_not() {
    let input = input();
    assert_eq!(check_shape(&input), Ok(()));
    for place in (0..input.len()).step_by(97) {
        let mut changed = input.clone();
        changed[place] ^= 1;
        assert!(check_shape(&changed).is_err(), "byte {place}");
    }
    for length in (0..input.len()).step_by(997) {
        assert!(check_shape(&input[..length]).is_err(), "{length} bytes");
    }
}

/// Numbers of a shape that would overflow, or allocate.
#[test]
fn absurd_shapes_are_refused() {
    let input = input();
    for number in 0..10 {
        for value in [0, 24, 25, 64, 255, 256, 257, 1 << 31, u32::MAX] {
            let mut changed = input.clone();
            let field = &mut changed[4 * number..4 * number + 4];
            if *field == value.to_be_bytes() {
                continue;
            }
            field.copy_from_slice(&value.to_be_bytes());
            assert!(check_shape(&changed).is_err(), "number {number} is {value}");
        }
    }
}

#[test]
fn what_is_no_statement_is_refused() {
    let input = |count: u32, key: u8, statements: usize| {
        let statement = [[key; 32], [7; 32]].concat().repeat(statements);
        [vec![1; 32], vec![9; 26], count.to_be_bytes().to_vec(), statement, vec![0; 100]].concat()
    };
    assert!(matches!(check_final(&input(1, 1, 1)), Err(Refusal::Proof(_))));
    assert_eq!(check_final(&input(0, 1, 0)), Err(Refusal::Statements));
    assert_eq!(check_final(&input(17, 1, 17)), Err(Refusal::Statements));
    assert_eq!(check_final(&input(1, 0, 1)), Err(Refusal::Statements));
    assert_eq!(check_final(&input(1, 0x80, 1)), Err(Refusal::Statements));
    assert_eq!(check_final(&input(u32::MAX, 1, 1)), Err(Refusal::Form));
    assert_eq!(check_final(&[]), Err(Refusal::Form));
}

#[test]
fn what_is_no_tree_is_refused() {
    let input = |joiner: u8, statements_root: u8| {
        let tree = [3_u32.to_be_bytes().to_vec(), vec![7; 32], vec![statements_root; 32]].concat();
        [vec![1; 32], vec![9; 26], vec![joiner; 32], tree, vec![0; 100]].concat()
    };
    assert!(matches!(check_joined(&input(1, 1)), Err(Refusal::Proof(_))));
    for (joiner, statements_root) in [(0, 1), (0x80, 1), (1, 0), (1, 0x80)] {
        assert_eq!(check_joined(&input(joiner, statements_root)), Err(Refusal::Statements));
    }
    for length in 0..158 {
        assert_eq!(check_joined(&input(1, 1)[..length]), Err(Refusal::Form), "{length} bytes");
    }
}

/// The proof of the contracts' tests, which is of a real run of the joiner.
#[test]
fn a_proof_of_a_tree_is_accepted_for_that_tree_alone() {
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts");
    let text = |path: &str| std::fs::read_to_string(format!("{contracts}/{path}")).expect(path);
    let json = |path: &str| -> Value { serde_json::from_str(&text(path)).expect(path) };
    let bytes = |value: &Value| {
        let text = value.as_str().expect("hexadecimal");
        hex::decode(text.trim_start_matches("0x")).expect("hexadecimal")
    };
    let (key, tree) = (json("key.json"), json("test/fixtures/joined.json"));
    let joiner = text("src/generated/JoinerKey.sol");
    let (_, joiner) = joiner.split_once("JOINER = 0x").expect("the joiner's key");
    let input = [
        bytes(&key["circuits"]),
        bytes(&key["lastCircuit"]),
        hex::decode(&joiner[..64]).expect("hexadecimal"),
        (tree["count"].as_u64().expect("a number") as u32).to_be_bytes().to_vec(),
        bytes(&tree["root"]),
        bytes(&tree["statementsRoot"]),
        bytes(&tree["proof"]),
    ]
    .concat();
    assert_eq!(check_joined(&input), Ok(()));
    // The last byte of each field before the proof, and one of the proof.
    for place in [31, 57, 89, 93, 125, 157, 5000] {
        let mut changed = input.clone();
        changed[place] ^= 1;
        assert!(check_joined(&changed).is_err(), "byte {place}");
    }
    assert!(check_final(&input).is_err());
}

#[test]
fn calls_in_any_order_answer() {
    assert_eq!(ashlar_verify_final(), 1);
    assert_ne!(ashlar_reason_bytes(), 0);
    assert!(ashlar_input(INPUT_BYTES_MAX + 1).is_null());
    assert!(!ashlar_input(INPUT_BYTES_MAX).is_null());
    assert_eq!(ashlar_verify_final(), 2);
    assert_eq!(ashlar_verify_joined(), 2);
}
