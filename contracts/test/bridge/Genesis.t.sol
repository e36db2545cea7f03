// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BeaconProxy} from "@openzeppelin/contracts/proxy/beacon/BeaconProxy.sol";
import {stdJson} from "forge-std/StdJson.sol";
import {IL2Vault} from "../../src/interfaces/IL2Vault.sol";
import {IMessenger} from "../../src/interfaces/IMessenger.sol";
import "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";
import {GenesisParameters, GenesisState} from "./GenesisState.sol";

interface IMulticall3 {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory);
}

/// The table of specification 022 against what is compiled here, and its examples.
contract GenesisTest is GenesisState {
    using stdJson for string;

    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    address internal constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    address internal constant MULTICALL = 0xcA11bde05977b3631167028862bE2a173976CA11;

    string internal table;

    function setUp() public {
        table = vm.readFile(TABLE);
    }

    function parametersOf(uint256 example) internal view returns (GenesisParameters memory) {
        string memory path = string.concat(".examples[", vm.toString(example), "].parameters.");
        return GenesisParameters({
            assetRouter: table.readAddress(string.concat(path, "assetRouter")),
            l1ChainId: table.readUint(string.concat(path, "l1ChainId")),
            protocolVersion: uint32(table.readUint(string.concat(path, "protocolVersion"))),
            configHash: table.readBytes32(string.concat(path, "configHash")),
            baseAssetId: table.readBytes32(string.concat(path, "baseAssetId")),
            wrappedName: table.readString(string.concat(path, "wrappedName")),
            wrappedSymbol: table.readString(string.concat(path, "wrappedSymbol"))
        });
    }

    /// Which accounts there are, and no others.
    function test_accounts() public view {
        address[10] memory expected = [
            L2_MESSENGER,
            L2_ASSET_ROUTER,
            L2_VAULT,
            L2_SYSTEM_INFO,
            L2_TOKEN_BEACON,
            L2_TOKEN_IMPLEMENTATION,
            L2_WRAPPED_BASE_TOKEN,
            HISTORY,
            DEPLOYER,
            MULTICALL
        ];
        assertEq(accounts(table), expected.length);
        for (uint256 i = 0; i < expected.length; ++i) {
            string memory path = string.concat(".accounts[", vm.toString(i), "]");
            assertEq(table.readAddress(string.concat(path, ".address")), expected[i]);
            assertEq(table.readUint(string.concat(path, ".nonce")), 1);
        }
    }

    /// The compiled code is the one whose hash is in the table. A change of it is a change of every new chain's genesis.
    function test_codeHashes() public view {
        for (uint256 i = 0; i < accounts(table); ++i) {
            string memory path = string.concat(".accounts[", vm.toString(i), "]");
            bytes memory code = codeOf(table, path);
            assertGt(code.length, 0);
            assertLe(code.length, 24_576);
            assertEq(keccak256(code), table.readBytes32(string.concat(path, ".codeHash")), path);
        }
    }

    /// As they are on Ethereum.
    function test_publishedCode() public {
        startChain(parametersOf(0));
        assertEq(HISTORY.codehash, 0x6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d);
        assertEq(DEPLOYER.codehash, 0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989);
        assertEq(MULTICALL.codehash, 0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891);
    }

    function test_examples() public {
        for (uint256 example = 0; example < 2; ++example) {
            startChain(parametersOf(example));
            checkStorage(string.concat(".examples[", vm.toString(example), "].storage"));
            checkTokens(example, string.concat(".examples[", vm.toString(example), "].bridgedTokens"));
        }
    }

    function checkStorage(string memory path) internal view {
        uint256 i = 0;
        for (; table.keyExists(string.concat(path, "[", vm.toString(i), "]")); ++i) {
            string memory entry = string.concat(path, "[", vm.toString(i), "]");
            address account = table.readAddress(string.concat(entry, ".address"));
            bytes32 slot = table.readBytes32(string.concat(entry, ".slot"));
            assertEq(vm.load(account, slot), table.readBytes32(string.concat(entry, ".value")), entry);
        }
        assertEq(i, 7);
    }

    function checkTokens(uint256 example, string memory path) internal view {
        for (uint256 i = 0; table.keyExists(string.concat(path, "[", vm.toString(i), "]")); ++i) {
            string memory entry = string.concat(path, "[", vm.toString(i), "]");
            bytes32 id = table.readBytes32(string.concat(entry, ".assetId"));
            address token = table.readAddress(string.concat(entry, ".token"));
            assertEq(Assets.idOf(parametersOf(example).l1ChainId, token), id);
            assertEq(IL2Vault(L2_VAULT).tokenAddress(id), table.readAddress(string.concat(entry, ".address")));
        }
    }

    function test_initCodeHash() public view {
        assertEq(table.readAddress(".bridgedTokens.deployer"), L2_VAULT);
        bytes memory code = abi.encodePacked(type(BeaconProxy).creationCode, abi.encode(L2_TOKEN_BEACON, ""));
        assertEq(table.readBytes32(".bridgedTokens.initCodeHash"), keccak256(code));
    }

    // ---- That they work ----

    function test_deterministicDeployer() public {
        startChain(parametersOf(0));
        bytes memory code = hex"6001600c60003960016000f300";
        (bool ok, bytes memory result) = DEPLOYER.call(abi.encodePacked(bytes32(uint256(7)), code));
        assertTrue(ok);
        address expected = vm.computeCreate2Address(bytes32(uint256(7)), keccak256(code), DEPLOYER);
        assertEq(address(bytes20(result)), expected);
        assertEq(expected.code, hex"00");
    }

    function test_multicall() public {
        startChain(parametersOf(0));
        IMulticall3.Call3[] memory calls = new IMulticall3.Call3[](2);
        calls[0] = IMulticall3.Call3(L2_MESSENGER, false, abi.encodeCall(IMessenger.sendToL1, ("message")));
        calls[1] = IMulticall3.Call3(L2_VAULT, true, abi.encodeCall(IL2Vault.burn, (0, address(0), 0)));
        IMulticall3.Result[] memory results = IMulticall3(MULTICALL).aggregate3(calls);
        assertEq(abi.decode(results[0].returnData, (bytes32)), keccak256("message"));
        assertFalse(results[1].success);
    }

    /// Slot (number - 1) mod 8,191, written by the system and read by anyone.
    function test_history() public {
        startChain(parametersOf(0));
        vm.roll(10_000);
        vm.prank(0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE);
        (bool ok,) = HISTORY.call(abi.encode(keccak256("parent")));
        assertTrue(ok);
        assertEq(vm.load(HISTORY, bytes32(uint256(9999 % 8191))), keccak256("parent"));
        (, bytes memory result) = HISTORY.staticcall(abi.encode(uint256(9999)));
        assertEq(abi.decode(result, (bytes32)), keccak256("parent"));
    }
}
