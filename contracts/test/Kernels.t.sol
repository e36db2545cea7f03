// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Domain} from "../src/libraries/Domain.sol";
import "../src/libraries/Ext.sol";
import {Leaves, MerkleLibrary, NODE_MASK} from "../src/libraries/Merkle.sol";
import {Program} from "../src/libraries/Program.sol";
import {Transcript, TranscriptLibrary} from "../src/libraries/Transcript.sol";
import {Kernels} from "./Kernels.sol";

contract KernelsTest is Test {
    Kernels kernels = new Kernels();

    function element(uint256 seed) internal pure returns (Ext) {
        return reduce(uint256(keccak256(abi.encode(seed))));
    }

    // ---- Elements ----

    function testFuzz_areCanonical(bytes calldata data, uint256 place, uint32 number) public view {
        uint256 count = data.length / 4;
        bytes memory list = data[:4 * count];
        bool expected = true;
        for (uint256 i = 0; i < count; ++i) {
            // Most numbers are below p, as most random ones are not.
            if (i == place % count) set(list, i, number);
            else set(list, i, uint32(get(list, i) % P));
            if (get(list, i) >= P) expected = false;
        }
        assertEq(kernels.areCanonical(list), expected);
    }

    function test_areCanonical_atBounds() public view {
        for (uint256 count = 1; count < 20; ++count) {
            for (uint256 i = 0; i < count; ++i) {
                bytes memory list = new bytes(4 * count);
                for (uint256 j = 0; j < count; ++j) {
                    set(list, j, uint32(P - 1));
                }
                assertTrue(kernels.areCanonical(list));
                uint32[5] memory wrong = [uint32(P), uint32(P + 1), 0x7fffffff, 0x80000000, 0xffffffff];
                for (uint256 k = 0; k < wrong.length; ++k) {
                    set(list, i, wrong[k]);
                    assertFalse(kernels.areCanonical(list));
                }
            }
        }
    }

    function set(bytes memory list, uint256 i, uint32 number) internal pure {
        for (uint256 k = 0; k < 4; ++k) {
            list[4 * i + k] = bytes1(uint8(number >> (8 * (3 - k))));
        }
    }

    function get(bytes memory list, uint256 i) internal pure returns (uint256 number) {
        for (uint256 k = 0; k < 4; ++k) {
            number = number << 8 | uint8(list[4 * i + k]);
        }
    }

    function testFuzz_dot(uint256 seed, uint256 width) public view {
        width = bound(width, 1, 60);
        bytes memory row = new bytes(4 * width);
        uint256[] memory weights = new uint256[](width + 4);
        for (uint256 i = 0; i < width; ++i) {
            set(row, i, uint32(uint256(keccak256(abi.encode(seed, i))) % P));
        }
        for (uint256 i = 0; i < width + 4; ++i) {
            weights[i] = Ext.unwrap(element(seed ^ i));
        }
        checkDot(row, weights);
    }

    /// All factors are as large as they may be, the row's even larger than canonical.
    function test_dot_atBounds() public view {
        for (uint256 width = 1; width < 50; ++width) {
            bytes memory row = new bytes(4 * width);
            uint256[] memory weights = new uint256[](width + 4);
            for (uint256 i = 0; i < width + 4; ++i) {
                if (i < width) set(row, i, 0x7fffffff);
                weights[i] = P_LANES - ONE_LANES;
            }
            checkDot(row, weights);
        }
    }

    function checkDot(bytes memory row, uint256[] memory weights) internal view {
        Ext start = element(weights.length);
        Ext expected = start;
        for (uint256 i = 0; i < row.length / 4; ++i) {
            expected = expected + Ext.wrap(weights[i]).scale(get(row, i) % P);
        }
        (uint256 lanes,) = kernels.dot(Ext.unwrap(start), row, weights);
        for (uint256 i = 0; i < 4; ++i) {
            assertLt((lanes >> (64 * i)) & LANE, 201 * P / 100);
        }
        assertTrue(reduce(lanes).eq(expected));
    }

    // ---- Domain ----

    function test_roots() public pure {
        uint256[] memory roots = Domain.roots();
        uint256[] memory inverses = Domain.inverses();
        assertEq(roots.length, 24);
        assertEq(inverses.length, 24);
        assertEq(roots[0], P - 1);
        for (uint256 i = 0; i < 24; ++i) {
            assertEq(mulmod(roots[i], inverses[i], P), 1);
            if (i != 0) assertEq(mulmod(roots[i], roots[i], P), roots[i - 1]);
        }
    }

    function testFuzz_point(uint256 position, uint256 bits) public pure {
        bits = bound(bits, 1, 24);
        position = bound(position, 0, (1 << bits) - 1);
        uint256 reversed = 0;
        for (uint256 i = 0; i < bits; ++i) {
            reversed |= ((position >> i) & 1) << (bits - 1 - i);
        }
        uint256[] memory roots = Domain.roots();
        assertEq(Domain.point(roots, position), powerBase(roots[bits - 1], reversed));
        assertEq(mulmod(Domain.point(roots, position), Domain.point(Domain.inverses(), position), P), 1);
    }

    // ---- Folding ----

    /// A group, the place of the value that the folding is given, and its step: the challenge over the group's first point.
    struct Group {
        Ext[] values;
        uint256 place;
        uint256 number;
        Ext step;
    }

    function testFuzz_fold(uint256 seed, uint256 logArity, uint256 place, uint256 number) public view {
        Ext[] memory values = new Ext[](1 << bound(logArity, 1, 4));
        for (uint256 i = 0; i < values.length; ++i) {
            values[i] = element(seed ^ i);
        }
        checkFold(Group(values, place % values.length, bound(number, 0, 2 ** 12 - 1), element(seed ^ 1 << 200)));
    }

    /// The largest values, and the largest differences, with the largest step.
    function test_fold_atBounds() public view {
        for (uint256 logArity = 1; logArity <= 4; ++logArity) {
            checkBounds(1 << logArity, 1);
            checkBounds(1 << logArity, 2);
        }
    }

    /// Values at multiples of a period are the largest, the others are zero.
    function checkBounds(uint256 arity, uint256 period) internal view {
        Ext largest = Ext.wrap(P_LANES - ONE_LANES);
        Ext[] memory values = new Ext[](arity);
        for (uint256 i = 0; i < arity; i += period) {
            values[i] = largest;
        }
        for (uint256 place = 0; place < arity; ++place) {
            checkFold(Group(values, place, 77, largest));
        }
    }

    /// Against interpolation by Lagrange.
    function checkFold(Group memory group) internal view {
        uint256 arity = group.values.length;
        uint256[] memory xs = new uint256[](arity);
        bytes memory siblings;
        bytes memory row;
        for (uint256 i = 0; i < arity; ++i) {
            xs[i] = Domain.point(Domain.roots(), group.number * arity + i);
            bytes16 packed = bytes16(uint128(pack(group.values[i])));
            row = bytes.concat(row, packed);
            if (i != group.place) siblings = bytes.concat(siblings, packed);
        }
        (bytes32 leaf, Ext folded,) = kernels.fold(siblings, group.place, group.values[group.place], group.step);
        assertEq(leaf, keccak256(row) & NODE_MASK);
        assertTrue(folded.eq(interpolate(xs, group.values, group.step.scale(xs[0]))));
    }

    function interpolate(uint256[] memory xs, Ext[] memory values, Ext at) internal pure returns (Ext sum) {
        for (uint256 i = 0; i < xs.length; ++i) {
            Ext term = values[i];
            for (uint256 j = 0; j < xs.length; ++j) {
                if (i == j) continue;
                term = (term * (at - Ext.wrap(xs[j]))).scale(inverseBase((xs[i] + P - xs[j]) % P));
            }
            sum = sum + term;
        }
    }

    // ---- Trees ----

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(bytes.concat(bytes26(left), bytes26(right))) & NODE_MASK;
    }

    /// Against a whole tree.
    function testFuzz_root(uint256 seed, uint256 depth, uint256 count) public view {
        depth = bound(depth, 0, 6);
        count = bound(count, 1, 20);
        checkRoot(seed, depth, count);
    }

    function test_root_ofAllLeaves() public view {
        checkRoot(1, 3, 200);
    }

    function checkRoot(uint256 seed, uint256 depth, uint256 count) internal view {
        bytes32[][] memory levels = new bytes32[][](depth + 1);
        levels[0] = new bytes32[](1 << depth);
        for (uint256 i = 0; i < 1 << depth; ++i) {
            levels[0][i] = keccak256(abi.encode(seed, i)) & NODE_MASK;
        }
        for (uint256 level = 1; level <= depth; ++level) {
            levels[level] = new bytes32[](1 << (depth - level));
            for (uint256 i = 0; i < levels[level].length; ++i) {
                levels[level][i] = node(levels[level - 1][2 * i], levels[level - 1][2 * i + 1]);
            }
        }
        uint256[] memory positions = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            positions[i] = uint256(keccak256(abi.encode(seed, "position", i))) % (1 << depth);
        }
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j != 0 && positions[j - 1] > positions[j]; --j) {
                (positions[j - 1], positions[j]) = (positions[j], positions[j - 1]);
            }
        }
        bytes32[] memory nodes = new bytes32[](count);
        uint256 open = 0;
        for (uint256 i = 0; i < count; ++i) {
            nodes[i] = levels[0][positions[i]];
            open |= 1 << positions[i];
        }
        (bytes memory siblings) = siblingsOf(levels, depth, open);
        (bytes32 top, uint256 read,) = kernels.root(positions, nodes, depth, siblings);
        assertEq(top, levels[depth][0]);
        assertEq(read, siblings.length);
        if (siblings.length != 0) {
            siblings[uint256(keccak256(abi.encode(seed))) % siblings.length] ^= 0x04;
            (top,,) = kernels.root(positions, nodes, depth, siblings);
            assertNotEq(top, levels[depth][0]);
        }
    }

    /// Level by level, what is beside the open nodes and not open.
    function siblingsOf(bytes32[][] memory levels, uint256 depth, uint256 open)
        internal
        pure
        returns (bytes memory siblings)
    {
        for (uint256 level = 0; level < depth; ++level) {
            uint256 above = 0;
            for (uint256 i = 0; i < levels[level].length; ++i) {
                if ((open >> i) & 1 == 0) continue;
                if ((open >> (i ^ 1)) & 1 == 0) siblings = bytes.concat(siblings, bytes26(levels[level][i ^ 1]));
                above |= 1 << (i / 2);
            }
            open = above;
        }
    }

    function test_push_refusesTwoRowsForOneLeaf() public {
        uint256[] memory positions = new uint256[](2);
        bytes32[] memory nodes = new bytes32[](2);
        (nodes[0], nodes[1]) = (bytes32("a"), bytes32("b"));
        vm.expectRevert("two rows");
        kernels.root(positions, nodes, 0, "");
        nodes[1] = nodes[0];
        (bytes32 top,,) = kernels.root(positions, nodes, 0, "");
        assertEq(top, nodes[0]);
    }

    /// What lies before the list in memory is no leaf.
    function test_push_ofTheFirstLeafLooksAtNoOther() public pure {
        uint256 position = 7;
        uint256[] memory room = new uint256[](3);
        room[0] = position;
        Leaves memory leaves;
        assembly ("memory-safe") {
            // Behind the length and the first word.
            let start := add(room, 64)
            mstore(leaves, start)
            mstore(add(leaves, 32), start)
        }
        assertTrue(leaves.push(position, bytes32("node")));
        assertEq(leaves.end, leaves.start + 32);
        assertEq(room[1], uint256(bytes32("node")) | position);
    }

    /// A list can be used again after its root was computed.
    function test_root_emptiesTheList() public view {
        Leaves memory leaves = MerkleLibrary.create(2);
        for (uint256 position = 0; position < 2; ++position) {
            bytes32 leaf = keccak256(abi.encode(position)) & NODE_MASK;
            assertTrue(leaves.push(position, leaf));
            (bytes32 top,) = leaves.root(0, 0);
            assertEq(top, leaf);
            assertEq(leaves.end, leaves.start);
        }
    }

    // ---- Transcript ----

    /// The vectors of the native verifier's transcript.
    function test_transcript_vectors() public view {
        string memory json = vm.readFile("../specs/vectors/final-proof.json");
        uint256 count = 0;
        while (vm.keyExistsJson(json, string.concat(".events[", vm.toString(count), "]"))) ++count;
        assertGt(count, 20);
        uint8[] memory commands = new uint8[](count);
        uint256[] memory bits = new uint256[](count);
        bytes[] memory data = new bytes[](count);
        uint256[] memory expected = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            string memory place = string.concat(".events[", vm.toString(i), "]");
            if (vm.keyExistsJson(json, string.concat(place, ".observe"))) {
                string memory text = vm.parseJsonString(json, string.concat(place, ".observe"));
                data[i] = vm.parseBytes(string.concat("0x", text));
                // What is observed from where makes no difference.
                commands[i] = i % 2 == 0 ? 0 : 4;
                if (data[i].length <= 32 && i % 3 == 0) commands[i] = 5;
            } else if (vm.keyExistsJson(json, string.concat(place, ".sample"))) {
                uint256[] memory coefficients = vm.parseJsonUintArray(json, string.concat(place, ".sample"));
                commands[i] = 1;
                for (uint256 k = 0; k < 4; ++k) {
                    expected[i] |= coefficients[k] << (64 * k);
                }
            } else if (vm.keyExistsJson(json, string.concat(place, ".grind"))) {
                commands[i] = 2;
                bits[i] = vm.parseJsonUint(json, string.concat(place, ".grind.bits"));
                data[i] = abi.encodePacked(uint32(vm.parseJsonUint(json, string.concat(place, ".grind.nonce"))));
                expected[i] = 1;
            } else {
                commands[i] = 3;
                bits[i] = vm.parseJsonUint(json, ".logRows") + vm.parseJsonUint(json, ".logBlowup");
                expected[i] = vm.parseJsonUint(json, string.concat(place, ".index"));
            }
        }
        uint256[] memory results = kernels.transcript(10_000, commands, bits, data);
        for (uint256 i = 0; i < count; ++i) {
            assertEq(results[i], expected[i], vm.toString(i));
        }
    }

    /// Only what was observed is hashed before the nonce is: right after a sample that is nothing.
    function test_grind_afterASampleHashesTheStateWithTheNonce() public view {
        uint8[] memory commands = new uint8[](3);
        (commands[1], commands[2]) = (1, 2);
        uint256[] memory bits = new uint256[](3);
        bits[2] = 2;
        bytes[] memory data = new bytes[](3);
        data[0] = "observed";
        bytes32 state = keccak256(bytes.concat(bytes32(0), data[0]));
        uint256 good = 0;
        for (uint32 nonce = 0; nonce < 40; ++nonce) {
            data[2] = abi.encodePacked(nonce);
            uint256 expected = uint256(keccak256(bytes.concat(state, data[2]))) & 3 == 0 ? 1 : 0;
            assertEq(kernels.transcript(64, commands, bits, data)[2], expected);
            good += expected;
        }
        assertGt(good, 0);
    }

    function test_grind_withoutBitsWantsZero() public view {
        uint8[] memory commands = new uint8[](1);
        commands[0] = 2;
        bytes[] memory data = new bytes[](1);
        data[0] = hex"00000000";
        assertEq(kernels.transcript(64, commands, new uint256[](1), data)[0], 1);
        // What follows the nonce does not count.
        data[0] = hex"00000000ffffffff";
        assertEq(kernels.transcript(64, commands, new uint256[](1), data)[0], 1);
        for (uint256 bit = 0; bit < 32; ++bit) {
            data[0] = abi.encodePacked(uint32(1 << bit));
            assertEq(kernels.transcript(64, commands, new uint256[](1), data)[0], 0);
        }
    }

    /// Takes the state, its room and a word more, in whole words; the first state is zero, whatever the memory held.
    function test_transcript_beginsWithZerosInMemoryOfItsOwn() public pure {
        for (uint256 capacity = 0; capacity <= 65; ++capacity) {
            checkCreation(capacity);
        }
    }

    function checkCreation(uint256 capacity) internal pure {
        uint256 free = dirty();
        Transcript memory self = TranscriptLibrary.create(capacity);
        uint256 behind;
        assembly ("memory-safe") {
            behind := mload(0x40)
        }
        // Behind the three words of the structure.
        assertEq(self.state, free + 96);
        assertEq(self.end, self.state + 32);
        assertEq(self.limit, self.end + capacity);
        assertEq(behind, self.state + 64 + (capacity + 31) / 32 * 32);
        assertEq(self.sampleBits(255), uint256(keccak256(abi.encode(0))) & ((1 << 255) - 1));
    }

    /// Ones in free memory, whose address this returns.
    function dirty() internal pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
            for { let i := 0 } lt(i, 512) { i := add(i, 32) } { mstore(add(free, i), not(0)) }
        }
    }

    function test_transcript_refusesMoreThanThereIsRoomFor() public {
        bytes[] memory data = new bytes[](1);
        data[0] = new bytes(65);
        vm.expectRevert(TranscriptLibrary.TranscriptFull.selector);
        kernels.transcript(64, new uint8[](1), new uint256[](1), data);
        data[0] = new bytes(64);
        kernels.transcript(64, new uint8[](1), new uint256[](1), data);
    }

    // ---- Programs ----

    function instruction(uint256 operation, uint256 a, uint256 b, uint256 c) internal pure returns (bytes5) {
        return bytes5(uint40(operation << 36 | a << 24 | b << 12 | c));
    }

    function testFuzz_program(uint256 seed, uint256 constant_) public pure {
        constant_ = bound(constant_, 0, P - 1);
        Ext[] memory inputs = new Ext[](2);
        (inputs[0], inputs[1]) = (element(seed), element(seed ^ 1));
        checkOperations(uint32(constant_), inputs);
    }

    function test_program_atBounds() public pure {
        Ext[] memory inputs = new Ext[](2);
        for (uint256 i = 0; i < 4; ++i) {
            inputs[0] = i & 1 == 0 ? ZERO : Ext.wrap(P_LANES - ONE_LANES);
            inputs[1] = i & 2 == 0 ? ZERO : Ext.wrap(P_LANES - ONE_LANES);
            checkOperations(uint32(P - 1), inputs);
            checkOperations(0, inputs);
        }
    }

    /// Values that only twelve bits have positions for: the inputs' last positions are 4092 to 4094, and a result has the last.
    function test_program_readsTheLastPositions() public view {
        (Ext a, Ext b, Ext c) = (element(1), element(2), element(3));
        assertTrue(runLast(abi.encodePacked(instruction(0, 4092, 4093, 4094))).eq(a + b));
        assertTrue(runLast(abi.encodePacked(instruction(1, 4092, 4093, 4094))).eq(a - b));
        assertTrue(runLast(abi.encodePacked(instruction(2, 4092, 4093, 4094))).eq(a * b + c));
        assertTrue(runLast(abi.encodePacked(instruction(3, 4092, 1, 4094))).eq(a.scale(7) + c));
        bytes memory two = bytes.concat(instruction(0, 4092, 4093, 0), instruction(2, 4095, 4095, 4095));
        assertTrue(runLast(two).eq((a + b) * (a + b) + (a + b)));
    }

    function runLast(bytes memory code) internal view returns (Ext) {
        return this.runAfter(abi.encodePacked(uint16(2), uint32(0), uint32(7), code));
    }

    function runAfter(bytes memory program) external pure returns (Ext) {
        Ext[] memory inputs = new Ext[](4093);
        (inputs[4090], inputs[4091], inputs[4092]) = (element(1), element(2), element(3));
        return Program.run(program, inputs);
    }

    /// Values: two constants, two inputs, then results.
    function checkOperations(uint32 constant_, Ext[] memory inputs) internal pure {
        bytes memory head = abi.encodePacked(uint16(2), uint32(0), constant_);
        (Ext a, Ext b) = (inputs[0], inputs[1]);
        assertTrue(Program.run(bytes.concat(head, instruction(0, 2, 3, 0)), inputs).eq(a + b));
        assertTrue(Program.run(bytes.concat(head, instruction(1, 2, 3, 0)), inputs).eq(a - b));
        assertTrue(Program.run(bytes.concat(head, instruction(2, 2, 3, 0)), inputs).eq(a * b));
        assertTrue(Program.run(bytes.concat(head, instruction(2, 2, 3, 2)), inputs).eq(a * b + a));
        assertTrue(Program.run(bytes.concat(head, instruction(3, 3, 1, 0)), inputs).eq(b.scale(constant_)));
        assertTrue(Program.run(bytes.concat(head, instruction(3, 3, 1, 2)), inputs).eq(b.scale(constant_) + a));
        bytes memory two = bytes.concat(instruction(1, 3, 2, 0), instruction(2, 4, 4, 0));
        assertTrue(Program.run(bytes.concat(head, two), inputs).eq((b - a) * (b - a)));
    }
}
