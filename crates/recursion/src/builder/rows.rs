//! Where a run leaves what goes through permutations.

use ashlar_circuit::compress::CompressRow;
use ashlar_circuit::sponge::SpongeRow;
use ashlar_circuit::{Challenge, Val};
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_symmetric::Permutation;

use super::leaves::Leaf;

/// The rows of some tables.
pub(super) trait Rows {
    /// A sponge is given its capacity.
    fn load(&mut self, row: usize, capacity: &[Val; 8]);
    /// A sponge permutes, having absorbed the word behind the carry.
    fn duplex(&mut self, row: usize, input: &[Val; 16], word: &[Val; 8], carry: &[Val; 3]);
    /// A node of a cap.
    fn node(&mut self, row: usize, node: &[Val; 8]);
    /// A path steps up from a node that is the left or the right child.
    fn step(&mut self, row: usize, input: &[Val; 16], node: &[Val; 8], bit: bool);
    /// A path ends in this row at a node of a cap.
    fn end(&mut self, row: usize, index: Val, node: usize);
    /// A leaf is hashed, its data being combined with a power.
    fn leaf(&mut self, leaf: &Leaf, data: &[Val], power: Challenge) -> Hashed;
}

/// What a leaf's hash leaves behind.
pub(super) struct Hashed {
    pub(super) digest: [Val; 8],
    /// The last group of four of the last input's rate: data, or what was there before.
    pub(super) last: [Val; 4],
}

/// The rows of the tables of sponges and of `compress`.
pub(super) struct WideRows<'a> {
    pub(super) sponge: [Vec<SpongeRow>; 2],
    pub(super) compress: Vec<CompressRow>,
    /// The row of each node of a cap.
    cap_rows: &'a [u32],
    permutation: Poseidon2KoalaBear<24>,
}

impl<'a> WideRows<'a> {
    pub(super) fn new(sponge: [usize; 2], compress: usize, cap_rows: &'a [u32]) -> Self {
        let idle = SpongeRow { input: [Val::ZERO; 24], power: Challenge::ZERO };
        Self {
            sponge: sponge.map(|rows| vec![idle; rows]),
            compress: vec![CompressRow::default(); compress],
            cap_rows,
            permutation: default_koalabear_poseidon2_24(),
        }
    }
}

impl Rows for WideRows<'_> {
    fn load(&mut self, row: usize, capacity: &[Val; 8]) {
        self.compress[row].word = *capacity;
    }

    fn duplex(&mut self, row: usize, input: &[Val; 16], word: &[Val; 8], carry: &[Val; 3]) {
        let row = &mut self.compress[row];
        (row.input, row.word, row.carry) = (*input, *word, *carry);
    }

    fn node(&mut self, row: usize, node: &[Val; 8]) {
        self.compress[row].word = *node;
    }

    fn step(&mut self, row: usize, input: &[Val; 16], node: &[Val; 8], bit: bool) {
        let bit = Val::from_bool(bit);
        self.compress[row] = CompressRow { input: *input, word: *node, bit, ..CompressRow::default() };
    }

    fn end(&mut self, row: usize, index: Val, node: usize) {
        self.compress[self.cap_rows[node] as usize].uses += Val::ONE;
        self.compress[row].index = index;
    }

    fn leaf(&mut self, leaf: &Leaf, data: &[Val], power: Challenge) -> Hashed {
        let (table, first) = leaf.place;
        let mut state = [Val::ZERO; 24];
        let mut last = [Val::ZERO; 4];
        for (row, block) in self.sponge[table][first..].iter_mut().zip(data.chunks(16)) {
            state[..block.len()].copy_from_slice(block);
            *row = SpongeRow { input: state, power };
            last = core::array::from_fn(|i| state[12 + i]);
            self.permutation.permute_mut(&mut state);
        }
        Hashed { digest: core::array::from_fn(|i| state[i]), last }
    }
}

/// The blocks of the narrow table: operands are values of wires.
pub(super) struct NarrowRows {
    /// The input of each block.
    pub(super) inputs: Vec<[Val; 16]>,
    permutation: Poseidon2KoalaBear<16>,
}

impl NarrowRows {
    pub(super) fn new(blocks: usize) -> Self {
        Self { inputs: vec![[Val::ZERO; 16]; blocks], permutation: default_koalabear_poseidon2_16() }
    }
}

impl Rows for NarrowRows {
    fn load(&mut self, _: usize, _: &[Val; 8]) {}

    fn duplex(&mut self, row: usize, input: &[Val; 16], _: &[Val; 8], _: &[Val; 3]) {
        self.inputs[row] = *input;
    }

    fn node(&mut self, _: usize, _: &[Val; 8]) {}

    fn step(&mut self, row: usize, input: &[Val; 16], _: &[Val; 8], _: bool) {
        self.inputs[row] = *input;
    }

    fn end(&mut self, _: usize, _: Val, _: usize) {}

    fn leaf(&mut self, leaf: &Leaf, data: &[Val], _: Challenge) -> Hashed {
        let mut state = [Val::ZERO; 16];
        let mut last = [Val::ZERO; 4];
        for (input, block) in self.inputs[leaf.place.1..].iter_mut().zip(data.chunks(8)) {
            state[..block.len()].copy_from_slice(block);
            *input = state;
            last = core::array::from_fn(|i| state[4 + i]);
            self.permutation.permute_mut(&mut state);
        }
        Hashed { digest: core::array::from_fn(|i| state[i]), last }
    }
}
