use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{Field, PrimeCharacteristicRing};

use super::*;
use crate::bus::{name, port_tag};
use crate::evaluate::{Balance, evaluate};
use crate::testing::{self, Random, accept};
use crate::{TableCounts, Val};

/// Timestamp and value of each word.
type Memory = BTreeMap<u32, (u32, u32)>;

fn limbs(words: &[u32; 4]) -> [u32; 8] {
    core::array::from_fn(|i| if i % 2 == 0 { words[i / 2] & 0xffff } else { words[i / 2] >> 16 })
}

/// Accesses of every direction and count to a small memory, with the memory after them.
fn accesses(number: u32) -> (Vec<PortEvent>, Memory) {
    let mut random = Random(7);
    let mut memory = Memory::new();
    let events = (0..number).map(|i| {
        let timestamp = 8 * (1 + i * 10_000) + i % 8;
        let (reads, writes) = [(true, false), (false, true), (true, true)][i as usize % 3];
        let count = 1 + i / 3 % 4;
        let address = (1 << 22) + random.word() % 24;
        let mut event = PortEvent {
            timestamp,
            address,
            reads,
            writes,
            count,
            old: [0; 4],
            new: [0; 4].map(|_| random.word()),
            previous: [0; 4],
        };
        for j in 0..count as usize {
            let word = memory.entry(address + j as u32).or_default();
            (event.previous[j], event.old[j]) = *word;
            *word = (timestamp, if writes { event.new[j] } else { word.1 });
        }
        event
    });
    (events.collect(), memory)
}

fn requests(events: &[PortEvent]) -> Balance {
    let mut balance = Balance::default();
    for event in events {
        let PortEvent { timestamp, address, count, .. } = *event;
        let directions =
            [(event.reads, port_tag::READ, &event.old), (event.writes, port_tag::WRITE, &event.new)];
        for (_, tag, words) in directions.into_iter().filter(|(asked, ..)| *asked) {
            let message = [&[tag, timestamp, address, count], &limbs(words)[..]].concat();
            balance.add(name::PORT, &message, 1);
        }
    }
    balance
}

#[test]
fn does_what_a_memory_does() {
    let (events, memory) = accesses(200);
    let mut counts = TableCounts::default();
    let trace = generate(&events, 256, &mut counts);
    // With the requests, and memory before and after, nothing is left on any bus.
    let mut balance = accept(&PortAir, &trace).expect("an honest trace");
    balance.add_all(&requests(&events));
    for (address, (timestamp, word)) in memory {
        balance.add(name::MEMORY, &[address, 0, 0, 0], 1);
        balance.add(name::MEMORY, &[address, timestamp, word & 0xffff, word >> 16], -1);
    }
    assert_eq!(balance, Balance::default());
    testing::assert_counted(&evaluate(&PortAir, &trace, &[]).balance, &counts);
}

#[test]
fn bridges_the_longest_gap() {
    let event =
        PortEvent { timestamp: (1 << 24) - 1, previous: [0, 65_535, 65_536, (1 << 24) - 2], ..full() };
    let mut counts = TableCounts::default();
    let trace = generate(&[event], 1, &mut counts);
    let report = evaluate(&PortAir, &trace, &[]);
    assert_eq!(report.failures, []);
    testing::assert_counted(&report.balance, &counts);
}

#[test]
fn every_column_matters() {
    let (events, _) = accesses(24);
    let trace = generate(&events, 32, &mut TableCounts::default());
    let filling = PortColumns::FILLING.flat_map(|column| [column, column + PortColumns::WIDTH]);
    testing::assert_every_column_matters(&PortAir, &trace, &[], filling);
}

#[test]
fn stays_in_the_budget() {
    assert_eq!(testing::shape(&PortAir), (64, 68, 3));
}

/// 4 words read and written.
const fn full() -> PortEvent {
    PortEvent {
        timestamp: 800_007,
        address: 1 << 22,
        reads: true,
        writes: true,
        count: 4,
        old: [1, 2, 3, 0xffff_ffff],
        new: [5, 0x8000_0000, 7, 8],
        previous: [0, 12, 700_000, 800_006],
    }
}

/// What the other tables see of a forged row.
fn forge(event: PortEvent, change: impl FnOnce(&mut PortColumns<Val>)) -> Option<Balance> {
    let mut trace = generate(&[event], 2, &mut TableCounts::default());
    change(trace.values[..PortColumns::WIDTH].borrow_mut());
    accept(&PortAir, &trace)
}

