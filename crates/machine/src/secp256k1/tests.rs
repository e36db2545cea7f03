mod forgery;

use alloc::vec;
use alloc::vec::Vec;
use core::borrow::{Borrow, BorrowMut};
use core::ops::Range;

use ashlar_abi::{call, reference};
use k256::ProjectivePoint;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use ruint::aliases::U256;

use super::carries::{self, GROUPS, PLACES, QUOTIENT_WEIGHTS};
use super::columns::{FIRST_CARRIES, HIGHS, LIMBS, NIBBLES, UNEQUAL};
use super::relations::{Operands, Relation, join};
use super::trace::{BIAS, MODULUS, Witness, centred, fill, fill_carries, subtract, times};
use super::*;
use crate::bus::{SLOTS, name, port_tag, slot};
use crate::evaluate::{Balance, evaluate};
use crate::testing::{self, is_accepted};
use crate::{TableCounts, Val};
use forgery::{Forgery, failures};

const WIDTH: usize = Secp256k1Columns::WIDTH;

/// A number whose limbs from 3 on are those of the modulus.
const fn near_modulus(limb_2: u64, limb_1: u64, limb_0: u64) -> U256 {
    let low = 0xffff << 48 | limb_2 << 32 | limb_1 << 16 | limb_0;
    U256::from_limbs([low, u64::MAX, u64::MAX, u64::MAX])
}

/// Canonical numbers, among them the last and the first for each reason of being so.
const EDGES: [U256; 9] = [
    U256::ZERO,
    U256::ONE,
    U256::from_limbs([0xfffe_ffff_ffff_ffff, u64::MAX, u64::MAX, u64::MAX]),
    near_modulus(0, 0, 0),
    near_modulus(0xfffd, 0xffff, 0xffff),
    near_modulus(0xfffe, 0, 0xffff),
    near_modulus(0xfffe, 0xfffe, 0xffff),
    near_modulus(0xfffe, 0xffff, 0),
    near_modulus(0xfffe, 0xffff, 0xfc2e),
];

fn words([x, y]: [U256; 2]) -> [u32; 16] {
    let limbs = x.into_limbs().into_iter().chain(y.into_limbs());
    let words: Vec<u32> = limbs.flat_map(|limb| [limb as u32, (limb >> 32) as u32]).collect();
    words.try_into().unwrap()
}

/// An operation on these points, anywhere.
fn event(p: [U256; 2], q: Option<[U256; 2]>) -> PointEvent {
    let q_address = if q.is_some() { 0x3210 } else { 0 };
    PointEvent { clock: 1234, p_address: 0x10_0000, q_address, p: words(p), q: q.map(words) }
}

/// An addition with this result.
fn event_of_result(r: [U256; 2], slope: U256, x_p: U256) -> PointEvent {
    let y_p = subtract(times(slope, subtract(x_p, r[0])), r[1]);
    let x_q = subtract(times(slope, slope), x_p.add_mod(r[0], MODULUS));
    let y_q = y_p.add_mod(times(slope, subtract(x_q, x_p)), MODULUS);
    event([x_p, y_p], Some([x_q, y_q]))
}

/// Numbers that look random, below the modulus but for a chance of 2^-224.
fn random_numbers(seed: u64) -> impl Iterator<Item = U256> {
    let mut words = testing::random_words(seed);
    core::iter::repeat_with(move || {
        let mut limb = || u64::from(words.next().unwrap()) << 32 | u64::from(words.next().unwrap());
        U256::from_limbs([limb(), limb(), limb(), limb()])
    })
}

fn random_events(seed: u64, number: usize) -> Vec<PointEvent> {
    let mut numbers = random_numbers(seed);
    let mut point = || [numbers.next().unwrap(), numbers.next().unwrap()];
    let events = (0..number).map(|i| event(point(), (i % 2 == 0).then(&mut point)));
    events.zip(0..).map(|(event, i)| PointEvent { clock: 7 * i, p_address: 16 * i + 99, ..event }).collect()
}

