// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IMessageRootWriter} from "../../src/interfaces/IMessageRootWriter.sol";
import {IProtocolVersions} from "../../src/interfaces/IProtocolVersions.sol";
import {ChainGenesis, Role} from "../../src/interfaces/IRollupChain.sol";
import {RollupChain} from "../../src/settlement/RollupChain.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";

/// Calls libraries with what they read from calldata.
contract SettlementKernel {
    function nonzeroBytes(bytes calldata data) external pure returns (uint256) {
        return Operations.nonzeroBytes(data);
    }

    function requireExecutable(L2Request calldata asked, uint64 gasLimitMax, uint128 price) external pure {
        Operations.requireExecutable(asked, gasLimitMax, price);
    }

    function requireValid(uint256[22] calldata words) external pure {
        RollupConfig.requireValid(words);
    }
}

/// Arithmetic of the settlement, for all inputs. This contract is the registry of chains, the admin and a pauser.
contract SettlementChecks is Test {
    SettlementKernel private kernel;
    RollupChain private chain;

    function setUp() public {
        kernel = new SettlementKernel();
        chain = new RollupChain(address(this), IMessageRootWriter(address(0)), IProtocolVersions(address(0)));
        uint256[22] memory words;
        words[0] = 2;
        words[1] = 77;
        words[2] = 1;
        words[3] = 1;
        words[6] = 1;
        words[10] = 2 ** 24;
        words[11] = 2 ** 24;
        words[12] = 1;
        words[13] = 1000;
        words[14] = 2 ** 27;
        words[15] = 2 ** 23;
        words[16] = 2 ** 23 + 2 ** 26;
        words[17] = 2 ** 12;
        words[18] = 2 ** 13;
        words[19] = 2;
        words[20] = 2;
        chain.initialize(ChainGenesis(words, bytes32(uint256(1)), address(this), 1000));
        chain.setRole(Role.Pauser, address(this), true);
    }

    function count(bytes memory data) private pure returns (uint256 found) {
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] != 0) found += 1;
        }
    }

    function check_nonzeroBytes_ofPartOfAWord(bytes3 data) external view {
        bytes memory list = abi.encodePacked(data);
        assertEq(kernel.nonzeroBytes(list), count(list));
    }

    function check_nonzeroBytes_ofMoreThanAWord(bytes32 word, bytes2 rest) external view {
        // One byte of the word at a time would be 2^34 paths; four are as different as bytes can be.
        bytes32 first = bytes32(bytes1(0xff));
        bytes32 mask = first | (first >> 80) | (first >> 176) | (first >> 248);
        bytes memory list = abi.encodePacked(word & mask, rest);
        uint256 expected = count(abi.encodePacked(word[0], word[10], word[22], word[31], rest));
        assertEq(kernel.nonzeroBytes(list), expected);
    }

    /// What is accepted can be paid for, and nothing overflows.
    function check_requireExecutable(uint256 value, uint256 mint, uint64 gasLimit, uint64 gasLimitMax, uint128 price)
        external
        view
    {
        L2Request memory asked = L2Request(77, address(1), value, "", gasLimit, mint, address(0));
        try kernel.requireExecutable(asked, gasLimitMax, price) {
            assertLe(gasLimit, gasLimitMax);
            assertGe(gasLimit, 21_000);
            assertLt(value, 2 ** 128);
            // In 256 bits without overflow: below 2^192. Of the value nothing is asked.
            assertGe(mint, uint256(gasLimit) * price);
        } catch {
            assertTrue(
                gasLimit > gasLimitMax || gasLimit < 21_000 || value >> 128 != 0 || mint < uint256(gasLimit) * price
            );
        }
    }

    function check_requireValid(uint256[22] calldata words) external view {
        try kernel.requireValid(words) {
            assertLe(words[10], 2 ** 40);
            assertGe(words[14], 8 * words[10]);
            assertLe(words[15] + 2 ** 26, words[16]);
            assertLe(words[17] + 512, words[18]);
            assertLe(words[18] + 4, 6 * 126_976);
            assertTrue(2 <= words[19] && words[19] <= words[20]);
            assertTrue(words[1] > 0 && words[1] < 2 ** 48 && words[6] != 0);
            assertTrue(words[11] >= 2 ** 21 && words[11] <= 2 ** 24);
        } catch {}
    }

    /// Two changes of the price, at any times.
    function check_gasPrice(uint128 first, uint128 second, uint32 wait, uint32 waitAgain) external {
        vm.warp(1_800_000_000 + uint256(wait));
        uint128 before = chain.gasPrice();
        uint256 raised = 0;
        try chain.setGasPrice(first) {
            assertTrue(first >= 1000 && first <= 256_000 && first <= 2 * before);
            if (first > before) raised = block.timestamp;
            before = first;
        } catch {}
        vm.warp(1_800_000_000 + uint256(wait) + waitAgain);
        try chain.setGasPrice(second) {
            assertTrue(second >= 1000 && second <= 256_000 && second <= 2 * before);
            if (second > before && raised != 0) assertGe(block.timestamp, raised + 1 days);
        } catch {}
    }

    /// Two pauses, at any times, with an end between them.
    function check_pause(uint32 wait, bool ends) external {
        vm.warp(1_800_000_000);
        chain.pause();
        assertEq(chain.pausedUntil(), 1_800_000_000 + 3 days);
        if (ends) chain.unpause();
        vm.warp(1_800_000_000 + uint256(wait));
        try chain.pause() {
            assertGe(wait, 30 days);
            assertEq(chain.pausedUntil(), block.timestamp + 3 days);
        } catch {
            assertLt(wait, 30 days);
        }
    }
}
