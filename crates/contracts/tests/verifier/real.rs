//! The contract as it is deployed, on final proofs of real runs (`contracts/test/fixtures/final.json`).

use std::path::Path;
use std::sync::{Arc, OnceLock};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::{SolCall, SolError, sol};
use ashlar_circuit::narrow::NarrowAir;
use ashlar_contracts::DeploymentKey;
use ashlar_verifier::ProgramKey;
use ashlar_verifier::last::{FinalKey, RefusedFinal, Word, public_words, verify_final};
use serde_json::Value;

use crate::evm::{Chain, ProofLength, ProofNonce, ProofNotCanonical, Verdict, revert, tree_number};
use crate::layout::{Kind, Region, regions};

sol! {
    #[derive(Debug, PartialEq, Eq)]
    struct Statement {
        bytes32 programKey;
        bytes32 publicOutput;
    }

    function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view;
    function verifyAll(Statement[] calldata statements, bytes calldata proof) external view;

    error StatementKeyInvalid(bytes32 programKey);
    error StatementCount(uint256 count);
    error ProofEncoding();
}

/// A proof of the file, and what it is of.
pub(crate) struct Proof {
    pub(crate) key: FinalKey<NarrowAir>,
    pub(crate) words: Vec<Word>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) bytes: Vec<u8>,
    chain: Arc<Chain>,
}

/// Of one run, and of two.
pub(crate) fn proofs() -> &'static [Proof] {
    static PROOFS: OnceLock<Vec<Proof>> = OnceLock::new();
    PROOFS.get_or_init(load)
}

fn load() -> Vec<Proof> {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let text = std::fs::read_to_string(contracts.join("test/fixtures/final.json")).expect("the proofs");
    let file: Value = serde_json::from_str(&text).expect("json");
    let key: Value =
        serde_json::from_str(&std::fs::read_to_string(contracts.join("key.json")).expect("the key"))
            .expect("json");
    for name in ["circuits", "lastCircuit"] {
        assert_eq!(bytes(&file[name]), bytes(&key[name]), "other keys: run `cargo xtask final-proof`");
    }
    let key = DeploymentKey {
        circuits: bytes(&key["circuits"]).try_into().expect("32 bytes"),
        last_circuit: bytes(&key["lastCircuit"]).try_into().expect("26 bytes"),
    };
    let chain = Arc::new(Chain::deployed("FinalVerifier"));
    let proofs = file["proofs"].as_array().expect("proofs");
    proofs.iter().map(|proof| Proof::new(proof, &key, Arc::clone(&chain))).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hexadecimal").trim_start_matches("0x")).expect("hexadecimal")
}

impl Proof {
    fn new(value: &Value, key: &DeploymentKey, chain: Arc<Chain>) -> Self {
        let statement = |value: &Value| {
            let public_output = B256::from_slice(&bytes(&value["publicOutput"]));
            assert_eq!(public_output, keccak256(bytes(&value["output"])));
            Statement {
                programKey: B256::from_slice(&bytes(&value["programKey"])),
                publicOutput: public_output,
            }
        };
        let statements: Vec<_> =
            value["statements"].as_array().expect("statements").iter().map(statement).collect();
        let runs =
            statements.iter().map(|statement| (ProgramKey(statement.programKey.0), statement.publicOutput.0));
        let circuits = ProgramKey(key.circuits).elements().expect("a root");
        Self {
            key: key.final_key().expect("a key"),
            words: public_words(&circuits, &runs.collect::<Vec<_>>()).expect("words"),
            statements,
            bytes: bytes(&value["proof"]),
            chain,
        }
    }

    pub(crate) fn call(&self, input: Vec<u8>) -> Verdict {
        self.chain.call(input)
    }

    /// What the contract says of other bytes for these statements.
    pub(crate) fn verify(&self, proof: &[u8]) -> Verdict {
        match self.statements.as_slice() {
            [statement] => self.call(one(statement, proof)),
            statements => self.call(all(statements, proof)),
        }
    }

    pub(crate) fn regions(&self) -> Vec<Region> {
        regions(&self.key, &self.words, &self.bytes)
    }
}

pub(crate) fn one(statement: &Statement, proof: &[u8]) -> Vec<u8> {
    verifyCall {
        programKey: statement.programKey,
        publicOutput: statement.publicOutput,
        proof: proof.to_vec().into(),
    }
    .abi_encode()
}

pub(crate) fn all(statements: &[Statement], proof: &[u8]) -> Vec<u8> {
    verifyAllCall { statements: statements.to_vec(), proof: proof.to_vec().into() }.abi_encode()
}

/// A call that must be refused; what it reverts with.
pub(crate) fn refusal(verdict: Verdict) -> Bytes {
    verdict.reverted().cloned().unwrap_or_else(|| panic!("not refused: {verdict:?}"))
}

/// The words are observed first: with others the first nonces do not grind, or one of the next ones does not.
fn assert_other_words(verdict: Verdict, case: &str) {
    let data = refusal(verdict);
    assert!(data.starts_with(&ProofNonce::SELECTOR), "{case}: {data}");
}

#[test]
fn proofs_of_one_run_and_of_two_are_accepted() {
    let counts: Vec<_> = proofs().iter().map(|proof| proof.statements.len()).collect();
    assert_eq!(counts, [1, 2]);
    for proof in proofs() {
        assert_eq!(verify_final(&proof.bytes, &proof.key, &proof.words), Ok(()));
        for verdict in [proof.verify(&proof.bytes), proof.call(all(&proof.statements, &proof.bytes))] {
            let Verdict::Accepted { gas } = verdict else { panic!("{verdict:?}") };
            println!("{} statements: {gas} gas beside the calldata", proof.statements.len());
        }
    }
}

