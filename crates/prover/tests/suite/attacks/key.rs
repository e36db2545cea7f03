//! What a key is made of: the program's rows and the initial memory, against a second opinion.

use std::collections::BTreeMap;

use ashlar_abi::memory::STACK_TOP;
use ashlar_machine::hash::Digest;
use ashlar_machine::opcode::alu;
use ashlar_vm::asm::encode;
use ashlar_vm::{LoadSegment, Machine, Symbols};
use p3_field::PrimeCharacteristicRing;

use super::*;
use crate::programs::TEXT;

/// One other instruction, even one that does the same.
#[test]
fn refuses_a_run_of_another_program() {
    let run = Forgery::new(stores_and_loads(), &[]);
    let text = |swap: bool| {
        let mut asm = Assembler::new();
        let [t0, t1] = if swap { [reg::T1, reg::T0] } else { [reg::T0, reg::T1] };
        asm.r(Op::Add, reg::S0, t0, t1);
        halting(asm)
    };
    let [program, other] = [text(false), text(true)];
    let run_of_other = Forgery::new(other, &[]);
    assert_eq!(verdict(&program, &run_of_other.job, &run_of_other.traces()), ["bus program"]);
    let refused = verdict(&program, &run.job, &run.traces());
    assert!(refused.contains(&"bus program".into()), "{refused:?}");
}

/// An instruction that the program has, at an address where it has another one.
#[test]
fn refuses_instructions_at_other_addresses() {
    let mut run = Forgery::new(stores_and_loads(), &[]);
    let [first, second] = [0, 1].map(|i| run.clocks(Class::StoreWord)[i]);
    // The stores are the same instruction.
    run.events.cpu[second].instruction = run.events.cpu[first].instruction;
    let refused = run.verdict();
    assert!(refused.contains(&"table cpu".into()) && refused.contains(&"bus program".into()), "{refused:?}");
}

/// What an encoded word, alone in a text, becomes.
fn row(word: u32) -> Option<ProgramRow> {
    let program = Program::from_words(TEXT, &[word]).expect("a program");
    let rows = program_rows(&program);
    assert_eq!((rows.len(), rows[1]), (2, None), "the end of the text is no instruction");
    rows[0]
}

fn expected(class: Class, op: u32, [rd, rs1, rs2]: [u32; 3], imm: u32) -> Option<ProgramRow> {
    Some(ProgramRow { pc: TEXT, class, negate: false, uses_rs2: rs2 != 0, op, rd, rs1, rs2, imm })
}

#[test]
fn rows_say_what_the_words_say() {
    // x0 as a destination is the register that nobody reads.
    assert_eq!(row(encode(Op::Add, 0, 6, 7, 0)), expected(Class::Add, 0, [32, 6, 7], 0));
    assert_eq!(row(encode(Op::Addi, 5, 6, 0, -1)), expected(Class::Add, 0, [5, 6, 0], u32::MAX));
    assert_eq!(row(encode(Op::Lui, 5, 0, 0, -4096)), expected(Class::Add, 0, [5, 0, 0], 0xffff_f000));
    let auipc = TEXT.wrapping_add(0xffff_f000);
    assert_eq!(row(encode(Op::Auipc, 5, 0, 0, -4096)), expected(Class::Add, 0, [5, 0, 0], auipc));
    assert_eq!(row(encode(Op::Slli, 5, 6, 0, 31)), expected(Class::Alu, alu::SLL, [5, 6, 0], 31));
    assert_eq!(row(encode(Op::Sltiu, 5, 6, 0, -2)), expected(Class::Sltu, 0, [5, 6, 0], u32::MAX - 1));
    assert_eq!(row(encode(Op::Sw, 0, 6, 7, -4)), expected(Class::StoreWord, 0, [32, 6, 7], u32::MAX - 3));
    assert_eq!(row(encode(Op::Lw, 0, 6, 0, 4)), expected(Class::LoadWord, 0, [32, 6, 0], 4));
    // A jump below the image: no address.
    let back = TEXT.wrapping_sub(1 << 20);
    assert_eq!(row(encode(Op::Jal, 1, 0, 0, -(1 << 20))), expected(Class::Jal, 0, [1, 0, 0], back));
    assert_eq!(row(encode(Op::Jalr, 0, 1, 0, 2)), expected(Class::Jalr, 0, [32, 1, 0], 2));
    assert_eq!(row(encode(Op::Ecall, 0, 0, 0, 0)), expected(Class::Ecall, 0, [32, 17, 10], 0));
    // Fences of all kinds lead to the next instruction.
    for fence in [0x0000_000f, 0x0ff0_000f, 0x8330_000f, 0x0000_0f8f, 0x000f_800f] {
        assert_eq!(row(fence), expected(Class::BranchEq, 0, [32, 0, 0], TEXT + 4));
    }
    let branch =
        |negate, class, op| expected(class, op, [32, 6, 7], TEXT - 8).map(|row| ProgramRow { negate, ..row });
    let encoded = |op| row(encode(op, 0, 6, 7, -8));
    assert_eq!(encoded(Op::Beq), branch(false, Class::BranchEq, 0));
    assert_eq!(encoded(Op::Bne), branch(true, Class::BranchEq, 0));
    assert_eq!(encoded(Op::Blt), branch(false, Class::BranchLt, alu::SLT));
    assert_eq!(encoded(Op::Bge), branch(true, Class::BranchLt, alu::SLT));
    assert_eq!(encoded(Op::Bltu), branch(false, Class::BranchLtu, 0));
    assert_eq!(encoded(Op::Bgeu), branch(true, Class::BranchLtu, 0));
}

