//! Every call of the machine, with operands from the input.

use alloc::vec::Vec;

use ashlar_abi::{Accelerators, call};
use ashlar_guest_rt::{Ecalls, commit, poseidon2};

/// Commits the words, 8 at a time.
pub(crate) fn commit_all(words: &[u32]) {
    for digest in words.as_chunks::<8>().0 {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(digest) {
            *bytes = word.to_le_bytes();
        }
        commit(&bytes);
    }
}

/// Calls the accelerator with this number on the words that follow, and commits the words of the result, 8 at a
/// time, filled up with zeros.
pub(crate) fn accelerate(arguments: &[u32]) {
    let [number, operands @ ..] = arguments else { panic!("no call") };
    let mut result = match *number {
        call::KECCAK_F => in_place::<50>(operands, Ecalls::keccak_f),
        call::POSEIDON2 => in_place::<16>(operands, poseidon2),
        call::MODMUL256 => product::<8>(operands, Ecalls::modmul256),
        call::MODMUL384 => product::<12>(operands, Ecalls::modmul384),
        call::SECP256K1_ADD => {
            let q = words(operands, 1);
            in_place::<16>(operands, |p| Ecalls::secp256k1_add(p, &q))
        }
        call::SECP256K1_DOUBLE => in_place::<16>(operands, Ecalls::secp256k1_double),
        other => panic!("no accelerator {other}"),
    };
    result.resize(result.len().next_multiple_of(8), 0);
    commit_all(&result);
}

fn in_place<const N: usize>(operands: &[u32], call: impl FnOnce(&mut [u32; N])) -> Vec<u32> {
    let mut state = words(operands, 0);
    call(&mut state);
    state.to_vec()
}

type Product<const N: usize> = fn(&[u32; N], &[u32; N], &[u32; N]) -> [u32; N];

fn product<const N: usize>(operands: &[u32], call: Product<N>) -> Vec<u32> {
    call(&words(operands, 0), &words(operands, 1), &words(operands, 2)).to_vec()
}

/// The operand at this position, all being N words long.
fn words<const N: usize>(operands: &[u32], position: usize) -> [u32; N] {
    operands[position * N..][..N].try_into().expect("a slice of N words")
}
