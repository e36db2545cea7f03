// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";
import {KernelsTest} from "./KernelsTest.sol";

contract RollupConfigTest is KernelsTest {
    function lowest() private pure returns (uint256[22] memory words) {
        words[0] = 2;
        words[1] = 1;
        words[2] = 1;
        words[3] = 1;
        words[6] = 1;
        words[10] = 2 ** 24;
        words[11] = 2 ** 21;
        words[12] = 1;
        words[13] = 1;
        words[14] = 2 ** 27;
        words[15] = 2 ** 23;
        words[16] = 2 ** 23 + 2 ** 26;
        words[17] = 2 ** 12;
        words[18] = 2 ** 12 + 512;
        words[19] = 2;
        words[20] = 2;
    }

    function highest() private pure returns (uint256[22] memory words) {
        words[0] = 2;
        words[1] = 2 ** 48 - 1;
        words[2] = 2 ** 32 - 1;
        words[3] = 1;
        words[4] = 1;
        words[6] = type(uint256).max;
        words[10] = 2 ** 40;
        words[11] = 2 ** 24;
        words[12] = 2 ** 40;
        words[13] = 2 ** 36;
        words[14] = 2 ** 50;
        words[15] = 2 ** 40 - 2 ** 26;
        words[16] = 2 ** 40;
        words[17] = 761_340;
        words[18] = 761_852;
        words[19] = 16_384;
        words[20] = 16_384;
    }

    function refused(uint256[22] memory words, uint256 word) private {
        try kernels.requireValid(words) {
            assertTrue(false, vm.toString(word));
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), RollupConfig.ConfigRange.selector);
        }
    }

    function test_lowestAndHighest() public view {
        kernels.requireValid(lowest());
        kernels.requireValid(highest());
    }

    function test_belowTheLowest() public {
        for (uint256 word = 0; word < 22; ++word) {
            uint256[22] memory words = lowest();
            if (words[word] == 0) continue;
            words[word] -= 1;
            refused(words, word);
        }
    }

    function test_aboveTheHighest() public {
        for (uint256 word = 0; word < 22; ++word) {
            uint256[22] memory words = highest();
            if (words[word] == type(uint256).max) continue;
            words[word] += 1;
            refused(words, word);
        }
    }

    function test_limitsOfATransactionAreThoseOfABatch() public {
        uint256[3] memory ofBatches = [uint256(16), 18, 20];
        for (uint256 i = 0; i < 3; ++i) {
            uint256[22] memory words = highest();
            words[ofBatches[i]] -= 1;
            refused(words, ofBatches[i]);
            words[ofBatches[i] - 1] -= 1;
            kernels.requireValid(words);
        }
    }

    function test_baseFeeRisesByAnEighthAtMost() public {
        uint256[22] memory words = lowest();
        words[10] += 1;
        vm.expectRevert(
            abi.encodeWithSelector(RollupConfig.ConfigRange.selector, 14, 2 ** 27, 2 ** 27 + 8, uint256(2 ** 50))
        );
        kernels.requireValid(words);
    }

    function testFuzz_hash(uint256[22] memory words) public view {
        bytes memory encoded;
        for (uint256 i = 0; i < 22; ++i) {
            encoded = bytes.concat(encoded, bytes32(words[i]));
        }
        assertEq(kernels.configHash(words), keccak256(encoded));
    }
}

