//! Attacks on each constraint, on each field of the chip's own messages, and on the number of rows; changes of many cells.

use p3_air::symbolic::AirLayout;
use p3_field::extension::BinomialExtensionField;
use p3_lookup::InteractionSymbolicBuilder;

use super::*;

/// Messages of a row on one of the chip's own buses.
fn messages(trace: &Trace, row: usize, bus: &str) -> BTreeMap<Vec<u32>, i64> {
    evaluate_rows(&KeccakAir, trace, None, &[], [row]).balance.on(bus)
}

/// Brings rows to echelon form, each with a leading 1 that no other row has in its column; returns the rank.
fn reduce(rows: &mut [Vec<Val>]) -> usize {
    let mut rank = 0;
    for column in 0..rows[0].len() {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != Val::ZERO) else { continue };
        rows.swap(rank, pivot);
        let inverse = rows[rank][column].inverse();
        rows[rank].iter_mut().for_each(|cell| *cell *= inverse);
        let leading = rows[rank].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if i != rank && factor != Val::ZERO {
                row.iter_mut().zip(&leading).for_each(|(cell, leading)| *cell -= factor * *leading);
            }
        }
        rank += 1;
        if rank == rows.len() {
            break;
        }
    }
    rank
}

/// For each constraint there is a row that breaks it alone, so none may go.
#[test]
fn every_constraint_is_needed() {
    let columns: Vec<usize> = (0..WIDTH).collect();
    let all: &KeccakColumns<usize> = columns[..].borrow();
    let roles = [all.is_input, all.is_start, all.is_round, all.is_last, all.is_memory];
    let mut cases: Vec<Vec<(usize, Val)>> = Vec::new();
    for (i, role) in roles.into_iter().enumerate() {
        // Two roles that cancel: no role, as far as the sum shows.
        cases.push([(role, Val::NEG_ONE), (roles[(i + 1) % 5], Val::ONE)].to_vec());
    }
    cases.push([(all.is_input, Val::ONE), (all.is_round, Val::ONE)].to_vec());
    cases.extend([all.is_call, all.is_load, all.is_full].map(|flag| [(flag, Val::ONE)].to_vec()));
    // The row of a role without theta that adds a parity after all.
    let tops = all.parity_top.as_flattened();
    let parity = all.parity_low.as_flattened().iter().chain(tops).chain(&all.parity_before);
    for (cell, role) in parity.flat_map(|cell| [(*cell, all.is_input), (*cell, all.is_last)]) {
        cases.push([(role, Val::ONE), (cell, Val::ONE)].to_vec());
    }
    cases.extend(tops.iter().map(|top| [(*top, Val::TWO)].to_vec()));
    let mut broken = BTreeSet::new();
    for case in cases {
        // The last slice, where the flags of single rows are 0.
        let mut trace = generate(&[], SLICES, &mut KeccakCounts::default());
        for (column, value) in &case {
            trace.values[(SLICES - 1) * WIDTH + column] = *value;
        }
        let failures = evaluate(&KeccakAir, &trace, &[]).failures;
        assert_eq!(failures.len(), 1, "{case:?}: {failures:?}");
        broken.insert(failures[0].constraint);
    }
    type Builder = InteractionSymbolicBuilder<Val, BinomialExtensionField<Val, 4>>;
    let builder = Builder::from_air(&KeccakAir, AirLayout::from_air(&KeccakAir));
    assert_eq!(broken, (0..builder.base_constraints().len()).collect());
}

