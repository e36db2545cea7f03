//! Polynomials of specification 019 at a point: Horner's rule over the scalar field of BLS12-381.

use crate::stream::PIECE_BYTES;

/// An integer of little-endian 32-bit words, as the machine's accelerators take them.
pub type Scalar = [u32; 8];

/// The order of BLS12-381's groups, between 2^254 and 2^255.
pub const ORDER: Scalar =
    [0x0000_0001, 0xffff_ffff, 0xfffe_5bfe, 0x53bd_a402, 0x09a1_d805, 0x3339_d808, 0x299d_7d48, 0x73ed_a753];

const ONE: Scalar = [1, 0, 0, 0, 0, 0, 0, 0];

/// The value at `point` of the polynomial whose coefficients are the pieces, from coefficient 0 up. Both are big-endian,
/// and so is the value, which is below the order.
///
/// `multiply(a, b, m)` sets a to a b mod m, canonical, for any a and b: the accelerator `MODMUL256` in the guest
/// (`Accelerators::modmul256_assign` of `ashlar-abi`), its reference on hosts. It is called once a piece.
pub fn evaluate(
    pieces: impl DoubleEndedIterator<Item = [u8; PIECE_BYTES]>,
    point: &[u8; 32],
    multiply: impl Fn(&mut Scalar, &Scalar, &Scalar),
) -> [u8; 32] {
    let point = words(point);
    let mut value = [0; 8];
    for piece in pieces.rev() {
        multiply(&mut value, &point, &ORDER);
        // Below 2^255 and below 2^248: the sum fits, and the next product reduces it.
        add(&mut value, &piece);
    }
    multiply(&mut value, &ONE, &ORDER);
    to_bytes(&value)
}

/// value := value + piece, modulo 2^256.
#[inline(always)]
fn add(value: &mut Scalar, piece: &[u8; PIECE_BYTES]) {
    let Some((highest, lower)) = piece.split_first_chunk::<3>() else { return };
    let [a, b, c] = *highest;
    let lower = lower.as_chunks::<4>().0.iter().rev().map(|chunk| u32::from_be_bytes(*chunk));
    let highest = u32::from_be_bytes([0, a, b, c]);
    let mut carry = false;
    for (word, part) in value.iter_mut().zip(lower.chain([highest])) {
        (*word, carry) = word.carrying_add(part, carry);
    }
}

fn words(bytes: &[u8; 32]) -> Scalar {
    let mut words = [0; 8];
    for (word, chunk) in words.iter_mut().rev().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*chunk);
    }
    words
}

fn to_bytes(words: &Scalar) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words.iter().rev()) {
        *chunk = word.to_be_bytes();
    }
    bytes
}
