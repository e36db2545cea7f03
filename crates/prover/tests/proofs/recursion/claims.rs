//! Circuits run on claims and inner proofs that do not belong together: none has a witness.

use ashlar_circuit::Challenge;
use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_recursion::builder::{Inputs, Openings, Refused, Source};
use ashlar_recursion::circuits::{CircuitInputs, FinishClaim, InnerProof, JoinClaim, LeafClaim, RangePair};
use ashlar_verifier::config::Config;
use ashlar_verifier::{Boundary, Circuit, Commitment, circuit_leaf};
use p3_batch_stark::BatchProof;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

use super::{LEAF, Layer, decode, foreign_leaf, key, layer, run, run_on, statement};
use crate::support::{fixture, stranger};

type Proof = BatchProof<Config>;

/// A boundary with one component changed: root, digest, then pc.
fn change(boundary: &mut Boundary, component: usize) {
    match component {
        0..8 => boundary.root[component] += Val::ONE,
        8..16 => boundary.digest[component - 8] += Val::ONE,
        _ => boundary.pc += 4,
    }
}

const COMPONENTS: usize = 17;

impl Layer {
    fn run_fold(&self, claim: &RangePair, of: [(Circuit, &Proof); 2]) -> Result<Digest, String> {
        let inner = of.map(|(circuit, proof)| self.inner(circuit, proof));
        run(Circuit::Fold, CircuitInputs::fold(claim, inner).expect("inputs"))
    }

    fn run_finish(&self, claim: &FinishClaim<'_>, of: (Circuit, &Proof)) -> Result<Digest, String> {
        run(Circuit::Finish, CircuitInputs::finish(claim, self.inner(of.0, of.1)).expect("inputs"))
    }

    fn run_join(&self, claim: &JoinClaim, of: [(Circuit, &Proof); 2]) -> Result<Digest, String> {
        let inner = of.map(|(circuit, proof)| self.inner(circuit, proof));
        run(Circuit::Join, CircuitInputs::join(claim, inner).expect("inputs"))
    }

    fn run_leaf(&self, claim: &LeafClaim<'_>, proof: &Proof) -> Result<Digest, String> {
        run(LEAF, CircuitInputs::leaf(0, claim, proof).expect("inputs"))
    }
}

fn segment(i: usize) -> Proof {
    fixture().proof().segments.swap_remove(i).proof
}

#[test]
fn refuses_boundaries_unequal_in_any_component() {
    let leaves = [0, 1].map(|i| layer().leaf(i));
    let of = leaves.each_ref().map(|leaf| (LEAF, leaf));
    assert!(layer().run_fold(&layer().range_pair(), of).is_ok());
    for boundary in 0..3 {
        for component in 0..COMPONENTS {
            let mut claim = layer().range_pair();
            change(&mut claim.boundaries[boundary], component);
            assert!(layer().run_fold(&claim, of).is_err(), "boundary {boundary}, component {component}");
        }
    }
}

#[test]
fn refuses_ranges_reordered_repeated_or_of_other_ends() {
    let leaves = [0, 1].map(|i| layer().leaf(i));
    let fold = layer().fold();
    let [start, cut, end] = layer().boundaries;
    let ranges = [(LEAF, &leaves[0]), (LEAF, &leaves[1]), (Circuit::Fold, &fold)];
    let triples = [
        [start, cut, end],
        [start, cut, cut],
        [start, start, cut],
        [cut, end, end],
        [start, end, end],
        [end; 3],
    ];
    for boundaries in triples {
        let claim = RangePair { boundaries, ..layer().range_pair() };
        for (i, left) in ranges.iter().enumerate() {
            for (j, right) in ranges.iter().enumerate() {
                let verdict = layer().run_fold(&claim, [*left, *right]);
                let is_honest = boundaries == [start, cut, end] && [i, j] == [0, 1];
                assert_eq!(verdict.is_ok(), is_honest, "ranges {i} and {j}: {verdict:?}");
            }
        }
    }
}

#[test]
fn refuses_segments_of_another_program() {
    let leaves = [0, 1].map(|i| layer().leaf(i));
    let foreign = decode(foreign_leaf());
    let [start, end] = [stranger().jobs[0].start, stranger().jobs[0].end];
    let [_, cut, last] = layer().boundaries;
    let keys = [key().program_key_digest(), stranger().prover.key().program_key_digest()];
    for program_key in keys {
        // With its own boundaries, and with those of the segment that it stands for.
        for boundaries in [[start, end, last], [start, cut, last], layer().boundaries] {
            let claim = RangePair { program_key, boundaries, ..layer().range_pair() };
            assert!(layer().run_fold(&claim, [(LEAF, &foreign), (LEAF, &leaves[1])]).is_err());
            assert!(layer().run_fold(&claim, [(LEAF, &leaves[0]), (LEAF, &foreign)]).is_err());
        }
    }
    let claim = FinishClaim { key: stranger().prover.key(), ..layer().finish_claim() };
    assert!(layer().run_finish(&claim, (Circuit::Fold, &layer().fold())).is_err());
    let claim = LeafClaim { key: stranger().prover.key(), ..layer().leaf_claim(0) };
    assert!(layer().run_leaf(&claim, &segment(0)).is_err());
}

