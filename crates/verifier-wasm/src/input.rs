//! What a caller hands over.

use ashlar_circuit::narrow::NarrowAir;
use ashlar_joiner::Joined;
use ashlar_machine::Val;
use ashlar_machine::hash::Digest;
use ashlar_verifier::config::{LAST, Parameters};
use ashlar_verifier::last::{
    FinalKey, FinalShape, Node, WORDS, Word, joined_words, keccak256, public_words, verify_final,
};
use ashlar_verifier::{LAST_HEIGHT, ProgramKey};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

/// Why an input was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has another form.
    Form,
    /// No key, or nothing that a proof could state.
    Statements,
    /// The proof proves something else, or nothing. Says why.
    Proof(String),
}

impl Refusal {
    /// The number that a caller of the module gets; 0 is for what is accepted.
    pub const fn status(&self) -> u32 {
        match self {
            Self::Form => 1,
            Self::Statements => 2,
            Self::Proof(_) => 3,
        }
    }

    /// Why, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::Form => "the input has another form",
            Self::Statements => "not a key, or not statements of a proof",
            Self::Proof(reason) => reason,
        }
    }
}

/// Checks the input of `ashlar_verify_final`.
pub fn check_final(mut input: &[u8]) -> Result<(), Refusal> {
    let circuits: [u8; 32] = take(&mut input)?;
    let fixed = take(&mut input)?;
    let count = take_number(&mut input)?;
    let mut runs = Vec::new();
    // Each one is at hand, or this ends at once.
    for _ in 0..count {
        let (key, output) = (take(&mut input)?, take(&mut input)?);
        runs.push((ProgramKey(key), output));
    }
    let words = public_words(&digest(circuits)?, &runs).ok_or(Refusal::Statements)?;
    check_words(input, fixed, &words)
}

/// Checks the input of `ashlar_verify_joined`.
pub fn check_joined(mut input: &[u8]) -> Result<(), Refusal> {
    let circuits: [u8; 32] = take(&mut input)?;
    let fixed = take(&mut input)?;
    let joiner = ProgramKey(take(&mut input)?);
    let count = u32::from_be_bytes(take(&mut input)?);
    let (root, statements_root) = (take(&mut input)?, take(&mut input)?);
    let output = keccak256(&[&Joined { count, statements_root, root }.encode()]);
    let words = joined_words(&digest(circuits)?, &digest(statements_root)?, &[(joiner, output)]);
    check_words(input, fixed, &words.ok_or(Refusal::Statements)?)
}

/// Checks a proof of the real shape.
fn check_words(proof: &[u8], fixed: Node, words: &[Word]) -> Result<(), Refusal> {
    let shape = FinalShape::new(&LAST, &NarrowAir::default(), usize::from(LAST_HEIGHT), WORDS);
    let shape = shape.map_err(|error| Refusal::Proof(error.to_string()))?;
    let key = FinalKey { air: NarrowAir::default(), shape, fixed };
    verify_final(proof, &key, words).map_err(|error| Refusal::Proof(error.to_string()))
}

/// Checks a proof of any shape: log2 of the rows, of the inverse rate, of the final polynomial's coefficients and of the
/// highest arity, queries, the bits of grinding before messages, point, batch, rounds and queries; then the root of
/// fixed columns, the number of public words, these, and the proof. Numbers have four bytes, big-endian.
pub fn check_shape(mut input: &[u8]) -> Result<(), Refusal> {
    let mut numbers = [0; 10];
    for number in &mut numbers {
        // Nothing sensible is larger, and larger ones overflow when they are added up.
        *number = take_number(&mut input)?;
        if *number > 1 << 8 {
            return Err(Refusal::Form);
        }
    }
    let [log_rows, log_blowup, log_final_polynomial, log_arity_max, queries, grinding @ ..] = numbers;
    let [lookup_grinding, point_grinding, batch_grinding, fold_grinding, query_grinding] = grinding;
    let parameters = Parameters {
        log_blowup,
        log_final_polynomial,
        log_arity_max,
        queries,
        query_grinding,
        fold_grinding,
        batch_grinding,
        lookup_grinding,
        point_grinding,
        cap_height: 0,
    };
    let fixed = take(&mut input)?;
    let mut words: Vec<Word> = Vec::new();
    for _ in 0..take_number(&mut input)? {
        let mut word = Word::default();
        for element in &mut word {
            *element = canonical(u32::from_be_bytes(take(&mut input)?)).ok_or(Refusal::Statements)?;
        }
        words.push(word);
    }
    let shape = FinalShape::new(&parameters, &NarrowAir::default(), log_rows, words.len());
    let shape = shape.map_err(|error| Refusal::Proof(error.to_string()))?;
    let key = FinalKey { air: NarrowAir::default(), shape, fixed };
    verify_final(input, &key, &words).map_err(|error| Refusal::Proof(error.to_string()))
}

fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Refusal> {
    let (bytes, rest) = input.split_first_chunk().ok_or(Refusal::Form)?;
    *input = rest;
    Ok(*bytes)
}

fn take_number(input: &mut &[u8]) -> Result<usize, Refusal> {
    usize::try_from(u32::from_be_bytes(take(input)?)).map_err(|_| Refusal::Form)
}

/// Eight elements.
fn digest(bytes: [u8; 32]) -> Result<Digest, Refusal> {
    let mut digest = Digest::default();
    for (element, bytes) in digest.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *element = canonical(u32::from_be_bytes(*bytes)).ok_or(Refusal::Statements)?;
    }
    Ok(digest)
}

fn canonical(number: u32) -> Option<Val> {
    (number < Val::ORDER_U32).then(|| Val::from_u32(number))
}
