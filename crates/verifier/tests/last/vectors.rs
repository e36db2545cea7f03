//! A proof of the narrow table with all that its verifier computes, for other implementations.

use ashlar_verifier::config::Parameters;
use ashlar_verifier::last::{Event, transcript_events};
use p3_field::PrimeField32;
use serde_json::{Value, json};

use crate::narrow::circuit;
use crate::table::{Fixture, SMALL, words};

/// As small as it gets with the rate and the arity of real proofs.
const PARAMETERS: Parameters =
    Parameters { log_blowup: 6, log_arity_max: 4, log_final_polynomial: 1, ..SMALL };

fn json_of(event: &Event) -> Value {
    match event {
        Event::Observe(bytes) => json!({ "observe": hex::encode(bytes) }),
        Event::Grind { bits, nonce, state } => {
            json!({ "grind": { "bits": bits, "nonce": nonce, "state": hex::encode(state) } })
        }
        Event::Sample(element) => json!({ "sample": element }),
        Event::Index(index) => json!({ "index": index }),
    }
}

/// Frozen: other implementations read them. `UPDATE_VECTORS=1` writes them anew.
#[test]
fn the_vectors_are_those_of_the_repository() {
    let words = words(3);
    let (air, trace) = circuit(&words);
    let fixture = Fixture::of_trace(&PARAMETERS, &air, &words, &trace, None);
    let events = transcript_events(&fixture.bytes, &fixture.key, &words).expect("events");
    let shape = &fixture.key.shape;
    let words: Vec<_> = words.iter().map(|word| word.map(|element| element.as_canonical_u32())).collect();
    let vectors = json!({
        "about": "A final proof (specification 012) of a small narrow table, made by crates/verifier/tests/last, \
            and its transcript. Bytes are hexadecimal; `grind` has the state after the nonce, `sample` the \
            coefficients of an extension element.",
        "logRows": shape.log_rows,
        "logBlowup": PARAMETERS.log_blowup,
        "logFinalPolynomial": PARAMETERS.log_final_polynomial,
        "queries": PARAMETERS.queries,
        "rounds": shape.rounds,
        "queryGrinding": PARAMETERS.query_grinding,
        "foldGrinding": PARAMETERS.fold_grinding,
        "batchGrinding": PARAMETERS.batch_grinding,
        "lookupGrinding": PARAMETERS.lookup_grinding,
        "pointGrinding": PARAMETERS.point_grinding,
        "words": words,
        "batchSeed": hex::encode(&shape.seeds.batch),
        "openingsSeed": hex::encode(&shape.seeds.openings),
        "foldingSeed": hex::encode(&shape.seeds.folding),
        "fixedRoot": hex::encode(fixture.key.fixed),
        "proof": hex::encode(&fixture.bytes),
        "events": events.iter().map(json_of).collect::<Vec<_>>(),
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/vectors/final-proof.json");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&vectors).expect("text");
        std::fs::write(path, text + "\n").expect("a file");
    }
    let text = std::fs::read_to_string(path).expect("the vectors");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("json"), vectors);
}
