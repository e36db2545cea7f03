//! What the tests of chips share.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_field::PrimeCharacteristicRing;
use p3_field::extension::BinomialExtensionField;
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, LookupProtocol, Lookups};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use crate::bus::{name, table_tag};
use crate::evaluate::{Balance, RowBuilder, evaluate, evaluate_rows};
use crate::{TableCounts, Val};

/// A message of the `instruction` bus.
pub(crate) fn instruction(op: u32, x: u32, b: u32, c: u32) -> Vec<u32> {
    [op].into_iter().chain([x, b, c].into_iter().flat_map(|word| [word & 0xffff, word >> 16])).collect()
}

/// Asserts that what a trace asks of the lookup table exists, and was counted.
pub(crate) fn assert_counted(balance: &Balance, counts: &TableCounts) {
    let mut expected = BTreeMap::new();
    let mut expect = |message: [u32; 4], count: u32| {
        if count != 0 {
            expected.insert(message.to_vec(), i64::from(count));
        }
    };
    for (x, count) in (0..).zip(counts.range16.iter()) {
        expect([table_tag::RANGE16, x, 0, 0], *count);
    }
    for (i, (bytes, and)) in (0..).zip(counts.bytes.iter().zip(counts.and.iter())) {
        let (x, y) = (i >> 8, i & 255);
        expect([table_tag::BYTES, x, y, 0], *bytes);
        expect([table_tag::AND, x, y, x & y], *and);
    }
    assert_eq!(balance.on(name::TABLE), expected);
}

/// Whether the lookup table has this entry.
pub(crate) fn is_in_table(message: &[u32]) -> bool {
    let [tag, x, y, z] = *message else { return false };
    let are_bytes = x < 256 && y < 256;
    match tag {
        table_tag::RANGE16 => x < 1 << 16 && y == 0 && z == 0,
        table_tag::BYTES => are_bytes && z == 0,
        table_tag::AND => are_bytes && z == x & y,
        _ => false,
    }
}

/// Changes every column in turn, on rows spread over the trace, by several differences, and asserts that each change is
/// caught on some row: a constraint fails, the lookup table lacks an entry that is asked for, or what is on another bus
/// changes. Multiplicities of the lookup table are so refitted by definition.
///
/// No change of the columns `filling` is: nothing reads what fills a row up.
pub(crate) fn assert_every_column_matters<A>(
    air: &A,
    trace: &RowMajorMatrix<Val>,
    public_values: &[Val],
    filling: impl IntoIterator<Item = usize>,
) where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    let height = trace.height();
    let preprocessed = air.preprocessed_trace();
    let honest = evaluate(air, trace, public_values);
    assert_eq!(honest.failures, [], "the honest trace does not hold");
    let filling: Vec<usize> = filling.into_iter().collect();
    let rows: Vec<usize> = (0..height.min(8)).chain((8..height).step_by((height / 16).max(1))).collect();
    for column in 0..trace.width() {
        let is_caught = rows.iter().any(|row| {
            [Val::ONE, Val::NEG_ONE, Val::from_u32(1 << 16), Val::from_u32(123_456_789)].iter().any(
                |difference| {
                    let seen = vec![(row + height - 1) % height, *row];
                    let before =
                        evaluate_rows(air, trace, preprocessed.as_ref(), public_values, seen.clone());
                    let mut changed = trace.clone();
                    changed.values[row * trace.width() + column] += *difference;
                    let after = evaluate_rows(air, &changed, preprocessed.as_ref(), public_values, seen);
                    is_refused(&before.balance, &after.balance) || !after.failures.is_empty()
                },
            )
        });
        let is_free = filling.contains(&column);
        assert_eq!(is_caught, !is_free, "column {column}: caught {is_caught}, fills a row up {is_free}");
    }
}

/// Whether a trace holds and asks the lookup table only for what it has, so that the judgement is left to other buses.
pub(crate) fn is_accepted<A>(air: &A, trace: &RowMajorMatrix<Val>) -> bool
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    accept(air, trace).is_some()
}

/// Whether a change of messages is caught by the other tables.
fn is_refused(before: &Balance, after: &Balance) -> bool {
    let others = |balance: &Balance| {
        let mut others = balance.clone();
        others.0.remove(name::TABLE);
        others
    };
    others(before) != others(after) || after.on(name::TABLE).keys().any(|message| !is_in_table(message))
}

/// What the other tables see of a trace that its own constraints and the lookup table accept; nothing, if they refuse it.
pub(crate) fn accept<A>(air: &A, trace: &RowMajorMatrix<Val>) -> Option<Balance>
where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    let mut report = evaluate(air, trace, &[]);
    let asked = report.balance.0.remove(name::TABLE).unwrap_or_default();
    let holds = report.failures.is_empty() && asked.keys().all(|message| is_in_table(message));
    holds.then_some(report.balance)
}

type Challenge = BinomialExtensionField<Val, 4>;

/// What a chip costs: main columns, auxiliary columns (counted in base columns, as the prover packs them) and the
/// degree of its constraints, those of the buses included.
pub(crate) fn shape<A>(air: &A) -> (usize, usize, usize)
where
    A: BaseAir<Val> + Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let lookups = Lookups::from_air::<Challenge, A>(air).pack_same_bus(&LogUpGadget, 3);
    let builder = InteractionSymbolicBuilder::from_air(air, AirLayout::from_air(air));
    let constraints = builder.base_constraints();
    let own = constraints.iter().map(|constraint| constraint.degree_multiple());
    let buses = lookups.iter().map(|lookup| LogUpGadget.constraint_degree(lookup));
    (air.width(), 4 * (1 + lookups.len()), own.chain(buses).max().unwrap_or(0))
}

/// Words that look random (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) const fn word(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 32) as u32
    }
}

/// Asserts what a chip costs: main and auxiliary columns, and that no constraint has a degree above 3.
pub(crate) fn assert_width<A>(air: &A, main: usize, auxiliary: usize)
where
    A: BaseAir<Val> + Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let (width, packed, degree) = shape(air);
    assert!(degree <= 3, "a constraint has degree {degree}");
    assert_eq!((width, packed), (main, auxiliary));
}

/// Main and auxiliary columns together. Asserts that no constraint has a degree above 3.
pub(crate) fn total_width<A>(air: &A) -> usize
where
    A: BaseAir<Val> + Air<InteractionSymbolicBuilder<Val, Challenge>>,
{
    let (width, packed, degree) = shape(air);
    assert!(degree <= 3, "a constraint has degree {degree}");
    width + packed
}

/// Words that look random, the same on every run.
pub(crate) fn random_words(seed: u64) -> impl Iterator<Item = u32> {
    let mut random = Random(seed);
    core::iter::repeat_with(move || random.word())
}
