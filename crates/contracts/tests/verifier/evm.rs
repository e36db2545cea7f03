//! A contract in an EVM of its own.

use std::sync::OnceLock;

use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolError, sol};
use ashlar_contracts::ContractShape;
use ashlar_machine::Val;
use ashlar_verifier::last::{FinalKey, LastTable, RefusedFinal, Tree, Word};
use p3_field::PrimeField32;
use revm::context::TxEnv;
use revm::context_interface::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::{TxKind, hardfork::SpecId};
use revm::state::{AccountInfo, Bytecode, EvmState};
use revm::{Context, DatabaseCommit, DatabaseRef, ExecuteEvm, MainBuilder, MainContext};

sol! {
    struct Shape {
        uint256 logRows;
        uint256 logBlowup;
        uint256 mainWidth;
        uint256 quotientWidth;
        uint256 fixedWidth;
        uint256 auxWidth;
        uint256 rounds;
        uint256 roundCount;
        uint256 finalCoefficients;
        uint256 queries;
        uint256 lookupGrinding;
        uint256 pointGrinding;
        uint256 batchGrinding;
        uint256 foldGrinding;
        uint256 queryGrinding;
        bytes32 fixedRoot;
        bytes batchSeed;
        bytes openingsSeed;
        bytes foldingSeed;
        uint256 wordBus;
        uint256 messageWidth;
        uint256 logPeriod;
        bytes program;
    }

    function verify(Shape calldata shape, bytes calldata words, bytes calldata proof) external pure;

    error ProofLength();
    error ProofNotCanonical();
    error ProofNonce(uint256 place);
    error ProofDenominator();
    error ProofMessages();
    error ProofPointInDomain();
    error ProofQuotient();
    error ProofPointOnQuery();
    error ProofFinalPolynomial();
    error ProofTwoRows(uint256 tree);
    error ProofRoot(uint256 tree);
}

pub(crate) const CALLER: Address = address!("00000000000000000000000000000000000000aa");
const CONTRACT: Address = address!("00000000000000000000000000000000000000bb");
/// The most that a transaction may use since Osaka.
const GAS_MAX: u64 = 1 << 24;
/// Names a folder of other artifacts than the tree's: those of contracts with a change that the tests are to notice. They
/// are compiled without the optimizer, which takes a third of the time; so they need more room and more gas.
const ARTIFACTS: &str = "ASHLAR_ARTIFACTS";

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Accepted, with this much gas for all but the calldata.
    Accepted { gas: u64 },
    /// Reverted with this data.
    Reverted(Bytes),
    /// Stopped by the machine.
    Halted(String),
}

impl Verdict {
    /// What a call that was not accepted reverted with.
    pub(crate) fn reverted(&self) -> Option<&Bytes> {
        match self {
            Self::Reverted(data) => Some(data),
            _ => None,
        }
    }
}

/// A chain with one contract on it.
pub(crate) struct Chain {
    database: CacheDB<EmptyDB>,
    contract: Address,
}

impl Chain {
    /// With the runtime code of a contract that has no constructor.
    pub(crate) fn with_code(contract: &str) -> Self {
        let mut database = database();
        let account = AccountInfo::default().with_code(Bytecode::new_raw(code(contract, "deployedBytecode")));
        database.insert_account_info(CONTRACT, account);
        Self { database, contract: CONTRACT }
    }

    /// With a contract that a transaction has created.
    pub(crate) fn deployed(contract: &str) -> Self {
        let mut chain = Self::empty();
        chain.deploy(contract, &[]);
        chain
    }

    /// Without a contract.
    pub(crate) fn empty() -> Self {
        Self { database: database(), contract: Address::ZERO }
    }

    /// Creates one more contract, which calls go to from now on. Returns the address of the one before.
    pub(crate) fn deploy(&mut self, contract: &str, arguments: &[u8]) -> Address {
        let before = self.contract;
        self.create([&code(contract, "bytecode"), arguments].concat());
        before
    }