#[test]
fn refuses_ranges_that_are_no_whole_run() {
    let [start, cut, end] = layer().boundaries;
    let [first, last] = [0, 1].map(|i| layer().leaf(i));
    let fold = layer().fold();
    let ends = [start, cut, end];
    for at in ends {
        let claim = FinishClaim { end_root: at.root, digest: at.digest, ..layer().finish_claim() };
        // Does not end in HALT; does not start at the start.
        assert!(layer().run_finish(&claim, (LEAF, &first)).is_err());
        assert!(layer().run_finish(&claim, (LEAF, &last)).is_err());
        assert_eq!(layer().run_finish(&claim, (Circuit::Fold, &fold)).is_ok(), at == end);
    }
    // A key that calls the cut the program's start: another program, which no range is of.
    let mut other = key().clone();
    (other.initial_root, other.entry) = (cut.root, cut.pc);
    let claim = FinishClaim { key: &other, ..layer().finish_claim() };
    assert!(layer().run_finish(&claim, (LEAF, &last)).is_err());
}

#[test]
fn refuses_claims_of_one_kind_as_another() {
    let [leaf, fold, finish, join] = [layer().leaf(1), layer().fold(), layer().finish(), layer().join()];
    let [ranges, runs] =
        [[(LEAF, &leaf), (Circuit::Fold, &fold)], [(Circuit::Finish, &finish), (Circuit::Join, &join)]];
    for (range, run) in ranges.iter().zip(&runs) {
        assert!(layer().run_join(&layer().join_claim(), [*range, *range]).is_err());
        assert!(layer().run_join(&layer().join_claim(), [(Circuit::Finish, &finish), *range]).is_err());
        assert!(layer().run_fold(&layer().range_pair(), [*run, *run]).is_err());
        assert!(layer().run_fold(&layer().range_pair(), [(LEAF, &layer().leaf(0)), *run]).is_err());
        assert!(layer().run_finish(&layer().finish_claim(), *run).is_err());
    }
    // A range's hash as the root of statements.
    let (_, range, _) = &layer().proofs()[2];
    let claim = JoinClaim { roots: [*range; 2], ..layer().join_claim() };
    assert!(layer().run_join(&claim, [(Circuit::Fold, &fold); 2]).is_err());
}

#[test]
fn refuses_statements_that_the_inner_proofs_do_not_have() {
    let finish = layer().finish();
    let of = [(Circuit::Finish, &finish); 2];
    assert!(layer().run_join(&layer().join_claim(), of).is_ok());
    for i in 0..8 {
        for side in 0..2 {
            let mut claim = layer().join_claim();
            claim.roots[side][i] += Val::ONE;
            assert!(layer().run_join(&claim, of).is_err(), "side {side}, word {i}");
        }
    }
    let mut swapped = layer().join_claim();
    swapped.roots[1] = ashlar_verifier::statement_node(&statement(), &statement());
    let join = layer().join();
    assert!(layer().run_join(&swapped, [of[0], (Circuit::Join, &join)]).is_ok());
    assert!(layer().run_join(&swapped, [(Circuit::Join, &join), of[0]]).is_err());
}

/// The cap of no allowed circuit, in every way of showing that it is one.
#[test]
fn refuses_a_key_outside_the_tree() {
    let fold = layer().fold();
    let honest = layer().inner(Circuit::Fold, &fold);
    let finish = |inner: InnerProof<'_>| {
        run(Circuit::Finish, CircuitInputs::finish(&layer().finish_claim(), inner).expect("inputs"))
    };
    assert!(finish(honest).is_ok());
    let mut roots = honest.cap.roots().to_vec();
    roots[15][7] += Val::ONE;
    let cap = Commitment::new(roots);
    let zeros = Commitment::new(vec![[Val::ZERO; 8]; 16]);
    for circuit in 0..16 {
        let path = Circuit::from_number(circuit).map_or(honest.path, |circuit| layer().keys().path(circuit));
        for cap in [&cap, &zeros] {
            assert!(finish(InnerProof { cap, circuit, path, ..honest }).is_err(), "position {circuit}");
        }
        // The honest cap at another place, and another circuit's cap with the proof.
        let is_honest = circuit == Circuit::Fold.number();
        assert_eq!(finish(InnerProof { circuit, path, ..honest }).is_ok(), is_honest, "position {circuit}");
        if let Some(cap) = Circuit::from_number(circuit).and_then(|circuit| layer().keys().cap(circuit)) {
            assert_eq!(
                finish(InnerProof { cap, circuit, path, ..honest }).is_ok(),
                is_honest,
                "cap {circuit}"
            );
        }
    }
    for level in 0..honest.path.len() {
        let mut path = honest.path;
        path[level][0] += Val::ONE;
        assert!(finish(InnerProof { path, ..honest }).is_err(), "level {level}");
    }
    // A tree of the attacker's own, with its root in the claim: the circuit inside has claimed another.
    let mut claim = layer().finish_claim();
    claim.circuits = circuit_leaf(&cap);
    assert!(layer().run_finish(&claim, (Circuit::Fold, &fold)).is_err());
}

