// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import "../src/libraries/Ext.sol";
import {Kernels} from "./Kernels.sol";

/// What the kernels cost; `snapshots/GasTest.json` keeps it.
contract GasTest is Test {
    Kernels kernels = new Kernels();

    function numbers(uint256 count) internal pure returns (bytes memory list) {
        for (uint256 i = 0; i < count; ++i) {
            list = bytes.concat(list, bytes4(uint32(uint256(keccak256(abi.encode(i))) % P)));
        }
    }

    function element(uint256 seed) internal pure returns (Ext) {
        return reduce(uint256(keccak256(abi.encode(seed))));
    }

    function test_dot() public {
        uint256[] memory weights = new uint256[](52);
        for (uint256 i = 0; i < 52; ++i) {
            weights[i] = Ext.unwrap(element(i));
        }
        (, uint256 gas) = kernels.dot(0, numbers(48), weights);
        vm.snapshotValue("dot of 48 columns", gas);
    }

    function test_fold() public {
        string[4] memory names = ["fold by 2", "fold by 4", "fold by 8", "fold by 16"];
        for (uint256 i = 0; i < 4; ++i) {
            (,, uint256 gas) = kernels.fold(numbers(4 * ((2 << i) - 1)), 1, element(1), element(2));
            vm.snapshotValue(names[i], gas);
        }
    }

    function test_root() public {
        uint256[] memory positions = new uint256[](2);
        (positions[0], positions[1]) = (5, 1_000_000);
        (,, uint256 gas) = kernels.root(positions, new bytes32[](2), 20, new bytes(26 * 40));
        vm.snapshotValue("two paths of 20 nodes", gas);
    }

    function test_multiply() public {
        Ext a = element(1);
        uint256 gas = gasleft();
        for (uint256 i = 0; i < 100; ++i) {
            a = a * a;
        }
        vm.snapshotValue("100 multiplications", gas - gasleft());
        gas = gasleft();
        for (uint256 i = 0; i < 100; ++i) {
            a = a + a;
        }
        vm.snapshotValue("100 additions", gas - gasleft());
        assertFalse(a.eq(ZERO));
        gas = gasleft();
        a.inverse();
        vm.snapshotValue("an inverse", gas - gasleft());
    }
}
