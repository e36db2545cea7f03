//! Flags together: leaves, paths and transcripts as p3 makes them.

use alloc::vec::Vec;

use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_commit::Mmcs;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, TruncatedPermutation};

use super::{READ, Table, ZERO, first_half, words};
use crate::bus::name;
use crate::extension::element;
use crate::narrow::{BLOCK, first, last};
use crate::testing::{Random, message, wire};
use crate::{Challenge, Val};

type Packed = <Val as Field>::Packing;
type LeafHash = PaddingFreeSponge<Poseidon2KoalaBear<16>, 16, 8, 8>;
type NodeHash = TruncatedPermutation<Poseidon2KoalaBear<16>, 2, 8, 16>;
type Tree = MerkleTreeMmcs<Packed, Packed, LeafHash, NodeHash, 2, 8>;

/// Addresses of wires.
const POWERS: u32 = 2;
const SUMS: u32 = 10;
const BITS: u32 = 20;
const ROOT: u32 = 30;
const CAPACITY: u32 = 40;
const WORDS: u32 = 50;
const SAMPLES: u32 = 90;

/// Elements of a leaf: a row of a matrix of 12 columns and one of 8.
const DATA: usize = 20;

/// Adds the blocks of a leaf, and what is summed of it.
fn leaf(table: &mut Table, data: &[Val], z: Challenge) {
    let row = table.last_row();
    table.set(row, [last::BINDS]);
    let powers = [z, z * z, z * z * z, z * z * z * z];
    let mut state = [Val::ZERO; 16];
    let groups = data.len() / 4;
    let mut sum = ZERO;
    for (i, block) in data.chunks(8).enumerate() {
        state[..block.len()].copy_from_slice(block);
        if i > 0 {
            let row = table.last_row();
            table.set(row, [last::BINDS, last::CHAINS]);
            if block.len() < 8 {
                table.set(row, [last::RETAINS[1]]);
            }
        }
        let row = table.block(state);
        table.set(row, [first::SUMS]);
        for (k, power) in powers.into_iter().enumerate() {
            table.wire(row, k, POWERS + k as u32, power, READ);
        }
        let before = if i == 0 { (0, ZERO) } else { (SUMS + 2 * i as u32 - 1, sum) };
        table.wire(row + 1, 0, before.0, before.1, READ);
        for (k, group) in state[..8].as_chunks::<4>().0.iter().enumerate() {
            // The second matrix starts with the fourth group.
            let continues = 2 * i + k != 3;
            if k == 1 && continues {
                table.set(row, [first::CONTINUES]);
            }
            let start = if continues { sum } else { ZERO };
            sum = group.iter().fold(start, |sum, f| sum * z + *f);
            let count = i32::from(2 * i + k < groups);
            table.wire(row + 1, 1 + k, SUMS + (2 * i + k) as u32, sum, count);
        }
        state = table.output();
    }
}

/// The leaf and the path of a row of a tree with two matrices, and the root.
fn path(index: usize) -> (Table, [Val; 8], Vec<Val>, Challenge) {
    let mut random = Random(index as u64);
    let tree = Tree::new(
        LeafHash::new(default_koalabear_poseidon2_16()),
        NodeHash::new(default_koalabear_poseidon2_16()),
        0,
    );
    let matrices = [12, 8].map(|width| RowMajorMatrix::new(random.list(16 * width), width));
    let (root, data) = tree.commit(matrices.to_vec());
    let (opened, siblings) = tree.open_batch(index, &data).unpack();
    let z = random.challenge();
    let mut table = Table::default();
    table.block([Val::ZERO; 16]);
    leaf(&mut table, &opened.concat(), z);
    for (level, sibling) in siblings.iter().enumerate() {
        let bit = index >> level & 1;
        let node = first_half(&table.output());
        let row = table.last_row();
        table.set(row, [last::PATH]);
        let children = if bit == 0 { [node, *sibling] } else { [*sibling, node] };
        let row = table.block(core::array::from_fn(|i| children[i / 8][i % 8]));
        table.wire(row, 0, BITS + level as u32, Challenge::from_usize(bit), READ);
    }
    let row = table.last_row();
    table.set(row, [last::HANDS_OUT]);
    for (k, word) in words(&first_half(&table.output())).into_iter().enumerate() {
        table.wire(row, k, ROOT + k as u32, word, READ);
    }
    (table, root.roots()[0], opened.concat(), z)
}

