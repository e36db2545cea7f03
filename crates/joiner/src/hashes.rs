//! The hash functions as operations, so that the code above them runs in the guest and on the host.

/// The hash functions of both trees: calls of the machine in the guest, native ones on the host.
pub trait Hashes {
    /// Poseidon2 of width 16 in place, on canonical words (`specs/001-machine.md`).
    fn poseidon2(state: &mut [u32; 16]);

    /// Keccak-256.
    fn keccak256(bytes: &[u8]) -> [u8; 32];
}