fn edge_events() -> Vec<PointEvent> {
    let mut numbers = random_numbers(2);
    let mut next = || numbers.next().unwrap();
    let mut events = Vec::new();
    for (i, edge) in EDGES.into_iter().enumerate() {
        let other = EDGES[(i + 4) % EDGES.len()];
        events.push(event([edge, other], Some([other, edge])));
        events.push(event([edge, edge], Some([next(), edge])));
        events.push(event_of_result([edge, other], next(), next()));
        events.push(event_of_result([other, edge], next(), next()));
        events.push(event([edge, if i == 0 { U256::ONE } else { edge }], None));
        events.push(event([other, if i == 5 { U256::ONE } else { edge.max(U256::ONE) }], None));
        // Slopes of 0 and 1.
        events.push(event([edge, other], Some([next(), other])));
        events.push(event_of_result([edge, other], U256::ONE, next()));
    }
    // Points that differ in the last byte only.
    let [x, y] = [next(), next()];
    let differ = U256::ONE << 255usize;
    events.push(event([x, y], Some([x ^ differ, y])));
    events.push(event([U256::ZERO, U256::ZERO], Some([U256::ONE << 248usize, U256::ZERO])));
    events.push(event([x, U256::ONE << 248usize], None));
    events
}

fn expect_port(balance: &mut Balance, tag: u32, timestamp: u32, address: u32, words: &[u32; 16]) {
    for (chunk, address) in words.chunks(4).zip((address..).step_by(4)) {
        let limbs = chunk.iter().flat_map(|word| [word & 0xffff, word >> 16]);
        let message: Vec<u32> = [tag, timestamp, address, 4].into_iter().chain(limbs).collect();
        balance.add(name::PORT, &message, 1);
    }
}

/// What the table owes the other buses for these operations, by the reference.
fn expected(events: &[PointEvent]) -> Balance {
    let mut balance = Balance::default();
    for PointEvent { clock, p_address, q_address, p, q } in events {
        let (number, result) = match q {
            Some(q) => (call::SECP256K1_ADD, reference::secp256k1_add(p, q)),
            None => (call::SECP256K1_DOUBLE, reference::secp256k1_double(p)),
        };
        balance.add(name::CALL, &[number, *clock, *p_address, *q_address, 0, 0], -1);
        let at = |slot: u32| SLOTS * clock + slot;
        if let Some(q) = q {
            expect_port(&mut balance, port_tag::READ, at(slot::OPERAND_A), *q_address, q);
        }
        expect_port(&mut balance, port_tag::READ, at(slot::WRITE), *p_address, p);
        expect_port(&mut balance, port_tag::WRITE, at(slot::WRITE), *p_address, &result.unwrap());
    }
    balance
}

fn assert_proves(events: &[PointEvent]) {
    let mut counts = TableCounts::default();
    let height = (ROWS * events.len() + 1).next_power_of_two();
    let trace = generate(events, height, &mut counts);
    let mut report = evaluate(&Secp256k1Air, &trace, &[]);
    assert_eq!(report.failures, []);
    testing::assert_counted(&report.balance, &counts);
    report.balance.0.remove(name::TABLE);
    assert_eq!(report.balance, expected(events));
}

#[test]
fn random_points_agree_with_the_reference() {
    assert_proves(&random_events(1, 60));
}

#[test]
fn edges_agree_with_the_reference() {
    assert_proves(&edge_events());
}

fn affine(point: &ProjectivePoint) -> [U256; 2] {
    let encoded = point.to_affine().to_encoded_point(false);
    [encoded.x(), encoded.y()].map(|coordinate| U256::from_be_slice(coordinate.unwrap()))
}

#[test]
fn points_on_the_curve_agree_with_k256() {
    let mut p = ProjectivePoint::GENERATOR;
    let mut events = Vec::new();
    for _ in 0..10 {
        let double = p + p;
        let sum = double + p;
        let add = event(affine(&double), Some(affine(&p)));
        events.extend([event(affine(&p), None), add]);
        assert_eq!(Witness::new(&events[events.len() - 2]).r, affine(&double));
        assert_eq!(Witness::new(&add).r, affine(&sum));
        p = sum + double;
    }
    assert_proves(&events);
}

