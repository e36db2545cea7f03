//! What the compiled verifier puts on the chain when it is deployed.

use ashlar_contracts::{ContractShape, DeploymentKey};
use revm::state::EvmState;

use crate::evm::{CALLER, deploy};

fn code(state: &EvmState, address: alloy_primitives::Address) -> Vec<u8> {
    let account = state.get(&address).expect("an account");
    account.info.code.as_ref().expect("code").original_byte_slice().to_vec()
}

/// The contract trusts the code of the account that it creates: the list of constraints, all of it, behind a byte that
/// stops who calls it, so that it can neither be run nor destroy itself.
#[test]
fn the_verifiers_program_is_the_constraints_of_the_last_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let key = std::fs::read(folder.join("key.json")).expect("a key");
    let key: serde_json::Value = serde_json::from_slice(&key).expect("a key");
    let bytes = |name: &str| hex::decode(key[name].as_str().expect(name)).expect(name);
    let key = DeploymentKey {
        circuits: bytes("circuits").try_into().expect("32 bytes"),
        last_circuit: bytes("lastCircuit").try_into().expect("26 bytes"),
    };
    let shape = ContractShape::new(&key.final_key().expect("a key")).expect("a shape");
    let state = deploy("FinalVerifier");
    let verifier = CALLER.create(0);
    let program = verifier.create(1);
    assert_eq!(code(&state, program), [[0].as_slice(), &shape.program].concat());
    // The verifier has this address in its code and no other account.
    let verifier = code(&state, verifier);
    assert!(verifier.windows(20).any(|window| window == program.as_slice()));
    assert_eq!(state.values().filter(|account| account.is_created()).count(), 2);
}
