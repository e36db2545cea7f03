use alloc::vec;
use alloc::vec::Vec;

use ashlar_abi::{call, reference};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{filling, terms};
use super::trace::{Asked, Operation, carries_of, divide, fill, fill_carries, operations, wide, words};
use super::*;
use crate::bus::{name, port_tag, slot};
use crate::evaluate::{Balance, Report, evaluate};
use crate::testing;
use crate::{TableCounts, Val};

const P: u32 = (1 << 31) - (1 << 24) + 1;

/// Numbers at the edges, the same for both lengths.
fn edges<const WORDS: usize>() -> Vec<[u32; WORDS]> {
    let max = [u32::MAX; WORDS];
    let one = |i: usize| core::array::from_fn(|j| u32::from(i == j));
    let mut top = [0; WORDS];
    top[WORDS - 1] = 1 << 31;
    let mut below_max = max;
    below_max[0] -= 1;
    let low_half = core::array::from_fn(|i| if i < WORDS / 2 { u32::MAX } else { 0 });
    vec![[0; WORDS], one(0), one(WORDS / 2), top, below_max, max, low_half]
}

fn event<const WORDS: usize>(i: usize, [a, b, m]: [[u32; WORDS]; 3]) -> ModmulEvent<WORDS> {
    let i = i as u32;
    let addresses = [0x0400_0000 + 64 * i, 1000 + i, 2000, 0x0fff_fff0 - i];
    ModmulEvent { clock: 7 * i + 1, addresses, a, b, m }
}

/// All triples of edges and triples of random numbers of random lengths.
fn events<const WORDS: usize>() -> Vec<ModmulEvent<WORDS>> {
    let edges = edges();
    let pairs = || edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b)));
    let mut triples: Vec<_> = pairs().flat_map(|(a, b)| edges.iter().map(move |m| [a, b, *m])).collect();
    let mut random = testing::random_words(WORDS as u64);
    let mut next = || random.next().unwrap_or_default();
    triples.extend((0..200).map(|_| {
        [(); 3].map(|()| {
            let length = if next() % 2 == 0 { WORDS } else { next() as usize % (WORDS + 1) };
            // Saturated and empty words are as frequent as random ones.
            core::array::from_fn(|i| match (i < length, next() % 4) {
                (false, _) | (_, 0) => 0,
                (_, 1) => u32::MAX,
                _ => next(),
            })
        })
    }));
    triples.into_iter().enumerate().map(|(i, triple)| event(i, triple)).collect()
}

fn reference<const WORDS: usize>([a, b, m]: [[u32; WORDS]; 3]) -> [u32; WORDS] {
    fn cast<const N: usize>(words: &[u32]) -> [u32; N] {
        core::array::from_fn(|i| words[i])
    }
    if WORDS == 8 {
        cast(&reference::modmul256(&cast(&a), &cast(&b), &cast(&m)))
    } else {
        cast(&reference::modmul384(&cast(&a), &cast(&b), &cast(&m)))
    }
}

fn number<const WORDS: usize>() -> u32 {
    if WORDS == 8 { call::MODMUL256 } else { call::MODMUL384 }
}

/// What the other tables see of a call.
fn expect<const WORDS: usize>(balance: &mut Balance, event: &ModmulEvent<WORDS>) {
    let ModmulEvent { clock, addresses: [to_r, to_a, to_b, to_m], a, b, m } = *event;
    balance.add(name::CALL, &[number::<WORDS>(), clock, to_r, to_a, to_b, to_m], -1);
    let accesses = [
        (port_tag::READ, slot::OPERAND_A, to_a, a),
        (port_tag::READ, slot::OPERAND_B, to_b, b),
        (port_tag::READ, slot::OPERAND_M, to_m, m),
        (port_tag::WRITE, slot::WRITE, to_r, reference([a, b, m])),
    ];
    for (tag, slot, address, words) in accesses {
        for (words, address) in words.chunks(4).zip((address..).step_by(4)) {
            let limbs = words.iter().flat_map(|word| [word & 0xffff, word >> 16]);
            let message: Vec<u32> = [tag, 8 * clock + slot, address, 4].into_iter().chain(limbs).collect();
            balance.add(name::PORT, &message, 1);
        }
    }
}