    /// Creates a contract of this code and arguments, which calls go to from now on. Returns its address.
    pub(crate) fn create(&mut self, code: Vec<u8>) -> Address {
        let (result, state) = self.transact(TxKind::Create, code);
        let ExecutionResult::Success { output: Output::Create(_, Some(address)), .. } = result else {
            panic!("nothing is deployed: {result:?}");
        };
        self.database.commit(state);
        self.contract = address;
        address
    }

    /// The code at an address.
    pub(crate) fn code_at(&self, address: Address) -> Bytes {
        let account = self.database.basic_ref(address).expect("a database").expect("an account");
        account.code.expect("code").original_bytes()
    }

    /// Lets calls go to another contract.
    pub(crate) const fn turn_to(&mut self, contract: Address) {
        self.contract = contract;
    }

    /// The contract that calls go to.
    pub(crate) const fn contract(&self) -> Address {
        self.contract
    }

    /// A call that stays on the chain.
    pub(crate) fn execute(&mut self, input: Vec<u8>) -> ExecutionResult {
        let (result, state) = self.transact(TxKind::Call(self.contract), input);
        self.database.commit(state);
        result
    }

    /// A call, after which the chain is as before.
    pub(crate) fn call(&self, input: Vec<u8>) -> Verdict {
        self.measure(input).0
    }

    /// The same, with all gas of the transaction.
    fn measure(&self, input: Vec<u8>) -> (Verdict, u64) {
        let zeros = input.iter().filter(|byte| **byte == 0).count() as u64;
        let calldata = 21_000 + 4 * zeros + 16 * (input.len() as u64 - zeros);
        let (result, _) = self.transact(TxKind::Call(self.contract), input);
        let used = result.tx_gas_used();
        let verdict = match result {
            ExecutionResult::Success { .. } => Verdict::Accepted { gas: used.saturating_sub(calldata) },
            ExecutionResult::Revert { output, .. } => Verdict::Reverted(output),
            ExecutionResult::Halt { reason, .. } => Verdict::Halted(format!("{reason:?}")),
        };
        (verdict, used)
    }

    fn transact(&self, kind: TxKind, input: Vec<u8>) -> (ExecutionResult, EvmState) {
        let unlimited = std::env::var_os(ARTIFACTS).is_some();
        let gas_max = if unlimited { 1 << 28 } else { GAS_MAX };
        let mut evm = Context::mainnet()
            .with_db(self.database.clone())
            .modify_cfg_chained(|cfg| {
                cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
                cfg.disable_nonce_check = true;
                if unlimited {
                    cfg.tx_gas_limit_cap = Some(gas_max);
                    cfg.limit_contract_code_size = Some(usize::MAX);
                    cfg.limit_contract_initcode_size = Some(usize::MAX);
                }
            })
            .build_mainnet();
        evm.ctx.block.gas_limit = gas_max.max(evm.ctx.block.gas_limit);
        let transaction = TxEnv::builder().caller(CALLER).kind(kind).gas_limit(gas_max).data(input.into());
        let result = evm.transact(transaction.build().expect("a transaction"));
        let result = result.expect("no error of the machine");
        (result.result, result.state)
    }
}

fn database() -> CacheDB<EmptyDB> {
    let mut database = CacheDB::new(EmptyDB::default());
    database.insert_account_info(CALLER, AccountInfo::default().with_balance(U256::MAX));
    database
}

/// Code of a compiled contract of the tree.
fn code(contract: &str, name: &str) -> Bytes {
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/artifacts");
    let folder = std::env::var(ARTIFACTS).unwrap_or_else(|_| tree.to_owned());
    let artifact = std::fs::read(format!("{folder}/{contract}.json")).expect("an artifact");
    let artifact: serde_json::Value = serde_json::from_slice(&artifact).expect("an artifact");
    let code = artifact[name].as_str().expect("code");
    hex::decode(code.trim_start_matches("0x")).expect("hexadecimal").into()
}

/// What the contract says of a proof with a key of any table.
pub(crate) fn verify<A: LastTable>(key: &FinalKey<A>, words: &[Word], proof: &[u8]) -> Verdict {
    measure(encode_call(key, words, proof)).0
}

