// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {SettlementKernels} from "./Kernels.sol";

abstract contract KernelsTest is Test {
    SettlementKernels internal kernels;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        kernels = SettlementKernels(deployCode("settlement/Kernels.sol:SettlementKernels"));
    }
}
