//! Whatever is said before a challenge changes it and all that follow: every byte of a proof of full size, every public
//! word, the key. Only the transcript looks at these proofs, so their elements are any.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_machine::Val;
use ashlar_verifier::LAST_HEIGHT;
use ashlar_verifier::config::{LAST, Parameters};
use ashlar_verifier::last::{
    Event, FinalKey, FinalShape, NODE_BYTES, Nonce, RefusedFinal, Transcript, Tree, WORDS, Word, keccak256,
    transcript_events,
};
use p3_field::PrimeCharacteristicRing;

/// Without grinding, so that a changed message leaves a proof that the transcript reads to its end.
const PARAMETERS: Parameters = Parameters {
    query_grinding: 0,
    fold_grinding: 0,
    batch_grinding: 0,
    lookup_grinding: 0,
    point_grinding: 0,
    ..LAST
};

/// Bytes behind what is observed.
const REST: usize = 1000;

/// Some bytes of a proof.
struct Region {
    name: &'static str,
    bytes: usize,
    /// Challenges before it: a, b, alpha, zeta, gamma, one per round.
    before: usize,
}

/// What the transcript observes of a proof, in order (specification 012).
fn regions(shape: &FinalShape) -> Vec<Region> {
    let [main, quotient, fixed, aux] =
        [Tree::Main, Tree::Quotient, Tree::Fixed, Tree::Auxiliary].map(|tree| 16 * shape.row_width(tree));
    let mut list = vec![
        ("salt", 4, 0),
        ("root of main", NODE_BYTES, 0),
        ("lookup nonce", 4, 0),
        ("root of aux", NODE_BYTES, 2),
        ("terminal", 16, 2),
        ("root of quotient", NODE_BYTES, 3),
        ("point nonce", 4, 3),
        ("main", main, 4),
        ("main next", main, 4),
        ("quotient", quotient, 4),
        ("fixed", fixed, 4),
        ("aux", aux, 4),
        ("aux next", aux, 4),
        ("batch nonce", 4, 4),
    ];
    for round in 0..shape.rounds.len() {
        list.extend([("root of a round", NODE_BYTES, 5 + round), ("round nonce", 4, 5 + round)]);
    }
    let after = 5 + shape.rounds.len();
    list.extend([("final polynomial", 16 * shape.final_coefficients(), after), ("query nonce", 4, after)]);
    list.into_iter().map(|(name, bytes, before)| Region { name, bytes, before }).collect()
}

/// What a verifier is given.
#[derive(Clone)]
struct Given {
    key: FinalKey<NarrowAir>,
    words: Vec<Word>,
    bytes: Vec<u8>,
}

/// All challenges.
#[derive(Debug, PartialEq, Eq)]
struct Challenges {
    elements: Vec<[u32; 4]>,
    indices: Vec<usize>,
}

impl Given {
    fn new(parameters: &Parameters) -> Self {
        let air = NarrowAir::default();
        let shape = FinalShape::new(parameters, &air, LAST_HEIGHT.into(), WORDS).expect("a shape");
        let mut seed = 0_u64;
        // Below 2^29: no change of one of the lower 31 bits makes it p or more.
        let mut element = || {
            seed += 1;
            let hash = keccak256(&[&seed.to_be_bytes()]);
            u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 3
        };
        let words = (0..WORDS).map(|_| [(); 4].map(|()| Val::from_u32(element()))).collect();
        let mut bytes = Vec::new();
        for Region { name, bytes: length, .. } in regions(&shape) {
            let length = bytes.len() + length;
            while bytes.len() < length && !name.contains("nonce") {
                bytes.extend(element().to_be_bytes());
            }
            bytes.resize(length, 0);
        }
        bytes.resize(bytes.len() + REST, 1);
        Self { key: FinalKey { air, shape, fixed: [7; NODE_BYTES] }, words, bytes }
    }

    fn challenges(&self) -> Result<Challenges, RefusedFinal> {
        let mut challenges = Challenges { elements: Vec::new(), indices: Vec::new() };
        for event in transcript_events(&self.bytes, &self.key, &self.words)? {
            match event {
                Event::Sample(element) => challenges.elements.push(element),
                Event::Index(index) => challenges.indices.push(index),
                Event::Observe(_) | Event::Grind { .. } => {}
            }
        }
        Ok(challenges)
    }
}