/// The call of the contract that takes any table.
pub(crate) fn encode_call<A: LastTable>(key: &FinalKey<A>, words: &[Word], proof: &[u8]) -> Vec<u8> {
    let shape = ContractShape::new(key).expect("a shape");
    let call = verifyCall {
        shape: abi_shape(&shape),
        words: word_bytes(words).into(),
        proof: proof.to_vec().into(),
    };
    call.abi_encode()
}

/// What that contract says of a call, and all gas of the transaction.
pub(crate) fn measure(input: Vec<u8>) -> (Verdict, u64) {
    static HARNESS: OnceLock<Chain> = OnceLock::new();
    HARNESS.get_or_init(|| Chain::with_code("Harness")).measure(input)
}

pub(crate) fn word_bytes(words: &[Word]) -> Vec<u8> {
    words.iter().flatten().flat_map(|element: &Val| element.as_canonical_u32().to_be_bytes()).collect()
}

fn abi_shape(shape: &ContractShape) -> Shape {
    let number = |number: usize| U256::from(number);
    let [lookup, point, batch, fold, query] = shape.grinding.map(number);
    let [batch_seed, openings_seed, folding_seed] = shape.seeds.clone().map(Bytes::from);
    let mut root = [0; 32];
    root[..26].copy_from_slice(&shape.fixed_root);
    Shape {
        logRows: number(shape.log_rows),
        logBlowup: number(shape.log_blowup),
        mainWidth: number(shape.main_width),
        quotientWidth: number(shape.quotient_width),
        fixedWidth: number(shape.fixed_width),
        auxWidth: number(shape.aux_width),
        rounds: U256::from_be_bytes(shape.packed_rounds()),
        roundCount: number(shape.rounds.len()),
        finalCoefficients: number(shape.final_coefficients),
        queries: number(shape.queries),
        lookupGrinding: lookup,
        pointGrinding: point,
        batchGrinding: batch,
        foldGrinding: fold,
        queryGrinding: query,
        fixedRoot: root.into(),
        batchSeed: batch_seed,
        openingsSeed: openings_seed,
        foldingSeed: folding_seed,
        wordBus: number(shape.word_bus),
        messageWidth: number(shape.message_width),
        logPeriod: number(shape.log_period),
        program: shape.program.clone().into(),
    }
}

/// The error that the contract reverts with where the native verifier refuses like this. Cut off and followed by bytes is
/// the same to it.
pub(crate) fn revert(error: &RefusedFinal, trees_before: impl Fn(Tree) -> usize) -> Vec<u8> {
    use ashlar_verifier::last::Nonce;
    let place = |place: usize| U256::from(place);
    match error {
        RefusedFinal::Words { .. } => Vec::new(),
        RefusedFinal::Truncated | RefusedFinal::TrailingBytes { .. } => ProofLength {}.abi_encode(),
        RefusedFinal::NotCanonical => ProofNotCanonical {}.abi_encode(),
        RefusedFinal::Nonce(nonce) => {
            let at = match nonce {
                Nonce::Messages => 0,
                Nonce::Point => 1,
                Nonce::Batch => 2,
                Nonce::Queries => 3,
                Nonce::Round(round) => 4 + round,
            };
            ProofNonce { place: place(at) }.abi_encode()
        }
        RefusedFinal::Denominator => ProofDenominator {}.abi_encode(),
        RefusedFinal::Messages => ProofMessages {}.abi_encode(),
        RefusedFinal::PointInDomain => ProofPointInDomain {}.abi_encode(),
        RefusedFinal::Quotient => ProofQuotient {}.abi_encode(),
        RefusedFinal::PointOnQuery => ProofPointOnQuery {}.abi_encode(),
        RefusedFinal::FinalPolynomial => ProofFinalPolynomial {}.abi_encode(),
        RefusedFinal::TwoRows(tree) => ProofTwoRows { tree: place(trees_before(*tree)) }.abi_encode(),
        RefusedFinal::Root(tree) => ProofRoot { tree: place(trees_before(*tree)) }.abi_encode(),
    }
}

/// The number of a tree: those of rows, then the rounds.
pub(crate) fn tree_number(tree: Tree) -> usize {
    match tree {
        Tree::Main => 0,
        Tree::Quotient => 1,
        Tree::Fixed => 2,
        Tree::Auxiliary => 3,
        Tree::Round(round) => 4 + round,
    }
}