/// Digits that are all extreme: sums reach their bounds, and never exceed them. That equations cannot wrap rests on it.
#[test]
fn sums_keep_to_their_bounds() {
    let mut random = testing::random_words(11);
    let mut rows = Forgery::new(&add());
    let mut largest = [0; 3];
    for i in 0..400 {
        let [first, second] = rows.rows();
        [first.is_add, first.is_double] = [i % 2 == 0, i % 2 == 1].map(Val::from_bool);
        // Alike for all digits of a number, then at random.
        let mut pick = |alike: u32, max: u32| {
            let is_max = if i < 64 { alike & 1 } else { random.next().unwrap() & 1 };
            Val::from_u32(is_max * max)
        };
        first.nibbles.fill_with(|| pick(i >> 1, 15));
        second.nibbles.fill_with(|| pick(i >> 2, 15));
        first.bytes.fill_with(|| pick(i >> 3, 255));
        second.bytes.fill_with(|| pick(i >> 4, 255));
        for limb in first.limbs.iter_mut().chain(&mut second.limbs).chain(&mut first.words[..LIMBS]) {
            *limb = pick(i >> 5, 0xffff);
        }
        let operands = Operands::<Val>::new(first, second);
        for relation in Relation::ALL {
            let bounds = carries::bounds(relation);
            for (sum, bounds) in operands.sums(relation).map(centred).into_iter().zip(bounds) {
                assert!((bounds.low..=bounds.high).contains(&sum), "{relation:?}: {sum} not in {bounds:?}");
                let extent = 100 * sum.abs() / bounds.magnitude();
                largest[relation as usize] = largest[relation as usize].max(extent);
            }
        }
    }
    assert!(largest.iter().all(|percent| *percent > 40), "bounds are far from tight: {largest:?}");
}

#[test]
fn every_column_matters() {
    let trace = generate(&random_events(3, 6), 16, &mut TableCounts::default());
    testing::assert_every_column_matters(&Secp256k1Air, &trace, &[], Secp256k1Columns::FILLING);
}

#[test]
fn costs_396_columns_by_2_rows() {
    testing::assert_width(&Secp256k1Air, 188, 208);
}

fn add() -> Witness {
    Witness::new(&random_events(4, 1)[0])
}

fn double() -> Witness {
    Witness::new(&random_events(5, 2)[1])
}

#[test]
fn honest_forgeries_are_accepted() {
    for witness in [add(), double()] {
        let mut forgery = Forgery::new(&witness);
        assert!(forgery.is_accepted());
        forgery.refit_carries();
        assert!(forgery.is_accepted());
    }
}

/// First constraint of the top bits: those of the flags come before.
const TOP_BITS: usize = 9;
/// Constraints of `eval_canonical`.
const CANONICAL: Range<usize> = TOP_BITS + HIGHS..41;
/// First constraint of the relations: those of the divisor, one per limb and one more, come before.
const RELATIONS: usize = CANONICAL.end + LIMBS + 1;

/// For each number: a small one is accepted, the same plus the modulus is not, though it satisfies the relations.
#[test]
fn refuses_numbers_that_are_not_canonical() {
    let mut numbers = random_numbers(6);
    let [a, b, c, d] = core::array::from_fn(|_| numbers.next().unwrap());
    for small in [0_u64, 1, 976, 977, 0xffff, 0x10_0000, 0xffff_ffff, 0x1_0000_03d0].map(U256::from) {
        let plus = small + MODULUS;
        let check = |event: PointEvent, row: usize, which: usize, change: &dyn Fn(&mut Witness)| {
            let mut witness = Witness::new(&event);
            assert!(Forgery::new(&witness).is_accepted());
            assert!(Forgery::new(&witness).is_accepted_for_a_reason(row, which));
            change(&mut witness);
            let mut forgery = Forgery::new(&witness);
            let failures = evaluate(&Secp256k1Air, &forgery.0, &[]).failures;
            assert!(failures.iter().all(|failure| CANONICAL.contains(&failure.constraint)), "{failures:?}");
            assert!(!forgery.is_accepted_for_a_reason(row, which), "{small} {row} {which}");
        };
        check(event([small, a], Some([b, c])), 1, 2, &|w| w.p[0] = plus);
        check(event([a, small], Some([b, c])), 1, 1, &|w| w.p[1] = plus);
        check(event([a, b], Some([small, c])), 0, 0, &|w| w.q[0] = plus);
        check(event([a, b], Some([c, small])), 0, 1, &|w| w.q[1] = plus);
        check(event([small, a], None), 1, 2, &|w| w.p[0] = plus);
        check(event_of_result([small, a], b, c), 1, 0, &|w| w.r[0] = plus);
        check(event_of_result([a, small], c, d), 0, 3, &|w| w.r[1] = plus);
        if !small.is_zero() {
            check(event([a, small], None), 1, 1, &|w| (w.p[1], w.q[0]) = (plus, plus));
            check(event([a, small], None), 0, 0, &|w| (w.p[1], w.q[0]) = (plus, plus));
            // x_P = 0: the slope is 0, the result is (0, -y_P).
            check(event([U256::ZERO, MODULUS - small], None), 0, 3, &|w| w.r[1] = plus);
            check(event([U256::ZERO, small], None), 1, 0, &|w| w.r[0] = MODULUS);
        }
    }
}

