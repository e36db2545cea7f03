//! What is paid for outside of code: transactions, their parts, withdrawals, and blocks.

use alloy_consensus::{TxEip1559, TxEip2930, TxEip4844, TxEip7702};
use alloy_eips::{
    eip2930::{AccessList, AccessListItem},
    eip4895::Withdrawal,
    eip7702::Authorization,
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use ashlar_witness::GenesisAccount;

use super::super::asm::{Code, op};
use super::super::block::{
    Accounts, Block, CONTRACT, TRANSACTION_GAS_MAX, address_of, draft, funded, key, sign, signed,
};
use super::super::case::{Case, Group};
use super::environment::ANCESTORS;
use super::{PLAIN, many_accounts, numbered, plain, plain_account};

/// Transactions of the smaller block, where they are cheap.
const COUNT: u64 = 16;

/// Accounts or slots around those that are touched.
const NEIGHBOURS: u64 = 4_096;

/// Number of the first authority's key.
const AUTHORITIES: u64 = 1_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::whole((Group::Transaction, "block", "empty"), || Ok(Block::default())),
        Case::difference(
            (Group::Transaction, "ancestor", "header in the witness"),
            ANCESTORS - 1,
            Some(0),
            || {
                let block = |ancestors| Block { ancestors, ..Block::default() };
                Ok((block(0), block(ANCESTORS - 1)))
            },
        ),
    ];
    cases.extend(transfers());
    cases.extend(input_bytes());
    cases.extend(access_lists());
    cases.extend([authorizations("new accounts", false), authorizations("existing accounts", true)]);
    cases.extend(creations());
    cases.extend([withdrawals("existing accounts", 1), withdrawals("new accounts", 1 << 32)]);
    cases.push(blobs());
    cases
}

fn labelled<'a>(name: &'a str, variant: &'a str) -> (Group, &'a str, &'a str) {
    (Group::Transaction, name, variant)
}

/// A case of `make(count)` against `make(2 * count)` in one state.
fn counted(
    label: (Group, &str, &str),
    count: u64,
    gas: Option<u64>,
    accounts: impl Fn() -> Accounts + Send + Sync + 'static,
    make: impl Fn(u64) -> eyre::Result<Vec<Bytes>> + Send + Sync + 'static,
) -> Case {
    Case::difference(label, count, gas, move || {
        let block = |count| {
            Ok::<_, eyre::Report>(Block {
                accounts: accounts(),
                transactions: make(count)?,
                ..Block::default()
            })
        };
        Ok((block(count)?, block(2 * count)?))
    })
}

fn transfer(sender: u64, nonce: u64, to: Address) -> eyre::Result<Bytes> {
    signed(&key(sender), TxEip1559 { value: U256::from(1), gas_limit: 21_000, ..draft(nonce, to.into()) })
}

/// Numbered accounts, and senders 1 to `count`.
fn with_senders(count: u64) -> Accounts {
    let mut accounts = many_accounts(NEIGHBOURS);
    accounts.extend((1..=count).map(|sender| (address_of(&key(sender)), funded())));
    accounts
}

fn transfers() -> Vec<Case> {
    let senders = || with_senders(2 * COUNT);
    let gas = Some(21_000);
    vec![
        counted(labelled("transfer", "same sender and recipient"), COUNT, gas, senders, |count| {
            (0..count).map(|nonce| transfer(0, nonce, numbered(1))).collect()
        }),
        counted(labelled("transfer", "different senders and recipients"), COUNT, gas, senders, |count| {
            (1..=count).map(|number| transfer(number, 0, numbered(number))).collect()
        }),
        counted(labelled("transfer", "different senders, new recipients"), COUNT, gas, senders, |count| {
            (1..=count).map(|number| transfer(number, 0, numbered(number + (1 << 32)))).collect()
        }),
    ]
}

/// Input alone pays the floor of EIP-7623, beside enough execution it pays less.
fn input_bytes() -> Vec<Case> {
    let burner = || {
        let code = Code::new().push(1_000_000).op(&[op::MLOAD, op::STOP]).finish();
        let account = GenesisAccount { nonce: 1, code: code.into(), ..GenesisAccount::default() };
        Accounts::from([(CONTRACT, account), (PLAIN, plain_account())])
    };
    let mut cases = Vec::new();
    for (kind, byte, floor, beside) in [("zero", 0, 10, 4), ("nonzero", 0xff_u8, 40, 16)] {
        for (variant, to, gas) in [("alone", PLAIN, floor), ("beside execution", CONTRACT, beside)] {
            let variant = format!("{kind} byte, {variant}");
            cases.push(counted(labelled("calldata", &variant), 8_192, Some(gas), burner, move |count| {
                let input = vec![byte; count as usize].into();
                Ok(vec![signed(&key(0), TxEip1559 { input, ..draft(0, to.into()) })?])
            }));
        }
    }
    cases
}

