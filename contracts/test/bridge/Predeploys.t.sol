// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Test.sol";
import {IBridgedToken} from "../../src/interfaces/IBridgedToken.sol";
import {IL2AssetRouter} from "../../src/interfaces/IL2AssetRouter.sol";
import {IL2Vault} from "../../src/interfaces/IL2Vault.sol";
import {IMessenger} from "../../src/interfaces/IMessenger.sol";
import {ISystemInfo} from "../../src/interfaces/ISystemInfo.sol";
import {IWrappedBaseToken} from "../../src/interfaces/IWrappedBaseToken.sol";
import "../../src/shared/Addresses.sol";
import {Aliasing} from "../../src/shared/Aliasing.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {GenesisParameters, GenesisState} from "./GenesisState.sol";

/// The predeploys of a chain whose base token is ether.
contract PredeploysTest is GenesisState {
    IMessenger internal constant MESSENGER = IMessenger(L2_MESSENGER);
    IL2AssetRouter internal constant ROUTER = IL2AssetRouter(L2_ASSET_ROUTER);
    IL2Vault internal constant VAULT = IL2Vault(L2_VAULT);
    ISystemInfo internal constant INFO = ISystemInfo(L2_SYSTEM_INFO);
    IWrappedBaseToken internal constant WRAPPED = IWrappedBaseToken(L2_WRAPPED_BASE_TOKEN);

    address internal l1Router = makeAddr("router on Ethereum");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal l1Token = makeAddr("token on Ethereum");
    bytes32 internal tokenId = Assets.idOf(1, l1Token);
    bytes32 internal baseId = Assets.idOf(1, ETHER);
    bytes internal metadata = abi.encode("Token", "TOK", uint8(6));

    function setUp() public {
        vm.chainId(271);
        startChain(
            GenesisParameters({
                assetRouter: l1Router,
                l1ChainId: 1,
                protocolVersion: 3,
                configHash: keccak256("config"),
                baseAssetId: baseId,
                wrappedName: "Wrapped Ether",
                wrappedSymbol: "WETH"
            })
        );
    }

    function finalize(address receiver, uint256 amount) internal {
        vm.prank(Aliasing.aliased(l1Router));
        ROUTER.finalizeDeposit(1, l1Token, bob, receiver, amount, metadata);
    }

    // ---- Messenger ----

    function testFuzz_message_hasItsCanonicalEvent(address sender, bytes calldata message) public {
        vm.recordLogs();
        vm.prank(sender);
        assertEq(MESSENGER.sendToL1(message), keccak256(message));
        expectEvent(sender, message);
    }

    /// The state transition refuses a batch with a log that is not the encoding of its message: a chain would stand still.
    function expectEvent(address sender, bytes memory message) internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].emitter, L2_MESSENGER);
        assertEq(logs[0].topics.length, 3);
        assertEq(logs[0].topics[0], keccak256("L1MessageSent(address,bytes32,bytes)"));
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(sender))));
        assertEq(logs[0].topics[2], keccak256(message));
        assertEq(logs[0].data, abi.encode(message));
    }

    function test_message_ofEachLength() public {
        for (uint256 length = 0; length < 130; ++length) {
            bytes memory message = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                message[i] = 0xff;
            }
            vm.recordLogs();
            MESSENGER.sendToL1(message);
            expectEvent(address(this), message);
        }
    }

    /// Calldata that a compiler would not make: what is behind the message in its last word, and where the message stands.
    function testFuzz_message_fromCrookedCalldata(bytes calldata message, uint8 gap, bytes32 dirt) public {
        bytes memory data = abi.encodePacked(
            IMessenger.sendToL1.selector,
            uint256(32) + gap,
            fill(gap, dirt),
            message.length,
            message,
            fill(32 + uint256(dirt) % 64, dirt)
        );
        vm.recordLogs();
        (bool ok, bytes memory result) = L2_MESSENGER.call(data);
        assertTrue(ok);
        assertEq(abi.decode(result, (bytes32)), keccak256(message));
        expectEvent(address(this), message);
    }

    function fill(uint256 length, bytes32 seed) internal pure returns (bytes memory bytes_) {
        bytes_ = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            bytes_[i] = keccak256(abi.encode(seed, i))[0];
        }
    }

    /// A message that is not all there is none.
    function test_message_beyondTheCalldataIsRefused() public {
        bytes memory data = abi.encodePacked(IMessenger.sendToL1.selector, uint256(32), uint256(33), bytes32(0));
        (bool ok,) = L2_MESSENGER.call(data);
        assertFalse(ok);
        data = abi.encodePacked(IMessenger.sendToL1.selector, type(uint256).max, uint256(1), bytes32(0));
        (ok,) = L2_MESSENGER.call(data);
        assertFalse(ok);
        data = abi.encodePacked(IMessenger.sendToL1.selector, uint256(32), type(uint256).max, bytes32(0));
        (ok,) = L2_MESSENGER.call(data);
        assertFalse(ok);
    }

    /// Who runs the messenger's code as its own sends nothing: the log is not the messenger's.
    function test_message_byDelegateCallIsNone() public {
        vm.recordLogs();
        (bool ok,) = L2_MESSENGER.delegatecall(abi.encodeCall(IMessenger.sendToL1, ("x")));
        assertTrue(ok);
        assertEq(vm.getRecordedLogs()[0].emitter, address(this));
    }

    function test_messenger_hasNothingElse() public {
        vm.deal(address(this), 1);
        (bool ok,) = L2_MESSENGER.call{value: 1}(abi.encodeCall(IMessenger.sendToL1, ("x")));
        assertFalse(ok);
        (ok,) = L2_MESSENGER.call("");
        assertFalse(ok);
        (ok,) = L2_MESSENGER.call{value: 1}("");
        assertFalse(ok);
    }

    // ---- Router: deposits ----

    function test_deposit_createsTheTokenOnce() public {
        address expected = VAULT.tokenAddress(tokenId);
        assertEq(expected.code.length, 0);
        assertEq(VAULT.tokenOf(tokenId), address(0));
        vm.expectEmit(L2_VAULT);
        emit IL2Vault.BridgedTokenCreated(tokenId, expected, 1, l1Token);
        vm.expectEmit(L2_ASSET_ROUTER);
        emit IL2AssetRouter.DepositFinalized(tokenId, bob, alice, 1000, expected);
        finalize(alice, 1000);
        IBridgedToken token = IBridgedToken(expected);
        assertEq(VAULT.tokenOf(tokenId), expected);
        assertEq(VAULT.tokenAddress(tokenId), expected);
        assertEq(VAULT.assetIdOf(1, l1Token), tokenId);
        assertEq(token.balanceOf(alice), 1000);
        assertEq(token.name(), "Token");
        assertEq(token.symbol(), "TOK");
        assertEq(token.decimals(), 6);
        assertEq(token.originChainId(), 1);
        assertEq(token.originToken(), l1Token);
        assertEq(token.assetId(), tokenId);
        // The token may call itself something else in the meantime.
        metadata = abi.encode("Other", "OTH", uint8(1));
        finalize(bob, 5);
        assertEq(token.name(), "Token");
        assertEq(token.symbol(), "TOK");
        assertEq(token.decimals(), 6);
        assertEq(token.totalSupply(), 1005);
    }

    function testFuzz_deposit_onlyByTheAliasedRouter(address caller) public {
        vm.assume(caller != Aliasing.aliased(l1Router));
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.CallerNotL1Router.selector, caller));
        vm.prank(caller);
        ROUTER.finalizeDeposit(1, l1Token, bob, alice, 1000, metadata);
    }

    function test_deposit_byTheRouterWithoutAliasIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.CallerNotL1Router.selector, l1Router));
        vm.prank(l1Router);
        ROUTER.finalizeDeposit(1, l1Token, bob, alice, 1000, metadata);
    }

    function test_deposit_ofTheBaseTokenIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.BaseTokenDeposited.selector, baseId));
        vm.prank(Aliasing.aliased(l1Router));
        ROUTER.finalizeDeposit(1, ETHER, bob, alice, 1000, metadata);
    }

    function test_deposit_toNobodyFails() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        vm.prank(Aliasing.aliased(l1Router));
        ROUTER.finalizeDeposit(1, l1Token, bob, address(0), 1000, metadata);
        assertEq(VAULT.tokenOf(tokenId), address(0));
    }

    /// Tokens of two chains with one address are two.
    function testFuzz_deposit_ofEachTokenIsItsOwn(uint64 chain, address token, uint256 amount) public {
        vm.assume(chain != 1 || (token != l1Token && token != ETHER));
        finalize(alice, 77);
        vm.prank(Aliasing.aliased(l1Router));
        ROUTER.finalizeDeposit(chain, token, bob, bob, amount, metadata);
        IBridgedToken other = IBridgedToken(VAULT.tokenOf(Assets.idOf(chain, token)));
        assertEq(other.balanceOf(bob), amount);
        assertEq(other.totalSupply(), amount);
        assertEq(IBridgedToken(VAULT.tokenOf(tokenId)).totalSupply(), 77);
    }

    // ---- Router: withdrawals ----

    function messageOf(bytes32 assetId, address receiver, uint256 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(hex"01", assetId, receiver, amount);
    }

    function test_withdrawal_ofTheBaseTokenLocksIt() public {
        vm.deal(alice, 3 ether);
        bytes memory message = messageOf(baseId, bob, 2 ether);
        vm.expectEmit(L2_VAULT);
        emit IL2Vault.BaseTokenLocked(2 ether);
        vm.expectEmit(L2_MESSENGER);
        emit IMessenger.L1MessageSent(L2_ASSET_ROUTER, keccak256(message), message);
        vm.expectEmit(L2_ASSET_ROUTER);
        emit IL2AssetRouter.WithdrawalRequested(baseId, alice, bob, 2 ether, keccak256(message));
        vm.prank(alice);
        assertEq(ROUTER.withdraw{value: 2 ether}(baseId, 2 ether, bob), keccak256(message));
        assertEq(alice.balance, 1 ether);
        assertEq(L2_VAULT.balance, 2 ether);
        assertEq(L2_ASSET_ROUTER.balance, 0);
    }

    function test_withdrawal_ofATokenBurnsIt() public {
        finalize(alice, 1000);
        IBridgedToken token = IBridgedToken(VAULT.tokenOf(tokenId));
        bytes memory message = messageOf(tokenId, bob, 400);
        vm.expectEmit(L2_MESSENGER);
        emit IMessenger.L1MessageSent(L2_ASSET_ROUTER, keccak256(message), message);
        vm.prank(alice);
        ROUTER.withdraw(tokenId, 400, bob);
        assertEq(token.balanceOf(alice), 600);
        assertEq(token.totalSupply(), 600);
    }

    function test_withdrawal_valueIsExact() public {
        finalize(alice, 1000);
        vm.deal(alice, 3 ether);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.WithdrawalValue.selector, 2 ether, 1 ether));
        ROUTER.withdraw{value: 1 ether}(baseId, 2 ether, bob);
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.WithdrawalValue.selector, 1 ether, 2 ether));
        ROUTER.withdraw{value: 2 ether}(baseId, 1 ether, bob);
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.WithdrawalValue.selector, 1 ether, 0));
        ROUTER.withdraw(baseId, 1 ether, bob);
        vm.expectRevert(abi.encodeWithSelector(IL2AssetRouter.WithdrawalValue.selector, 0, 1));
        ROUTER.withdraw{value: 1}(tokenId, 1, bob);
    }

    function test_withdrawal_ofNothingOrToNobodyIsRefused() public {
        finalize(alice, 1000);
        vm.startPrank(alice);
        vm.expectRevert(IL2AssetRouter.WithdrawalAmountZero.selector);
        ROUTER.withdraw(tokenId, 0, bob);
        vm.expectRevert(IL2AssetRouter.WithdrawalAmountZero.selector);
        ROUTER.withdraw(baseId, 0, bob);
        vm.expectRevert(IL2AssetRouter.WithdrawalReceiverZero.selector);
        ROUTER.withdraw(tokenId, 1, address(0));
    }

    function test_withdrawal_ofWhatOneDoesNotHaveIsRefused() public {
        finalize(alice, 1000);
        IBridgedToken token = IBridgedToken(VAULT.tokenOf(tokenId));
        vm.prank(alice);
        token.approve(bob, 1000);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 0, 1));
        vm.prank(bob);
        ROUTER.withdraw(tokenId, 1, bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 1000, 1001));
        vm.prank(alice);
        ROUTER.withdraw(tokenId, 1001, bob);
    }

    function testFuzz_withdrawal_ofAnUnknownAssetIsRefused(bytes32 assetId, uint256 amount) public {
        vm.assume(assetId != baseId && amount != 0);
        vm.expectRevert(abi.encodeWithSelector(IL2Vault.L2VaultAssetUnknown.selector, assetId));
        ROUTER.withdraw(assetId, amount, bob);
    }

    function test_router_takesNoPlainValue() public {
        vm.deal(alice, 1);
        vm.startPrank(alice);
        (bool ok,) = L2_ASSET_ROUTER.call{value: 1}("");
        assertFalse(ok);
        (ok,) = L2_VAULT.call{value: 1}("");
        assertFalse(ok);
    }

    // ---- Vault and tokens obey their owners alone ----

    function testFuzz_vault_onlyTheRouter(address caller) public {
        vm.assume(caller != L2_ASSET_ROUTER);
        finalize(alice, 1000);
        vm.deal(caller, 1);
        bytes memory reason = abi.encodeWithSelector(IL2Vault.L2VaultCallerNotRouter.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(reason);
        VAULT.mint(1, l1Token, caller, 1, metadata);
        vm.expectRevert(reason);
        VAULT.burn(tokenId, alice, 1);
        vm.expectRevert(reason);
        VAULT.lock{value: 1}();
    }

    function testFuzz_token_onlyTheVault(address caller) public {
        vm.assume(caller != L2_VAULT);
        finalize(alice, 1000);
        IBridgedToken token = IBridgedToken(VAULT.tokenOf(tokenId));
        IBridgedToken code = IBridgedToken(L2_TOKEN_IMPLEMENTATION);
        bytes memory reason = abi.encodeWithSelector(IBridgedToken.CallerNotVault.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(reason);
        token.bridgeMint(caller, 1);
        vm.expectRevert(reason);
        token.bridgeBurn(alice, 1);
        vm.expectRevert(reason);
        token.initialize(2, caller, "", "", 0);
        vm.expectRevert(reason);
        code.initialize(2, caller, "", "", 0);
    }

    function test_token_isInitializedOnce() public {
        finalize(alice, 1000);
        IBridgedToken token = IBridgedToken(VAULT.tokenOf(tokenId));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vm.prank(L2_VAULT);
        token.initialize(2, alice, "Other", "OTH", 1);
    }

    function test_token_permit() public {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        finalize(owner, 1000);
        checkPermit(IBridgedToken(VAULT.tokenOf(tokenId)), "Token", owner, key);
    }

    function test_wrapped_permit() public {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        checkPermit(IBridgedToken(L2_WRAPPED_BASE_TOKEN), "Wrapped Ether", owner, key);
    }

    /// The typed data is written out here, by ERC-2612 and EIP-712.
    function checkPermit(IBridgedToken token, string memory name, address owner, uint256 key) internal {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                uint256(271),
                address(token)
            )
        );
        assertEq(token.DOMAIN_SEPARATOR(), domain);
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                bob,
                uint256(300),
                uint256(0),
                uint256(block.timestamp)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, message)));
        token.permit(owner, bob, 300, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, bob), 300);
        assertEq(token.nonces(owner), 1);
        vm.expectRevert();
        token.permit(owner, bob, 300, block.timestamp, v, r, s);
    }

    /// An upgrade of the code at one address is one of all tokens, and of the proxies' code loses none.
    function test_token_upgrade() public {
        finalize(alice, 1000);
        address token = VAULT.tokenOf(tokenId);
        vm.etch(L2_TOKEN_IMPLEMENTATION, address(new NextToken()).code);
        assertEq(NextToken(token).version(), 2);
    }

    // ---- System information ----

    function test_info() public {
        assertEq(INFO.chainId(), 271);
        assertEq(INFO.protocolVersion(), 3);
        assertEq(INFO.configHash(), keccak256("config"));
        assertEq(INFO.baseAssetId(), baseId);
        assertEq(INFO.l1ChainId(), 1);
        assertEq(ROUTER.l1AssetRouter(), l1Router);
        vm.expectEmit(L2_SYSTEM_INFO);
        emit ISystemInfo.ConfigurationUpdated(4, keccak256("next"));
        vm.prank(L2_UPGRADER);
        INFO.updateConfiguration(4, keccak256("next"));
        assertEq(INFO.protocolVersion(), 4);
        assertEq(INFO.configHash(), keccak256("next"));
        assertEq(INFO.baseAssetId(), baseId);
        assertEq(INFO.l1ChainId(), 1);
    }

    function testFuzz_info_onlyAnUpgradeWrites(address caller) public {
        vm.assume(caller != L2_UPGRADER);
        vm.expectRevert(abi.encodeWithSelector(ISystemInfo.CallerNotUpgrader.selector, caller));
        vm.prank(caller);
        INFO.updateConfiguration(4, 0);
    }

    // ---- The wrapped base token ----

    function testFuzz_wrapped_inAndOut(uint96 amount, uint96 back, bool plain) public {
        back = uint96(bound(back, 0, amount));
        vm.deal(alice, amount);
        vm.startPrank(alice);
        vm.expectEmit(L2_WRAPPED_BASE_TOKEN);
        emit IWrappedBaseToken.Deposit(alice, amount);
        if (plain) {
            (bool ok,) = L2_WRAPPED_BASE_TOKEN.call{value: amount}("");
            assertTrue(ok);
        } else {
            WRAPPED.deposit{value: amount}();
        }
        assertEq(WRAPPED.balanceOf(alice), amount);
        vm.expectEmit(L2_WRAPPED_BASE_TOKEN);
        emit IWrappedBaseToken.Withdrawal(alice, back);
        WRAPPED.withdraw(back);
        assertEq(alice.balance, back);
        assertEq(WRAPPED.balanceOf(alice), amount - back);
        assertEq(WRAPPED.totalSupply(), amount - back);
        assertEq(L2_WRAPPED_BASE_TOKEN.balance, amount - back);
        vm.expectRevert();
        WRAPPED.withdraw(uint256(amount) - back + 1);
    }

    function test_wrapped_names() public view {
        assertEq(WRAPPED.name(), "Wrapped Ether");
        assertEq(WRAPPED.symbol(), "WETH");
        assertEq(WRAPPED.decimals(), 18);
    }

    /// A call of what it does not have must not pass for done, as with the first of its kind.
    function test_wrapped_unknownFunctionsAreRefused() public {
        (bool ok,) = L2_WRAPPED_BASE_TOKEN.call(abi.encodeWithSignature("bridgeMint(address,uint256)", alice, 1));
        assertFalse(ok);
        (ok,) = L2_WRAPPED_BASE_TOKEN.call(hex"12345678");
        assertFalse(ok);
    }

    function test_wrapped_reentrantWithdrawal() public {
        vm.deal(alice, 10);
        vm.prank(alice);
        WRAPPED.deposit{value: 10}();
        Unwrapper unwrapper = new Unwrapper();
        vm.deal(address(unwrapper), 4);
        unwrapper.run();
        assertEq(address(unwrapper).balance, 4);
        assertEq(WRAPPED.totalSupply(), 10);
        assertEq(L2_WRAPPED_BASE_TOKEN.balance, 10);
    }
}

/// Unwraps again when it is paid.
contract Unwrapper {
    uint256 private times;

    function run() external {
        IWrappedBaseToken(L2_WRAPPED_BASE_TOKEN).deposit{value: 4}();
        IWrappedBaseToken(L2_WRAPPED_BASE_TOKEN).withdraw(2);
    }

    receive() external payable {
        if (times++ < 2) {
            try IWrappedBaseToken(L2_WRAPPED_BASE_TOKEN).withdraw(2) {} catch {}
        }
    }
}

/// What an upgrade could put in the place of the bridged tokens' code.
contract NextToken {
    function version() external pure returns (uint256) {
        return 2;
    }
}
