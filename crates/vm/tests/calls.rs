//! The calls against judges that share no code with them, and at the edges of their arguments.

mod common;

use ashlar_abi::call;
use ashlar_abi::memory::PAGE_BYTES;
use ashlar_vm::asm::{Assembler, encode, reg};
use ashlar_vm::{Call, ExitStatus, Machine, Op, Options, Program, TrapKind, run};
use common::{DATA, Random, ecall, halting, program, store_words, with_memory};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

const END: u32 = 0x4000_0000;
/// Last address of the image that a word fits at.
const IMAGE_END: u32 = 0x00ff_fffc;

/// The words at an address after the program has halted.
fn words_after(program: &Program, hints: &[u32], address: u32, count: usize) -> Vec<u32> {
    let mut machine = Machine::new(program, hints);
    machine.run_to_halt(&mut (), 1 << 20).expect("no trap");
    machine.state().memory.words(address, count).expect("inside").to_vec()
}

/// The trap of one call with these arguments on empty memory.
fn call_trap(number: u32, arguments: &[u32], hints: &[u32]) -> TrapKind {
    let mut asm = Assembler::new();
    asm.call(number, arguments);
    Machine::new(&halting(asm), hints).run(&mut (), 1 << 20).expect_err("a trap").kind
}

#[test]
fn halt_ends_the_run_with_its_code_and_the_log() {
    let mut asm = Assembler::new();
    store_words(&mut asm, DATA, &[u32::from_le_bytes(*b"oops")]);
    asm.call(call::LOG, &[DATA, 3]).call(call::HALT, &[1]).word(0);
    let program = program(&asm.finish());
    let mut seen = Vec::new();
    let on_log: ashlar_vm::LogSink<'_> = Box::new(|text: &str| seen.push(text.to_owned()));
    let run = run(&program, &[], Options { on_log: Some(on_log), ..Options::default() }).unwrap();
    assert_eq!(run.exit, ExitStatus { code: 1, log: "oop".into() });
    assert_eq!((run.calls.of(Call::Log), run.calls.of(Call::Halt)), (1, 1));
    assert_eq!(seen, ["oop"]);
}

#[test]
fn a_call_changes_no_register_and_takes_one_cycle() {
    let mut asm = Assembler::new();
    for register in 1..32 {
        asm.li(register, DATA + 0x100 * register);
    }
    asm.li(reg::A7, call::KECCAK_F).word(ecall());
    let program = program(&asm.finish());
    let mut machine = Machine::new(&program, &[]);
    // Each constant takes two instructions but the last, which takes one.
    machine.run(&mut (), program.text().instructions().len() as u64 - 2).unwrap();
    let (before, cycle) = (*machine.state().registers, machine.state().cycle);
    machine.run(&mut (), cycle + 1).unwrap();
    assert_eq!(*machine.state().registers, before);
    assert_eq!(machine.state().pc, program.entry() + 4 * (cycle as u32 + 1));
}

#[test]
fn keccak_f_agrees_with_another_implementation() {
    let mut random = Random::new(1);
    for _ in 0..20 {
        let words: Vec<u32> = (0..50).map(|_| random.word()).collect();
        let mut lanes = [0_u64; 25];
        for (i, word) in words.iter().enumerate() {
            lanes[i / 2] |= u64::from(*word) << (32 * (i % 2));
        }
        tiny_keccak::keccakf(&mut lanes);
        let expected: Vec<u32> = lanes.iter().flat_map(|lane| [*lane as u32, (lane >> 32) as u32]).collect();
        let program = with_memory(DATA, &words, |asm| {
            asm.call(call::KECCAK_F, &[DATA]);
        });
        assert_eq!(words_after(&program, &[], DATA, 50), expected);
    }
}

/// The curve's arithmetic by another crate, in projective coordinates.
mod curve {
    use k256::elliptic_curve::sec1::{FromEncodedPoint, ToEncodedPoint};
    use k256::{AffinePoint, EncodedPoint, ProjectivePoint, Scalar};

    pub(crate) fn multiple(k: u64) -> ProjectivePoint {
        ProjectivePoint::GENERATOR * Scalar::from(k)
    }

    pub(crate) fn words(point: ProjectivePoint) -> Vec<u32> {
        let encoded = point.to_affine().to_encoded_point(false);
        let limbs = |bytes: &[u8]| -> Vec<u32> {
            bytes.rchunks(4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).collect()
        };
        let (x, y) = (encoded.x().unwrap(), encoded.y().unwrap());
        [limbs(x), limbs(y)].concat()
    }

