//! Modular exponentiation (EIP-198).

mod divide;
mod wide;

use crate::limbs::{add_mod, is_zero};
use crate::multiplier::Multiplier;
use alloc::vec;
use alloc::vec::Vec;
use ashlar_abi::Accelerators;
use revm_precompile::PrecompileHalt;

/// Exponents of more bytes than this are read four bits at a time: their table costs 14 products.
const BINARY_EXPONENT_BYTES_MAX: usize = 4;

/// base^exponent mod modulus, big-endian, without regard to leading zeros of the operands; 0^0 = 1, and modulo 0 the
/// result is empty. The result may be shorter than the modulus, never longer.
///
/// Moduli of up to 384 bits are those of the accelerators; for larger ones, the accelerators multiply digits.
///
/// # Errors
/// None: the type is that of the precompile.
pub fn modexp<A: Accelerators>(
    base: &[u8],
    exponent: &[u8],
    modulus: &[u8],
) -> Result<Vec<u8>, PrecompileHalt> {
    let (exponent, modulus) = (without_leading_zeros(exponent), without_leading_zeros(modulus));
    match modulus.len() {
        0 => Ok(Vec::new()),
        1..=32 => Ok(power::<A, 8>(base, exponent, modulus)),
        33..=48 => Ok(power::<A, 12>(base, exponent, modulus)),
        _ => Ok(wide::power::<A>(base, exponent, modulus)),
    }
}

/// `modulus` has at most 4 `WORDS` bytes and is not 0; neither it nor the exponent has leading zeros.
fn power<A: Multiplier<WORDS>, const WORDS: usize>(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let m = &from_be_slice::<WORDS>(modulus);
    let mut one = [0; WORDS];
    if let Some(lowest) = one.first_mut() {
        *lowest = 1;
    }
    let base = reduce::<A, WORDS>(base, &one, m);
    let mut power = if exponent.len() <= BINARY_EXPONENT_BYTES_MAX {
        power_by_bits::<A, WORDS>(&base, exponent, &one, m)
    } else {
        power_by_nibbles::<A, WORDS>(&base, exponent, &one, m)
    };
    // Modulo 1, even an empty product is 0.
    A::mul_assign(&mut power, &one, m);
    to_be_vec(&power, modulus.len())
}

/// The integer modulo m, from the most significant digit to base 2^(32 WORDS) down.
fn reduce<A: Multiplier<WORDS>, const WORDS: usize>(
    bytes: &[u8],
    one: &[u32; WORDS],
    m: &[u32; WORDS],
) -> [u32; WORDS] {
    let (first, digits) = bytes.split_at(bytes.len() % (4 * WORDS));
    let mut value = from_be_slice::<WORDS>(first);
    A::mul_assign(&mut value, one, m);
    if digits.is_empty() {
        return value;
    }
    let base = word_size::<A, WORDS>(m);
    for digit in digits.chunks_exact(4 * WORDS) {
        let mut digit = from_be_slice::<WORDS>(digit);
        A::mul_assign(&mut digit, one, m);
        A::mul_assign(&mut value, &base, m);
        value = add_mod(&value, &digit, m);
    }
    value
}

/// 2^(32 WORDS) mod m.
fn word_size<A: Multiplier<WORDS>, const WORDS: usize>(m: &[u32; WORDS]) -> [u32; WORDS] {
    let (mut half, mut two) = ([0; WORDS], [0; WORDS]);
    if let (Some(highest), Some(lowest)) = (half.last_mut(), two.first_mut()) {
        (*highest, *lowest) = (1 << 31, 2);
    }
    A::mul_assign(&mut half, &two, m);
    half
}

fn power_by_bits<A: Multiplier<WORDS>, const WORDS: usize>(
    base: &[u32; WORDS],
    exponent: &[u8],
    one: &[u32; WORDS],
    m: &[u32; WORDS],
) -> [u32; WORDS] {
    let exponent = exponent.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    if exponent == 0 {
        return *one;
    }
    let mut power = *base;
    for bit in (0..exponent.ilog2()).rev() {
        A::square_assign(&mut power, m);
        if exponent >> bit & 1 == 1 {
            A::mul_assign(&mut power, base, m);
        }
    }
    power
}

/// base^exponent mod m, four bits at a time; the exponent is big-endian.
pub(crate) fn power_by_nibbles<A: Multiplier<WORDS>, const WORDS: usize>(
    base: &[u32; WORDS],
    exponent: &[u8],
    one: &[u32; WORDS],
    m: &[u32; WORDS],
) -> [u32; WORDS] {
    let mut table = [*base; 15];
    let mut last = *base;
    for entry in table.iter_mut().skip(1) {
        A::mul_assign(&mut last, base, m);
        *entry = last;
    }
    let mut power: Option<[u32; WORDS]> = None;
    for nibble in exponent.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        if let Some(power) = &mut power {
            for _ in 0..4 {
                A::square_assign(power, m);
            }
        }
        // Entry i is the power i + 1: none for a nibble of 0.
        if let Some(factor) = usize::from(nibble).checked_sub(1).and_then(|index| table.get(index)) {
            match &mut power {
                Some(power) => A::mul_assign(power, factor, m),
                None => power = Some(*factor),
            }
        }
    }
    power.unwrap_or(*one)
}

/// An exponent, read from the most significant digit on: four bits at a time, or one where it is short.
struct Digits<'a> {
    exponent: &'a [u8],
    bits: usize,
}

impl<'a> Digits<'a> {
    const fn of(exponent: &'a [u8]) -> Self {
        Self { exponent, bits: if exponent.len() <= BINARY_EXPONENT_BYTES_MAX { 1 } else { 4 } }
    }

