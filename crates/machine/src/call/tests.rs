use alloc::vec;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::*;
use crate::bus::{REGISTERS, name};
use crate::evaluate::{Balance, evaluate};
use crate::testing::{self, Random, accept};
use crate::{TableCounts, Val};

const HEIGHT: usize = 128;
const NUMBERS: [u32; 8] = [
    call::HINT,
    call::COMMIT,
    call::KECCAK_F,
    call::POSEIDON2,
    call::MODMUL256,
    call::MODMUL384,
    call::SECP256K1_ADD,
    call::SECP256K1_DOUBLE,
];

/// A call whose arguments are good in every role: aligned, in writable memory, but a1 of `HINT`.
fn event(number: u32) -> CallEvent {
    let a1 = if number == call::HINT { 77 } else { 0x1234_5678 };
    let arguments = [0x0200_0040, a1, 0x3fff_fffc, 0xffff_fffc];
    CallEvent { clock: 100_000, number, arguments, previous: [0, 800_002, 3] }
}

/// Each call with edge cases and some random arguments.
fn events() -> Vec<CallEvent> {
    let mut random = Random(1);
    let mut events: Vec<_> = NUMBERS.map(event).into();
    for number in NUMBERS {
        let last = CallEvent { clock: (1 << 21) - 1, previous: [0, 65_536, (1 << 24) - 6], ..event(number) };
        let first = CallEvent { clock: 0, previous: [0, 1, 2], ..event(number) };
        events.extend([first, last]);
        for _ in 0..4 {
            let mut event = event(number);
            event.arguments[0] = (random.word() | 0x0100_0000) & !3;
            event.arguments[1] = if number == call::HINT { random.word() >> 16 } else { random.word() & !3 };
            // Not pointers, so that they need not be aligned, unless of a MODMUL.
            let mask = if number == call::MODMUL256 || number == call::MODMUL384 { !3 } else { !0 };
            event.arguments[2] = random.word() & mask;
            event.arguments[3] = random.word() & mask;
            event.clock = 50_000 + (random.word() >> 12);
            event.previous = [0, 0, 0].map(|_| random.word() % 400_000);
            events.push(event);
        }
    }
    events.push(CallEvent { arguments: [0x0100_0000, 0, 0, 0], ..event(call::KECCAK_F) });
    events.push(CallEvent { arguments: [0, 1, 2, 3], ..event(call::COMMIT) });
    events.push(CallEvent { arguments: [0x0200_0000, 0xffff, 0xffff_ffff, 7], ..event(call::HINT) });
    events
}

/// The words that the specification's table of calls asks for.
fn words(event: &CallEvent) -> [u32; 4] {
    let [a0, a1, a2, a3] = event.arguments;
    match event.number {
        call::HINT => [a0 / 4, a1, 0, 0],
        call::MODMUL256 | call::MODMUL384 => [a0 / 4, a1 / 4, a2 / 4, a3 / 4],
        call::SECP256K1_ADD => [a0 / 4, a1 / 4, 0, 0],
        _ => [a0 / 4, 0, 0, 0],
    }
}

fn expected(events: &[CallEvent]) -> Balance {
    let mut balance = Balance::default();
    for event in events {
        let [a0, read @ ..] = event.arguments;
        let now = 8 * event.clock + 3;
        balance.add(name::ECALL, &[event.clock, event.number, a0 & 0xffff, a0 >> 16], -1);
        for ((address, value), previous) in (REGISTERS + 11..).zip(read).zip(event.previous) {
            balance.add(name::MEMORY, &[address, previous, value & 0xffff, value >> 16], -1);
            balance.add(name::MEMORY, &[address, now, value & 0xffff, value >> 16], 1);
        }
        let [w0, w1, w2, w3] = words(event);
        balance.add(name::CALL, &[event.number, event.clock, w0, w1, w2, w3], 1);
    }
    balance
}

#[test]
fn hands_over_what_the_specification_says() {
    let events = events();
    let mut counts = TableCounts::default();
    let trace = generate(&events, HEIGHT, &mut counts);
    assert_eq!(accept(&CallAir, &trace), Some(expected(&events)));
    testing::assert_counted(&evaluate(&CallAir, &trace, &[]).balance, &counts);
}

#[test]
fn every_column_matters() {
    let trace = generate(&NUMBERS.map(event), 16, &mut TableCounts::default());
    testing::assert_every_column_matters(&CallAir, &trace, &[], CallColumns::FILLING);
}

#[test]
fn stays_in_the_budget() {
    assert_eq!(testing::shape(&CallAir), (24, 44, 3));
}

/// What the other tables see of a forged row, the second of which is padding.
fn forge(event: CallEvent, change: impl FnOnce(&mut CallColumns<Val>)) -> Option<Balance> {
    let mut trace = generate(&[event], 2, &mut TableCounts::default());
    change(first(&mut trace));
    accept(&CallAir, &trace)
}

