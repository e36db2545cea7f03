// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import "../src/libraries/Ext.sol";
import {Domain} from "../src/libraries/Domain.sol";
import {FinalProof} from "../src/libraries/FinalProof.sol";
import {Steps} from "./Steps.sol";

/// Challenges at which a check could not say anything, and those beside them.
contract StepsTest is Test {
    Steps steps = new Steps();

    uint256 constant BUS = 3;
    uint256 constant WIDTH = 5;
    uint256 constant LOG_ROWS = 6;
    uint256 constant LOG_PERIOD = 3;

    function element(uint256 seed) internal pure returns (Ext) {
        return reduce(uint256(keccak256(abi.encode(seed))));
    }

    function negative(Ext a) internal pure returns (Ext) {
        return ZERO - a;
    }

    // ---- Messages ----

    function wordsOf(uint256 count) internal pure returns (bytes memory words) {
        for (uint256 i = 0; i < 4 * count; ++i) {
            words = bytes.concat(words, bytes4(uint32(uint256(keccak256(abi.encode("word", i))) % P)));
        }
    }

    /// By Horner: the address, then the word's coefficients.
    function messageOf(bytes memory words, uint256 i, Ext beta) internal pure returns (Ext message) {
        message = Ext.wrap(1 + i);
        for (uint256 k = 0; k < 4; ++k) {
            uint256 coefficient = 0;
            for (uint256 byte_ = 0; byte_ < 4; ++byte_) {
                coefficient = coefficient << 8 | uint8(words[16 * i + 4 * k + byte_]);
            }
            message = message * beta + Ext.wrap(coefficient);
        }
    }

    /// alpha with which the denominator of a word is zero.
    function alphaWithout(bytes memory words, uint256 i, Ext beta) internal pure returns (Ext) {
        Ext offset = power(beta, WIDTH).scale(BUS);
        return messageOf(words, i, beta) - offset;
    }

    function sum(bytes memory words, Ext alpha, Ext beta) internal pure returns (Ext total) {
        Ext prefix = alpha + power(beta, WIDTH).scale(BUS);
        for (uint256 i = 0; i < words.length / 16; ++i) {
            total = total + (prefix - messageOf(words, i, beta)).inverse();
        }
    }

    function testFuzz_checkMessages_acceptsTheSumAndNoOther(uint256 seed, uint256 count, uint256 other) public {
        count = bound(count, 1, 20);
        bytes memory words = wordsOf(count);
        (Ext alpha, Ext beta) = (element(seed), element(~seed));
        Ext terminal = negative(sum(words, alpha, beta));
        steps.checkMessages(alpha, beta, terminal, BUS, WIDTH, words);
        Ext difference = reduce(other);
        if (difference.eq(ZERO)) difference = ONE;
        vm.expectRevert(FinalProof.ProofMessages.selector);
        steps.checkMessages(alpha, beta, terminal + difference, BUS, WIDTH, words);
    }

    /// Without this check the sum would be over once a denominator is zero: numerator and denominator both are then, for
    /// two such words, whatever the table says.
    function test_checkMessages_refusesAWordWithoutAFraction() public {
        bytes memory words = wordsOf(4);
        Ext beta = element(7);
        for (uint256 i = 0; i < 4; ++i) {
            Ext alpha = alphaWithout(words, i, beta);
            for (uint256 k = 0; k < 3; ++k) {
                vm.expectRevert(FinalProof.ProofDenominator.selector);
                steps.checkMessages(alpha, beta, element(k), BUS, WIDTH, words);
            }
            // The ones beside it have fractions.
            alpha = alpha + ONE;
            steps.checkMessages(alpha, beta, negative(sum(words, alpha, beta)), BUS, WIDTH, words);
        }
    }

    // ---- The out-of-domain point and the table ----

    /// One constant, 0, and what it adds up to.
    function holds() internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(1), uint32(0), uint40(0));
    }

    function root(uint256 log, uint256 exponent) internal pure returns (uint256) {
        return powerBase(Domain.roots()[log - 1], exponent);
    }

    function test_checkConstraints_refusesAPointOfTheDomain() public {
        for (uint256 i = 0; i < 1 << LOG_ROWS; ++i) {
            uint256 point = root(LOG_ROWS, i);
            vm.expectRevert(FinalProof.ProofPointInDomain.selector);
            steps.checkConstraints(Ext.wrap(point), LOG_ROWS, LOG_PERIOD, holds());
            // On the coset that rows are on there is nothing to fear here.
            steps.checkConstraints(Ext.wrap(mulmod(3, point, P)), LOG_ROWS, LOG_PERIOD, holds());
        }
        // Of the domain that is twice as large.
        steps.checkConstraints(Ext.wrap(root(LOG_ROWS + 1, 1)), LOG_ROWS, LOG_PERIOD, holds());
    }

    function test_checkConstraints_refusesWhatIsNotZero() public {
        steps.checkConstraints(element(1), LOG_ROWS, LOG_PERIOD, holds());
        bytes memory program = abi.encodePacked(uint16(2), uint32(0), uint32(1), uint40(1 << 24));
        vm.expectRevert(FinalProof.ProofQuotient.selector);
        steps.checkConstraints(element(1), LOG_ROWS, LOG_PERIOD, program);
    }

    // ---- The out-of-domain point and the queries ----

    uint256[] queries = [0, 1, 5, 5, 200, 511];

    /// The points that rows at these positions of 2^9 are of.
    function pointOf(uint256 index) internal pure returns (uint256) {
        uint256 reversed = 0;
        for (uint256 bit = 0; bit < 9; ++bit) {
            reversed |= ((index >> bit) & 1) << (8 - bit);
        }
        return mulmod(3, root(9, reversed), P);
    }

    function test_inverseDistances_areInverses() public view {
        Ext zeta = element(5);
        (Ext[] memory toZeta, Ext[] memory toNext) = steps.inverseDistances(zeta, LOG_ROWS, queries);
        Ext next = zeta.scale(root(LOG_ROWS, 1));
        for (uint256 i = 0; i < queries.length; ++i) {
            Ext x = Ext.wrap(pointOf(queries[i]));
            assertTrue((toZeta[i] * (zeta - x)).eq(ONE));
            assertTrue((toNext[i] * (next - x)).eq(ONE));
        }
    }

    function test_inverseDistances_refusesAPointOnAQuery() public {
        uint256 back = powerBase(root(LOG_ROWS, 1), P - 2);
        for (uint256 i = 0; i < queries.length; ++i) {
            uint256 x = pointOf(queries[i]);
            vm.expectRevert(FinalProof.ProofPointOnQuery.selector);
            steps.inverseDistances(Ext.wrap(x), LOG_ROWS, queries);
            // The point after it.
            vm.expectRevert(FinalProof.ProofPointOnQuery.selector);
            steps.inverseDistances(Ext.wrap(mulmod(x, back, P)), LOG_ROWS, queries);
        }
        // Of a row that is not queried.
        steps.inverseDistances(Ext.wrap(pointOf(2)), LOG_ROWS, queries);
    }
}
