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

    /// Trees of many statements (`contracts/src/libraries/JoinedStatements.sol`).
    #[derive(Debug, PartialEq, Eq)]
    struct JoinedTree {
        /// Root under Keccak-256.
        bytes32 root;
        /// Number of statements.
        uint256 count;
    }

    /// Where a statement is in a tree.
    #[derive(Debug, PartialEq, Eq)]
    struct JoinedPlace {
        /// Counted from 0.
        uint256 index;
        /// Siblings from the leaf up.
        bytes32[] path;
    }

    interface IVerifier {
        function verify(bytes32 programKey, bytes32 publicOutput, bytes calldata proof) external view;
        function verifyAll(Statement[] calldata statements, bytes calldata proof) external view;
        function verifyJoined(bytes32 root, uint256 count, bytes32 statementsRoot, bytes calldata proof) external view;
        function machineVersion() external view returns (uint256);
        function circuits() external view returns (bytes32);
        function lastCircuit() external view returns (bytes32);
    }

    interface IVerifiedStatements {
        function submit(Statement[] calldata statements, bytes calldata proof) external;
        function submitJoined(JoinedTree calldata tree, bytes32 statementsRoot, bytes calldata proof) external;
        function isJoined(JoinedTree calldata tree) external view returns (bool);
        function isVerifiedIn(
            JoinedTree calldata tree,
            Statement calldata statement,
            JoinedPlace calldata place
        ) external view returns (bool);
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

/// The call with which a verifier is asked for all statements of a tree, which has this root under Poseidon2.
pub fn verify_joined_call(tree: &JoinedTree, statements_root: B256, proof: &[u8]) -> Bytes {
    let JoinedTree { root, count } = *tree;
    let proof = Bytes::copy_from_slice(proof);
    IVerifier::verifyJoinedCall { root, count, statementsRoot: statements_root, proof }.abi_encode().into()
}

/// The call with which a registry is asked to verify a tree and to remember it.
pub fn submit_joined_call(tree: &JoinedTree, statements_root: B256, proof: &[u8]) -> Bytes {
    let proof = Bytes::copy_from_slice(proof);
    let call =
        IVerifiedStatements::submitJoinedCall { tree: tree.clone(), statementsRoot: statements_root, proof };
    call.abi_encode().into()
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

/// The call that asks a registry whether a tree was verified; the answer is the word 1 or 0.
pub fn is_joined_call(tree: &JoinedTree) -> Bytes {
    IVerifiedStatements::isJoinedCall { tree: tree.clone() }.abi_encode().into()
}

/// The call that asks a registry whether a tree was verified that has this statement at this place; the answer is the word 1
/// or 0.
pub fn is_verified_in_call(tree: &JoinedTree, statement: &Statement, place: &JoinedPlace) -> Bytes {
    let call = IVerifiedStatements::isVerifiedInCall {
        tree: tree.clone(),
        statement: statement.clone(),
        place: place.clone(),
    };
    call.abi_encode().into()
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
