//! The cases: every operation with the inputs that are suspected to be its worst.

mod arithmetic;
mod calls;
mod create;
mod curves;
mod environment;
mod flow;
mod hashes;
mod memory;
mod modexp;
mod state;
mod transactions;

pub(super) use modexp::ODD_WORD;

use alloy_primitives::{Address, U256, address, keccak256};
use ashlar_witness::GenesisAccount;

use super::asm::{CODE_BYTES_MAX, Code, op};
use super::block::Accounts;
use super::case::{Case, Group, Operation};

/// An account with a balance and no code.
const PLAIN: Address = address!("000000000000000000000000000000000000ee01");
/// The low bytes of [`PLAIN`], which are all there is to it.
const PLAIN_LOW: u16 = 0xee01;
/// A contract that the case defines.
const CALLEE: Address = address!("000000000000000000000000000000000000ca11");
/// Numbered accounts are this address plus their number.
const NUMBERED: u64 = 1 << 48;

/// All cases, in the order of the report's sections.
pub(super) fn all() -> eyre::Result<Vec<Case>> {
    let mut cases = arithmetic::cases();
    cases.extend(environment::cases());
    cases.extend(flow::cases());
    cases.extend(memory::cases());
    cases.extend(state::cases());
    cases.extend(calls::cases());
    cases.extend(create::cases());
    cases.extend(hashes::cases());
    cases.extend(modexp::cases());
    cases.extend(curves::cases()?);
    cases.extend(transactions::cases());
    Ok(cases)
}

/// A full word that looks random and is always the same.
fn word(seed: u64) -> U256 {
    keccak256(format!("ashlar costs word {seed}")).into()
}

/// Bytes that look random and are always the same.
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    (0..).flat_map(|index| word(seed << 32 | index).to_be_bytes::<32>()).take(count).collect()
}

/// Address of a numbered account.
fn numbered(number: u64) -> Address {
    Address::from_word(U256::from(NUMBERED + number).into())
}

/// Replaces a copy of the counter by the address of the numbered account.
fn push_numbered() -> Code {
    Code::new().op(&[op::DUP1]).push(NUMBERED).op(&[op::ADD])
}

fn plain_account() -> GenesisAccount {
    GenesisAccount { balance: U256::from(1), ..GenesisAccount::default() }
}

/// [`PLAIN`] alone.
fn plain() -> eyre::Result<Accounts> {
    Ok(Accounts::from([(PLAIN, plain_account())]))
}

/// [`CALLEE`] with this code, and [`PLAIN`].
fn callee(code: &Code) -> Accounts {
    let mut accounts = Accounts::from([(PLAIN, plain_account())]);
    let code = code.clone().finish();
    let balance = U256::from(1_u64 << 32);
    accounts.insert(CALLEE, GenesisAccount { nonce: 1, balance, code: code.into(), ..Default::default() });
    accounts
}

/// Numbered accounts without code, from 1 to `count`.
fn many_accounts(count: u64) -> Accounts {
    (1..=count).map(|number| (numbered(number), plain_account())).collect()
}

/// A code of the greatest size that stops at once, made of one byte, different for each number.
fn big_code(fill: u8, number: u64) -> Vec<u8> {
    let mut code = vec![fill; CODE_BYTES_MAX];
    code[0] = op::STOP;
    code[CODE_BYTES_MAX - 8..].copy_from_slice(&number.to_be_bytes());
    code
}

/// Numbered accounts with a different [`big_code`] each, from 1 to `count`.
fn many_codes(fill: u8, count: u64) -> Accounts {
    let account = |number| GenesisAccount {
        nonce: 1,
        balance: U256::from(1),
        code: big_code(fill, number).into(),
        ..GenesisAccount::default()
    };
    (1..=count).map(|number| (numbered(number), account(number))).collect()
}

/// A precompile with the first `size` bytes of memory as input, which starts with `data`. What is subtracted is the same
/// call to an account without code, so that the gas is the precompile's own.
fn precompile((name, number): (&str, u16), variant: &str, data: Vec<u8>, size: u64) -> Operation {
    let call = |to: u16| {
        let setup = Code::new().push(0).push(0).push(size).push(0).op(&[op::PUSH2]).op(&to.to_be_bytes());
        setup.op(&[op::GAS, op::STATICCALL]).check()
    };
    Operation::new(Group::Precompile, &format!("{name} (0x{number:02x})"), variant, call(number))
        .against(call(PLAIN_LOW))
        .accounts(plain)
        .prologue(Code::new().push(size).op(&[op::MLOAD, op::POP]))
        .data(data)
}

/// Words that hold this many bytes.
const fn words(bytes: u64) -> u64 {
    bytes.div_ceil(32)
}
