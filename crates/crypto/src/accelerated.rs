//! The operations of the EVM's precompiles over the accelerators.

use crate::{bls12_381, bn254, modexp, p256, secp256k1};
use alloc::vec::Vec;
use ashlar_abi::Accelerators;
use core::marker::PhantomData;
use revm_precompile::bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar};
use revm_precompile::{Crypto, PrecompileHalt};

/// The operations of the EVM's precompiles over the accelerators `A`, to be given to
/// [`revm_precompile::install_crypto`].
///
/// Every result, errors included, is that of `revm_precompile::DefaultCrypto`; operations that are not written here
/// (SHA-256, RIPEMD-160, BLAKE2) are its portable software ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceleratedCrypto<A: Accelerators>(PhantomData<A>);

impl<A: Accelerators> AcceleratedCrypto<A> {
    /// The operations over `A`; there is no state.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A: Accelerators> Crypto for AcceleratedCrypto<A> {
    fn bn254_g1_add(&self, p1: &[u8], p2: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        bn254::bn254_g1_add::<A>(p1, p2)
    }

    fn bn254_g1_mul(&self, point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        bn254::bn254_g1_mul::<A>(point, scalar)
    }

    fn bn254_pairing_check(&self, pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt> {
        bn254::bn254_pairing_check::<A>(pairs)
    }

    fn secp256k1_ecrecover(
        &self,
        sig: &[u8; 64],
        recid: u8,
        msg: &[u8; 32],
    ) -> Result<[u8; 32], PrecompileHalt> {
        secp256k1::secp256k1_ecrecover::<A>(sig, recid, msg)
            .map_err(|_| PrecompileHalt::Secp256k1RecoverFailed)
    }

    fn modexp(&self, base: &[u8], exp: &[u8], modulus: &[u8]) -> Result<Vec<u8>, PrecompileHalt> {
        modexp::modexp::<A>(base, exp, modulus)
    }

    fn secp256r1_verify_signature(&self, msg: &[u8; 32], sig: &[u8; 64], pk: &[u8; 64]) -> bool {
        p256::secp256r1_verify::<A>(msg, sig, pk)
    }

    fn verify_kzg_proof(
        &self,
        z: &[u8; 32],
        y: &[u8; 32],
        commitment: &[u8; 48],
        proof: &[u8; 48],
    ) -> Result<(), PrecompileHalt> {
        let valid = bls12_381::verify_kzg_proof::<A>(commitment, z, y, proof);
        if valid { Ok(()) } else { Err(PrecompileHalt::BlobVerifyKzgProofFailed) }
    }

    fn bls12_381_g1_add(&self, a: G1Point, b: G1Point) -> Result<[u8; 96], PrecompileHalt> {
        bls12_381::bls12_381_g1_add::<A>(&a, &b)
    }

    fn bls12_381_g1_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 96], PrecompileHalt> {
        bls12_381::bls12_381_g1_msm::<A>(pairs)
    }

    fn bls12_381_g2_add(&self, a: G2Point, b: G2Point) -> Result<[u8; 192], PrecompileHalt> {
        bls12_381::bls12_381_g2_add::<A>(&a, &b)
    }