    pub(crate) fn point(words: &[u32]) -> ProjectivePoint {
        let bytes =
            |limbs: &[u32]| -> Vec<u8> { limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect() };
        let (x, y) = (bytes(&words[..8]), bytes(&words[8..]));
        let encoded = EncodedPoint::from_affine_coordinates(x[..].into(), y[..].into(), false);
        AffinePoint::from_encoded_point(&encoded).unwrap().into()
    }
}

#[test]
fn secp256k1_agrees_with_another_implementation() {
    let mut random = Random::new(2);
    for _ in 0..50 {
        let p = curve::multiple(u64::from(random.word()) + 1);
        let q = curve::multiple((u64::from(random.word()) << 32) + 1);
        let program = with_memory(DATA, &[curve::words(p), curve::words(q)].concat(), |asm| {
            asm.call(call::SECP256K1_ADD, &[DATA, DATA + 64]).call(call::SECP256K1_DOUBLE, &[DATA + 64]);
        });
        let after = words_after(&program, &[], DATA, 32);
        assert_eq!(curve::point(&after[..16]), p + q);
        assert_eq!(curve::point(&after[16..]), q.double());
    }
}

#[test]
fn exceptional_points_trap() {
    let g = curve::words(curve::multiple(1));
    let minus_g = curve::words(-curve::multiple(1));
    let trap = |points: &[Vec<u32>], number: u32| {
        let program = with_memory(DATA, &points.concat(), |asm| {
            asm.call(number, &[DATA, DATA + 64]);
        });
        Machine::new(&program, &[]).run(&mut (), 1 << 20).expect_err("a trap").kind
    };
    let exceptional = TrapKind::ExceptionalPoint { call: Call::Secp256k1Add };
    assert_eq!(trap(&[g.clone(), g.clone()], call::SECP256K1_ADD), exceptional);
    assert_eq!(trap(&[g.clone(), minus_g], call::SECP256K1_ADD), exceptional);
    let zero_y = [&g[..8], &[0; 8]].concat();
    let exceptional = TrapKind::ExceptionalPoint { call: Call::Secp256k1Double };
    assert_eq!(trap(&[zero_y], call::SECP256K1_DOUBLE), exceptional);
    let mut big = g.clone();
    big[8..].fill(u32::MAX);
    let not_canonical = TrapKind::CoordinateNotCanonical { call: Call::Secp256k1Add };
    assert_eq!(trap(&[g, big.clone()], call::SECP256K1_ADD), not_canonical);
    let not_canonical = TrapKind::CoordinateNotCanonical { call: Call::Secp256k1Double };
    assert_eq!(trap(&[big], call::SECP256K1_DOUBLE), not_canonical);
}

#[test]
fn modmul256_agrees_with_a_field_of_another_implementation() {
    use k256::FieldElement;
    use k256::elliptic_curve::bigint::{Encoding, U256};
    let mut random = Random::new(3);
    for _ in 0..50 {
        let (mut a, mut b): (Vec<u32>, Vec<u32>) = (0..8).map(|_| (random.word(), random.operand())).unzip();
        (a[7], b[7]) = (a[7] >> 1, b[7] >> 1);
        let bytes = |words: &[u32]| -> [u8; 32] {
            let bytes: Vec<u8> = words.iter().rev().flat_map(|word| word.to_be_bytes()).collect();
            bytes.try_into().unwrap()
        };
        let field = |words: &[u32]| FieldElement::from_bytes(&bytes(words).into()).unwrap();
        let product = (field(&a) * field(&b)).normalize().to_bytes();
        let p = ashlar_abi::reference::SECP256K1_P;
        let program = with_memory(DATA, &[&a[..], &b, &p].concat(), |asm| {
            asm.call(call::MODMUL256, &[DATA + 96, DATA, DATA + 32, DATA + 64]);
        });
        let result = words_after(&program, &[], DATA + 96, 8);
        assert_eq!(U256::from_be_bytes(bytes(&result)), U256::from_be_slice(&product));
    }
}

