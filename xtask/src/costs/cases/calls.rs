//! Calls, and what ends a frame.

use alloy_primitives::{Address, U256};

use super::super::asm::{Code, op};
use super::super::block::{Accounts, Block};
use super::super::case::{Case, Group, Operation, Outputs};
use super::{CALLEE, NUMBERED, PLAIN, callee, many_accounts, numbered, plain_account, push_numbered};

/// The opcodes that call: name, opcode, whether they take a value.
const KINDS: [(&str, u8, bool); 4] = [
    ("CALL", 0xf1, true),
    ("CALLCODE", 0xf2, true),
    ("DELEGATECALL", 0xf4, false),
    ("STATICCALL", 0xfa, false),
];

/// Iterations of what calls another account each.
const CALLS: u64 = 256;

/// Gas of a transfer of value in a call, and what of it the callee gets.
const VALUE_GAS: u64 = 9_000;
const STIPEND: u64 = 2_300;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in KINDS {
        cases.push(warm(kind, "warm, account without code", PLAIN, 0));
        cases.push(warm(kind, "warm, code that stops", CALLEE, 0));
        if kind.2 {
            cases.push(warm(kind, "warm, with value, account without code", PLAIN, 1));
            cases.push(warm(kind, "warm, with value, code that stops", CALLEE, 1));
        }
    }
    for size in [4_096, 65_536] {
        cases.extend(cold(&format!("cold, one of {size} accounts"), CALLS, move || Ok(many_accounts(size))));
    }
    cases.extend([value_to_new_account(), delegated(), to_missing_code()]);
    cases.extend([("without value", 0), ("with value", 1)].map(|(name, value)| recursion(name, value)));
    cases.extend(frame_ends());
    cases.extend(selfdestructs());
    cases
}

/// Everything below the address on the stack: no data in or out, and the value where there is one.
fn below_address(value: Option<u64>) -> Code {
    let code = Code::new().times(op::PUSH0, 4);
    value.map_or(code.clone(), |value| code.push(value))
}

/// A call to a fixed address with all gas, and how many operands it has.
fn fixed(takes_value: bool, to: Address, value: u64) -> (Code, u8) {
    let setup = below_address(takes_value.then_some(value)).push_address(to).op(&[op::GAS]);
    (setup, if takes_value { 7 } else { 6 })
}

fn warm((name, opcode, takes_value): (&str, u8, bool), variant: &str, to: Address, value: u64) -> Case {
    let (setup, inputs) = fixed(takes_value, to, value);
    let value_gas = if value > 0 { VALUE_GAS - STIPEND } else { 0 };
    Operation::opcode(name, variant, opcode)
        .gas(100 + value_gas)
        .prologue(Code::new().push_address(to).op(&[0x31, op::POP]))
        .setup(setup, inputs)
        .outputs(Outputs::Checked)
        .accounts(|| Ok(callee(&Code::new().op(&[op::STOP]))))
        .case()
}

/// Calls of a different numbered account each.
pub(super) fn cold(
    variant: &str,
    iterations: u64,
    accounts: impl Fn() -> eyre::Result<Accounts> + Clone + Send + Sync + 'static,
) -> Vec<Case> {
    KINDS
        .into_iter()
        .map(|(name, opcode, takes_value)| {
            let below = below_address(takes_value.then_some(0));
            let depth = if takes_value { 5 } else { 4 };
            let setup = below.op(&[op::DUP1 + depth]).push(NUMBERED).op(&[op::ADD, op::GAS]);
            Operation::opcode(name, variant, opcode)
                .gas(2_600)
                .iterations(iterations)
                .setup(setup, if takes_value { 7 } else { 6 })
                .outputs(Outputs::Checked)
                .accounts(accounts.clone())
                .case()
        })
        .collect()
}

