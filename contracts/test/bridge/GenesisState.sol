// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {stdJson} from "forge-std/StdJson.sol";
import {Test} from "forge-std/Test.sol";
// All of them are compiled with who uses this.
import {BridgedToken} from "../../src/l2/BridgedToken.sol";
import {BridgedTokenBeacon} from "../../src/l2/BridgedTokenBeacon.sol";
import {L2AssetRouter} from "../../src/l2/L2AssetRouter.sol";
import {L2Vault} from "../../src/l2/L2Vault.sol";
import {Messenger} from "../../src/l2/Messenger.sol";
import {SystemInfo} from "../../src/l2/SystemInfo.sol";
import {WrappedBaseToken} from "../../src/l2/WrappedBaseToken.sol";

/// Parameters of a chain that its genesis state depends on.
struct GenesisParameters {
    address assetRouter;
    uint256 l1ChainId;
    uint32 protocolVersion;
    bytes32 configHash;
    bytes32 baseAssetId;
    string wrappedName;
    string wrappedSymbol;
}

/// Puts the genesis state of a chain (specification 022) into the EVM of the test, from the table that is in the specification.
abstract contract GenesisState is Test {
    using stdJson for string;

    string internal constant TABLE = "../specs/vectors/genesis.json";

    function startChain(GenesisParameters memory parameters) internal {
        string memory table = vm.readFile(TABLE);
        uint256 count = accounts(table);
        for (uint256 i = 0; i < count; ++i) {
            string memory path = string.concat(".accounts[", vm.toString(i), "]");
            address account = table.readAddress(string.concat(path, ".address"));
            vm.etch(account, codeOf(table, path));
            vm.setNonceUnsafe(account, uint64(table.readUint(string.concat(path, ".nonce"))));
            store(table, string.concat(path, ".storage"), account, parameters);
        }
    }

    function accounts(string memory table) internal view returns (uint256 count) {
        while (table.keyExists(string.concat(".accounts[", vm.toString(count), "]"))) ++count;
    }

    function codeOf(string memory table, string memory path) internal view returns (bytes memory) {
        string memory artifact = string.concat(path, ".artifact");
        if (!table.keyExists(artifact)) return table.readBytes(string.concat(path, ".code"));
        string memory name = table.readString(artifact);
        return vm.getDeployedCode(string.concat(name, ".sol:", name));
    }

    function store(string memory table, string memory path, address account, GenesisParameters memory parameters)
        private
    {
        for (uint256 i = 0; table.keyExists(string.concat(path, "[", vm.toString(i), "]")); ++i) {
            string memory entry = string.concat(path, "[", vm.toString(i), "]");
            bytes32 slot = table.readBytes32(string.concat(entry, ".slot"));
            vm.store(account, slot, wordOf(table.readString(string.concat(entry, ".parameter")), parameters));
        }
    }

    function wordOf(string memory name, GenesisParameters memory parameters) private pure returns (bytes32) {
        bytes32 hash = keccak256(bytes(name));
        if (hash == keccak256("assetRouter")) return bytes32(uint256(uint160(parameters.assetRouter)));
        if (hash == keccak256("l1ChainId")) return bytes32(parameters.l1ChainId);
        if (hash == keccak256("protocolVersion")) return bytes32(uint256(parameters.protocolVersion));
        if (hash == keccak256("configHash")) return parameters.configHash;
        if (hash == keccak256("baseAssetId")) return parameters.baseAssetId;
        if (hash == keccak256("wrappedName")) return shortString(parameters.wrappedName);
        if (hash == keccak256("wrappedSymbol")) return shortString(parameters.wrappedSymbol);
        revert(string.concat("unknown parameter ", name));
    }

    function shortString(string memory text) private pure returns (bytes32) {
        bytes memory data = bytes(text);
        require(data.length > 0 && data.length < 32, "length");
        return bytes32(data) | bytes32(2 * data.length);
    }
}
