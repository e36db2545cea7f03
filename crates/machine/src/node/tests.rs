use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::borrow::BorrowMut;

use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::default_koalabear_poseidon2_16;
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::Permutation;

use super::*;
use crate::Val;
use crate::bus::{REGISTERS, name};
use crate::evaluate::{Balance, evaluate};
use crate::hash::{Digest, Hasher};
use crate::page::{self, PageAir, PageEvent};
use crate::poseidon2::{self, Poseidon2Air, Questions};
use crate::testing::{self, random_words};

const HEIGHT: usize = 256;

/// Pages that exist. Those at odd positions are touched; of these, one is only read.
const PAGES: [u32; 10] = [
    0,
    1,
    2,
    1023,
    1024,
    (1 << 24) - 1,
    REGISTERS / 16,
    REGISTERS / 16 + 1,
    REGISTERS / 16 + 3,
    REGISTERS / 16 + 2,
];

fn is_touched(page: u32) -> bool {
    PAGES.iter().skip(1).step_by(2).any(|touched| *touched == page)
}

/// C by the reference permutation.
fn compress(x: &Digest, y: &Digest) -> Digest {
    let image = default_koalabear_poseidon2_16().permute(core::array::from_fn(|i| [x, y][i / 8][i % 8]));
    core::array::from_fn(|i| image[i] + x[i])
}

/// A plain Merkle tree: its levels from the root to the pages. What does not exist has the digest 0.
fn tree(pages: &BTreeMap<u32, Digest>) -> Vec<BTreeMap<u32, Digest>> {
    let mut levels = [pages.clone()].to_vec();
    for _ in 0..DEPTH {
        let below = &levels[levels.len() - 1];
        let child = |index: u32| below.get(&index).copied().unwrap_or_default();
        let node = |index: &u32| (index / 2, compress(&child(index & !1), &child(index | 1)));
        levels.push(below.keys().map(node).collect());
    }
    levels.reverse();
    levels
}

fn pages() -> Vec<PageEvent> {
    let mut words = random_words(2);
    let mut random = || -> [u32; 16] { core::array::from_fn(|_| words.next().unwrap()) };
    PAGES
        .map(|page| {
            let old = random();
            let new = if is_touched(page) && page != 1023 { random() } else { old };
            let timestamps =
                core::array::from_fn(|i| if new[i] == old[i] { 0 } else { page % 1000 + i as u32 });
            PageEvent { page, old, new, timestamps }
        })
        .to_vec()
}

/// The levels of the tree before and after.
fn trees(pages: &[PageEvent]) -> [Vec<BTreeMap<u32, Digest>>; 2] {
    let hasher = Hasher::default();
    let digests =
        |words: fn(&PageEvent) -> &[u32; 16]| pages.iter().map(|p| (p.page, hasher.page(words(p)))).collect();
    [tree(&digests(|page| &page.old)), tree(&digests(|page| &page.new))]
}

fn events([old, new]: &[Vec<BTreeMap<u32, Digest>>; 2]) -> Vec<NodeEvent> {
    let is_above = |depth: u32, index: u32| {
        PAGES.iter().any(|page| is_touched(*page) && page >> (DEPTH - depth) == index)
    };
    let mut events = Vec::new();
    for depth in 0..DEPTH {
        let below = depth as usize + 1;
        for index in old[depth as usize].keys().filter(|index| is_above(depth, **index)) {
            let children = [2 * index, 2 * index + 1];
            let digests = |levels: &[BTreeMap<u32, Digest>]| {
                children.map(|child| levels[below].get(&child).copied().unwrap_or_default())
            };
            let touched = children.map(|child| is_above(depth + 1, child));
            events.push(NodeEvent { depth, index: *index, old: digests(old), new: digests(new), touched });
        }
    }
    events
}

