//! Arithmetic, comparison and bits.

use alloy_primitives::{U256, uint};

use super::super::asm::{Code, op};
use super::super::case::{Case, Operation, Outputs};
use super::word;

/// Operands with their name; the first is the one on top of the stack.
type Operands = (String, Vec<U256>);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode, gas) in [
        ("ADD", 0x01, 3),
        ("MUL", 0x02, 5),
        ("SUB", 0x03, 3),
        ("LT", 0x10, 3),
        ("GT", 0x11, 3),
        ("SLT", 0x12, 3),
        ("SGT", 0x13, 3),
        ("EQ", 0x14, 3),
        ("AND", 0x16, 3),
        ("OR", 0x17, 3),
        ("XOR", 0x18, 3),
    ] {
        cases.extend(variants(name, opcode, gas, pairs()));
    }
    for (name, opcode) in [("DIV", 0x04), ("SDIV", 0x05), ("MOD", 0x06), ("SMOD", 0x07)] {
        cases.extend(variants(name, opcode, 5, divisions()));
    }
    cases.extend(variants("ADDMOD", 0x08, 8, moduli()));
    cases.extend(variants("MULMOD", 0x09, 8, moduli()));
    cases.extend(variants("SIGNEXTEND", 0x0b, 5, indexed(&[0, 15, 30, 31, 32])));
    cases.extend(variants("BYTE", 0x1a, 3, indexed(&[0, 15, 31, 32])));
    for (name, opcode) in [("SHL", 0x1b), ("SHR", 0x1c), ("SAR", 0x1d)] {
        cases.extend(variants(name, opcode, 3, indexed(&[0, 1, 63, 64, 129, 255, 256])));
    }
    cases.extend(variants("ISZERO", op::ISZERO, 3, singles()));
    cases.extend(variants("NOT", 0x19, 3, singles()));
    cases.extend(variants("CLZ", 0x1e, 5, singles()));
    cases.extend(exponents());
    cases
}

/// A case for each choice of operands.
fn variants(name: &str, opcode: u8, gas: u64, operands: Vec<Operands>) -> Vec<Case> {
    operands
        .into_iter()
        .map(|(variant, operands)| {
            let setup = operands.iter().rev().fold(Code::new(), |code, operand| code.push32(*operand));
            Operation::opcode(name, &variant, opcode)
                .gas(gas)
                .setup(setup, operands.len() as u8)
                .outputs(Outputs::Popped(1))
                .case()
        })
        .collect()
}

fn named(name: &str, operands: &[U256]) -> Operands {
    (name.into(), operands.to_vec())
}

fn pairs() -> Vec<Operands> {
    vec![
        named("zeros", &[U256::ZERO, U256::ZERO]),
        named("all ones", &[U256::MAX, U256::MAX]),
        named("equal", &[word(1), word(1)]),
        named("random", &[word(1), word(2)]),
    ]
}

fn singles() -> Vec<Operands> {
    vec![
        named("zero", &[U256::ZERO]),
        named("one", &[U256::ONE]),
        named("all ones", &[U256::MAX]),
        named("random", &[word(1)]),
    ]
}

/// A position or distance, then a full word with its top bit set.
fn indexed(indices: &[u64]) -> Vec<Operands> {
    let value = word(1) | U256::ONE << 255;
    indices.iter().map(|index| named(&index.to_string(), &[U256::from(*index), value])).collect()
}

/// Sizes of divisors in bits, around limbs of 32 and 64: with the top limb just begun, which must be shifted far, and
/// full.
const DIVISOR_BITS: [usize; 13] = [1, 8, 32, 33, 64, 65, 96, 128, 129, 160, 192, 193, 256];

/// Words of this many bits: with nothing but their top and bottom bits, with all bits, and with any bits.
fn divisors(bits: usize) -> [(String, U256); 3] {
    let top = U256::ONE << (bits - 1);
    [
        ("lone bits", top | U256::ONE),
        ("ones", top | (top - U256::ONE)),
        ("random", top | (word(3) & (top - U256::ONE))),
    ]
    .map(|(name, divisor)| (format!("{bits} bits ({name})"), divisor))
}

fn divisions() -> Vec<Operands> {
    let by = |(name, divisor): (String, U256)| {
        let random = word(1) | U256::ONE << 254;
        [("all ones", U256::MAX), ("random", random)]
            .map(|(dividend, value)| (format!("{dividend} by {name}"), vec![value, divisor]))
    };
    let mut operands: Vec<_> = DIVISOR_BITS.into_iter().flat_map(divisors).flat_map(by).collect();
    // Quotient digits that are guessed too large, twice (Knuth, TAOCP 4.3.1, algorithm D, step D6).
    let dividend = uint!(0x7fffffffffffffff800000000000000000000000000000000000000000000000_U256);
    let divisor = uint!(0x800000000000000000000000000000000000000000000001_U256);
    operands.push(named("digits guessed too large", &[dividend, divisor]));
    operands.push(named("by zero", &[U256::MAX, U256::ZERO]));
    operands.push(named("small by large", &[U256::from(7), U256::MAX]));
    operands.push(named("-2^255 by -1", &[U256::ONE << 255, U256::MAX]));
    operands
}

fn moduli() -> Vec<Operands> {
    let modulo = |(name, modulus): (String, U256)| {
        (format!("modulo {name}"), vec![U256::MAX, U256::MAX - U256::from(2), modulus])
    };
    let mut operands: Vec<_> = DIVISOR_BITS.into_iter().flat_map(divisors).map(modulo).collect();
    operands.push(named("random", &[word(1), word(2), word(4) | U256::ONE << 255]));
    operands.push(named("modulo zero", &[U256::MAX, U256::MAX, U256::ZERO]));
    operands
}

/// EXP: 10 gas, and 50 for each byte of the exponent (EIP-160).
fn exponents() -> Vec<Case> {
    let mut cases = Vec::new();
    for bytes in [0, 1, 2, 8, 32_usize] {
        let full = U256::MAX.wrapping_shr(256 - 8 * bytes);
        let single = if bytes == 0 { U256::ZERO } else { U256::ONE << (8 * bytes - 1) };
        for (name, exponent) in [("ones", full), ("one bit", single)] {
            for (base_name, base) in [("2", U256::from(2)), ("random", word(1) | U256::ONE)] {
                let variant = format!("{base_name} to {bytes} bytes of {name}");
                let gas = 10 + 50 * bytes as u64;
                cases.extend(variants("EXP", op::EXP, gas, vec![(variant, vec![base, exponent])]));
            }
        }
    }
    cases
}
