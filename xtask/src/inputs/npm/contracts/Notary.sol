// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Records hashes of recent blocks.
contract Notary {
    mapping(uint256 number => bytes32 hash) public recorded;

    event Recorded(uint256 indexed number, bytes32 hash);

    error UnknownBlock(uint256 number);

    /// @notice Records the hash of the block that is `distance` before this one.
    function record(uint256 distance) external {
        uint256 number = block.number - distance;
        bytes32 hash = blockhash(number);
        if (hash == 0) revert UnknownBlock(number);
        recorded[number] = hash;
        emit Recorded(number, hash);
    }
}
