//! Recovery of the public key of an ECDSA signature on secp256k1 (SEC 1 version 2.0, section 4.1.6).

mod constants;
mod field;
mod multiply;
mod split;
#[cfg(test)]
mod tests;

use crate::keccak::keccak256_pair;
use crate::limbs::{U256, add, add_mod, from_be_bytes, is_zero, less, pair_from_be_bytes, sub, to_be_bytes};
use ashlar_abi::Accelerators;
use constants::{B, N, P, P_MINUS_N, Point};
use multiply::{coordinates, from_coordinates, multiply_add};

/// Why a signature has no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverFault {
    /// The recovery id is above 3.
    #[error("recovery id {0} is above 3")]
    RecoveryIdAboveThree(u8),
    /// r or s is zero or not below the order of the group.
    #[error("r or s is outside 1..N")]
    ScalarOutOfRange,
    /// The recovery id says that r stands for r + N, which is not below the field modulus.
    #[error("r + N is not a coordinate")]
    OverflowedCoordinate,
    /// No point of the curve has this x.
    #[error("no point of the curve has the x coordinate of the signature")]
    NotOnCurve,
    /// The key would be the point at infinity.
    #[error("the public key is the point at infinity")]
    KeyAtInfinity,
}

/// The public key (x then y, big-endian) under which `signature` (r then s, big-endian) signs the digest `message`.
///
/// Bit 0 of `recovery_id` is the parity of y of the signature's point, bit 1 says that its x is r + N. A high s is
/// accepted; a caller that must refuse it (EIP-2, for transactions) compares s itself.
pub fn recover_public_key<A: Accelerators>(
    signature: &[u8; 64],
    recovery_id: u8,
    message: &[u8; 32],
) -> Result<[u8; 64], RecoverFault> {
    let key = recover_point::<A>(signature, recovery_id, message)?;
    let [x, y] = coordinates(&key);
    let mut bytes = [0; 64];
    for (chunk, coordinate) in bytes.as_chunks_mut::<32>().0.iter_mut().zip([x, y]) {
        *chunk = to_be_bytes(coordinate);
    }
    Ok(bytes)
}

/// The address of the key of [`recover_public_key`].
pub fn recover_address<A: Accelerators>(
    signature: &[u8; 64],
    recovery_id: u8,
    message: &[u8; 32],
) -> Result<[u8; 20], RecoverFault> {
    let word = secp256k1_ecrecover::<A>(signature, recovery_id, message)?;
    let mut address = [0; 20];
    for (to, from) in address.iter_mut().rev().zip(word.iter().rev()) {
        *to = *from;
    }
    Ok(address)
}

/// The address of the key of [`recover_public_key`] in a 32-byte word, 12 zero bytes before it, as the precompile at
/// address 1 returns it.
pub fn secp256k1_ecrecover<A: Accelerators>(
    signature: &[u8; 64],
    recovery_id: u8,
    message: &[u8; 32],
) -> Result<[u8; 32], RecoverFault> {
    let key = recover_point::<A>(signature, recovery_id, message)?;
    let [x, y] = coordinates(&key);
    let mut word = keccak256_pair::<A>(x, y);
    if let Some(zeros) = word.first_chunk_mut::<12>() {
        *zeros = [0; 12];
    }
    Ok(word)
}

/// (s R - z G) / r, where R is the point that r and the recovery id describe and z the message.
fn recover_point<A: Accelerators>(
    signature: &[u8; 64],
    recovery_id: u8,
    message: &[u8; 32],
) -> Result<Point, RecoverFault> {
    if recovery_id > 3 {
        return Err(RecoverFault::RecoveryIdAboveThree(recovery_id));
    }
    let (r, s) = pair_from_be_bytes(signature);
    if is_zero(&r) || is_zero(&s) || !less(&r, &N) || !less(&s, &N) {
        return Err(RecoverFault::ScalarOutOfRange);
    }
    let point = decompress::<A>(&r, recovery_id)?;
    let z = from_be_bytes(message);
    let inverse = field::invert_scalar::<A>(&r);
    // The inverse is neither 0 nor N, so N minus it is canonical. The accelerator takes any z, reduced or not.
    let minus_inverse = sub(&N, &inverse).0;
    let generator_scalar = A::modmul256(&z, &minus_inverse, &N);
    let point_scalar = A::modmul256(&s, &inverse, &N);
    multiply_add::<A>(&generator_scalar, &point_scalar, &point).ok_or(RecoverFault::KeyAtInfinity)
}

/// The point of the curve that `r` and the recovery id describe. `r` < N.
fn decompress<A: Accelerators>(r: &U256, recovery_id: u8) -> Result<Point, RecoverFault> {
    let x = match recovery_id & 2 {
        0 => *r,
        _ if less(r, &P_MINUS_N) => add(r, &N).0,
        _ => return Err(RecoverFault::OverflowedCoordinate),
    };
    let cube = A::modmul256(&A::modmul256(&x, &x, &P), &x, &P);
    let root = field::sqrt::<A>(&add_mod(&cube, &B, &P)).ok_or(RecoverFault::NotOnCurve)?;
    let [lowest, ..] = root;
    let right_parity = lowest & 1 == u32::from(recovery_id & 1);
    // The root is not 0, since no point of the curve has y = 0: P minus it is canonical.
    let y = if right_parity { root } else { sub(&P, &root).0 };
    Ok(from_coordinates(x, y))
}