fn honest() -> (Vec<NodeEvent>, RowMajorMatrix<Val>, Vec<Val>) {
    let events = events(&trees(&pages()));
    let trace = generate(&events, HEIGHT, &mut Questions::default());
    let public_values = public_values(&events);
    (events, trace, public_values)
}

fn row(trace: &mut RowMajorMatrix<Val>, row: usize) -> &mut NodeColumns<Val> {
    trace.values[row * NodeColumns::WIDTH..][..NodeColumns::WIDTH].borrow_mut()
}

#[test]
fn opens_the_touched_pages_between_the_roots_of_a_plain_merkle_tree() {
    let [old, new] = trees(&pages());
    let (events, trace, public_values) = honest();
    assert_eq!(public_values, [old[0][&0], new[0][&0]].concat());
    let report = evaluate(&NodeAir, &trace, &public_values);
    assert_eq!(report.failures, []);

    let mut expected = Balance::default();
    let mut add = |bus: &str, start: &[u32], digests: &[Digest]| {
        let digests = digests.as_flattened().iter().map(Val::as_canonical_u32);
        let message: Vec<_> = start.iter().copied().chain(digests).collect();
        expected.add(bus, &message, 1);
    };
    for page in PAGES.iter().filter(|page| is_touched(**page)) {
        let bottom = DEPTH as usize;
        add(name::NODE, &[DEPTH, *page], &[old[bottom][page], new[bottom][page]]);
    }
    for event in &events {
        let (depth, index) = (event.depth as usize, event.index);
        for tree in [&old, &new] {
            let child = |side| tree[depth + 1].get(&(2 * index + side)).copied().unwrap_or_default();
            add(name::COMPRESS, &[], &[child(0), child(1), tree[depth][&index]]);
        }
    }
    assert_eq!(report.balance, expected);
}

#[test]
fn balances_with_pages_and_permutations() {
    let pages: Vec<_> = pages().into_iter().filter(|page| is_touched(page.page)).collect();
    let (events, _, public_values) = honest();
    let mut questions = Questions::default();
    let trace = generate(&events, HEIGHT, &mut questions);
    let mut report = evaluate(&NodeAir, &trace, &public_values);
    let page_trace = page::generate(&pages, 32, &mut questions);
    let page_report = evaluate(&PageAir::default(), &page_trace, &[]);
    let permutations = poseidon2::generate(&questions.events, 512);
    let permutation_report = evaluate(&Poseidon2Air, &permutations, &[]);
    for other in [page_report, permutation_report] {
        report.failures.extend(other.failures);
        report.balance.add_all(&other.balance);
    }
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.0.keys().collect::<Vec<_>>(), [name::MEMORY]);
}

#[test]
fn a_segment_without_accesses_has_a_root_only() {
    let digests = [[Val::TWO; 8], [Val::ONE; 8]];
    let root = NodeEvent { depth: 0, index: 0, old: digests, new: digests, touched: [false; 2] };
    let mut questions = Questions::default();
    let report = evaluate(&NodeAir, &generate(&[root], 1, &mut questions), &public_values(&[root]));
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.0.keys().collect::<Vec<_>>(), [name::COMPRESS]);
    assert_eq!(questions.events.len(), 1);
}

#[test]
fn every_column_matters() {
    let (_, trace, public_values) = honest();
    testing::assert_every_column_matters(&NodeAir, &trace, &public_values, NodeColumns::FILLING);
}

#[test]
fn refuses_another_root_than_the_public_one() {
    let (_, trace, public_values) = honest();
    for i in 0..16 {
        let mut forged = public_values.clone();
        forged[i] += Val::ONE;
        assert!(!evaluate(&NodeAir, &trace, &forged).failures.is_empty(), "{i}");
    }
}

