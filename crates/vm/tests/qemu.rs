//! Random programs against `qemu-riscv32`, which shares no code with us.
//!
//! The same ELF file runs on both sides. It ends with the Linux call `write` of all registers and its memory, which
//! the machine does not know: there it traps, and the test reads the memory.

mod common;
#[path = "common/elf.rs"]
mod elf;

use std::process::{Command, Stdio};

use ashlar_vm::asm::{Assembler, Label, encode, reg};
use ashlar_vm::{Machine, Op, Program, TrapKind};
use common::{DATA, Random, ecall};
use elf::{Segment, executable};

/// Programs of a run that does not say how many by `ASHLAR_QEMU_PROGRAMS`.
const PROGRAMS: u64 = 1_000;
/// Items (an instruction or a few that belong together) of a program.
const ITEMS: u32 = 1_500;
/// Linux maps nothing below 64 KiB.
const TEXT: u32 = 0x0001_0000;

/// Points to the middle of the memory that random instructions use; they never write it.
const BASE: u32 = 31;
/// Counts loops down; random instructions never write it.
const COUNTER: u32 = 30;
/// Bytes on both sides of `BASE` within the reach of an offset.
const REACH: u32 = 2048;
/// Where the registers are stored in the end.
const DUMP: u32 = DATA + 2 * REACH;
const DUMP_BYTES: u32 = 31 * 4;

const WRITE: u32 = 64;
const EXIT: u32 = 93;

const REGISTER: [Op; 18] = [
    Op::Add,
    Op::Sub,
    Op::Sll,
    Op::Slt,
    Op::Sltu,
    Op::Xor,
    Op::Srl,
    Op::Sra,
    Op::Or,
    Op::And,
    Op::Mul,
    Op::Mulh,
    Op::Mulhsu,
    Op::Mulhu,
    Op::Div,
    Op::Divu,
    Op::Rem,
    Op::Remu,
];
const IMMEDIATE: [Op; 9] =
    [Op::Addi, Op::Slti, Op::Sltiu, Op::Xori, Op::Ori, Op::Andi, Op::Slli, Op::Srli, Op::Srai];
const LOADS: [(Op, u32); 5] = [(Op::Lb, 1), (Op::Lbu, 1), (Op::Lh, 2), (Op::Lhu, 2), (Op::Lw, 4)];
const STORES: [(Op, u32); 3] = [(Op::Sb, 1), (Op::Sh, 2), (Op::Sw, 4)];
const BRANCHES: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];

/// Writes a random program that terminates and stays within its memory.
struct Generator {
    random: Random,
    asm: Assembler,
    /// Forward targets, with the number of items until they are bound.
    pending: Vec<(u32, Label)>,
    /// Head of the loop that is open, and items until its end.
    open_loop: Option<(u32, Label)>,
}

impl Generator {
    /// The code of a seed.
    fn code(seed: u64) -> Vec<u32> {
        let mut generator =
            Self { random: Random::new(seed), asm: Assembler::new(), pending: Vec::new(), open_loop: None };
        for register in 1..30 {
            let value = generator.random.operand();
            generator.asm.li(register, value);
        }
        generator.asm.li(COUNTER, 0).li(BASE, DATA + REACH);
        for _ in 0..ITEMS {
            generator.item();
            generator.advance();
        }
        generator.close_loop();
        generator.finish()
    }

    /// A register that may be written.
    fn rd(&mut self) -> u32 {
        self.random.below(30)
    }

    /// Any register.
    fn rs(&mut self) -> u32 {
        self.random.below(32)
    }

    /// Any 12-bit immediate, often one at the ends of its range.
    fn immediate(&mut self) -> i32 {
        let edges = [0, 1, -1, 2047, -2048];
        if self.random.below(4) == 0 { self.random.pick(&edges) } else { self.random.word() as i32 >> 20 }
    }

    fn item(&mut self) {
        match self.random.below(100) {
            0..40 => {
                let (op, rd, rs1, rs2) = (self.random.pick(&REGISTER), self.rd(), self.rs(), self.rs());
                self.asm.r(op, rd, rs1, rs2);
            }
            40..60 => {
                let (op, rd, rs1, immediate) =
                    (self.random.pick(&IMMEDIATE), self.rd(), self.rs(), self.immediate());
                self.asm.i(op, rd, rs1, immediate);
            }
            60..65 => {
                let (rd, value) = (self.rd(), self.random.operand());
                self.asm.li(rd, value);
            }
            65..68 => {
                let (op, rd, value) =
                    (self.random.pick(&[Op::Lui, Op::Auipc]), self.rd(), self.random.word());
                self.asm.i(op, rd, 0, value as i32);
            }
            68..88 => self.memory(),
            88..94 => {
                let (op, rs1, rs2, target) =
                    (self.random.pick(&BRANCHES), self.rs(), self.rs(), self.target());
                self.asm.branch(op, rs1, rs2, target);
            }
            94..96 => {
                let (rd, target) = (self.rd(), self.target());
                self.asm.jump(rd, target);
            }
            96..98 => self.indirect_jump(),
            98 if self.open_loop.is_none() => self.begin_loop(),
            _ => {
                self.asm.word(encode(Op::Fence, 0, 0, 0, 0));
            }
        }
    }

