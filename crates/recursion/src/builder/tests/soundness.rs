//! A circuit with a bit of everything, in which every value is changed at one place.

use ashlar_circuit::compress::CompressFixed;
use ashlar_circuit::sponge::SpongeFixed;

use super::super::wires::words;
use super::super::{Circuit, Step};
use super::*;

/// A transcript, two leaves, a path, bits, coefficients, and public values.
pub(super) fn example() -> (Builder, Given) {
    let mut random = Random(77);
    let data = random.vals(12 + 12);
    let sibling: [Val; 8] = random.vals(8).try_into().unwrap();
    let digests = [&data[..12], &data[12..]].map(sponge::leaf_digest);
    let node = paths::compress(&paths::compress(&sibling, &digests[0]), &digests[1]);
    let number = Challenge::from(Val::from_u32(0b1001));

    let mut builder = Builder::new();
    let zero = builder.zero();
    let index = builder.message(SOURCE);
    let bits = builder.bits(index);
    let nodes: [Wire; 4] = core::array::from_fn(|_| builder.message(SOURCE));
    let carry = builder.extension_constant(extension([Val::TWO, Val::ONE, Val::ZERO, Val::ZERO]));
    let mut duplex = builder.duplex([Val::TWO; 8]);
    let words_of = |i: usize| [nodes[i], nodes[i + 1]];
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: Some(carry), words: words_of(0), tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: None, words: words_of(2), tag: 8 });
    builder.absorb(&mut duplex, Absorb { offset: 2, carry: None, words: [zero; 2], tag: 2 });
    builder.squeeze(&mut duplex);
    let challenge = builder.output(&duplex)[0];
    let cap = builder.cap(&[words_of(0), words_of(2)]);
    builder.open(SOURCE, &[index]);
    let (leaf, sums) = builder.hash_rows(SOURCE, &[8, 4], challenge);
    let (joins, elements) = builder.hash_elements(SOURCE, 3);
    builder.path(SOURCE, leaf, &[Step::Up(bits[0]), Step::Inject(joins)], bits[1], cap);
    let public = builder.public_values();
    let sum = builder.mul_add(sums[0], elements[1], sums[1]);
    let inverse = builder.inverse(sum);
    builder.assert_equal(public[0], inverse);
    let [c0, c1, ..] = builder.unpack(elements[2]);
    let product = builder.select(bits[3], c0, c1);
    builder.assert_equal(public[1], product);

    let messages = [number].into_iter().chain(words(&node)).chain(random.challenges(2)).collect::<Vec<_>>();
    (builder, Given::messages(messages).and_open(Openings { values: data, digests: vec![sibling] }))
}

const SHAPE: CircuitShape = SMALL;

/// A circuit that was run, and what the tables say one by one.
struct Case {
    circuit: Circuit,
    witness: Witness,
    airs: [CircuitAir; 4],
    balances: Vec<Balance>,
}

impl Case {
    fn new() -> Self {
        let (builder, mut given) = example();
        let circuit = builder.finish(&SHAPE).unwrap();
        assert_counts(&circuit);
        let witness = circuit.run(&mut given).unwrap();
        assert!(holds(&circuit, &witness));
        let airs = airs(&circuit);
        let mut case = Self { circuit, witness, airs, balances: Vec::new() };
        case.balances = (0..4).map(|table| case.balance(table, &case.witness).unwrap()).collect();
        case
    }

    /// What a table says; none if it does not hold.
    fn balance(&self, table: usize, witness: &Witness) -> Option<Balance> {
        let trace = &self.circuit.traces(witness)[table];
        let air = &self.airs[table];
        let report = evaluate(air, trace, public_values(air, &witness.public_values));
        report.failures.is_empty().then_some(report.balance)
    }

    /// Whether rows of a table that were changed are refused, by it or by the others.
    fn is_refused(&self, table: usize, change: impl FnOnce(&mut Witness)) -> bool {
        let mut changed = self.witness.clone();
        change(&mut changed);
        assert_ne!(changed, self.witness);
        self.balance(table, &changed).as_ref() != Some(&self.balances[table])
    }
}

#[test]
fn every_value_of_an_operation_is_bound() {
    let case = Case::new();
    for i in 0..case.witness.operations.len() {
        for k in 0..4 {
            let change = |witness: &mut Witness| witness.operations[i][k] += Random(i as u64).challenge();
            assert!(case.is_refused(3, change), "operation {i}, wire {k}");
        }
    }
}

/// Whether something is made of a row's word.
fn has_word(fixed: &CompressFixed<Val>, row: usize) -> bool {
    let counts = [fixed.digest_count, fixed.is_path, fixed.loads].into_iter().chain(fixed.word_count);
    row == 0 || counts.chain(fixed.absorbs).any(|count| count != Val::ZERO)
}

#[test]
fn every_value_of_a_row_of_compress_is_bound() {
    let case = Case::new();
    let fixed = &case.circuit.fixed_compress;
    for (row, of) in fixed.iter().enumerate() {
        let before = row.checked_sub(1).map(|row| fixed[row]).unwrap_or_default();
        for i in 0..8 {
            let refused = case.is_refused(2, |witness| witness.compress[row].word[i] += Val::TWO);
            assert_eq!(refused, has_word(of, row), "row {row}, word {i}");
        }
        for i in 0..3 {
            let refused = case.is_refused(2, |witness| witness.compress[row].carry[i] += Val::TWO);
            let is_bound = of.has_carry == Val::ONE || of.absorbs[i + 1..].contains(&Val::ONE);
            assert_eq!(refused, is_bound, "row {row}, carry {i}");
        }
        let is_hashed = of.is_path != Val::ZERO || of.absorbs.iter().any(|flag| *flag != Val::ZERO);
        let is_state = is_hashed || before.chain_state != Val::ZERO;
        for i in 0..16 {
            let refused = case.is_refused(2, |witness| witness.compress[row].input[i] += Val::TWO);
            assert_eq!(refused, is_state, "row {row}, input {i}");
        }
        let refused = case.is_refused(2, |witness| witness.compress[row].bit += Val::TWO);
        assert_eq!(refused, of.has_bit == Val::ONE, "row {row}, bit");
        assert!(case.is_refused(2, |witness| witness.compress[row].index += Val::TWO), "row {row}, index");
        assert!(case.is_refused(2, |witness| witness.compress[row].uses += Val::TWO), "row {row}, uses");
    }
}

#[test]
fn every_value_of_a_row_of_sponge_is_bound() {
    let case = Case::new();
    let fixed = &case.circuit.fixed_sponge[0];
    assert_eq!(fixed.len(), 3);
    for (row, of) in fixed.iter().enumerate() {
        let is_leaf = *of != SpongeFixed::default() && row > 0;
        for i in 0..24 {
            let refused = case.is_refused(0, |witness| witness.sponge[0][row].input[i] += Val::TWO);
            assert_eq!(refused, is_leaf || i >= 16, "row {row}, input {i}");
        }
        let refused = case.is_refused(0, |witness| witness.sponge[0][row].power += Challenge::TWO);
        assert_eq!(refused, of.batches == Val::ONE, "row {row}, power");
    }
}

#[test]
fn every_public_value_is_bound() {
    let case = Case::new();
    for i in 0..8 {
        assert!(case.is_refused(2, |witness| witness.public_values[i] += Val::TWO));
        assert!(case.is_refused(2, |witness| {
            witness.public_values[i] += Val::TWO;
            witness.compress[0].word[i] += Val::TWO;
        }));
    }
}
