//! What is deployed is what the artifacts say, and answers to the calls that clients make.

use alloy_primitives::{Address, B256, Bytes, U256, address, b256};
use ashlar_contracts::{
    Artifact, Contract, DeploymentKey, Statement, VerifierCode, View, address_in, is_verified_call,
    submit_call, verifier_call, verify_call,
};
use ashlar_verifier::MACHINE_VERSION;
use revm::context::TxEnv;
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::{TxKind, hardfork::SpecId};
use revm::state::AccountInfo;
use revm::{Context, DatabaseRef, ExecuteCommitEvm, MainBuilder, MainContext};

const SENDER: Address = address!("00000000000000000000000000000000000000aa");

/// An Ethereum with one account.
struct Chain {
    database: CacheDB<EmptyDB>,
    nonce: u64,
}

impl Chain {
    fn new() -> Self {
        let mut database = CacheDB::new(EmptyDB::default());
        database.insert_account_info(SENDER, AccountInfo::default().with_balance(U256::MAX));
        Self { database, nonce: 0 }
    }

    fn send(&mut self, kind: TxKind, data: Bytes) -> ExecutionResult {
        let transaction = TxEnv::builder().caller(SENDER).kind(kind).gas_limit(1 << 24).data(data);
        let transaction = transaction.nonce(self.nonce).build().expect("a transaction");
        self.nonce += 1;
        let evm = Context::mainnet().with_db(&mut self.database);
        let evm = evm.modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA));
        evm.build_mainnet().transact_commit(transaction).expect("no error of the machine")
    }

    fn deploy(&mut self, code: Bytes) -> Address {
        match self.send(TxKind::Create, code) {
            ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } => address,
            other => panic!("{other:?}"),
        }
    }

    /// What a call returns, or reverts with.
    fn call(&mut self, to: Address, data: Bytes) -> Result<Bytes, Bytes> {
        match self.send(TxKind::Call(to), data) {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(output),
            other => panic!("{other:?}"),
        }
    }

    fn word(&mut self, to: Address, data: Bytes) -> B256 {
        B256::from_slice(&self.call(to, data).expect("an answer"))
    }

    fn code(&self, address: Address) -> Bytes {
        let account = self.database.basic_ref(address).expect("a database").expect("an account");
        account.code.expect("code").original_bytes()
    }

    /// The verifier and the registry.
    fn deployed() -> (Self, Address, Address) {
        let mut chain = Self::new();
        let verifier = chain.deploy(Artifact::load(Contract::FinalVerifier).expect("an artifact").bytecode);
        let registry = Artifact::load(Contract::VerifiedStatements).expect("an artifact");
        let registry = chain.deploy(registry.creation_with(verifier));
        (chain, verifier, registry)
    }
}

fn statement(number: u8) -> Statement {
    Statement { programKey: B256::with_last_byte(number), publicOutput: B256::repeat_byte(number) }
}

#[test]
fn deployed_code_is_what_is_expected() {
    let (chain, verifier, registry) = Chain::deployed();
    let expected = VerifierCode::expected(verifier).expect("code");
    assert_eq!(chain.code(verifier), expected.verifier);
    assert_eq!(chain.code(expected.program_address), expected.program);
    let artifact = Artifact::load(Contract::VerifiedStatements).expect("an artifact");
    assert_eq!(chain.code(registry), artifact.deployed(verifier));
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
    let (mut chain, verifier, registry) = Chain::deployed();
    let [circuits, last] = DeploymentKey::current().expect("a key").words();
    assert_eq!(chain.word(verifier, View::Circuits.call()), circuits);
    assert_eq!(chain.word(verifier, View::LastCircuit.call()), last);
    let version = chain.word(verifier, View::MachineVersion.call());
    assert_eq!(U256::from_be_bytes(version.0), U256::from(MACHINE_VERSION));
    assert_eq!(address_in(chain.word(registry, verifier_call())), Some(verifier));
    assert_eq!(chain.word(registry, is_verified_call(&statement(1))), B256::ZERO);
}

#[test]
fn calls_reach_the_proof() {
    let (mut chain, verifier, registry) = Chain::deployed();
    let artifact = Artifact::load(Contract::FinalVerifier).expect("an artifact");
    let statements = [statement(1), statement(2)];
    for calldata in [verify_call(&statements[..1], &[7; 100]), verify_call(&statements, &[7; 33])] {
        let reverted = chain.call(verifier, calldata).expect_err("no proof");
        assert!(artifact.error(&reverted).is_some_and(|error| error.starts_with("Proof")));
    }
    let reverted = chain.call(registry, submit_call(&statements, &[7; 64])).expect_err("no proof");
    assert!(artifact.error(&reverted).is_some_and(|error| error.starts_with("Proof")));
    let reverted = chain.call(verifier, verify_call(&[], &[])).expect_err("no statement");
    assert_eq!(artifact.error(&reverted).as_deref(), Some("StatementCount(uint256)"));
    assert_eq!(artifact.error(&[]), None);
    assert_eq!(artifact.error(&[1, 2, 3, 4]), None);
}

#[test]
fn a_word_with_more_than_an_address_is_none() {
    let word = b256!("0000000000000000000000010000000000000000000000000000000000000001");
    assert_eq!(address_in(word), None);
    assert_eq!(address_in(SENDER.into_word()), Some(SENDER));
}