#[test]
fn paths_lead_from_p3s_leaves_to_p3s_root() {
    for index in [0, 5, 10, 15] {
        let (table, root, data, z) = path(index);
        assert_eq!(data.len(), DATA);
        let on = table.instance().balance().on(name::WITNESS);
        for (k, word) in words(&root).into_iter().enumerate() {
            assert_eq!(on[&wire(ROOT + k as u32, word)], -1);
        }
        let sum = |data: &[Val]| data.iter().fold(ZERO, |sum, f| sum * z + *f);
        assert_eq!(on[&wire(SUMS + 2, sum(&data[..12]))], 1);
        assert_eq!(on[&wire(SUMS + 4, sum(&data[12..]))], 1);
        // Partial sums are read where they are continued.
        assert!(!on.contains_key(&wire(SUMS + 1, sum(&data[..8]))));
    }
}

#[test]
fn a_leaf_is_what_p3s_sponge_makes_of_its_elements() {
    let mut random = Random(1);
    let data = random.list(DATA);
    let mut table = Table::default();
    table.block(random.vals());
    leaf(&mut table, &data, random.challenge());
    table.assert_holds();
    let digest: [Val; 8] = LeafHash::new(default_koalabear_poseidon2_16()).hash_slice(&data);
    assert_eq!(first_half(&table.output()), digest);
}

/// The last block of a leaf has one group: what is behind it cannot be chosen.
#[test]
fn refuses_data_behind_the_end_of_a_leaf() {
    let mut random = Random(2);
    let mut table = Table::default();
    table.block(random.vals());
    leaf(&mut table, &random.list(DATA), random.challenge());
    let row = table.last_row() - BLOCK;
    let last_block = table.inputs.len() - 1;
    // The sum of the group that is not there may be anything.
    let second = table.operands[row + 2][2];
    table.inputs[last_block][7] += Val::ONE;
    table.operands[row + 2][2] = second + Val::ONE;
    table.assert_refused_by(row, last::RETAINS[1]);
}

/// Elements of the extension field are handed out, not summed.
#[test]
fn a_leaf_hands_its_elements_out() {
    let mut random = Random(3);
    let data: [Val; 8] = random.vals();
    let mut table = Table::default();
    let row = table.block(core::array::from_fn(|i| if i < 8 { data[i] } else { Val::ZERO }));
    table.set(row, [first::ABSORBS[0]]);
    for (k, word) in words(&data).into_iter().enumerate() {
        table.wire(row, k, WORDS + k as u32, word, 1);
    }
    let on = table.instance().balance().on(name::WITNESS);
    assert_eq!(on, [(message(WORDS, &data[..4]), 1), (message(WORDS + 1, &data[4..]), 1)].into());
}

/// Absorbs `carry`, which ends a wire, and then these words, in blocks of 8; the last is filled up with zeros. The first
/// block of all loads its capacity.
fn absorb(table: &mut Table, carry: &[Val], observed: &[[Val; 4]]) {
    let offset = carry.len();
    let total = offset + 4 * observed.len();
    let mut left = [Val::ZERO; 4];
    left[4 - offset..].copy_from_slice(carry);
    for block in 0..total.div_ceil(8) {
        let word: [Val; 8] =
            core::array::from_fn(|i| observed.get(2 * block + i / 4).map_or(Val::ZERO, |word| word[i % 4]));
        let tag = Val::from_usize((total - 8 * block).min(8));
        let mut input = if table.inputs.is_empty() { [Val::ZERO; 16] } else { table.output() };
        input[8] += tag;
        input[..offset].copy_from_slice(&left[4 - offset..]);
        input[offset..8].copy_from_slice(&word[..8 - offset]);
        let is_first = table.inputs.is_empty();
        if !is_first {
            let row = table.last_row();
            table.set(row, [last::BINDS, last::CHAINS]);
            table.fixed[row].flags[last::TAG] = tag;
        }
        let row = table.block(input);
        table.set(row, [first::ABSORBS[offset]]);
        let [a, b] = words(&word);
        let address = WORDS + 3 * (row / BLOCK) as u32;
        for (k, value) in [a, b, element(&left)].into_iter().enumerate() {
            table.wire(row, k, address + k as u32, value, READ);
        }
        if is_first {
            table.set(row, [first::LOADS]);
            table.wire(row + 1, 0, CAPACITY, tag.into(), READ);
            table.wire(row + 1, 1, 0, ZERO, READ);
        }
        left = core::array::from_fn(|i| word[4 + i]);
    }
}

