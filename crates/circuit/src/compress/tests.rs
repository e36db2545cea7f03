use alloc::sync::Arc;

use p3_air::BaseAir;
use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_commit::Mmcs;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, Permutation, TruncatedPermutation};

use super::*;
use crate::bus::name;
use crate::testing::{self, Instance, Random, message, val};
use crate::{CircuitAir, Val};

const HEIGHT: usize = 16;
/// Addresses on the buses.
const CAP: u32 = 70;
const INDEX: u32 = 60;
const LEAF: u32 = 50;
const INJECTED: u32 = 51;

fn permute(state: [Val; 16]) -> [Val; 16] {
    default_koalabear_poseidon2_16().permute(state)
}

fn first_half(state: &[Val; 16]) -> [Val; 8] {
    core::array::from_fn(|i| state[i])
}

/// Rows with their fixed columns.
#[derive(Clone, Default)]
struct Rows {
    fixed: Vec<CompressFixed<Val>>,
    rows: Vec<CompressRow>,
}

impl Rows {
    fn push(&mut self, fixed: CompressFixed<Val>, row: CompressRow) {
        self.fixed.push(fixed);
        self.rows.push(row);
    }

    fn last_fixed(&mut self) -> &mut CompressFixed<Val> {
        self.fixed.last_mut().unwrap()
    }

    /// The state after the last row.
    fn output(&self) -> [Val; 16] {
        permute(self.rows.last().unwrap().input)
    }

    fn air(fixed: &[CompressFixed<Val>]) -> CompressAir {
        CompressAir::new(Arc::new(fixed_matrix(fixed, HEIGHT)))
    }

    fn public_values(&self) -> Vec<Val> {
        self.rows.first().map_or(vec![Val::ZERO; 8], |row| row.word.to_vec())
    }

    fn instance(&self) -> Instance {
        Instance {
            air: CircuitAir::Compress(Self::air(&self.fixed)),
            trace: trace(&self.rows, HEIGHT),
            public_values: self.public_values(),
        }
    }

    /// Asserts that the rows are refused, but would not be if the flag were cleared.
    fn assert_refused_by(&self, clear: impl Fn(&mut [CompressFixed<Val>])) {
        let mut fixed = self.fixed.clone();
        clear(&mut fixed);
        let [with, without] = [&self.fixed, &fixed].map(|fixed| Self::air(fixed));
        testing::assert_only_refused_with(&with, &without, &trace(&self.rows, HEIGHT), &self.public_values());
    }
}

// Paths.

type Packed = <Val as Field>::Packing;
type LeafHash = PaddingFreeSponge<Poseidon2KoalaBear<24>, 24, 16, 8>;
type NodeHash = TruncatedPermutation<Poseidon2KoalaBear<16>, 2, 8, 16>;
type Tree = MerkleTreeMmcs<Packed, Packed, LeafHash, NodeHash, 2, 8>;

/// The path of a row of a tree with matrices of heights 32 and 8 and a cap of 2 nodes, and the cap.
fn path(index: usize) -> (Rows, Vec<[Val; 8]>) {
    let mut random = Random(index as u64);
    let leaf_hash = LeafHash::new(default_koalabear_poseidon2_24());
    let tree = Tree::new(leaf_hash.clone(), NodeHash::new(default_koalabear_poseidon2_16()), 1);
    let matrices =
        [(32, 20), (8, 12)].map(|(height, width)| RowMajorMatrix::new(random.list(height * width), width));
    let (cap, data) = tree.commit(matrices.to_vec());
    let (opened, siblings) = tree.open_batch(index, &data).unpack();
    let [leaf, injected] = [0, 1].map(|i| leaf_hash.hash_slice(&opened[i]));

    let mut rows = Rows::default();
    let mut node = leaf;
    let mut bits = index;
    let fixed = CompressFixed { digest_address: val(LEAF), digest_count: Val::NEG_ONE, ..Default::default() };
    step(&mut rows, fixed, &mut node, siblings[0], &mut bits);
    for (level, sibling) in siblings.iter().enumerate().skip(1) {
        rows.last_fixed().chain_word = Val::ONE;
        step(&mut rows, CompressFixed::default(), &mut node, *sibling, &mut bits);
        if level == 1 {
            rows.last_fixed().chain_left = Val::ONE;
            inject(&mut rows, &mut node, injected);
        }
    }
    let last = rows.last_fixed();
    last.has_index = Val::ONE;
    last.index_address = val(INDEX);
    last.end_address = val(CAP);
    rows.rows.last_mut().unwrap().index = val(bits as u32);
    (rows, cap.roots().to_vec())
}

