//! The transcript: as the page says, every message in it counts, and nonces are found or missed in an orderly way.

use ashlar_machine::Val;
use ashlar_verifier::last::{
    Event, Exhausted, KeccakChallenger, SALTS_MAX, Transcript, Tree, find_nonce, keccak256,
    transcript_events, try_salts, verify_final,
};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, GrindingChallenger};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField32};
use p3_uni_stark::StarkGenericConfig;

use crate::table::{Fixture, LOG_ROWS, SMALL};

/// The states after each event but observations.
fn states(events: &[Event]) -> Vec<[u8; 32]> {
    let (mut state, mut buffer) = ([0; 32], Vec::new());
    let mut states = Vec::new();
    for event in events {
        match event {
            Event::Observe(bytes) => {
                buffer.extend_from_slice(bytes);
                continue;
            }
            Event::Grind { nonce, .. } => {
                if !buffer.is_empty() {
                    state = keccak256(&[&state, &buffer]);
                }
                state = keccak256(&[&state, &nonce.to_be_bytes()]);
            }
            Event::Sample(_) | Event::Index(_) => state = keccak256(&[&state, &buffer]),
        }
        buffer.clear();
        states.push(state);
    }
    states
}

fn events(fixture: &Fixture) -> Vec<Event> {
    transcript_events(&fixture.bytes, &fixture.key, &fixture.words).expect("events")
}

#[test]
fn challenges_are_those_of_the_page() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    let events = events(&fixture);
    let states = states(&events);
    let sampled: Vec<_> = events.iter().filter(|event| !matches!(event, Event::Observe(_))).collect();
    let p = u64::from(Val::ORDER_U32);
    for (event, state) in sampled.into_iter().zip(&states) {
        let low = u64::from_be_bytes(*state.last_chunk().expect("a state"));
        match event {
            Event::Sample(coefficients) => {
                let words = state.as_chunks::<8>().0.iter();
                let expected: Vec<_> = words.map(|bytes| (u64::from_be_bytes(*bytes) % p) as u32).collect();
                assert_eq!(coefficients[..], expected);
            }
            Event::Index(index) => assert_eq!(*index as u64, low % (1 << (LOG_ROWS + 3))),
            Event::Grind { bits, state: found, .. } => {
                assert_eq!(found, state);
                assert_eq!(low % (1 << bits), 0);
            }
            Event::Observe(_) => {}
        }
    }
    // a, b, alpha, zeta, gamma, two rounds; six queries; six nonces.
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Sample(_))), 7);
    assert_eq!(count(|event| matches!(event, Event::Index(_))), 6);
    assert_eq!(count(|event| matches!(event, Event::Grind { .. })), 6);
}

#[test]
fn every_observed_message_changes_all_later_challenges() {
    let events = events(&Fixture::new(&SMALL, 2, 5));
    let honest = states(&events);
    let mut before = 0;
    for i in 0..events.len() {
        let mut changed = events.clone();
        match &mut changed[i] {
            Event::Observe(bytes) => *bytes.last_mut().expect("bytes") ^= 1,
            Event::Grind { nonce, .. } => *nonce ^= 1,
            _ => {
                before += 1;
                continue;
            }
        }
        let changed = states(&changed);
        assert_eq!(changed[..before], honest[..before]);
        assert!(changed[before..].iter().zip(&honest[before..]).all(|(a, b)| a != b), "event {i}");
        before += usize::from(matches!(events[i], Event::Grind { .. }));
    }
}

#[test]
fn everything_before_the_queries_is_observed() {
    let fixture = Fixture::new(&SMALL, 2, 5);
    let shape = &fixture.key.shape;
    let observed: Vec<u8> = events(&fixture)
        .into_iter()
        .flat_map(|event| match event {
            Event::Observe(bytes) => bytes,
            Event::Grind { nonce, .. } => nonce.to_be_bytes().to_vec(),
            _ => Vec::new(),
        })
        .collect();
    // What is observed and not in the proof: words, seeds, the root of the fixed columns.
    let seeds = &shape.seeds;
    let seeds = seeds.batch.len() + seeds.openings.len() + seeds.folding.len();
    let known = 16 * fixture.words.len() + seeds + 26;
    let [main, quotient, fixed, auxiliary] =
        [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary].map(|tree| shape.row_width(tree));
    let opened = 2 * main + quotient + fixed + 2 * auxiliary;
    let elements = 1 + opened + shape.final_coefficients();
    let roots = 3 + shape.rounds.len();
    let nonces = 4 + shape.rounds.len();
    let header = 4 + 26 * roots + 4 * nonces + 16 * elements;
    assert_eq!(observed.len(), known + header);
}

