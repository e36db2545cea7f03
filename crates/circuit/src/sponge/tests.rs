use alloc::sync::Arc;

use ashlar_machine::evaluate::Balance;
use p3_air::BaseAir;
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_24};
use p3_matrix::Matrix;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, Permutation};

use super::*;
use crate::bus::name;
use crate::extension::element;
use crate::testing::{self, Instance, Random, message, val, wire};
use crate::{Challenge, CircuitAir, Val};

type LeafHash = PaddingFreeSponge<Poseidon2KoalaBear<24>, 24, 16, 8>;

fn leaf_hash(data: &[Val]) -> [Val; 8] {
    LeafHash::new(default_koalabear_poseidon2_24()).hash_slice(data)
}

/// The sum of power^(n-1-i) f(i).
fn sum(data: &[Val], power: Challenge) -> Challenge {
    data.iter().fold(Challenge::ZERO, |sum, f| sum * power + *f)
}

fn powers(columns: &SpongeColumns<Val>) -> Challenge {
    element(&columns.powers[0])
}

/// What the rows of a leaf do with its data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Batch,
    Deliver,
}

/// Rows of leaves, one after the other, and what they say on the buses.
struct Leaves {
    height: usize,
    fixed: Vec<SpongeFixed<Val>>,
    rows: Vec<SpongeRow>,
    expected: Balance,
    address: u32,
}

impl Leaves {
    fn new(height: usize) -> Self {
        Self {
            height,
            fixed: vec![SpongeFixed::default(); height],
            rows: Vec::new(),
            expected: Balance::default(),
            address: 10,
        }
    }

    /// Adds a leaf that consists of a row of each of these matrices.
    fn add(&mut self, matrices: &[Vec<Val>], power: Challenge, how: Use) {
        let data = matrices.concat();
        let mut state = [Val::ZERO; 24];
        let first = self.rows.len();
        let rows = data.len().div_ceil(16);
        for (i, block) in data.chunks(16).enumerate() {
            state[..block.len()].copy_from_slice(block);
            self.rows.push(SpongeRow { input: state, power });
            state = default_koalabear_poseidon2_24().permute(state);
            let row = first + i;
            let fixed = &mut self.fixed[row];
            match how {
                Use::Batch => fixed.batches = Val::ONE,
                Use::Deliver => fixed.delivers = Val::ONE,
            }
            fixed.chains = Val::from_bool(i + 1 < rows);
            fixed.holds = Val::from_bool(i + 1 < rows);
            let before = (row + self.height - 1) % self.height;
            self.fixed[before].retains = core::array::from_fn(|k| Val::from_bool(block.len() <= 4 * (k + 1)));
        }
        self.read_power(first, power);
        self.define_digest(first + rows - 1, &data);
        match how {
            Use::Batch => self.define_sums(first, matrices, power),
            Use::Deliver => self.define_elements(first, &data),
        }
    }

    fn read_power(&mut self, row: usize, power: Challenge) {
        self.fixed[row].power_address = val(3);
        self.fixed[row].power_count = Val::NEG_ONE;
        self.expected.add(name::WITNESS, &wire(3, power), -1);
    }

    fn define_digest(&mut self, row: usize, data: &[Val]) {
        let address = self.next_address();
        self.fixed[row].digest_address = val(address);
        self.fixed[row].digest_count = Val::ONE;
        self.expected.add(name::DIGEST, &message(address, &leaf_hash(data)), 1);
    }

    fn define_sums(&mut self, first: usize, matrices: &[Vec<Val>], power: Challenge) {
        let mut group = 0;
        for matrix in matrices {
            for i in 0..matrix.len() / 4 {
                let (row, k) = (first + group / 4, group % 4);
                self.fixed[row].continues[k] = Val::from_bool(i != 0);
                if i + 1 == matrix.len() / 4 {
                    self.define(row, k, sum(matrix, power));
                }
                group += 1;
            }
        }
    }

    fn define_elements(&mut self, first: usize, data: &[Val]) {
        for (group, coefficients) in data.as_chunks::<4>().0.iter().enumerate() {
            self.define(first + group / 4, group % 4, element(coefficients));
        }
    }

    /// The sum of this group is a wire that is read twice.
    fn define(&mut self, row: usize, group: usize, value: Challenge) {
        let address = self.next_address();
        self.fixed[row].sum_address[group] = val(address);
        self.fixed[row].sum_count[group] = Val::TWO;
        self.expected.add(name::WITNESS, &wire(address, value), 2);
    }

    fn next_address(&mut self) -> u32 {
        self.address += 1;
        self.address
    }

    fn air(fixed: &[SpongeFixed<Val>], height: usize) -> SpongeAir {
        SpongeAir::new(Arc::new(fixed_matrix(fixed, height)))
    }

