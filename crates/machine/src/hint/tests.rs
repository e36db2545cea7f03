use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use ashlar_abi::call::HINT;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::*;
use crate::bus::{name, port_tag};
use crate::evaluate::{Balance, evaluate};
use crate::testing::{self, Random, accept};
use crate::{TableCounts, Val};

fn event(clock: u32, address: u32, words: u32) -> HintEvent {
    let mut random = Random(clock.into());
    HintEvent { clock, address, words: (0..words).map(|_| random.word()).collect() }
}

fn events() -> Vec<HintEvent> {
    let sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 256, 1, 64];
    let mut events: Vec<_> =
        (0..).zip(sizes).map(|(i, words)| event(1000 * i, (1 << 22) + 1024 * i, words)).collect();
    events.push(HintEvent {
        clock: (1 << 21) - 1,
        address: (1 << 30) - 1,
        words: vec![0, u32::MAX, 0x8000_ffff],
    });
    events
}

fn honest(events: &[HintEvent], height: usize) -> RowMajorMatrix<Val> {
    generate(events, height, &mut TableCounts::default())
}

/// The calls taken, and each word written by address: what the specification says of `HINT`.
type Effect = (BTreeMap<Vec<u32>, i64>, BTreeMap<(u32, u32), u32>);

fn effect(balance: &Balance) -> Effect {
    let mut written = BTreeMap::new();
    for (message, count) in balance.on(name::PORT) {
        let [tag, timestamp, address, used, limbs @ ..] = &message[..] else { panic!("short message") };
        assert_eq!((*tag, count), (port_tag::WRITE, 1));
        for (i, limbs) in (0..4).zip(limbs.as_chunks::<2>().0) {
            let [low, high] = *limbs;
            assert!(low < 1 << 16 && high < 1 << 16);
            if i < *used {
                assert_eq!(written.insert((*timestamp, address + i), high << 16 | low), None);
            } else {
                assert_eq!(limbs, &[0, 0]);
            }
        }
    }
    (balance.on(name::CALL), written)
}

#[test]
fn writes_the_words_of_each_call() {
    let events = events();
    let mut counts = TableCounts::default();
    let trace = generate(&events, 256, &mut counts);
    let mut expected = Effect::default();
    for event in &events {
        let call = vec![HINT, event.clock, event.address, event.words.len() as u32, 0, 0];
        expected.0.insert(call, -1);
        for (address, word) in (event.address..).zip(&event.words) {
            expected.1.insert((8 * event.clock + 7, address), *word);
        }
    }
    assert_eq!(effect(&accept(&HintAir, &trace).expect("an honest trace")), expected);
    testing::assert_counted(&evaluate(&HintAir, &trace, &[]).balance, &counts);
}

#[test]
fn fills_a_table_to_the_end() {
    for height in [1, 2, 4, 64] {
        let trace = honest(&[event(5, 1 << 22, 4 * height)], height as usize);
        assert!(accept(&HintAir, &trace).is_some(), "{height} rows");
    }
}

#[test]
fn counts_rows() {
    assert_eq!([1, 4, 5, 8, 256].map(rows), [1, 1, 2, 2, 64]);
}

#[test]
fn every_column_matters() {
    let trace = honest(&[event(3, 1 << 22, 11), event(9, 1 << 23, 4)], 8);
    testing::assert_every_column_matters(&HintAir, &trace, &[], HintColumns::FILLING);
}

#[test]
fn stays_in_the_budget() {
    assert_eq!(testing::shape(&HintAir), (16, 32, 3));
}

fn row(trace: &mut RowMajorMatrix<Val>, index: usize) -> &mut HintColumns<Val> {
    trace.values[index * HintColumns::WIDTH..][..HintColumns::WIDTH].borrow_mut()
}

/// What the other tables see of a forged trace.
fn forge(
    events: &[HintEvent],
    height: usize,
    change: impl FnOnce(&mut RowMajorMatrix<Val>),
) -> Option<Balance> {
    let mut trace = honest(events, height);
    change(&mut trace);
    accept(&HintAir, &trace)
}