/// Inputs with one element of the claim changed.
pub(super) struct Altered {
    pub(super) inputs: CircuitInputs,
    pub(super) claim: Source,
    pub(super) at: usize,
    pub(super) by: Challenge,
}

impl Inputs for Altered {
    fn messages(&mut self, source: Source) -> Vec<Challenge> {
        let mut messages = self.inputs.messages(source);
        if source == self.claim {
            messages[self.at] += self.by;
        }
        messages
    }

    fn open(&mut self, source: Source, values: &[Challenge]) -> Result<Openings, Refused> {
        self.inputs.open(source, values)
    }
}

/// Runs the circuit on each of its claim's elements changed. `free`: what is in its claim only, so that it claims something
/// else, which is as true.
pub(super) fn alter(
    circuit: &str,
    run: impl Fn(&mut dyn Inputs) -> Result<Digest, String>,
    claim: Source,
    inputs: impl Fn() -> CircuitInputs,
    free: &[usize],
) {
    let honest = run(&mut inputs()).expect("the honest claim");
    let len = inputs().messages(claim).len();
    for at in 0..len {
        for coefficient in [0, 3] {
            let by = Challenge::from_basis_coefficients_fn(|i| Val::from_bool(i == coefficient));
            let verdict = run(&mut Altered { inputs: inputs(), claim, at, by });
            // The entry point lies in the base field.
            let is_free = free.contains(&at) && (at != free[free.len() - 1] || coefficient == 0);
            assert_eq!(verdict.is_ok(), is_free, "{circuit}, element {at}: {verdict:?}");
            assert_ne!(verdict, Ok(honest), "{circuit}, element {at}");
        }
    }
}

#[test]
fn refuses_every_other_element_of_a_leafs_claim() {
    let segment = segment(1);
    // The root of the circuits; the initial root, and the entry point behind the cap of the fixed columns.
    let free = [0, 1, 12, 13, 46];
    alter(
        "leaf",
        |inputs| run_on(LEAF, inputs),
        Source(1),
        || CircuitInputs::leaf(0, &layer().leaf_claim(1), &segment).expect("inputs"),
        &free,
    );
}

#[test]
fn refuses_every_other_element_of_a_folds_claim() {
    let leaves = [0, 1].map(|i| layer().leaf(i));
    let inner = || leaves.each_ref().map(|leaf| layer().inner(LEAF, leaf));
    let inputs = || CircuitInputs::fold(&layer().range_pair(), inner()).expect("inputs");
    alter("fold", |inputs| run_on(Circuit::Fold, inputs), Source(2), inputs, &[]);
}

#[test]
fn refuses_every_other_element_of_a_finishs_claim() {
    let fold = layer().fold();
    let inner = || layer().inner(Circuit::Fold, &fold);
    let inputs = || CircuitInputs::finish(&layer().finish_claim(), inner()).expect("inputs");
    alter("finish", |inputs| run_on(Circuit::Finish, inputs), Source(1), inputs, &[]);
}

#[test]
fn refuses_every_other_element_of_a_joins_claim() {
    let finish = layer().finish();
    let inner = || [(); 2].map(|()| layer().inner(Circuit::Finish, &finish));
    let inputs = || CircuitInputs::join(&layer().join_claim(), inner()).expect("inputs");
    alter("join", |inputs| run_on(Circuit::Join, inputs), Source(2), inputs, &[]);
}

#[test]
fn refuses_other_boundaries_of_a_segment() {
    for number in 0..2 {
        let segment = segment(number);
        for component in 0..COMPONENTS {
            let [mut start, mut end] = [layer().leaf_claim(number); 2];
            change(&mut start.start, component);
            change(&mut end.end, component);
            assert!(layer().run_leaf(&start, &segment).is_err(), "start, component {component}");
            assert!(layer().run_leaf(&end, &segment).is_err(), "end, component {component}");
        }
    }
    // The other segment's proof.
    assert!(layer().run_leaf(&layer().leaf_claim(0), &segment(1)).is_err());
}

#[test]
fn refuses_segments_of_another_shape_than_the_circuits() {
    for shape in 1..u8::try_from(Circuit::COUNT).expect("few") {
        assert!(CircuitInputs::leaf(shape, &layer().leaf_claim(0), &segment(0)).is_err(), "shape {shape}");
    }
    // A recursion proof is no segment, and a segment no recursion proof.
    assert!(CircuitInputs::leaf(0, &layer().leaf_claim(0), &layer().leaf(0)).is_err());
    let segment = segment(0);
    let inner = layer().inner(Circuit::Fold, &segment);
    assert!(CircuitInputs::finish(&layer().finish_claim(), inner).is_err());
}