fn check_against_the_reference<const WORDS: usize>() {
    let events = events::<WORDS>();
    let rows: usize = events.iter().map(ModmulEvent::rows).sum();
    assert!(rows > events.len(), "some calls take two rows");
    let mut counts = TableCounts::default();
    let trace = generate(&events, 1024, &mut counts);
    let mut report = evaluate(&ModmulAir::<WORDS>, &trace, &[]);
    assert_eq!(report.failures, []);
    testing::assert_counted(&report.balance, &counts);
    report.balance.0.remove(name::TABLE);
    let mut expected = Balance::default();
    for event in &events {
        expect(&mut expected, event);
    }
    assert_eq!(report.balance, expected);
}

#[test]
fn multiplies_like_the_reference() {
    check_against_the_reference::<8>();
    check_against_the_reference::<12>();
}

/// A few calls that use all columns, among them one of two rows.
fn few<const WORDS: usize>() -> Vec<ModmulEvent<WORDS>> {
    let edges = edges();
    let triples = [[5, 4, 2], [5, 5, 1], [3, 5, 0], [5, 6, 5]].map(|triple| triple.map(|i: usize| edges[i]));
    (0..).zip(triples).map(|(i, triple)| event(i, triple)).collect()
}

fn trace<const WORDS: usize>(events: &[ModmulEvent<WORDS>]) -> RowMajorMatrix<Val> {
    generate(events, 8, &mut TableCounts::default())
}

#[test]
fn every_column_matters() {
    testing::assert_every_column_matters(&ModmulAir::<8>, &trace(&few::<8>()), &[], filling(8));
    testing::assert_every_column_matters(&ModmulAir::<12>, &trace(&few::<12>()), &[], filling(12));
}

#[test]
fn keeps_to_its_width() {
    testing::assert_width(&ModmulAir::<8>, 192, 260);
    testing::assert_width(&ModmulAir::<12>, 296, 380);
}

/// The bounds that the comments on the identity and on the ranges state.
#[test]
fn carries_fit_their_ranges() {
    for words in [8, 12] {
        let bytes = 4 * words as u64;
        let products = |byte: u64| (byte + 1).min(2 * bytes - 1 - byte.min(2 * bytes - 1)) * 255 * 255;
        let mut carry = 0;
        for position in 0..carries(words) {
            let r = if position < 2 * words { 0xffff } else { 0 };
            let byte = 2 * position as u64;
            let sum = products(byte) + 256 * products(byte + 1);
            assert!(sum + 0xffff + (1 << 14) + (1 << 16) * ((1 << 14) + (1 << 7)) < u64::from(P));
            carry = (sum + r + carry) >> 16;
            assert!(carry <= 255 * terms(words, position) as u64);
            assert!(carry < if is_wide(words, position) { 1 << 14 } else { (1 << 15) / 4 });
        }
    }
    let chain = super::air::CHAIN as u32;
    assert!(3u64.pow(chain) * ((1 << 14) + (1 << 15)) < u64::from(P));
}

/// Judges a trace whose first row was changed.
fn accepts<const WORDS: usize>(
    trace: &RowMajorMatrix<Val>,
    change: impl FnOnce(ModmulColumns<&mut ModmulHead<Val>, &mut [Val]>),
) -> bool {
    let mut trace = trace.clone();
    change(ModmulColumns::write(WORDS, trace.row_mut(0)));
    testing::is_accepted(&ModmulAir::<WORDS>, &trace)
}

