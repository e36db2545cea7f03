//! Cycles go to the function that spends them and to those that called it.

mod common;
#[path = "common/elf.rs"]
mod elf;

use ashlar_vm::asm::{Assembler, Label, reg};
use ashlar_vm::{Call, Op, Options, ProfileReport, Program, profile};
use common::{DATA, TEXT};
use elf::{Segment, executable};

/// Builds named functions.
#[derive(Default)]
struct Functions {
    asm: Assembler,
    starts: Vec<(&'static str, u32)>,
}

impl Functions {
    fn begin(&mut self, name: &'static str, label: Label) {
        self.starts.push((name, TEXT + 4 * self.asm.len() as u32));
        self.asm.bind(label);
    }

    fn run(self) -> (u64, ProfileReport) {
        let functions: Vec<_> = self.starts.iter().map(|(name, start)| (*name, *start, 0)).collect();
        let file = executable(TEXT, &[Segment::text(TEXT, &self.asm.finish())], &functions);
        let program = Program::from_elf(&file).expect("a program");
        let (run, report) = profile(&program, &[], Options::default()).expect("no trap");
        (run.cycles, report)
    }
}

fn folded(report: &ProfileReport) -> Vec<String> {
    report.folded().collect()
}

#[test]
fn calls_and_returns_make_stacks() {
    let mut f = Functions::default();
    let (main, work, leaf) = (f.asm.label(), f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.jump(reg::RA, work).jump(reg::RA, leaf).call(0, &[0]);
    f.begin("work", work);
    f.asm.r(Op::Add, reg::S0, reg::RA, 0).jump(reg::RA, leaf).jump(reg::RA, leaf).i(Op::Jalr, 0, reg::S0, 0);
    // Returning through s0 is no return by its register, but it goes where main called from.
    f.begin("leaf", leaf);
    f.asm.i(Op::Addi, reg::T0, 0, 1).i(Op::Jalr, 0, reg::RA, 0);
    let (cycles, report) = f.run();
    assert_eq!(folded(&report), ["main 5", "main;leaf 2", "main;work 4", "main;work;leaf 4"]);
    assert_eq!(report.functions().iter().map(|cost| cost.self_cycles).sum::<u64>(), cycles);
    let leaf = report.functions().iter().find(|cost| cost.name == "leaf").unwrap();
    assert_eq!((leaf.self_cycles, leaf.total_cycles, leaf.entries), (6, 6, 3));
    let main = report.functions().iter().find(|cost| cost.name == "main").unwrap();
    assert_eq!((main.self_cycles, main.total_cycles), (5, 15));
}

#[test]
fn a_tail_call_replaces_its_caller() {
    let mut f = Functions::default();
    let (main, first, second) = (f.asm.label(), f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.jump(reg::RA, first).call(0, &[0]);
    f.begin("first", first);
    f.asm.i(Op::Addi, reg::T0, 0, 1).jump(0, second);
    f.begin("second", second);
    f.asm.i(Op::Jalr, 0, reg::RA, 0);
    assert_eq!(folded(&f.run().1), ["main 4", "main;first 2", "main;second 1"]);
}

#[test]
fn a_long_jump_pops_every_frame_in_between() {
    let mut f = Functions::default();
    let (main, outer, inner) = (f.asm.label(), f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.jump(reg::RA, outer).call(0, &[0]);
    f.begin("outer", outer);
    f.asm.r(Op::Add, reg::S0, reg::RA, 0).jump(reg::RA, inner).word(0);
    f.begin("inner", inner);
    f.asm.r(Op::Add, reg::RA, reg::S0, 0).i(Op::Jalr, 0, reg::RA, 0);
    assert_eq!(folded(&f.run().1), ["main 4", "main;outer 2", "main;outer;inner 2"]);
}

#[test]
fn recursion_is_not_counted_twice_in_the_total() {
    let mut f = Functions::default();
    let (main, down, end) = (f.asm.label(), f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.li(reg::T0, 3).jump(reg::RA, down).call(0, &[0]);
    f.begin("down", down);
    f.asm.i(Op::Addi, reg::SP, reg::SP, -16).store(Op::Sw, reg::RA, reg::SP, 0);
    f.asm.i(Op::Addi, reg::T0, reg::T0, -1).branch(Op::Beq, reg::T0, 0, end).jump(reg::RA, down);
    f.asm.bind(end).i(Op::Lw, reg::RA, reg::SP, 0).i(Op::Addi, reg::SP, reg::SP, 16).i(
        Op::Jalr,
        0,
        reg::RA,
        0,
    );
    let (cycles, report) = f.run();
    let down = report.functions().iter().find(|cost| cost.name == "down").unwrap();
    assert_eq!((down.self_cycles, down.total_cycles, down.entries), (cycles - 5, cycles - 5, 3));
    assert_eq!(folded(&report)[3], "main;down;down;down 7");
}

#[test]
fn calls_to_the_machine_are_counted_by_function() {
    let mut f = Functions::default();
    let (main, hash) = (f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.jump(reg::RA, hash).jump(reg::RA, hash).call(0, &[0]);
    f.begin("hash;it", hash);
    f.asm.call(16, &[DATA]).i(Op::Jalr, 0, reg::RA, 0);
    let (_, report) = f.run();
    let hash = report.functions().iter().find(|cost| cost.name == "hash;it").unwrap();
    assert_eq!((hash.calls.of(Call::KeccakF), hash.calls.of(Call::Halt)), (2, 0));
    assert!(report.to_string().contains("hash;it KECCAK_F=2"));
    // The separator of frames may not be part of a name.
    assert!(folded(&report)[1].starts_with("main;hash:it "));
}

#[test]
fn endless_calls_do_not_grow_the_profile() {
    let mut f = Functions::default();
    let (main, again) = (f.asm.label(), f.asm.label());
    f.begin("main", main);
    f.asm.li(reg::S0, 100_000);
    f.begin("again", again);
    let end = f.asm.label();
    f.asm.i(Op::Addi, reg::S0, reg::S0, -1).branch(Op::Beq, reg::S0, 0, end).jump(reg::RA, again);
    f.asm.bind(end).call(0, &[0]);
    let (cycles, report) = f.run();
    assert!(folded(&report).len() <= 257);
    assert_eq!(report.functions().iter().map(|cost| cost.self_cycles).sum::<u64>(), cycles);
}

#[test]
fn code_without_symbols_is_one_unknown_function() {
    let program = common::busy_program(3);
    let (run, report) = profile(&program, &common::busy_hints(3), Options::default()).unwrap();
    assert_eq!(folded(&report), [format!("[unknown] {}", run.cycles)]);
}

#[test]
fn a_flame_graph_names_its_functions() {
    let mut f = Functions::default();
    let main = f.asm.label();
    f.begin("_ZN3app4main17h0123456789abcdefE", main);
    f.asm.call(0, &[0]);
    let svg = f.run().1.to_svg("a run").unwrap();
    assert!(svg.contains("<svg") && svg.contains("app::main") && svg.contains("a run"));
}
