// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {P, RATIO, KRONECKER} from "../../src/libraries/Ext.sol";

/// @notice Lanes of a packed word as plain numbers.
library Lanes {
    function lane(uint256 lanes, uint256 i) internal pure returns (uint256) {
        return (lanes >> (64 * i)) & 0xffffffffffffffff;
    }

    function join(uint256 a, uint256 b, uint256 c, uint256 d) internal pure returns (uint256) {
        return a | b << 64 | c << 128 | d << 192;
    }

    /// Without branches, which would be paths of their own.
    function areBelow(uint256 lanes, uint256 bound) internal pure returns (bool) {
        return
            and(
                and(lane(lanes, 0) < bound, lane(lanes, 1) < bound), and(lane(lanes, 2) < bound, lane(lanes, 3) < bound)
            );
    }

    function and(bool a, bool b) internal pure returns (bool r) {
        assembly ("memory-safe") {
            r := and(a, b)
        }
    }

    function or(bool a, bool b) internal pure returns (bool r) {
        assembly ("memory-safe") {
            r := or(a, b)
        }
    }
}

/// @notice Facts about multiplication that solvers of bits do not find. Each is true for all arguments: `lemmas.py` proves it
/// over the integers, and a fuzz test asserts it.
/// @dev Symbolic tests take products of two numbers for unknown numbers: `multiply` is all that they know of them. The others
/// say what the lanes are of what `LanesFormal` shows `reduceLightly` and `product` to be.
library Lemmas {
    using Lanes for uint256;

    // Above every lane of `reduceLightly`.
    uint256 internal constant LIGHT = 201 * P / 100;
    // The most that `kronecker` gives a lane.
    uint256 internal constant PRODUCTS = 4 * (P - 1) ** 2;

    /// A word times a number is each lane times the number. For numbers with which no lane runs over.
    function multiply(uint256 y, uint256 c) internal pure returns (bool) {
        unchecked {
            return areLanes(y * c, [y.lane(0) * c, y.lane(1) * c, y.lane(2) * c, y.lane(3) * c]);
        }
    }

    /// The lanes of a word are these numbers, which are therefore below 2^64.
    function areLanes(uint256 lanes, uint256[4] memory numbers) internal pure returns (bool) {
        return Lanes.and(
            Lanes.and(lanes.lane(0) == numbers[0], lanes.lane(1) == numbers[1]),
            Lanes.and(lanes.lane(2) == numbers[2], lanes.lane(3) == numbers[3])
        );
    }

    /// What `reduceLightly` does to a lane x, where r is (x >> 31) RATIO: what it subtracts is not more than the lane, and
    /// leaves less than 2.01 p. For lanes below 2^64.
    function light(uint256 x, uint256 r) internal pure returns (bool) {
        unchecked {
            uint256 t = ((x >> 31) + (r >> 37)) * P;
            return Lanes.and(t <= x, x - t < LIGHT);
        }
    }

    /// Less p times a sum of words, lane by lane. For lanes that this is not more than.
    function subtract(uint256 lanes, uint256 h, uint256 k) internal pure returns (bool) {
        unchecked {
            uint256[4] memory left;
            for (uint256 i = 0; i < 4; ++i) {
                left[i] = lanes.lane(i) - (h.lane(i) + k.lane(i)) * P;
            }
            return areLanes(lanes - (h + k) * P, left);
        }
    }

    /// The product with an element of two coefficients, modulo X^4 - 3. For canonical lanes.
    function kronecker(uint256 a, uint256 b) internal pure returns (bool) {
        uint256[4] memory c = byTwo(a, b);
        unchecked {
            bool fits =
                Lanes.and(Lanes.and(c[0] <= PRODUCTS, c[1] <= PRODUCTS), Lanes.and(c[2] <= PRODUCTS, c[3] <= PRODUCTS));
            return Lanes.and(fits, areLanes(mulmod(a, b, KRONECKER), c));
        }
    }

    /// Coefficients of a (b0 + b1 X).
    function byTwo(uint256 a, uint256 b) internal pure returns (uint256[4] memory c) {
        unchecked {
            uint256 over = a.lane(3) * b.lane(1);
            c[0] = a.lane(0) * b.lane(0) + (over + over + over);
            c[1] = a.lane(0) * b.lane(1) + a.lane(1) * b.lane(0);
            c[2] = a.lane(1) * b.lane(1) + a.lane(2) * b.lane(0);
            c[3] = a.lane(2) * b.lane(1) + a.lane(3) * b.lane(0);
        }
    }

    /// The product with X^2. For lanes that are light.
    function rotate(uint256 r) internal pure returns (bool) {
        unchecked {
            (uint256 r2, uint256 r3) = (r.lane(2), r.lane(3));
            return areLanes(mulmod(r, 1 << 128, KRONECKER), [r2 + r2 + r2, r3 + r3 + r3, r.lane(0), r.lane(1)]);
        }
    }
}