#[test]
fn refuses_another_program_output_order_or_count() {
    for proof in proofs() {
        for i in 0..proof.statements.len() {
            for byte in [3, 31] {
                let mut statements = proof.statements.clone();
                statements[i].programKey[byte] ^= 1;
                assert_other_words(proof.call(all(&statements, &proof.bytes)), "key");
            }
            for byte in 0..32 {
                let mut statements = proof.statements.clone();
                statements[i].publicOutput[byte] ^= 1;
                assert_other_words(proof.call(all(&statements, &proof.bytes)), "output");
            }
            let mut twice = proof.statements.clone();
            twice.push(twice[i].clone());
            assert_other_words(proof.call(all(&twice, &proof.bytes)), "twice");
        }
        let mut reversed = proof.statements.clone();
        reversed.reverse();
        if reversed != proof.statements {
            assert_other_words(proof.call(all(&reversed, &proof.bytes)), "order");
            assert_other_words(proof.call(all(&proof.statements[..1], &proof.bytes)), "the first only");
            assert_other_words(proof.call(one(&proof.statements[0], &proof.bytes)), "the first only");
            assert_other_words(proof.call(all(&proof.statements[1..], &proof.bytes)), "the second only");
        }
        for count in [0, 17] {
            let statements = vec![proof.statements[0].clone(); count];
            let data = refusal(proof.call(all(&statements, &proof.bytes)));
            let expected = StatementCount { count: alloy_primitives::U256::from(count) };
            assert_eq!(data, expected.abi_encode());
        }
    }
}

#[test]
fn refuses_statements_of_one_proof_with_the_bytes_of_another() {
    let [one_run, two_runs] = proofs() else { panic!("two proofs") };
    assert_other_words(one_run.verify(&two_runs.bytes), "one");
    assert_other_words(two_runs.verify(&one_run.bytes), "two");
}

#[test]
fn refuses_a_statement_in_an_unused_slot_that_has_no_key() {
    let proof = &proofs()[0];
    let mut statements = proof.statements.clone();
    statements.push(Statement { programKey: B256::ZERO, publicOutput: B256::ZERO });
    let data = refusal(proof.call(all(&statements, &proof.bytes)));
    assert_eq!(data, StatementKeyInvalid { programKey: B256::ZERO }.abi_encode());
    // p more in each element: another number, the same word.
    for element in 0..8 {
        let mut statement = proof.statements[0].clone();
        let limb = &mut statement.programKey.0[4 * element..4 * element + 4];
        let number = u32::from_be_bytes(limb.try_into().expect("four bytes"));
        limb.copy_from_slice(&(number + 0x7f00_0001).to_be_bytes());
        let data = refusal(proof.call(one(&statement, &proof.bytes)));
        assert_eq!(data, StatementKeyInvalid { programKey: statement.programKey }.abi_encode());
    }
}

/// Every field, at its first byte, its last one and one between: the contract gives the native verifier's reason.
#[test]
fn refuses_every_field_that_is_changed_for_the_reason_that_it_is_wrong() {
    let proof = &proofs()[0];
    for Region { kind, bytes: place } in proof.regions() {
        for byte in [place.start, place.start + place.len() / 2, place.end - 1] {
            let mut bytes = proof.bytes.clone();
            bytes[byte] ^= 0x01;
            let native = verify_final(&bytes, &proof.key, &proof.words).expect_err("a refusal");
            let data = refusal(proof.verify(&bytes));
            assert_eq!(data, revert(&native, tree_number), "{kind:?}, byte {byte}: {native}");
            match kind {
                Kind::Paths(tree) => assert_eq!(native, RefusedFinal::Root(tree)),
                Kind::Row(_) | Kind::Siblings(_) => {
                    let later = [RefusedFinal::FinalPolynomial, RefusedFinal::NotCanonical];
                    assert!(later.contains(&native), "{kind:?}: {native}");
                }
                _ => assert!(
                    matches!(native, RefusedFinal::Nonce(_) | RefusedFinal::NotCanonical),
                    "{kind:?}: {native}"
                ),
            }
        }
    }
}

#[test]
fn refuses_another_encoding_of_an_element_of_every_field() {
    let proof = &proofs()[0];
    for Region { kind, bytes: place } in proof.regions() {
        if !kind.is_elements() {
            continue;
        }
        for start in [place.start, place.end - 4] {
            let mut bytes = proof.bytes.clone();
            let element: &mut [u8; 4] = bytes[start..].first_chunk_mut().expect("four bytes");
            *element = (u32::from_be_bytes(*element) + 0x7f00_0001).to_be_bytes();
            let data = refusal(proof.verify(&bytes));
            assert_eq!(data, ProofNotCanonical {}.abi_encode(), "{kind:?} at {start}");
        }
    }
}

#[test]
fn refuses_proofs_that_are_cut_off_or_go_on() {
    for proof in proofs() {
        for Region { bytes: place, .. } in proof.regions() {
            let data = refusal(proof.verify(&proof.bytes[..place.start]));
            assert_eq!(data, ProofLength {}.abi_encode(), "cut off at {}", place.start);
        }
        let end = proof.bytes.len();
        for length in [end - 1, end - 26, end - 32] {
            assert_eq!(refusal(proof.verify(&proof.bytes[..length])), ProofLength {}.abi_encode());
        }
        for more in [1, 4, 16, 26, 32, 1000] {
            let longer = [proof.bytes.as_slice(), &vec![0; more]].concat();
            assert_eq!(refusal(proof.verify(&longer)), ProofLength {}.abi_encode(), "{more} bytes more");
        }
        let twice = [proof.bytes.as_slice(), &proof.bytes].concat();
        assert_eq!(refusal(proof.verify(&twice)), ProofLength {}.abi_encode());
    }
}