#[test]
fn refuses_an_access_before_that_is_now_or_later() {
    let now = full().timestamp;
    for i in 0..4 {
        for previous in [now, now + 1, now + 8, now + 65_536, (1 << 24) - 1] {
            for high in 0..256 {
                let forged = forge(full(), |row| {
                    row.previous[i] = Val::from_u32(previous);
                    row.gap_high[i] = Val::from_u32(high);
                });
                assert_eq!(forged, None, "word {i} accessed at {previous}");
            }
        }
        let forged = forge(full(), |row| {
            row.previous[i] = Val::from_u32(now);
            row.gap_high[i] = Val::NEG_ONE * Val::from_u32(1 << 16).inverse();
        });
        assert_eq!(forged, None, "word {i} with a high part that is no byte");
    }
}

/// The gaps of the last words in use are checked for every count.
#[test]
fn refuses_a_forged_gap_whatever_the_count() {
    for count in 1..=4 {
        let last = count as usize - 1;
        let forged = forge(PortEvent { count, ..full() }, |row| {
            row.previous[last] = Val::from_u32(full().timestamp + 256);
            row.gap_high[last] = Val::NEG_ONE * Val::from_u32(1 << 8).inverse();
        });
        assert_eq!(forged, None, "{count} words");
    }
}

#[test]
fn refuses_masks_with_a_hole() {
    for is_used in [[0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1]] {
        let forged = forge(full(), |row| row.is_used = is_used.map(Val::from_u8));
        assert_eq!(forged, None, "{is_used:?}");
    }
}

#[test]
fn refuses_flags_that_are_not_boolean() {
    let half = Val::ONE.halve();
    let forgeries: [fn(&mut PortColumns<Val>, Val); 5] = [
        |row, _| row.reads = Val::TWO,
        |row, _| row.writes = Val::TWO,
        // reads + writes - reads * writes is 1 or 0 here too.
        |row, _| (row.reads, row.writes) = (Val::NEG_ONE, Val::ONE),
        |row, half| (row.reads, row.writes) = (half, Val::NEG_ONE),
        |row, _| row.is_used[2] = Val::TWO,
    ];
    for (i, forgery) in forgeries.into_iter().enumerate() {
        assert_eq!(forge(full(), |row| forgery(row, half)), None, "forgery {i}");
    }
}

#[test]
fn refuses_a_change_of_memory_that_no_write_message_asked_for() {
    let event = PortEvent { writes: false, ..full() };
    for i in 0..4 {
        for limb in 0..2 {
            let forged = forge(event, |row| row.new[i][limb] += Val::ONE);
            assert_eq!(forged, None, "word {i}");
        }
    }
}

#[test]
fn refuses_accesses_without_a_message() {
    for is_used in [[1, 0, 0], [1, 1, 0], [1, 1, 1]] {
        let forged = forge(PortEvent { new: full().old, ..full() }, |row| {
            (row.reads, row.writes) = (Val::ZERO, Val::ZERO);
            row.is_used = is_used.map(Val::from_u8);
        });
        assert_eq!(forged, None, "{is_used:?}");
    }
}

/// What a message says is what happens in memory: a row that drops a message does no access for it, and one that takes
/// a message which nobody sent leaves it on the bus.
#[test]
fn padding_turned_live_needs_a_message() {
    let padding = |change: fn(&mut PortColumns<Val>)| {
        let mut trace = generate(&[], 2, &mut TableCounts::default());
        let row: &mut PortColumns<Val> = trace.values[..PortColumns::WIDTH].borrow_mut();
        row.timestamp = Val::from_u8(15);
        change(row);
        accept(&PortAir, &trace).map(|balance| (balance.on(name::PORT).len(), balance.on(name::MEMORY).len()))
    };
    assert_eq!(padding(|_| ()), Some((0, 0)));
    assert_eq!(padding(|row| row.reads = Val::ONE), Some((1, 2)));
    assert_eq!(padding(|row| row.writes = Val::ONE), Some((1, 2)));
    assert_eq!(padding(|row| (row.reads, row.writes) = (Val::ONE, Val::ONE)), Some((2, 2)));
}

/// A word beyond the count reaches the message only.
#[test]
fn words_past_the_count_stay_out_of_memory() {
    for count in 1..4 {
        let event = PortEvent { count, ..full() };
        let balance = accept(&PortAir, &generate(&[event], 1, &mut TableCounts::default())).expect("honest");
        assert_eq!(balance.on(name::MEMORY).len(), 2 * count as usize);
        assert!(balance.on(name::MEMORY).keys().all(|message| message[0] < event.address + count));
        let mut sum = requests(&[event]);
        sum.add_all(&balance);
        assert_eq!(sum.on(name::PORT), BTreeMap::new());
    }
}