    /// Digits above 0.
    const fn table_len(&self) -> usize {
        (1 << self.bits) - 1
    }

    fn iter(&self) -> impl Iterator<Item = u8> {
        let (bits, mask) = (self.bits, (1_u8 << self.bits) - 1);
        self.exponent
            .iter()
            .flat_map(move |byte| (0..8).step_by(bits).rev().map(move |shift| byte >> shift & mask))
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// At most 4 `WORDS` big-endian bytes.
fn from_be_slice<const WORDS: usize>(bytes: &[u8]) -> [u32; WORDS] {
    let mut words = [0; WORDS];
    for (word, chunk) in words.iter_mut().zip(bytes.rchunks(4)) {
        *word = chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    words
}

/// The lowest `length` bytes, big-endian.
fn to_be_vec<const WORDS: usize>(words: &[u32; WORDS], length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    if !is_zero(words) {
        for (byte, value) in bytes.iter_mut().rev().zip(words.iter().flat_map(|word| word.to_le_bytes())) {
            *byte = value;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_util::{Counting, counted};
    use ashlar_abi::Reference;
    use proptest::prelude::*;
    use revm_precompile::{Crypto as _, DefaultCrypto};

    fn agrees(base: &[u8], exponent: &[u8], modulus: &[u8]) {
        let ours = modexp::<Reference>(base, exponent, modulus).unwrap();
        let native = DefaultCrypto.modexp(base, exponent, modulus).unwrap();
        assert!(ours.len() <= modulus.len());
        assert_eq!(
            without_leading_zeros(&ours),
            without_leading_zeros(&native),
            "{}^{} mod {}",
            hex::encode(base),
            hex::encode(exponent),
            hex::encode(modulus)
        );
    }

    #[test]
    fn boundary_operands_agree() {
        let mut values: Vec<Vec<u8>> =
            vec![vec![], vec![0], vec![1], vec![2], vec![3], vec![0, 0, 0, 5], vec![255]];
        for length in [4, 31, 32, 33, 47, 48, 49, 64, 72, 73] {
            values.push(vec![0xff; length]);
            values.push([&[0x80][..], &vec![0; length - 1]].concat());
            values.push([&vec![0; 40][..], &vec![0xfe; length]].concat());
        }
        for base in values.iter().chain(&[vec![0xff; 96], vec![0xab; 200]]) {
            for exponent in values.iter().filter(|exponent| exponent.len() < 33) {
                for modulus in &values {
                    agrees(base, exponent, modulus);
                }
            }
        }
    }

    #[test]
    fn nothing_is_left_modulo_one_and_zero() {
        for exponent in [&[][..], &[0], &[1], &[9; 40]] {
            for base in [&[][..], &[0], &[7; 33]] {
                assert_eq!(modexp::<Reference>(base, exponent, &[0, 1]).unwrap(), [0]);
                assert_eq!(modexp::<Reference>(base, exponent, &[0; 8]).unwrap(), [0; 0]);
            }
        }
    }

    #[test]
    fn zero_to_the_zero_is_one() {
        assert_eq!(modexp::<Reference>(&[], &[], &[7]).unwrap(), [1]);
    }

    #[test]
    fn calls_of_a_256_bit_power() {
        let (_, calls) = counted(|| modexp::<Counting>(&[7; 32], &[0xff; 32], &[0xfd; 32]));
        println!("256-bit power: {calls:?}");
        assert!(calls.modmul256 < 340);
    }

    #[test]
    fn long_operands_agree() {
        for length in [96, 97, 120, 128, 256, 512, 1024] {
            let bytes = |seed: u32| -> Vec<u8> {
                (0..length as u32)
                    .map(|i| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 21) as u8)
                    .collect()
            };
            // Odd, even, a power of two, the least and the greatest of its length, and eight bytes before zeros.
            let mut moduli = vec![bytes(1), bytes(2), vec![0; length], vec![0xff; length], bytes(5)];
            moduli[0][length - 1] |= 1;
            moduli[1][length - 40..].fill(0);
            moduli[2][0] = 1;
            moduli[4][8..].fill(0);
            for modulus in &moduli {
                for exponent in [&[1][..], &[3], &[1, 0, 1], &[0xfe; 5]] {
                    agrees(&bytes(3), exponent, modulus);
                    agrees(&vec![0xff; length], exponent, modulus);
                }
                agrees(&bytes(3)[..40], &[1, 2, 3, 4, 5], modulus);
                agrees(&[&bytes(3)[..], &bytes(7)].concat(), &[2], modulus);
                agrees(modulus, &[2], modulus);
            }
        }
    }

    proptest! {
        #[test]
        fn random_long_operands_agree(
            base in proptest::collection::vec(any::<u8>(), 0..300),
            exponent in proptest::collection::vec(any::<u8>(), 0..9),
            modulus in proptest::collection::vec(any::<u8>(), 49..200),
            zeros in 0..200_usize,
        ) {
            agrees(&base, &exponent, &modulus);
            let mut even = modulus;
            let length = even.len();
            even[length.saturating_sub(zeros)..].fill(0);
            agrees(&base, &exponent, &even);
        }

        #[test]
        fn random_operands_agree(
            base in proptest::collection::vec(any::<u8>(), 0..150),
            exponent in proptest::collection::vec(any::<u8>(), 0..40),
            modulus in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            agrees(&base, &exponent, &modulus);
        }

        #[test]
        fn even_moduli_agree(base: [u8; 40], exponent: [u8; 6], mut modulus: [u8; 32], zeros in 0..32_usize) {
            modulus[32 - zeros..].fill(0);
            agrees(&base, &exponent, &modulus);
        }
    }
}
