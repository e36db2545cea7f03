//! EVM code for the tests: an assembler, and a contract whose calldata is a program.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use revm::bytecode::opcode as op;
use std::{collections::HashMap, sync::LazyLock};

/// Assembles EVM code with labels.
#[derive(Default)]
pub(crate) struct Assembler {
    bytes: Vec<u8>,
    labels: HashMap<&'static str, u16>,
    uses: Vec<(usize, &'static str)>,
}

impl Assembler {
    pub(crate) fn op(mut self, ops: &[u8]) -> Self {
        self.bytes.extend_from_slice(ops);
        self
    }

    pub(crate) fn push(mut self, value: impl Into<U256>) -> Self {
        let digits = value.into().to_be_bytes_trimmed_vec();
        self.bytes.push(op::PUSH0 + digits.len() as u8);
        self.bytes.extend(digits);
        self
    }

    pub(crate) fn push_label(mut self, name: &'static str) -> Self {
        self.bytes.push(op::PUSH2);
        self.uses.push((self.bytes.len(), name));
        self.bytes.extend([0, 0]);
        self
    }

    pub(crate) fn label(mut self, name: &'static str) -> Self {
        self.labels.insert(name, self.bytes.len() as u16);
        self.op(&[op::JUMPDEST])
    }

    /// Byte `offset` of the current instruction, where the pointer to it lies `depth` items down.
    fn byte_argument(self, depth: u8, offset: u8) -> Self {
        self.word_argument(depth, offset).op(&[op::PUSH0, op::BYTE])
    }

    fn address_argument(self, depth: u8, offset: u8) -> Self {
        self.word_argument(depth, offset).push(U256::from(96)).op(&[op::SHR])
    }

    fn word_argument(self, depth: u8, offset: u8) -> Self {
        self.op(&[op::DUP1 + depth]).push(U256::from(offset)).op(&[op::ADD, op::CALLDATALOAD])
    }

    /// Copies `data_offset..` of the instruction to memory, by the length that stands at `length_offset`.
    fn copy_data(self, length_offset: u8, data_offset: u8) -> Self {
        self.byte_argument(0, length_offset).push(U256::from(data_offset)).op(&[
            op::DUP3,
            op::ADD,
            op::PUSH0,
            op::CALLDATACOPY,
        ])
    }

    /// Goes on `bytes` further.
    fn advance(self, bytes: u8) -> Self {
        self.push(U256::from(bytes)).op(&[op::ADD]).push_label("next").op(&[op::JUMP])
    }

    fn advance_over_data(self, length_offset: u8, data_offset: u8) -> Self {
        self.byte_argument(0, length_offset).op(&[op::ADD]).advance(data_offset)
    }

