//! Batches: what is proven and published of them (`specs/018-pubdata.md`, `specs/023-settlement.md`).

use super::world::{
    SENDER, WRITER, chain, chain_with, config, draft, operation, transaction, transfer, words,
};
use crate::{
    code::{MACHINE, Program},
    keys::{Draft, Key},
    world::{CHAIN_ID, MACHINES},
};
use alloy_consensus::{Header, TxType};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use ashlar_abi::{Accelerators, Reference};
use ashlar_primitives::rollup::{
    Deployment, L2Log, LogTree, OperationsHash, RollupConfig, RollupInputOwned, RollupOutput, Upgrade,
    batch_root,
};
use ashlar_pubdata::{AccountBefore, LogBody, Pubdata, StateReader};
use ashlar_stf::{
    BlockError, Error,
    rollup::{
        BatchBuilder, OverLimit, Resource, RollupBatch, base_fee, execute_rollup_batch, execute_rollup_input,
    },
};
use ashlar_witness::{GenesisAccount, MadeBatch, RollupChain};
use std::{collections::BTreeMap, convert::Infallible};

/// A batch with everything: three blocks, transactions of all kinds, messages, creations, a deletion.
fn rich(chain: &mut RollupChain) -> MadeBatch {
    // Not the code of another account, which would then not be missed in the witness.
    let code: Bytes = [&MACHINE[..], &[0]].concat().into();
    let upgrade = Upgrade {
        chain_id: CHAIN_ID,
        protocol_version: 1,
        to: Address::repeat_byte(0xc1),
        gas_limit: 1 << 22,
        deployments: vec![Deployment { address: Address::repeat_byte(0xc1), code }],
        data: Program::default().set(1, 5).bytes().to_vec().into(),
    };
    let sends = transaction(0, 0, SENDER).data(words(&[2, 7])).gas(1 << 20).sign(&Key::number(0));
    let writes = transaction(1, 0, WRITER).data(words(&[3, 0])).gas(1 << 20).sign(&Key::number(1));
    let clears = Program::default().set(1, 0).set(2, 0).set(3, 9).create2(5, 1);
    let clears = Draft::new(TxType::Eip1559, 1, TxKind::Call(MACHINES[2]))
        .data(clears.bytes().to_vec())
        .gas(4_000_000)
        .sign(&Key::number(0));
    let delegates = Draft::new(TxType::Eip7702, 2, TxKind::Call(Address::repeat_byte(0x77)))
        .authorize(&Key::number(3), MACHINES[0], 0)
        .sign(&Key::number(0));
    let mut fails = operation(8);
    fails.value = U256::MAX;
    chain
        .make(&[
            draft(1, vec![upgrade.encode().unwrap().into(), operation(7).encode().into(), sends]),
            draft(1, vec![writes, fails.encode().into()]),
            draft(3, vec![clears, delegates, transfer(1, 1)]),
        ])
        .expect("the blocks are valid")
}

fn run(input: &RollupInputOwned) -> Result<RollupBatch, Error> {
    let batch = execute_rollup_input(&input.borrow(), Reference::modmul256_assign)?;
    let bytes = input.borrow().encode().expect("the input is short");
    let output = execute_rollup_batch(&bytes, Reference::modmul256_assign)?;
    assert_eq!(output, batch.output);
    Ok(batch)
}

/// The state before, as a stranger has it.
struct Flat<'a>(&'a BTreeMap<Address, GenesisAccount>);

impl StateReader for Flat<'_> {
    type Error = Infallible;

    fn account(&mut self, address: &Address) -> Result<AccountBefore, Infallible> {
        let account = self.0.get(address).map(|account| AccountBefore {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: if account.code.is_empty() { KECCAK256_EMPTY } else { keccak256(&account.code) },
        });
        Ok(account.unwrap_or_default())
    }

    fn slot(&mut self, address: &Address, key: &U256) -> Result<U256, Infallible> {
        Ok(self.0.get(address).and_then(|account| account.storage.get(key)).copied().unwrap_or_default())
    }
}

/// The state after, made of the state before and the pubdata.
fn rebuild(
    before: &BTreeMap<Address, GenesisAccount>,
    pubdata: &Pubdata,
    output: &RollupOutput,
    history: bool,
) -> BTreeMap<Address, GenesisAccount> {
    let changes =
        pubdata.apply(&mut Flat(before), &output.commitment_before, history).expect("they belong together");
    let mut after = before.clone();
    for change in changes {
        if change.is_absent() {
            after.remove(&change.address);
            continue;
        }
        let account = after.entry(change.address).or_default();
        (account.nonce, account.balance) = (change.nonce, change.balance);
        if let Some(code) = change.code {
            account.code = code.bytes().clone();
        }
        for (key, value) in change.slots {
            match value.is_zero() {
                true => account.storage.remove(&key),
                false => account.storage.insert(key, value),
            };
        }
    }
    after
}

