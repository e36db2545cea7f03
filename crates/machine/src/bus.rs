//! The buses: what tables say to each other, one function per message.
//!
//! A *permutation* bus balances exactly: every message sent is received once, so the multiplicity of both sides must be
//! constrained to be boolean. A *lookup* bus has a table whose rows state facts; anyone may ask for a fact, and the
//! table's multiplicity column is free, since a fact that is true stays true however often it is counted.
//!
//! | bus | kind | message | senders, askers | receivers, table |
//! |---|---|---|---|---|
//! | `memory` | permutation | address, timestamp, low, high | every access, page (initial) | every access, page (final) |
//! | `table` | lookup | tag, x, y, z | all | lookup table |
//! | `program` | lookup | pc, flags, op, rd, rs1, rs2, imm low, imm high | cpu | program |
//! | `instruction` | lookup | op, x, b, c as limbs | cpu | bitwise, shift, less_than, subword, mul, div |
//! | `ecall` | permutation | clock, number, a0 low, a0 high | cpu | call |
//! | `call` | permutation | number, clock, w0, w1, w2, w3 | call | hint, commit, accelerators |
//! | `port` | permutation | tag, timestamp, address, count, 8 limbs | hint, commit, accelerators | port |
//! | `compress` | lookup | x (8), y (8), C(x, y) (8) | page, node, commit | poseidon2 |
//! | `permute` | lookup | state (16), P(state) (16) | permute | poseidon2 |
//! | `node` | permutation | depth, index, old (8), new (8) | node | node, page |
//! | `modmul256`, `modmul384` | permutation | clock, address of a, limbs of m, limbs of the reduced a | modmul | modmul |
//! | `keccak_table` | lookup | see the folder of `keccak` | keccak | keccak table |
//! | `keccak_start`, `_theta`, `_rho`, `_words`, `_shift` | permutation | see there | keccak | keccak |
//!
//! Numbers on a bus are field elements. A 32-bit word is two limbs of 16 bits, low first. Addresses are word addresses
//! (byte address / 4); register r lives at [`REGISTERS`] + r. A timestamp is `8 * clock + slot`, where the clock is the
//! number of the cycle within the segment, and 0 is the time before the first cycle.

use alloc::vec::Vec;

use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

/// Word address of register x0; register r follows at `REGISTERS + r`, and r = 32 takes what is written to x0.
///
/// Byte addresses have 32 bits, so a guest's pointer reaches word addresses below 2^30 and, where a range check has an
/// offset, 2^30 + 2^22 at most. The memory tree has no pages between 2^28 (the end of memory) and this address.
pub const REGISTERS: u32 = (1 << 30) + (1 << 29);

/// Timestamps per cycle.
pub const SLOTS: u32 = 8;

/// Slots of a cycle's accesses to memory. Accesses in one slot never share an address.
pub mod slot {
    /// The processor reads rs1.
    pub const RS1: u32 = 1;
    /// The processor reads rs2, or the word that a load asks for.
    pub const RS2: u32 = 2;
    /// The call table reads a1, a2 and a3.
    pub const ARGUMENTS: u32 = 3;
    /// First operand of an accelerator that is only read.
    pub const OPERAND_A: u32 = 4;
    /// Second operand.
    pub const OPERAND_B: u32 = 5;
    /// Third operand.
    pub const OPERAND_M: u32 = 6;
    /// Writes: rd or the word of a store; what an accelerator writes, also in place.
    pub const WRITE: u32 = 7;
}

/// Tags of the `table` bus.
pub mod table_tag {
    /// x has 16 bits; y = z = 0.
    pub const RANGE16: u32 = 0;
    /// x and y have 8 bits; z = 0.
    pub const BYTES: u32 = 1;
    /// x and y have 8 bits; z = x & y.
    pub const AND: u32 = 2;
}

/// Tags of the `port` bus.
pub mod port_tag {
    /// The words are what memory held before the access.
    pub const READ: u32 = 0;
    /// The words are what memory holds after the access.
    pub const WRITE: u32 = 1;
}

