// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    BatchCommit,
    Evidence,
    IRollupChain,
    OperationRange,
    Role,
    StoredBatch
} from "../../src/interfaces/IRollupChain.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract RolesTest is SettlementTest {
    function test_noOtherHasARole() public {
        address[3] memory others = [address(this), governance, address(bridgehub)];
        for (uint256 i = 0; i < others.length; ++i) {
            assertNotEq(chain.admin(), others[i]);
            for (uint256 role = 0; role < 5; ++role) {
                assertFalse(chain.hasRole(Role(role), others[i]));
            }
        }
        assertEq(chain.admin(), admin);
        assertEq(bridgehub.owner(), governance);
        assertEq(versions.owner(), governance);
        // The code behind the proxies is nobody's, and never begins.
        assertEq(implementation.admin(), address(0));
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotAdmin.selector, address(this)));
        implementation.setRole(Role.Committer, address(this), true);
    }

    function test_setRole() public {
        for (uint256 i = 0; i < 5; ++i) {
            Role role = Role(i);
            vm.startPrank(admin);
            vm.expectEmit(address(chain));
            emit IRollupChain.RoleSet(role, stranger, true);
            chain.setRole(role, stranger, true);
            for (uint256 other = i + 1; other < 5; ++other) {
                assertFalse(chain.hasRole(Role(other), stranger));
            }
            assertTrue(chain.hasRole(role, stranger));
            vm.stopPrank();
        }
        vm.prank(admin);
        chain.setRole(Role.Pauser, stranger, false);
        assertFalse(chain.hasRole(Role.Pauser, stranger));
    }

    function test_onlyTheAdmin() public {
        bytes memory reason = abi.encodeWithSelector(IRollupChain.CallerNotAdmin.selector, operator);
        uint256[22] memory words = config(CHAIN);
        vm.startPrank(operator);
        vm.expectRevert(reason);
        chain.setRole(Role.Committer, operator, true);
        vm.expectRevert(reason);
        chain.proposeAdmin(operator);
        vm.expectRevert(reason);
        chain.setGasPrice(PRICE);
        vm.expectRevert(reason);
        chain.scheduleUpgrade(words, "");
        vm.expectRevert(reason);
        chain.cancelUpgrade();
        vm.expectRevert(reason);
        chain.activateUpgrade(words, 0);
    }

    function test_admin_inTwoSteps() public {
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotPendingAdmin.selector, stranger));
        vm.prank(stranger);
        chain.acceptAdmin();
        vm.prank(admin);
        chain.proposeAdmin(stranger);
        assertEq(chain.admin(), admin);
        assertEq(chain.pendingAdmin(), stranger);
        vm.expectEmit(address(chain));
        emit IRollupChain.AdminChanged(stranger);
        vm.prank(stranger);
        chain.acceptAdmin();
        assertEq(chain.admin(), stranger);
        assertEq(chain.pendingAdmin(), address(0));
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotAdmin.selector, admin));
        vm.prank(admin);
        chain.proposeAdmin(admin);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotPendingAdmin.selector, stranger));
        vm.prank(stranger);
        chain.acceptAdmin();
    }

    function test_admin_takenBack() public {
        vm.startPrank(admin);
        chain.proposeAdmin(stranger);
        chain.proposeAdmin(address(0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotPendingAdmin.selector, stranger));
        vm.prank(stranger);
        chain.acceptAdmin();
    }

    function test_pause_stopsTheThreeSteps() public {
        StoredBatch memory first = commit(genesis, batchAfter(genesis, 0));
        prove(first);
        StoredBatch memory second = commit(first, batchAfter(first, 0));
        BatchCommit memory third = batchAfter(second, 0);
        Evidence[] memory evidence = proofOf(one(second));
        OperationRange memory nothing;
        uint64 until = uint64(vm.getBlockTimestamp()) + 3 days;
        vm.expectEmit(address(chain));
        emit IRollupChain.ChainPaused(until);
        vm.prank(pauser);
        chain.pause();
        assertEq(chain.pausedUntil(), until);
        bytes memory reason = abi.encodeWithSelector(IRollupChain.Paused.selector, until);
        vm.startPrank(operator);
        vm.expectRevert(reason);
        chain.commit(second, third);
        vm.expectRevert(reason);
        chain.prove(one(second), evidence);
        vm.expectRevert(reason);
        chain.execute(one(first), one(nothing));
        vm.expectRevert(reason);
        chain.settle(second, third, evidence, nothing);
        // It ends by itself.
        vm.warp(until);
        chain.commit(second, third);
        chain.prove(one(second), evidence);
        chain.execute(one(first), one(nothing));
    }

    function test_pause_stopsNoRequest() public {
        vm.prank(pauser);
        chain.pause();
        requestOne();
        assertEq(chain.progress().operations, 1);
    }

    function test_pause_onceInThirtyDays() public {
        uint64 start = uint64(vm.getBlockTimestamp());
        vm.prank(pauser);
        chain.pause();
        vm.prank(pauser);
        chain.unpause();
        bytes memory reason = abi.encodeWithSelector(IRollupChain.PausedBefore.selector, start + 30 days);
        vm.expectRevert(reason);
        vm.prank(pauser);
        chain.pause();
        // Not by another pauser either.
        vm.prank(admin);
        chain.setRole(Role.Pauser, stranger, true);
        vm.warp(start + 30 days - 1);
        vm.expectRevert(reason);
        vm.prank(stranger);
        chain.pause();
        vm.warp(start + 30 days);
        vm.prank(stranger);
        chain.pause();
    }

    function test_unpause() public {
        vm.prank(pauser);
        chain.pause();
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, operator, Role.Pauser));
        vm.prank(operator);
        chain.unpause();
        vm.expectEmit(address(chain));
        emit IRollupChain.ChainUnpaused();
        vm.prank(admin);
        chain.unpause();
        finish(genesis, 0);
    }

    function test_pause_byOther() public {
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerWithoutRole.selector, admin, Role.Pauser));
        vm.prank(admin);
        chain.pause();
    }

    function setPrice(uint128 price) private {
        vm.prank(admin);
        chain.setGasPrice(price);
    }

    function refusedPrice(uint128 price, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(admin);
        chain.setGasPrice(price);
    }

    function test_price_range() public {
        bytes4 reason = IRollupChain.GasPriceRange.selector;
        refusedPrice(1 gwei - 1, abi.encodeWithSelector(reason, 1 gwei - 1, 1 gwei, 256 gwei));
        refusedPrice(256 gwei + 1, abi.encodeWithSelector(reason, 256 gwei + 1, 1 gwei, 256 gwei));
        vm.expectEmit(address(chain));
        emit IRollupChain.GasPriceChanged(1 gwei);
        setPrice(1 gwei);
        assertEq(chain.gasPrice(), 1 gwei);
    }

    function test_price_rises() public {
        bytes4 reason = IRollupChain.GasPriceRise.selector;
        refusedPrice(4 gwei + 1, abi.encodeWithSelector(reason, 4 gwei + 1, 4 gwei, 0));
        uint64 start = uint64(vm.getBlockTimestamp());
        setPrice(3 gwei);
        refusedPrice(3 gwei + 1, abi.encodeWithSelector(reason, 3 gwei + 1, 6 gwei, start + 1 days));
        // To lower it is no way to raise it sooner.
        setPrice(2 gwei);
        refusedPrice(3 gwei, abi.encodeWithSelector(reason, 3 gwei, 4 gwei, start + 1 days));
        vm.warp(start + 1 days);
        setPrice(4 gwei);
    }

    /// From the lowest price to the highest: the first raise can be made at once.
    function test_price_takesSevenDays() public {
        setPrice(1 gwei);
        uint64 start = uint64(vm.getBlockTimestamp());
        setPrice(2 gwei);
        bytes4 reason = IRollupChain.GasPriceRise.selector;
        for (uint64 day = 1; day <= 7; ++day) {
            uint128 price = chain.gasPrice();
            vm.warp(start + day * 1 days - 1);
            refusedPrice(price + 1, abi.encodeWithSelector(reason, price + 1, 2 * price, start + day * 1 days));
            vm.warp(start + day * 1 days);
            setPrice(2 * price);
        }
        assertEq(chain.gasPrice(), 256 gwei);
    }

    /// I15: whatever is tried, in seven days the price is at most 256 times as high, and never out of its range.
    function testFuzz_price_isBounded(uint128[24] memory prices, uint256 seed) public {
        uint256 bound_ = PRICE;
        uint256 raised = 0;
        for (uint256 i = 0; i < 24; ++i) {
            skip((seed >> (8 * i)) & 0xffff);
            uint128 price = prices[i] % 300 gwei;
            uint128 before = chain.gasPrice();
            vm.prank(admin);
            try chain.setGasPrice(price) {
                assertEq(chain.gasPrice(), price);
                if (price > before) {
                    assertLe(price, 2 * before);
                    if (raised != 0) assertGe(vm.getBlockTimestamp(), raised + 1 days);
                    raised = vm.getBlockTimestamp();
                    bound_ = bound_ * 2;
                }
            } catch {
                assertEq(chain.gasPrice(), before);
            }
            assertLe(chain.gasPrice(), bound_);
            assertGe(chain.gasPrice(), 1 gwei);
            assertLe(chain.gasPrice(), 256 gwei);
        }
    }
}
