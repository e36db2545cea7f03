// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Elements} from "../../src/libraries/Elements.sol";
import "../../src/libraries/Ext.sol";
import {Folding} from "../../src/libraries/Folding.sol";
import {Leaves, MerkleLibrary, NODE_MASK} from "../../src/libraries/Merkle.sol";
import {Program} from "../../src/libraries/Program.sol";
import {PublicWords} from "../../src/libraries/PublicWords.sol";
import {Transcript, TranscriptLibrary} from "../../src/libraries/Transcript.sol";
import {Lanes, Lemmas} from "./Lemmas.sol";

/// Symbolic tests of what reads proofs and statements, for all inputs. Functions `check_` are run by Halmos, not by forge.
/// The calldata of a test is what the kernels read: its arguments lie at 4, 36, and so on.
contract KernelsFormal is Test {
    using Lanes for uint256;
    using Folding for Folding.Workspace;

    // ---- Elements below p ----

    /// The i-th four bytes from the high end.
    function element(uint256 word, uint256 i) internal pure returns (uint256) {
        return (word >> (32 * (7 - i))) & 0xffffffff;
    }

    function areFirstBelow(uint256 word, uint256 count) internal pure returns (bool yes) {
        yes = true;
        for (uint256 i = 0; i < count; ++i) {
            yes = Lanes.and(yes, element(word, i) < P);
        }
    }

    /// Exactly if all are below p, whatever follows; all lengths to one word.
    function check_areCanonical_inOneWord(uint256 word) public pure {
        for (uint256 count = 1; count <= 8; ++count) {
            assert(Elements.areCanonical(4, 4 * count) == areFirstBelow(word, count));
        }
    }

    /// All lengths to three words.
    function check_areCanonical_inThreeWords(uint256 first, uint256 second, uint256 third) public pure {
        bool before = areFirstBelow(first, 8);
        for (uint256 count = 1; count <= 8; ++count) {
            assert(Elements.areCanonical(4, 32 + 4 * count) == Lanes.and(before, areFirstBelow(second, count)));
        }
        before = Lanes.and(before, areFirstBelow(second, 8));
        for (uint256 count = 1; count <= 8; ++count) {
            assert(Elements.areCanonical(4, 64 + 4 * count) == Lanes.and(before, areFirstBelow(third, count)));
        }
    }

    function check_isKey(bytes32 key) public pure {
        assert(PublicWords.isKey(key) == Lanes.and(key != 0, areFirstBelow(uint256(key), 8)));
    }

    /// Element i is bytes 2 i and 2 i + 1 of the hash, the first of them lower; nothing else is in it.
    function check_limbs(bytes32 hash) public pure {
        (uint256 first, uint256 second) = PublicWords.limbs(hash);
        for (uint256 i = 0; i < 16; ++i) {
            uint256 low = (uint256(hash) >> (8 * (31 - 2 * i))) & 0xff;
            uint256 high = (uint256(hash) >> (8 * (30 - 2 * i))) & 0xff;
            assert(element(i < 8 ? first : second, i % 8) == (low | high << 8));
        }
    }

    /// Statements that differ have words that differ.
    function check_limbs_areInjective(bytes32 a, bytes32 b) public pure {
        vm.assume(a != b);
        (uint256 a0, uint256 a1) = PublicWords.limbs(a);
        (uint256 b0, uint256 b1) = PublicWords.limbs(b);
        assert(Lanes.or(a0 != b0, a1 != b1));
    }

    function check_at(uint256 word) public pure {
        uint256 r = Ext.unwrap(Elements.at(4));
        for (uint256 i = 0; i < 4; ++i) {
            assert(r.lane(i) == element(word, i));
        }
    }

    // ---- Sums of products ----

    /// All widths to three turns: each element is multiplied with its own weight, and each four are reduced; no element is
    /// taken from behind the row. `LanesFormal` has what the lanes of such a sum are.
    function check_dot(uint256 first, uint256 second, uint256 sum, uint256[12] memory weights) public pure {
        uint256[2] memory row = [first, second];
        uint256 place;
        assembly ("memory-safe") {
            place := weights
        }
        for (uint256 width = 1; width <= 12; ++width) {
            uint256 lanes = sum;
            for (uint256 i = 0; i < width; i += 4) {
                unchecked {
                    for (uint256 j = i; j < i + 4; ++j) {
                        lanes += weights[j] * (j < width ? element(row[j / 8], j % 8) : 0);
                    }
                }
                lanes = reduceLightly(lanes);
            }
            assert(Elements.dot(sum, 4, width, place) == lanes);
        }
    }

    // ---- Programs ----

    function run(uint256 operation, uint256 a, uint256 b, uint256 c) internal pure returns (uint256) {
        Ext[] memory inputs = new Ext[](3);
        (inputs[0], inputs[1], inputs[2]) = (Ext.wrap(a), Ext.wrap(b), Ext.wrap(c));
        uint256 code = operation << 36 | 1 << 12 | 2;
        return Ext.unwrap(Program.run(abi.encodePacked(uint16(0), uint40(code)), inputs));
    }

    function check_program_addsAndSubtracts(uint256 a, uint256 b) public pure {
        assert(run(0, a, b, 0) == Ext.unwrap(Ext.wrap(a) + Ext.wrap(b)));
        assert(run(1, a, b, 0) == Ext.unwrap(Ext.wrap(a) - Ext.wrap(b)));
    }

    function check_program_multiplies(uint256 a, uint256 b, uint256 c) public pure {
        unchecked {
            assert(run(2, a, b, c) == Ext.unwrap(reduce(product(Ext.wrap(a), Ext.wrap(b)) + c)));
            assert(run(3, a, b, c) == Ext.unwrap(reduce(a * b + c)));
        }
    }

    // ---- Folding ----

    /// A fold by two, of what the kernel's own multiplication is: that of `Ext`, with sums and a halving.
    function check_fold_ofAPair(uint256 first, uint256 second, uint256 twiddle, uint256 step) public pure {
        unchecked {
            uint256 difference = (unpackedAt(first) + P_LANES - unpackedAt(second)) * twiddle;
            uint256 odd = product(reduce(difference), Ext.wrap(step));
            uint256 sum = Ext.unwrap(reduce(unpackedAt(first) + unpackedAt(second) + odd));
            uint256 expected = Ext.unwrap(reduce(sum * (P - (P - 1) / 2)));
            assert(fold(first, second, twiddle, step) == expected);
        }
    }

    function unpackedAt(uint256 packed) internal pure returns (uint256) {
        return Ext.unwrap(unpack(packed & LOW_HALF));
    }

    function fold(uint256 first, uint256 second, uint256 twiddle, uint256 step) internal pure returns (uint256) {
        Folding.Workspace memory workspace;
        uint256[4] memory room;
        uint256 start;
        assembly ("memory-safe") {
            start := room
            mstore(start, or(shl(128, first), and(second, LOW_HALF)))
            mstore(add(start, 64), twiddle)
        }
        (workspace.group, workspace.values, workspace.twiddles) = (start, start + 32, start + 64);
        return Ext.unwrap(workspace.fold(1, Ext.wrap(step)));
    }

    /// A group's bytes are its values in their order, the query's own at its place, and the leaf is their hash.
    function check_read_ofAPair(uint256 sibling, uint256 own) public pure {
        own &= LOW_HALF;
        Folding.Workspace memory workspace;
        uint256[4] memory room;
        assembly ("memory-safe") {
            mstore(workspace, room)
        }
        bytes32 leaf = workspace.read(1, 0, unpack(own), 4);
        assert(leaf == keccak256(abi.encodePacked(uint128(own), bytes16(bytes32(sibling)))) & NODE_MASK);
        leaf = workspace.read(1, 1, unpack(own), 4);
        assert(leaf == keccak256(abi.encodePacked(bytes16(bytes32(sibling)), uint128(own))) & NODE_MASK);
    }

    // ---- Trees ----

    /// Two leaves: an equal position is one leaf with one node, another position is another.
    function check_push(uint48 position, uint48 next, bytes32 node, bytes32 other) public pure {
        (node, other) = (node & NODE_MASK, other & NODE_MASK);
        Leaves memory leaves = MerkleLibrary.create(2);
        assert(leaves.push(position, node));
        bool fits = leaves.push(next, other);
        assert(fits == Lanes.or(next != position, node == other));
        assert(leaves.end - leaves.start == (next == position ? 32 : 64));
    }

    /// The root above one leaf of two: its sibling is on the side that its position says.
    function check_root_ofTwoLeaves(bytes32 sibling, bytes32 node, bool isRight) public pure {
        (sibling, node) = (sibling & NODE_MASK, node & NODE_MASK);
        Leaves memory leaves = MerkleLibrary.create(1);
        leaves.push(isRight ? 1 : 0, node);
        (bytes32 top, uint256 end) = leaves.root(1, 4);
        (bytes32 left, bytes32 right) = isRight ? (sibling, node) : (node, sibling);
        assert(top == keccak256(abi.encodePacked(bytes26(left), bytes26(right))) & NODE_MASK);
        assert(end == 4 + 26);
    }

    /// Both leaves of two take nothing of the calldata.
    function check_root_ofAPair(bytes32 left, bytes32 right) public pure {
        (left, right) = (left & NODE_MASK, right & NODE_MASK);
        Leaves memory leaves = MerkleLibrary.create(2);
        leaves.push(0, left);
        leaves.push(1, right);
        (bytes32 top, uint256 end) = leaves.root(1, 4);
        assert(top == keccak256(abi.encodePacked(bytes26(left), bytes26(right))) & NODE_MASK);
        assert(end == 4);
    }

    // ---- Transcript ----

    /// Bits are the low ones of the state's hash with all that was observed, which is the state from then on.
    function check_sampleBits(bytes32 word, uint8 bits) public pure {
        vm.assume(bits < 64);
        Transcript memory transcript = TranscriptLibrary.create(64);
        transcript.observe(4, 32);
        bytes32 state = keccak256(abi.encodePacked(bytes32(0), word));
        uint256 above = 256 - uint256(bits);
        assert(transcript.sampleBits(bits) == (uint256(state) << above) >> above);
        assert(transcript.sampleBits(22) == uint256(keccak256(abi.encodePacked(state))) % (1 << 22));
    }

    function check_sample(bytes32 word) public pure {
        Transcript memory transcript = TranscriptLibrary.create(64);
        transcript.observe(4, 26);
        Ext expected = fromHash(keccak256(abi.encodePacked(bytes32(0), bytes26(word))));
        assert(transcript.sample().eq(expected));
    }

    /// With bits, the nonce's hash decides; without, only zero is a nonce.
    function check_grind(bytes32 word) public pure {
        Transcript memory transcript = TranscriptLibrary.create(64);
        bytes32 state = keccak256(abi.encodePacked(bytes32(0), bytes4(word)));
        assert(transcript.grind(0, 4) == (bytes4(word) == 0));
        assert(transcript.grind(17, 4) == (uint256(state) % (1 << 17) == 0));
    }
}