/// On each bus of the chip, a message has all the cells that it is about.
#[test]
fn every_message_has_every_cell() {
    let (_, trace) = single();
    let columns: Vec<usize> = (0..WIDTH).collect();
    let all: &KeccakColumns<usize> = columns[..].borrow();
    let before = |lanes: core::ops::Range<usize>| all.before[lanes].as_flattened().to_vec();
    let low = |lanes: core::ops::Range<usize>| all.low[lanes].as_flattened().to_vec();
    let tops = all.parity_top.map(|top| top[3]);
    let every = 0..LANES;
    let theta = [&tops[..], &all.parity_before, &[all.clock, all.step]].concat();
    let received = [before(every.clone()), all.carried.to_vec(), [all.clock, all.step].to_vec()].concat();
    let sent = [&low(every.clone())[..], all.high.as_flattened(), &[all.clock, all.step]].concat();
    let printed = [low(every.clone()), [all.clock, all.address].to_vec()].concat();
    let loaded = [before(every.clone()), printed.clone()].concat();
    let left = [before(8..LANES), low(8..LANES), [all.clock, all.address].to_vec()].concat();
    let taken = [before(0..18), low(0..18), [all.clock, all.address].to_vec()].concat();
    let start = [before(every), [all.clock].to_vec()].concat();
    let cases = [
        (bus_name::START, [1, 6].to_vec(), start),
        (bus_name::THETA, [5, 9].to_vec(), theta),
        (bus_name::RHO, [9, LAST - 1, LAST].to_vec(), received),
        (bus_name::RHO, [5, 9].to_vec(), sent),
        (bus_name::WORDS, [1, LAST + 3].to_vec(), printed),
        (bus_name::WORDS, [MEMORY].to_vec(), loaded),
        (bus_name::SHIFT, [MEMORY, MEMORY + 2].to_vec(), left),
        (bus_name::SHIFT, [MEMORY + 1, MEMORY + 3].to_vec(), taken),
    ];
    for (bus, rows, columns) in cases {
        for row in rows {
            let honest = messages(&trace, row, bus);
            let mut changed = trace.clone();
            for column in &columns {
                let cell = row * WIDTH + column;
                changed.values[cell] += Val::ONE;
                assert_ne!(messages(&changed, row, bus), honest, "{bus}, row {row}, column {column}");
                changed.values[cell] = trace.values[cell];
            }
            // The slice: in another place, the same cells say nothing that they said.
            let at = |row: usize| row * WIDTH..(row + 1) * WIDTH;
            for other in (row / SLICES * SLICES..).take(SLICES).filter(|other| *other != row) {
                changed.values.copy_within(at(row), other * WIDTH);
                let flags = row_mut(&mut changed, other);
                [flags.is_load, flags.is_full] = [Val::ZERO; 2];
                let elsewhere = messages(&changed, other, bus);
                assert!(honest.keys().all(|message| !elsewhere.contains_key(message)), "{bus}, row {row}");
                changed.values[at(other)].copy_from_slice(&trace.values[at(other)]);
            }
        }
    }
}

/// Balances of messages by their heads alone, so whatever the cells are, force all rows of a clock to be there equally
/// often. That includes the row that takes the call.
#[test]
fn rows_come_in_whole_permutations() {
    let (_, trace) = single();
    // Fields that come before the values, and have numbers that only the schedule, the slice and the call determine.
    let heads = [
        (bus_name::START, 2),
        (bus_name::THETA, 3),
        (bus_name::RHO, 4),
        (bus_name::WORDS, 4),
        (bus_name::SHIFT, 3),
    ];
    let mut index = BTreeMap::new();
    let mut rows = Vec::new();
    for row in 0..ROWS {
        let mut counts = [const { Val::ZERO }; 1024].to_vec();
        for (bus, length) in heads {
            for (message, count) in messages(&trace, row, bus) {
                let fresh = index.len();
                let position = *index.entry((bus, message[..length].to_vec())).or_insert(fresh);
                counts[position] += Val::from_i64(count);
            }
        }
        rows.push(counts);
    }
    // Each head is sent by one row, once, and received by one, so no message can take another's place.
    for (head, position) in &index {
        let mut counts: Vec<Val> = rows.iter().map(|row| row[*position]).collect();
        counts.retain(|count| *count != Val::ZERO);
        counts.sort();
        assert_eq!(counts, [Val::ONE, Val::NEG_ONE], "{head:?}");
    }
    assert_eq!(reduce(&mut rows), ROWS - 1);
}