    /// A load or a store, at a constant offset or at a computed address.
    fn memory(&mut self) {
        let is_load = self.random.below(2) == 0;
        let (op, size) = if is_load { self.random.pick(&LOADS) } else { self.random.pick(&STORES) };
        let aligned = !(size - 1) as i32;
        let (mut base, mut offset) = (BASE, self.immediate() & aligned);
        if self.random.below(3) == 0 {
            base = 1 + self.random.below(29);
            let mask = (REACH as i32 - 1) & aligned;
            self.asm.i(Op::Andi, base, base, mask).r(Op::Add, base, base, BASE);
            // With a base up to 2047 above the middle, only negative offsets stay inside.
            offset = -(self.random.below(REACH) as i32) & aligned;
        }
        let register = if is_load { self.rd() } else { self.rs() };
        if is_load {
            self.asm.i(op, register, base, offset);
        } else {
            self.asm.store(op, register, base, offset);
        }
    }

    /// `auipc` and `jalr` over up to three instructions, with bit 0 of the sum set or not.
    fn indirect_jump(&mut self) {
        let (base, link, skip) = (1 + self.random.below(29), self.rd(), self.random.below(4));
        let bit = self.random.below(2) as i32;
        self.asm.i(Op::Auipc, base, 0, 0).i(Op::Jalr, link, base, 8 + 4 * skip as i32 + bit);
        for _ in 0..skip {
            let (rd, rs1) = (self.rd(), self.rs());
            self.asm.r(Op::Add, rd, rs1, rs1);
        }
    }

    /// A label some items ahead.
    fn target(&mut self) -> Label {
        let label = self.asm.label();
        self.pending.push((1 + self.random.below(8), label));
        label
    }

    fn begin_loop(&mut self) {
        let rounds = 1 + self.random.below(20);
        self.bind_all();
        self.asm.li(COUNTER, rounds);
        let head = self.asm.here();
        self.open_loop = Some((2 + self.random.below(60), head));
    }

    /// An item is done: binds the labels that are due, ends the loop that is.
    fn advance(&mut self) {
        for (items, label) in &mut self.pending {
            *items -= 1;
            if *items == 0 {
                self.asm.bind(*label);
            }
        }
        self.pending.retain(|(items, _)| *items > 0);
        match &mut self.open_loop {
            Some((0, _)) => self.close_loop(),
            Some((items, _)) => *items -= 1,
            None => {}
        }
    }

    /// No jump leads over the start or the end of a loop, or it might not end.
    fn bind_all(&mut self) {
        for (_, label) in self.pending.drain(..) {
            self.asm.bind(label);
        }
    }

    fn close_loop(&mut self) {
        self.bind_all();
        if let Some((_, head)) = self.open_loop.take() {
            self.asm.i(Op::Addi, COUNTER, COUNTER, -1);
            // Too far for a branch, which reaches 4 KiB.
            let end = self.asm.label();
            self.asm.branch(Op::Beq, COUNTER, 0, end).jump(0, head).bind(end);
        }
    }

    /// Stores the registers, writes all memory to standard output, exits.
    fn finish(mut self) -> Vec<u32> {
        for register in 1..32 {
            // Relative to BASE the dump begins at REACH, one past the reach of an offset: go through x31 itself last.
            if register == 1 {
                self.asm.i(Op::Addi, BASE, BASE, REACH as i32 - 1).i(Op::Addi, BASE, BASE, 1);
            }
            self.asm.store(Op::Sw, register, BASE, 4 * (register as i32 - 1));
        }
        self.asm.li(reg::A0, 1).li(reg::A1, DATA).li(reg::A2, DUMP + DUMP_BYTES - DATA);
        self.asm.li(reg::A7, WRITE).word(ecall());
        self.asm.li(reg::A0, 0).li(reg::A7, EXIT).word(ecall());
        self.asm.finish()
    }
}

/// Memory and registers at the end, by qemu.
fn by_qemu(path: &std::path::Path) -> Vec<u8> {
    let output =
        Command::new("qemu-riscv32").arg(path).stdin(Stdio::null()).output().unwrap_or_else(|error| {
            panic!("qemu-riscv32 does not start ({error}): apt-get install qemu-user")
        });
    assert!(output.status.success(), "{}: {output:?}", path.display());
    output.stdout
}

/// The same by the machine.
fn by_machine(file: &[u8]) -> Vec<u8> {
    let program = Program::from_elf(file).expect("a program");
    let mut machine = Machine::new(&program, &[]);
    let trap = machine.run(&mut (), 1 << 24).expect_err("the call that is not ours");
    assert_eq!(trap.kind, TrapKind::UnknownCall { number: WRITE }, "{trap}");
    let words =
        machine.state().memory.words(DATA, ((DUMP + DUMP_BYTES - DATA) / 4) as usize).expect("inside");
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn random_programs_end_as_in_qemu() {
    let folder = std::env::temp_dir().join(format!("ashlar-vm-qemu-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let first_seed = setting("ASHLAR_QEMU_SEED", 0);
    for seed in first_seed..first_seed + setting("ASHLAR_QEMU_PROGRAMS", PROGRAMS) {
        let mut random = Random::new(seed + 1_000_000);
        let content: Vec<u8> = (0..2 * REACH).map(|_| random.word() as u8).collect();
        let mut data = Segment::data(DATA, &content);
        data.size = 3 * REACH;
        let file = executable(TEXT, &[Segment::text(TEXT, &Generator::code(seed)), data], &[]);
        let path = folder.join("program.elf");
        std::fs::write(&path, &file).expect("a file");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("its owner");
        let (expected, got) = (by_qemu(&path), by_machine(&file));
        let first = expected.iter().zip(&got).position(|(a, b)| a != b);
        assert_eq!(
            (first, expected.len()),
            (None, got.len()),
            "seed {seed}: first byte that differs; registers begin at {}",
            2 * REACH
        );
    }
    std::fs::remove_dir_all(&folder).expect("our folder");
}