fn assert_same_state(a: &BTreeMap<Address, GenesisAccount>, b: &BTreeMap<Address, GenesisAccount>) {
    let root = |accounts: &BTreeMap<Address, GenesisAccount>| {
        RollupChain::new(config(), accounts.clone(), 0).unwrap().tip().header.state_root
    };
    assert_eq!(root(a), root(b));
}

#[test]
fn the_output_says_what_happened() {
    let mut chain = chain();
    let before = chain.tip().clone();
    let made = rich(&mut chain);
    let RollupBatch { output, logs, .. } = run(&made.input).unwrap();
    let results: Vec<_> = made.blocks.iter().flat_map(|block| &block.transactions).collect();
    let mut operations = OperationsHash::default();
    operations.push(&results[1].hash);
    operations.push(&results[4].hash);
    let message = |data: &Bytes| L2Log::message(2, SENDER, keccak256(data));
    let data = words(&[2, 7]);
    let expected = [
        L2Log::status(1, results[1].hash, true),
        message(&data),
        message(&data),
        L2Log::status(4, results[4].hash, false),
    ];
    assert_eq!(logs, expected);
    let tree = LogTree::new(expected.iter().map(L2Log::leaf).collect()).unwrap();
    assert_eq!(
        output,
        RollupOutput {
            chain_id: CHAIN_ID,
            config_hash: config().hash(),
            commitment_before: before.hash,
            commitment_after: chain.tip().hash,
            first_block: 1,
            last_block: 3,
            first_timestamp: before.header.timestamp + 1,
            last_timestamp: before.header.timestamp + 3,
            data_commitment: output.data_commitment,
            first_operation: 7,
            operations: 2,
            operations_hash: operations.get(),
            transactions: 5,
            upgrade_hash: results[0].hash,
            batch_root: batch_root(&tree.root()),
            logs: 4,
        }
    );
}

#[test]
fn a_stranger_rebuilds_state_header_and_logs() {
    for history in [true, false] {
        let config = RollupConfig { history, ..config() };
        let mut chain = chain_with(config);
        // Twice, so that the second starts from a state that has a history.
        for _ in 0..1 {
            let before = chain.accounts().clone();
            let made = rich(&mut chain);
            let batch = run(&made.input).unwrap();
            assert_eq!(batch.output.data_commitment, keccak256(keccak256(&batch.pubdata)));
            let pubdata = Pubdata::decode(&batch.pubdata).unwrap();
            let after = rebuild(&before, &pubdata, &batch.output, history);
            assert_same_state(&after, chain.accounts());
            let fee = base_fee(&config, pubdata.header.excess_gas);
            let commitment = batch.output.commitment_after;
            let header = pubdata.header.verify(config.block_gas_limit, fee, commitment).unwrap();
            assert_eq!(header, chain.tip().header);
            let hashes: Vec<_> = made.blocks[..2].iter().map(|block| block.header.hash).collect();
            assert_eq!(pubdata.hashes, hashes);
            let leaves = pubdata.logs.iter().map(|log| match &log.body {
                LogBody::Status { success, operation } => {
                    L2Log::status(log.transaction, *operation, *success).leaf()
                }
                LogBody::Message { sender, message } => {
                    L2Log::message(log.transaction, *sender, keccak256(message)).leaf()
                }
            });
            let root = LogTree::new(leaves.collect()).unwrap().root();
            assert_eq!(batch_root(&root), batch.output.batch_root);
        }
    }
}

#[test]
fn the_bounds_of_the_transactions_cover_the_pubdata() {
    let made = rich(&mut chain());
    let batch = run(&made.input).unwrap();
    let results = made.blocks.iter().flat_map(|block| &block.transactions);
    let bound: u64 = results.map(|result| result.usage.pubdata).sum();
    // Hashes of the blocks but the last, and what no transaction is counted for.
    assert!(batch.pubdata.len() as u64 <= bound + 2 * 32 + 512, "{} {bound}", batch.pubdata.len());
}

#[test]
fn state_that_returns_to_what_it_was_is_not_published() {
    let mut chain = chain();
    let set = |nonce, value: u8| {
        let program = Program::default().set(200, value);
        Draft::new(TxType::Eip1559, nonce, TxKind::Call(MACHINES[0]))
            .data(program.bytes().to_vec())
            .sign(&Key::number(0))
    };
    let made = chain.make(&[draft(1, vec![set(0, 99)]), draft(2, vec![set(1, 0)])]).unwrap();
    let pubdata = Pubdata::decode(&run(&made.input).unwrap().pubdata).unwrap();
    assert!(pubdata.accounts.iter().all(|account| account.address != MACHINES[0]));
}

#[test]
fn blobs_are_evaluated() {
    let made = rich(&mut chain());
    let calldata = run(&made.input).unwrap();
    let mut input = made.input.clone();
    input.versioned_hashes = vec![B256::repeat_byte(1)];
    let blobs = run(&input).unwrap();
    assert_ne!(blobs.output.data_commitment, calldata.output.data_commitment);
    assert_eq!(
        blobs.output.data_commitment,
        ashlar_pubdata::commitment(&calldata.pubdata, &input.versioned_hashes, Reference::modmul256_assign)
            .unwrap()
    );
    input.versioned_hashes.push(B256::repeat_byte(2));
    assert!(matches!(run(&input), Err(Error::Availability(_))), "one blob too many");
}