    fn bls12_381_g2_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 192], PrecompileHalt> {
        bls12_381::bls12_381_g2_msm::<A>(pairs)
    }

    fn bls12_381_pairing_check(&self, pairs: &[(G1Point, G2Point)]) -> Result<bool, PrecompileHalt> {
        bls12_381::bls12_381_pairing_check::<A>(pairs)
    }

    fn bls12_381_fp_to_g1(&self, fp: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt> {
        bls12_381::bls12_381_fp_to_g1::<A>(fp)
    }

    fn bls12_381_fp2_to_g2(&self, fp2: ([u8; 48], [u8; 48])) -> Result<[u8; 192], PrecompileHalt> {
        bls12_381::bls12_381_fp2_to_g2::<A>(&fp2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_abi::Reference;
    use revm_precompile::DefaultCrypto;
    use revm_precompile::bls12_381::{G1Point, G2Point};

    const OURS: AcceleratedCrypto<Reference> = AcceleratedCrypto::new();

    fn g1() -> G1Point {
        let bytes = DefaultCrypto.bls12_381_fp_to_g1(&[3; 48]).unwrap();
        (*bytes.first_chunk().unwrap(), *bytes.last_chunk().unwrap())
    }

    fn g2() -> G2Point {
        let bytes = DefaultCrypto.bls12_381_fp2_to_g2(([3; 48], [4; 48])).unwrap();
        let [x0, x1, y0, y1] = bytes.as_chunks().0 else { unreachable!() };
        (*x0, *x1, *y0, *y1)
    }

    /// Each operation is connected to its own implementation: one call that succeeds, with the native result.
    #[test]
    fn every_operation_is_connected() {
        let (p, q, k) = (g1(), g2(), [7; 32]);
        let bn = {
            let mut bn = [0; 64];
            bn[31] = 1;
            bn[63] = 2;
            bn
        };
        assert_eq!(OURS.sha256(b"abc"), DefaultCrypto.sha256(b"abc"));
        assert_eq!(OURS.ripemd160(b"abc"), DefaultCrypto.ripemd160(b"abc"));
        assert_eq!(OURS.bn254_g1_add(&bn, &bn), DefaultCrypto.bn254_g1_add(&bn, &bn));
        assert_eq!(OURS.bn254_g1_mul(&bn, &k), DefaultCrypto.bn254_g1_mul(&bn, &k));
        assert_eq!(OURS.bn254_pairing_check(&[]), Ok(true));
        assert_eq!(OURS.modexp(&[3], &[5], &[100]).unwrap(), [43]);
        assert_eq!(OURS.bls12_381_g1_add(p, p), DefaultCrypto.bls12_381_g1_add(p, p));
        assert_eq!(OURS.bls12_381_g2_add(q, q), DefaultCrypto.bls12_381_g2_add(q, q));
        let (mut ours, mut native) = ([Ok((p, k))].into_iter(), [Ok((p, k))].into_iter());
        assert_eq!(OURS.bls12_381_g1_msm(&mut ours), DefaultCrypto.bls12_381_g1_msm(&mut native));
        let (mut ours, mut native) = ([Ok((q, k))].into_iter(), [Ok((q, k))].into_iter());
        assert_eq!(OURS.bls12_381_g2_msm(&mut ours), DefaultCrypto.bls12_381_g2_msm(&mut native));
        assert_eq!(OURS.bls12_381_pairing_check(&[(p, q)]), Ok(false));
        assert_eq!(OURS.bls12_381_fp_to_g1(&[5; 48]), DefaultCrypto.bls12_381_fp_to_g1(&[5; 48]));
        let element = ([5; 48], [6; 48]);
        assert_eq!(OURS.bls12_381_fp2_to_g2(element), DefaultCrypto.bls12_381_fp2_to_g2(element));
        let infinity = {
            let mut point = [0; 48];
            point[0] = 0xc0;
            point
        };
        assert_eq!(OURS.verify_kzg_proof(&k, &[0; 32], &infinity, &infinity), Ok(()));
        let failed = Err(PrecompileHalt::BlobVerifyKzgProofFailed);
        assert_eq!(OURS.verify_kzg_proof(&k, &k, &infinity, &infinity), failed);
        assert!(!OURS.secp256r1_verify_signature(&k, &[1; 64], &[0; 64]));
        let (mut ours, mut native) = ([1; 8], [1; 8]);
        OURS.blake2_compress(12, &mut ours, &[2; 16], &[3; 2], true);
        DefaultCrypto.blake2_compress(12, &mut native, &[2; 16], &[3; 2], true);
        assert_eq!(ours, native);
    }
}
