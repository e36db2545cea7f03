// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice OpenZeppelin's ERC-721 whose owner mints tokens numbered from 1 on.
contract Collectible is ERC721, Ownable {
    uint256 public minted;

    constructor(string memory name, string memory symbol, address owner) ERC721(name, symbol) Ownable(owner) {}

    /// @notice Mints the next token.
    function mint(address to) external onlyOwner returns (uint256 id) {
        id = ++minted;
        _safeMint(to, id);
    }
}