    pub(crate) fn finish(mut self) -> Bytes {
        for (at, name) in self.uses {
            self.bytes[at..at + 2].copy_from_slice(&self.labels[name].to_be_bytes());
        }
        self.bytes.into()
    }
}

/// Instructions of [`MACHINE`]: a byte, then arguments.
mod instruction {
    pub(super) const SET: u8 = 1;
    pub(super) const FILL: u8 = 2;
    pub(super) const COPY: u8 = 3;
    pub(super) const CALL: u8 = 4;
    pub(super) const DELEGATE: u8 = 5;
    pub(super) const CREATE2: u8 = 6;
    pub(super) const CREATE: u8 = 7;
    pub(super) const DESTROY: u8 = 8;
    pub(super) const LOG: u8 = 9;
    pub(super) const REVERT: u8 = 10;
    pub(super) const BLOCKHASH: u8 = 11;
    pub(super) const BALANCE: u8 = 12;
    pub(super) const CODEHASH: u8 = 13;
    pub(super) const TSET: u8 = 14;
    pub(super) const TCOPY: u8 = 15;
    pub(super) const ENVIRONMENT: u8 = 16;
}

/// A contract that runs its calldata as a [`Program`], and whose creations are copies of itself.
pub(crate) static MACHINE: LazyLock<Bytes> = LazyLock::new(machine);

/// Init code of a copy of [`MACHINE`]: sets slot 7 to 7, and returns what follows these 32 bytes.
const PROLOGUE: [u8; 32] = {
    let mut bytes = [0; 32];
    let code = [0x60, 7, 0x60, 7, 0x55, 0x60, 32, 0x38, 0x03, 0x80, 0x60, 32, 0x5f, 0x39, 0x5f, 0xf3];
    let mut at = 0;
    while at < code.len() {
        bytes[at] = code[at];
        at += 1;
    }
    bytes
};

/// Init code that deploys [`MACHINE`].
pub(crate) fn machine_init() -> Bytes {
    [&PROLOGUE[..], &MACHINE].concat().into()
}

/// Where `CREATE2` of a machine at `creator` puts its copy.
pub(crate) fn created2(creator: Address, salt: u8) -> Address {
    creator.create2(B256::with_last_byte(salt), keccak256(machine_init()))
}

fn machine() -> Bytes {
    let dispatch = [
        (instruction::SET, "set"),
        (instruction::FILL, "fill"),
        (instruction::COPY, "copy"),
        (instruction::CALL, "call"),
        (instruction::DELEGATE, "delegate"),
        (instruction::CREATE2, "create2"),
        (instruction::CREATE, "create"),
        (instruction::DESTROY, "destroy"),
        (instruction::LOG, "log"),
        (instruction::REVERT, "revert"),
        (instruction::BLOCKHASH, "blockhash"),
        (instruction::BALANCE, "balance"),
        (instruction::CODEHASH, "codehash"),
        (instruction::TSET, "tset"),
        (instruction::TCOPY, "tcopy"),
        (instruction::ENVIRONMENT, "environment"),
    ];
    // The stack holds the position in the calldata.
    let mut code = Assembler::default()
        .push(U256::ZERO)
        .label("next")
        .op(&[op::DUP1, op::CALLDATASIZE, op::GT, op::ISZERO])
        .push_label("end")
        .op(&[op::JUMPI, op::DUP1, op::CALLDATALOAD, op::PUSH0, op::BYTE]);
    for (number, label) in dispatch {
        code = code.op(&[op::DUP1]).push(U256::from(number)).op(&[op::EQ]).push_label(label).op(&[op::JUMPI]);
    }
    code = code.label("end").op(&[op::STOP]);
    code = storage_handlers(code);
    code = call_handlers(code);
    environment_handlers(code).finish()
}

fn storage_handlers(code: Assembler) -> Assembler {
    code.label("set")
        .op(&[op::POP])
        .byte_argument(0, 2)
        .byte_argument(1, 1)
        .op(&[op::SSTORE])
        .advance(3)
        .label("fill")
        .op(&[op::POP])
        .byte_argument(0, 2)
        .push(U256::from_be_bytes([1; 32]))
        .op(&[op::MUL])
        .byte_argument(1, 1)
        .op(&[op::SSTORE])
        .advance(3)
        .label("copy")
        .op(&[op::POP])
        .byte_argument(0, 1)
        .op(&[op::SLOAD])
        .push(U256::from(1))
        .op(&[op::ADD])
        .byte_argument(1, 2)
        .op(&[op::SSTORE])
        .advance(3)
        .label("tset")
        .op(&[op::POP])
        .byte_argument(0, 2)
        .byte_argument(1, 1)
        .op(&[op::TSTORE])
        .advance(3)
        .label("tcopy")
        .op(&[op::POP])
        .byte_argument(0, 1)
        .op(&[op::TLOAD])
        .byte_argument(1, 2)
        .op(&[op::SSTORE])
        .advance(3)
}

fn call_handlers(code: Assembler) -> Assembler {
    let create = |code: Assembler| {
        code.op(&[op::PUSH32])
            .op(&PROLOGUE)
            .op(&[op::PUSH0, op::MSTORE, op::CODESIZE, op::PUSH0])
            .push(U256::from(32))
            .op(&[op::CODECOPY])
    };
    let mut code = code
        .label("call")
        .op(&[op::POP])
        .copy_data(22, 23)
        .op(&[op::PUSH0, op::PUSH0])
        .byte_argument(2, 22)
        .op(&[op::PUSH0])
        .byte_argument(4, 21)
        .address_argument(5, 1)
        .op(&[op::GAS, op::CALL, op::POP])
        .advance_over_data(22, 23)
        .label("delegate")
        .op(&[op::POP])
        .copy_data(21, 22)
        .op(&[op::PUSH0, op::PUSH0])
        .byte_argument(2, 21)
        .op(&[op::PUSH0])
        .address_argument(4, 1)
        .op(&[op::GAS, op::DELEGATECALL, op::POP])
        .advance_over_data(21, 22)
        .label("create2")
        .op(&[op::POP]);
    code = create(code)
        .byte_argument(0, 1)
        .push(U256::from(32))
        .op(&[op::CODESIZE, op::ADD, op::PUSH0])
        .byte_argument(3, 2)
        .op(&[op::CREATE2, op::POP])
        .advance(3)
        .label("create")
        .op(&[op::POP])
        .copy_data(2, 3)
        .byte_argument(0, 2)
        .op(&[op::PUSH0])
        .byte_argument(2, 1)
        .op(&[op::CREATE, op::POP])
        .advance_over_data(2, 3);
    code.label("destroy").op(&[op::POP]).address_argument(0, 1).op(&[op::SELFDESTRUCT])
}

fn environment_handlers(code: Assembler) -> Assembler {
    let mut code = code
        .label("log")
        .op(&[op::POP])
        .copy_data(2, 3)
        .byte_argument(0, 1)
        .byte_argument(1, 2)
        .op(&[op::PUSH0, op::LOG1])
        .advance_over_data(2, 3)
        .label("revert")
        .op(&[op::PUSH0, op::PUSH0, op::REVERT])
        .label("blockhash")
        .op(&[op::POP])
        .byte_argument(0, 1)
        .op(&[op::NUMBER, op::SUB, op::BLOCKHASH])
        .byte_argument(1, 2)
        .op(&[op::SSTORE])
        .advance(3);
    for (label, opcode) in [("balance", op::BALANCE), ("codehash", op::EXTCODEHASH)] {
        code = code
            .label(label)
            .op(&[op::POP])
            .address_argument(0, 1)
            .op(&[opcode])
            .byte_argument(1, 21)
            .op(&[op::SSTORE])
            .advance(22);
    }
    code = code.label("environment").op(&[op::POP]);
    let values = [
        op::COINBASE,
        op::TIMESTAMP,
        op::NUMBER,
        op::DIFFICULTY,
        op::GASLIMIT,
        op::CHAINID,
        op::BASEFEE,
        op::BLOBBASEFEE,
    ];
    for (at, value) in (0u64..).step_by(32).zip(values) {
        code = code.op(&[value]).push(U256::from(at)).op(&[op::MSTORE]);
    }
    code.push(U256::from(256))
        .op(&[op::PUSH0, op::KECCAK256])
        .byte_argument(1, 1)
        .op(&[op::SSTORE])
        .advance(2)
}

/// Calldata of a [`MACHINE`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Program(Vec<u8>);

impl Program {
    fn then(mut self, parts: &[&[u8]]) -> Self {
        parts.iter().for_each(|part| self.0.extend_from_slice(part));
        self
    }