/// Names of the buses, as they enter the proof system.
pub mod name {
    #![allow(missing_docs)] // See the table above.
    pub const MEMORY: &str = "memory";
    pub const TABLE: &str = "table";
    pub const PROGRAM: &str = "program";
    pub const INSTRUCTION: &str = "instruction";
    pub const ECALL: &str = "ecall";
    pub const CALL: &str = "call";
    pub const PORT: &str = "port";
    pub const COMPRESS: &str = "compress";
    pub const PERMUTE: &str = "permute";
    pub const NODE: &str = "node";
    pub const MODMUL256: &str = "modmul256";
    pub const MODMUL384: &str = "modmul384";
}

/// A boolean multiplicity. The table constrains it to 0 or 1.
#[inline]
pub fn flag<E>(flag: impl Into<E>) -> Count<E> {
    Count::bounded(flag.into(), 1)
}

/// Multiplicity 1 on every row, padding included.
#[inline]
pub fn always<E: PrimeCharacteristicRing>() -> Count<E> {
    Count::bounded(E::ONE, 1)
}

/// Memory as an access finds it: taken off the bus.
#[inline]
pub fn receive_memory<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    timestamp: impl Into<AB::Expr>,
    word: [impl Into<AB::Expr>; 2],
    count: Count<AB::Expr>,
) {
    let [low, high] = word.map(Into::into);
    builder.push_interaction(name::MEMORY, [address.into(), timestamp.into(), low, high], -count);
}

/// Memory as an access leaves it: put on the bus. The limbs are range-checked by whoever made them.
#[inline]
pub fn send_memory<AB: InteractionBuilder>(
    builder: &mut AB,
    address: impl Into<AB::Expr>,
    timestamp: impl Into<AB::Expr>,
    word: [impl Into<AB::Expr>; 2],
    count: Count<AB::Expr>,
) {
    let [low, high] = word.map(Into::into);
    builder.push_interaction(name::MEMORY, [address.into(), timestamp.into(), low, high], count);
}

#[inline]
fn ask_table<AB: InteractionBuilder>(
    builder: &mut AB,
    tag: u32,
    x: AB::Expr,
    y: AB::Expr,
    z: AB::Expr,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::TABLE, [AB::Expr::from_u32(tag), x, y, z], count);
}

/// Asks that x has 16 bits.
#[inline]
pub fn ask_range16<AB: InteractionBuilder>(builder: &mut AB, x: impl Into<AB::Expr>, count: Count<AB::Expr>) {
    ask_table(builder, table_tag::RANGE16, x.into(), AB::Expr::ZERO, AB::Expr::ZERO, count);
}

/// Asks that x and y have 8 bits each.
#[inline]
pub fn ask_bytes<AB: InteractionBuilder>(
    builder: &mut AB,
    x: impl Into<AB::Expr>,
    y: impl Into<AB::Expr>,
    count: Count<AB::Expr>,
) {
    ask_table(builder, table_tag::BYTES, x.into(), y.into(), AB::Expr::ZERO, count);
}

/// Asks that x and y have 8 bits each and z = x & y.
#[inline]
pub fn ask_and<AB: InteractionBuilder>(
    builder: &mut AB,
    x: impl Into<AB::Expr>,
    y: impl Into<AB::Expr>,
    z: impl Into<AB::Expr>,
    count: Count<AB::Expr>,
) {
    ask_table(builder, table_tag::AND, x.into(), y.into(), z.into(), count);
}

/// A message of the `instruction` bus: `c = op(x, b)`, as words of two limbs.
///
/// `op` is a number of [`crate::opcode`]. For loads and stores of less than a word, see there.
pub struct InstructionMessage<E> {
    /// Number of the operation.
    pub op: E,
    /// First operand.
    pub x: [E; 2],
    /// Second operand.
    pub b: [E; 2],
    /// Result.
    pub c: [E; 2],
}

impl<E> InstructionMessage<E> {
    #[inline]
    fn fields(self) -> [E; 7] {
        let Self { op, x: [x0, x1], b: [b0, b1], c: [c0, c1] } = self;
        [op, x0, x1, b0, b1, c0, c1]
    }
}

/// Asks for the result of an operation.
#[inline]
pub fn ask_instruction<AB: InteractionBuilder>(
    builder: &mut AB,
    message: InstructionMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::INSTRUCTION, message.fields(), count);
}