#[test]
fn operations_have_consecutive_ids() {
    for (ids, good) in
        [([3, 4], true), ([3, 5], false), ([3, 3], false), ([4, 3], false), ([u64::MAX, 0], false)]
    {
        let made = chain()
            .make(&ids.map(|id| draft(1, vec![operation(id).encode().into()])))
            .expect("blocks do not look at ids");
        match run(&made.input) {
            Ok(batch) => assert!(good && batch.output.first_operation == ids[0]),
            Err(error) => assert_eq!(
                (good, error),
                (false, Error::Block { number: 2, reason: BlockError::OperationOrder(ids[1]) })
            ),
        }
    }
}

#[test]
fn an_upgrade_is_the_first_transaction_of_its_batch() {
    let upgrade = |version| Upgrade {
        chain_id: CHAIN_ID,
        protocol_version: version,
        to: MACHINES[0],
        gas_limit: 1 << 20,
        deployments: Vec::new(),
        data: Bytes::new(),
    };
    let upgrade: Bytes = upgrade(1).encode().unwrap().into();
    let second = chain().make(&[draft(1, vec![transfer(0, 0), upgrade.clone()])]).unwrap();
    let later = chain().make(&[draft(1, vec![transfer(0, 0)]), draft(1, vec![upgrade.clone()])]).unwrap();
    for (made, number) in [(second, 1), (later, 2)] {
        let refused = run(&made.input).unwrap_err();
        assert_eq!(refused, Error::Block { number, reason: BlockError::Upgrade });
    }
    let first = chain().make(&[draft(1, vec![upgrade.clone(), transfer(0, 0)])]).unwrap();
    assert_eq!(run(&first.input).unwrap().output.upgrade_hash, keccak256(&upgrade));
}

#[test]
fn limits_of_a_batch_hold() {
    let made = rich(&mut chain());
    let batch = run(&made.input).unwrap();
    let (cost, pubdata) = (batch.cost, batch.pubdata.len() as u64);
    let limited = |config: RollupConfig| {
        let mut builder = BatchBuilder::new(&config);
        for block in &made.blocks {
            builder.add(block.clone())?;
        }
        builder.finish(&[], Reference::modmul256_assign).map(|_| ())
    };
    let cases = [
        (RollupConfig { batch_cost_limit: cost - 1, ..config() }, Resource::ProvingCost, cost),
        (RollupConfig { batch_pubdata_limit: pubdata - 1, ..config() }, Resource::Pubdata, pubdata),
        (RollupConfig { batch_logs_limit: 3, ..config() }, Resource::Logs, 4),
    ];
    for (config, resource, used) in cases {
        assert_eq!(limited(config), Err(Error::OverLimit(OverLimit { resource, used, limit: used - 1 })));
    }
    let fits = RollupConfig {
        batch_cost_limit: cost,
        batch_pubdata_limit: pubdata,
        batch_logs_limit: 4,
        ..config()
    };
    assert_eq!(limited(fits), Ok(()));
}

#[test]
fn a_batch_has_a_block_and_a_parent() {
    let made = rich(&mut chain());
    let mut input = made.input.clone();
    input.blocks.clear();
    assert_eq!(run(&input).unwrap_err(), Error::NoBlock);
    let mut input = made.input.clone();
    input.parent = Bytes::new();
    assert_eq!(run(&input).unwrap_err(), Error::AncestorRlp(0));
    // Another parent is another state.
    let mut input = made.input;
    let mut parent = Header::decode(&mut input.parent.as_ref()).unwrap();
    parent.state_root = B256::repeat_byte(1);
    input.parent = alloy_rlp::encode(&parent).into();
    assert!(matches!(run(&input), Err(Error::Block { number: 1, reason: BlockError::State(_) })));
}

#[test]
fn what_the_witness_lacks_is_an_error() {
    let made = rich(&mut chain());
    for node in 0..made.input.state.len() {
        let mut input = made.input.clone();
        input.state.remove(node);
        assert!(run(&input).is_err(), "node {node}");
    }
    for code in 0..made.input.codes.len() {
        let mut input = made.input.clone();
        input.codes.remove(code);
        assert!(run(&input).is_err(), "code {code}");
    }
}

#[test]
fn bytes_that_were_changed_are_refused_or_say_something_else() {
    let made = rich(&mut chain());
    let bytes = made.input.borrow().encode().unwrap();
    let output = execute_rollup_batch(&bytes, Reference::modmul256_assign).unwrap();
    for at in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        // Other limits, another time, another parent: another statement.
        if let Ok(other) = execute_rollup_batch(&changed, Reference::modmul256_assign) {
            let says = |output: &RollupOutput| (output.config_hash, output.commitment_after);
            assert_ne!(says(&other), says(&output), "byte {at}");
        }
    }
}
