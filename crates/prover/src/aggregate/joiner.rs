//! What the guest `joiner` is given of runs, and what it puts out (`specs/013-joiner.md`).

use ashlar_joiner::{Hashes, Joined, Paths, Refused, Statement};
use ashlar_machine::Val;
use ashlar_machine::hash::Hasher;
use ashlar_verifier::aggregate::Run;
use ashlar_verifier::last::keccak256;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

/// The joiner's hash functions on the host.
pub struct NativeHashes;

impl Hashes for NativeHashes {
    fn poseidon2(state: &mut [u32; 16]) {
        let image = Hasher::default().permute(state.map(Val::from_u32));
        *state = image.map(|element| element.as_canonical_u32());
    }

    fn keccak256(bytes: &[u8]) -> [u8; 32] {
        keccak256(&[bytes])
    }
}

/// The statements of runs, in their order.
fn statements(runs: &[Run]) -> Vec<Statement> {
    let statement = |run: &Run| Statement {
        program_key: run.program_key.0,
        public_output: keccak256(&[run.output.as_slice()]),
    };
    runs.iter().map(statement).collect()
}

/// The bytes that the joiner reads.
pub fn joiner_input(runs: &[Run]) -> Vec<u8> {
    statements(runs).iter().flat_map(Statement::encode).collect()
}

/// What the joiner makes of them; it puts out its encoding.
pub fn joined_runs(runs: &[Run]) -> Result<Joined, Refused> {
    ashlar_joiner::join::<NativeHashes>(&joiner_input(runs))
}

/// What shows contracts that a run is one of these.
pub fn joined_paths(runs: &[Run]) -> Paths {
    Paths::new::<NativeHashes>(&statements(runs))
}
