// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

// The field that proofs are over: KoalaBear, of p = 2^31 - 2^24 + 1 elements, and its extension F[X] / (X^4 - 3).
//
// An element of the extension is one word of four lanes of 64 bits; lane i, counted from the low end, is coefficient i.
// Functions take canonical elements (each lane below p) and return such, where they do not say otherwise. A sum of
// products of lanes must stay below 2^64, or it would run into the next lane. All bounds below rest on
//
//     4 (p - 1)^2 = 2^64 - 287 * 10^15 + ...  < 2^64 - 2^57.

// An element of the extension field.
type Ext is uint256;

using {toLanes, eq, add as +, sub as -, mul as *, scale, inverse} for Ext global;

// The order of the base field.
uint256 constant P = 0x7f000001;
// p in every lane.
uint256 constant P_LANES = 0x7f000001000000007f000001000000007f000001000000007f000001;
// 1 in every lane.
uint256 constant ONE_LANES = 0x1000000000000000100000000000000010000000000000001;
// What is added to a lane below 2p to have a bit at 2^31 exactly if the lane is p or more: 2^31 - p.
uint256 constant COMPLEMENT_LANES = 0xffffff0000000000ffffff0000000000ffffff0000000000ffffff;
// The low 64 bits.
uint256 constant LANE = 0xffffffffffffffff;
// The low 128 bits: coefficients 0 and 1.
uint256 constant LOW_HALF = 0xffffffffffffffffffffffffffffffff;
// With X = 2^64, integers modulo 2^256 - 3 multiply as the extension does, as long as no lane runs over.
uint256 constant KRONECKER = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd;
// The low 33 bits of every lane.
uint256 constant LOW_33 = 0x1ffffffff00000001ffffffff00000001ffffffff00000001ffffffff;
// The low 27 bits of every lane.
uint256 constant LOW_27 = 0x7ffffff0000000007ffffff0000000007ffffff0000000007ffffff;
// floor(2^37 (2^24 - 1) / p): how much 2^31 / p is above 1.
uint256 constant RATIO = 0x408101c3;
// The element 1.
Ext constant ONE = Ext.wrap(1);
// The element 0.
Ext constant ZERO = Ext.wrap(0);
// The element X.
Ext constant X = Ext.wrap(1 << 64);

// An element is not invertible.
error ExtNotInvertible();

/// The lanes of an element.
function toLanes(Ext a) pure returns (uint256) {
    return Ext.unwrap(a);
}

function eq(Ext a, Ext b) pure returns (bool) {
    return Ext.unwrap(a) == Ext.unwrap(b);
}

/// The canonical element with these lanes, which are any numbers of 64 bits.
function reduce(uint256 lanes) pure returns (Ext r) {
    assembly ("memory-safe") {
        r := or(
            or(mod(and(lanes, LANE), P), shl(64, mod(and(shr(64, lanes), LANE), P))),
            or(shl(128, mod(and(shr(128, lanes), LANE), P)), shl(192, mod(shr(192, lanes), P)))
        )
    }
}

