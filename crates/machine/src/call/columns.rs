use ashlar_abi::call;

use crate::columns::columns;

/// Which call it is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs)] // The names are the calls'.
pub struct CallFlags<T> {
    pub is_hint: T,
    pub is_commit: T,
    pub is_keccak_f: T,
    pub is_poseidon2: T,
    pub is_modmul256: T,
    pub is_modmul384: T,
    pub is_secp256k1_add: T,
    pub is_secp256k1_double: T,
}

impl<T> CallFlags<T> {
    /// The flags with the numbers of their calls.
    pub fn numbered(self) -> [(u32, T); 8] {
        [
            (call::HINT, self.is_hint),
            (call::COMMIT, self.is_commit),
            (call::KECCAK_F, self.is_keccak_f),
            (call::POSEIDON2, self.is_poseidon2),
            (call::MODMUL256, self.is_modmul256),
            (call::MODMUL384, self.is_modmul384),
            (call::SECP256K1_ADD, self.is_secp256k1_add),
            (call::SECP256K1_DOUBLE, self.is_secp256k1_double),
        ]
    }
}

/// One row: one call.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CallColumns<T> {
    /// Which call; none: not in use.
    pub flags: CallFlags<T>,
    /// Cycle of the call.
    pub clock: T,
    /// Limbs of a0 to a3, low first.
    pub arguments: [[T; 2]; 4],
    /// Timestamps of the accesses to a1, a2 and a3 before this one.
    pub previous: [T; 3],
    /// High parts of the gaps since then.
    pub gap_high: [T; 3],
}

columns!(CallColumns);