fn first(trace: &mut RowMajorMatrix<Val>) -> &mut CallColumns<Val> {
    trace.values[..CallColumns::WIDTH].borrow_mut()
}

/// Which arguments are pointers.
fn pointers(number: u32) -> Vec<usize> {
    let modmul = number == call::MODMUL256 || number == call::MODMUL384;
    (0..4).filter(|i| *i == 0 || modmul || (*i == 1 && number == call::SECP256K1_ADD)).collect()
}

#[test]
fn refuses_a_misaligned_pointer() {
    for number in NUMBERS {
        for i in pointers(number) {
            for offset in 1..4 {
                let forged = forge(event(number), |row| row.arguments[i][0] += Val::from_u32(offset));
                assert_eq!(forged, None, "call {number}, a{i} + {offset}");
            }
        }
    }
}

#[test]
fn refuses_a_pointer_into_the_image_for_a_call_that_writes() {
    for number in NUMBERS {
        for high in [0, 1, 0xfe, 0xff] {
            let forged =
                forge(event(number), |row| row.arguments[0] = [Val::from_u16(0xfffc), Val::from_u32(high)]);
            assert_eq!(forged.is_some(), number == call::COMMIT, "call {number}, a0 from {high:#x}");
        }
    }
}

#[test]
fn refuses_a_hint_of_more_words_than_the_low_limb_says() {
    let forged = forge(event(call::HINT), |row| row.arguments[1][1] = Val::ONE);
    assert_eq!(forged, None);
}

#[test]
fn refuses_an_access_before_that_is_now_or_later() {
    let now = 8 * event(call::COMMIT).clock + 3;
    for i in 0..3 {
        for previous in [now, now + 1, now + 5, now + 65_536, (1 << 24) - 1] {
            for high in 0..256 {
                let forged = forge(event(call::COMMIT), |row| {
                    row.previous[i] = Val::from_u32(previous);
                    row.gap_high[i] = Val::from_u32(high);
                });
                assert_eq!(forged, None, "a{} read at {previous}", i + 1);
            }
        }
    }
}

/// Whatever low part is chosen, the high part that fits is not a byte.
#[test]
fn refuses_a_gap_whose_high_part_is_no_byte() {
    let now = 8 * event(call::COMMIT).clock + 3;
    for i in 0..3 {
        for low in [0, 1, 0x7fff, 0xffff] {
            let forged = forge(event(call::COMMIT), |row| {
                row.previous[i] = Val::from_u32(now);
                row.gap_high[i] = (Val::NEG_ONE - Val::from_u32(low)) * Val::from_u32(1 << 16).inverse();
            });
            assert_eq!(forged, None, "a{}, low part {low}", i + 1);
        }
    }
}

/// LOG as HINT + COMMIT, as 3 HINT, and with flags that add up to 1.
#[test]
fn refuses_unknown_numbers() {
    let flags = NO_FLAGS;
    let forgeries = [
        CallFlags { is_hint: Val::ONE, is_commit: Val::ONE, ..flags },
        CallFlags { is_hint: Val::from_u8(3), ..flags },
        CallFlags { is_hint: Val::NEG_ONE, is_commit: Val::TWO, ..flags },
    ];
    for flags in forgeries {
        let event = CallEvent { arguments: [0x0200_0000, 0, 0, 0], ..event(call::COMMIT) };
        assert_eq!(forge(event, |row| row.flags = flags), None);
    }
    // Without a flag there is no call.
    assert_eq!(forge(event(call::COMMIT), |row| row.flags = flags), Some(Balance::default()));
}

const NO_FLAGS: CallFlags<Val> = CallFlags {
    is_hint: Val::ZERO,
    is_commit: Val::ZERO,
    is_keccak_f: Val::ZERO,
    is_poseidon2: Val::ZERO,
    is_modmul256: Val::ZERO,
    is_modmul384: Val::ZERO,
    is_secp256k1_add: Val::ZERO,
    is_secp256k1_double: Val::ZERO,
};

/// A call that the processor did not make takes an `ecall` message that nobody sent, and is checked like any other.
#[test]
fn padding_turned_live_needs_an_ecall() {
    for number in NUMBERS {
        let flags = first(&mut generate(&[event(number)], 1, &mut TableCounts::default())).flags;
        let mut trace = generate(&[], 2, &mut TableCounts::default());
        first(&mut trace).flags = flags;
        let forged = accept(&CallAir, &trace);
        // Address 0 is the image.
        assert_eq!(forged.is_some(), number == call::COMMIT, "call {number}");
        if let Some(balance) = forged {
            assert_eq!(balance.on(name::ECALL), [(vec![0, number, 0, 0], -1)].into());
        }
    }
}
