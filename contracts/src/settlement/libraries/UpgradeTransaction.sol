// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RollupConfig} from "./RollupConfig.sol";

/// @notice Upgrade transactions, type 0x7e (specification 016).
library UpgradeTransaction {
    uint8 private constant TYPE = 0x7e;
    uint256 private constant WORDS = 6;
    uint256 private constant GAS_MAX = 2 ** 26;
    uint256 private constant DEPLOYMENTS_MAX = 64;
    uint256 private constant CODE_MAX = 24_576;
    bytes1 private constant RESERVED_CODE_BYTE = 0xef;
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    // Address and length.
    uint256 private constant DEPLOYMENT_HEAD = 24;
    // Bytes of pubdata of an account and of a code, beside the code's own (specification 018).
    uint256 private constant DEPLOYMENT_PUBDATA = 80 + 16;

    /// @notice Whether bytes are an upgrade transaction of a chain to a protocol version that a batch can have.
    /// @param config What the transaction is executed under; its words are in their ranges.
    function isValid(bytes calldata encoded, uint256[22] calldata config) internal pure returns (bool) {
        uint256 head = 1 + 32 * WORDS;
        if (encoded.length < head || uint8(encoded[0]) != TYPE) return false;
        (uint256 chain, uint256 leadsTo, uint256 to, uint256 gasLimit, uint256 deployments, uint256 length) =
            abi.decode(encoded[1:head], (uint256, uint256, uint256, uint256, uint256, uint256));
        if (chain != config[RollupConfig.CHAIN_ID] || leadsTo != config[RollupConfig.PROTOCOL_VERSION]) return false;
        if (to >> 160 != 0 || deployments > DEPLOYMENTS_MAX) return false;
        if (gasLimit > GAS_MAX || gasLimit > config[RollupConfig.BLOCK_GAS_LIMIT]) return false;
        uint256 at = head;
        uint256 pubdata = RollupConfig.PUBDATA_HEAD;
        for (uint256 i = 0; i < deployments; ++i) {
            if (encoded.length - at < DEPLOYMENT_HEAD) return false;
            uint256 code = uint32(bytes4(encoded[at + 20:at + DEPLOYMENT_HEAD]));
            at += DEPLOYMENT_HEAD;
            if (code > CODE_MAX || encoded.length - at < code) return false;
            if (!isDeployable(address(bytes20(encoded[at - DEPLOYMENT_HEAD:])), encoded[at:at + code])) return false;
            at += code;
            pubdata += DEPLOYMENT_PUBDATA + code;
        }
        return pubdata <= config[RollupConfig.BATCH_PUBDATA] && encoded.length - at == length;
    }

    /// Not code that no transaction can deploy (EIP-3541), and not that of the history (EIP-2935), on which depends what is
    /// published.
    function isDeployable(address target, bytes calldata code) private pure returns (bool) {
        return target != HISTORY && (code.length == 0 || code[0] != RESERVED_CODE_BYTE);
    }
}
