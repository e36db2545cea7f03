// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {TokenMetadata} from "../../src/bridge/TokenMetadata.sol";
import {ETHER} from "../../src/shared/Addresses.sol";
import {AnswerToken, GoodToken} from "./Tokens.sol";

contract TokenMetadataTest is Test {
    AnswerToken internal token = new AnswerToken();

    function read(address of_) external view returns (bytes memory) {
        return TokenMetadata.read(of_);
    }

    /// What a token is called that gives one answer to all questions.
    function called(bytes memory answer) internal returns (string memory name, uint8 decimals) {
        token.set(AnswerToken.Kind.Bytes, answer);
        string memory symbol;
        (name, symbol, decimals) = abi.decode(TokenMetadata.read(address(token)), (string, string, uint8));
        assertEq(symbol, name);
    }

    function expectNothing(AnswerToken.Kind kind) internal {
        token.set(kind, "");
        assertEq(TokenMetadata.read(address(token)), abi.encode("", "", uint8(18)));
    }

    function test_ether() public view {
        assertEq(TokenMetadata.read(ETHER), abi.encode("Ether", "ETH", uint8(18)));
    }

    function test_aGoodToken() public {
        GoodToken good = new GoodToken("A name", "SYM", 3);
        assertEq(TokenMetadata.read(address(good)), abi.encode("A name", "SYM", uint8(3)));
        good = new GoodToken("", "", 0);
        assertEq(TokenMetadata.read(address(good)), abi.encode("", "", uint8(0)));
    }

    function testFuzz_textsOfAnyLength(uint256 length, bytes32 seed) public {
        bytes memory name = ascii(bound(length, 0, 200), seed);
        GoodToken good = new GoodToken(string(name), string(name), 255);
        bytes memory kept = name;
        if (name.length > 64) {
            assembly ("memory-safe") {
                mstore(kept, 64)
            }
        }
        assertEq(TokenMetadata.read(address(good)), abi.encode(kept, kept, uint8(255)));
    }

    function ascii(uint256 length, bytes32 seed) internal pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = bytes1(uint8(uint256(keccak256(abi.encode(seed, i))) % 127 + 1));
        }
    }

    function test_revertsAndLoops() public {
        expectNothing(AnswerToken.Kind.Revert);
        expectNothing(AnswerToken.Kind.Loop);
    }

    /// Costs what three questions may cost, however many bytes they answer.
    function test_answersWithoutEnd() public {
        token.set(AnswerToken.Kind.Huge, "");
        uint256 before = gasleft();
        bytes memory metadata = TokenMetadata.read(address(token));
        assertLt(before - gasleft(), 320_000);
        (string memory name,,) = abi.decode(metadata, (string, string, uint8));
        assertLe(bytes(name).length, 64);
        token.set(AnswerToken.Kind.Loop, "");
        before = gasleft();
        TokenMetadata.read(address(token));
        assertLt(before - gasleft(), 320_000);
    }

    function test_answersOfOneWord() public {
        (string memory name, uint8 decimals) = called(abi.encode(bytes32("MKR")));
        assertEq(name, "MKR");
        // As a number it is above 255.
        assertEq(decimals, 18);
        (name, decimals) = called(abi.encode(uint256(7)));
        assertEq(name, "");
        assertEq(decimals, 7);
        (name, decimals) = called(abi.encode(uint256(255)));
        assertEq(decimals, 255);
        (name, decimals) = called(abi.encode(uint256(256)));
        assertEq(decimals, 18);
        (name,) = called(abi.encode(bytes32("abcdefghijklmnopqrstuvwxyz012345")));
        assertEq(name, "abcdefghijklmnopqrstuvwxyz012345");
    }

    function test_answersThatAreNoStrings() public {
        string[1] memory none = [""];
        bytes[7] memory answers = [
            bytes(""),
            hex"41",
            // 63 bytes, of which the first word looks like a string's.
            abi.encodePacked(uint256(32), new bytes(31)),
            // Another offset.
            abi.encode(uint256(64), uint256(1), bytes32("a")),
            abi.encode(uint256(0), uint256(1), bytes32("a")),
            // Longer than the answer.
            abi.encode(uint256(32), uint256(33), bytes32("a")),
            abi.encode(uint256(32), type(uint256).max, bytes32("a"))
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            (string memory name,) = called(answers[i]);
            assertEq(name, none[0]);
        }
        // Without padding it is one.
        (string memory short,) = called(abi.encodePacked(uint256(32), uint256(3), "abc"));
        assertEq(short, "abc");
    }

    function test_longTextsEndWithAWholeLetter() public {
        // 64 bytes and one more, with letters of one to four bytes at the cut.
        expectCut(string.concat(letters("a", 63), unicode"é", "zz"), letters("a", 63));
        expectCut(string.concat(letters("a", 62), unicode"é", "zz"), string.concat(letters("a", 62), unicode"é"));
        expectCut(string.concat(letters("a", 62), unicode"€", "zz"), letters("a", 62));
        expectCut(string.concat(letters("a", 61), unicode"€", "zz"), string.concat(letters("a", 61), unicode"€"));
        expectCut(string.concat(letters("a", 61), unicode"🦊", "zz"), letters("a", 61));
        expectCut(string.concat(letters("a", 62), unicode"🦊", "zz"), letters("a", 62));
        expectCut(string.concat(letters("a", 63), unicode"🦊", "zz"), letters("a", 63));
        expectCut(string.concat(letters("a", 60), unicode"🦊", "zz"), string.concat(letters("a", 60), unicode"🦊"));
        expectCut(letters("a", 65), letters("a", 64));
    }

    /// No letters at all: bytes that only continue one.
    function test_longTextsThatAreNotUtf8() public {
        bytes memory text = new bytes(80);
        for (uint256 i = 0; i < 80; ++i) {
            text[i] = 0x80;
        }
        (string memory name,) = called(abi.encode(text));
        assertEq(bytes(name).length, 64);
    }

    function expectCut(string memory text, string memory kept) internal {
        (string memory name,) = called(abi.encode(text));
        assertEq(name, kept);
    }

    function letters(string memory letter, uint256 count) internal pure returns (string memory text) {
        for (uint256 i = 0; i < count; ++i) {
            text = string.concat(text, letter);
        }
    }

    function testFuzz_anyAnswer(bytes memory answer) public {
        (string memory name,) = called(answer);
        assertLe(bytes(name).length, 64);
    }

    /// With any gas, a token has its whole name or there is nothing at all: nobody can make it lose its name on a chain.
    function testFuzz_withLittleGasThereIsNoDeposit(uint256 gas) public {
        GoodToken good = new GoodToken("A name that is not cut", "SYM", 3);
        gas = bound(gas, 0, 400_000);
        bytes memory expected = abi.encode("A name that is not cut", "SYM", uint8(3));
        (bool ok, bytes memory result) = address(this).call{gas: gas}(abi.encodeCall(this.read, (address(good))));
        if (ok) assertEq(abi.decode(result, (bytes)), expected);
        if (gas > 200_000) assertTrue(ok);
        if (gas < 100_000) assertFalse(ok);
    }

    /// The same for one that needs nearly all that it may have.
    function testFuzz_withLittleGas_anExpensiveName(uint256 gas) public {
        ExpensiveToken expensive = new ExpensiveToken();
        gas = bound(gas, 0, 600_000);
        (bool ok, bytes memory result) = address(this).call{gas: gas}(abi.encodeCall(this.read, (address(expensive))));
        if (ok) assertEq(abi.decode(result, (bytes)), abi.encode("Dear", "Dear", uint8(32)));
        if (gas > 500_000) assertTrue(ok);
    }

    function test_withLittleGasItSaysSo() public {
        GoodToken good = new GoodToken("Name", "SYM", 3);
        (bool ok, bytes memory reason) = address(this).call{gas: 100_000}(abi.encodeCall(this.read, (address(good))));
        assertFalse(ok);
        assertEq(bytes4(reason), TokenMetadata.MetadataGas.selector);
    }
}

/// Needs over 90,000 gas to say its name.
contract ExpensiveToken {
    fallback() external {
        uint256 start = gasleft();
        while (start - gasleft() < 90_000) {}
        bytes memory answer = abi.encode("Dear");
        assembly {
            return(add(answer, 32), mload(answer))
        }
    }
}
