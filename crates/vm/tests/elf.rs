//! What the loader accepts, what it makes of it, and what it refuses.

mod common;
#[path = "common/elf.rs"]
mod elf;

use ashlar_vm::asm::{Assembler, reg};
use ashlar_vm::{
    ElfError, IMAGE_BYTES_MAX, LayoutError, LoadSegment, Machine, Op, Options, Program, Symbols, run,
};
use common::{DATA, TEXT};
use elf::{Segment, executable};

const NOP: u32 = 0x13;

/// A program that halts with the first word of its data.
fn code() -> Vec<u32> {
    let mut asm = Assembler::new();
    asm.li(reg::T0, DATA).i(Op::Lw, reg::A0, reg::T0, 0).word(0x73);
    asm.finish()
}

fn good() -> Vec<u8> {
    executable(TEXT, &[Segment::text(TEXT, &code()), Segment::data(DATA, &[42, 1, 0, 0])], &[])
}

fn layout(segments: &[Segment]) -> LayoutError {
    match Program::from_elf(&executable(TEXT, segments, &[])) {
        Err(ElfError::Layout(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_executable_runs_with_its_data() {
    let program = Program::from_elf(&good()).unwrap();
    assert_eq!(run(&program, &[], Options::default()).unwrap().exit.code, 0x12a);
    assert_eq!(program.entry(), TEXT);
}

#[test]
fn a_file_at_an_odd_address_loads_as_well() {
    let shifted = [&[0], &good()[..]].concat();
    assert!(Program::from_elf(&shifted[1..]).is_ok());
}

#[test]
fn the_image_is_whole_pages_in_order() {
    let segments = [
        Segment::data(DATA + 70, &[1, 2, 3]),
        Segment::text(TEXT + 4, &code()),
        Segment::data(DATA + 60, &[9; 6]),
    ];
    let program = Program::from_elf(&executable(TEXT + 4, &segments, &[])).unwrap();
    let image = program.image();
    let places: Vec<_> = image.iter().map(|chunk| (chunk.address, chunk.words.len())).collect();
    assert_eq!(places, [(TEXT, 16), (DATA, 32)]);
    assert_eq!(image[0].words[..2], [0, code()[0]]);
    // Bytes 60..66 and 70..73: one segment crosses into the second page, the other lies in it.
    assert_eq!(image[1].words[15..19], [0x0909_0909, 0x0000_0909, 0x0201_0000, 0x0000_0003]);
}

#[test]
fn memory_above_the_content_is_zero() {
    let mut bss = Segment::data(DATA, &[1]);
    bss.size = 0x1000_0000;
    let program = Program::from_elf(&executable(TEXT, &[Segment::text(TEXT, &code()), bss], &[])).unwrap();
    assert_eq!(run(&program, &[], Options::default()).unwrap().exit.code, 1);
    assert_eq!(program.image().iter().map(|chunk| chunk.words.len()).sum::<usize>(), 32);
}

#[test]
fn text_may_lie_at_zero_and_end_a_word_before_the_image() {
    for address in [0, 0x0100_0000 - 4 - 4 * code().len() as u32] {
        let program = Program::from_words(address, &code()).unwrap();
        assert_eq!(run(&program, &[], Options::default()).unwrap().exit.code, 0);
    }
}

#[test]
fn text_in_the_last_word_of_the_image_is_refused() {
    let last = 0x00ff_fffc;
    assert_eq!(
        layout(&[Segment::text(last, &[NOP])]),
        LayoutError::TextAtImageEnd { address: last, size: 4 }
    );
    let across = Segment::text(last - 4, &[NOP, NOP]);
    assert_eq!(layout(&[across]), LayoutError::TextAtImageEnd { address: last - 4, size: 8 });
    let data = Segment { flags: elf::READ, ..Segment::data(last, &[1]) };
    assert!(Program::from_elf(&executable(TEXT, &[Segment::text(TEXT, &[NOP]), data], &[])).is_ok());
}

#[test]
fn the_function_of_a_trap_is_named_without_mangling() {
    let words = [NOP, NOP, 0, NOP];
    let functions = [("_ZN3app4main17h0123456789abcdefE", TEXT, 4), ("_RNvC3app4work", TEXT + 4, 0)];
    let program = Program::from_elf(&executable(TEXT, &[Segment::text(TEXT, &words)], &functions)).unwrap();
    let trap = Machine::new(&program, &[]).run(&mut (), 10).unwrap_err();
    assert_eq!(trap.function.as_deref(), Some("app::work"));
    let names: Vec<_> =
        program.symbols().all().iter().map(|symbol| (symbol.name(), symbol.start(), symbol.end())).collect();
    assert_eq!(names[0], ("app::main".to_owned(), TEXT, TEXT + 4));
    assert_eq!(names[1], ("app::work".to_owned(), TEXT + 4, u32::MAX));
}

#[test]
fn overlapping_functions_are_cut_at_the_next_one() {
    let functions = [("inner", TEXT + 4, 4), ("outer", TEXT, 12), ("alias", TEXT, 8)];
    let program =
        Program::from_elf(&executable(TEXT, &[Segment::text(TEXT, &[NOP; 4])], &functions)).unwrap();
    let names = [0, 4, 8].map(|offset| program.symbols().name_at(TEXT + offset));
    assert_eq!(names, [Some("outer".to_owned()), Some("inner".to_owned()), None]);
}

#[test]
fn a_name_that_explodes_when_demangled_is_cut() {
    // Back references in v0 mangling: each level doubles the text.
    let mut name = String::from("_RINvC1a1b");
    for _ in 0..60 {
        name.push_str("TTTTTTTTTT");
    }
    let functions = [(name.as_str(), TEXT, 4)];
    let program = Program::from_elf(&executable(TEXT, &[Segment::text(TEXT, &[NOP])], &functions)).unwrap();
    assert!(program.symbols().all()[0].name().chars().count() <= 200);
}

#[test]
fn other_kinds_of_files_are_refused_by_kind() {
    assert!(matches!(Program::from_elf(b""), Err(ElfError::Malformed(_))));
    assert!(matches!(Program::from_elf(b"#!/bin/sh\n"), Err(ElfError::Malformed(_))));
    let patched = |at: usize, value: u8| {
        let mut file = good();
        file[at] = value;
        Program::from_elf(&file).unwrap_err()
    };
    assert_eq!(patched(4, 2), ElfError::WrongClass);
    assert_eq!(patched(5, 2), ElfError::WrongClass);
    assert_eq!(patched(18, 62), ElfError::WrongMachine(62));
    assert_eq!(patched(16, 1), ElfError::NotExecutable(1));
    assert_eq!(patched(16, 3), ElfError::NotExecutable(3));
}

#[test]
fn content_that_is_not_in_the_file_is_refused() {
    let mut file = good();
    file.truncate(file.len() - 1);
    assert_eq!(Program::from_elf(&file).unwrap_err(), ElfError::SegmentNotInFile { address: DATA });
}

#[test]
fn more_content_than_memory_for_it_is_refused() {
    let mut data = Segment::data(DATA, &[1, 2, 3]);
    data.size = 2;
    assert_eq!(
        layout(&[Segment::text(TEXT, &code()), data]),
        LayoutError::ContentTooLong { address: DATA, bytes: 3, size: 2 }
    );
}

#[test]
fn segments_outside_of_memory_are_refused() {
    for (address, size) in [(0x3fff_ffff, 2), (0x4000_0000, 1), (0xffff_ffff, 1), (DATA, u32::MAX)] {
        let data = Segment { address, size, flags: elf::READ, content: Vec::new() };
        let expected = LayoutError::SegmentOutside { address, size };
        assert_eq!(layout(&[Segment::text(TEXT, &code()), data]), expected);
    }
}

#[test]
fn overlapping_segments_are_refused() {
    let text = Segment::text(TEXT, &[NOP; 4]);
    let expected = LayoutError::SegmentsOverlap { first: TEXT, second: TEXT + 15 };
    assert_eq!(layout(&[Segment::data(TEXT + 15, &[1]), text.clone()]), expected);
    assert!(Program::from_elf(&executable(TEXT, &[Segment::data(TEXT + 16, &[1]), text], &[])).is_ok());
}

#[test]
fn text_that_could_be_written_is_refused() {
    let across = Segment::text(0x00ff_fffc, &[NOP, NOP]);
    assert_eq!(layout(&[across]), LayoutError::TextNotInImage { address: 0x00ff_fffc, size: 8 });
    assert_eq!(
        layout(&[Segment::text(TEXT, &[NOP]), Segment::text(DATA, &[NOP])]),
        LayoutError::TextNotInImage { address: DATA, size: 4 }
    );
}

#[test]
fn text_of_half_words_is_refused() {
    let mut text = Segment::text(TEXT + 2, &[NOP]);
    assert_eq!(layout(&[text.clone()]), LayoutError::TextMisaligned { address: TEXT + 2, size: 4 });
    (text.address, text.size) = (TEXT, 6);
    assert_eq!(layout(&[text]), LayoutError::TextMisaligned { address: TEXT, size: 6 });
}

#[test]
fn an_entry_point_without_code_is_refused() {
    let text = |entry| Program::from_elf(&executable(entry, &[Segment::text(TEXT, &[NOP; 2])], &[]));
    for entry in [0, TEXT - 4, TEXT + 2, TEXT + 8, DATA] {
        assert_eq!(text(entry).unwrap_err(), ElfError::Layout(LayoutError::EntryOutsideText { entry }));
    }
    assert!(text(TEXT + 4).is_ok());
    let gap = [Segment::text(TEXT, &[NOP]), Segment::text(TEXT + 8, &[NOP])];
    let entry = TEXT + 4;
    let refused = Program::from_elf(&executable(entry, &gap, &[])).unwrap_err();
    assert_eq!(refused, ElfError::Layout(LayoutError::EntryOutsideText { entry }));
}

#[test]
fn a_file_without_text_is_refused() {
    assert_eq!(layout(&[Segment::data(DATA, &[1])]), LayoutError::NoText);
    assert_eq!(layout(&[]), LayoutError::NoText);
    let empty = Segment { size: 0, ..Segment::text(TEXT, &[]) };
    assert_eq!(layout(&[empty]), LayoutError::NoText);
}

#[test]
fn the_number_of_segments_and_their_bytes_are_limited() {
    let many: Vec<_> = (0..65).map(|i| Segment::data(DATA + 64 * i, &[1])).collect();
    assert_eq!(layout(&many), LayoutError::TooManySegments { count: 65 });
    let bytes = vec![1; IMAGE_BYTES_MAX as usize / 2 + 1];
    let huge = |address| LoadSegment { address, size: bytes.len() as u32, bytes: &bytes, executable: false };
    let refused =
        Program::from_segments(&[huge(DATA), huge(2 * DATA)], TEXT, Symbols::default()).unwrap_err();
    // Two halves and two bytes.
    assert_eq!(refused, LayoutError::ImageTooLarge { bytes: IMAGE_BYTES_MAX + 2 });
}

#[test]
fn a_broken_symbol_table_is_refused() {
    let mut file = executable(TEXT, &[Segment::text(TEXT, &[NOP])], &[("f", TEXT, 4)]);
    let end = file.len();
    file.truncate(end - 1);
    assert!(matches!(Program::from_elf(&file), Err(ElfError::Malformed(_))));
}
