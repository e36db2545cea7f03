use core::borrow::Borrow;

use ashlar_abi::call;
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_lookup::InteractionBuilder;

use super::instruction::CLASSES;
use super::{Classes, CpuColumns};
use crate::Val;
use crate::bus::{
    InstructionMessage, REGISTERS, SLOTS, always, ask_bytes, ask_instruction, ask_program, ask_range16, flag,
    receive_memory, send_ecall, send_memory, slot,
};

/// The pc after `HALT`: not a multiple of 4, so no instruction has it, and no other instruction leads to it. `jalr` leads
/// to multiples of 4, the next address is one, and the constants of jumps and branches are even and within 2^20 of an
/// address below 2^24: either below p, or 2^32 - x with x <= 2^20, which is 2^25 - 2 - x mod p, and no address either.
pub const HALTED: u32 = 1;

/// Number of public values: pc at the start, pc at the end, the two limbs of the exit code (0 without `HALT`).
pub const PUBLIC_VALUES: usize = 4;

/// The table of cycles.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuAir;

impl BaseAir<Val> for CpuAir {
    fn width(&self) -> usize {
        CpuColumns::WIDTH
    }

    fn num_public_values(&self) -> usize {
        PUBLIC_VALUES
    }
}

impl<AB: InteractionBuilder<F = Val>> Air<AB> for CpuAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row: &CpuColumns<AB::Var> = main.current_slice().borrow();
        let next: &CpuColumns<AB::Var> = main.next_slice().borrow();
        eval_flags(builder, row, next);
        eval_order(builder, row, next);
        eval_sum(builder, row);
        eval_addresses(builder, row);
        eval_results(builder, row);
        eval_branches(builder, row);
        eval_accesses(builder, row);
        eval_messages(builder, row);
    }
}

fn real<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>) -> AB::Expr {
    flags::<AB>(&row.class).into_iter().fold(AB::Expr::ZERO, |sum, flag| sum + flag)
}

fn flags<AB: AirBuilder<F = Val>>(class: &Classes<AB::Var>) -> [AB::Var; CLASSES] {
    let Classes {
        add,
        sub,
        sltu,
        branch_eq,
        branch_ltu,
        branch_lt,
        load_word,
        store_word,
        load_sub,
        store_sub,
        jal,
        jalr,
        alu,
        ecall,
    } = *class;
    [
        add, sub, sltu, branch_eq, branch_ltu, branch_lt, load_word, store_word, load_sub, store_sub, jal,
        jalr, alu, ecall,
    ]
}

/// 1. Class flags are boolean and at most one is set: their sum says whether the row is a cycle.
/// 2. `negate` and `uses_rs2` are boolean, and 0 in padding. In a cycle the program table fixes them.
/// 3. `HALT` and `LOG` are calls, and not both.
/// 4. The first row is a cycle; what follows padding or `HALT` is padding.
fn eval_flags<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &CpuColumns<AB::Var>,
    next: &CpuColumns<AB::Var>,
) {
    let real = real::<AB>(row);
    builder.assert_bools(flags::<AB>(&row.class));
    builder.assert_bools([row.negate, row.uses_rs2, row.halt, row.log]);
    builder.assert_bool(real.clone());
    let padding = AB::Expr::ONE - real.clone();
    builder.assert_zero(padding.clone() * row.negate);
    builder.assert_zero(padding.clone() * row.uses_rs2);
    builder.assert_bool(row.class.ecall - row.halt - row.log);
    builder.when_first_row().assert_one(real);
    let next_real = self::real::<AB>(next);
    builder.when_transition().assert_zero((padding + row.halt) * next_real);
}

/// 1. The clock is the number of the row.
/// 2. The pc starts as the public values say, is that of the next instruction in the next row, stays in padding, and
///    ends as the public values say.
/// 3. The exit code of `HALT` is that of the public values.
fn eval_order<AB: AirBuilder<F = Val>>(
    builder: &mut AB,
    row: &CpuColumns<AB::Var>,
    next: &CpuColumns<AB::Var>,
) {
    let [start, end, exit_low, exit_high] =
        [0, 1, 2, 3].map(|i| Into::<AB::Expr>::into(builder.public_values()[i]));
    let Classes { jal, jalr, .. } = row.class;
    let target = word::<AB>(row.imm);
    let falls_through = real::<AB>(row) - jal - jalr - row.halt;
    let next_pc = row.pc
        + falls_through * Val::from_u8(4)
        + row.taken * (target.clone() - row.pc - Val::from_u8(4))
        + jal * (target - row.pc)
        + jalr * (word::<AB>(row.out) - row.offset[0] - row.pc)
        + row.halt * (AB::Expr::from_u32(HALTED) - row.pc);
    builder.when_first_row().assert_zero(row.clock);
    builder.when_first_row().assert_eq(row.pc, start);
    builder.when_transition().assert_eq(next.clock, row.clock + Val::ONE);
    builder.when_transition().assert_eq(next.pc, next_pc.clone());
    builder.when_last_row().assert_eq(next_pc, end);
    builder.assert_zero(row.halt * (exit_low - row.b[0]));
    builder.assert_zero(row.halt * (exit_high - row.b[1]));
}

