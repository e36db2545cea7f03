//! What attackers make of a proof: Plonky3 and the circuit give the same verdict on every one.

use std::cell::Cell;

use ashlar_circuit::{Challenge, Val};
use ashlar_verifier::config::Config;
use p3_batch_stark::BatchProof;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_merkle_tree::MerkleCap;

use super::fixture::{Fixture, fixtures};

type Proof = BatchProof<Config>;
type Values = Vec<Vec<Val>>;

/// Numbers that are the same on every run (an LCG of Knuth's).
struct Numbers(Cell<u64>);

impl Numbers {
    fn below(&self, bound: usize) -> usize {
        let state = self.0.get().wrapping_mul(6_364_136_223_846_793_005);
        self.0.set(state.wrapping_add(1_442_695_040_888_963_407));
        (self.0.get() >> 33) as usize % bound.max(1)
    }

    fn element(&self) -> Val {
        Val::from_usize(1 + self.below((1 << 30) - 1))
    }

    /// Not zero, in one coefficient only.
    fn extension(&self) -> Challenge {
        let (place, element) = (self.below(4), self.element());
        Challenge::from_basis_coefficients_fn(|i| if i == place { element } else { Val::ZERO })
    }

    fn of<'a, T: 'a>(&self, list: &'a mut (impl AsMut<[T]> + ?Sized)) -> &'a mut T {
        let list = list.as_mut();
        &mut list[self.below(list.len())]
    }
}

fn verdicts(fixture: &Fixture, proof: &Proof, public_values: &Values) -> [Result<(), String>; 2] {
    let circuit = fixture.verify_in_circuit(proof, public_values).map(|_| ());
    [fixture.verify_natively(proof, public_values), circuit]
}

/// Both refuse what the attack makes of the proof, as often as asked.
fn refused(name: &str, times: usize, attack: impl Fn(&mut Proof, &mut Values, &Numbers)) {
    for fixture in fixtures() {
        for seed in 0..times {
            let (mut proof, mut public_values) = (fixture.proof(), fixture.public_values.clone());
            attack(&mut proof, &mut public_values, &Numbers(Cell::new(seed as u64)));
            let [native, circuit] = verdicts(fixture, &proof, &public_values);
            assert!(native.is_err(), "{name}: Plonky3 accepts it");
            assert!(circuit.is_err(), "{name}: the circuit accepts it");
        }
    }
}

/// The same verdict, whatever it is.
fn agreed(name: &str, times: usize, attack: impl Fn(&mut Proof, &Numbers)) {
    for fixture in fixtures() {
        for seed in 0..times {
            let mut proof = fixture.proof();
            attack(&mut proof, &Numbers(Cell::new(seed as u64)));
            let [native, circuit] = verdicts(fixture, &proof, &fixture.public_values);
            assert_eq!(native.is_ok(), circuit.is_ok(), "{name}: {native:?} and {circuit:?}");
        }
    }
}

fn change_cap(cap: &mut MerkleCap<Val, [Val; 8]>, numbers: &Numbers) {
    let by = numbers.element();
    let mut roots = cap.roots().to_vec();
    *numbers.of(numbers.of(&mut roots)) += by;
    *cap = MerkleCap::new(roots);
}

#[test]
fn changed_commitments_are_refused() {
    refused("main", 3, |proof, _, numbers| change_cap(&mut proof.commitments.main, numbers));
    refused("quotient", 3, |proof, _, numbers| change_cap(&mut proof.commitments.quotient_chunks, numbers));
    refused("messages", 3, |proof, _, numbers| {
        change_cap(proof.commitments.permutation.as_mut().expect("messages"), numbers);
    });
    refused("folding", 6, |proof, _, numbers| {
        let cap = numbers.of(&mut proof.opening_proof.commit_phase_commits);
        change_cap(cap, numbers);
    });
}

#[test]
fn exchanged_commitments_are_refused() {
    refused("main and quotient", 1, |proof, _, _| {
        std::mem::swap(&mut proof.commitments.main, &mut proof.commitments.quotient_chunks);
    });
    refused("rounds", 1, |proof, _, _| proof.opening_proof.commit_phase_commits.swap(0, 1));
    refused("nodes", 1, |proof, _, _| {
        let mut roots = proof.commitments.main.roots().to_vec();
        roots.reverse();
        proof.commitments.main = MerkleCap::new(roots);
    });
}

#[test]
fn changed_opened_values_are_refused() {
    for kind in 0..6 {
        refused("opened value", 8, |proof, _, numbers| {
            let by = numbers.extension();
            let instances = &mut proof.opened_values.instances;
            let mut lists: Vec<&mut Vec<Challenge>> = Vec::new();
            for instance in instances {
                let base = &mut instance.base_opened_values;
                let fixed = base.preprocessed.as_mut();
                match kind {
                    0 => lists.push(&mut base.trace_local),
                    1 => lists.extend(base.trace_next.as_mut()),
                    2 => lists.extend(&mut base.quotient_chunks),
                    3 => lists.push(&mut instance.permutation_local),
                    4 => lists.push(&mut instance.permutation_next),
                    _ => lists.extend(
                        fixed
                            .into_iter()
                            .flat_map(|fixed| std::iter::once(&mut fixed.local).chain(&mut fixed.next)),
                    ),
                }
            }
            lists.retain(|list| !list.is_empty());
            *numbers.of(numbers.of(&mut lists)) += by;
        });
    }
}

#[test]
fn changed_terminals_are_refused() {
    refused("terminal", 4, |proof, _, numbers| {
        let by = numbers.extension();
        let mut terminals: Vec<_> = proof.lookup_terminals.iter_mut().flatten().collect();
        numbers.of(&mut terminals).0 += by;
    });
    // Their sum is still zero.
    refused("moved terminal", 4, |proof, _, numbers| {
        let by = numbers.extension();
        let mut terminals: Vec<_> = proof.lookup_terminals.iter_mut().flatten().collect();
        terminals[0].0 += by;
        terminals[1].0 -= by;
    });
}

#[test]
fn changed_public_values_are_refused() {
    refused("public value", 4, |_, values, numbers| {
        let by = numbers.element();
        let mut values: Vec<_> = values.iter_mut().flatten().collect();
        **numbers.of(&mut values) += by;
    });
    refused("exchanged public values", 1, |_, values, _| {
        values.iter_mut().for_each(|values| values.reverse());
    });
}

#[test]
fn changed_nonces_are_refused_or_good_ones() {
    for nonce in 0..5 {
        // Another nonce may do for the grinding, but all that follows changes.
        refused("nonce", 4, |proof, _, numbers| {
            let by = numbers.element();
            let opening = &mut proof.opening_proof;
            let nonce = match nonce {
                0 => proof.lookup_pow_witness.as_mut().expect("messages"),
                1 => &mut proof.ood_pow_witness,
                2 => &mut opening.batch_pow_witness,
                3 => numbers.of(&mut opening.commit_pow_witnesses),
                _ => &mut opening.query_pow_witness,
            };
            *nonce += by;
        });
    }
}

#[test]
fn changed_final_polynomials_are_refused() {
    refused("coefficient", 4, |proof, _, numbers| {
        let by = numbers.extension();
        *numbers.of(&mut proof.opening_proof.final_poly) += by;
    });
}

#[test]
fn changed_rows_are_refused() {
    refused("row", 24, |proof, _, numbers| {
        let by = numbers.element();
        let opening = numbers.of(&mut proof.opening_proof.input_openings);
        *numbers.of(numbers.of(numbers.of(&mut opening.opened_values))) += by;
    });
    refused("folded value", 12, |proof, _, numbers| {
        let by = numbers.extension();
        let step = numbers.of(&mut proof.opening_proof.commit_phase_openings);
        *numbers.of(numbers.of(&mut step.sibling_values)) += by;
    });
}

#[test]
fn changed_siblings_are_refused() {
    refused("sibling of a matrix", 24, |proof, _, numbers| {
        let by = numbers.element();
        let openings = &mut proof.opening_proof.input_openings;
        let mut digests: Vec<_> =
            openings.iter_mut().flat_map(|opening| &mut opening.opening_proof.sibling_hashes).collect();
        *numbers.of(numbers.of(&mut digests)) += by;
    });
    refused("sibling of a round", 12, |proof, _, numbers| {
        let by = numbers.element();
        let steps = &mut proof.opening_proof.commit_phase_openings;
        let mut digests: Vec<_> =
            steps.iter_mut().flat_map(|step| &mut step.opening_proof.sibling_hashes).collect();
        *numbers.of(numbers.of(&mut digests)) += by;
    });
}

#[test]
fn exchanged_parts_have_one_verdict() {
    agreed("queries", 3, |proof, numbers| {
        let opening = numbers.of(&mut proof.opening_proof.input_openings);
        opening.opened_values.swap(0, 1);
    });
    agreed("siblings", 3, |proof, numbers| {
        let opening = numbers.of(&mut proof.opening_proof.input_openings);
        opening.opening_proof.sibling_hashes.reverse();
    });
    agreed("rounds", 1, |proof, _| proof.opening_proof.commit_phase_openings.swap(0, 1));
    agreed("tables", 1, |proof, _| proof.opened_values.instances.swap(0, 2));
    agreed("trees", 3, |proof, numbers| {
        let i = numbers.below(4);
        proof.opening_proof.input_openings.swap(i, (i + 1) % 4);
    });
    agreed("coefficients", 1, |proof, _| proof.opening_proof.final_poly.reverse());
}

#[test]
fn lists_of_another_length_are_refused() {
    /// Drops the last entry of a list, or repeats it.
    fn resize<T: Clone>(list: &mut Vec<T>, drops: bool) {
        if drops {
            list.pop();
        } else {
            list.extend(list.last().cloned());
        }
    }
    for drops in [true, false] {
        refused("terminals", 1, |proof, _, _| resize(&mut proof.lookup_terminals, drops));
        refused("tables", 1, |proof, _, _| resize(&mut proof.degree_bits, drops));
        refused("coefficients", 1, |proof, _, _| resize(&mut proof.opening_proof.final_poly, drops));
        refused("rounds", 1, |proof, _, _| resize(&mut proof.opening_proof.commit_phase_commits, drops));
        refused("nonces", 1, |proof, _, _| resize(&mut proof.opening_proof.commit_pow_witnesses, drops));
        refused("steps", 1, |proof, _, _| resize(&mut proof.opening_proof.commit_phase_openings, drops));
        refused("trees", 1, |proof, _, _| resize(&mut proof.opening_proof.input_openings, drops));
        for depth in 0..3 {
            refused("rows", 4, |proof, _, numbers| {
                let queries = &mut numbers.of(&mut proof.opening_proof.input_openings).opened_values;
                match depth {
                    0 => resize(queries, drops),
                    1 => resize(numbers.of(queries), drops),
                    _ => resize(numbers.of(numbers.of(queries)), drops),
                }
            });
        }
        // A tree of which queries see all has none.
        agreed("siblings of a matrix", 4, |proof, numbers| {
            let opening = numbers.of(&mut proof.opening_proof.input_openings);
            resize(&mut opening.opening_proof.sibling_hashes, drops);
        });
        agreed("siblings of a round", 3, |proof, numbers| {
            let step = numbers.of(&mut proof.opening_proof.commit_phase_openings);
            resize(&mut step.opening_proof.sibling_hashes, drops);
        });
        refused("folded values", 3, |proof, _, numbers| {
            let step = numbers.of(&mut proof.opening_proof.commit_phase_openings);
            resize(numbers.of(&mut step.sibling_values), drops);
        });
        refused("opened values", 4, |proof, _, numbers| {
            resize(&mut numbers.of(&mut proof.opened_values.instances).base_opened_values.trace_local, drops);
        });
        refused("pieces", 4, |proof, _, numbers| {
            let instance = numbers.of(&mut proof.opened_values.instances);
            resize(&mut instance.base_opened_values.quotient_chunks, drops);
        });
    }
}

#[test]
fn what_is_missing_or_too_much_is_refused() {
    refused("no messages", 1, |proof, _, _| proof.commitments.permutation = None);
    refused("no nonce", 1, |proof, _, _| proof.lookup_pow_witness = None);
    refused("no terminal", 1, |proof, _, _| proof.lookup_terminals[1] = None);
    refused("random", 1, |proof, _, _| {
        proof.commitments.random = Some(proof.commitments.main.clone());
    });
    refused("random values", 1, |proof, _, _| {
        proof.opened_values.instances[0].base_opened_values.random = Some(vec![Challenge::ZERO; 4]);
    });
    refused("next row", 1, |proof, _, _| {
        let values = &mut proof.opened_values.instances[0].base_opened_values;
        values.trace_next = Some(values.trace_local.clone());
    });
    refused("no next row", 1, |proof, _, _| {
        proof.opened_values.instances[1].base_opened_values.trace_next = None;
    });
    refused("no fixed columns", 1, |proof, _, _| {
        proof.opened_values.instances[1].base_opened_values.preprocessed = None;
    });
    refused("heights", 1, |proof, _, _| proof.degree_bits.swap(0, 1));
    refused("a lower cap", 1, |proof, _, _| {
        proof.commitments.main = MerkleCap::new(proof.commitments.main.roots()[..1].to_vec());
    });
}
