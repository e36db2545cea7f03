// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ext, P, P_LANES, LANE, LOW_HALF, LOW_33, LOW_27, KRONECKER, RATIO, pack} from "./Ext.sol";
import {Domain} from "./Domain.sol";
import {NODE_MASK} from "./Merkle.sol";

/// @notice Folding of groups: a round interpolates the values of a group and evaluates at a challenge.
library Folding {
    // The most that a round folds by: 2^4.
    uint256 internal constant LOG_ARITY_MAX = 4;

    /// @notice Room for a group, and what the inverse points of its pairs are times that of its first value.
    struct Workspace {
        // Memory address of the group's bytes.
        uint256 group;
        // Memory address of values.
        uint256 values;
        // Memory address of g_4^-r(i) for i = 0 to 7, r being reversal of three bits; the first half is the same list of
        // g_3 with two bits, and so on.
        uint256 twiddles;
        // Memory address of what leads from the inverse of a point to that of its group's first point, by place in the
        // group: of the first point x and that at place k, x_k / x.
        uint256 places;
    }

    /// @notice A new workspace, given the roots of unity and their inverses.
    function workspace(uint256[] memory roots, uint256[] memory inverses)
        internal
        pure
        returns (Workspace memory self)
    {
        uint256 start;
        assembly ("memory-safe") {
            start := mload(0x40)
            mstore(0x40, add(start, 1312))
        }
        // Writing the last value writes 16 bytes too many.
        self.group = start;
        self.values = start + 288;
        self.twiddles = start + 544;
        self.places = start + 800;
        for (uint256 i = 0; i < 16; ++i) {
            uint256 place = Domain.point(roots, i);
            // Bit j of i is bit 2 - j of the exponent of g_4: it counts for g_(j + 2), as bit j + 1 does in a position.
            uint256 twiddle = Domain.point(inverses, 2 * i);
            assembly ("memory-safe") {
                if lt(i, 8) { mstore(add(add(start, 544), shl(5, i)), twiddle) }
                mstore(add(add(start, 800), shl(5, i)), place)
            }
        }
    }

    /// @notice The inverse of the first point of a group, from that of the point at a place of it.
    function toFirst(Workspace memory self, uint256 place, uint256 inverse) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := mulmod(inverse, mload(add(mload(add(self, 96)), shl(5, place))), P)
        }
    }

    /// @notice Reads a group, all of whose values but the one at `place` are in the calldata. Returns its leaf.
    function read(Workspace memory self, uint256 logArity, uint256 place, Ext value, uint256 siblings)
        internal
        pure
        returns (bytes32 leaf)
    {
        uint256 packed = pack(value);
        assembly ("memory-safe") {
            let group := mload(self)
            let before := shl(4, place)
            calldatacopy(group, siblings, before)
            // The 16 bytes behind it are overwritten, or behind the group.
            mstore(add(group, before), shl(128, packed))
            // 16 bytes a value.
            // slither-disable-next-line incorrect-shift
            let size := shl(add(logArity, 4), 1)
            calldatacopy(add(add(group, before), 16), add(siblings, before), sub(sub(size, 16), before))
            leaf := and(keccak256(group, size), NODE_MASK)
        }
    }

    /// @notice The value at a challenge of the polynomial with the group's values; `step` is the challenge over the group's
    /// first point.
    /// @dev The points are a coset of roots of unity in bit-reversed order, so that a pair is of x and -x. With f(X) =
    /// e(X^2) + X o(X^2), each layer computes 2 (e(x^2) + b o(x^2)) = (f(x) + f(-x)) + b / x (f(x) - f(-x)); the halving is
    /// done at the end. Bounds: a difference is below 2 p, times a twiddle below 2 p^2 < 2^63; to a product as in
    /// `Ext.product`, below 2^64 - 2^56, two values below p are added.
    function fold(Workspace memory self, uint256 logArity, Ext step) internal pure returns (Ext result) {
        assembly ("memory-safe") {
            function reduceAll(lanes) -> r {
                r := or(
                    or(mod(and(lanes, LANE), P), shl(64, mod(and(shr(64, lanes), LANE), P))),
                    or(shl(128, mod(and(shr(128, lanes), LANE), P)), shl(192, mod(shr(192, lanes), P)))
                )
            }
            function multiply(a, low, high) -> r {
                r := mulmod(a, high, KRONECKER)
                let h := and(shr(31, r), LOW_33)
                r := sub(r, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
                r := add(mulmod(a, low, KRONECKER), mulmod(r, shl(128, 1), KRONECKER))
            }
            function load(address_) -> r {
                let packed := shr(128, mload(address_))
                r := or(
                    or(shr(96, packed), and(packed, 0xffffffff0000000000000000)),
                    or(shl(96, and(packed, 0xffffffff00000000)), shl(192, and(packed, 0xffffffff)))
                )
            }

            let values := mload(add(self, 32))
            let twiddles := mload(add(self, 64))
            // The first layer reads the packed group, 16 bytes a value.
            // slither-disable-next-line incorrect-shift
            let size := shl(add(logArity, 4), 1)
            {
                let low := and(step, LOW_HALF)
                let high := shr(128, step)
                let group := mload(self)
                for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                    let first := load(add(group, i))
                    let second := load(add(add(group, i), 16))
                    let difference := mul(sub(add(first, P_LANES), second), mload(add(twiddles, i)))
                    let sum := add(add(first, second), multiply(reduceAll(difference), low, high))
                    mstore(add(values, i), reduceAll(sum))
                }
            }
            // 32 bytes to a value from here on; each layer writes where it has read already.
            for {} gt(size, 32) {} {
                size := shr(1, size)
                step := reduceAll(multiply(step, and(step, LOW_HALF), shr(128, step)))
                let low := and(step, LOW_HALF)
                let high := shr(128, step)
                for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                    let first := mload(add(values, shl(1, i)))
                    let second := mload(add(add(values, shl(1, i)), 32))
                    let difference := mul(sub(add(first, P_LANES), second), mload(add(twiddles, i)))
                    let sum := add(add(first, second), multiply(reduceAll(difference), low, high))
                    mstore(add(values, i), reduceAll(sum))
                }
            }
            // Half to the power of logArity: p = 1 modulo 2^24, so it is p - (p - 1) / 2^logArity.
            result := reduceAll(mul(mload(values), sub(P, shr(logArity, sub(P, 1)))))
        }
    }
}