fn word<AB: AirBuilder<F = Val>>(limbs: [AB::Var; 2]) -> AB::Expr {
    limbs[0] + limbs[1] * Val::from_u32(1 << 16)
}

/// `out` is a + b, a + imm or a - b, limb by limb with boolean carries. Its limbs have 16 bits (see the messages), so
/// sum and carries are unique.
fn eval_sum<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let Classes { add, sub, sltu, branch_ltu, jalr, .. } = row.class;
    let adds_constant = memory::<AB>(row) + jalr;
    let subtracts = sub + sltu + branch_ltu;
    builder.assert_bools(row.carry);
    for i in 0..2 {
        let carry_in: AB::Expr = if i == 0 { AB::Expr::ZERO } else { row.carry[0].into() };
        let carry_out = row.carry[i] * Val::from_u32(1 << 16);
        let sum = |y: AB::Var| row.a[i] + y + carry_in.clone() - row.out[i] - carry_out.clone();
        builder.assert_zero(add * sum(row.b[i]));
        builder.assert_zero(adds_constant.clone() * sum(row.imm[i]));
        let difference = row.out[i] + row.b[i] + carry_in.clone() - row.a[i] - carry_out.clone();
        builder.assert_zero(subtracts.clone() * difference);
    }
}

fn memory<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>) -> AB::Expr {
    loads::<AB>(row) + stores::<AB>(row)
}

fn loads<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>) -> AB::Expr {
    row.class.load_word + row.class.load_sub
}

fn stores<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>) -> AB::Expr {
    row.class.store_word + row.class.store_sub
}

/// 1. For loads and stores, `out` is an address: low limb = 4 w + offset, the offset 0 for whole words.
/// 2. The second access goes to the word of a load, otherwise to register rs2.
/// 3. The third access goes to the word of a store, otherwise to register rd.
fn eval_addresses<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let [o0, o1] = row.offset;
    builder.assert_bools(row.offset);
    let low = row.w * Val::from_u8(4) + o0 + o1 * Val::TWO;
    builder.assert_zero(memory::<AB>(row) * (low - row.out[0]));
    let is_whole = row.class.load_word + row.class.store_word;
    builder.assert_zero(is_whole * (o0 + o1));
    let address = row.w + row.out[1] * Val::from_u32(1 << 14);
    let register = |number: AB::Var| number + Val::from_u32(REGISTERS);
    let pick =
        |condition: AB::Expr, register: AB::Expr| condition * (address.clone() - register.clone()) + register;
    builder.assert_eq(row.second_address, pick(loads::<AB>(row), register(row.rs2)));
    builder.assert_eq(row.third_address, pick(stores::<AB>(row), register(row.rd)));
}

/// 1. Without a second access, b is the constant operand.
/// 2. The result of each class that does not ask for it.
/// 3. The link of a jump: its low limb is `w` (16 bits), its high limb the high part of the unused second access' time
///    (8 bits), so that the sum does not wrap.
/// 4. The target of `jalr` is a multiple of 4: its low limb less the dropped bit is 4 times the low part of the same time
///    (16 bits, so nothing wraps). Its high limb has 8 bits. Without this the dropped bit could be chosen, and a jump
///    into nowhere could lead to `HALTED`.
/// 5. The number of a call has one limb.
fn eval_results<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let Classes { add, sub, sltu, alu, load_word, store_word, jal, jalr, ecall, .. } = row.class;
    let takes_constant = (add + sub + sltu + alu) * (AB::Expr::ONE - row.uses_rs2);
    for i in 0..2 {
        builder.assert_zero(takes_constant.clone() * (row.b[i] - row.imm[i]));
        builder.assert_zero((add + sub) * (row.c[i] - row.out[i]));
        builder.assert_zero((load_word + store_word) * (row.c[i] - row.b[i]));
    }
    builder.assert_zero(sltu * (row.c[0] - row.carry[1]));
    builder.assert_zero(sltu * row.c[1]);
    let jumps = jal + jalr;
    builder.assert_zero(jumps.clone() * (word::<AB>(row.c) - row.pc - Val::from_u8(4)));
    builder.assert_zero(jumps.clone() * (row.w - row.c[0]));
    builder.assert_zero(jumps * (since_high::<AB>(row, 1) - row.c[1]));
    builder.assert_zero(jalr * (row.out[0] - row.offset[0] - row.since_low[1] * Val::from_u8(4)));
    builder.assert_zero(jalr * (row.target_high - row.out[1]));
    builder.assert_zero(ecall * row.a[1]);
}