/// The slope need not be canonical, nor need y of the result in a second row, where carries are: what such a number adds
/// to the sums that it shares would show that another is, were its choice not bound to be none.
#[test]
fn refuses_a_reason_by_another_number() {
    let mut numbers = random_numbers(12);
    let [a, b, c, d] = core::array::from_fn(|_| numbers.next().unwrap());
    let [small, plus] = [U256::from(5), U256::from(5) + MODULUS];
    let low_limbs = |limbs: u64| (d >> 48usize << 48usize) | U256::from(limbs);
    let [of_nibbles, of_result] = [CANONICAL.start + 14, CANONICAL.start + 19];
    for (digits, choice, constraint) in [
        (low_limbs(0xffff_0000_0000), [-1, 0], of_nibbles),
        (low_limbs(0xfffe_ffff_ffff), [0, -1], of_nibbles + 1),
        (d, [1, 0], of_nibbles + 2),
    ] {
        let mut witness = Witness::new(&event_of_result([a, small], subtract(digits, BIAS), c));
        witness.r[1] = plus;
        let mut forgery = Forgery::new(&witness);
        forgery.choose(0, &[(3, [1, 0]), (2, choice)]);
        assert_eq!(forgery.failures(), [constraint]);
    }
    let mut witness = Witness::new(&event([small, a], Some([b, c])));
    witness.p[0] = plus;
    let mut forgery = Forgery::new(&witness);
    forgery.choose(1, &[(2, [1, 0]), (3, [1, 0])]);
    assert_eq!(forgery.failures(), [of_result + 2]);
}

/// With a divisor of 0 any slope satisfies the relations.
#[test]
fn refuses_calls_that_trap() {
    let mut numbers = random_numbers(7);
    let [x, y, slope] = core::array::from_fn(|_| numbers.next().unwrap());
    let r_of = |p: [U256; 2], slope: U256| {
        let x_r = subtract(times(slope, slope), p[0].add_mod(p[0], MODULUS));
        [x_r, subtract(times(slope, subtract(p[0], x_r)), p[1])]
    };
    let sum =
        Witness { event: event([x, y], Some([x, y])), slope, p: [x, y], q: [x, y], r: r_of([x, y], slope) };
    let zero = [U256::ZERO; 2];
    let twice = slope.add_mod(slope, MODULUS);
    let origin = Witness { event: event(zero, None), slope: twice, p: zero, q: zero, r: r_of(zero, slope) };
    for witness in [sum, origin] {
        let mut forgery = Forgery::new(&witness);
        let failures = evaluate(&Secp256k1Air, &forgery.0, &[]).failures;
        assert_eq!(failures.len(), 1, "not only the divisor is refused");
        for i in 0..2 * UNEQUAL {
            let [first, second] = forgery.rows();
            [first, second][i / UNEQUAL].unequal[i % UNEQUAL] = Val::from_u32(12_345);
            assert!(!forgery.is_accepted());
        }
    }
}

#[test]
fn refuses_a_forged_result_with_refitted_carries() {
    for witness in [add(), double()] {
        for (row, bit) in [(0, 0), (0, 200), (1, 3), (1, 255)] {
            let mut forged = witness;
            forged.r[1 - row] ^= U256::ONE << bit;
            let mut forgery = Forgery::new(&forged);
            assert!(!forgery.is_accepted());
            for quotient in [-3, 0, 1, 1000] {
                forgery.solve_carries(quotient);
                assert!(!forgery.is_accepted());
            }
        }
        let mut forged = witness;
        forged.slope ^= U256::ONE;
        assert!(!Forgery::new(&forged).is_accepted());
    }
}