fn set_number(columns: &mut [Val], words: &[u32]) {
    let limbs = words.iter().flat_map(|word| [word & 0xffff, word >> 16]);
    if columns.len() == 2 * words.len() {
        columns.iter_mut().zip(limbs).for_each(|(column, limb)| *column = Val::from_u32(limb));
    } else {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        columns.iter_mut().zip(bytes).for_each(|(column, byte)| *column = Val::from_u8(byte));
    }
}

/// Selects a limb for r < m, with the gap that the selection asks for; `None` selects none.
fn select<const WORDS: usize>(
    row: &mut ModmulColumns<&mut ModmulHead<Val>, &mut [Val]>,
    limb: Option<usize>,
) {
    row.head.quarter.fill(Val::ZERO);
    row.member.fill(Val::ZERO);
    row.head.gap = Val::ZERO;
    let Some(i) = limb else { return };
    row.head.quarter[2 * i / WORDS] = Val::ONE;
    if let Some(member) = (i % (WORDS / 2)).checked_sub(1) {
        row.member[member] = Val::ONE;
    }
    row.head.gap = row.m[2 * i] + row.m[2 * i + 1] * Val::from_u32(256) - row.r[i] - Val::ONE;
}

fn refuses_results_that_are_not_below_the_modulus<const WORDS: usize>() {
    let small = |word: u32| core::array::from_fn(|i| if i % 3 == 0 { word + i as u32 } else { 0 });
    let [a, b, m] = [small(123_456), small(99), small(77_777)];
    let honest = event(0, [a, b, m]);
    let trace = trace(&[honest]);
    let [q, r] = divide(&a, &b, &m);
    for more in 0..3_u32 {
        let more = ruint::Uint::from(more);
        let [q, r] = [wide(&q) - more, wide(&r) + wide(&m) * more].map(|number| words::<WORDS>(&number));
        let [Some(operation), None] = operations(&honest) else { panic!("one row") };
        let carries = carries_of(&Operation { q, r, ..operation });
        let selections = [None].into_iter().chain((0..2 * WORDS).map(Some));
        let accepted = selections.filter(|limb| {
            accepts::<WORDS>(&trace, |mut row| {
                set_number(row.q, &q);
                set_number(row.r, &r);
                let mut counts = TableCounts::default();
                fill_carries::<WORDS>(
                    row.carry,
                    row.high,
                    &carries,
                    &mut Asked { counts: &mut counts, times: 1 },
                );
                select::<WORDS>(&mut row, *limb);
            })
        });
        let is_canonical = wide(&r) < wide(&m);
        assert_eq!(accepted.count(), usize::from(is_canonical), "r + {more} m");
    }
}

#[test]
fn refuses_result_plus_modulus() {
    refuses_results_that_are_not_below_the_modulus::<8>();
    refuses_results_that_are_not_below_the_modulus::<12>();
}

#[test]
fn refuses_two_selected_limbs() {
    let trace = trace(&few::<8>()[..1]);
    for quarter in 0..4 {
        for value in [Val::ONE, Val::NEG_ONE] {
            assert!(!accepts::<8>(&trace, |row| row.head.quarter[quarter] += value));
        }
    }
    for member in 0..3 {
        for value in [Val::ONE, Val::NEG_ONE] {
            assert!(!accepts::<8>(&trace, |row| row.member[member] += value));
        }
    }
}

/// a * b has one word, so that r = a * b and q = 0 fit any modulus.
fn small_product(m: u32) -> RowMajorMatrix<Val> {
    let number = |word| core::array::from_fn(|i| if i == 0 { word } else { 0 });
    let mut trace = trace(&[event::<8>(0, [number(5), number(7), number(0)])]);
    let row = ModmulColumns::write(8, trace.row_mut(0));
    set_number(row.m, &number(m));
    trace
}

