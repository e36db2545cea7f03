// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import "../../src/libraries/Ext.sol";
import {Lanes, Lemmas} from "./Lemmas.sol";

/// Symbolic tests of packed lanes, for all inputs. Functions `check_` are run by Halmos, not by forge.
contract LanesFormal is Test {
    using Lanes for uint256;

    /// What `reduceLightly` is to be, lane by lane until the last line. What its lanes are, `lemmas.py` says.
    function light(uint256 lanes) internal pure returns (uint256) {
        unchecked {
            uint256 h = Lanes.join(lanes.lane(0) >> 31, lanes.lane(1) >> 31, lanes.lane(2) >> 31, lanes.lane(3) >> 31);
            uint256 r = h * RATIO;
            uint256 k = Lanes.join(r.lane(0) >> 37, r.lane(1) >> 37, r.lane(2) >> 37, r.lane(3) >> 37);
            return lanes - (h + k) * P;
        }
    }

    function check_reduceLightly(uint256 lanes) public pure {
        assert(reduceLightly(lanes) == light(lanes));
    }

    /// Products modulo 2^256 - 3 with both halves, the higher one reduced and turned. What its lanes are, `lemmas.py` says.
    function check_product(uint256 a, uint256 b) public pure {
        unchecked {
            uint256 high = light(mulmod(a, b >> 128, KRONECKER));
            uint256 expected = mulmod(a, b % 2 ** 128, KRONECKER) + mulmod(high, 2 ** 128, KRONECKER);
            assert(product(Ext.wrap(a), Ext.wrap(b)) == expected);
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