/// y_Q, x_R with the y_R that goes with it, or y_R is false, by an error that reaches no other group than one: so that
/// group's equation is the only thing that is wrong.
#[test]
fn refuses_an_error_in_any_group() {
    let honest = add();
    for (relation, group) in
        Relation::ALL.into_iter().flat_map(|of| (0..GROUPS).map(move |group| (of, group)))
    {
        // The digit is in the group, or below it: then the error is a whole carry.
        let digit = if relation == Relation::X { 2 } else { 4 };
        let nibble = ((3 * group + 2) / digit).min(NIBBLES / digit - 1) * digit;
        let is_below = nibble / 3 < group;
        let error = U256::from(if is_below { 4096 >> (4 * (nibble % 3)) } else { 1 });
        let mut forged = honest;
        let number = match relation {
            Relation::Slope => &mut forged.q[1],
            Relation::X => &mut forged.r[0],
            Relation::Y => &mut forged.r[1],
        };
        let value = (*number >> (4 * nibble)) & ((U256::ONE << (4 * digit)) - U256::ONE);
        let (change, more) = (error << (4 * nibble), value < error);
        *number = if more { *number + change } else { *number - change };
        if relation == Relation::X {
            let step = subtract(honest.p[0], forged.r[0]);
            forged.r[1] = subtract(times(honest.slope, step), honest.p[1]);
        }
        let (mut forgery, mut source) = (Forgery::new(&forged), Forgery::new(&honest));
        for index in carries::of(relation as usize) {
            let ((low, high), (source_low, source_high)) = (forgery.carry(index), source.carry(index));
            *low = *source_low;
            high.into_iter().zip(source_high).for_each(|(high, source)| *high = *source);
        }
        let index = relation as usize * GROUPS + group;
        if is_below {
            *forgery.carry(index - 1).0 += if more { Val::NEG_ONE } else { Val::ONE };
        }
        assert_eq!(forgery.failures(), [RELATIONS + index], "{relation:?}, group {group}");
    }
}

#[test]
fn refuses_digits_out_of_range() {
    let moves: [fn([&mut Secp256k1Columns<Val>; 2]); 5] = [
        |[first, _]| move_down(&mut first.nibbles, 16),
        |[_, second]| move_down(&mut second.nibbles, 16),
        |[first, _]| move_down(&mut first.bytes, 256),
        |[_, second]| move_down(&mut second.bytes, 256),
        |[first, _]| move_down(&mut first.words[..LIMBS], 1 << 16),
    ];
    for witness in [add(), double()] {
        for change in moves {
            let mut forgery = Forgery::new(&witness);
            change(forgery.rows());
            forgery.refit_carries();
            assert!(!forgery.is_accepted());
        }
    }
}

/// The same number with a digit too large.
fn move_down(digits: &mut [Val], base: u32) {
    digits[2] += Val::from_u32(base);
    digits[3] -= Val::ONE;
}

#[test]
fn refuses_a_top_bit_that_is_not_a_bit() {
    for (index, place) in PLACES.iter().enumerate() {
        let Some(high) = place.high else { continue };
        for change in [Val::ONE, Val::NEG_ONE] {
            let mut forgery = Forgery::new(&add());
            if let (low, Some(bit)) = forgery.carry(index) {
                *low -= change * Val::from_u32(1 << 16);
                *bit += change;
            }
            assert!(!forgery.is_accepted());
        }
        // A bit of 2^-16 lets the low bits be anything.
        let mut forgery = Forgery::new(&add());
        if let (low, Some(bit)) = forgery.carry(index) {
            *low -= Val::ONE;
            *bit += Val::from_u32(1 << 16).inverse();
        }
        assert_eq!(forgery.failures(), [TOP_BITS + high % HIGHS]);
    }
}

#[test]
fn refuses_padding_that_turns_live() {
    let trace = generate(&random_events(8, 1), 8, &mut TableCounts::default());
    assert!(is_accepted(&Secp256k1Air, &trace));
    for row in 0..8 {
        for flag in 0..3 {
            for value in [Val::ONE, Val::NEG_ONE, Val::TWO, Val::ONE.halve()] {
                let mut changed = trace.clone();
                let columns: &mut Secp256k1Columns<Val> = changed.values[row * WIDTH..][..WIDTH].borrow_mut();
                let flags = [&mut columns.is_add, &mut columns.is_double, &mut columns.is_second];
                *flags[flag] += value;
                assert!(!is_accepted(&Secp256k1Air, &changed), "row {row}, flag {flag}");
            }
        }
    }
}

