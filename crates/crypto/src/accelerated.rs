//! The operations of the EVM's precompiles over the accelerators.

use crate::secp256k1;
use ashlar_abi::Accelerators;
use core::marker::PhantomData;
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
    fn secp256k1_ecrecover(
        &self,
        sig: &[u8; 64],
        recid: u8,
        msg: &[u8; 32],
    ) -> Result<[u8; 32], PrecompileHalt> {
        secp256k1::secp256k1_ecrecover::<A>(sig, recid, msg)
            .map_err(|_| PrecompileHalt::Secp256k1RecoverFailed)
    }
}