#[test]
fn refuses_a_hint_of_no_words() {
    for (count, is_used) in [(0, [0; 4]), (1, [1, 0, 0, 0])] {
        let forged = forge(&[], 2, |trace| {
            let row = row(trace, 0);
            row.is_first = Val::ONE;
            row.is_used = is_used.map(Val::from_u8);
            row.remaining = Val::ZERO;
        });
        assert_eq!(forged, None, "{count} words written");
    }
}

/// A second call that goes on where a first of 256 words ended is made its continuation.
#[test]
fn refuses_a_hint_of_257_words() {
    for more in [1, 4, 256] {
        let events = [event(3, 1 << 22, 256), HintEvent { clock: 3, ..event(4, (1 << 22) + 256, more) }];
        let forged = forge(&events, 128, |trace| {
            row(trace, 64).is_first = Val::ZERO;
            for i in 0..64 {
                row(trace, i).remaining += Val::from_u32(more);
            }
        });
        assert_eq!(forged, None, "256 + {more} words");
    }
    // The same with 252 + 4 words is a call.
    let events = [event(3, 1 << 22, 252), HintEvent { clock: 3, ..event(4, (1 << 22) + 252, 4) }];
    let forged = forge(&events, 128, |trace| {
        row(trace, 63).is_first = Val::ZERO;
        for i in 0..63 {
            row(trace, i).remaining += Val::from_u8(4);
        }
    });
    assert!(forged.is_some());
}

#[test]
fn refuses_a_row_without_a_call() {
    // In row 0, after a call, and after padding.
    assert_eq!(forge(&[event(3, 1 << 22, 4)], 2, |trace| row(trace, 0).is_first = Val::ZERO), None);
    let two = [event(3, 1 << 22, 4), event(4, 1 << 23, 4)];
    assert_eq!(forge(&two, 4, |trace| row(trace, 1).is_first = Val::ZERO), None);
    for index in 1..4 {
        let forged = forge(&[event(3, 1 << 22, 4)], 4, |trace| {
            let stray = *row(trace, 0);
            *row(trace, index) = HintColumns { is_first: Val::ZERO, ..stray };
        });
        assert_eq!(forged, None, "row {index}");
    }
}

/// A full row can only be gone on from at its own clock and address.
#[test]
fn refuses_to_go_on_elsewhere() {
    for (clock, address) in [(3, 1), (4, 0), (3, 1 << 20)] {
        let forged = forge(&[event(3, 1 << 22, 8)], 2, |trace| {
            row(trace, 1).clock = Val::from_u32(clock);
            row(trace, 1).address += Val::from_u32(address);
        });
        assert_eq!(forged, None);
    }
}

#[test]
fn refuses_padding_turned_live() {
    for index in 1..4 {
        let forged = forge(&[event(3, 1 << 22, 4)], 4, |trace| row(trace, index).is_used[0] = Val::ONE);
        assert_eq!(forged, None, "row {index}");
    }
    // As the first row of a call it takes a message that nobody sent.
    let forged = forge(&[], 4, |trace| {
        let row = row(trace, 2);
        (row.is_first, row.is_used[0], row.remaining) = (Val::ONE, Val::ONE, Val::ONE);
    });
    let calls = forged.expect("a row as it should be").on(name::CALL);
    assert_eq!(calls, [(vec![HINT, 0, 0, 1, 0, 0], -1)].into());
}

#[test]
fn refuses_a_first_row_that_writes_nothing() {
    let forged = forge(&[], 2, |trace| {
        row(trace, 0).is_first = Val::ONE;
        row(trace, 0).remaining = Val::ONE;
    });
    assert_eq!(forged, None);
}

#[test]
fn refuses_masks_with_a_hole() {
    let words = HintEvent { words: vec![0; 4], ..event(3, 1 << 22, 4) };
    for bits in 0..16_u8 {
        let is_used = [0, 1, 2, 3].map(|i| bits >> i & 1);
        let forged = forge(core::slice::from_ref(&words), 2, |trace| {
            row(trace, 0).is_used = is_used.map(Val::from_u8);
            row(trace, 0).remaining = Val::from_u32(bits.count_ones());
        });
        assert_eq!(forged.is_some(), [1, 3, 7, 15].contains(&bits), "{is_used:?}");
    }
}