#[test]
fn refuses_power_of_two_for_another_modulus() {
    assert!(accepts::<8>(&small_product(0), |_| ()));
    assert!(!accepts::<8>(&small_product(1), |_| ()));
    assert!(!accepts::<8>(&small_product(1 << 31), |_| ()));
    // But 36 is a modulus above the product.
    assert!(accepts::<8>(&small_product(36), |mut row| select::<8>(&mut row, Some(0))));
}

#[test]
fn refuses_zero_as_modulus() {
    for limb in 0..16 {
        assert!(!accepts::<8>(&small_product(0), |mut row| select::<8>(&mut row, Some(limb))));
    }
}

/// 0 * 0 = p 2^(16 k): true modulo p in every position, with one carry of 32512, which a check of 16 bits would let pass.
fn refuses_wraps_of_the_field<const WORDS: usize>() {
    let zero = [0; WORDS];
    let honest = trace(&[event(0, [zero, zero, [u32::MAX; WORDS]])]);
    for k in 0..2 * WORDS - 1 {
        let mut forged = honest.clone();
        let mut row = ModmulColumns::write(WORDS, forged.row_mut(0));
        row.r[k] = Val::from_u32(P & 0xffff);
        row.r[k + 1] = Val::from_u32(P >> 16);
        let high = (0..k).filter(|position| is_wide(WORDS, *position)).count();
        row.carry[k] += Val::from_u32(P >> 16);
        if is_wide(WORDS, k) {
            row.carry[k] -= Val::from_u32(254 << 7);
            row.high[high] += Val::from_u32(254);
        }
        select::<WORDS>(&mut row, Some(2 * WORDS - 1));
        assert_eq!(evaluate(&ModmulAir::<WORDS>, &forged, &[]).failures, []);
        assert!(!accepts::<WORDS>(&forged, |_| ()), "position {k}");
    }
}

#[test]
fn refuses_carry_that_wraps() {
    refuses_wraps_of_the_field::<8>();
    refuses_wraps_of_the_field::<12>();
}

/// Carries of 1/3, -1/9, 1/27, ... satisfy every check of a chain but that of its first carry.
#[test]
fn refuses_fractional_carries() {
    let zero = [0; 8];
    let mut trace = trace(&[event(0, [zero, zero, [u32::MAX; 8]])]);
    let row = ModmulColumns::write(8, trace.row_mut(0));
    let third = -Val::from_u32(3).inverse();
    let mut carry = Val::NEG_ONE;
    for column in row.carry[..super::air::CHAIN].iter_mut().rev() {
        carry *= third;
        *column = carry;
    }
    let report = evaluate(&ModmulAir::<8>, &trace, &[]);
    let asked = report.balance.on(name::TABLE);
    assert_eq!(asked.keys().filter(|message| !testing::is_in_table(message)).count(), 1);
}

#[test]
fn refuses_limbs_out_of_range() {
    let trace = trace(&few::<8>()[3..]);
    for k in 0..15 {
        // The carry between the limbs makes up for it.
        let forge = |row: ModmulColumns<&mut ModmulHead<Val>, &mut [Val]>| {
            row.r[k] -= Val::from_u32(1 << 16);
            row.r[k + 1] += Val::ONE;
            row.carry[k] += Val::ONE;
        };
        assert!(!accepts::<8>(&trace, forge), "limb {k}");
    }
    for i in (0..32).step_by(2) {
        for number in 0..4 {
            let forge = |row: ModmulColumns<&mut ModmulHead<Val>, &mut [Val]>| {
                let bytes = [row.a, row.b, row.m, row.q];
                bytes[number][i] += Val::from_u32(256);
                bytes[number][i + 1] -= Val::ONE;
            };
            assert!(!accepts::<8>(&trace, forge), "number {number}, byte {i}");
        }
    }
}

