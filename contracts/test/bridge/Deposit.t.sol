// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Test.sol";
import {AssetRouter} from "../../src/bridge/AssetRouter.sol";
import {TokenMetadata} from "../../src/bridge/TokenMetadata.sol";
import {Deposit, IAssetRouter} from "../../src/interfaces/IAssetRouter.sol";
import {IBridgehub, L2Request} from "../../src/interfaces/IBridgehub.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {ETHER, L2_ASSET_ROUTER} from "../../src/shared/Addresses.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {HubDouble, Operation} from "./Doubles.sol";
import {Rig} from "./Rig.sol";
import {GoodToken} from "./Tokens.sol";

/// Asks for what it is told, while it is under construction and afterwards.
contract Contract {
    constructor(AssetRouter router, GoodToken token, Deposit memory request) payable {
        if (address(router) == address(0)) return;
        token.approve(address(router.vault()), request.amount);
        router.deposit{value: address(this).balance}(request);
    }

    function deposit(AssetRouter router, GoodToken token, Deposit memory request) external payable {
        token.approve(address(router.vault()), request.amount);
        router.deposit{value: msg.value}(request);
    }
}

contract DepositTest is Rig {
    function operations() internal returns (Operation[] memory found) {
        Vm.Log[] memory logs = logsOf(address(hub), HubDouble.OperationRequested.selector);
        found = new Operation[](logs.length);
        for (uint256 i = 0; i < logs.length; ++i) {
            found[i] = abi.decode(logs[i].data, (Operation));
        }
    }

    function onlyOperation() internal returns (Operation memory) {
        Operation[] memory found = operations();
        assertEq(found.length, 1);
        return found[0];
    }

    // ---- Base token ----

    function request(uint256 chainId) internal view returns (L2Request memory) {
        return L2Request(chainId, bob, 1 ether, "", GAS_LIMIT, MINT + 1 ether, address(0));
    }

    function test_baseTokenEther_isInTheVault() public {
        vm.deal(alice, 5 ether);
        vm.expectEmit(address(router));
        emit IAssetRouter.MintCollected(CHAIN, alice, etherId, MINT + 1 ether);
        vm.prank(alice, alice);
        hub.requestL2Transaction{value: MINT + 1 ether}(request(CHAIN));
        assertEq(vault.balanceOf(CHAIN, etherId), MINT + 1 ether);
        assertEq(address(vault).balance, MINT + 1 ether);
        assertEq(address(router).balance, 0);
    }

    function test_baseTokenEther_otherValueIsRefused() public {
        vm.deal(alice, 5 ether);
        vm.startPrank(alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultEther.selector, MINT + 1 ether, MINT));
        hub.requestL2Transaction{value: MINT}(request(CHAIN));
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultEther.selector, MINT + 1 ether, MINT + 2 ether));
        hub.requestL2Transaction{value: MINT + 2 ether}(request(CHAIN));
    }

    function test_baseTokenOfErc20_isTakenFromTheSender() public {
        base.mint(alice, 5 ether);
        vm.startPrank(alice, alice);
        base.approve(address(vault), MINT + 1 ether);
        hub.requestL2Transaction(request(TOKEN_CHAIN));
        assertEq(vault.balanceOf(TOKEN_CHAIN, baseId), MINT + 1 ether);
        assertEq(base.balanceOf(address(vault)), MINT + 1 ether);
        assertEq(base.balanceOf(alice), 4 ether - MINT);
    }

    function test_baseTokenOfErc20_etherIsRefused() public {
        base.mint(alice, 5 ether);
        vm.deal(alice, 5 ether);
        vm.startPrank(alice, alice);
        base.approve(address(vault), MINT + 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultEther.selector, 0, 1));
        hub.requestL2Transaction{value: 1}(request(TOKEN_CHAIN));
    }

    function test_collectMint_onlyByTheHub() public {
        vm.deal(alice, 1 ether);
        base.mint(bob, 1 ether);
        vm.prank(bob);
        base.approve(address(vault), 1 ether);
        vm.startPrank(alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.CallerNotHub.selector, alice));
        router.collectMint{value: 1}(CHAIN, alice, 1);
        // Nobody takes from somebody else what that one has approved.
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.CallerNotHub.selector, alice));
        router.collectMint(TOKEN_CHAIN, bob, 1 ether);
    }

    function test_collectMint_unknownChainOrAssetIsRefused() public {
        vm.startPrank(address(hub));
        vm.expectRevert(abi.encodeWithSelector(IBridgehub.ChainUnknown.selector, 9));
        router.collectMint(9, alice, 1);
        hub.setChain(9, keccak256("asset"));
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultAssetUnknown.selector, keccak256("asset")));
        router.collectMint(9, alice, 1);
    }

    // ---- Tokens ----

    function test_deposit_asksTheChainsRouter() public {
        vm.recordLogs();
        bytes32 hash = depositTokens(alice, CHAIN, token, 1000);
        Operation memory operation = onlyOperation();
        assertEq(hash, hub.hashOf(operation));
        assertEq(operation.chainId, CHAIN);
        assertEq(operation.from, Aliasing.aliased(address(router)));
        assertEq(operation.to, L2_ASSET_ROUTER);
        assertEq(operation.value, 0);
        assertEq(operation.mint, MINT);
        assertEq(operation.gasLimit, GAS_LIMIT);
        assertEq(operation.refundRecipient, alice);
        bytes memory metadata = abi.encode("Token", "TOK", uint8(6));
        assertEq(
            operation.data,
            abi.encodeCall(IL2AssetRouter.finalizeDeposit, (block.chainid, address(token), alice, bob, 1000, metadata))
        );
        assertEq(vault.balanceOf(CHAIN, tokenId), 1000);
        assertEq(vault.balanceOf(CHAIN, etherId), MINT);
        assertEq(vault.balanceOf(OTHER_CHAIN, tokenId), 0);
        assertEq(token.balanceOf(address(vault)), 1000);
        assertEq(router.depositRecord(CHAIN, hash), keccak256(abi.encode(alice, tokenId, uint256(1000))));
        assertEq(router.depositRecord(OTHER_CHAIN, hash), 0);
    }

    function test_deposit_hasItsEvents() public {
        token.mint(alice, 1000);
        vm.deal(alice, MINT);
        vm.startPrank(alice, alice);
        token.approve(address(vault), 1000);
        vm.expectEmit(address(vault));
        emit IVault.TokenRegistered(tokenId, address(token));
        vm.expectEmit(address(router));
        emit IAssetRouter.MintCollected(CHAIN, alice, etherId, MINT);
        vm.expectEmit(address(vault));
        emit IVault.ChainBalanceIncreased(CHAIN, etherId, MINT);
        vm.expectEmit(address(vault));
        emit IVault.ChainBalanceIncreased(CHAIN, tokenId, 1000);
        // The hash is not known before.
        vm.expectEmit(true, false, true, true, address(router));
        emit IAssetRouter.DepositRequested(CHAIN, 0, alice, bob, tokenId, 1000);
        router.deposit{value: MINT}(depositOf(CHAIN, address(token), 1000));
    }

    function test_deposit_etherToAChainOfAToken() public {
        base.mint(alice, MINT);
        vm.deal(alice, 3 ether);
        vm.startPrank(alice, alice);
        base.approve(address(vault), MINT);
        vm.recordLogs();
        router.deposit{value: 3 ether}(depositOf(TOKEN_CHAIN, ETHER, 3 ether));
        assertEq(vault.balanceOf(TOKEN_CHAIN, etherId), 3 ether);
        assertEq(vault.balanceOf(TOKEN_CHAIN, baseId), MINT);
        assertEq(address(vault).balance, 3 ether);
        bytes memory metadata = abi.encode("Ether", "ETH", uint8(18));
        assertEq(
            onlyOperation().data,
            abi.encodeCall(IL2AssetRouter.finalizeDeposit, (block.chainid, ETHER, alice, bob, 3 ether, metadata))
        );
    }

    function test_deposit_tokenToAChainOfAToken() public {
        base.mint(alice, MINT);
        token.mint(alice, 7);
        vm.startPrank(alice, alice);
        base.approve(address(vault), MINT);
        token.approve(address(vault), 7);
        router.deposit(depositOf(TOKEN_CHAIN, address(token), 7));
        assertEq(vault.balanceOf(TOKEN_CHAIN, tokenId), 7);
        assertEq(vault.balanceOf(TOKEN_CHAIN, baseId), MINT);
    }

    function test_deposit_etherOfTheCallIsExact() public {
        token.mint(alice, 1000);
        base.mint(alice, MINT);
        vm.deal(alice, 10 ether);
        vm.startPrank(alice, alice);
        token.approve(address(vault), 1000);
        base.approve(address(vault), MINT);
        expectEtherRefused(depositOf(CHAIN, address(token), 1000), MINT, MINT - 1);
        expectEtherRefused(depositOf(CHAIN, address(token), 1000), MINT, MINT + 1);
        expectEtherRefused(depositOf(CHAIN, address(token), 1000), MINT, 0);
        expectEtherRefused(depositOf(TOKEN_CHAIN, address(token), 1000), 0, 1);
        expectEtherRefused(depositOf(TOKEN_CHAIN, ETHER, 1 ether), 1 ether, 1 ether - 1);
        expectEtherRefused(depositOf(TOKEN_CHAIN, ETHER, 1 ether), 1 ether, 1 ether + MINT);
    }

    function expectEtherRefused(Deposit memory deposit, uint256 expected, uint256 given) internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositEther.selector, expected, given));
        router.deposit{value: given}(deposit);
    }

    function test_deposit_amountZeroIsRefused() public {
        vm.expectRevert(IAssetRouter.DepositAmountZero.selector);
        router.deposit{value: 0}(depositOf(CHAIN, address(token), 0));
    }

    function test_deposit_receiverZeroIsRefused() public {
        Deposit memory deposit = depositOf(CHAIN, address(token), 1);
        deposit.receiver = address(0);
        vm.expectRevert(IAssetRouter.DepositReceiverZero.selector);
        router.deposit(deposit);
    }

    function test_deposit_unknownChainIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IBridgehub.ChainUnknown.selector, 9));
        router.deposit(depositOf(9, address(token), 1));
    }

    /// On the chain it would be a second asset with the id of the first.
    function test_deposit_baseTokenAsTokenIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositOfBaseToken.selector, CHAIN, ETHER));
        router.deposit(depositOf(CHAIN, ETHER, 1));
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositOfBaseToken.selector, TOKEN_CHAIN, address(base)));
        router.deposit(depositOf(TOKEN_CHAIN, address(base), 1));
    }

    function test_deposit_addressWithoutCodeIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultTokenWithoutCode.selector, alice));
        router.deposit(depositOf(CHAIN, alice, 1));
    }

    function test_deposit_baseTokenOfAnotherChainIsAToken() public {
        bytes32 operation = depositTokens(alice, CHAIN, base, 12);
        assertEq(vault.balanceOf(CHAIN, baseId), 12);
        assertTrue(router.depositRecord(CHAIN, operation) != 0);
    }

    /// A registry that gives two deposits one hash would lose the first.
    function test_deposit_ofAnOperationThatHasOneIsRefused() public {
        bytes32 operation = depositTokens(alice, CHAIN, token, 1000);
        hub.forceHash(operation);
        token.mint(bob, 5);
        vm.deal(bob, MINT);
        vm.startPrank(bob, bob);
        token.approve(address(vault), 5);
        vm.expectRevert(abi.encodeWithSelector(IAssetRouter.DepositRecorded.selector, CHAIN, operation));
        router.deposit{value: MINT}(depositOf(CHAIN, address(token), 5));
    }

    function test_deposit_whatTheChainRefusesTakesNothing() public {
        token.mint(alice, 1000);
        vm.deal(alice, MINT);
        Deposit memory deposit = depositOf(CHAIN, address(token), 1000);
        deposit.mint = MINT - 1;
        vm.startPrank(alice, alice);
        token.approve(address(vault), 1000);
        vm.expectRevert(bytes("mint"));
        router.deposit{value: MINT - 1}(deposit);
        assertEq(token.balanceOf(alice), 1000);
        assertEq(vault.balanceOf(CHAIN, tokenId), 0);
    }

    // ---- Who gets what is left ----

    function test_refundRecipient_ofAContractIsItsAlias() public {
        Deposit memory nothing;
        Contract depositor = new Contract(AssetRouter(address(0)), token, nothing);
        token.mint(address(depositor), 1000);
        vm.deal(alice, MINT);
        vm.recordLogs();
        vm.prank(alice, alice);
        depositor.deposit{value: MINT}(router, token, depositOf(CHAIN, address(token), 1000));
        assertEq(onlyOperation().refundRecipient, Aliasing.aliased(address(depositor)));
    }

    /// It has no code yet. Were it taken for an account with a key, the refund would go to whoever has its address on the chain.
    function test_refundRecipient_ofAContractUnderConstructionIsItsAlias() public {
        address depositor = vm.computeCreateAddress(alice, vm.getNonce(alice));
        token.mint(depositor, 1000);
        vm.deal(alice, MINT);
        vm.recordLogs();
        vm.prank(alice, alice);
        new Contract{value: MINT}(router, token, depositOf(CHAIN, address(token), 1000));
        assertEq(onlyOperation().refundRecipient, Aliasing.aliased(depositor));
    }

    /// Also if it names itself.
    function test_refundRecipient_thatIsAContractUnderConstructionIsItsAlias() public {
        address depositor = vm.computeCreateAddress(alice, vm.getNonce(alice));
        Deposit memory deposit = depositOf(CHAIN, address(token), 1000);
        deposit.refundRecipient = depositor;
        token.mint(depositor, 1000);
        vm.deal(alice, MINT);
        vm.recordLogs();
        vm.prank(alice, alice);
        new Contract{value: MINT}(router, token, deposit);
        assertEq(onlyOperation().refundRecipient, Aliasing.aliased(depositor));
    }

    function test_refundRecipient_ofADelegatedAccountIsItself() public {
        Deposit memory nothing;
        Contract code = new Contract(AssetRouter(address(0)), token, nothing);
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(code)));
        token.mint(alice, 1000);
        vm.deal(bob, MINT);
        vm.recordLogs();
        // Somebody else's transaction.
        vm.prank(bob, bob);
        Contract(payable(alice)).deposit{value: MINT}(router, token, depositOf(CHAIN, address(token), 1000));
        assertEq(onlyOperation().refundRecipient, alice);
        assertEq(token.balanceOf(alice), 0);
    }

    function test_refundRecipient_thatIsNamed() public {
        address named = makeAddr("named");
        assertEq(refundOf(named), named);
        assertEq(refundOf(address(token)), Aliasing.aliased(address(token)));
    }

    function refundOf(address named) internal returns (address) {
        Deposit memory deposit = depositOf(CHAIN, address(token), 1);
        deposit.refundRecipient = named;
        token.mint(alice, 1);
        vm.deal(alice, MINT);
        vm.startPrank(alice, alice);
        token.approve(address(vault), 1);
        vm.recordLogs();
        router.deposit{value: MINT}(deposit);
        vm.stopPrank();
        return onlyOperation().refundRecipient;
    }

    function test_aliasing_isModulo() public pure {
        assertEq(Aliasing.aliased(address(type(uint160).max)), 0x1111000000000000000000000000000000001110);
        assertEq(Aliasing.aliased(address(0)), 0x1111000000000000000000000000000000001111);
    }

    // ---- Whatever is deposited ----

    function testFuzz_deposit_movesExactly(uint256 amount, uint256 mint, bool toTokenChain) public {
        amount = bound(amount, 1, type(uint256).max);
        mint = bound(mint, MINT, 1 << 127);
        uint256 chainId = toTokenChain ? TOKEN_CHAIN : CHAIN;
        token.mint(alice, amount);
        base.mint(alice, mint);
        vm.deal(alice, mint);
        Deposit memory deposit = depositOf(chainId, address(token), amount);
        deposit.mint = mint;
        vm.startPrank(alice, alice);
        token.approve(address(vault), amount);
        base.approve(address(vault), mint);
        router.deposit{value: toTokenChain ? 0 : mint}(deposit);
        assertEq(vault.balanceOf(chainId, tokenId), amount);
        assertEq(vault.balanceOf(chainId, toTokenChain ? baseId : etherId), mint);
        assertEq(token.balanceOf(address(vault)), amount);
        assertEq(base.balanceOf(address(vault)), toTokenChain ? mint : 0);
        assertEq(address(vault).balance, toTokenChain ? 0 : mint);
    }

    function test_registerToken_anyoneAndAgain() public {
        vm.startPrank(bob);
        assertEq(vault.registerToken(address(token)), tokenId);
        assertEq(vault.registerToken(address(token)), tokenId);
        assertEq(vault.tokenOf(tokenId), address(token));
        assertEq(vault.registerToken(ETHER), etherId);
        assertEq(vault.assetIdOf(address(token)), tokenId);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultTokenWithoutCode.selector, address(0)));
        vault.registerToken(address(0));
    }

    /// A token has the same id on Ethereum after a split that gives this side another chain id.
    function test_assetIds_outliveASplit() public {
        vm.chainId(block.chainid + 1);
        assertEq(vault.registerToken(address(token)), tokenId);
        bytes32 operation = depositTokens(alice, CHAIN, token, 1000);
        assertEq(router.depositRecord(CHAIN, operation), keccak256(abi.encode(alice, tokenId, uint256(1000))));
        assertEq(vault.balanceOf(CHAIN, etherId), MINT);
    }
}