fn access_list(items: Vec<AccessListItem>) -> eyre::Result<Vec<Bytes>> {
    let transaction = TxEip2930 {
        chain_id: 1,
        gas_price: 1_000_000_000,
        gas_limit: TRANSACTION_GAS_MAX,
        to: PLAIN.into(),
        access_list: AccessList(items),
        ..TxEip2930::default()
    };
    Ok(vec![signed(&key(0), transaction)?])
}

/// EIP-2930: entries that nothing uses.
fn access_lists() -> Vec<Case> {
    let item = |address, storage_keys| AccessListItem { address, storage_keys };
    let slots = || {
        let storage = (1..=NEIGHBOURS).map(|slot| (U256::from(slot), U256::MAX)).collect();
        let account = GenesisAccount { nonce: 1, storage, ..GenesisAccount::default() };
        Accounts::from([(CONTRACT, account), (PLAIN, plain_account())])
    };
    vec![
        counted(
            labelled("access list", "address"),
            512,
            Some(2_400),
            || many_accounts(NEIGHBOURS),
            move |count| access_list((1..=count).map(|number| item(numbered(number), Vec::new())).collect()),
        ),
        counted(labelled("access list", "storage key"), 512, Some(1_900), slots, move |count| {
            let keys = (1..=count).map(|slot| B256::from(U256::from(slot))).collect();
            access_list(vec![item(CONTRACT, keys)])
        }),
    ]
}

/// EIP-7702: a signature to recover and a code to write, each for another account.
fn authorizations(variant: &str, exist: bool) -> Case {
    let accounts = move || {
        let mut accounts = with_senders(0);
        if exist {
            let authority = |number| (address_of(&key(AUTHORITIES + number)), funded());
            accounts.extend((1..=2 * COUNT).map(authority));
        }
        accounts
    };
    // Where the account exists, half is refunded, up to a fifth of the transaction's gas.
    let gas = (!exist).then_some(25_000);
    counted(labelled("EIP-7702 authorization", variant), COUNT, gas, accounts, |count| {
        let list = (1..=count).map(|number| {
            let authorization = Authorization { chain_id: U256::ONE, address: PLAIN, nonce: 0 };
            let signature = sign(&key(AUTHORITIES + number), authorization.signature_hash())?;
            Ok(authorization.into_signed(signature))
        });
        let transaction = TxEip7702 {
            chain_id: 1,
            gas_limit: TRANSACTION_GAS_MAX,
            max_fee_per_gas: 1_000_000_000,
            to: numbered(1),
            authorization_list: list.collect::<eyre::Result<_>>()?,
            ..TxEip7702::default()
        };
        Ok(vec![signed(&key(0), transaction)?])
    })
}

fn creations() -> Vec<Case> {
    // All begin with a STOP: nothing runs, and the created code is empty.
    let kinds = [
        ("empty initcode", Vec::new(), 53_000, 8),
        ("48 KiB of zeros", vec![0; 49_152], 21_000 + 10 * 49_152, 1),
        ("48 KiB of JUMPDESTs", [vec![0], vec![op::JUMPDEST; 49_151]].concat(), 21_010 + 40 * 49_151, 1),
    ];
    kinds
        .into_iter()
        .map(|(variant, initcode, gas, count)| {
            let label = labelled("creation", variant);
            counted(
                label,
                count,
                Some(gas),
                || many_accounts(NEIGHBOURS),
                move |count| {
                    let create = |nonce| {
                        let input = initcode.clone().into();
                        signed(&key(0), TxEip1559 { input, ..draft(nonce, TxKind::Create) })
                    };
                    (0..count).map(create).collect()
                },
            )
        })
        .collect()
}

fn withdrawals(variant: &str, first: u64) -> Case {
    Case::difference(labelled("withdrawal", variant), COUNT, Some(0), move || {
        let block = |count| {
            let withdrawal = |index| Withdrawal {
                index,
                validator_index: index,
                address: numbered(first + index),
                amount: 1_000_000,
            };
            let withdrawals = (0..count).map(|index| alloy_rlp::encode(withdrawal(index)).into()).collect();
            Block { accounts: many_accounts(NEIGHBOURS), withdrawals, ..Block::default() }
        };
        Ok((block(COUNT), block(2 * COUNT)))
    })
}

/// A hash with the version of KZG commitments.
fn versioned_hash(number: u8) -> B256 {
    let mut hash = B256::with_last_byte(number);
    hash[0] = 1;
    hash
}

/// EIP-4844: from one blob to six; blob gas is no gas.
fn blobs() -> Case {
    Case::difference(labelled("blob", "versioned hash"), 5, Some(0), || {
        let block = |count| {
            let transaction = TxEip4844 {
                chain_id: 1,
                gas_limit: 21_000,
                max_fee_per_gas: 1_000_000_000,
                max_fee_per_blob_gas: 1_000_000_000,
                to: PLAIN,
                blob_versioned_hashes: (0..count).map(versioned_hash).collect(),
                ..TxEip4844::default()
            };
            let transactions = vec![signed(&key(0), transaction)?];
            Ok::<_, eyre::Report>(Block { accounts: plain()?, transactions, ..Block::default() })
        };
        Ok((block(1)?, block(6)?))
    })
}
