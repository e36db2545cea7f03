//! The registry with the verifier that it is for, and proofs of real runs.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolValue, sol};
use revm::context_interface::result::{ExecutionResult, Output};

use crate::evm::{Chain, ProofLength};
use crate::real::{Proof, Statement, proofs};

sol! {
    event StatementVerified(bytes32 indexed programKey, bytes32 indexed publicOutput);

    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool);
    function verifier() external view returns (address);
}

/// A call of `submit`: the same arguments as `verifyAll`.
fn submit(statements: &[Statement], proof: &[u8]) -> Vec<u8> {
    let selector = alloy_primitives::keccak256("submit((bytes32,bytes32)[],bytes)");
    [&selector[..4], &crate::real::all(statements, proof)[4..]].concat()
}

fn registry() -> (Chain, Address) {
    let mut chain = Chain::deployed("FinalVerifier");
    let verifier = chain.contract();
    chain.deploy("VerifiedStatements", &verifier.abi_encode());
    (chain, verifier)
}

fn returned(result: ExecutionResult) -> U256 {
    let ExecutionResult::Success { output: Output::Call(data), .. } = result else { panic!("{result:?}") };
    U256::from_be_slice(&data)
}

fn is_verified(chain: &mut Chain, key: B256, output: B256) -> bool {
    let result = chain.execute(isVerifiedCall { programKey: key, publicOutput: output }.abi_encode());
    returned(result) == U256::ONE
}

#[test]
fn what_a_real_proof_states_is_remembered_and_nothing_else() {
    let (mut chain, verifier) = registry();
    assert_eq!(
        returned(chain.execute(verifierCall {}.abi_encode())),
        U256::from_be_slice(verifier.as_slice())
    );
    let Proof { statements, bytes, .. } = &proofs()[1];
    let stated = |chain: &mut Chain| {
        let mut is = |statement: &Statement| is_verified(chain, statement.programKey, statement.publicOutput);
        statements.iter().map(&mut is).collect::<Vec<_>>()
    };
    assert_eq!(stated(&mut chain), [false, false]);
    for _ in 0..2 {
        let result = chain.execute(submit(statements, bytes));
        let logs: Vec<_> = result.logs().iter().map(|log| log.topics().to_vec()).collect();
        let topics = |s: &Statement| vec![StatementVerified::SIGNATURE_HASH, s.programKey, s.publicOutput];
        assert_eq!(logs, statements.iter().map(topics).collect::<Vec<_>>(), "{result:?}");
        assert_eq!(stated(&mut chain), [true, true]);
    }
    // The output of the other program.
    assert!(!is_verified(&mut chain, statements[0].programKey, statements[1].publicOutput));
    assert!(!is_verified(&mut chain, statements[1].programKey, statements[0].publicOutput));
    assert!(!is_verified(&mut chain, statements[0].publicOutput, statements[0].programKey));
}

#[test]
fn nothing_is_remembered_of_a_proof_that_is_refused() {
    let (mut chain, _) = registry();
    let Proof { statements, bytes, .. } = &proofs()[0];
    let result = chain.execute(submit(statements, &bytes[..bytes.len() - 1]));
    let ExecutionResult::Revert { output, .. } = result else { panic!("{result:?}") };
    assert_eq!(output, ProofLength {}.abi_encode());
    let Statement { programKey, publicOutput } = statements[0];
    assert!(!is_verified(&mut chain, programKey, publicOutput));
}