/// States the result of an operation, this many times. A row that is not live must state nothing: its count is 0.
#[inline]
pub fn answer_instruction<AB: InteractionBuilder>(
    builder: &mut AB,
    message: InstructionMessage<AB::Expr>,
    count: impl Into<AB::Expr>,
) {
    builder.push_interaction(name::INSTRUCTION, message.fields(), Count::provided(-count.into()));
}

/// Hands an `ECALL` to the call table: its clock, the number in a7 and the limbs of a0.
#[inline]
pub fn send_ecall<AB: InteractionBuilder>(
    builder: &mut AB,
    clock: impl Into<AB::Expr>,
    number: impl Into<AB::Expr>,
    a0: [impl Into<AB::Expr>; 2],
    count: Count<AB::Expr>,
) {
    let [low, high] = a0.map(Into::into);
    builder.push_interaction(name::ECALL, [clock.into(), number.into(), low, high], count);
}

/// The call table's side.
#[inline]
pub fn receive_ecall<AB: InteractionBuilder>(
    builder: &mut AB,
    clock: impl Into<AB::Expr>,
    number: impl Into<AB::Expr>,
    a0: [impl Into<AB::Expr>; 2],
    count: Count<AB::Expr>,
) {
    send_ecall(builder, clock, number, a0, -count);
}

/// Hands a call to the table that does it, see [`receive_call`].
#[inline]
pub fn send_call<AB: InteractionBuilder>(
    builder: &mut AB,
    number: impl Into<AB::Expr>,
    clock: impl Into<AB::Expr>,
    words: [AB::Expr; 4],
    count: Count<AB::Expr>,
) {
    let fields = [number.into(), clock.into()].into_iter().chain(words);
    builder.push_interaction(name::CALL, fields.collect::<Vec<_>>(), count);
}

/// Takes a call from the call table: its clock and the arguments w0 to w3, which are word addresses (but w1 of `HINT`
/// is the number of words).
#[inline]
pub fn receive_call<AB: InteractionBuilder>(
    builder: &mut AB,
    number: impl Into<AB::Expr>,
    clock: impl Into<AB::Expr>,
    words: [AB::Expr; 4],
    count: Count<AB::Expr>,
) {
    send_call(builder, number, clock, words, -count);
}

/// A message of the `port` bus: up to 4 consecutive words in memory.
pub struct PortMessage<E> {
    /// [`port_tag`].
    pub tag: u32,
    /// `8 * clock + slot`.
    pub timestamp: E,
    /// Address of the first word.
    pub address: E,
    /// Number of words, 1 to 4.
    pub count: E,
    /// The words' limbs, low first; what is past `count` is not looked at.
    pub limbs: [E; 8],
}

impl<E: PrimeCharacteristicRing> PortMessage<E> {
    #[inline]
    fn fields(self) -> Vec<E> {
        let head = [E::from_u32(self.tag), self.timestamp, self.address, self.count];
        head.into_iter().chain(self.limbs).collect()
    }
}

/// Asks the port table for an access to memory.
#[inline]
pub fn send_port<AB: InteractionBuilder>(
    builder: &mut AB,
    message: PortMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::PORT, message.fields(), count);
}

/// The same where the tag is a column: a row that reads and a row that writes share the message.
#[inline]
pub fn send_tagged_port<AB: InteractionBuilder>(
    builder: &mut AB,
    tag: impl Into<AB::Expr>,
    message: PortMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    let mut fields = message.fields();
    fields[0] = tag.into();
    builder.push_interaction(name::PORT, fields, count);
}

/// The port table's side.
#[inline]
pub fn receive_port<AB: InteractionBuilder>(
    builder: &mut AB,
    message: PortMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::PORT, message.fields(), -count);
}

/// Asks that z = C(x, y), the compression of [`crate::hash::Hasher::compress`].
#[inline]
pub fn ask_compress<AB: InteractionBuilder>(
    builder: &mut AB,
    x: [AB::Expr; 8],
    y: [AB::Expr; 8],
    z: [AB::Expr; 8],
    count: Count<AB::Expr>,
) {
    let fields: Vec<_> = x.into_iter().chain(y).chain(z).collect();
    builder.push_interaction(name::COMPRESS, fields, count);
}

