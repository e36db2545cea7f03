//! The value of each arithmetic accelerator, written for clarity. Words are little-endian.

use ruint::Uint;

type U256 = Uint<256, 4>;
type U384 = Uint<384, 6>;

/// The field modulus of secp256k1, p = 2^256 - 2^32 - 977 (SEC 2, §2.4.1).
pub const SECP256K1_P: [u32; 8] =
    [0xffff_fc2f, 0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff];

/// Why a point operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointFault {
    /// A coordinate is not below the field modulus.
    NotCanonical,
    /// An addition of points with equal x, or the doubling of a point with y = 0.
    Exceptional,
}

/// Keccak-f\[1600\] (FIPS 202, §3.3) in place; the state is 25 lanes, each a low and a high word.
pub fn keccak_f(state: &mut [u32; 50]) {
    let mut lanes: [u64; 25] = core::array::from_fn(|i| join(state[2 * i], state[2 * i + 1]));
    keccak::Keccak::new().with_f1600(|permute| permute(&mut lanes));
    for (i, word) in state.iter_mut().enumerate() {
        *word = half(lanes[i / 2], i);
    }
}

/// a * b mod m, canonical; m = 0 stands for 2^256.
pub fn modmul256(a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) -> [u32; 8] {
    let (a, b, m) = (from_words8(a), from_words8(b), from_words8(m));
    to_words8(if m.is_zero() { a.wrapping_mul(b) } else { a.mul_mod(b, m) })
}

/// a * b mod m, canonical; m = 0 stands for 2^384.
pub fn modmul384(a: &[u32; 12], b: &[u32; 12], m: &[u32; 12]) -> [u32; 12] {
    let (a, b, m) = (from_words12(a), from_words12(b), from_words12(m));
    to_words12(if m.is_zero() { a.wrapping_mul(b) } else { a.mul_mod(b, m) })
}

/// p + q on secp256k1 by the affine chord formula; both points are x then y.
pub fn secp256k1_add(p: &[u32; 16], q: &[u32; 16]) -> Result<[u32; 16], PointFault> {
    let ((xp, yp), (xq, yq)) = (point(p)?, point(q)?);
    let slope = div(sub(yq, yp), sub(xq, xp))?;
    Ok(chord(slope, xp, yp, xq))
}

/// 2p on secp256k1 by the affine tangent formula.
pub fn secp256k1_double(p: &[u32; 16]) -> Result<[u32; 16], PointFault> {
    let (x, y) = point(p)?;
    let m = modulus();
    let slope = div(U256::from(3).mul_mod(x.mul_mod(x, m), m), y.add_mod(y, m))?;
    Ok(chord(slope, x, y, x))
}

/// Third point of the line with this slope through (xp, yp) and (xq, _), negated.
fn chord(slope: U256, xp: U256, yp: U256, xq: U256) -> [u32; 16] {
    let m = modulus();
    let x = sub(sub(slope.mul_mod(slope, m), xp), xq);
    let y = sub(slope.mul_mod(sub(xp, x), m), yp);
    let mut out = [0; 16];
    out[..8].copy_from_slice(&to_words8(x));
    out[8..].copy_from_slice(&to_words8(y));
    out
}

fn modulus() -> U256 {
    from_words8(&SECP256K1_P)
}

fn point(words: &[u32; 16]) -> Result<(U256, U256), PointFault> {
    let mut halves = [[0; 8]; 2];
    halves[0].copy_from_slice(&words[..8]);
    halves[1].copy_from_slice(&words[8..]);
    let (x, y) = (from_words8(&halves[0]), from_words8(&halves[1]));
    if x < modulus() && y < modulus() { Ok((x, y)) } else { Err(PointFault::NotCanonical) }
}

fn sub(a: U256, b: U256) -> U256 {
    a.add_mod(modulus() - b, modulus())
}

fn div(a: U256, b: U256) -> Result<U256, PointFault> {
    let inverse = b.inv_mod(modulus()).ok_or(PointFault::Exceptional)?;
    Ok(a.mul_mod(inverse, modulus()))
}

fn from_words8(words: &[u32; 8]) -> U256 {
    U256::from_limbs(core::array::from_fn(|i| join(words[2 * i], words[2 * i + 1])))
}

fn from_words12(words: &[u32; 12]) -> U384 {
    U384::from_limbs(core::array::from_fn(|i| join(words[2 * i], words[2 * i + 1])))
}

fn to_words8(value: U256) -> [u32; 8] {
    core::array::from_fn(|i| half(value.as_limbs()[i / 2], i))
}

fn to_words12(value: U384) -> [u32; 12] {
    core::array::from_fn(|i| half(value.as_limbs()[i / 2], i))
}

const fn join(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

/// The low half of a limb at even positions, the high half at odd ones.
const fn half(limb: u64, index: usize) -> u32 {
    if index.is_multiple_of(2) { limb as u32 } else { (limb >> 32) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [u32; 8] = [1, 0, 0, 0, 0, 0, 0, 0];

    fn words(hex: &str) -> [u32; 8] {
        to_words8(U256::from_str_radix(hex, 16).unwrap())
    }

    fn generator() -> [u32; 16] {
        let mut g = [0; 16];
        g[..8].copy_from_slice(&words("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"));
        g[8..].copy_from_slice(&words("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"));
        g
    }

    #[test]
    fn keccak_f_of_zero_is_the_published_vector() {
        // First lane of the all-zero state after one permutation (Keccak team's KeccakF-1600-IntermediateValues).
        let mut state = [0; 50];
        keccak_f(&mut state);
        assert_eq!(state[..2], [0x40e1_dde7, 0xf125_8f79]);
    }

    #[test]
    fn modulus_zero_is_the_word_size() {
        let max = [u32::MAX; 8];
        assert_eq!(modmul256(&max, &max, &[0; 8]), ONE);
        assert_eq!(modmul384(&[u32::MAX; 12], &[u32::MAX; 12], &[0; 12])[0], 1);
    }

    #[test]
    fn modulus_one_is_always_zero() {
        assert_eq!(modmul256(&[7; 8], &[9; 8], &ONE), [0; 8]);
    }

    #[test]
    fn operands_above_the_modulus_are_reduced() {
        let max = [u32::MAX; 8];
        let expected = words("1000007a0000e8900"); // (2^32 + 976)^2 mod p
        assert_eq!(modmul256(&max, &max, &SECP256K1_P), expected);
    }

    #[test]
    fn twice_and_thrice_the_generator_are_the_published_points() {
        // SEC 2 generator; 2G and 3G as in the widely published test vectors of secp256k1.
        let two = secp256k1_double(&generator()).unwrap();
        assert_eq!(two[..8], words("c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"));
        assert_eq!(two[8..], words("1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"));
        let three = secp256k1_add(&two, &generator()).unwrap();
        assert_eq!(three[..8], words("f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"));
        assert_eq!(three[8..], words("388f7b0f632de8140fe337e62a37f3566500a99934c2231b6cb9fd7584b8e672"));
    }

    #[test]
    fn equal_and_opposite_points_are_exceptional() {
        let g = generator();
        assert_eq!(secp256k1_add(&g, &g), Err(PointFault::Exceptional));
        let mut zero_y = g;
        zero_y[8..].fill(0);
        assert_eq!(secp256k1_double(&zero_y), Err(PointFault::Exceptional));
    }

    #[test]
    fn a_coordinate_at_the_modulus_is_not_canonical() {
        let mut g = generator();
        g[..8].copy_from_slice(&SECP256K1_P);
        assert_eq!(secp256k1_double(&g), Err(PointFault::NotCanonical));
    }
}