#[test]
fn padding_turned_live_takes_a_call_and_writes() {
    let mut trace = trace::<8>(&[]);
    let row = ModmulColumns::write(8, trace.row_mut(3));
    row.head.is_call = Val::ONE;
    let mut report = evaluate(&ModmulAir::<8>, &trace, &[]);
    assert_eq!(report.failures, []);
    report.balance.0.remove(name::TABLE);
    let zero = [0; 8];
    let mut expected = Balance::default();
    expect(&mut expected, &ModmulEvent { clock: 0, addresses: [0; 4], a: zero, b: zero, m: zero });
    assert_eq!(report.balance, expected);
}

#[test]
fn refuses_padding_as_a_first_row() {
    let mut trace = trace::<8>(&[]);
    let row = ModmulColumns::write(8, trace.row_mut(0));
    row.head.is_part = Val::ONE;
    assert!(!accepts::<8>(&trace, |_| ()));
}

/// The rows of a call that takes two, as another prover might make them.
fn two_rows(change: impl FnOnce(&mut [Operation<8>; 2])) -> Report {
    let event = few::<8>()[1];
    let [Some(first), Some(second)] = operations(&event) else { panic!("two rows") };
    let mut rows = [first, second];
    change(&mut rows);
    let mut trace = trace::<8>(&[]);
    for (i, operation) in rows.iter().enumerate() {
        let mut counts = TableCounts::default();
        trace.row_mut(i).fill(Val::ZERO);
        fill(trace.row_mut(i), operation, &mut Asked { counts: &mut counts, times: 1 });
    }
    evaluate(&ModmulAir::<8>, &trace, &[])
}

#[test]
fn two_rows_are_linked() {
    let is_linked = |change: fn(&mut [Operation<8>; 2])| {
        let report = two_rows(change);
        assert_eq!(report.failures, []);
        report.balance.on(name::MODMUL256).is_empty()
    };
    assert!(is_linked(|_| ()));
    assert!(!is_linked(|[first, _]| first.clock += 1));
    assert!(!is_linked(|[first, _]| first.addresses[1] += 4));
    // The first row alone, and the second alone.
    assert!(!is_linked(|[_, second]| second.is_part = false));
    assert!(!is_linked(|[first, _]| first.is_part = false));
    // Another modulus, another result.
    assert!(!is_linked(|[first, _]| {
        first.m[0] = 3;
        [first.q, first.r] = divide(&first.a, &first.b, &first.m);
    }));
    assert!(!is_linked(|[_, second]| {
        second.a[0] += 1;
        [second.q, second.r] = divide(&second.a, &second.b, &second.m);
    }));
}

#[test]
fn refuses_first_row_that_multiplies() {
    for (word, value) in [(0, 0), (0, 2), (0, 257), (5, 1), (7, 1 << 31)] {
        let report = two_rows(|[first, _]| {
            first.a = [3; 8];
            first.m = [u32::MAX; 8];
            first.b[word] = value;
            [first.q, first.r] = divide(&first.a, &first.b, &first.m);
        });
        assert!(!report.failures.is_empty());
    }
}

/// The constraints that fail; the lookup table does not object.
fn failures<const WORDS: usize>(trace: &RowMajorMatrix<Val>) -> Vec<usize> {
    let report = evaluate(&ModmulAir::<WORDS>, trace, &[]);
    let asked = report.balance.on(name::TABLE);
    assert!(asked.keys().all(|message| testing::is_in_table(message)), "the lookup table refuses");
    report.failures.iter().map(|failure| failure.constraint).collect()
}

/// Where the constraints of limbs above the selected one start; those of flags and members come before.
const fn above(words: usize) -> usize {
    10 + words / 2
}

/// Where the identity's constraints start: the gap's comes before.
const fn identity(words: usize) -> usize {
    above(words) + 2 * words + 1
}

/// A number with bit 0 of these bytes set, and its lowest byte as it is.
fn bits<const WORDS: usize>(low: u32, bytes: &[usize]) -> [u32; WORDS] {
    core::array::from_fn(|i| {
        let bits = bytes.iter().filter(|byte| **byte / 4 == i).map(|byte| 1 << (8 * (byte % 4)));
        bits.fold(if i == 0 { low } else { 0 }, |word, bit| word | bit)
    })
}

