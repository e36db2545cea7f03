// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import "../../src/libraries/Ext.sol";
import {Lanes, Lemmas} from "./Lemmas.sol";

/// Symbolic tests of packed lanes, for all inputs. Functions `check_` are run by Halmos, not by forge.
contract LanesFormal is Test {
    using Lanes for uint256;

    /// Assumes what is known of `reduceLightly` of these lanes. Returns what it subtracts of each, p times a number.
    function assumeLight(uint256 lanes) internal pure returns (uint256[4] memory multiples) {
        unchecked {
            uint256[4] memory q;
            for (uint256 i = 0; i < 4; ++i) {
                uint256 x = lanes.lane(i);
                vm.assume(Lemmas.subtracted(x));
                q[i] = Lemmas.quotient(x);
                multiples[i] = q[i] * P;
            }
            vm.assume(Lemmas.multiply((lanes >> 31) & LOW_33, RATIO));
            vm.assume(Lemmas.multiply(Lanes.join(q[0], q[1], q[2], q[3]), P));
        }
    }

    /// Any lanes come out below 2.01 p and less by a multiple of p, each from its own lane alone.
    function check_reduceLightly(uint256 lanes) public pure {
        unchecked {
            uint256[4] memory multiples = assumeLight(lanes);
            uint256 light = reduceLightly(lanes);
            for (uint256 i = 0; i < 4; ++i) {
                assert(light.lane(i) == lanes.lane(i) - multiples[i]);
            }
            assert(light.areBelow(Lemmas.LIGHT));
        }
    }

    function check_reduceOnce(uint256 lanes) public pure {
        unchecked {
            vm.assume(lanes.areBelow(2 * P));
            uint256 once = Ext.unwrap(reduceOnce(lanes));
            for (uint256 i = 0; i < 4; ++i) {
                uint256 x = lanes.lane(i);
                assert(once.lane(i) == reducedOnce(x));
            }
        }
    }

    function reducedOnce(uint256 x) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := sub(x, mul(P, gt(x, sub(P, 1))))
        }
    }

    function check_reduce(uint256 lanes) public pure {
        uint256 reduced = Ext.unwrap(reduce(lanes));
        for (uint256 i = 0; i < 4; ++i) {
            assert(reduced.lane(i) == lanes.lane(i) % P);
        }
    }

    function check_add(uint256 a, uint256 b) public pure {
        unchecked {
            vm.assume(a.areBelow(P));
            vm.assume(b.areBelow(P));
            uint256 sum = Ext.unwrap(Ext.wrap(a) + Ext.wrap(b));
            for (uint256 i = 0; i < 4; ++i) {
                assert(sum.lane(i) == reducedOnce(a.lane(i) + b.lane(i)));
            }
        }
    }

    function check_sub(uint256 a, uint256 b) public pure {
        unchecked {
            vm.assume(a.areBelow(P));
            vm.assume(b.areBelow(P));
            uint256 difference = Ext.unwrap(Ext.wrap(a) - Ext.wrap(b));
            for (uint256 i = 0; i < 4; ++i) {
                assert(difference.lane(i) == reducedOnce(a.lane(i) + P - b.lane(i)));
            }
        }
    }

    /// The product is the schoolbook one less multiples of p, and no lane is near to running over.
    function check_product(uint256 a, uint256 b) public pure {
        unchecked {
            vm.assume(a.areBelow(P));
            vm.assume(b.areBelow(P));
            vm.assume(Lemmas.kronecker(a, b >> 128));
            vm.assume(Lemmas.kronecker(a, b & LOW_HALF));
            uint256 high = mulmod(a, b >> 128, KRONECKER);
            uint256[4] memory m = assumeLight(high);
            uint256 light =
                Lanes.join(high.lane(0) - m[0], high.lane(1) - m[1], high.lane(2) - m[2], high.lane(3) - m[3]);
            vm.assume(Lemmas.rotate(light));
            uint256 r = product(Ext.wrap(a), Ext.wrap(b));
            // a (l + X^2 h), X^4 = 3
            uint256[4] memory l = Lemmas.byTwo(a, b & LOW_HALF);
            uint256[4] memory h = Lemmas.byTwo(a, b >> 128);
            assert(r.lane(0) == l[0] + 3 * h[2] - 3 * m[2]);
            assert(r.lane(1) == l[1] + 3 * h[3] - 3 * m[3]);
            assert(r.lane(2) == l[2] + h[0] - m[0]);
            assert(r.lane(3) == l[3] + h[1] - m[1]);
            assert(r.areBelow(2 ** 64 - 2 ** 56));
        }
    }

    /// Multiplication is the product, reduced.
    function check_multiply(uint256 a, uint256 b) public pure {
        uint256 expected = product(Ext.wrap(a), Ext.wrap(b));
        uint256 r = Ext.unwrap(Ext.wrap(a) * Ext.wrap(b));
        for (uint256 i = 0; i < 4; ++i) {
            assert(r.lane(i) == expected.lane(i) % P);
        }
    }

    function check_scale(uint256 a, uint256 factor) public pure {
        unchecked {
            vm.assume(a.areBelow(P));
            vm.assume(factor < P);
            vm.assume(Lemmas.multiply(a, factor));
            uint256 r = Ext.unwrap(Ext.wrap(a).scale(factor));
            for (uint256 i = 0; i < 4; ++i) {
                assert(r.lane(i) == a.lane(i) * factor % P);
            }
        }
    }

    function check_packing(uint256 a) public pure {
        vm.assume(a.areBelow(P));
        uint256 packed = pack(Ext.wrap(a));
        assert(packed == (a.lane(0) << 96 | a.lane(1) << 64 | a.lane(2) << 32 | a.lane(3)));
        assert(Ext.unwrap(unpack(packed)) == a);
    }

    /// Every lane is of its own 32 bits, whatever the bits above are.
    function check_unpack(uint256 word) public pure {
        uint256 r = Ext.unwrap(unpack(word & LOW_HALF));
        for (uint256 i = 0; i < 4; ++i) {
            assert(r.lane(i) == (word >> (32 * (3 - i))) & 0xffffffff);
        }
    }

    function check_fromHash(bytes32 hash) public pure {
        uint256 element = Ext.unwrap(fromHash(hash));
        for (uint256 i = 0; i < 4; ++i) {
            assert(element.lane(i) == uint256(hash).lane(3 - i) % P);
        }
    }
}
