// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IBridgehub, L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IProtocolVersions} from "../../src/interfaces/IProtocolVersions.sol";
import {ChainGenesis, IRollupChain, StoredBatch} from "../../src/interfaces/IRollupChain.sol";
import {Bridgehub} from "../../src/settlement/Bridgehub.sol";
import {RollupChain} from "../../src/settlement/RollupChain.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {RollupConfig} from "../../src/settlement/libraries/RollupConfig.sol";
import {DecimalsDouble} from "./Doubles.sol";
import {SettlementTest} from "./SettlementTest.sol";

contract BridgehubTest is SettlementTest {
    function beginning(uint64 id) private view returns (ChainGenesis memory) {
        return ChainGenesis(config(id), GENESIS, admin, PRICE);
    }

    function refusedChain(ChainGenesis memory first, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(governance);
        bridgehub.createChain(first);
    }

    function test_createChain() public {
        ChainGenesis memory first = beginning(CHAIN + 1);
        vm.prank(governance);
        RollupChain created = RollupChain(bridgehub.createChain(first));
        assertEq(bridgehub.chainOf(CHAIN + 1), address(created));
        assertEq(bridgehub.baseAssetOf(CHAIN + 1), bridgehub.etherAsset());
        assertEq(created.chainId(), CHAIN + 1);
        assertEq(created.protocolVersion(), 1);
        assertEq(created.configHash(), keccak256(abi.encode(first.config)));
        assertEq(created.baseAsset(), bridgehub.etherAsset());
        assertEq(created.admin(), admin);
        assertEq(created.gasPrice(), PRICE);
        StoredBatch memory zero;
        zero.commitment = GENESIS;
        assertEq(created.storedBatchHash(0), keccak256(abi.encode(zero)));
        assertNotEq(messageRoot.chainRoot(CHAIN + 1), 0);
    }

    function test_createChain_onlyTheGovernance() public {
        ChainGenesis memory first = beginning(CHAIN + 1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        bridgehub.createChain(first);
    }

    function test_createChain_refused() public {
        refusedChain(beginning(CHAIN), abi.encodeWithSelector(Bridgehub.ChainTaken.selector, CHAIN));
        ChainGenesis memory first = beginning(CHAIN + 1);
        first.config[2] = 2;
        refusedChain(first, abi.encodeWithSelector(IProtocolVersions.VersionUnknown.selector, 2));
        first.config[2] = 2 ** 32 + 1;
        bytes4 range = RollupConfig.ConfigRange.selector;
        refusedChain(first, abi.encodeWithSelector(range, 2, 2 ** 32 + 1, 1, 2 ** 32 - 1));
        first = beginning(CHAIN + 1);
        first.config[1] = 2 ** 48;
        refusedChain(first, abi.encodeWithSelector(range, 1, 2 ** 48, 1, 2 ** 48 - 1));
        first = beginning(CHAIN + 1);
        first.admin = address(0);
        refusedChain(first, abi.encodeWithSelector(IRollupChain.AdminZero.selector));
        first = beginning(CHAIN + 1);
        bytes4 price = IRollupChain.GasPriceRange.selector;
        first.gasPrice = 1 gwei - 1;
        refusedChain(first, abi.encodeWithSelector(price, 1 gwei - 1, 1 gwei, 256 gwei));
        first.gasPrice = 256 gwei + 1;
        refusedChain(first, abi.encodeWithSelector(price, 256 gwei + 1, 1 gwei, 256 gwei));
    }

    function test_createChain_baseToken() public {
        ChainGenesis memory first = beginning(CHAIN + 1);
        first.config[6] = 7;
        bytes32 asset = bytes32(uint256(7));
        refusedChain(first, abi.encodeWithSelector(Bridgehub.BaseTokenUnknown.selector, asset));
        address token = address(new DecimalsDouble(6));
        router.register(asset, token);
        refusedChain(first, abi.encodeWithSelector(Bridgehub.BaseTokenDecimals.selector, token, 6));
        // It does not say.
        router.register(asset, address(verifier));
        refusedChain(first, "");
        router.register(asset, address(new DecimalsDouble(18)));
        vm.prank(governance);
        bridgehub.createChain(first);
        assertEq(bridgehub.baseAssetOf(CHAIN + 1), asset);
    }

    function test_initialize_once() public {
        ChainGenesis memory first = beginning(CHAIN);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotBridgehub.selector, admin));
        vm.prank(admin);
        chain.initialize(first);
        vm.expectRevert(IRollupChain.ChainInitialized.selector);
        vm.prank(address(bridgehub));
        chain.initialize(first);
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotBridgehub.selector, admin));
        vm.prank(admin);
        implementation.initialize(first);
    }

    function test_etherAsset() public view {
        bytes32 expected = keccak256(abi.encode(block.chainid, address(0xFF04), address(1)));
        assertEq(bridgehub.etherAsset(), expected);
    }

    // Requests

    function encodedOf(L2Request memory asked, uint256 id, address from, address refund)
        private
        pure
        returns (bytes memory)
    {
        return bytes.concat(
            hex"7f",
            abi.encode(CHAIN, id, from, asked.to, asked.value, asked.mint),
            abi.encode(asked.gasLimit, PRICE, refund, asked.data.length),
            asked.data
        );
    }

    function test_request() public {
        L2Request memory asked = call(1 ether, 100_000, "data");
        bytes memory encoded = encodedOf(asked, 0, user, user);
        uint64 deadline = uint64(vm.getBlockTimestamp()) + 3 days;
        vm.expectEmit(address(chain));
        emit IRollupChain.OperationRequested(0, keccak256(encoded), deadline, encoded);
        vm.prank(user, user);
        bytes32 operation = bridgehub.requestL2Transaction{value: asked.mint}(asked);
        assertEq(operation, keccak256(encoded));
        assertEq(router.collected(CHAIN), asked.mint);
        assertEq(address(router).balance, asked.mint);
        assertEq(router.lastPayer(), user);
        assertEq(chain.minted(), asked.mint);
        queue.push(operation, deadline);
        assertEq(chain.queueRoot(), queue.root(1));
        assertEq(chain.progress().nextDeadline, deadline);
        // The same again is another operation.
        vm.prank(user, user);
        assertEq(bridgehub.requestL2Transaction{value: asked.mint}(asked), keccak256(encodedOf(asked, 1, user, user)));
        assertEq(chain.progress().nextDeadline, deadline);
    }

    function test_request_ofAContract() public {
        L2Request memory asked = call(0, 100_000, "");
        asked.refundRecipient = stranger;
        vm.prank(user);
        bytes32 operation = bridgehub.requestL2Transaction{value: asked.mint}(asked);
        address seen = Aliasing.aliased(user);
        assertEq(operation, keccak256(encodedOf(asked, 0, seen, stranger)));
    }

    function test_request_value() public {
        L2Request memory asked = call(0, 100_000, "");
        bytes4 reason = Bridgehub.ValueNotMint.selector;
        vm.startPrank(user, user);
        vm.expectRevert(abi.encodeWithSelector(reason, asked.mint - 1, asked.mint));
        bridgehub.requestL2Transaction{value: asked.mint - 1}(asked);
        vm.expectRevert(abi.encodeWithSelector(reason, asked.mint + 1, asked.mint));
        bridgehub.requestL2Transaction{value: asked.mint + 1}(asked);
    }

    function test_request_ofAnotherBaseToken() public {
        ChainGenesis memory first = beginning(CHAIN + 1);
        first.config[6] = 7;
        router.register(bytes32(uint256(7)), address(new DecimalsDouble(18)));
        vm.prank(governance);
        bridgehub.createChain(first);
        L2Request memory asked = call(0, 100_000, "");
        asked.chainId = CHAIN + 1;
        vm.startPrank(user, user);
        vm.expectRevert(abi.encodeWithSelector(Bridgehub.ValueNotMint.selector, asked.mint, 0));
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
        bridgehub.requestL2Transaction(asked);
        assertEq(router.collected(CHAIN + 1), asked.mint);
    }

    function test_request_unknownChain() public {
        L2Request memory asked = call(0, 100_000, "");
        asked.chainId = CHAIN + 1;
        bytes memory reason = abi.encodeWithSelector(IBridgehub.ChainUnknown.selector, CHAIN + 1);
        vm.expectRevert(reason);
        vm.prank(user, user);
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
        vm.expectRevert(reason);
        router.requestPaid(asked);
    }

    function test_request_mintTooLow() public {
        L2Request memory asked = call(1 ether, 100_000, "");
        asked.mint = 100_000 * uint256(PRICE) - 1;
        bytes4 reason = Operations.OperationMintTooLow.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, asked.mint, asked.mint + 1));
        vm.prank(user, user);
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
    }

    /// Who has base token on the chain can be made to be paid out: the value need not be minted.
    function test_request_ofWhatIsOnTheChain() public {
        L2Request memory asked = call(5 ether, 100_000, "withdraw");
        asked.mint = 100_000 * uint256(PRICE);
        vm.prank(user, user);
        bytes32 operation = bridgehub.requestL2Transaction{value: asked.mint}(asked);
        assertEq(operation, keccak256(encodedOf(asked, 0, user, user)));
        assertEq(router.collected(CHAIN), asked.mint);
        assertEq(chain.minted(), asked.mint);
    }

    function test_request_mintedTooMuch() public {
        L2Request memory asked = call(0, 100_000, "");
        asked.mint = 2 ** 128 - 1;
        router.requestPaid(asked);
        assertEq(chain.minted(), 2 ** 128 - 1);
        asked = call(0, 100_000, "");
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.MintedTooMuch.selector, asked.mint));
        router.requestPaid(asked);
        asked.mint = type(uint256).max;
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.MintedTooMuch.selector, asked.mint));
        router.requestPaid(asked);
    }

    function test_requestPaid() public {
        L2Request memory asked = call(0, 100_000, "data");
        asked.refundRecipient = user;
        bytes32 operation = router.requestPaid(asked);
        address seen = Aliasing.aliased(address(router));
        assertEq(operation, keccak256(encodedOf(asked, 0, seen, user)));
        assertEq(router.collected(CHAIN), 0);
        vm.expectRevert(abi.encodeWithSelector(IBridgehub.CallerNotRouter.selector, stranger));
        vm.prank(stranger);
        bridgehub.requestPaid(asked);
    }

    function test_chainTakesRequestsOnlyFromTheBridgehub() public {
        L2Request memory asked = call(0, 100_000, "data");
        vm.expectRevert(abi.encodeWithSelector(IRollupChain.CallerNotBridgehub.selector, address(router)));
        vm.prank(address(router));
        chain.request(asked, user, user);
    }

    /// A token that calls back while it is collected.
    function test_reentrancy() public {
        L2Request memory asked = call(0, 100_000, "data");
        bytes memory reason = abi.encodeWithSelector(ReentrancyGuard.ReentrancyGuardReentrantCall.selector);
        router.callWhileCollecting(address(bridgehub), abi.encodeCall(IBridgehub.requestL2Transaction, (asked)));
        vm.startPrank(user, user);
        vm.expectRevert(reason);
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
        router.callWhileCollecting(address(bridgehub), abi.encodeCall(IBridgehub.requestPaid, (asked)));
        vm.expectRevert(reason);
        bridgehub.requestL2Transaction{value: asked.mint}(asked);
        assertEq(chain.progress().operations, 0);
    }
}
