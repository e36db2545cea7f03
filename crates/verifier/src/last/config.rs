//! Plonky3's configuration for final proofs.

use ashlar_machine::Val;
use p3_dft::Radix2DitParallel;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_fri::TwoAdicFriPcs;
use p3_uni_stark::StarkConfig;

use super::challenger::{Exhausted, KeccakChallenger};
use super::hash::{KeccakChallengeMmcs, KeccakMmcs, LeafHash, NodeHash};
use super::transcript::Transcript;
use crate::config::{Challenge, Parameters};

/// The polynomial commitment scheme of final proofs.
pub type LastPcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, KeccakMmcs, KeccakChallengeMmcs>;

/// What Plonky3 is told.
pub type LastConfig = StarkConfig<LastPcs, Challenge, KeccakChallenger>;

/// A public word: a wire that the table reads and the verifier defines.
pub type Word = [Val; 4];

/// Salts that a prover tries. With the most grinding that makes sense, one in 2000 does not do.
pub const SALTS_MAX: u32 = 64;

/// Configures a proof with this salt and these public words, which its transcript starts with. Nonces are looked for below
/// `nonces`.
pub fn last_config(
    parameters: &Parameters,
    salt: Val,
    words: &[Word],
    nonces: u32,
    exhausted: &Exhausted,
) -> LastConfig {
    let mut transcript = Transcript::default();
    start(&mut transcript, salt, words);
    let challenger = KeccakChallenger::new(transcript, nonces, exhausted.clone());
    let mmcs = KeccakMmcs::new(LeafHash, NodeHash, parameters.cap_height);
    let fri = parameters.fri(KeccakChallengeMmcs::new(mmcs));
    StarkConfig::new(LastPcs::new(Radix2DitParallel::default(), mmcs, fri), challenger)
        .with_lookup_proof_of_work_bits(parameters.lookup_grinding)
        .with_ood_proof_of_work_bits(parameters.point_grinding)
}

/// Proves with one salt after the other until all nonces are found. Returns the salt with the proof; none if no salt of
/// the first [`SALTS_MAX`] does.
pub fn try_salts<T, E>(
    parameters: &Parameters,
    words: &[Word],
    nonces: Option<u32>,
    mut prove: impl FnMut(&LastConfig) -> Result<T, E>,
) -> Result<Option<(Val, T)>, E> {
    for salt in (0..SALTS_MAX).map(Val::from_u32) {
        let exhausted = Exhausted::default();
        let nonces = nonces.unwrap_or(Val::ORDER_U32);
        let proof = prove(&last_config(parameters, salt, words, nonces, &exhausted))?;
        if !exhausted.get() {
            return Ok(Some((salt, proof)));
        }
    }
    Ok(None)
}

/// What a transcript starts with, before anything of Plonky3's. The words are bound here: whoever could choose them after
/// the challenges of the messages could make any sum zero.
pub(super) fn start(transcript: &mut Transcript, salt: Val, words: &[Word]) {
    transcript.observe_base(salt);
    words.iter().for_each(|word| transcript.observe(Challenge::new(*word)));
}