/// A block that permutes without absorbing.
fn squeeze(table: &mut Table) {
    let row = table.last_row();
    table.set(row, [last::RETAINS[0], last::RETAINS[1], last::BINDS, last::CHAINS]);
    table.block(table.output());
}

/// Two stretches of these lengths in words, at this offset; then a squeeze.
fn transcript(
    offset: usize,
    lengths: [usize; 2],
) -> (Table, DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>) {
    let mut random = Random(offset as u64);
    let mut challenger = DuplexChallenger::new(default_koalabear_poseidon2_16());
    let mut table = Table::default();
    for length in lengths {
        let carry = random.list(offset);
        let observed: Vec<[Val; 4]> = (0..length).map(|_| random.vals()).collect();
        challenger.observe_slice(&carry);
        challenger.observe_slice(observed.as_flattened());
        absorb(&mut table, &carry, &observed);
        assert_eq!(CanSample::<Val>::sample(&mut challenger), table.output()[7]);
    }
    (table, challenger)
}

#[test]
fn transcripts_are_those_of_p3s_duplex_challenger() {
    for offset in 0..4 {
        for lengths in [[1, 1], [2, 3], [5, 4], [4, 6]] {
            let (mut table, mut challenger) = transcript(offset, lengths);
            let row = table.last_row();
            table.set(row, [last::HANDS_OUT]);
            let output = first_half(&table.output());
            for (k, word) in words(&output).into_iter().enumerate() {
                table.wire(row, k, SAMPLES + k as u32, word, 2);
            }
            let on = table.instance().balance().on(name::WITNESS);
            assert_eq!(on[&message(SAMPLES, &output[..4])], 2);
            assert_eq!(on[&message(SAMPLES + 1, &output[4..])], 2);
            // One was taken already: the last of the eight.
            let samples: Vec<Val> = (0..7).map(|_| challenger.sample()).collect();
            assert_eq!(samples, output[..7].iter().rev().copied().collect::<Vec<_>>());

            squeeze(&mut table);
            table.assert_holds();
            let samples: Vec<Val> = (0..8).map(|_| challenger.sample()).collect();
            assert_eq!(samples, table.output()[..8].iter().rev().copied().collect::<Vec<_>>());
        }
    }
}

/// A leaf with its path, a transcript and operations.
pub(super) fn every_use() -> Table {
    let (mut table, ..) = path(5);
    let (mut transcript, _) = transcript(3, [3, 1]);
    let row = transcript.last_row();
    transcript.set(row, [last::HANDS_OUT]);
    let output = words(&first_half(&transcript.output()));
    for (k, word) in output.into_iter().enumerate() {
        transcript.wire(row, k, SAMPLES + k as u32, word, 1);
    }
    transcript.fixed[row - 1].operates = Val::ONE;
    transcript.fixed[row - 2].base = Val::ONE;
    for (k, value) in [output[0], output[1], ZERO, output[0] * output[1]].into_iter().enumerate() {
        transcript.wire(row - 1, k, [SAMPLES, SAMPLES + 1, 0, 99][k], value, 1);
    }
    table.fixed.extend(transcript.fixed);
    table.inputs.extend(transcript.inputs);
    table.operands.extend(transcript.operands);
    table
}

#[test]
fn every_use_together_holds() {
    every_use().assert_holds();
}