#[test]
fn refuses_a_first_row_that_is_not_the_root() {
    let (_, trace, public_values) = honest();
    let forge: [fn(&mut NodeColumns<Val>); 4] = [
        |row| row.is_root = Val::ZERO,
        |row| [row.is_real, row.is_root, row.touched[0], row.touched[1]] = [Val::ZERO; 4],
        |row| row.depth = Val::ONE,
        |row| row.index = Val::ONE,
    ];
    for forge in forge {
        let mut forged = trace.clone();
        forge(row(&mut forged, 0));
        assert!(!evaluate(&NodeAir, &forged, &public_values).failures.is_empty());
    }
}

/// A second root would open a tree that nobody has committed to.
#[test]
fn refuses_a_second_root() {
    let (events, mut trace, public_values) = honest();
    row(&mut trace, events.len()).is_root = Val::ONE;
    row(&mut trace, events.len()).is_real = Val::ONE;
    assert!(!evaluate(&NodeAir, &trace, &public_values).failures.is_empty());
}

#[test]
fn refuses_a_change_below_an_untouched_child() {
    let (mut events, ..) = honest();
    let at = events.iter().rposition(|event| event.touched == [false, true]).unwrap();
    events[at].new[0][3] += Val::ONE;
    let trace = generate(&events, HEIGHT, &mut Questions::default());
    let report = evaluate(&NodeAir, &trace, &public_values(&events));
    assert!(report.failures.iter().all(|failure| failure.row == at));
    assert!(!report.failures.is_empty());
}

#[test]
fn refuses_padding_that_touches_a_page() {
    let (events, mut trace, public_values) = honest();
    let padding = row(&mut trace, events.len());
    padding.touched[0] = Val::ONE;
    padding.depth = Val::from_u32(DEPTH - 1);
    assert!(!evaluate(&NodeAir, &trace, &public_values).failures.is_empty());
}

/// A live row beside the tree satisfies its own constraints, but takes a message that nobody sends.
#[test]
fn padding_turned_live_takes_a_node_that_nobody_sends() {
    let (events, _, public_values) = honest();
    let digests = [[Val::TWO; 8], [Val::ONE; 8]];
    let stray = NodeEvent { depth: DEPTH - 1, index: 77, old: digests, new: digests, touched: [true, false] };
    let more = [&events[..], &[stray]].concat();
    let trace = generate(&more, HEIGHT, &mut Questions::default());
    let report = evaluate(&NodeAir, &trace, &public_values);
    assert_eq!(report.failures, []);
    assert_eq!(report.balance.on(name::NODE).values().filter(|count| **count < 0).count(), 1);
}

/// A node opened twice would put its pages on the bus twice: two initial values of a word.
#[test]
fn a_node_opened_twice_takes_a_message_too_often() {
    let (events, _, public_values) = honest();
    let more = [&events[..], &events[events.len() - 1..]].concat();
    let trace = generate(&more, HEIGHT, &mut Questions::default());
    let report = evaluate(&NodeAir, &trace, &public_values);
    assert!(report.balance.on(name::NODE).values().any(|count| *count < 0));
}

/// The pages from 2^27 - 2^20 on have addresses that are those of low memory modulo p.
#[test]
fn refuses_to_open_pages_whose_addresses_wrap() {
    let (mut events, ..) = honest();
    assert!(16 * ((1_u64 << 27) - (1 << 20)) + 15 >= u64::from(Val::ORDER_U32));
    let at = events.iter().position(|event| event.depth == 2 && event.index == 3).unwrap();
    events[at].touched = [true, false];
    let mut trace = generate(&events, HEIGHT, &mut Questions::default());
    let public_values = public_values(&events);
    assert_eq!(evaluate(&NodeAir, &trace, &public_values).failures, []);
    for inverse in [Val::ZERO, Val::ONE, Val::from_u32(123_456)] {
        row(&mut trace, at).touched[1] = Val::ONE;
        row(&mut trace, at).inverse = inverse;
        assert!(!evaluate(&NodeAir, &trace, &public_values).failures.is_empty());
    }
}

#[test]
fn width() {
    testing::assert_width(&NodeAir, 56, 16);
}