/// With this change the challenges before it are as they were, and all others are not.
fn assert_binds(honest: &Challenges, changed: &Given, before: usize, what: &str) {
    let changed = changed.challenges().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(changed.elements.len(), honest.elements.len());
    let pairs: Vec<_> = changed.elements.iter().zip(&honest.elements).collect();
    assert!(pairs[..before].iter().all(|(a, b)| a == b), "{what}: an earlier challenge");
    assert!(pairs[before..].iter().all(|(a, b)| a != b), "{what}: a later challenge is the same");
    // An index has few bits, so one or the other may come out the same by chance.
    let same = changed.indices.iter().zip(&honest.indices).filter(|(a, b)| a == b).count();
    assert!(
        same <= 2 && changed.indices.len() == honest.indices.len(),
        "{what}: {same} indices are the same"
    );
}

#[test]
fn the_regions_are_all_that_is_read() {
    let mut given = Given::new(&PARAMETERS);
    let challenges = given.challenges().expect("challenges");
    assert_eq!(challenges.elements.len(), 5 + given.key.shape.rounds.len());
    assert_eq!(challenges.indices.len(), LAST.queries);
    // What follows is read by queries, and changes no challenge: the roots bind it.
    let read = given.bytes.len() - REST;
    given.bytes[read..].fill(9);
    assert_eq!(given.challenges(), Ok(challenges));
    given.bytes.truncate(read);
    assert!(given.challenges().is_ok());
    given.bytes.pop();
    assert_eq!(given.challenges(), Err(RefusedFinal::Truncated));
}

#[test]
fn every_byte_of_a_proof_changes_all_later_challenges() {
    let given = Given::new(&PARAMETERS);
    let honest = given.challenges().expect("challenges");
    let mut at = 0;
    for Region { name, bytes, before } in regions(&given.key.shape) {
        for byte in at..at + bytes {
            let mut changed = given.clone();
            changed.bytes[byte] ^= 1 << (byte % 7);
            if name.contains("nonce") {
                // Where nothing is ground there is one nonce.
                assert!(matches!(changed.challenges(), Err(RefusedFinal::Nonce(_))), "{name}, byte {byte}");
            } else {
                assert_binds(&honest, &changed, before, &format!("{name}, byte {byte}"));
            }
        }
        at += bytes;
    }
}

#[test]
fn every_element_of_the_public_words_changes_all_challenges() {
    let given = Given::new(&PARAMETERS);
    let honest = given.challenges().expect("challenges");
    for (word, coefficient) in (0..WORDS).flat_map(|word| (0..4).map(move |k| (word, k))) {
        let mut changed = given.clone();
        changed.words[word][coefficient] += Val::ONE;
        assert_binds(&honest, &changed, 0, &format!("word {word}, coefficient {coefficient}"));
    }
    for word in 1..WORDS {
        let mut changed = given.clone();
        changed.words.swap(word - 1, word);
        assert_binds(&honest, &changed, 0, &format!("words {} and {word} exchanged", word - 1));
    }
}

#[test]
fn every_byte_of_the_key_changes_all_later_challenges() {
    let given = Given::new(&PARAMETERS);
    let honest = given.challenges().expect("challenges");
    let change = |before, what: &str, change: &dyn Fn(&mut FinalKey<NarrowAir>)| {
        let mut changed = given.clone();
        change(&mut changed.key);
        assert_binds(&honest, &changed, before, what);
    };
    for byte in 0..NODE_BYTES {
        change(0, &format!("byte {byte} of the root"), &|key| key.fixed[byte] ^= 0x40);
    }
    let seeds = &given.key.shape.seeds;
    assert!([&seeds.batch, &seeds.openings, &seeds.folding].iter().all(|seed| !seed.is_empty()));
    for byte in 0..seeds.batch.len() {
        change(0, &format!("byte {byte} of the batch seed"), &|key| key.shape.seeds.batch[byte] ^= 1);
    }
    for byte in 0..seeds.openings.len() {
        change(4, &format!("byte {byte} of the openings seed"), &|key| key.shape.seeds.openings[byte] ^= 1);
    }
    for byte in 0..seeds.folding.len() {
        change(5, &format!("byte {byte} of the folding seed"), &|key| key.shape.seeds.folding[byte] ^= 1);
    }
}

