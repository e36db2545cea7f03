//! EVM code by hand: opcodes, pushes, and the loop in which operations are measured.

use alloy_primitives::{Address, U256};

/// Opcodes that the cases name (yellow paper, appendix H, and the EIPs up to Osaka).
#[rustfmt::skip]
pub(crate) mod op {
    pub(crate) const STOP: u8 = 0x00;
    pub(crate) const ADD: u8 = 0x01;
    pub(crate) const SUB: u8 = 0x03;
    pub(crate) const EXP: u8 = 0x0a;
    pub(crate) const ISZERO: u8 = 0x15;
    pub(crate) const KECCAK256: u8 = 0x20;
    pub(crate) const ADDRESS: u8 = 0x30;
    pub(crate) const CALLDATALOAD: u8 = 0x35;
    pub(crate) const CALLDATACOPY: u8 = 0x37;
    pub(crate) const CODECOPY: u8 = 0x39;
    pub(crate) const EXTCODECOPY: u8 = 0x3c;
    pub(crate) const RETURNDATACOPY: u8 = 0x3e;
    pub(crate) const PREVRANDAO: u8 = 0x44;
    pub(crate) const POP: u8 = 0x50;
    pub(crate) const MLOAD: u8 = 0x51;
    pub(crate) const MSTORE: u8 = 0x52;
    pub(crate) const SLOAD: u8 = 0x54;
    pub(crate) const SSTORE: u8 = 0x55;
    pub(crate) const JUMP: u8 = 0x56;
    pub(crate) const JUMPI: u8 = 0x57;
    pub(crate) const MSIZE: u8 = 0x59;
    pub(crate) const GAS: u8 = 0x5a;
    pub(crate) const JUMPDEST: u8 = 0x5b;
    pub(crate) const TLOAD: u8 = 0x5c;
    pub(crate) const TSTORE: u8 = 0x5d;
    pub(crate) const MCOPY: u8 = 0x5e;
    pub(crate) const PUSH0: u8 = 0x5f;
    pub(crate) const PUSH1: u8 = 0x60;
    pub(crate) const PUSH2: u8 = 0x61;
    pub(crate) const DUP1: u8 = 0x80;
    pub(crate) const DUP2: u8 = 0x81;
    pub(crate) const SWAP1: u8 = 0x90;
    pub(crate) const LOG0: u8 = 0xa0;
    pub(crate) const CREATE: u8 = 0xf0;
    pub(crate) const CALL: u8 = 0xf1;
    pub(crate) const RETURN: u8 = 0xf3;
    pub(crate) const CREATE2: u8 = 0xf5;
    pub(crate) const STATICCALL: u8 = 0xfa;
    pub(crate) const REVERT: u8 = 0xfd;
    pub(crate) const INVALID: u8 = 0xfe;
    pub(crate) const SELFDESTRUCT: u8 = 0xff;
}

/// Most bytes of a contract (EIP-170).
pub(super) const CODE_BYTES_MAX: usize = 24_576;

/// Where [`looped`] code goes to fail: an INVALID, which takes all gas, so that the receipt shows it.
const FAIL: u8 = 3;
/// Start of [`looped`] code: jumps over the place to fail.
const HEAD: [u8; 6] = [op::PUSH1, 5, op::JUMP, op::JUMPDEST, op::INVALID, op::JUMPDEST];

/// Items below the counter, so that every DUP and SWAP finds something to work on.
const JUNK: usize = 17;

/// A piece of EVM code that can be placed anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    bytes: Vec<u8>,
    /// Positions of PUSH2 immediates that hold a place in this piece.
    places: Vec<usize>,
}

