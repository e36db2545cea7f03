//! Numbers of the calls (`a7` at `ECALL`), and the sizes of what they read and write.

/// Ends the run with the exit code in `a0`.
pub const HALT: u32 = 0;
/// Writes the next `a1` hint words to `a0`.
pub const HINT: u32 = 1;
/// Absorbs 32 bytes at `a0` into the digest of the output.
pub const COMMIT: u32 = 2;
/// Shows `a1` bytes at `a0` on the host.
pub const LOG: u32 = 3;
/// Keccak-f\[1600\] in place at `a0`.
pub const KECCAK_F: u32 = 16;
/// Poseidon2 over KoalaBear, width 16, in place at `a0`.
pub const POSEIDON2: u32 = 17;
/// `a0 := a1 * a2 mod a3`, 256 bits.
pub const MODMUL256: u32 = 18;
/// `a0 := a1 * a2 mod a3`, 384 bits.
pub const MODMUL384: u32 = 19;
/// `a0 := a0 + a1`, affine points of secp256k1 with different x.
pub const SECP256K1_ADD: u32 = 20;
/// `a0 := 2 * a0`, affine point of secp256k1.
pub const SECP256K1_DOUBLE: u32 = 21;

/// Most words that one [`HINT`] may write.
pub const HINT_WORDS_MAX: u32 = 256;
/// Most bytes that one [`LOG`] may show.
pub const LOG_BYTES_MAX: u32 = 65_536;
/// Words absorbed by one [`COMMIT`].
pub const COMMIT_WORDS: usize = 8;
/// Words of a Keccak state.
pub const KECCAK_WORDS: usize = 50;
/// Words of a Poseidon2 state.
pub const POSEIDON2_WORDS: usize = 16;
/// Words of an affine point of secp256k1.
pub const POINT_WORDS: usize = 16;