fn value_to_new_account() -> Case {
    let setup = below_address(Some(1)).op(&[op::DUP1 + 5]).push(NUMBERED).op(&[op::ADD, op::GAS]);
    Operation::opcode("CALL", "cold, with value, new account beside 4096", op::CALL)
        .gas(2_600 + VALUE_GAS - STIPEND + 25_000)
        .iterations(CALLS / 2)
        .setup(setup, 7)
        .outputs(Outputs::Checked)
        .accounts(|| {
            let shift = 1_u64 << 32;
            Ok((1..=4_096).map(|number| (numbered(number + shift), plain_account())).collect())
        })
        .case()
}

/// Accounts that delegate to one code (EIP-7702): cold account, warm code.
fn delegated() -> Case {
    let setup = below_address(Some(0)).op(&[op::DUP1 + 5]).push(NUMBERED).op(&[op::ADD, op::GAS]);
    Operation::opcode("CALL", "cold, delegated to a warm code that stops", op::CALL)
        .gas(2_700)
        .iterations(CALLS)
        .prologue(Code::new().push_address(CALLEE).op(&[0x31, op::POP]))
        .setup(setup, 7)
        .outputs(Outputs::Checked)
        .accounts(|| {
            let mut accounts = callee(&Code::new().op(&[op::STOP]));
            let code = [&[0xef, 0x01, 0x00], CALLEE.as_slice()].concat();
            for number in 1..=2 * CALLS {
                let mut account = plain_account();
                (account.nonce, account.code) = (1, code.clone().into());
                accounts.insert(numbered(number), account);
            }
            Ok(accounts)
        })
        .case()
}

/// Calls of different addresses where there is nothing.
fn to_missing_code() -> Case {
    let setup = Code::new().times(op::PUSH0, 5).op(&[op::DUP1 + 5]).push(NUMBERED).op(&[op::ADD, op::GAS]);
    Operation::opcode("CALL", "cold, address without account", op::CALL)
        .gas(2_600)
        .iterations(CALLS)
        .setup(setup, 7)
        .outputs(Outputs::Checked)
        .accounts(|| Ok((1..=4_096).map(|n| (numbered(n + (1 << 32)), plain_account())).collect()))
        .case()
}

/// Depth of the smaller recursion; twice of it must be possible with 63/64 of the gas at each level.
const DEPTH: u64 = 100;

/// A contract that calls itself as often as its input says: the gas is that of a level.
fn recursion(name: &str, value: u64) -> Case {
    let inner = Code::new()
        .op(&[op::PUSH0, op::CALLDATALOAD, op::DUP1, op::ISZERO])
        .push_place(19 + usize::from(value > 0))
        .op(&[op::JUMPI, op::PUSH1, 1, op::SWAP1, op::SUB, op::PUSH0, op::MSTORE])
        .op(&[op::PUSH0, op::PUSH0, op::PUSH1, 32, op::PUSH0])
        .push(value)
        .op(&[op::ADDRESS, op::GAS, op::CALL, op::ISZERO, op::PUSH0, op::JUMPI, op::JUMPDEST, op::STOP]);
    let outer = Code::new()
        .op(&[
            op::PREVRANDAO,
            op::PUSH0,
            op::MSTORE,
            op::PUSH0,
            op::PUSH0,
            op::PUSH1,
            32,
            op::PUSH0,
            op::PUSH0,
        ])
        .push_address(CALLEE)
        .op(&[op::GAS, op::CALL, op::ISZERO, op::PUSH0, op::JUMPI, op::STOP])
        .finish();
    let label = format!("recursion {name}, a level");
    Case::difference((Group::Opcode, "CALL", &label), DEPTH, None, move || {
        let block = Block::calling(callee(&inner), outer.clone(), Default::default())?;
        let deeper = Block { prevrandao: 2 * DEPTH, ..block.clone() };
        Ok((Block { prevrandao: DEPTH, ..block }, deeper))
    })
}

