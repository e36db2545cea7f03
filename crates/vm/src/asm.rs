//! A small assembler, for tests and benches of the machine.
//!
//! It checks nothing but that labels are bound: an immediate is cut to the bits of its field.

use crate::Op;

/// Register numbers by their names in the calling convention.
#[allow(missing_docs)]
pub mod reg {
    pub const ZERO: u32 = 0;
    pub const RA: u32 = 1;
    pub const SP: u32 = 2;
    pub const T0: u32 = 5;
    pub const T1: u32 = 6;
    pub const T2: u32 = 7;
    pub const S0: u32 = 8;
    pub const S1: u32 = 9;
    pub const A0: u32 = 10;
    pub const A1: u32 = 11;
    pub const A2: u32 = 12;
    pub const A3: u32 = 13;
    pub const A7: u32 = 17;
}

/// The word of an instruction. Operands that it does not have are ignored; `immediate` is the shift amount of shifts
/// and the offset of branches and `jal`. For [`Op::Illegal`] the immediate itself; [`Op::Outside`] becomes 0.
pub const fn encode(op: Op, rd: u32, rs1: u32, rs2: u32, immediate: i32) -> u32 {
    let i = immediate as u32;
    let (rd, rs1, rs2) = ((rd & 31) << 7, (rs1 & 31) << 15, (rs2 & 31) << 20);
    let shift = (i & 31) << 20;
    let [imm_i, imm_s] = [(i & 0xfff) << 20, (i >> 5 & 0x7f) << 25 | (i & 0x1f) << 7];
    let imm_b = (i >> 12 & 1) << 31 | (i >> 5 & 0x3f) << 25 | (i >> 1 & 0xf) << 8 | (i >> 11 & 1) << 7;
    let imm_j = (i >> 20 & 1) << 31 | (i >> 1 & 0x3ff) << 21 | (i >> 11 & 1) << 20 | (i >> 12 & 0xff) << 12;
    match op {
        Op::Lui => 0x37 | rd | i & 0xffff_f000,
        Op::Auipc => 0x17 | rd | i & 0xffff_f000,
        Op::Jal => 0x6f | rd | imm_j,
        Op::Jalr => 0x67 | rd | rs1 | imm_i,
        Op::Beq | Op::Bne | Op::Blt | Op::Bge | Op::Bltu | Op::Bgeu => 0x63 | funct(op) | rs1 | rs2 | imm_b,
        Op::Lb | Op::Lh | Op::Lw | Op::Lbu | Op::Lhu => 0x03 | funct(op) | rd | rs1 | imm_i,
        Op::Sb | Op::Sh | Op::Sw => 0x23 | funct(op) | rs1 | rs2 | imm_s,
        Op::Addi | Op::Slti | Op::Sltiu | Op::Xori | Op::Ori | Op::Andi => {
            0x13 | funct(op) | rd | rs1 | imm_i
        }
        Op::Slli | Op::Srli | Op::Srai => 0x13 | funct(op) | rd | rs1 | shift,
        Op::Fence => 0x0f,
        Op::Ecall => 0x73,
        Op::Illegal => i,
        Op::Outside => 0,
        _ => 0x33 | funct(op) | rd | rs1 | rs2,
    }
}

/// The funct3 and funct7 fields, in place.
const fn funct(op: Op) -> u32 {
    let (funct7, funct3) = match op {
        Op::Beq | Op::Lb | Op::Sb | Op::Addi | Op::Add => (0, 0),
        Op::Bne | Op::Lh | Op::Sh | Op::Slli | Op::Sll => (0, 1),
        Op::Lw | Op::Sw | Op::Slti | Op::Slt => (0, 2),
        Op::Sltiu | Op::Sltu => (0, 3),
        Op::Blt | Op::Lbu | Op::Xori | Op::Xor => (0, 4),
        Op::Bge | Op::Lhu | Op::Srli | Op::Srl => (0, 5),
        Op::Bltu | Op::Ori | Op::Or => (0, 6),
        Op::Bgeu | Op::Andi | Op::And => (0, 7),
        Op::Sub => (0x20, 0),
        Op::Srai | Op::Sra => (0x20, 5),
        Op::Mul => (1, 0),
        Op::Mulh => (1, 1),
        Op::Mulhsu => (1, 2),
        Op::Mulhu => (1, 3),
        Op::Div => (1, 4),
        Op::Divu => (1, 5),
        Op::Rem => (1, 6),
        Op::Remu => (1, 7),
        _ => (0, 0),
    };
    funct7 << 25 | funct3 << 12
}