fn challenger(nonces: u32) -> (KeccakChallenger, Exhausted) {
    let exhausted = Exhausted::default();
    (KeccakChallenger::new(Transcript::default(), nonces, exhausted.clone()), exhausted)
}

/// Plonky3 samples coefficients; the transcript knows elements.
#[test]
fn four_coefficients_are_one_element() {
    type Challenge = ashlar_verifier::config::Challenge;
    let (mut challenger, _) = challenger(0);
    let mut transcript = Transcript::default();
    challenger.observe(Val::from_u32(5));
    transcript.observe_base(Val::from_u32(5));
    for _ in 0..2 {
        let coefficients: [Val; 4] = challenger.sample_array();
        let element = transcript.sample();
        assert_eq!(coefficients, *element.as_basis_coefficients_slice());
    }
    // A part of an element is over with whatever comes after it.
    let first: Val = challenger.sample();
    assert_eq!(first, transcript.sample().as_basis_coefficients_slice()[0]);
    assert_eq!(challenger.sample_bits(20), transcript.sample_bits(20));
    let element: Challenge = challenger.sample();
    assert_eq!(element, transcript.sample());
    let first: Val = challenger.sample();
    assert_eq!(first, transcript.sample().as_basis_coefficients_slice()[0]);
    challenger.observe(Val::ONE);
    transcript.observe_base(Val::ONE);
    let coefficients: [Val; 4] = challenger.sample_array();
    assert_eq!(coefficients, *transcript.sample().as_basis_coefficients_slice());
}

#[test]
fn the_least_nonce_is_found() {
    for seed in 0..20_u8 {
        let state = keccak256(&[&[seed]]);
        for bits in [1, 4, 11] {
            let grinds = |nonce: &u32| {
                let hash = keccak256(&[&state, &nonce.to_be_bytes()]);
                u64::from_be_bytes(*hash.last_chunk().expect("a hash")).trailing_zeros() >= bits
            };
            let expected = (0..1 << 18).find(grinds).expect("a nonce");
            let bits = bits as usize;
            assert_eq!(find_nonce(&state, bits, 1 << 20), Some(expected));
            assert_eq!(find_nonce(&state, bits, expected + 1), Some(expected));
            assert_eq!(find_nonce(&state, bits, expected), None);
        }
    }
}

#[test]
fn a_missing_nonce_is_reported_and_nothing_panics() {
    let (mut prover, exhausted) = challenger(4);
    assert_eq!(prover.grind(0), Val::ZERO);
    assert!(!exhausted.get());
    assert_eq!(prover.grind(40), Val::ZERO);
    assert!(exhausted.get());
    // Later ones are not looked for.
    assert_eq!(prover.grind(1), Val::ZERO);
}

#[test]
fn a_wrong_nonce_does_not_grind() {
    let (mut prover, _) = challenger(1 << 20);
    let (verifier, _) = challenger(0);
    let nonce = prover.grind(8);
    assert!(verifier.clone().check_witness(8, nonce));
    assert!(!verifier.clone().check_witness(8, nonce + Val::ONE));
    assert!(!Transcript::default().grind(0, Val::ONE));
    assert!(Transcript::default().grind(0, Val::ZERO));
}

#[test]
fn the_next_salt_is_tried_when_a_nonce_is_missing() {
    let fixture = Fixture::with_nonces(&SMALL, 2, 5, Some(40));
    assert!(fixture.proof.salt > Val::ZERO);
    assert_eq!(verify_final(&fixture.bytes, &fixture.key, &fixture.words), Ok(()));
    let mut salts = 0;
    let none: Result<Option<(Val, ())>, ()> = try_salts(&SMALL, &[], Some(0), |config| {
        salts += 1;
        assert_eq!(config.initialise_challenger().grind(40), Val::ZERO);
        Ok(())
    });
    assert_eq!((none, salts), (Ok(None), SALTS_MAX));
}