/// The input's pieces need not consist of bits: nothing follows from it, as only the keys' bits count.
#[test]
fn input_without_bits_leads_to_the_same_state() {
    let (event, mut trace) = single();
    let input = lanes(&event.state);
    let mut random = testing::random_words(0x6b65_7973);
    for (slice, y, piece) in
        (0..SLICES).flat_map(|slice| (0..5).flat_map(move |y| (0..4).map(move |p| (slice, y, p))))
    {
        // Any digits below 7 with the right bit 1, and the pieces that have these keys.
        let mut system: Vec<Vec<Val>> = (0..5)
            .map(|x| {
                let bits = (input[x + 5 * y] >> (16 * slice + 4 * piece)) & 15;
                let digit = |z: u32| {
                    let choices: &[u32] = if bits >> z & 1 == 1 { &[2, 3, 6] } else { &[0, 1, 4, 5] };
                    choices[random.next().unwrap() as usize % choices.len()] * 11u32.pow(z)
                };
                let key: u32 = (0..4).map(digit).sum();
                let mut row = [Val::ZERO; 6];
                row[x] += Val::TWO;
                row[(x + 1) % 5] -= Val::ONE;
                row[(x + 2) % 5] += Val::ONE;
                row[5] = Val::from_u32(key) - Val::from_u32(PIECE[15]);
                row.to_vec()
            })
            .collect();
        assert_eq!(reduce(&mut system), 5);
        for (x, row) in system.iter().enumerate() {
            row_mut(&mut trace, slice).before[x + 5 * y][piece] = row[5];
            row_mut(&mut trace, SLICES + slice).before[x + 5 * y][piece] = row[5];
        }
    }
    assert!(
        row_mut(&mut trace, 0).before.as_flattened().iter().any(|piece| piece.as_canonical_u32() > 14_641)
    );
    assert_eq!(accept(&trace), Some(expected(&[event])));
}

/// A permutation of another state than the one that was read.
#[test]
fn refuses_a_start_of_another_state() {
    let (event, _) = single();
    let (honest, _) = steps(&event.state, |_, _, _| {});
    for word in [0, 1, 17, 30, 49] {
        let mut state = event.state;
        state[word] ^= 1 << (word % 32);
        let (mut steps, output) = steps(&state, |_, _, _| {});
        steps[0] = honest[0].clone();
        assert_eq!(accept(&forge(&event, &steps, &output)), None, "word {word}");
        // The input's pieces are those of the start: then they do not print what was read.
        steps[0].before = steps[1].before;
        assert_eq!(accept(&forge(&event, &steps, &output)), None, "word {word}");
    }
}

/// Two cells change at once, by amounts that weights of digits and of limbs could make cancel.
#[test]
fn pairs_of_cells_are_bound() {
    let (_, trace) = single();
    let entries = entries();
    let weights = [1, 2, 4, 11, 121, 1331, 16, 256, 4096].map(Val::from_u32);
    let mut random = testing::random_words(0x7061_6972);
    for row in [0, 5, 9, LAST + 1, MEMORY + 1] {
        let free = free(row);
        let judge = |trace: &Trace| {
            let mut report = evaluate_rows(&KeccakAir, trace, None, &[], [row]);
            let asked = report.balance.0.remove(bus_name::TABLE).unwrap_or_default();
            let holds = report.failures.is_empty() && asked.keys().all(|message| entries.contains(message));
            holds.then_some(report.balance)
        };
        let honest = judge(&trace);
        let mut changed = trace.clone();
        for _ in 0..PAIRS {
            let mut next = |bound: usize| random.next().unwrap() as usize % bound;
            let first = next(WIDTH);
            // Half of the pairs are close to each other: pieces of a lane, lanes of a plane.
            let second = (first + 1 + if next(2) == 0 { next(20) } else { next(WIDTH - 1) }) % WIDTH;
            let [mut more, less] = [0; 2].map(|_| weights[next(weights.len())]);
            if next(2) == 0 {
                more = -more;
            }
            for (column, difference) in [(first, more), (second, less)] {
                changed.values[row * WIDTH + column] += difference;
            }
            let is_caught = judge(&changed) != honest;
            for column in [first, second] {
                changed.values[row * WIDTH + column] = trace.values[row * WIDTH + column];
            }
            let is_free = free.contains(&first) && free.contains(&second);
            assert!(is_caught || is_free, "row {row}, columns {first} and {second}, {more} and {less}");
        }
    }
}

/// Pairs per row.
const PAIRS: usize = 1000;