    fn instance(&self) -> Instance {
        Instance {
            air: CircuitAir::Sponge(Self::air(&self.fixed, self.height)),
            trace: trace(&self.fixed, &self.rows, self.height),
            public_values: Vec::new(),
        }
    }

    /// Asserts that the rows are refused, but would not be if the flag were cleared.
    fn assert_refused_by(&self, clear: impl Fn(&mut [SpongeFixed<Val>])) {
        let mut fixed = self.fixed.clone();
        clear(&mut fixed);
        let [with, without] = [&self.fixed, &fixed].map(|fixed| Self::air(fixed, self.height));
        let trace = trace(&fixed, &self.rows, self.height);
        testing::assert_only_refused_with(&with, &without, &trace, &[]);
    }

    /// Permutes anew from this row on, where rows chain.
    fn permute_on(&mut self, first: usize) {
        for row in first + 1..self.rows.len() {
            let state = default_koalabear_poseidon2_24().permute(self.rows[row - 1].input);
            if self.fixed[row - 1].chains == Val::ZERO {
                break;
            }
            self.rows[row].input[16..].copy_from_slice(&state[16..]);
            for k in (1..4).filter(|k| self.fixed[row - 1].retains[k - 1] == Val::ONE) {
                self.rows[row].input[4 * k..4 * k + 4].copy_from_slice(&state[4 * k..4 * k + 4]);
            }
        }
    }
}

/// Rows 0 to 2: a leaf of 40 elements from three matrices. Row 3: one of two elements of the extension field.
fn two_leaves() -> Leaves {
    let mut random = Random(5);
    let mut leaves = Leaves::new(8);
    let matrices = [random.list(12), random.list(24), random.list(4)];
    leaves.add(&matrices, random.challenge(), Use::Batch);
    leaves.add(&[random.list(8)], random.challenge(), Use::Deliver);
    leaves
}

#[test]
fn leaves_are_hashed_as_p3_hashes_them_and_sums_are_as_the_formula_says() {
    let mut random = Random(1);
    let mut leaves = Leaves::new(64);
    for length in (4..=40).step_by(4) {
        let power = random.challenge();
        leaves.add(&[random.list(length)], power, Use::Batch);
        // The same length cut into two matrices.
        leaves.add(&[random.list(4), random.list(length)], power, Use::Batch);
    }
    assert_eq!(leaves.instance().balance(), leaves.expected);
}

#[test]
fn elements_of_the_extension_field_are_hashed_and_delivered() {
    let mut random = Random(2);
    let mut leaves = Leaves::new(16);
    for count in 1..8 {
        leaves.add(&[random.list(4 * count)], random.challenge(), Use::Deliver);
    }
    assert_eq!(leaves.instance().balance(), leaves.expected);
}

#[test]
fn a_table_may_be_full_or_empty() {
    let mut random = Random(3);
    let mut leaves = Leaves::new(4);
    leaves.add(&[random.list(20)], random.challenge(), Use::Batch);
    leaves.add(&[random.list(32)], random.challenge(), Use::Batch);
    assert_eq!(leaves.instance().balance(), leaves.expected);
    assert_eq!(Leaves::new(4).instance().balance(), Balance::default());
}

#[test]
fn every_column_matters() {
    two_leaves().instance().assert_every_column_matters(&[(SpongeColumns::WIDTH - 1, "always free")]);
}

/// The permutation is bound on every row, idle rows included.
#[test]
fn refuses_a_forged_round_in_every_cell() {
    let instance = two_leaves().instance();
    let fixed = instance.air.preprocessed_trace();
    let rounds = core::mem::offset_of!(SpongeColumns<u8>, rounds);
    let end = core::mem::offset_of!(SpongeColumns<u8>, carried);
    for row in 0..instance.trace.height() {
        for column in rounds..end {
            assert!(instance.is_refused(fixed.as_ref(), row, column), "row {row} column {column}");
        }
    }
}

#[test]
fn refuses_a_sum_that_forgets_the_groups_before() {
    let leaves = two_leaves();
    for (row, k) in [(0, 1), (0, 2), (1, 0), (1, 3), (2, 0)] {
        leaves.assert_refused_by(|fixed| fixed[row].continues[k] = Val::ZERO);
    }
}

#[test]
fn refuses_a_sum_without_the_data() {
    let leaves = two_leaves();
    for row in 0..3 {
        leaves.assert_refused_by(|fixed| fixed[row].batches = Val::ZERO);
    }
}

#[test]
fn refuses_elements_that_were_not_hashed() {
    two_leaves().assert_refused_by(|fixed| fixed[3].delivers = Val::ZERO);
}

/// A second block hashed as if it were a leaf's first would make one of many leaves.
#[test]
fn refuses_a_leaf_that_starts_over() {
    let mut leaves = two_leaves();
    leaves.rows[1].input[16..].fill(Val::ZERO);
    leaves.permute_on(1);
    leaves.assert_refused_by(|fixed| fixed[0].chains = Val::ZERO);
}