/// A row of a path: the node is the child that the lowest bit says.
fn step(
    rows: &mut Rows,
    fixed: CompressFixed<Val>,
    node: &mut [Val; 8],
    sibling: [Val; 8],
    bits: &mut usize,
) {
    let bit = *bits & 1;
    *bits >>= 1;
    let children = if bit == 0 { [*node, sibling] } else { [sibling, *node] };
    let input = core::array::from_fn(|i| children[i / 8][i % 8]);
    let fixed = CompressFixed { is_path: Val::ONE, has_bit: Val::ONE, bit_address: val(bit as u32), ..fixed };
    rows.push(fixed, CompressRow { input, word: *node, bit: val(bit as u32), ..Default::default() });
    *node = first_half(&permute(input));
}

/// A row that joins a lower matrix's leaf: the node is the left child, the leaf is known and the right child.
fn inject(rows: &mut Rows, node: &mut [Val; 8], leaf: [Val; 8]) {
    let input = core::array::from_fn(|i| if i < 8 { node[i] } else { leaf[i - 8] });
    let fixed = CompressFixed {
        is_path: Val::ONE,
        has_bit: Val::ONE,
        bit_address: val(1),
        digest_address: val(INJECTED),
        digest_count: Val::NEG_ONE,
        ..Default::default()
    };
    rows.push(fixed, CompressRow { input, word: leaf, bit: Val::ONE, ..Default::default() });
    *node = first_half(&permute(input));
}

#[test]
fn paths_end_in_the_cap_of_p3s_tree() {
    for index in [0, 5, 18, 31] {
        let (rows, cap) = path(index);
        assert_eq!(rows.rows.len(), 5);
        let balance = rows.instance().balance();
        let top = index >> 4;
        let looked_up = message(CAP + top as u32, &cap[top]);
        assert_eq!(balance.on(name::CAP), [(looked_up, -1)].into());
        let digests = [message(LEAF, &rows.rows[0].word), message(INJECTED, &rows.rows[2].word)];
        assert_eq!(balance.on(name::DIGEST), digests.map(|digest| (digest, -1)).into());
        let mut bits: std::collections::BTreeMap<Vec<u32>, i64> = std::collections::BTreeMap::new();
        for bit in [index & 1, index >> 1 & 1, 1, index >> 2 & 1, index >> 3 & 1] {
            *bits.entry(vec![bit as u32, bit as u32, 0, 0, 0]).or_default() -= 1;
        }
        bits.insert(vec![INDEX, top as u32, 0, 0, 0], -1);
        assert_eq!(balance.on(name::WITNESS), bits);
    }
}

#[test]
fn refuses_a_path_from_another_node() {
    let (mut rows, _) = path(5);
    // A new path starts at row 1, with a node of the forger's choice.
    rows.rows[1].word[3] += Val::ONE;
    let at = if rows.rows[1].bit == Val::ZERO { 3 } else { 11 };
    rows.rows[1].input[at] += Val::ONE;
    let node = permute(rows.rows[1].input);
    rows.rows[2].input[..8].copy_from_slice(&node[..8]);
    let node = permute(rows.rows[2].input);
    rows.rows[3].word.copy_from_slice(&node[..8]);
    let at = if rows.rows[3].bit == Val::ZERO { 0 } else { 8 };
    rows.rows[3].input[at..at + 8].copy_from_slice(&node[..8]);
    let node = permute(rows.rows[3].input);
    rows.rows[4].word.copy_from_slice(&node[..8]);
    let at = if rows.rows[4].bit == Val::ZERO { 0 } else { 8 };
    rows.rows[4].input[at..at + 8].copy_from_slice(&node[..8]);
    rows.assert_refused_by(|fixed| fixed[0].chain_word = Val::ZERO);
}