/// A call of one row where neither the quotient nor a carry is anything but 0; the lowest limb shows r < m.
fn plain_row<const WORDS: usize>(
    a: [u32; WORDS],
    b: [u32; WORDS],
    m: u32,
    r: [u32; WORDS],
) -> RowMajorMatrix<Val> {
    let zero = [0; WORDS];
    let mut trace = trace(&[event(0, [zero, zero, bits(m, &[])])]);
    let mut row = ModmulColumns::write(WORDS, trace.row_mut(0));
    set_number(row.a, &a);
    set_number(row.b, &b);
    set_number(row.r, &r);
    select::<WORDS>(&mut row, Some(0));
    trace
}

/// A power of 2 is 0 modulo 3: in one position the product is not what it is said to be.
fn refuses_false_products<const WORDS: usize>() {
    for position in 0..=carries(WORDS) {
        let x = (2 * position).min(4 * WORDS - 1);
        let trace = plain_row::<WORDS>(bits(0, &[x]), bits(0, &[2 * position - x]), 3, [0; WORDS]);
        assert_eq!(failures::<WORDS>(&trace), [identity(WORDS) + position]);
    }
}

#[test]
fn refuses_false_product_in_any_position() {
    refuses_false_products::<8>();
    refuses_false_products::<12>();
}

/// r has a limb that m has not, above the selected one.
fn refuses_limbs_above<const WORDS: usize>() {
    for limb in 1..2 * WORDS {
        let r = bits(3, &[2 * limb]);
        let trace = plain_row::<WORDS>(r, bits(1, &[]), 10, r);
        assert_eq!(failures::<WORDS>(&trace), [above(WORDS) + limb]);
    }
}

#[test]
fn refuses_larger_limb_above_the_selected_one() {
    refuses_limbs_above::<8>();
    refuses_limbs_above::<12>();
}

#[test]
fn refuses_gap_of_choice() {
    let r = bits(15, &[]);
    let mut trace = plain_row::<8>(r, bits(1, &[]), 10, r);
    ModmulColumns::write(8, trace.row_mut(0)).head.gap = Val::ZERO;
    assert_eq!(failures::<8>(&trace), [above(8) + 16]);
}

/// Quarters that are not boolean, with the sum 1, leave limbs out that are above the modulus's. In the highest quarter
/// -1 does not help.
#[test]
fn refuses_quarters_that_cancel() {
    for (which, quarters, r) in
        [(0, [-1, 1, 1, 0], (12, 16)), (1, [1, -1, 1, 0], (8, 16)), (2, [1, 0, -1, 1], (8, 24))]
    {
        let r = bits(r.0, &[r.1]);
        let mut trace = plain_row::<8>(r, bits(1, &[]), 10, r);
        let row = ModmulColumns::write(8, trace.row_mut(0));
        row.head.quarter = quarters.map(Val::from_i32);
        row.head.gap = Val::ZERO;
        assert_eq!(failures::<8>(&trace), [4 + which]);
    }
}

/// The row would take back an access to memory, or a reduced factor, that others ask for; or take a call twice.
#[test]
fn refuses_flags_that_are_not_boolean() {
    let mut trace = trace::<8>(&[]);
    let row = ModmulColumns::write(8, trace.row_mut(5));
    row.head.is_part = Val::NEG_ONE;
    row.b[0] = Val::ONE;
    assert_eq!(failures::<8>(&trace), [1]);
    let r = bits(8, &[]);
    let mut trace = plain_row::<8>(r, bits(1, &[]), 10, r);
    let row = ModmulColumns::write(8, trace.row_mut(0));
    row.head.is_call = Val::TWO;
    row.head.quarter[1] = Val::ONE;
    row.member[0] = Val::ONE;
    row.head.gap = Val::ZERO;
    assert_eq!(failures::<8>(&trace), [0]);
}