#[test]
fn modmul384_is_a_product_modulo_schoolbook_division() {
    // Modulus 2^381 - 1: reducing is adding the bits above 381 to those below, which needs no division to check.
    let mut random = Random::new(4);
    for _ in 0..50 {
        let (a, b): (Vec<u32>, Vec<u32>) = (0..12).map(|_| (random.operand(), random.word())).unzip();
        let mut m = vec![u32::MAX; 12];
        m[11] = (1 << 29) - 1;
        let expected = reduce_mersenne(&schoolbook(&a, &b), 381);
        let program = with_memory(DATA, &[&a[..], &b, &m].concat(), |asm| {
            asm.call(call::MODMUL384, &[DATA, DATA, DATA + 48, DATA + 96]);
        });
        assert_eq!(words_after(&program, &[], DATA, 12), expected);
    }
}

fn schoolbook(a: &[u32], b: &[u32]) -> Vec<bool> {
    let mut product = vec![0_u64; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, y) in b.iter().enumerate() {
            let sum = product[i + j] + u64::from(*x) * u64::from(*y) + carry;
            (product[i + j], carry) = (sum & 0xffff_ffff, sum >> 32);
        }
        product[i + b.len()] = carry;
    }
    product.iter().flat_map(|word| (0..32).map(move |bit| word >> bit & 1 == 1)).collect()
}

/// A number as bits modulo 2^n - 1, as 12 words.
fn reduce_mersenne(bits: &[bool], n: usize) -> Vec<u32> {
    let mut sum = vec![0_u32; n];
    for (i, bit) in bits.iter().enumerate() {
        sum[i % n] += u32::from(*bit);
    }
    while sum.iter().any(|digit| *digit > 1) {
        for i in 0..n {
            let carry = sum[i] >> 1;
            sum[i] &= 1;
            sum[(i + 1) % n] += carry;
        }
    }
    if sum.iter().all(|digit| *digit == 1) {
        sum.fill(0);
    }
    let mut words = vec![0; 12];
    for (i, digit) in sum.iter().enumerate() {
        words[i / 32] |= digit << (i % 32);
    }
    words
}