/// A verifier with other parameters doesn't only do other checks: nothing ever has the same challenges for both.
#[test]
fn every_parameter_is_in_the_seeds() {
    let shape = |parameters: &Parameters, log_rows| {
        FinalShape::new(parameters, &NarrowAir::default(), log_rows, WORDS).expect("a shape")
    };
    let rows = usize::from(LAST_HEIGHT);
    let honest = shape(&LAST, rows);
    let others = [
        ("rows", shape(&LAST, rows - 1)),
        ("rate", shape(&Parameters { log_blowup: LAST.log_blowup - 1, ..LAST }, rows)),
        ("final polynomial", {
            let log_final_polynomial = LAST.log_final_polynomial - 1;
            shape(&Parameters { log_final_polynomial, ..LAST }, rows)
        }),
        ("arity", shape(&Parameters { log_arity_max: LAST.log_arity_max - 1, ..LAST }, rows)),
        ("queries", shape(&Parameters { queries: LAST.queries - 1, ..LAST }, rows)),
        ("query grinding", shape(&Parameters { query_grinding: LAST.query_grinding - 1, ..LAST }, rows)),
        ("fold grinding", shape(&Parameters { fold_grinding: LAST.fold_grinding - 1, ..LAST }, rows)),
        ("batch grinding", shape(&Parameters { batch_grinding: LAST.batch_grinding - 1, ..LAST }, rows)),
        ("lookup grinding", shape(&Parameters { lookup_grinding: LAST.lookup_grinding - 1, ..LAST }, rows)),
        ("point grinding", shape(&Parameters { point_grinding: LAST.point_grinding - 1, ..LAST }, rows)),
    ];
    for (name, other) in others {
        assert_ne!(other.seeds, honest.seeds, "{name}");
    }
}

/// Where the nonces are, and the challenges before each.
fn nonces(shape: &FinalShape) -> Vec<(Nonce, usize, usize)> {
    let mut at = 0;
    let mut found = Vec::new();
    for Region { name, bytes, before } in regions(shape) {
        let place = match name {
            "lookup nonce" => Some(Nonce::Messages),
            "point nonce" => Some(Nonce::Point),
            "batch nonce" => Some(Nonce::Batch),
            "round nonce" => Some(Nonce::Round(before - 5)),
            "query nonce" => Some(Nonce::Queries),
            _ => None,
        };
        found.extend(place.map(|place| (place, at, before)));
        at += bytes;
    }
    found
}

impl Given {
    fn next_nonce(&mut self, at: usize) {
        let nonce: &mut [u8; 4] = self.bytes[at..].first_chunk_mut().expect("a nonce");
        *nonce = (u32::from_be_bytes(*nonce) + 1).to_be_bytes();
    }

    /// Goes on to the next nonce wherever one is refused. Returns how often each place refused one.
    fn grind(&mut self) -> Vec<usize> {
        let nonces = nonces(&self.key.shape);
        let mut refused = vec![0; nonces.len()];
        while let Err(error) = self.challenges() {
            let RefusedFinal::Nonce(place) = error else { panic!("{error}") };
            let which = nonces.iter().position(|nonce| nonce.0 == place).expect("a place");
            self.next_nonce(nonces[which].1);
            refused[which] += 1;
        }
        refused
    }
}

/// At each place there are nonces that are refused, and with another one that is not all later challenges are others.
#[test]
fn every_nonce_is_checked_and_changes_all_later_challenges() {
    let bits = 4;
    let mut given = Given::new(&Parameters {
        query_grinding: bits,
        fold_grinding: bits,
        batch_grinding: bits,
        lookup_grinding: bits,
        point_grinding: bits,
        ..LAST
    });
    let mut refused = given.grind();
    let honest = given.challenges().expect("challenges");
    let nonces = nonces(&given.key.shape);
    assert_eq!(nonces.len(), 4 + given.key.shape.rounds.len());
    for (place, at, before) in nonces {
        let mut changed = given.clone();
        changed.next_nonce(at);
        refused.iter_mut().zip(changed.grind()).for_each(|(sum, count)| *sum += count);
        assert_binds(&honest, &changed, before, &format!("{place:?}"));
    }
    // One in 16 does: in these many searches none of the places would find it at once each time.
    assert!(refused.iter().all(|count| *count > 0), "{refused:?}");
}

/// As many bits as are asked for, and no fewer.
#[test]
fn grinding_counts_low_bits() {
    let mut state = Transcript::default();
    state.observe_bytes(b"anything");
    let before = keccak256(&[&[0; 32], b"anything"]);
    for nonce in 0..512_u32 {
        let hash = keccak256(&[&before, &nonce.to_be_bytes()]);
        let zeros = u64::from_be_bytes(*hash.last_chunk().expect("a hash")).trailing_zeros() as usize;
        for bits in 1..=10 {
            let grinds = state.clone().grind(bits, Val::from_u32(nonce));
            assert_eq!(grinds, bits <= zeros, "{bits} bits, nonce {nonce}");
        }
    }
}
