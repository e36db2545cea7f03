//! The precompile of modular exponentiation.

use alloy_primitives::U256;

use super::super::case::Case;
use super::{bytes, precompile};
use Modulus::{Even, Odd, OddWord, Power, Zeros};

/// Kinds of moduli: what is easy for one algorithm is not for another.
#[derive(Clone, Copy, Debug)]
enum Modulus {
    Odd,
    /// Even once: the odd part is nearly all.
    Even,
    /// An odd part followed by this many eighths of zeros, which is a power of two as a factor.
    Zeros(usize),
    /// An odd part of 8 bytes, the rest zeros.
    OddWord,
    /// A power of two.
    Power,
}

impl Modulus {
    fn name(self) -> String {
        match self {
            Odd => "odd".into(),
            Even => "even".into(),
            Zeros(eighths) => format!("{eighths}/8 zeros below"),
            OddWord => ODD_WORD.into(),
            Power => "power of two".into(),
        }
    }
}

/// How variants with [`Modulus::OddWord`] are named.
pub(in super::super) const ODD_WORD: &str = "8 odd bytes, then zeros";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (size, exponents) in [
        (1, &[1, 32][..]),
        (32, &[1, 4, 32, 128]),
        (33, &[1, 32]),
        (48, &[1, 32, 128]),
        (49, &[1, 32]),
        (64, &[1, 32, 128]),
        (128, &[1, 32]),
        (256, &[1, 3]),
        (1_024, &[1]),
    ] {
        for exponent_bytes in exponents {
            for kind in [Odd, Even, Zeros(4), Power] {
                cases.push(modexp(size, size, &vec![0xff; *exponent_bytes], kind));
            }
        }
    }
    // With the least exponents, what does not depend on the exponent is most of the work.
    for size in [49, 64, 96, 120, 128, 192, 256, 1_024] {
        for kind in [Odd, Even, Zeros(4), Zeros(6), Zeros(7), OddWord] {
            cases.push(modexp(size, size, &[3], kind));
        }
    }
    cases.push(modexp(128, 128, &[1], OddWord));
    // The longer of base and modulus decides the gas.
    cases.push(modexp(1_024, 32, &[3], Odd));
    cases.push(modexp(32, 1_024, &[3], Odd));
    cases.push(modexp(1, 1_024, &[3], OddWord));
    // An exponent of zeros is paid for by its length.
    cases.push(modexp(32, 32, &[0; 64], Odd));
    cases.push(modexp(0, 0, &[], Odd));
    cases
}

fn modulus(size: usize, kind: Modulus) -> Vec<u8> {
    let mut modulus = vec![0xff; size];
    match kind {
        Odd => {}
        Even => modulus[size - 1] = 0xfe,
        Zeros(eighths) => modulus[size - size * eighths / 8..].fill(0),
        OddWord => modulus[8..].fill(0),
        Power => {
            modulus.fill(0);
            modulus[0] = 0x80;
        }
    }
    modulus
}

fn modexp(base_bytes: usize, modulus_bytes: usize, exponent: &[u8], kind: Modulus) -> Case {
    let mut data = Vec::new();
    for length in [base_bytes, exponent.len(), modulus_bytes] {
        data.extend_from_slice(&U256::from(length).to_be_bytes::<32>());
    }
    data.extend_from_slice(&bytes(12, base_bytes));
    data.extend_from_slice(exponent);
    data.extend_from_slice(&modulus(modulus_bytes, kind));
    let size = data.len() as u64;
    let digit = exponent.first().copied().unwrap_or(0);
    let variant = format!(
        "base of {base_bytes} bytes, exponent of {} (0x{digit:02x}), modulus of {modulus_bytes} ({})",
        exponent.len(),
        kind.name(),
    );
    precompile(("MODEXP", 5), &variant, data, size).gas(gas(base_bytes, modulus_bytes, exponent)).case()
}

/// EIP-7883.
fn gas(base_bytes: usize, modulus_bytes: usize, exponent: &[u8]) -> u64 {
    let longest = base_bytes.max(modulus_bytes) as u64;
    let complexity = if longest <= 32 { 16 } else { 2 * longest.div_ceil(8).pow(2) };
    let head = exponent.len().min(32);
    let bits = U256::from_be_slice(&exponent[..head]).bit_len() as u64;
    let iterations = bits.saturating_sub(1) + 16 * (exponent.len() - head) as u64;
    (complexity * iterations.max(1)).max(500)
}
