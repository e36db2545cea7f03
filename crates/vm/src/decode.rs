//! From instruction words to the table that the executor walks.

use core::fmt;

/// One operation: the RV32I and M instructions, the call, and the two ways of not being an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // The names are the specification's mnemonics.
pub enum Op {
    Lui,
    Auipc,
    Jal,
    Jalr,
    Beq,
    Bne,
    Blt,
    Bge,
    Bltu,
    Bgeu,
    Lb,
    Lh,
    Lw,
    Lbu,
    Lhu,
    Sb,
    Sh,
    Sw,
    Addi,
    Slti,
    Sltiu,
    Xori,
    Ori,
    Andi,
    Slli,
    Srli,
    Srai,
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,
    Fence,
    Ecall,
    /// Every other encoding: traps when executed. `immediate` is the word.
    Illegal,
    /// No executable segment covers this address: traps when reached.
    Outside,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// Register file index that absorbs writes to `x0`.
const DISCARD: u8 = 32;

/// One decoded instruction, 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    op: Op,
    /// Destination; 32 where there is none or it is `x0`, so that a write needs no test.
    rd: u8,
    rs1: u8,
    rs2: u8,
    immediate: u32,
}

impl Instruction {
    /// What fetching outside of the executable segments yields.
    pub(crate) const OUTSIDE: Self = Self::new(Op::Outside, 0, 0, 0, 0);

    const fn new(op: Op, rd: u32, rs1: u32, rs2: u32, immediate: u32) -> Self {
        let rd = if rd == 0 { DISCARD } else { rd as u8 };
        Self { op, rd, rs1: rs1 as u8, rs2: rs2 as u8, immediate }
    }

    /// Decodes the word at address `pc`. Total: what is not an instruction becomes [`Op::Illegal`].
    pub fn decode(word: u32, pc: u32) -> Self {
        let fields = Fields(word);
        fields.decode(pc).unwrap_or(Self::new(Op::Illegal, 0, 0, 0, word))
    }

    /// The operation.
    #[inline(always)]
    pub const fn op(self) -> Op {
        self.op
    }

    /// Destination register, 0..=31; 0 also where the instruction has none.
    #[inline(always)]
    pub const fn rd(self) -> u8 {
        self.rd & 31
    }

    /// Where the executor writes the result: [`Self::rd`], or 32 in place of 0.
    #[inline(always)]
    pub(crate) const fn destination(self) -> u8 {
        self.rd
    }

    /// First source register, 0..=31; 0 where the instruction has none.
    #[inline(always)]
    pub const fn rs1(self) -> u8 {
        self.rs1
    }

    /// Second source register, 0..=31; 0 where the instruction has none.
    #[inline(always)]
    pub const fn rs2(self) -> u8 {
        self.rs2
    }

    /// The constant operand: the sign-extended immediate, or the shift amount; for `lui` the whole result; for
    /// `auipc`, `jal` and branches the sum of `pc` and the encoded offset; for [`Op::Illegal`] the word; 0 where
    /// there is none.
    #[inline(always)]
    pub const fn immediate(self) -> u32 {
        self.immediate
    }
}

/// An instruction word cut into fields (RISC-V unprivileged specification 20191213, chapter 2.2 and 2.3).
#[derive(Clone, Copy)]
struct Fields(u32);

impl Fields {
    const fn rd(self) -> u32 {
        self.0 >> 7 & 31
    }

    const fn rs1(self) -> u32 {
        self.0 >> 15 & 31
    }

    const fn rs2(self) -> u32 {
        self.0 >> 20 & 31
    }

    const fn funct3(self) -> u32 {
        self.0 >> 12 & 7
    }

    const fn funct7(self) -> u32 {
        self.0 >> 25
    }

    /// Sign-extended 12-bit immediate of loads, `jalr` and arithmetic.
    const fn immediate_i(self) -> u32 {
        (self.0 as i32 >> 20) as u32
    }

    /// Sign-extended 12-bit immediate of stores.
    const fn immediate_s(self) -> u32 {
        (self.0 as i32 >> 25 << 5) as u32 | self.rd()
    }

    /// Sign-extended 13-bit offset of branches.
    const fn immediate_b(self) -> u32 {
        let high = (self.0 as i32 >> 31 << 12) as u32;
        high | (self.0 >> 7 & 1) << 11 | (self.0 >> 25 & 0x3f) << 5 | (self.0 >> 8 & 0xf) << 1
    }