#[test]
fn refuses_a_join_that_forgets_the_node() {
    let (mut rows, _) = path(5);
    rows.rows[2].input[7] += Val::ONE;
    let node = permute(rows.rows[2].input);
    rows.rows[3].word.copy_from_slice(&node[..8]);
    let at = if rows.rows[3].bit == Val::ZERO { 0 } else { 8 };
    rows.rows[3].input[at..at + 8].copy_from_slice(&node[..8]);
    rows.fixed.truncate(4);
    rows.rows.truncate(4);
    rows.fixed[3].chain_word = Val::ZERO;
    rows.assert_refused_by(|fixed| fixed[1].chain_left = Val::ZERO);
}

#[test]
fn refuses_a_node_that_is_neither_child() {
    for (index, bit) in [(4, Val::ZERO), (5, Val::ONE)] {
        let (mut rows, _) = path(index);
        assert_eq!(rows.rows[0].bit, bit);
        rows.rows[0].word[0] += Val::ONE;
        rows.assert_refused_by(|fixed| fixed[0].is_path = Val::ZERO);
    }
}

#[test]
fn refuses_the_other_side() {
    for index in [4, 5] {
        let (mut rows, _) = path(index);
        rows.rows[0].bit = Val::ONE - rows.rows[0].bit;
        rows.assert_refused_by(|fixed| fixed[0].is_path = Val::ZERO);
    }
}

#[test]
fn another_bit_index_or_digest_is_seen_by_the_other_tables() {
    let (rows, _) = path(21);
    let honest = rows.instance().balance();
    type Clear = fn(&mut CompressFixed<Val>);
    let clears: [Clear; 3] = [
        |fixed| fixed.has_bit = Val::ZERO,
        |fixed| fixed.has_index = Val::ZERO,
        |fixed| fixed.digest_count = Val::ZERO,
    ];
    for (i, clear) in clears.into_iter().enumerate() {
        let mut forged = rows.clone();
        forged.fixed.iter_mut().for_each(clear);
        if i == 1 {
            // An index is not allowed where none is read.
            assert_ne!(forged.instance().report().failures, []);
            forged.rows[4].index = Val::ZERO;
        }
        assert_ne!(forged.instance().balance(), honest);
    }
}

#[test]
fn refuses_an_index_where_none_is_read() {
    let (mut rows, _) = path(31);
    assert_eq!(rows.rows[4].index, Val::ONE);
    rows.fixed[4].has_index = Val::ZERO;
    assert_ne!(rows.instance().report().failures, []);
}

// Caps.

#[test]
fn caps_state_their_nodes_as_often_as_asked() {
    let mut random = Random(1);
    let mut rows = Rows::default();
    let nodes: [[Val; 8]; 2] = [random.vals(), random.vals()];
    for (i, word) in nodes.into_iter().enumerate() {
        let address = 10 + 2 * i as u32;
        let fixed = CompressFixed {
            word_address: [val(address), val(address + 1)],
            word_count: [Val::NEG_ONE; 2],
            cap_address: val(CAP + i as u32),
            is_cap: Val::ONE,
            ..Default::default()
        };
        rows.push(fixed, CompressRow { word, uses: val(5 * i as u32), ..Default::default() });
    }
    let balance = rows.instance().balance();
    assert_eq!(balance.on(name::CAP), [(message(CAP + 1, &nodes[1]), 5)].into());
    let words = [(10, &nodes[0][..4]), (11, &nodes[0][4..]), (12, &nodes[1][..4]), (13, &nodes[1][4..])];
    let words = words.map(|(address, word)| (message(address, word), -1));
    assert_eq!(balance.on(name::WITNESS), words.into());
}