#[test]
fn refuses_flags_that_are_not_boolean() {
    let words = HintEvent { words: vec![0; 4], ..event(3, 1 << 22, 4) };
    let forge = |change: fn(&mut HintColumns<Val>)| {
        forge(core::slice::from_ref(&words), 2, |trace| change(row(trace, 0)))
    };
    assert_eq!(forge(|row| row.is_first = Val::TWO), None);
    assert_eq!(forge(|row| (row.is_used[3], row.remaining) = (Val::TWO, Val::from_u8(5))), None);
    assert_eq!(
        forge(|row| {
            (row.is_used, row.remaining) = ([Val::TWO, Val::ONE, Val::ZERO, Val::ZERO], Val::from_u8(3));
        }),
        None
    );
}

/// A row that takes its call twice and so continues the one before -1 times: that call would say 4 words and write 8.
#[test]
fn refuses_a_call_taken_twice() {
    let events = [event(3, 1 << 22, 8), HintEvent { clock: 3, ..event(4, (1 << 22) + 8, 4) }];
    let forged = forge(&events, 4, |trace| {
        row(trace, 2).is_first = Val::TWO;
        row(trace, 1).remaining = Val::ZERO;
        row(trace, 0).remaining = Val::from_u8(4);
    });
    assert_eq!(forged, None);
}

/// A row in the middle of a call that writes fewer than 4 words, with all that follows moved.
#[test]
fn refuses_a_short_row_in_the_middle() {
    for short in 1..4_usize {
        let events = [event(3, 1 << 22, short as u32), HintEvent { clock: 3, ..event(4, (1 << 22) + 4, 4) }];
        let forged = forge(&events, 2, |trace| {
            row(trace, 1).is_first = Val::ZERO;
            row(trace, 0).remaining += Val::from_u8(4);
        });
        assert_eq!(forged, None, "{short} words");
    }
}

#[test]
fn refuses_fewer_or_more_words_than_the_call_says() {
    for difference in [Val::ONE, Val::NEG_ONE, Val::from_u8(4), Val::NEG_ONE * Val::from_u8(4)] {
        let forged = forge(&[event(3, 1 << 22, 10)], 4, |trace| {
            for i in 0..3 {
                row(trace, i).remaining += difference;
            }
        });
        assert_eq!(forged, None);
    }
}

#[test]
fn refuses_a_hint_cut_by_the_end_of_the_table() {
    let whole = honest(&[event(3, 1 << 22, 16)], 4);
    for height in [1, 2] {
        let values = whole.values[..height * HintColumns::WIDTH].to_vec();
        assert_eq!(accept(&HintAir, &RowMajorMatrix::new(values, HintColumns::WIDTH)), None);
    }
}

#[test]
fn refuses_a_hint_around_the_end_of_the_table() {
    for words in [8, 12, 16] {
        for turn in 1..4 {
            let first_row = turn;
            let forged = forge(&[event(3, 1 << 22, words)], 4, |trace| {
                trace.values.rotate_right(turn * HintColumns::WIDTH);
            });
            let fits = first_row + rows(words as usize) <= 4;
            assert_eq!(forged.is_some(), fits, "{words} words from row {first_row}");
        }
    }
}

/// A ring of rows that continue each other and no call.
#[test]
fn refuses_a_ring() {
    let forged = forge(&[event(3, 1 << 22, 16)], 4, |trace| {
        for i in 0..4 {
            let row = row(trace, i);
            row.is_first = Val::ZERO;
            row.address = Val::ZERO;
        }
    });
    assert_eq!(forged, None);
}

#[test]
fn refuses_limbs_that_are_too_large() {
    for limb in [1 << 16, 0x7eff_ffff] {
        for i in 0..8 {
            let forged = forge(&[event(3, 1 << 22, 4)], 2, |trace| {
                row(trace, 0).words[i / 2][i % 2] = Val::from_u32(limb);
            });
            assert_eq!(forged, None, "limb {i} = {limb:#x}");
        }
    }
}

#[test]
fn refuses_limbs_past_the_count() {
    for i in 2..8 {
        let forged = forge(&[event(3, 1 << 22, 1)], 2, |trace| row(trace, 0).words[i / 2][i % 2] = Val::ONE);
        assert_eq!(forged, None, "limb {i}");
    }
}
