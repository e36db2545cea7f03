// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import "../src/libraries/Ext.sol";

/// The extension field, slowly: arrays of coefficients, and nothing packed.
library Slow {
    function coefficients(uint256 seed) internal pure returns (uint256[4] memory r) {
        for (uint256 i = 0; i < 4; ++i) {
            r[i] = (seed >> (64 * i)) % 2 ** 64 % P;
        }
    }

    function from(Ext a) internal pure returns (uint256[4] memory r) {
        for (uint256 i = 0; i < 4; ++i) {
            r[i] = (Ext.unwrap(a) >> (64 * i)) % 2 ** 64;
        }
    }

    function to(uint256[4] memory a) internal pure returns (Ext) {
        return Ext.wrap(a[0] + a[1] * 2 ** 64 + a[2] * 2 ** 128 + a[3] * 2 ** 192);
    }

    function multiply(uint256[4] memory a, uint256[4] memory b) internal pure returns (uint256[4] memory r) {
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                uint256 term = a[i] * b[j] * (i + j < 4 ? 1 : 3);
                r[(i + j) % 4] = (r[(i + j) % 4] + term) % P;
            }
        }
    }
}

contract ExtTest is Test {
    using Slow for uint256;

    Ext constant LARGEST = Ext.wrap(P_LANES - ONE_LANES);

    function element(uint256 seed) internal pure returns (Ext) {
        return Slow.to(seed.coefficients());
    }

    function assertEqual(Ext a, uint256[4] memory b) internal pure {
        assertEq(Ext.unwrap(a), Ext.unwrap(Slow.to(b)));
    }

    function test_constants() public pure {
        assertEq(P, 2 ** 31 - 2 ** 24 + 1);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq((P_LANES >> (64 * i)) & LANE, P);
            assertEq((ONE_LANES >> (64 * i)) & LANE, 1);
            assertEq((COMPLEMENT_LANES >> (64 * i)) & LANE, 2 ** 31 - P);
            assertEq((LOW_33 >> (64 * i)) & LANE, 2 ** 33 - 1);
            assertEq((LOW_27 >> (64 * i)) & LANE, 2 ** 27 - 1);
        }
        assertEq(RATIO, 2 ** 37 * (2 ** 24 - 1) / P);
        assertEq(KRONECKER, type(uint256).max - 2);
    }

    function testFuzz_reduce(uint256 lanes) public pure {
        assertEqual(reduce(lanes), lanes.coefficients());
    }

    function testFuzz_reduceLightly(uint256 lanes) public pure {
        checkLight(lanes);
    }

    function test_reduceLightly_atBounds() public pure {
        checkLight(type(uint256).max);
        checkLight(0);
        // Around multiples of p and of 2^31, where rounding matters most, up to the largest.
        for (uint256 i = 0; i < 64; ++i) {
            uint256 lane = (LANE >> i) / P * P;
            checkLight((lane) | (lane + 1) << 64 | (lane == 0 ? 0 : lane - 1) << 128 | lane << 192);
            lane = (LANE >> i) & ~uint256(2 ** 31 - 1);
            checkLight((lane) | (lane + 1) << 64 | (lane == 0 ? 0 : lane - 1) << 128 | (lane | 0x7fffffff) << 192);
        }
    }

    function checkLight(uint256 lanes) internal pure {
        uint256 light = reduceLightly(lanes);
        for (uint256 i = 0; i < 4; ++i) {
            uint256 lane = (light >> (64 * i)) & LANE;
            assertLt(lane, 201 * P / 100);
            assertEq(lane % P, ((lanes >> (64 * i)) & LANE) % P);
        }
    }

    function testFuzz_addAndSubtract(uint256 a, uint256 b) public pure {
        checkSums(element(a), element(b));
    }

    function test_addAndSubtract_atBounds() public pure {
        checkSums(LARGEST, LARGEST);
        checkSums(ZERO, LARGEST);
        checkSums(LARGEST, ZERO);
        checkSums(ONE, LARGEST);
        checkSums(ZERO, ZERO);
    }

    function checkSums(Ext a, Ext b) internal pure {
        uint256[4] memory x = Slow.from(a);
        uint256[4] memory y = Slow.from(b);
        uint256[4] memory sum;
        uint256[4] memory difference;
        for (uint256 i = 0; i < 4; ++i) {
            sum[i] = (x[i] + y[i]) % P;
            difference[i] = (x[i] + P - y[i]) % P;
        }
        assertEqual(a + b, sum);
        assertEqual(a - b, difference);
    }

    function testFuzz_multiply(uint256 a, uint256 b) public pure {
        checkProduct(element(a), element(b));
    }

    /// Every lane of both factors is either 0, 1 or the largest.
    function test_multiply_atBounds() public pure {
        uint256[3] memory values = [uint256(0), 1, P - 1];
        for (uint256 i = 0; i < 81; ++i) {
            for (uint256 j = 0; j < 81; ++j) {
                uint256 a = values[i % 3] | values[i / 3 % 3] << 64 | values[i / 9 % 3] << 128 | values[i / 27] << 192;
                uint256 b = values[j % 3] | values[j / 3 % 3] << 64 | values[j / 9 % 3] << 128 | values[j / 27] << 192;
                checkProduct(Ext.wrap(a), Ext.wrap(b));
            }
        }
    }

    /// The bound that others add to: no lane of a product is near to running over.
    function test_product_leavesRoom() public pure {
        uint256 lanes = product(LARGEST, LARGEST);
        assertLt(lanes & LANE, 2 ** 64 - 2 ** 56);
        assertGt(lanes & LANE, 2 ** 64 - 2 ** 59);
    }

    function checkProduct(Ext a, Ext b) internal pure {
        uint256[4] memory expected = Slow.multiply(Slow.from(a), Slow.from(b));
        assertEqual(a * b, expected);
    }

    function testFuzz_scale(uint256 a, uint256 factor) public pure {
        factor = bound(factor, 0, P - 1);
        uint256[4] memory other;
        other[0] = factor;
        assertEqual(element(a).scale(factor), Slow.multiply(Slow.from(element(a)), other));
    }

    function testFuzz_inverse(uint256 seed) public pure {
        Ext a = element(seed);
        vm.assume(!(a.eq(ZERO)));
        assertTrue((a * a.inverse()).eq(ONE));
    }

    function test_inverse_ofSparseElements() public pure {
        for (uint256 i = 0; i < 4; ++i) {
            Ext a = Ext.wrap(5 << (64 * i));
            assertTrue((a * a.inverse()).eq(ONE));
        }
    }

    /// forge-config: default.allow_internal_expect_revert = true
    function test_inverse_refusesZero() public {
        vm.expectRevert(ExtNotInvertible.selector);
        ZERO.inverse();
    }

    function testFuzz_powers(uint256 seed, uint256 exponent) public pure {
        exponent = bound(exponent, 0, 40);
        Ext a = element(seed);
        Ext expected = ONE;
        for (uint256 i = 0; i < exponent; ++i) {
            expected = expected * a;
        }
        assertTrue(power(a, exponent).eq(expected));
        assertTrue(powerOfTwo(a, 5).eq(power(a, 32)));
    }

    function testFuzz_packing(uint256 seed) public pure {
        Ext a = element(seed);
        uint256[4] memory x = Slow.from(a);
        assertEq(pack(a), x[0] << 96 | x[1] << 64 | x[2] << 32 | x[3]);
        assertTrue(unpack(pack(a)).eq(a));
    }

    function testFuzz_fromHash(bytes32 hash) public pure {
        uint256[4] memory expected;
        for (uint256 i = 0; i < 4; ++i) {
            expected[i] = (uint256(hash) >> (64 * (3 - i))) % 2 ** 64 % P;
        }
        assertEqual(fromHash(hash), expected);
    }

    function test_gas_multiply() public {
        Ext a = element(uint256(keccak256("a")));
        Ext b = element(uint256(keccak256("b")));
        uint256 before = gasleft();
        Ext c = a * b;
        uint256 used = before - gasleft();
        assertFalse(c.eq(ZERO));
        emit log_named_uint("gas", used);
    }
}
