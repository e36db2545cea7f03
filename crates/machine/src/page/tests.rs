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
use crate::hash::Digest;
use crate::node::DEPTH;
use crate::poseidon2::Questions;
use crate::testing::{self, random_words};

const HEIGHT: usize = 32;

fn events() -> Vec<PageEvent> {
    let mut words = random_words(3);
    let mut random = || -> [u32; 16] { core::array::from_fn(|_| words.next().unwrap()) };
    [0, 1, (1 << 24) - 1, REGISTERS / 16, REGISTERS / 16 + 1, REGISTERS / 16 + 2]
        .map(|page| match page {
            0 => PageEvent { page, old: [0; 16], new: [u32::MAX; 16], timestamps: random().map(|t| t >> 2) },
            1 => PageEvent { page, old: random(), new: random(), timestamps: [1; 16] },
            _ => {
                let old = random();
                PageEvent { page, old, new: old, timestamps: [0; 16] }
            }
        })
        .to_vec()
}

fn honest() -> RowMajorMatrix<Val> {
    generate(&events(), HEIGHT, &mut Questions::default())
}

fn row(trace: &mut RowMajorMatrix<Val>, row: usize) -> &mut PageColumns<Val> {
    trace.values[row * PageColumns::WIDTH..][..PageColumns::WIDTH].borrow_mut()
}

fn fields(digests: &[Digest]) -> impl Iterator<Item = u32> {
    digests.as_flattened().iter().map(Val::as_canonical_u32)
}

/// Adds the four compressions of a page to what is asked, by the reference permutation; returns the page's digest.
fn absorb(expected: &mut Balance, words: &[u32; 16]) -> Digest {
    let limbs: Vec<_> =
        words.iter().flat_map(|word| [word & 0xffff, word >> 16]).map(Val::from_u32).collect();
    let mut digest = Digest::default();
    for block in limbs.as_chunks::<8>().0 {
        let image = default_koalabear_poseidon2_16()
            .permute(core::array::from_fn(|i| [&digest, block][i / 8][i % 8]));
        let next = core::array::from_fn(|i| image[i] + digest[i]);
        expected.add(name::COMPRESS, &fields(&[digest, *block, next]).collect::<Vec<_>>(), 1);
        digest = next;
    }
    digest
}

#[test]
fn memory_begins_with_the_old_leaf_and_ends_with_the_new_one() {
    let events = events();
    let mut questions = Questions::default();
    let report = evaluate(&PageAir::default(), &generate(&events, HEIGHT, &mut questions), &[]);
    assert_eq!(report.failures, []);
    let mut expected = Balance::default();
    for event in &events {
        let leaves = [&event.old, &event.new].map(|words| absorb(&mut expected, words));
        let node: Vec<_> = [DEPTH, event.page].into_iter().chain(fields(&leaves)).collect();
        expected.add(name::NODE, &node, -1);
        for i in 0..16 {
            let address = 16 * event.page + i as u32;
            let [old, new] = [event.old[i], event.new[i]];
            expected.add(name::MEMORY, &[address, 0, old & 0xffff, old >> 16], 1);
            expected.add(name::MEMORY, &[address, event.timestamps[i], new & 0xffff, new >> 16], -1);
        }
    }
    assert_eq!(report.balance, expected);
    // Pages that are only read take one permutation per block.
    assert_eq!(questions.events.len(), 2 * 8 + 4 * 4);
}

#[test]
fn every_column_matters() {
    testing::assert_every_column_matters(&PageAir::default(), &honest(), &[], PageColumns::FILLING);
}

/// If a page's rows could be real one by one, words would be on the memory bus without a leaf that holds them.
#[test]
fn refuses_a_page_of_which_some_rows_are_not_real() {
    for i in 0..ROWS {
        let mut trace = honest();
        row(&mut trace, i).is_real = Val::ZERO;
        assert!(!evaluate(&PageAir::default(), &trace, &[]).failures.is_empty());
        let mut trace = honest();
        row(&mut trace, HEIGHT - ROWS + i).is_real = Val::ONE;
        assert!(!evaluate(&PageAir::default(), &trace, &[]).failures.is_empty());
    }
}

#[test]
fn padding_turned_live_takes_a_node_that_nobody_sends() {
    let mut trace = honest();
    for i in HEIGHT - ROWS..HEIGHT {
        row(&mut trace, i).is_real = Val::ONE;
    }
    let report = evaluate(&PageAir::default(), &trace, &[]);
    let node: Vec<_> = [DEPTH].into_iter().chain([0; 17]).collect();
    assert_eq!(report.balance.on(name::NODE)[&node], -1);
}

#[test]
fn refuses_rows_of_different_pages() {
    let mut trace = honest();
    row(&mut trace, 2).page = Val::from_u32(9);
    assert!(!evaluate(&PageAir::default(), &trace, &[]).failures.is_empty());
}

#[test]
fn refuses_a_digest_that_does_not_start_from_zero() {
    for side in 0..2 {
        let mut trace = honest();
        let first = row(&mut trace, 4);
        [&mut first.old_in, &mut first.new_in][side][0] = Val::ONE;
        assert!(!evaluate(&PageAir::default(), &trace, &[]).failures.is_empty());
    }
}

/// Words of one row replaced, with its own compressions right, but the chain of digests cut after it.
#[test]
fn refuses_a_chain_of_digests_that_is_cut() {
    let other = PageEvent { old: [7; 16], new: [8; 16], ..events()[1] };
    let forged = generate(&[events()[0], other], 8, &mut Questions::default());
    for i in 4..7 {
        let mut trace = honest();
        let at = i * PageColumns::WIDTH..(i + 1) * PageColumns::WIDTH;
        trace.values[at.clone()].copy_from_slice(&forged.values[at]);
        assert!(!evaluate(&PageAir::default(), &trace, &[]).failures.is_empty());
    }
}

#[test]
fn width() {
    testing::assert_width(&PageAir::default(), 56, 28);
}
