//! The accelerators as operations, so that code above them runs in the guest and on the host.

use crate::reference;

/// The accelerators of the machine (`specs/001-machine.md`). In the guest each function is one call; on the host,
/// [`Reference`] computes the same value.
///
/// Words are little-endian 32-bit limbs. A call that would trap ends a guest's run, so callers branch on exceptional
/// inputs first.
///
/// The products have two more forms, which write where the caller wants them: in the guest each is one call without a
/// copy, since a call reads all its operands before it writes.
pub trait Accelerators: Clone + Copy + core::fmt::Debug + Send + Sync + 'static {
    /// Keccak-f\[1600\] in place; the state is 25 lanes, each a low and a high word.
    fn keccak_f(state: &mut [u32; 50]);

    /// a * b mod m, canonical; m = 0 stands for 2^256.
    fn modmul256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8];

    /// result := a * b mod m, as [`Self::modmul256`].
    #[inline(always)]
    fn modmul256_into(result: &mut [u32; 8], a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        *result = Self::modmul256(a, b, m);
    }

    /// a := a * b mod m, as [`Self::modmul256`].
    #[inline(always)]
    fn modmul256_assign(a: &mut [u32; 8], b: &[u32; 8], m: &[u32; 8]) {
        *a = Self::modmul256(a, b, m);
    }

    /// a := a^2 mod m, as [`Self::modmul256`].
    #[inline(always)]
    fn modsquare256_assign(a: &mut [u32; 8], m: &[u32; 8]) {
        *a = Self::modmul256(a, a, m);
    }

    /// a * b mod m, canonical; m = 0 stands for 2^384.
    fn modmul384(a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) -> [u32; 12];

    /// result := a * b mod m, as [`Self::modmul384`].
    #[inline(always)]
    fn modmul384_into(result: &mut [u32; 12], a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        *result = Self::modmul384(a, b, m);
    }

    /// a := a * b mod m, as [`Self::modmul384`].
    #[inline(always)]
    fn modmul384_assign(a: &mut [u32; 12], b: &[u32; 12], m: &[u32; 12]) {
        *a = Self::modmul384(a, b, m);
    }

    /// a := a^2 mod m, as [`Self::modmul384`].
    #[inline(always)]
    fn modsquare384_assign(a: &mut [u32; 12], m: &[u32; 12]) {
        *a = Self::modmul384(a, a, m);
    }

    /// p := p + q on secp256k1. Traps if the x coordinates are equal or any coordinate is not canonical.
    fn secp256k1_add(p: &mut [u32; 16], q: &[u32; 16]);

    /// p := 2p on secp256k1. Traps if y = 0 or a coordinate is not canonical.
    fn secp256k1_double(p: &mut [u32; 16]);
}

/// The accelerators computed by [`reference`]: for the host and for tests.
#[derive(Clone, Copy, Debug)]
pub struct Reference;

impl Accelerators for Reference {
    fn keccak_f(state: &mut [u32; 50]) {
        reference::keccak_f(state);
    }

    fn modmul256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
        reference::modmul256(a, b, m)
    }

    fn modmul384(a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) -> [u32; 12] {
        reference::modmul384(a, b, m)
    }

    fn secp256k1_add(p: &mut [u32; 16], q: &[u32; 16]) {
        *p = reference::secp256k1_add(p, q).unwrap_or_else(|fault| trap(fault));
    }

    fn secp256k1_double(p: &mut [u32; 16]) {
        *p = reference::secp256k1_double(p).unwrap_or_else(|fault| trap(fault));
    }
}

/// What a trap is on the host: the caller broke the contract, and there is no value to return.
fn trap(fault: reference::PointFault) -> ! {
    panic!("trap in secp256k1 accelerator: {fault:?}")
}