impl Code {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends opcodes (or any bytes).
    pub(crate) fn op(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Appends the same opcode several times.
    pub(super) fn times(mut self, opcode: u8, count: usize) -> Self {
        self.bytes.resize(self.bytes.len() + count, opcode);
        self
    }

    /// Pushes a number with as few bytes as it takes.
    pub(crate) fn push(self, value: u64) -> Self {
        self.push_word(U256::from(value))
    }

    /// Pushes a word with as few bytes as it takes.
    pub(super) fn push_word(mut self, value: U256) -> Self {
        let bytes = value.to_be_bytes_trimmed_vec();
        self.bytes.push(op::PUSH0 + bytes.len() as u8);
        self.bytes.extend_from_slice(&bytes);
        self
    }

    /// Pushes a word with all 32 bytes.
    pub(crate) fn push32(mut self, value: U256) -> Self {
        self.bytes.push(op::PUSH0 + 32);
        self.bytes.extend_from_slice(&value.to_be_bytes::<32>());
        self
    }

    /// Pushes an address.
    pub(super) fn push_address(self, address: Address) -> Self {
        self.op(&[op::PUSH0 + 20]).op(address.as_slice())
    }

    /// Pushes a place in this piece: where the code will be after `ahead` more bytes.
    pub(super) fn push_place(self, ahead: usize) -> Self {
        let place = self.len() + 3 + ahead;
        self.push_at(place)
    }

    /// Pushes this place in this piece.
    fn push_at(mut self, place: usize) -> Self {
        self.bytes.push(op::PUSH2);
        self.places.push(self.bytes.len());
        self.bytes.extend_from_slice(&(place as u16).to_be_bytes());
        self
    }

    /// Appends another piece.
    pub(crate) fn then(mut self, other: &Self) -> Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        for place in &other.places {
            let at = start + place;
            let inner = u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]]);
            self.bytes[at..at + 2].copy_from_slice(&(inner + start as u16).to_be_bytes());
            self.places.push(at);
        }
        self
    }

    /// Pops a success flag and fails in the sense of [`looped`] if it is 0.
    pub(super) fn check(self) -> Self {
        self.op(&[op::ISZERO, op::PUSH1, FAIL, op::JUMPI])
    }

    /// Writes `pattern` to memory from 0 on, `words` times, counting down.
    pub(super) fn fill(self, pattern: U256, words: u64) -> Self {
        let body = Self::new().op(&[op::JUMPDEST, op::PUSH1, 1, op::SWAP1, op::SUB]).push32(pattern).op(&[
            op::DUP2,
            op::PUSH1,
            5,
            0x1b,
            op::MSTORE,
            op::DUP1,
        ]);
        // The loop's start is the JUMPDEST: right after the push of the count.
        let piece = Self::new().push(words);
        let start = piece.len();
        self.then(&piece.then(&body).push_at(start).op(&[op::JUMPI, op::POP]))
    }

    /// Runs `body`, which leaves the stack as it found it, this many times, at least once. The counter is on top.
    pub(crate) fn repeat(self, times: u64, body: &Self) -> Self {
        let piece = Self::new().push(times);
        let start = piece.len();
        let piece = piece.op(&[op::JUMPDEST]).then(body).op(&[op::PUSH1, 1, op::SWAP1, op::SUB, op::DUP1]);
        self.then(&piece.push_at(start).op(&[op::JUMPI, op::POP]))
    }

    /// The bytes, for code that starts at 0.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// A contract that runs `prologue`, then `unit` `unroll` times in a loop of PREVRANDAO iterations, then stops. In the
/// unit the counter is on top of the stack, from PREVRANDAO down to 1, and the unit leaves the stack as it found it.
/// `data` is copied to memory from 0 on before the prologue.
///
/// The number of iterations comes from the header, so that blocks which differ in it alone share the genesis state, the
/// code and the transaction with its signature: all that is not the loop costs the same in both.
pub(super) fn looped(prologue: &Code, unit: &Code, unroll: usize, data: &[u8]) -> eyre::Result<Vec<u8>> {
    let (count, end) = (Code::new().op(&[op::PREVRANDAO]), Code::new().op(&[op::STOP]));
    looped_with(&count, prologue, unit, unroll, &end, data)
}

/// [`looped`], with the iterations that `count` pushes, and with `end` after them.
pub(super) fn looped_with(
    count: &Code,
    prologue: &Code,
    unit: &Code,
    unroll: usize,
    end: &Code,
    data: &[u8],
) -> eyre::Result<Vec<u8>> {
    let mut code = Code::new().op(&HEAD);
    let mut data_place = None;
    if !data.is_empty() {
        code = code.push_word(U256::from(data.len())).op(&[op::PUSH2, 0, 0, op::PUSH0, op::CODECOPY]);
        data_place = Some(code.len() - 4);
    }
    code = code.then(prologue);
    for _ in 0..JUNK {
        code = code.op(&[op::PUSH1, 0x11]);
    }
    code = code.then(count);
    let start = code.len() as u16;
    code = code.op(&[op::JUMPDEST]);
    for _ in 0..unroll {
        code = code.then(unit);
    }
    code = code.op(&[op::PUSH1, 1, op::SWAP1, op::SUB, op::DUP1, op::PUSH2]);
    code = code.op(&start.to_be_bytes()).op(&[op::JUMPI]).then(end);
    let mut bytes = code.finish();
    if let Some(at) = data_place {
        let place = u16::try_from(bytes.len())?;
        bytes[at..at + 2].copy_from_slice(&place.to_be_bytes());
    }
    bytes.extend_from_slice(data);
    eyre::ensure!(bytes.len() <= CODE_BYTES_MAX, "{} bytes of code exceed the limit", bytes.len());
    Ok(bytes)
}

/// Bytes that [`looped`] adds around its units and data, at most.
pub(super) const LOOP_BYTES: usize = 100;