#[test]
fn refuses_a_cap_node_from_a_row_that_states_none() {
    for uses in [Val::ONE, Val::NEG_ONE] {
        let (mut rows, _) = path(5);
        rows.fixed[1].is_cap = Val::ONE;
        rows.rows[1].uses = uses;
        assert_eq!(rows.instance().report().failures, []);
        rows.fixed[1].is_cap = Val::ZERO;
        assert_ne!(rows.instance().report().failures, []);
        // Idle rows neither.
        let (rows, _) = path(5);
        let mut instance = rows.instance();
        let uses_column = core::mem::offset_of!(CompressColumns<u8>, uses);
        instance.trace.values[10 * CompressColumns::WIDTH + uses_column] = uses;
        assert_ne!(instance.report().failures, []);
    }
}

// Public values.

#[test]
fn the_first_word_is_the_public_values() {
    let mut random = Random(2);
    let mut rows = Rows::default();
    let fixed =
        CompressFixed { word_address: [val(2), val(3)], word_count: [val(4), val(5)], ..Default::default() };
    let word: [Val; 8] = random.vals();
    rows.push(fixed, CompressRow { word, ..Default::default() });
    let balance = rows.instance().balance();
    assert_eq!(balance.on(name::WITNESS), [(message(2, &word[..4]), 4), (message(3, &word[4..]), 5)].into());
    for i in 0..8 {
        let mut instance = rows.instance();
        instance.public_values[i] += Val::ONE;
        assert_eq!(instance.report().failures.len(), 1, "public value {i}");
    }
}

// Transcripts.

/// Rows that absorb `carry` from a wire and then these words, in blocks of 8; the last is filled up with zeros.
fn absorb(rows: &mut Rows, carry: &[Val], words: &[[Val; 4]]) {
    let offset = carry.len();
    let total = offset + 4 * words.len();
    let mut left = [Val::ZERO; 3];
    left[..offset].copy_from_slice(carry);
    for block in 0..total.div_ceil(8) {
        let word: [Val; 8] =
            core::array::from_fn(|i| words.get(2 * block + i / 4).map_or(Val::ZERO, |word| word[i % 4]));
        let before = rows.output();
        let tag = val((total - 8 * block).min(8) as u32);
        let last = rows.last_fixed();
        if last.loads == Val::ZERO {
            last.chain_state = Val::ONE;
            last.tag = tag;
        }
        let mut input: [Val; 16] = before;
        if last.loads == Val::ONE {
            input[8..].copy_from_slice(&rows.rows.last().unwrap().word);
        } else {
            input[8] += tag;
        }
        input[..offset].copy_from_slice(&left[..offset]);
        input[offset..8].copy_from_slice(&word[..8 - offset]);

        let mut fixed = CompressFixed::default();
        fixed.absorbs[offset] = Val::ONE;
        if block == 0 && offset > 0 {
            fixed.has_carry = Val::ONE;
            fixed.carry_address = val(90);
        } else if offset > 0 {
            rows.last_fixed().chain_carry[offset - 1] = Val::ONE;
        }
        rows.push(fixed, CompressRow { input, word, carry: left, ..Default::default() });
        left = [Val::ZERO; 3];
        left[..offset].copy_from_slice(&word[8 - offset..]);
    }
}

/// A row that permutes without absorbing.
fn squeeze(rows: &mut Rows) {
    let input = rows.output();
    let last = rows.last_fixed();
    last.chain_left = Val::ONE;
    last.chain_state = Val::ONE;
    rows.push(CompressFixed::default(), CompressRow { input, ..Default::default() });
}