#[test]
fn refuses_a_chosen_capacity_in_each_element_of_a_first_row() {
    for row in [0, 3, 7] {
        for i in 16..24 {
            let mut leaves = two_leaves();
            leaves.rows.resize(8, SpongeRow { input: [Val::ZERO; 24], power: Challenge::ZERO });
            leaves.rows[row].input[i] += Val::ONE;
            leaves.permute_on(row);
            assert_ne!(leaves.instance().report().failures, [], "row {row} element {i}");
        }
    }
}

#[test]
fn refuses_a_chosen_rate_behind_the_data() {
    // Group 2 of the leaf's last row keeps what was there; so do groups 1 and 2 of its second row, in another leaf.
    for i in 8..16 {
        let mut leaves = two_leaves();
        leaves.rows[2].input[i] += Val::ONE;
        leaves.assert_refused_by(|fixed| fixed[1].retains[i / 4 - 1] = Val::ZERO);
    }
    // A first row's rate behind the data is zeros.
    for i in 8..16 {
        let mut leaves = two_leaves();
        leaves.rows[3].input[i] += Val::ONE;
        leaves.assert_refused_by(|fixed| fixed[2].retains[i / 4 - 1] = Val::ZERO);
    }
}

#[test]
fn refuses_a_chosen_rate_behind_the_data_of_the_tables_first_row() {
    let mut random = Random(4);
    for i in 4..16 {
        let mut leaves = Leaves::new(4);
        leaves.add(&[random.list(4)], random.challenge(), Use::Batch);
        leaves.rows[0].input[i] += Val::ONE;
        leaves.assert_refused_by(|fixed| fixed[3].retains[i / 4 - 1] = Val::ZERO);
    }
}

#[test]
fn refuses_another_power_in_the_middle_of_a_leaf() {
    let mut leaves = two_leaves();
    leaves.rows[1].power += Challenge::ONE;
    leaves.rows[2].power += Challenge::ONE;
    leaves.assert_refused_by(|fixed| fixed[0].holds = Val::ZERO);
}

#[test]
fn refuses_a_forged_carried_sum() {
    let leaves = two_leaves();
    let mut instance = leaves.instance();
    let width = SpongeColumns::WIDTH;
    // Everything on the forged row fits the carried sum; only the row before disagrees.
    let mut trace = instance.trace.clone();
    let row: &mut SpongeColumns<Val> =
        core::borrow::BorrowMut::borrow_mut(&mut trace.values[2 * width..3 * width]);
    row.carried[1] += Val::ONE;
    let change = powers(row).exp_u64(4) * element(&[Val::ZERO, Val::ONE, Val::ZERO, Val::ZERO]);
    let first = element(&row.sums[0]) + change;
    row.sums[0] = crate::extension::coefficients(first);
    instance.trace = trace;
    let failures = instance.report().failures;
    assert!(!failures.is_empty() && failures.iter().all(|failure| failure.row == 1), "{failures:?}");
}

/// Each count decides what other tables see: without it, the message is not there.
#[test]
fn counts_are_what_the_key_fixes() {
    let leaves = two_leaves();
    type Clear = fn(&mut SpongeFixed<Val>);
    let clears: [Clear; 3] = [
        |fixed| fixed.sum_count = [Val::ZERO; 4],
        |fixed| fixed.digest_count = Val::ZERO,
        |fixed| fixed.power_count = Val::ZERO,
    ];
    for clear in clears {
        let mut fixed = leaves.fixed.clone();
        fixed.iter_mut().for_each(clear);
        let instance = Instance { air: CircuitAir::Sponge(Leaves::air(&fixed, 8)), ..leaves.instance() };
        assert_ne!(instance.balance(), leaves.expected);
    }
}

#[test]
fn layouts_whose_last_row_goes_on_in_the_first_are_refused() {
    let mut rows = [SpongeFixed::default(); 3];
    fixed_matrix(&rows, 3);
    rows[0].continues[0] = Val::ONE;
    assert!(std::panic::catch_unwind(|| fixed_matrix(&rows, 4)).is_err());
    let chains = SpongeFixed { chains: Val::ONE, ..Default::default() };
    let holds = SpongeFixed { holds: Val::ONE, ..Default::default() };
    for last in [chains, holds] {
        let rows = [SpongeFixed::default(), SpongeFixed::default(), last];
        fixed_matrix(&rows, 4);
        assert!(std::panic::catch_unwind(|| fixed_matrix(&rows, 3)).is_err());
    }
}

#[test]
fn width() {
    assert_eq!(testing::shape(&CircuitAir::Sponge(SpongeAir::default())), (276, 24, 3 + 1 + 1));
}
