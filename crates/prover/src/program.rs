//! A program as the tables have it.

use ashlar_machine::cpu::{Class, ProgramRow};
use ashlar_machine::opcode::{alu, subword};
use ashlar_vm::{Instruction, Op, Program};

/// One row for each word of the text, by position; none where there is no instruction that completes.
pub fn program_rows(program: &Program) -> Vec<Option<ProgramRow>> {
    let text = program.text();
    let pcs = (text.base()..).step_by(4);
    pcs.zip(text.instructions()).map(|(pc, instruction)| row(pc, *instruction)).collect()
}

/// The instruction at an address as the program table has it.
fn row(pc: u32, instruction: Instruction) -> Option<ProgramRow> {
    let (class, op) = class(instruction.op())?;
    let [rd, rs1, rs2] = [instruction.rd(), instruction.rs1(), instruction.rs2()].map(u32::from);
    let mut row = ProgramRow {
        pc,
        class,
        negate: matches!(instruction.op(), Op::Bne | Op::Bge | Op::Bgeu),
        uses_rs2: uses_rs2(instruction.op()),
        op,
        rd: if rd == 0 { DISCARD } else { rd },
        rs1,
        rs2,
        imm: instruction.immediate(),
    };
    match instruction.op() {
        // The call's number and its first argument.
        Op::Ecall => (row.rs1, row.rs2) = (17, 10),
        // A branch to the next instruction, whatever happens.
        Op::Fence => row.imm = pc + 4,
        _ => {}
    }
    if !row.uses_rs2 {
        row.rs2 = 0;
    }
    Some(row)
}

/// Register that takes what is written to x0.
pub(crate) const DISCARD: u32 = 32;

/// Class and number on the `instruction` bus.
fn class(op: Op) -> Option<(Class, u32)> {
    let alu = |op| (Class::Alu, op);
    Some(match op {
        Op::Lui | Op::Auipc | Op::Addi | Op::Add => (Class::Add, 0),
        Op::Sub => (Class::Sub, 0),
        Op::Sltiu | Op::Sltu => (Class::Sltu, 0),
        Op::Jal => (Class::Jal, 0),
        Op::Jalr => (Class::Jalr, 0),
        Op::Beq | Op::Bne | Op::Fence => (Class::BranchEq, 0),
        Op::Bltu | Op::Bgeu => (Class::BranchLtu, 0),
        Op::Blt | Op::Bge => (Class::BranchLt, alu::SLT),
        Op::Lw => (Class::LoadWord, 0),
        Op::Sw => (Class::StoreWord, 0),
        Op::Lb => (Class::LoadSub, subword::LB),
        Op::Lbu => (Class::LoadSub, subword::LBU),
        Op::Lh => (Class::LoadSub, subword::LH),
        Op::Lhu => (Class::LoadSub, subword::LHU),
        Op::Sb => (Class::StoreSub, subword::SB),
        Op::Sh => (Class::StoreSub, subword::SH),
        Op::Slti | Op::Slt => alu(alu::SLT),
        Op::Xori | Op::Xor => alu(alu::XOR),
        Op::Ori | Op::Or => alu(alu::OR),
        Op::Andi | Op::And => alu(alu::AND),
        Op::Slli | Op::Sll => alu(alu::SLL),
        Op::Srli | Op::Srl => alu(alu::SRL),
        Op::Srai | Op::Sra => alu(alu::SRA),
        Op::Mul => alu(alu::MUL),
        Op::Mulh => alu(alu::MULH),
        Op::Mulhsu => alu(alu::MULHSU),
        Op::Mulhu => alu(alu::MULHU),
        Op::Div => alu(alu::DIV),
        Op::Divu => alu(alu::DIVU),
        Op::Rem => alu(alu::REM),
        Op::Remu => alu(alu::REMU),
        Op::Ecall => (Class::Ecall, 0),
        Op::Illegal | Op::Outside => return None,
    })
}

/// Whether the second operand is a register.
const fn uses_rs2(op: Op) -> bool {
    use Op::*;
    let is_binary = matches!(op, Add | Sub | Sll | Slt | Sltu | Xor | Srl | Sra | Or | And);
    let is_product = matches!(op, Mul | Mulh | Mulhsu | Mulhu | Div | Divu | Rem | Remu);
    let is_branch = matches!(op, Beq | Bne | Blt | Bge | Bltu | Bgeu);
    is_binary || is_product || is_branch || matches!(op, Sb | Sh | Sw | Ecall)
}
