//! A small chain with every kind of account, and blocks that use every kind of transaction.

use crate::{
    code::{MACHINE, Program, created2, logger, machine_init},
    keys::{Draft, Key, blob},
};
use alloy_consensus::{Header, TxType};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip4895::Withdrawal,
};
use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_PREDEPLOY_CODE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_CODE},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256};
use alloy_rlp::Decodable;
use ashlar_primitives::{
    BatchInput, BatchInputOwned, BlobEntry, BlockInputOwned, ChainConfig, Fork, NEVER, PublicOutput,
};
use ashlar_stf::{BlockError, Error, execute_batch};
use ashlar_witness::{Chain, GenesisAccount, MadeBlock};
use std::{collections::BTreeMap, sync::LazyLock};

pub(crate) const CHAIN_ID: u64 = 1337;
pub(crate) const GENESIS_NUMBER: u64 = 0;
pub(crate) const GENESIS_TIME: u64 = 100_000;
pub(crate) const BENEFICIARY: Address = address!("00000000000000000000000000000000000000fe");
pub(crate) const DEPOSIT_CONTRACT: Address = address!("00000000000000000000000000000000000000de");
pub(crate) const DEPOSIT_TOPIC: B256 =
    b256!("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

/// Contracts that run [`MACHINE`], with some storage.
pub(crate) const MACHINES: [Address; 3] = [
    address!("00000000000000000000000000000000000000a1"),
    address!("00000000000000000000000000000000000000a2"),
    address!("00000000000000000000000000000000000000a3"),
];

/// Keys below this number have ether at genesis.
pub(crate) const FUNDED: u8 = 6;

/// A configuration whose forks are this many seconds after the genesis block; `None` is never.
pub(crate) fn config(prague: Option<u64>, osaka: Option<u64>) -> ChainConfig {
    let at = |offset: Option<u64>| offset.map_or(NEVER, |offset| GENESIS_TIME + offset);
    let mut blob_schedule = vec![BlobEntry { activation: 0, target: 3, max: 6, update_fraction: 3_338_477 }];
    if at(prague) != NEVER {
        let activation = at(prague);
        blob_schedule.push(BlobEntry { activation, target: 6, max: 9, update_fraction: 5_007_716 });
    }
    ChainConfig {
        chain_id: CHAIN_ID,
        cancun: 0,
        prague: at(prague),
        osaka: at(osaka),
        deposit_contract: DEPOSIT_CONTRACT,
        blob_schedule,
    }
}

/// A configuration that has `fork` from genesis on.
pub(crate) fn config_of(fork: Fork) -> ChainConfig {
    match fork {
        Fork::Cancun => config(None, None),
        Fork::Prague => config(Some(0), None),
        Fork::Osaka => config(Some(0), Some(0)),
    }
}

pub(crate) fn genesis_header() -> Header {
    Header {
        number: GENESIS_NUMBER,
        timestamp: GENESIS_TIME,
        gas_limit: 30_000_000,
        gas_used: 15_000_000,
        base_fee_per_gas: Some(1_000_000_000),
        withdrawals_root: Some(alloy_trie::EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        ..Header::default()
    }
}

pub(crate) fn genesis_accounts() -> BTreeMap<Address, GenesisAccount> {
    let contract = |code: &Bytes| GenesisAccount { nonce: 1, code: code.clone(), ..Default::default() };
    let mut accounts = BTreeMap::from([
        (BEACON_ROOTS_ADDRESS, contract(&BEACON_ROOTS_CODE)),
        (HISTORY_STORAGE_ADDRESS, contract(&HISTORY_STORAGE_CODE)),
        (WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, contract(&WITHDRAWAL_REQUEST_PREDEPLOY_CODE)),
        (CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, contract(&CONSOLIDATION_REQUEST_PREDEPLOY_CODE)),
        (DEPOSIT_CONTRACT, contract(&logger(DEPOSIT_TOPIC))),
    ]);
    for (index, machine) in (0u8..).zip(MACHINES) {
        let mut account = contract(&MACHINE);
        account.balance = U256::from(1_000_000);
        // The third one's trie is small enough that its root's children stand in the root.
        account.storage = (1..[20, 40, 2][usize::from(index)])
            .map(|slot| (U256::from(slot), U256::from_be_bytes([slot as u8; 32])))
            .collect();
        accounts.insert(machine, account);
    }
    for number in 0..FUNDED {
        let balance = U256::from(10).pow(U256::from(20));
        accounts.insert(Key::number(number).address(), GenesisAccount { balance, ..Default::default() });
    }
    for number in 0..20 {
        let account = GenesisAccount { balance: U256::from(1), ..Default::default() };
        accounts.insert(Address::repeat_byte(0xe0 + number), account);
    }
    accounts
}

pub(crate) fn chain(config: ChainConfig) -> Chain {
    Chain::new(config, genesis_accounts(), genesis_header()).expect("the genesis state has a trie")
}

/// What a block's maker chooses, `seconds` after genesis.
pub(crate) fn draft(seconds: u64) -> Header {
    Header {
        beneficiary: BENEFICIARY,
        gas_limit: 30_000_000,
        timestamp: GENESIS_TIME + seconds,
        mix_hash: B256::repeat_byte(0x42),
        parent_beacon_block_root: Some(B256::repeat_byte(0xbe)),
        ..Header::default()
    }
}

pub(crate) fn withdrawal(index: u64, address: Address, gwei: u64) -> Bytes {
    alloy_rlp::encode(Withdrawal { index, validator_index: 9, address, amount: gwei }).into()
}

/// Data of a deposit log as the deposit contract makes it, with these bytes as its fields.
pub(crate) fn deposit_data(byte: u8) -> Vec<u8> {
    let mut data = Vec::new();
    for offset in [160u64, 256, 320, 384, 512] {
        data.extend(U256::from(offset).to_be_bytes::<32>());
    }
    for size in [48usize, 32, 8, 96, 8] {
        data.extend(U256::from(size).to_be_bytes::<32>());
        let mut field = vec![byte; size];
        field.resize(size.next_multiple_of(32), 0);
        data.extend(field);
    }
    data
}

/// Every kind of transaction that the fork has, by keys 0 to 4, each of which sent `sent` before.
pub(crate) fn rich_transactions(fork: Fork, sent: u64) -> Vec<Bytes> {
    let to = |address| TxKind::Call(address);
    let [first, second, third] = MACHINES;
    // Another one each time: creating over an account takes all gas.
    let salt = 1 + sent as u8;
    let busy = Program::default()
        .set(1, 0)
        .set(2, 0)
        .fill(200, 9)
        .set(201, 1)
        .copy(3, 202)
        .log(5, b"a log")
        .create2(salt, 3)
        .call(created2(first, salt), 1, Program::default().set(1, 1).set(7, 0).log(6, &[]).bytes())
        .call(second, 0, Program::default().set(4, 0).revert().bytes())
        .delegate(third, Program::default().set(9, 9).bytes())
        .environment(203)
        .balance(Address::repeat_byte(0xe3), 204)
        .codehash(second, 205);
    let busy = busy.blockhash(1, 206).blockhash(2, 207);
    let access = AccessList(vec![AccessListItem {
        address: second,
        storage_keys: vec![B256::with_last_byte(1), B256::with_last_byte(99)],
    }]);
    let mut drafts = vec![
        (0, Draft::new(TxType::Legacy, sent, to(Address::repeat_byte(0xe1))).value(12_345)),
        (0, Draft::new(TxType::Eip1559, sent + 1, to(first)).data(busy).gas(4_000_000)),
        (1, Draft::new(TxType::Legacy, sent, TxKind::Create).data(machine_init()).gas(1_000_000)),
        (
            1,
            Draft {
                access,
                ..Draft::new(TxType::Eip2930, sent + 1, to(second))
                    .data(Program::default().set(1, 0).set(3, 7))
                    .gas(200_000)
            },
        ),
        (2, Draft::new(TxType::Eip4844, sent, to(Address::repeat_byte(0xaa))).value(1)),
        (2, Draft::new(TxType::Eip1559, sent + 1, to(third)).data(Program::default().set(1, 0)).gas(90_000)),
    ];
    if fork >= Fork::Prague {
        let delegation = Draft::new(TxType::Eip7702, sent, to(Key::number(8).address()))
            .authorize(&Key::number(8), first, 0)
            .authorize(&Key::number(9), second, 77)
            .data(Program::default().fill(1, 3).set(2, 2))
            .gas(500_000);
        let mut forged = Draft::new(TxType::Eip7702, sent + 1, to(Address::repeat_byte(0xe2)));
        let mut signed = Key::number(9).authorize(first, 0).strip_signature();
        signed.nonce = 5;
        forged.authorizations.push((signed.into_signed(bad_signature()), None));
        drafts.push((3, delegation));
        drafts.push((3, forged));
        drafts.push((
            4,
            Draft::new(TxType::Legacy, sent, to(DEPOSIT_CONTRACT)).data(deposit_data(0xdd)).gas(200_000),
        ));
        let fee = |address| Draft::new(TxType::Eip1559, sent, to(address)).value(1).gas(200_000);
        let (exit, join) = (vec![0xee; 56], vec![0xcc; 96]);
        drafts.push((4, Draft { nonce: sent + 1, ..fee(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS).data(exit) }));
        drafts
            .push((4, Draft { nonce: sent + 2, ..fee(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS).data(join) }));
    }
    drafts.into_iter().map(|(key, draft)| draft.sign(&Key::number(key))).collect()
}

/// A signature that belongs to no key.
pub(crate) fn bad_signature() -> alloy_primitives::Signature {
    alloy_primitives::Signature::new(U256::ZERO, U256::from(1), false)
}

pub(crate) fn rich_withdrawals() -> Vec<Bytes> {
    vec![
        withdrawal(1, Address::repeat_byte(0xe4), 7),
        withdrawal(2, Address::repeat_byte(0xab), 0),
        withdrawal(3, Address::repeat_byte(0xac), 1),
        withdrawal(4, MACHINES[0], u64::MAX),
    ]
}

/// The block after genesis with everything in it.
fn make_rich(fork: Fork) -> MadeBlock {
    let mut chain = chain(config_of(fork));
    chain.make(draft(12), rich_transactions(fork, 0), rich_withdrawals()).expect("the block is valid")
}

static RICH: LazyLock<[MadeBlock; 3]> =
    LazyLock::new(|| [Fork::Cancun, Fork::Prague, Fork::Osaka].map(make_rich));

/// The block after genesis with everything in it, and all nodes of the state.
pub(crate) fn rich(fork: Fork) -> &'static MadeBlock {
    &RICH[fork as usize]
}

/// Five blocks over one witness: Cancun, an empty one, Prague, an empty one, Osaka. All nodes and codes of the state before.
pub(crate) static BATCH: LazyLock<BatchInputOwned> = LazyLock::new(|| {
    let mut chain = chain(config(Some(30), Some(50)));
    let mut made = |draft, transactions, withdrawals| {
        let made = chain.make(draft, transactions, withdrawals).expect("the block is valid");
        let failed = made.outcome.receipts.iter().find(|receipt| !receipt.is_success());
        assert_eq!(failed, None, "all transactions do what they are there for");
        made.input
    };
    let mut batch = made(draft(12), rich_transactions(Fork::Cancun, 0), rich_withdrawals());
    // Keys 3 and 4 send in Prague and later only, so blocks of Cancun leave their nonces at 0.
    let prague = rich_transactions(Fork::Prague, 0);
    let prague: Vec<_> = prague[prague.len() - 5..].to_vec();
    let rest = vec![
        made(draft(24), Vec::new(), Vec::new()),
        made(draft(36), prague, Vec::new()),
        made(draft(48), Vec::new(), rich_withdrawals()),
        made(draft(60), rich_transactions(Fork::Cancun, 2), rich_withdrawals()),
    ];
    batch.blocks.extend(rest.into_iter().flat_map(|input| input.blocks));
    batch
});

/// [`BATCH`] with the nodes and codes that it reads, and no others.
pub(crate) static PRUNED: LazyLock<BatchInputOwned> = LazyLock::new(|| {
    let mut pruned = ashlar_witness::prune(BATCH.clone()).expect("the batch is valid");
    // Accounts with the same code brought it along once each.
    pruned.codes.sort();
    pruned.codes.dedup();
    pruned
});

pub(crate) fn run(input: &BatchInputOwned) -> Result<PublicOutput, Error> {
    run_borrowed(&input.borrow())
}

pub(crate) fn run_borrowed(input: &BatchInput<'_>) -> Result<PublicOutput, Error> {
    execute_batch(&input.encode().expect("it is small"))
}

/// The reason why the batch's only wrong block is refused.
pub(crate) fn refusal(input: &BatchInputOwned) -> BlockError {
    match run(input) {
        Err(Error::Block { reason, .. }) => reason,
        other => panic!("not refused for a block: {other:?}"),
    }
}

/// Changes a block's header and nothing else.
pub(crate) fn change_header(block: &mut BlockInputOwned, change: impl FnOnce(&mut Header)) {
    let mut header = Header::decode(&mut block.header.as_ref()).expect("a block's header");
    change(&mut header);
    block.header = alloy_rlp::encode(&header).into();
}

/// Why the rich block of `fork` is refused after a change of its header.
pub(crate) fn refused_header(fork: Fork, change: impl FnOnce(&mut Header)) -> BlockError {
    let mut input = rich(fork).input.clone();
    change_header(&mut input.blocks[0], change);
    refusal(&input)
}

/// Why no block with these transactions can be made, and that nobody who claims one is believed.
pub(crate) fn refused_transactions(fork: Fork, transactions: Vec<Bytes>) -> BlockError {
    let mut chain = chain(config_of(fork));
    let mut claimed =
        chain.clone().make(draft(12), Vec::new(), Vec::new()).expect("an empty block is valid").input;
    let made =
        chain.make(draft(12), transactions.clone(), Vec::new()).expect_err("the transactions are refused");
    let body: Vec<_> = transactions.iter().map(AsRef::<[u8]>::as_ref).collect();
    change_header(&mut claimed.blocks[0], |header| {
        header.transactions_root = ashlar_trie::ordered_root(&body);
        header.gas_used = header.gas_limit;
        // A blob that is counted right, so that this is not why.
        header.blob_gas_used = Some(blob_gas(&transactions));
    });
    claimed.blocks[0].transactions = transactions;
    assert_eq!(refusal(&claimed), made);
    made
}

fn blob_gas(transactions: &[Bytes]) -> u64 {
    use alloy_consensus::{EthereumTxEnvelope, Transaction, TxEip4844};
    use alloy_eips::eip2718::Decodable2718;
    let of = |bytes: &Bytes| {
        let transaction = EthereumTxEnvelope::<TxEip4844>::decode_2718(&mut bytes.as_ref()).ok()?;
        transaction.blob_gas_used()
    };
    transactions.iter().filter_map(of).sum()
}

#[test]
fn the_rich_blocks_and_the_batch_are_valid() {
    for fork in [Fork::Cancun, Fork::Prague, Fork::Osaka] {
        let made = rich(fork);
        let output = run(&made.input).unwrap();
        assert_eq!(output.last_block, made.header.hash);
        assert_eq!(output.first_block, made.header.hash);
        assert_eq!(output.chain_id, CHAIN_ID);
        assert_eq!(output.config_hash, config_of(fork).hash());
        assert_eq!(output.post_state_root, made.outcome.state_root);
        let succeeded = made.outcome.receipts.iter().filter(|receipt| receipt.is_success()).count();
        assert_eq!(succeeded, made.outcome.receipts.len(), "all transactions do what they are there for");
        assert_eq!(run(&made.pruned().unwrap()), Ok(output));
    }
    let output = run(&BATCH).unwrap();
    assert_eq!(run(&PRUNED), Ok(output));
    assert!(PRUNED.state.len() < BATCH.state.len());
    // The blobs that the rich blocks carry are what they say.
    assert_eq!(blob(7).0[0], 1);
}