    /// 20 high bits of `lui` and `auipc`.
    const fn immediate_u(self) -> u32 {
        self.0 & 0xffff_f000
    }

    /// Sign-extended 21-bit offset of `jal`.
    const fn immediate_j(self) -> u32 {
        let high = (self.0 as i32 >> 31 << 20) as u32;
        high | (self.0 & 0xff000) | (self.0 >> 20 & 1) << 11 | (self.0 >> 21 & 0x3ff) << 1
    }

    fn decode(self, pc: u32) -> Option<Instruction> {
        let (rd, rs1, rs2) = (self.rd(), self.rs1(), self.rs2());
        Some(match self.0 & 0x7f {
            0x37 => Instruction::new(Op::Lui, rd, 0, 0, self.immediate_u()),
            0x17 => Instruction::new(Op::Auipc, rd, 0, 0, pc.wrapping_add(self.immediate_u())),
            0x6f => Instruction::new(Op::Jal, rd, 0, 0, pc.wrapping_add(self.immediate_j())),
            0x67 if self.funct3() == 0 => Instruction::new(Op::Jalr, rd, rs1, 0, self.immediate_i()),
            0x63 => Instruction::new(self.branch()?, 0, rs1, rs2, pc.wrapping_add(self.immediate_b())),
            0x03 => Instruction::new(self.load()?, rd, rs1, 0, self.immediate_i()),
            0x23 => Instruction::new(self.store()?, 0, rs1, rs2, self.immediate_s()),
            0x13 => {
                let (op, immediate) = self.register_immediate()?;
                Instruction::new(op, rd, rs1, 0, immediate)
            }
            0x33 => Instruction::new(self.register_register()?, rd, rs1, rs2, 0),
            // Only funct3 = 0 is FENCE; its other fields are reserved for finer fences and ignored (chapter 2.7).
            0x0f if self.funct3() == 0 => Instruction::new(Op::Fence, 0, 0, 0, 0),
            0x73 if self.0 == 0x0000_0073 => Instruction::new(Op::Ecall, 0, 0, 0, 0),
            _ => return None,
        })
    }

    const fn branch(self) -> Option<Op> {
        Some(match self.funct3() {
            0 => Op::Beq,
            1 => Op::Bne,
            4 => Op::Blt,
            5 => Op::Bge,
            6 => Op::Bltu,
            7 => Op::Bgeu,
            _ => return None,
        })
    }

    const fn load(self) -> Option<Op> {
        Some(match self.funct3() {
            0 => Op::Lb,
            1 => Op::Lh,
            2 => Op::Lw,
            4 => Op::Lbu,
            5 => Op::Lhu,
            _ => return None,
        })
    }

    const fn store(self) -> Option<Op> {
        Some(match self.funct3() {
            0 => Op::Sb,
            1 => Op::Sh,
            2 => Op::Sw,
            _ => return None,
        })
    }

    const fn register_immediate(self) -> Option<(Op, u32)> {
        let op = match (self.funct3(), self.funct7()) {
            (0, _) => Op::Addi,
            (2, _) => Op::Slti,
            (3, _) => Op::Sltiu,
            (4, _) => Op::Xori,
            (6, _) => Op::Ori,
            (7, _) => Op::Andi,
            (1, 0x00) => return Some((Op::Slli, self.rs2())),
            (5, 0x00) => return Some((Op::Srli, self.rs2())),
            (5, 0x20) => return Some((Op::Srai, self.rs2())),
            _ => return None,
        };
        Some((op, self.immediate_i()))
    }

    const fn register_register(self) -> Option<Op> {
        Some(match (self.funct7(), self.funct3()) {
            (0x00, 0) => Op::Add,
            (0x20, 0) => Op::Sub,
            (0x00, 1) => Op::Sll,
            (0x00, 2) => Op::Slt,
            (0x00, 3) => Op::Sltu,
            (0x00, 4) => Op::Xor,
            (0x00, 5) => Op::Srl,
            (0x20, 5) => Op::Sra,
            (0x00, 6) => Op::Or,
            (0x00, 7) => Op::And,
            (0x01, 0) => Op::Mul,
            (0x01, 1) => Op::Mulh,
            (0x01, 2) => Op::Mulhsu,
            (0x01, 3) => Op::Mulhu,
            (0x01, 4) => Op::Div,
            (0x01, 5) => Op::Divu,
            (0x01, 6) => Op::Rem,
            (0x01, 7) => Op::Remu,
            _ => return None,
        })
    }
}

const _: () = assert!(size_of::<Instruction>() == 8);