/// 1. `branch_eq`: c = 1 forces equal limbs; otherwise some limb differs, which `previous` proves as a witness
///    (differences times witness = 1 - c).
/// 2. `branch_ltu`: c is the borrow. (`branch_lt` asks for c.)
/// 3. `taken` = c xor `negate` in branches, 0 elsewhere.
fn eval_branches<AB: AirBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let Classes { branch_eq, branch_ltu, branch_lt, .. } = row.class;
    let difference = [0, 1].map(|i| row.a[i] - row.b[i]);
    for difference in difference.clone() {
        builder.assert_zero(branch_eq * row.c[0] * difference);
    }
    let [low, high] = difference;
    let witnessed = low * row.previous[0] + high * row.previous[1];
    builder.assert_zero(branch_eq * (witnessed - AB::Expr::ONE + row.c[0]));
    builder.assert_zero(branch_ltu * (row.c[0] - row.carry[1]));
    let branches = branch_eq + branch_ltu + branch_lt;
    let xor = row.c[0] + row.negate - row.c[0] * row.negate * Val::TWO;
    builder.assert_zero(branches.clone() * (xor - row.taken));
    builder.assert_zero((AB::Expr::ONE - branches) * row.taken);
}

fn now<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>, access: usize) -> AB::Expr {
    let slots = [slot::RS1, slot::RS2, slot::WRITE];
    row.clock * Val::from_u32(SLOTS) + Val::from_u32(slots[access])
}

/// The time since the last access, less 1, without its low 16 bits.
fn since_high<AB: AirBuilder<F = Val>>(row: &CpuColumns<AB::Var>, access: usize) -> AB::Expr {
    let since = now::<AB>(row, access) - row.last[access] - Val::ONE;
    (since - row.since_low[access]) * Val::from_u32(1 << 16).inverse()
}

/// The three accesses, and that each one comes after the last one to the same address.
fn eval_accesses<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let Classes { branch_eq, branch_ltu, branch_lt, ecall, .. } = row.class;
    let real = real::<AB>(row);
    let reads_second = loads::<AB>(row) + row.uses_rs2;
    builder.assert_bool(reads_second.clone());
    let writes = real.clone() - branch_eq - branch_ltu - branch_lt - ecall;
    let first_address: AB::Expr = row.rs1 + Val::from_u32(REGISTERS);
    let accesses = [
        (first_address, row.a, row.a, real),
        (row.second_address.into(), row.b, row.b, reads_second),
        (row.third_address.into(), row.previous, row.c, writes),
    ];
    for (i, (address, before, after, count)) in accesses.into_iter().enumerate() {
        receive_memory(builder, address.clone(), row.last[i], before, flag(count.clone()));
        send_memory(builder, address, now::<AB>(row, i), after, flag(count));
        ask_range16(builder, row.since_low[i], always());
    }
    ask_bytes(builder, since_high::<AB>(row, 0), since_high::<AB>(row, 1), always());
    ask_bytes(builder, since_high::<AB>(row, 2), row.target_high, always());
}

/// The instruction itself, the range of sums, and what other tables answer.
fn eval_messages<AB: InteractionBuilder<F = Val>>(builder: &mut AB, row: &CpuColumns<AB::Var>) {
    let CpuColumns { pc, op, rd, rs1, rs2, imm, a, b, c, .. } = *row;
    let bits = flags::<AB>(&row.class).into_iter().chain([row.negate, row.uses_rs2]);
    let packed = (0..).zip(bits).fold(AB::Expr::ZERO, |sum, (i, bit)| sum + bit * Val::from_u32(1 << i));
    let [pc, op, rd, rs1, rs2, imm_low, imm_high] = [pc, op, rd, rs1, rs2, imm[0], imm[1]].map(Into::into);
    let instruction = [pc, packed, op, rd, rs1, rs2, imm_low, imm_high];
    ask_program(builder, instruction, flag(real::<AB>(row)));

    ask_range16(builder, row.out[0], always());
    // A store below DATA_START has no row: its high limb less 2^8 would be negative.
    ask_range16(builder, row.out[1] - stores::<AB>(row) * Val::from_u32(1 << 8), always());
    ask_range16(builder, row.w, always());

    let words = |x: [AB::Var; 2]| (x.map(Into::into), b.map(Into::into), c.map(Into::into));
    let (x, b, c) = words(a);
    let asks = row.class.alu + row.class.branch_lt;
    ask_instruction(builder, InstructionMessage { op: row.op.into(), x, b, c }, flag(asks));
    let (x, b, c) = words(row.previous);
    let op = row.op + row.offset[0] + row.offset[1] * Val::TWO;
    let asks = row.class.load_sub + row.class.store_sub;
    ask_instruction(builder, InstructionMessage { op, x, b, c }, flag(asks));

    let calls = row.class.ecall - row.halt - row.log;
    send_ecall(builder, row.clock, row.a[0], row.b, flag(calls));
    builder.assert_zero(row.halt * (row.a[0] - Val::from_u32(call::HALT)));
    builder.assert_zero(row.log * (row.a[0] - Val::from_u32(call::LOG)));
}
