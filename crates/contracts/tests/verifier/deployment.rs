//! What is deployed is what the artifacts say, and answers to the calls that clients make.

use alloy_primitives::{Address, B256, Bytes, U256, b256};
use ashlar_contracts::{
    Artifact, Contract, DeploymentKey, Statement, VerifierCode, View, address_in, is_verified_call,
    submit_call, verifier_call, verify_call,
};
use ashlar_verifier::MACHINE_VERSION;
use revm::context_interface::result::ExecutionResult;

use crate::evm::{CALLER, Chain, Verdict};

/// The verifier and the registry, made of the code that clients deploy.
fn deployed() -> (Chain, Address, Address) {
    let mut chain = Chain::empty();
    let code = |contract| Artifact::load(contract).expect("an artifact");
    let verifier = chain.create(code(Contract::FinalVerifier).bytecode.to_vec());
    let registry = chain.create(code(Contract::VerifiedStatements).creation_with(verifier).to_vec());
    (chain, verifier, registry)
}

/// The one word that a call returns.
fn word(chain: &mut Chain, to: Address, call: Bytes) -> B256 {
    chain.turn_to(to);
    match chain.execute(call.to_vec()) {
        ExecutionResult::Success { output, .. } => B256::from_slice(output.data()),
        other => panic!("{other:?}"),
    }
}

/// The error that a call reverts with.
fn error(chain: &mut Chain, to: Address, call: Bytes) -> String {
    chain.turn_to(to);
    let Verdict::Reverted(data) = chain.call(call.to_vec()) else { panic!("no proof") };
    let artifact = Artifact::load(Contract::FinalVerifier).expect("an artifact");
    artifact.error(&data).expect("an error of the contract")
}

fn statement(number: u8) -> Statement {
    Statement { programKey: B256::with_last_byte(number), publicOutput: B256::repeat_byte(number) }
}

#[test]
fn deployed_code_is_what_is_expected() {
    let (chain, verifier, registry) = deployed();
    let expected = VerifierCode::expected(verifier).expect("code");
    assert_eq!(chain.code_at(verifier), expected.verifier);
    assert_eq!(chain.code_at(expected.program_address), expected.program);
    let artifact = Artifact::load(Contract::VerifiedStatements).expect("an artifact");
    assert_eq!(chain.code_at(registry), artifact.deployed(verifier));
    // The immutable counts.
    assert_ne!(artifact.deployed(verifier), artifact.deployed(registry));
    assert_ne!(VerifierCode::expected(registry).expect("code").verifier, expected.verifier);
}

#[test]
fn contracts_are_below_the_limit_of_code() {
    for contract in [Contract::FinalVerifier, Contract::VerifiedStatements] {
        let code = Artifact::load(contract).expect("an artifact").deployed(Address::ZERO);
        assert!(code.len() < 24_576, "{contract:?}: {}", code.len());
    }
    let program = VerifierCode::expected(Address::ZERO).expect("code").program;
    assert!(program.len() < 24_576, "{}", program.len());
}

#[test]
fn a_verifier_says_what_it_accepts() {
    let (mut chain, verifier, registry) = deployed();
    let [circuits, last] = DeploymentKey::current().expect("a key").words();
    assert_eq!(word(&mut chain, verifier, View::Circuits.call()), circuits);
    assert_eq!(word(&mut chain, verifier, View::LastCircuit.call()), last);
    let version = word(&mut chain, verifier, View::MachineVersion.call());
    assert_eq!(U256::from_be_bytes(version.0), U256::from(MACHINE_VERSION));
    assert_eq!(address_in(word(&mut chain, registry, verifier_call())), Some(verifier));
    assert_eq!(word(&mut chain, registry, is_verified_call(&statement(1))), B256::ZERO);
}

#[test]
fn calls_reach_the_proof() {
    let (mut chain, verifier, registry) = deployed();
    let statements = [statement(1), statement(2)];
    for calldata in [verify_call(&statements[..1], &[7; 100]), verify_call(&statements, &[7; 33])] {
        assert!(error(&mut chain, verifier, calldata).starts_with("Proof"));
    }
    assert!(error(&mut chain, registry, submit_call(&statements, &[7; 64])).starts_with("Proof"));
    assert_eq!(error(&mut chain, verifier, verify_call(&[], &[])), "StatementCount(uint256)");
    let artifact = Artifact::load(Contract::FinalVerifier).expect("an artifact");
    assert_eq!(artifact.error(&[]), None);
    assert_eq!(artifact.error(&[1, 2, 3, 4]), None);
}

#[test]
fn a_word_with_more_than_an_address_is_none() {
    let word = b256!("0000000000000000000000010000000000000000000000000000000000000001");
    assert_eq!(address_in(word), None);
    assert_eq!(address_in(CALLER.into_word()), Some(CALLER));
}