/// A place in the code, perhaps not yet known.
#[derive(Clone, Copy, Debug)]
pub struct Label(usize);

/// Collects instructions and fills in the labels.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    words: Vec<u32>,
    /// Position of each label, in words.
    labels: Vec<Option<usize>>,
    /// Branches and jumps to labels: position, operation, registers, label.
    fixups: Vec<(usize, Op, [u32; 3], Label)>,
}

impl Assembler {
    /// No code.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word as it is.
    pub fn word(&mut self, word: u32) -> &mut Self {
        self.words.push(word);
        self
    }

    /// Adds a register-register instruction.
    pub fn r(&mut self, op: Op, rd: u32, rs1: u32, rs2: u32) -> &mut Self {
        self.word(encode(op, rd, rs1, rs2, 0))
    }

    /// Adds an instruction with a destination and an immediate: arithmetic, loads, `jalr`, `lui`, `auipc`.
    pub fn i(&mut self, op: Op, rd: u32, rs1: u32, immediate: i32) -> &mut Self {
        self.word(encode(op, rd, rs1, 0, immediate))
    }

    /// Adds a store of `value` to `base + offset`.
    pub fn store(&mut self, op: Op, value: u32, base: u32, offset: i32) -> &mut Self {
        self.word(encode(op, 0, base, value, offset))
    }

    /// Adds the one or two instructions that set a register to a constant.
    pub fn li(&mut self, rd: u32, value: u32) -> &mut Self {
        let low = (value as i32) << 20 >> 20;
        let high = value.wrapping_sub(low as u32);
        if high == 0 {
            return self.i(Op::Addi, rd, 0, low);
        }
        self.i(Op::Lui, rd, 0, high as i32);
        if low != 0 {
            self.i(Op::Addi, rd, rd, low);
        }
        self
    }

    /// Adds what makes a call with constant arguments; clobbers a7 and the argument registers.
    pub fn call(&mut self, number: u32, arguments: &[u32]) -> &mut Self {
        for (register, argument) in (reg::A0..).zip(arguments) {
            self.li(register, *argument);
        }
        self.li(reg::A7, number).word(encode(Op::Ecall, 0, 0, 0, 0))
    }

    /// A new label, not yet bound.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) -> &mut Self {
        self.labels[label.0] = Some(self.words.len());
        self
    }

    /// A new label at the next instruction.
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Adds a branch to a label.
    pub fn branch(&mut self, op: Op, rs1: u32, rs2: u32, label: Label) -> &mut Self {
        self.fixups.push((self.words.len(), op, [0, rs1, rs2], label));
        self.word(0)
    }

    /// Adds a `jal` to a label.
    pub fn jump(&mut self, rd: u32, label: Label) -> &mut Self {
        self.fixups.push((self.words.len(), Op::Jal, [rd, 0, 0], label));
        self.word(0)
    }

    /// Words so far.
    pub const fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no code.
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The code. A branch to a label that was never bound jumps to itself.
    pub fn finish(mut self) -> Vec<u32> {
        for (at, op, [rd, rs1, rs2], label) in self.fixups {
            let target = self.labels[label.0].unwrap_or(at);
            self.words[at] = encode(op, rd, rs1, rs2, (target as i32 - at as i32) * 4);
        }
        self.words
    }
}