/// A row whose word is the capacity of the next.
fn load(first_tag: usize) -> Rows {
    let mut rows = Rows::default();
    let mut word = [Val::ZERO; 8];
    word[0] = val(first_tag as u32);
    rows.push(
        CompressFixed { loads: Val::ONE, ..Default::default() },
        CompressRow { word, ..Default::default() },
    );
    rows
}

/// Two stretches of these lengths in words, at this offset.
fn transcript(
    offset: usize,
    lengths: [usize; 2],
) -> (Rows, DuplexChallenger<Val, Poseidon2KoalaBear<16>, 16, 8>) {
    let mut random = Random(offset as u64);
    let mut challenger = DuplexChallenger::new(default_koalabear_poseidon2_16());
    let mut rows = load((offset + 4 * lengths[0]).min(8));
    for length in lengths {
        let carry = random.list(offset);
        let words: Vec<[Val; 4]> = (0..length).map(|_| random.vals()).collect();
        challenger.observe_slice(&carry);
        challenger.observe_slice(words.as_flattened());
        absorb(&mut rows, &carry, &words);
        assert_eq!(CanSample::<Val>::sample(&mut challenger), first_half(&rows.output())[7]);
    }
    (rows, challenger)
}

#[test]
fn transcripts_are_those_of_p3s_duplex_challenger() {
    for offset in 0..4 {
        for lengths in [[1, 1], [2, 3], [5, 4], [4, 6]] {
            let (mut rows, mut challenger) = transcript(offset, lengths);
            let mut output = first_half(&rows.output());
            let last = rows.last_fixed();
            last.out_address = [val(30), val(31)];
            last.out_count = [val(2), val(3)];
            let balance = rows.instance().balance();
            let mut samples: Vec<Val> = (0..7).map(|_| challenger.sample()).collect();
            // One was taken already: the last of the eight.
            assert_eq!(samples, output[..7].iter().rev().copied().collect::<Vec<_>>());
            let on = balance.on(name::WITNESS);
            assert_eq!(on[&message(30, &output[..4])], 2);
            assert_eq!(on[&message(31, &output[4..])], 3);

            squeeze(&mut rows);
            assert_eq!(rows.instance().report().failures, []);
            output = first_half(&rows.output());
            samples = (0..8).map(|_| challenger.sample()).collect();
            assert_eq!(samples, output.iter().rev().copied().collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_carry_is_read_whole() {
    let (rows, _) = transcript(2, [3, 1]);
    let balance = rows.instance().balance();
    let on = balance.on(name::WITNESS);
    let [c0, c1, c2] = rows.rows[1].carry;
    assert_eq!(on[&message(90, &[c0, c1, c2, Val::ZERO])], -1);
    let mut forged = rows;
    for fixed in &mut forged.fixed {
        fixed.has_carry = Val::ZERO;
    }
    assert_eq!(forged.instance().balance().on(name::WITNESS), [].into());
}

/// Rows 0: loads. 1, 2: absorb 3 words at the offset. Then the same again.
fn attacked(offset: usize) -> Rows {
    transcript(offset, [3, 3]).0
}

#[test]
fn refuses_to_absorb_something_else() {
    for offset in 0..4 {
        for i in 0..8 {
            let mut rows = attacked(offset);
            let last = rows.rows.len() - 1;
            rows.rows[last].input[i] += Val::ONE;
            rows.assert_refused_by(|fixed| fixed[last].absorbs[offset] = Val::ZERO);
        }
    }
}

#[test]
fn refuses_another_capacity_after_loading() {
    for i in 8..16 {
        let mut rows = attacked(1);
        rows.fixed.truncate(2);
        rows.rows.truncate(2);
        rows.fixed[1].chain_carry = [Val::ZERO; 3];
        rows.fixed[1].chain_state = Val::ZERO;
        rows.rows[1].input[i] += Val::ONE;
        rows.assert_refused_by(|fixed| fixed[0].loads = Val::ZERO);
    }
}

#[test]
fn refuses_a_transcript_that_forgets_its_state() {
    for i in 8..16 {
        let mut rows = attacked(0);
        let last = rows.rows.len() - 1;
        rows.rows[last].input[i] += Val::ONE;
        rows.assert_refused_by(|fixed| fixed[last - 1].chain_state = Val::ZERO);
    }
}

#[test]
fn refuses_an_absorption_without_its_length() {
    let mut rows = attacked(0);
    let last = rows.rows.len() - 1;
    let tag = rows.fixed[last - 1].tag;
    assert_ne!(tag, Val::ZERO);
    rows.rows[last].input[8] -= tag;
    rows.assert_refused_by(|fixed| fixed[last - 1].tag = Val::ZERO);
}

#[test]
fn refuses_a_squeeze_from_another_state() {
    for i in 0..8 {
        let mut rows = attacked(0);
        squeeze(&mut rows);
        let last = rows.rows.len() - 1;
        rows.rows[last].input[i] += Val::ONE;
        rows.assert_refused_by(|fixed| fixed[last - 1].chain_left = Val::ZERO);
    }
}

#[test]
fn refuses_elements_that_the_row_before_did_not_leave() {
    for offset in 1..4 {
        for j in 0..offset {
            let mut rows = attacked(offset);
            let last = rows.rows.len() - 1;
            rows.rows[last].carry[j] += Val::ONE;
            rows.rows[last].input[j] += Val::ONE;
            rows.assert_refused_by(|fixed| fixed[last - 1].chain_carry[offset - 1] = Val::ZERO);
        }
    }
}

// All rows.

/// Rows of every use, so that each column matters somewhere.
fn every_use() -> Rows {
    let (mut rows, _) = path(21);
    let (transcript, _) = transcript(3, [3, 1]);
    rows.fixed.extend(transcript.fixed);
    rows.rows.extend(transcript.rows);
    let mut random = Random(9);
    rows.push(
        CompressFixed { is_cap: Val::ONE, ..Default::default() },
        CompressRow { word: random.vals(), uses: Val::TWO, ..Default::default() },
    );
    rows
}

#[test]
fn every_column_matters() {
    let width = CompressColumns::WIDTH;
    every_use()
        .instance()
        .assert_every_column_matters(&[(width - 2, "always free"), (width - 1, "always free")]);
}

/// The permutation is bound on every row, idle rows included.
#[test]
fn refuses_a_forged_round_in_every_cell() {
    let instance = every_use().instance();
    let fixed = instance.air.preprocessed_trace();
    let rounds = core::mem::offset_of!(CompressColumns<u8>, rounds);
    let end = core::mem::offset_of!(CompressColumns<u8>, word);
    for row in 0..instance.trace.height() {
        for column in rounds..end {
            assert!(instance.is_refused(fixed.as_ref(), row, column), "row {row} column {column}");
        }
    }
}

#[test]
fn an_empty_table_holds_and_says_nothing() {
    assert!(Rows::default().instance().balance().is_zero());
}

#[test]
#[should_panic(expected = "the last row chains")]
fn a_layout_whose_last_row_chains_is_refused() {
    let chains = CompressFixed { chain_carry: [Val::ZERO, Val::ONE, Val::ZERO], ..Default::default() };
    fixed_matrix(&[CompressFixed::default(), chains], 2);
}

#[test]
#[should_panic(expected = "absorbs at two offsets")]
fn a_layout_with_two_offsets_is_refused() {
    let absorbs = [Val::ONE, Val::ONE, Val::ZERO, Val::ZERO];
    fixed_matrix(&[CompressFixed { absorbs, ..Default::default() }], 2);
}

#[test]
#[should_panic(expected = "two capacities")]
fn a_layout_with_two_capacities_is_refused() {
    fixed_matrix(&[CompressFixed { loads: Val::ONE, chain_state: Val::ONE, ..Default::default() }], 2);
}

#[test]
fn width() {
    assert_eq!(testing::shape(&CircuitAir::Compress(CompressAir::default())), (180, 32, 4 + 1 + 1 + 1));
}