/// An operation may start on any row but the last, and its rows stay together.
#[test]
fn refuses_rows_apart() {
    let trace = generate(&random_events(9, 2), 4, &mut TableCounts::default());
    let permuted = |order: [usize; 4]| {
        let rows = order.map(|row| &trace.values[row * WIDTH..][..WIDTH]);
        is_accepted(&Secp256k1Air, &RowMajorMatrix::new(rows.concat(), WIDTH))
    };
    assert!(permuted([0, 1, 2, 3]) && permuted([2, 3, 0, 1]));
    for order in
        [[1, 2, 3, 0], [0, 3, 2, 1], [0, 2, 1, 3], [0, 1, 3, 2], [0, 1, 0, 2], [1, 1, 2, 3], [0, 0, 1, 1]]
    {
        assert!(!permuted(order), "{order:?}");
    }
}

/// A trace of 4 rows: these, and padding.
fn rows_at(rows: &[(usize, &Secp256k1Columns<Val>)]) -> RowMajorMatrix<Val> {
    let mut trace = RowMajorMatrix::new(vec![Val::ZERO; 4 * WIDTH], WIDTH);
    for (at, row) in rows {
        let place: &mut Secp256k1Columns<Val> = trace.values[at * WIDTH..][..WIDTH].borrow_mut();
        *place = **row;
    }
    trace
}

/// Alone, a second row would write any x; and a first row any y.
#[test]
fn refuses_rows_alone() {
    let mut forgery = Forgery::new(&add());
    let [first, second] = forgery.rows();
    assert_eq!(failures(&rows_at(&[(0, second)])), [4]);
    assert_eq!(failures(&rows_at(&[(1, second)])), [5]);
    // The operands of the relations, without accesses to memory.
    second.is_second = Val::ZERO;
    second.canonical = [CanonicalChoice { by_middle: Val::ZERO, by_low: Val::ZERO }; 4];
    [second.inverses, second.rests] = [[Val::ZERO; 3]; 2];
    assert_eq!(failures(&rows_at(&[(1, first), (2, second)])), [5]);
    assert_eq!(failures(&rows_at(&[(3, first), (0, second)])), [6]);
}

/// The row would take back reads that others ask for.
#[test]
fn refuses_flags_that_cancel() {
    let mut forgery = Forgery::new(&add());
    let [first, _] = forgery.rows();
    first.clone_from(rows_at(&[]).values[..WIDTH].borrow());
    for (is_add, is_double, constraint) in [(Val::NEG_ONE, Val::ONE, 0), (Val::ONE, Val::NEG_ONE, 1)] {
        [first.is_add, first.is_double] = [is_add, is_double];
        assert_eq!(failures(&rows_at(&[(2, first)])), [constraint]);
    }
}

#[test]
fn refuses_a_second_row_of_another_call() {
    for witness in [add(), double()] {
        let changes: [fn(&mut Secp256k1Columns<Val>); 2] =
            [|second| second.clock += Val::ONE, |second| second.read_address += Val::ONE];
        for change in changes {
            let mut forgery = Forgery::new(&witness);
            change(forgery.rows()[1]);
            assert!(!forgery.is_accepted());
        }
    }
}

/// Divisor and slope changed together, so that 3 x^2 stays their product.
#[test]
fn refuses_a_doubling_by_another_y() {
    let honest = double();
    let [x, y] = honest.p;
    for limb in 0..LIMBS {
        let other = y ^ (U256::ONE << (16 * limb));
        let doubled = Witness::new(&event([x, other], None));
        let forged = Witness { p: [x, y], ..doubled };
        assert!(!Forgery::new(&forged).is_accepted());
        // All else fits: the relation of y has another y_P.
        let y_r = doubled.r[1].add_mod(subtract(other, y), MODULUS);
        let forgery = Forgery::new(&Witness { r: [doubled.r[0], y_r], ..forged });
        assert_eq!(forgery.failures(), [CANONICAL.end + limb]);
    }
}

#[test]
#[should_panic(expected = "the slope exists")]
fn generates_no_rows_for_a_trap() {
    let p = [U256::ONE, U256::ONE];
    generate(&[event(p, Some(p))], 2, &mut TableCounts::default());
}

#[test]
fn padding_is_zero() {
    let trace = generate(&random_events(10, 1), 8, &mut TableCounts::default());
    let padding: &[Val] = &trace.values[ROWS * WIDTH..];
    assert!(padding.iter().all(Val::is_zero));
    let row: &Secp256k1Columns<Val> = trace.values[..WIDTH].borrow();
    assert_eq!(row.is_add, Val::ONE);
}
