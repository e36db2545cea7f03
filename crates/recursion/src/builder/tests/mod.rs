//! What the tests share: inputs, and a judge that adds up the buses exactly.

mod arithmetic;
mod bits;
mod compress;
mod inputs;
mod layout;
mod narrow;
mod paths;
mod soundness;
mod sponge;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ashlar_circuit::arithmetic::{ArithmeticAir, OperationFixed};
use ashlar_circuit::compress::CompressAir;
use ashlar_circuit::sponge::SpongeAir;
use ashlar_circuit::{Challenge, CircuitAir, Val};
use ashlar_machine::evaluate::{Balance, evaluate};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::wires::extension;
use super::{
    Absorb, BuildError, Builder, Circuit, CircuitShape, Failure, Inputs, Openings, Refused, Source,
    Unsatisfied, Wire, Witness,
};

const SOURCE: Source = Source(0);

const SMALL: CircuitShape = CircuitShape { sponge: [4, 3], compress: 5, arithmetic: 6, operations: 4 };

/// Elements that look random (SplitMix64).
struct Random(u64);

impl Random {
    fn val(&mut self) -> Val {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Val::from_u64(z >> 32)
    }

    fn vals(&mut self, count: usize) -> Vec<Val> {
        (0..count).map(|_| self.val()).collect()
    }

    fn challenge(&mut self) -> Challenge {
        extension(core::array::from_fn(|_| self.val()))
    }

    fn challenges(&mut self, count: usize) -> Vec<Challenge> {
        (0..count).map(|_| self.challenge()).collect()
    }
}

/// Inputs that were written down beforehand.
#[derive(Clone, Default)]
struct Given {
    messages: BTreeMap<usize, Vec<Challenge>>,
    /// What each `open` gives, in order.
    openings: VecDeque<Openings>,
    /// What was asked for.
    opened: Vec<(Source, Vec<Challenge>)>,
}

impl Given {
    fn messages(messages: impl Into<Vec<Challenge>>) -> Self {
        Self { messages: BTreeMap::from([(0, messages.into())]), ..Self::default() }
    }

    fn and_open(mut self, openings: Openings) -> Self {
        self.openings.push_back(openings);
        self
    }
}

impl Inputs for Given {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        self.messages.get(&source.0).cloned().unwrap_or_default()
    }

    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.opened.push((source, values.to_vec()));
        self.openings.pop_front().ok_or(Refused("nothing is left to open"))
    }
}

/// The tables of a circuit.
fn airs(circuit: &Circuit) -> [CircuitAir; 4] {
    let fixed: Vec<_> = circuit.fixed().into_iter().map(Arc::new).collect();
    [
        CircuitAir::Sponge(SpongeAir::new(fixed[0].clone())),
        CircuitAir::Sponge(SpongeAir::new(fixed[1].clone())),
        CircuitAir::Compress(CompressAir::new(fixed[2].clone())),
        CircuitAir::Arithmetic(ArithmeticAir::new(circuit.shape().operations, fixed[3].clone())),
    ]
}

fn public_values<'a>(air: &CircuitAir, values: &'a [Val; 8]) -> &'a [Val] {
    if matches!(air, CircuitAir::Compress(_)) { values } else { &[] }
}

/// Whether rows satisfy all constraints, and buses balance.
fn holds(circuit: &Circuit, witness: &Witness) -> bool {
    let mut balance = Balance::default();
    let mut has_failed = false;
    for (air, trace) in airs(circuit).iter().zip(circuit.traces(witness)) {
        let report = evaluate(air, &trace, public_values(air, &witness.public_values));
        has_failed |= !report.failures.is_empty();
        balance.add_all(&report.balance);
    }
    !has_failed && balance.is_zero()
}

/// Runs a circuit that must have a witness, and judges it.
fn accept(builder: Builder, inputs: &Given) -> (Circuit, Witness) {
    let circuit = builder.finish(&SMALL).expect("a circuit that fits");
    assert_counts(&circuit);
    let witness = circuit.run(&mut inputs.clone()).expect("a witness");
    assert!(holds(&circuit, &witness), "the witness does not hold");
    (circuit, witness)
}

/// Runs a circuit that must have none.
fn refuse(builder: Builder, inputs: &Given) -> Failure {
    let circuit = builder.finish(&SMALL).expect("a circuit that fits");
    assert_counts(&circuit);
    circuit.run(&mut inputs.clone()).expect_err("no witness").what
}

/// The values that wires of operations have in a witness.
fn values(circuit: &Circuit, witness: &Witness) -> BTreeMap<Wire, Challenge> {
    circuit.operations.iter().flatten().copied().zip(witness.operations.iter().flatten().copied()).collect()
}

/// Every address is defined once, and its reads are as many as its definition says.
fn assert_counts(circuit: &Circuit) {
    let mut wires = Messages::default();
    let mut digests = Messages::default();
    for row in circuit.fixed_sponge.iter().flatten() {
        (0..4).for_each(|k| wires.add(row.sum_address[k], row.sum_count[k]));
        wires.add(row.power_address, row.power_count);
        digests.add(row.digest_address, row.digest_count);
    }
    for row in &circuit.fixed_compress {
        for k in 0..2 {
            wires.add(row.word_address[k], row.word_count[k]);
            wires.add(row.out_address[k], row.out_count[k]);
        }
        wires.add(row.bit_address, -row.has_bit);
        wires.add(row.index_address, -row.has_index);
        wires.add(row.carry_address, -row.has_carry);
        digests.add(row.digest_address, row.digest_count);
    }
    for OperationFixed { a, b, c, d, a_count, d_count } in circuit.fixed_operations.iter().copied() {
        for (address, count) in [(a, a_count), (b, Val::NEG_ONE), (c, Val::NEG_ONE), (d, d_count)] {
            wires.add(address, count);
        }
    }
    wires.assert_balanced();
    digests.assert_balanced();
}

/// Counts by address.
#[derive(Default)]
struct Messages(BTreeMap<u32, (i64, usize)>);

impl Messages {
    fn add(&mut self, address: Val, count: Val) {
        if count == Val::ZERO {
            return;
        }
        let [count, negated] = [count, -count].map(|count| i64::from(count.as_canonical_u32()));
        let (sum, definitions) = self.0.entry(address.as_canonical_u32()).or_default();
        if count < negated {
            *sum += count;
            *definitions += 1;
        } else {
            *sum -= negated;
        }
    }

    fn assert_balanced(&self) {
        for (address, (sum, definitions)) in &self.0 {
            assert_eq!((*sum, *definitions), (0, 1), "address {address}: sum, definitions");
        }
    }
}
