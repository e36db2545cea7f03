//! What the tests of chips share.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_field::PrimeCharacteristicRing;
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
/// `free` lists the columns that no change of can be caught on any row, each with the reason.
pub(crate) fn assert_every_column_matters<A>(
    air: &A,
    trace: &RowMajorMatrix<Val>,
    public_values: &[Val],
    free: &[(usize, &str)],
) where
    A: BaseAir<Val> + for<'a> Air<RowBuilder<'a>>,
{
    let height = trace.height();
    let preprocessed = air.preprocessed_trace();
    let honest = evaluate(air, trace, public_values);
    assert_eq!(honest.failures, [], "the honest trace does not hold");
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
        let is_free = free.iter().any(|(free, _)| *free == column);
        assert_eq!(is_caught, !is_free, "column {column}: caught {is_caught}, listed as free {is_free}");
    }
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

/// Columns of the main and of the auxiliary trace, as the proof system packs messages. Asserts that constraints have
/// degree 3 at most.
pub(crate) fn total_width<A>(air: &A) -> usize
where
    A: BaseAir<Val> + Air<InteractionSymbolicBuilder<Val>>,
{
    let builder = InteractionSymbolicBuilder::<Val>::from_air(air, AirLayout::from_air(air));
    for (i, constraint) in builder.base_constraints().iter().enumerate() {
        assert!(
            constraint.degree_multiple() <= 3,
            "constraint {i} has degree {}",
            constraint.degree_multiple()
        );
    }
    let gadget = LogUpGadget::new();
    let lookups = Lookups::from_air::<Val, A>(air).pack_same_bus(&gadget, 3);
    for lookup in lookups.iter() {
        assert!(gadget.constraint_degree(lookup) <= 3, "a message has too high a degree: {lookup:?}");
    }
    air.width() + 4 * (1 + lookups.len())
}
