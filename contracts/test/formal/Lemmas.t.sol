// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {P, P_LANES, ONE_LANES, RATIO, reduce, reduceLightly, Ext} from "../../src/libraries/Ext.sol";
import {Lanes, Lemmas} from "./Lemmas.sol";

/// What symbolic tests assume is true of numbers: an assumption that is wrong would prove everything.
contract LemmasTest is Test {
    using Lanes for uint256;

    function testFuzz_multiply(uint256 lanes, uint256 factor) public pure {
        factor = bound(factor, 0, 2 ** 31 - 1);
        uint256 below = lanes & (ONE_LANES * (2 ** 33 - 1));
        assertTrue(Lemmas.multiply(below, factor));
        assertTrue(Lemmas.multiply(ONE_LANES * (2 ** 33 - 1), 2 ** 31 - 1));
    }

    function testFuzz_multiply_isNotTrueOfAll(uint256 lanes) public pure {
        lanes |= 1 << 63;
        assertFalse(Lemmas.multiply(lanes, 2));
    }

    /// Of any lanes, what `LanesFormal` assumes of them.
    function assertLight(uint256 lanes) internal pure {
        uint256 h = (lanes >> 31) & (ONE_LANES * (2 ** 33 - 1));
        assertTrue(Lemmas.multiply(h, RATIO));
        uint256 r = h * RATIO;
        uint256 k = (r >> 37) & (ONE_LANES * (2 ** 27 - 1));
        for (uint256 i = 0; i < 4; ++i) {
            assertTrue(Lemmas.light(lanes.lane(i), r.lane(i)));
        }
        assertTrue(Lemmas.subtract(lanes, h, k));
    }

    function testFuzz_light(uint256 lanes, uint8 shift) public pure {
        assertLight(lanes);
        assertLight(lanes >> shift);
        assertLight(type(uint256).max);
        assertLight(0);
    }

    function testFuzz_kronecker(uint256 a, uint256 b) public pure {
        (a, b) = (Ext.unwrap(reduce(a)), Ext.unwrap(reduce(b)) >> 128);
        assertTrue(Lemmas.kronecker(a, b));
        uint256 largest = P_LANES - ONE_LANES;
        assertTrue(Lemmas.kronecker(largest, largest >> 128));
    }

    function testFuzz_rotate(uint256 lanes) public pure {
        assertTrue(Lemmas.rotate(reduceLightly(lanes)));
        assertTrue(Lemmas.rotate(ONE_LANES * (Lemmas.LIGHT - 1)));
    }

    function test_bounds() public pure {
        assertEq(Lemmas.PRODUCTS, 4 * (P - 1) * (P - 1));
        assertLt(Lemmas.LIGHT, 2 ** 33);
    }
}