#[test]
fn a_modulus_of_zero_means_the_word_size() {
    let program = with_memory(DATA, &[u32::MAX; 24], |asm| {
        asm.call(call::MODMUL256, &[DATA + 512, DATA, DATA + 32, DATA + 256]);
        asm.call(call::MODMUL384, &[DATA + 576, DATA, DATA + 48, DATA + 256]);
    });
    assert_eq!(words_after(&program, &[], DATA + 512, 8), [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(words_after(&program, &[], DATA + 576, 12)[..2], [1, 0]);
}

#[test]
fn operands_may_overlap_the_result() {
    let words: Vec<u32> = (1..=24).collect();
    let apart = with_memory(DATA, &words, |asm| {
        asm.call(call::MODMUL256, &[DATA + 256, DATA, DATA + 4, DATA + 8]);
    });
    let overlapping = with_memory(DATA, &words, |asm| {
        asm.call(call::MODMUL256, &[DATA + 4, DATA, DATA + 4, DATA + 8]);
    });
    let expected = words_after(&apart, &[], DATA + 256, 8);
    assert_eq!(words_after(&overlapping, &[], DATA + 4, 8), expected);
}

#[test]
fn poseidon2_is_the_permutation_of_p3_on_canonical_words() {
    let words: [u32; 16] = core::array::from_fn(|i| i as u32 * 100_000_007 % KoalaBear::ORDER_U32);
    let expected = default_koalabear_poseidon2_16().permute(words.map(KoalaBear::from_u32));
    let program = with_memory(DATA, &words, |asm| {
        asm.call(call::POSEIDON2, &[DATA]);
    });
    assert_eq!(words_after(&program, &[], DATA, 16), expected.map(|x| x.as_canonical_u32()));
}

#[test]
fn poseidon2_of_a_word_not_below_p_traps() {
    let p = KoalaBear::ORDER_U32;
    assert_eq!(p, (1 << 31) - (1 << 24) + 1);
    for word in [p, u32::MAX] {
        let program = with_memory(DATA, &[&[0; 15][..], &[word]].concat(), |asm| {
            asm.call(call::POSEIDON2, &[DATA]);
        });
        let trap = Machine::new(&program, &[]).run(&mut (), 1 << 20).expect_err("a trap");
        assert_eq!(trap.kind, TrapKind::NotFieldElement { word });
    }
}

#[test]
fn commits_are_compressed_in_order_as_the_specification_says() {
    let words: Vec<u32> = (0..16).map(|i| 0x8765_4321_u32.rotate_left(i)).collect();
    let program = with_memory(DATA, &words, |asm| {
        asm.call(call::COMMIT, &[DATA]).call(call::COMMIT, &[DATA + 32]);
    });
    let run = run(&program, &[], Options::default()).unwrap();
    let permutation = default_koalabear_poseidon2_16();
    let mut digest = [KoalaBear::ZERO; 8];
    for chunk in words.chunks(8) {
        let limbs: Vec<KoalaBear> =
            chunk.iter().flat_map(|word| [word & 0xffff, word >> 16]).map(KoalaBear::from_u32).collect();
        for half in limbs.chunks(8) {
            let state: [KoalaBear; 16] = [&digest[..], half].concat().try_into().unwrap();
            let image = permutation.permute(state);
            digest = core::array::from_fn(|i| image[i] + digest[i]);
        }
    }
    assert_eq!(run.digest, digest.map(|x| x.as_canonical_u32()));
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(run.committed.concat(), bytes);
}

#[test]
fn a_run_without_commits_has_digest_zero() {
    assert_eq!(run(&halting(Assembler::new()), &[], Options::default()).unwrap().digest, [0; 8]);
}

#[test]
fn hints_arrive_in_order_and_may_be_left_over() {
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[DATA, 2]).call(call::HINT, &[DATA + 8, 1]);
    let program = halting(asm);
    assert_eq!(words_after(&program, &[7, 8, 9, 10], DATA, 4), [7, 8, 9, 0]);
    assert_eq!(run(&program, &[7, 8, 9, 10], Options::default()).unwrap().hints_read, 3);
}

#[test]
fn hints_of_no_words_too_many_or_more_than_there_are_trap() {
    let hints = [0; 300];
    assert_eq!(call_trap(call::HINT, &[DATA, 0], &hints), TrapKind::HintSize { words: 0 });
    assert_eq!(call_trap(call::HINT, &[DATA, 257], &hints), TrapKind::HintSize { words: 257 });
    assert_eq!(call_trap(call::HINT, &[DATA, u32::MAX], &hints), TrapKind::HintSize { words: u32::MAX });
    let exhausted = TrapKind::HintsExhausted { words: 2, left: 1 };
    assert_eq!(call_trap(call::HINT, &[DATA, 2], &[5]), exhausted);
    assert_eq!(
        call_trap(call::HINT, &[END - 1020, 256], &hints),
        TrapKind::CallOutside { call: Call::Hint, address: END - 1020, bytes: 1024 }
    );
}

#[test]
fn a_hint_that_traps_consumes_nothing() {
    let mut asm = Assembler::new();
    asm.call(call::HINT, &[DATA + 1, 2]);
    let program = halting(asm);
    let mut machine = Machine::new(&program, &[1, 2, 3]);
    assert!(machine.run(&mut (), 100).is_err());
    assert_eq!(machine.state().hint_position, 0);
}

/// Calls with their written pointers and their read-only pointers: argument position and bytes.
const WRITTEN: [(u32, usize, u32); 7] = [
    (call::HINT, 0, 4),
    (call::KECCAK_F, 0, 200),
    (call::POSEIDON2, 0, 64),
    (call::MODMUL256, 0, 32),
    (call::MODMUL384, 0, 48),
    (call::SECP256K1_ADD, 0, 64),
    (call::SECP256K1_DOUBLE, 0, 64),
];
const READ: [(u32, usize, u32); 8] = [
    (call::COMMIT, 0, 32),
    (call::MODMUL256, 1, 32),
    (call::MODMUL256, 2, 32),
    (call::MODMUL256, 3, 32),
    (call::MODMUL384, 1, 48),
    (call::MODMUL384, 2, 48),
    (call::MODMUL384, 3, 48),
    (call::SECP256K1_ADD, 1, 64),
];

/// Good arguments for any call, with one replaced.
fn arguments(number: u32, position: usize, value: u32) -> [u32; 4] {
    let second = if number == call::HINT { 1 } else { DATA + 4 * PAGE_BYTES };
    let mut arguments = [DATA, second, DATA + 8 * PAGE_BYTES, DATA + 12 * PAGE_BYTES];
    arguments[position] = value;
    arguments
}

#[test]
fn misaligned_pointers_trap() {
    for (number, position, _) in WRITTEN.into_iter().chain(READ) {
        for address in [DATA + 1, DATA + 2, DATA + 3] {
            let call = Call::from_number(number).unwrap();
            let kind = call_trap(number, &arguments(number, position, address), &[0]);
            assert_eq!(kind, TrapKind::CallMisaligned { call, address });
        }
    }
}

#[test]
fn ranges_that_reach_outside_of_memory_trap() {
    for (number, position, bytes) in WRITTEN.into_iter().chain(READ) {
        for address in [END - bytes + 4, END, 0xffff_fffc] {
            let call = Call::from_number(number).unwrap();
            let kind = call_trap(number, &arguments(number, position, address), &[0]);
            assert_eq!(kind, TrapKind::CallOutside { call, address, bytes });
        }
    }
}

#[test]
fn ranges_that_end_with_memory_do_not_trap_for_it() {
    // The last two would trap on empty memory for the points in it.
    for (number, position, bytes) in WRITTEN[..5].iter().copied().chain(READ[..7].iter().copied()) {
        let mut asm = Assembler::new();
        asm.call(number, &arguments(number, position, END - bytes));
        assert_eq!(run(&halting(asm), &[0], Options::default()).unwrap().exit.code, 0, "call {number}");
    }
}

#[test]
fn results_in_the_image_trap() {
    for (number, position, _) in WRITTEN {
        for address in [0, IMAGE_END] {
            let call = Call::from_number(number).unwrap();
            let kind = call_trap(number, &arguments(number, position, address), &[0]);
            assert_eq!(kind, TrapKind::CallReadOnly { call, address });
        }
    }
}

#[test]
fn operands_in_the_image_are_read() {
    let mut asm = Assembler::new();
    asm.call(call::COMMIT, &[common::TEXT]);
    let program = halting(asm);
    let run = run(&program, &[], Options::default()).unwrap();
    let first = run.committed[0].first_chunk().copied().map(u32::from_le_bytes).unwrap();
    assert_eq!(first, encode(Op::Lui, reg::A0, 0, 0, common::TEXT as i32));
}

#[test]
fn logs_have_any_alignment_and_up_to_65536_bytes() {
    let mut asm = Assembler::new();
    store_words(&mut asm, DATA, &[0x6c6c_6548, 0x0a21_6f6f]);
    asm.call(call::LOG, &[DATA + 1, 5]).call(call::LOG, &[DATA + 7, 0]).call(call::LOG, &[END, 0]);
    asm.call(call::LOG, &[END - 65_536, 65_536]);
    let run = run(&halting(asm), &[], Options::default()).unwrap();
    assert_eq!(run.exit.log[..5], *"elloo");
    assert_eq!(run.exit.log.len(), 5 + 65_536);
}

#[test]
fn logs_of_anything_do_not_trap_and_show_what_there_is() {
    let shown = |arguments: [u32; 2]| {
        let mut asm = Assembler::new();
        store_words(&mut asm, END - 4, &[u32::from_le_bytes(*b"last")]);
        asm.call(call::LOG, &arguments);
        run(&halting(asm), &[], Options::default()).unwrap().exit.log
    };
    for bytes in [65_537, 1 << 30, u32::MAX] {
        assert_eq!(shown([DATA, bytes]).len(), 65_536);
        assert_eq!(shown([END - 2, bytes]), "st");
        for address in [END, END + 1, u32::MAX - 1, u32::MAX] {
            assert_eq!(shown([address, bytes]), "");
        }
    }
}

#[test]
fn the_kept_log_is_bounded_and_keeps_its_end() {
    let mut asm = Assembler::new();
    asm.li(reg::S0, 100);
    let next = asm.here();
    asm.call(call::LOG, &[DATA + 0x1000, 65_536]);
    asm.i(Op::Addi, reg::S0, reg::S0, -1).branch(Op::Bne, reg::S0, 0, next);
    store_words(&mut asm, DATA, &[u32::from_le_bytes(*b"last")]);
    asm.call(call::LOG, &[DATA, 4]);
    let run = run(&halting(asm), &[], Options::default()).unwrap();
    assert_eq!(run.exit.log.len(), ashlar_vm::LOG_KEPT_BYTES);
    assert!(run.exit.log.ends_with("last"));
}

#[test]
fn text_that_is_not_utf8_is_shown_all_the_same() {
    let mut asm = Assembler::new();
    store_words(&mut asm, DATA, &[0xff41]);
    asm.call(call::LOG, &[DATA, 2]);
    assert_eq!(run(&halting(asm), &[], Options::default()).unwrap().exit.log, "A\u{fffd}");
}