/// An operation that ends a frame: a call of code with it, against a call of the same code with a STOP in its place.
fn frame_end(name: &str, variant: &str, gas: u64, before: Code, end: u8, gas_given: Code) -> Case {
    let call = below_address(None).push_address(CALLEE).then(&gas_given).op(&[op::STATICCALL, op::POP]);
    let (with, without) = (before.clone().op(&[end]), before.op(&[op::STOP]));
    Operation::new(Group::Opcode, name, variant, call.clone())
        .gas(gas)
        // With the frame, and its memory where there is some.
        .about(4_000)
        .against(call)
        .accounts(move || Ok(callee(&with)))
        .against_accounts(move || Ok(callee(&without)))
        .case()
}

fn frame_ends() -> Vec<Case> {
    let all = Code::new().op(&[op::GAS]);
    let mut cases = Vec::new();
    for size in [0, 32, 24_576] {
        let operands = Code::new().push(size).push(0).push(size).op(&[op::MLOAD, op::POP]);
        let variant = format!("{size} bytes");
        cases.push(frame_end("RETURN", &variant, 0, operands.clone(), op::RETURN, all.clone()));
        cases.push(frame_end("REVERT", &variant, 0, operands, op::REVERT, all.clone()));
    }
    let limited = Code::new().push(1_000);
    cases.push(frame_end("INVALID", "with 1,000 gas", 1_000, Code::new(), op::INVALID, limited));
    let call = below_address(None).push_address(CALLEE).op(&[op::GAS, op::STATICCALL, op::POP]);
    let stop =
        Operation::new(Group::Opcode, "STOP", "with a frame for it", call.clone()).gas(0).against(call);
    let stop = stop.accounts(|| Ok(callee(&Code::new().op(&[op::STOP]))));
    cases.push(stop.against_accounts(|| Ok(callee(&Code::new()))).case());
    cases
}

/// SELFDESTRUCT in a called contract, with the call. The contract stays, as EIP-6780 has it.
fn selfdestructs() -> Vec<Case> {
    let call = Code::new().times(op::PUSH0, 5).push_address(CALLEE).op(&[op::GAS, op::CALL]);
    let to_fixed = Code::new().push_address(PLAIN).op(&[op::SELFDESTRUCT]);
    let warm = Operation::new(Group::Opcode, "SELFDESTRUCT", "warm beneficiary", call.check())
        .gas(5_000)
        .against(Code::new().times(op::PUSH0, 5).push_address(CALLEE).op(&[op::GAS, op::CALL]).check())
        .prologue(Code::new().push_address(PLAIN).op(&[0x31, op::POP]))
        .accounts(move || Ok(callee(&to_fixed)))
        .against_accounts(|| Ok(callee(&Code::new().push_address(PLAIN).op(&[op::STOP]))));
    // The beneficiary is the call's input; the call sends a wei, so that there is something to give.
    let to_input = Code::new().op(&[op::PUSH0, op::CALLDATALOAD]);
    let (with, without) = (to_input.clone().op(&[op::SELFDESTRUCT]), to_input.op(&[op::STOP]));
    let call = push_numbered()
        .op(&[op::PUSH0, op::MSTORE, op::PUSH0, op::PUSH0, op::PUSH1, 32, op::PUSH0, op::PUSH1, 1])
        .push_address(CALLEE)
        .op(&[op::GAS, op::CALL])
        .check();
    let new = Operation::new(Group::Opcode, "SELFDESTRUCT", "new beneficiary", call.clone())
        .gas(5_000 + 2_600 + 25_000)
        .iterations(CALLS / 2)
        .against(call)
        .accounts(move || Ok(with_neighbours(&with)))
        .against_accounts(move || Ok(with_neighbours(&without)));
    vec![warm.case(), new.case()]
}

/// [`CALLEE`] with this code and no balance, among 4,096 accounts.
fn with_neighbours(code: &Code) -> Accounts {
    let mut accounts = callee(code);
    accounts.entry(CALLEE).or_default().balance = U256::ZERO;
    accounts.extend((1..=4_096).map(|number| (numbered(number + (1 << 32)), plain_account())));
    accounts
}