/// `ebreak`, `fence.i`, CSR instructions, compressed ones, holes in the encoding: a cycle of these has no row.
#[test]
fn words_that_are_no_instructions_have_no_row() {
    for word in [0, u32::MAX, 0x0010_0073, 0x0000_100f, 0x3000_2073, 0x0000_4501, 0x4000_1013, 0x0200_5013] {
        assert_eq!(row(word), None, "{word:#010x}");
    }
    // Any other ecall: rd, rs1 or imm not 0.
    for word in [0x0000_00f3, 0x0000_8073, 0x0020_0073] {
        assert_eq!(row(word), None, "{word:#010x}");
    }
}

/// Addresses of targets that wrap are, mod p, no address of an instruction and not the halted pc.
#[test]
fn targets_below_zero_are_no_addresses() {
    for back in (2..=1 << 20).step_by(2) {
        let target = ashlar_machine::Val::from_u32(0_u32.wrapping_sub(back));
        let target = p3_field::PrimeField32::as_canonical_u32(&target);
        assert!(target >= 1 << 24, "{back}");
    }
}

/// Root of a tree of these pages, by recursion. Void is 0, and so is what lies outside of both subtrees.
fn root(hasher: &Hasher, depth: u32, index: u32, pages: &BTreeMap<u32, Digest>, empty: &[Digest]) -> Digest {
    let below = u64::from(index) << (27 - depth)..u64::from(index + 1) << (27 - depth);
    let subtrees = [0..1 << 24, 3 << 25..(3 << 25) + 4_u64];
    let is_apart = |subtree: &core::ops::Range<u64>| subtree.end <= below.start || below.end <= subtree.start;
    let is_inside =
        |subtree: &core::ops::Range<u64>| subtree.start <= below.start && below.end <= subtree.end;
    if subtrees.iter().all(is_apart) {
        return [ashlar_machine::Val::ZERO; 8];
    }
    let is_touched = pages.keys().any(|page| below.contains(&u64::from(*page)));
    if subtrees.iter().any(is_inside) && !is_touched {
        return empty[27 - depth as usize];
    }
    if depth == 27 {
        return pages[&index];
    }
    let [left, right] = [0, 1].map(|side| root(hasher, depth + 1, 2 * index + side, pages, empty));
    hasher.compress(&left, &right)
}

/// The initial root is that of the memory and registers with which a machine starts: image of text and data (two
/// segments share a page), zeros elsewhere, x2 the stack's top.
#[test]
fn the_initial_root_is_that_of_the_machine() {
    let text: Vec<u8> = [encode(Op::Addi, 5, 0, 0, 1), 0x73, 0xdead_beef]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let segment = |address, bytes, size, executable| LoadSegment { address, size, bytes, executable };
    let segments = [
        segment(TEXT, &text[..], 12, true),
        segment(TEXT + 13, b"read only", 200, false),
        segment(
            DATA + 130,
            b"data that crosses the end of its page, and goes on in the next one",
            4096,
            false,
        ),
        segment(0x3fff_fffc, b"last", 4, false),
    ];
    let program = Program::from_segments(&segments, TEXT, Symbols::default()).expect("a program");
    let machine = Machine::new(&program, &[]);
    let hasher = Hasher::default();
    let memory = machine.state().memory;
    // All pages that are not zero.
    let mut pages: BTreeMap<u32, Digest> = (0..1 << 24)
        .filter_map(|page| Some((page, memory.page(page)?)))
        .filter(|(_, words)| **words != [0; 16])
        .map(|(page, words)| (page, hasher.page(words)))
        .collect();
    assert_eq!(pages.len(), 1 + 2 + 1);
    let mut registers = [0; 16];
    registers[2] = STACK_TOP;
    pages.insert(REGISTER_PAGE, hasher.page(&registers));
    let mut empty = vec![hasher.page(&[0; 16])];
    for height in 0..27 {
        empty.push(hasher.compress(&empty[height], &empty[height]));
    }
    assert_eq!(MemoryTree::new(&program).root(), root(&hasher, 0, 0, &pages, &empty));
}

/// Whatever lies in neither subtree is void.
#[test]
fn what_no_pointer_may_reach_is_void() {
    let tree = MemoryTree::new(&stores_and_loads());
    let void = [ashlar_machine::Val::ZERO; 8];
    assert_ne!(tree.digest(3, 0), void);
    for index in [1, 2, 3, 4, 5, 7] {
        assert_eq!(tree.digest(3, index), void, "{index}");
    }
    for depth in 4..=25 {
        let above = REGISTER_PAGE >> (27 - depth);
        assert_ne!(tree.digest(depth, above), void);
        assert_eq!(tree.digest(depth, above ^ 1), void, "beside the registers at depth {depth}");
    }
}
