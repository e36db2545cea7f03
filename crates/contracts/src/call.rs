//! Calls of the contracts.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, sol};

sol! {
    /// That a program halted with code 0 and its output has this hash (`contracts/src/IVerifier.sol`).
    #[derive(Debug, PartialEq, Eq)]
    struct Statement {
        /// 8 elements of the field, four bytes each, big-endian.
        bytes32 programKey;
        /// Keccak-256 hash of the program's output.
        bytes32 publicOutput;
    }

    interface IVerifier {
        function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view;
        function verifyAll(Statement[] calldata statements, bytes calldata proof) external view;
        function machineVersion() external view returns (uint256);
        function circuits() external view returns (bytes32);
        function lastCircuit() external view returns (bytes32);
    }

    interface IVerifiedStatements {
        function submit(Statement[] calldata statements, bytes calldata proof) external;
        function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool);
        function verifier() external view returns (address);
    }
}

/// The call with which a verifier is asked for these statements: the shorter one, if there is one statement.
pub fn verify_call(statements: &[Statement], proof: &[u8]) -> Bytes {
    let proof = Bytes::copy_from_slice(proof);
    let data = match statements {
        [Statement { programKey, publicOutput }] => {
            IVerifier::verifyCall { programKey: *programKey, publicOutput: *publicOutput, proof }.abi_encode()
        }
        _ => IVerifier::verifyAllCall { statements: statements.to_vec(), proof }.abi_encode(),
    };
    data.into()
}

/// The call with which a registry is asked to verify these statements and to remember them.
pub fn submit_call(statements: &[Statement], proof: &[u8]) -> Bytes {
    let proof = Bytes::copy_from_slice(proof);
    IVerifiedStatements::submitCall { statements: statements.to_vec(), proof }.abi_encode().into()
}

/// What a verifier says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Version of the machine.
    MachineVersion,
    /// Root of the allowed circuits.
    Circuits,
    /// Key of the last circuit.
    LastCircuit,
}

impl View {
    /// The call that asks for it; the answer is one word.
    pub fn call(self) -> Bytes {
        let data = match self {
            Self::MachineVersion => IVerifier::machineVersionCall {}.abi_encode(),
            Self::Circuits => IVerifier::circuitsCall {}.abi_encode(),
            Self::LastCircuit => IVerifier::lastCircuitCall {}.abi_encode(),
        };
        data.into()
    }
}

/// The call that asks a registry whether a statement was verified; the answer is the word 1 or 0.
pub fn is_verified_call(statement: &Statement) -> Bytes {
    let Statement { programKey, publicOutput } = *statement;
    IVerifiedStatements::isVerifiedCall { programKey, publicOutput }.abi_encode().into()
}

/// The call that asks a registry for its verifier; the answer is an address in one word.
pub fn verifier_call() -> Bytes {
    IVerifiedStatements::verifierCall {}.abi_encode().into()
}

/// The address in a word of an answer, if there is one.
pub fn address_in(word: B256) -> Option<Address> {
    let address = Address::from_word(word);
    (address.into_word() == word).then_some(address)
}