contract UpgradeTransactionTest is KernelsTest {
    function upgrade(uint256[6] memory words, bytes memory rest) private pure returns (bytes memory) {
        return bytes.concat(hex"7e", abi.encode(words), rest);
    }

    function words_() private pure returns (uint256[6] memory) {
        return [uint256(77), 3, 0xbeef, 2 ** 26, 0, 4];
    }

    function config() private pure returns (uint256[22] memory words) {
        words[1] = 77;
        words[2] = 3;
        words[10] = 2 ** 27;
        words[18] = 2 ** 16;
    }

    function isUpgrade(uint256[6] memory words, bytes memory rest) private view returns (bool) {
        return kernels.isUpgrade(upgrade(words, rest), config());
    }

    function test_valid() public view {
        assertTrue(isUpgrade(words_(), "data"));
        uint256[6] memory words = words_();
        words[4] = 2;
        bytes memory code = new bytes(24_576);
        bytes memory deployments = bytes.concat(
            bytes20(uint160(1)), bytes4(uint32(3)), "abc", bytes20(uint160(2)), bytes4(uint32(24_576)), code
        );
        assertTrue(isUpgrade(words, bytes.concat(deployments, "data")));
        assertFalse(isUpgrade(words, bytes.concat(deployments, "dat")));
        assertFalse(isUpgrade(words, bytes.concat(deployments, "data!")));
        words[4] = 3;
        assertFalse(isUpgrade(words, bytes.concat(deployments, "data")));
    }

    function test_codeThatNobodyCanDeploy() public view {
        uint256[6] memory words = words_();
        words[4] = 1;
        address history = 0x0000F90827F1C53a10cb7A02335B175320002935;
        bytes memory delegation = bytes.concat(hex"ef0100", bytes20(uint160(2)));
        assertTrue(isUpgrade(words, bytes.concat(deployment(address(1), hex"00ef"), "data")));
        assertTrue(isUpgrade(words, bytes.concat(deployment(address(1), ""), hex"efefefef")));
        assertFalse(isUpgrade(words, bytes.concat(deployment(address(1), hex"ef"), "data")));
        assertFalse(isUpgrade(words, bytes.concat(deployment(address(1), delegation), "data")));
        assertFalse(isUpgrade(words, bytes.concat(deployment(history, hex"00"), "data")));
        assertFalse(isUpgrade(words, bytes.concat(deployment(history, ""), "data")));
    }

    function deployment(address target, bytes memory code) private pure returns (bytes memory) {
        return bytes.concat(bytes20(target), bytes4(uint32(code.length)), code);
    }

    function test_words() public view {
        uint256[6] memory wrong = [uint256(78), 4, uint256(1) << 160, 2 ** 26 + 1, 65, 5];
        for (uint256 i = 0; i < 6; ++i) {
            uint256[6] memory words = words_();
            words[i] = wrong[i];
            assertFalse(isUpgrade(words, "data"), vm.toString(i));
        }
    }

    function test_codeTooLong() public view {
        uint256[6] memory words = words_();
        words[4] = 1;
        bytes memory code = new bytes(24_577);
        assertFalse(isUpgrade(words, bytes.concat(bytes20(uint160(1)), bytes4(uint32(24_577)), code, "data")));
        assertFalse(isUpgrade(words, bytes.concat(bytes20(uint160(1)), bytes4(uint32(5)), "data")));
        assertFalse(isUpgrade(words, bytes.concat(bytes20(uint160(1)), bytes3(0))));
    }

    /// Gas that no block has under the rules that come.
    function test_gasOfABlock() public view {
        uint256[6] memory words = words_();
        uint256[22] memory rules = config();
        rules[10] = 2 ** 26;
        assertTrue(kernels.isUpgrade(upgrade(words, "data"), rules));
        rules[10] -= 1;
        assertFalse(kernels.isUpgrade(upgrade(words, "data"), rules));
        words[3] -= 1;
        assertTrue(kernels.isUpgrade(upgrade(words, "data"), rules));
    }

    /// Code that passes a batch's limit of pubdata.
    function test_pubdataOfABatch() public view {
        uint256[6] memory words = words_();
        words[4] = 2;
        bytes memory rest = bytes.concat(
            bytes20(uint160(1)), bytes4(uint32(1000)), new bytes(1000), bytes20(uint160(2)), bytes4(uint32(0)), "data"
        );
        uint256[22] memory rules = config();
        rules[18] = 512 + 2 * 96 + 1000;
        assertTrue(kernels.isUpgrade(upgrade(words, rest), rules));
        rules[18] -= 1;
        assertFalse(kernels.isUpgrade(upgrade(words, rest), rules));
    }

    function test_bytes() public view {
        bytes memory encoded = upgrade(words_(), "data");
        encoded[0] = 0x7f;
        assertFalse(kernels.isUpgrade(encoded, config()));
        assertFalse(kernels.isUpgrade("", config()));
        assertFalse(kernels.isUpgrade(new bytes(192), config()));
    }

    function testFuzz_anyBytes(bytes memory encoded) public view {
        kernels.isUpgrade(encoded, config());
        kernels.isUpgrade(bytes.concat(upgrade([uint256(77), 3, 0, 0, 9, 0], encoded)), config());
    }
}