    pub(crate) fn set(self, slot: u8, value: u8) -> Self {
        self.then(&[&[instruction::SET, slot, value]])
    }

    /// Sets all bytes of a slot to `value`.
    pub(crate) fn fill(self, slot: u8, value: u8) -> Self {
        self.then(&[&[instruction::FILL, slot, value]])
    }

    /// Sets slot `to` to slot `from` and one.
    pub(crate) fn copy(self, from: u8, to: u8) -> Self {
        self.then(&[&[instruction::COPY, from, to]])
    }

    pub(crate) fn call(self, target: Address, value: u8, data: &[u8]) -> Self {
        assert!(data.len() < 256, "one byte says how long it is");
        self.then(&[&[instruction::CALL], target.as_slice(), &[value, data.len() as u8], data])
    }

    pub(crate) fn delegate(self, target: Address, data: &[u8]) -> Self {
        assert!(data.len() < 256, "one byte says how long it is");
        self.then(&[&[instruction::DELEGATE], target.as_slice(), &[data.len() as u8], data])
    }

    /// Creates a copy of the machine, at [`created2`].
    pub(crate) fn create2(self, salt: u8, value: u8) -> Self {
        self.then(&[&[instruction::CREATE2, salt, value]])
    }

    pub(crate) fn create(self, value: u8, init: &[u8]) -> Self {
        assert!(init.len() < 256, "one byte says how long it is");
        self.then(&[&[instruction::CREATE, value, init.len() as u8], init])
    }

    pub(crate) fn destroy(self, heir: Address) -> Self {
        self.then(&[&[instruction::DESTROY], heir.as_slice()])
    }

    pub(crate) fn log(self, topic: u8, data: &[u8]) -> Self {
        assert!(data.len() < 256, "one byte says how long it is");
        self.then(&[&[instruction::LOG, topic, data.len() as u8], data])
    }

    pub(crate) fn revert(self) -> Self {
        self.then(&[&[instruction::REVERT]])
    }

    /// Stores the hash of the block `back` blocks before this one.
    pub(crate) fn blockhash(self, back: u8, slot: u8) -> Self {
        self.then(&[&[instruction::BLOCKHASH, back, slot]])
    }

    pub(crate) fn balance(self, of: Address, slot: u8) -> Self {
        self.then(&[&[instruction::BALANCE], of.as_slice(), &[slot]])
    }

    pub(crate) fn codehash(self, of: Address, slot: u8) -> Self {
        self.then(&[&[instruction::CODEHASH], of.as_slice(), &[slot]])
    }

    pub(crate) fn tset(self, slot: u8, value: u8) -> Self {
        self.then(&[&[instruction::TSET, slot, value]])
    }

    pub(crate) fn tcopy(self, from: u8, to: u8) -> Self {
        self.then(&[&[instruction::TCOPY, from, to]])
    }

    /// Stores a hash of everything that opcodes tell of the block.
    pub(crate) fn environment(self, slot: u8) -> Self {
        self.then(&[&[instruction::ENVIRONMENT, slot]])
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Program> for Bytes {
    fn from(program: Program) -> Self {
        program.0.into()
    }
}

/// Logs its calldata under this topic: stands for the deposit contract.
pub(crate) fn logger(topic: B256) -> Bytes {
    Assembler::default()
        .push(U256::from_be_bytes(topic.0))
        .op(&[
            op::CALLDATASIZE,
            op::PUSH0,
            op::PUSH0,
            op::CALLDATACOPY,
            op::CALLDATASIZE,
            op::PUSH0,
            op::LOG1,
        ])
        .finish()
}