/// Asks that the program has this instruction: pc, flags, op, rd, rs1, rs2 and the limbs of the constant.
#[inline]
pub fn ask_program<AB: InteractionBuilder>(
    builder: &mut AB,
    instruction: [AB::Expr; 8],
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::PROGRAM, instruction, count);
}

/// States an instruction of the program.
#[inline]
pub fn answer_program<AB: InteractionBuilder>(
    builder: &mut AB,
    instruction: [AB::Expr; 8],
    count: impl Into<AB::Expr>,
) {
    builder.push_interaction(name::PROGRAM, instruction, Count::provided(-count.into()));
}

/// States an entry of the lookup table.
#[inline]
pub fn answer_table<AB: InteractionBuilder>(
    builder: &mut AB,
    tag: u32,
    entry: [AB::Expr; 3],
    count: impl Into<AB::Expr>,
) {
    let [x, y, z] = entry;
    let fields = [AB::Expr::from_u32(tag), x, y, z];
    builder.push_interaction(name::TABLE, fields, Count::provided(-count.into()));
}

/// States that z = C(x, y), this many times.
#[inline]
pub fn answer_compress<AB: InteractionBuilder>(
    builder: &mut AB,
    x: [AB::Expr; 8],
    y: [AB::Expr; 8],
    z: [AB::Expr; 8],
    count: impl Into<AB::Expr>,
) {
    ask_compress(builder, x, y, z, Count::provided(-count.into()));
}

/// Asks that `output` is the permutation of `input`.
#[inline]
pub fn ask_permute<AB: InteractionBuilder>(
    builder: &mut AB,
    input: [AB::Expr; 16],
    output: [AB::Expr; 16],
    count: Count<AB::Expr>,
) {
    let fields: Vec<_> = input.into_iter().chain(output).collect();
    builder.push_interaction(name::PERMUTE, fields, count);
}

/// States that `output` is the permutation of `input`, this many times.
#[inline]
pub fn answer_permute<AB: InteractionBuilder>(
    builder: &mut AB,
    input: [AB::Expr; 16],
    output: [AB::Expr; 16],
    count: impl Into<AB::Expr>,
) {
    ask_permute(builder, input, output, Count::provided(-count.into()));
}

/// A message of the `node` bus: in the memory tree, the node at this place has the digest `old` before the segment and
/// `new` after it.
pub struct NodeMessage<E> {
    /// Distance from the root.
    pub depth: E,
    /// Position among the nodes of this depth.
    pub index: E,
    /// Digest before.
    pub old: [E; 8],
    /// Digest after.
    pub new: [E; 8],
}

impl<E> NodeMessage<E> {
    #[inline]
    fn fields(self) -> Vec<E> {
        [self.depth, self.index].into_iter().chain(self.old).chain(self.new).collect()
    }
}

/// Hands a node to whoever opens it.
#[inline]
pub fn send_node<AB: InteractionBuilder>(
    builder: &mut AB,
    message: NodeMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::NODE, message.fields(), count);
}

/// Takes a node in order to open it.
#[inline]
pub fn receive_node<AB: InteractionBuilder>(
    builder: &mut AB,
    message: NodeMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(name::NODE, message.fields(), -count);
}

/// A message of the buses `modmul256` and `modmul384`: the factor a of a multiplication is reduced by a row of its own.
/// Two buses, as the messages of one have one length.
pub struct ReducedMessage<E> {
    /// Cycle of the call.
    pub clock: E,
    /// Word address of a.
    pub address: E,
    /// Limbs of the modulus.
    pub m: Vec<E>,
    /// Limbs of the number that a was reduced to.
    pub reduced: Vec<E>,
}

impl<E> ReducedMessage<E> {
    #[inline]
    fn fields(self) -> Vec<E> {
        [self.clock, self.address].into_iter().chain(self.m).chain(self.reduced).collect()
    }
}

/// Hands a reduced factor to the row that multiplies.
#[inline]
pub fn send_reduced<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    message: ReducedMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(bus, message.fields(), count);
}

/// Takes a reduced factor.
#[inline]
pub fn receive_reduced<AB: InteractionBuilder>(
    builder: &mut AB,
    bus: &str,
    message: ReducedMessage<AB::Expr>,
    count: Count<AB::Expr>,
) {
    builder.push_interaction(bus, message.fields(), -count);
}