/// Lanes below 2.01 p < 2^33 that are the same modulo p. Takes any lanes.
///
/// With h = lane / 2^31 rounded down, h (1 + RATIO / 2^37) is at most lane / p, and less than 2.01 below it: 2^31 / p <
/// 1.008 for what h leaves out, 2^33 * 0.02 / 2^37 for what RATIO does, 1 for rounding. So nothing is borrowed from the
/// next lane. h < 2^33 and RATIO < 2^30.02, so their product stays in its lane.
function reduceLightly(uint256 lanes) pure returns (uint256 r) {
    assembly ("memory-safe") {
        let h := and(shr(31, lanes), LOW_33)
        r := sub(lanes, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
    }
}

/// The canonical element with these lanes, each below 2 p.
function reduceOnce(uint256 lanes) pure returns (Ext r) {
    assembly ("memory-safe") {
        r := sub(lanes, mul(and(shr(31, add(lanes, COMPLEMENT_LANES)), ONE_LANES), P))
    }
}

function add(Ext a, Ext b) pure returns (Ext) {
    unchecked {
        // Lanes are below 2 p.
        return reduceOnce(Ext.unwrap(a) + Ext.unwrap(b));
    }
}

function sub(Ext a, Ext b) pure returns (Ext) {
    unchecked {
        // Lanes are above 0, so that nothing is borrowed, and at most 2 p - 1.
        return reduceOnce(Ext.unwrap(a) + P_LANES - Ext.unwrap(b));
    }
}

/// a b in lanes below 2^64 - 2^56, not reduced.
///
/// With b = l + X^2 h, a l has the lanes a0 b0 + 3 a3 b1, a0 b1 + a1 b0, a1 b1 + a2 b0, a2 b1 + a3 b0: at most
/// 4 (p - 1)^2, the same for a h. a h is reduced to less than 2.01 p, and times X^2 = 2^128 gives less than 7 p.
function product(Ext a, Ext b) pure returns (uint256 r) {
    assembly ("memory-safe") {
        r := mulmod(a, shr(128, b), KRONECKER)
        let h := and(shr(31, r), LOW_33)
        r := sub(r, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
        r := add(mulmod(a, and(b, LOW_HALF), KRONECKER), mulmod(r, shl(128, 1), KRONECKER))
    }
}

function mul(Ext a, Ext b) pure returns (Ext) {
    return reduce(product(a, b));
}

/// a times an element of the base field.
function scale(Ext a, uint256 factor) pure returns (Ext) {
    unchecked {
        // Lanes are below p^2 < 2^62.
        return reduce(Ext.unwrap(a) * factor);
    }
}

/// The inverse. With a' being a at -X, n = a a' has coefficients at 1 and X^2 only; with n' being n at -X^2, n n' lies in
/// the base field.
function inverse(Ext a) pure returns (Ext) {
    if (Ext.unwrap(a) == 0) revert ExtNotInvertible();
    Ext conjugate = Ext.wrap(Ext.unwrap(a) & ~(LANE << 64) & ~(LANE << 192))
        - Ext.wrap(Ext.unwrap(a) & ((LANE << 64) | (LANE << 192)));
    Ext norm = a * conjugate;
    Ext other = Ext.wrap(Ext.unwrap(norm) & LANE) - Ext.wrap(Ext.unwrap(norm) & (LANE << 128));
    uint256 base = Ext.unwrap(norm * other);
    return (conjugate * other).scale(inverseBase(base));
}

/// The inverse in the base field, by Fermat; that of 0 is 0.
function inverseBase(uint256 a) pure returns (uint256 r) {
    return powerBase(a, P - 2);
}

/// a^exponent in the base field.
function powerBase(uint256 a, uint256 exponent) pure returns (uint256 r) {
    assembly ("memory-safe") {
        r := 1
        for {} exponent { exponent := shr(1, exponent) } {
            if and(exponent, 1) { r := mulmod(r, a, P) }
            a := mulmod(a, a, P)
        }
    }
}

/// a^(2^log).
function powerOfTwo(Ext a, uint256 log) pure returns (Ext) {
    for (uint256 i = 0; i < log; ++i) {
        a = a * a;
    }
    return a;
}

/// a^exponent.
function power(Ext a, uint256 exponent) pure returns (Ext r) {
    r = ONE;
    for (; exponent != 0; exponent >>= 1) {
        if (exponent & 1 == 1) r = r * a;
        a = a * a;
    }
}

/// The element encoded in the low 16 bytes of a word: coefficients of 32 bits, the first one highest. They must be
/// canonical already.
function unpack(uint256 packed) pure returns (Ext r) {
    assembly ("memory-safe") {
        r := or(
            or(shr(96, packed), and(packed, 0xffffffff0000000000000000)),
            or(shl(96, and(packed, 0xffffffff00000000)), shl(192, and(packed, 0xffffffff)))
        )
    }
}

/// The inverse of `unpack`.
function pack(Ext a) pure returns (uint256 r) {
    assembly ("memory-safe") {
        r := or(
            or(shl(96, and(a, LANE)), and(a, 0xffffffff0000000000000000)),
            or(and(shr(96, a), 0xffffffff00000000), shr(192, a))
        )
    }
}

/// The element that 32 bytes of a hash are: four big-endian numbers of 64 bits, the first one being coefficient 0.
function fromHash(bytes32 hash) pure returns (Ext r) {
    assembly ("memory-safe") {
        r := or(
            or(mod(shr(192, hash), P), shl(64, mod(and(shr(128, hash), LANE), P))),
            or(shl(128, mod(and(shr(64, hash), LANE), P)), shl(192, mod(and(hash, LANE), P)))
        )
    }
}
