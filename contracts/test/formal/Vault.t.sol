// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Vault} from "../../src/bridge/Vault.sol";
import {ETHER} from "../../src/shared/Addresses.sol";
import {Assets} from "../../src/shared/Assets.sol";

interface Svm {
    function enableSymbolicStorage(address account) external;
}

/// A token whose balances are what its transfers say.
contract PlainToken {
    mapping(address => uint256) public balanceOf;

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// Symbolic tests of the vault's arithmetic, run by Halmos: any chains, assets and amounts. The test is the vault's router.
contract VaultFormal {
    Svm internal constant SVM = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);

    Vault internal vault;
    PlainToken internal token;
    bytes32 internal tokenId;
    bytes32 internal etherId;

    function setUp() public {
        vault = new Vault();
        token = new PlainToken();
        tokenId = vault.registerToken(address(token));
        etherId = Assets.idOf(block.chainid, ETHER);
    }

    function holds() internal view returns (uint256) {
        return token.balanceOf(address(vault));
    }

    /// Whatever two chains have got: a third call pays if and only if that chain has as much, and takes it from that chain.
    function check_pay_takesFromItsChain(uint256 a, uint256 b, uint128 x, uint128 y, uint256 amount, address receiver)
        public
    {
        if (a == b || receiver == address(vault) || receiver == address(this)) return;
        token.give(address(this), uint256(x) + y);
        vault.collect(a, tokenId, address(this), x);
        vault.collect(b, tokenId, address(this), y);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.pay, (a, tokenId, receiver, amount)));
        assert(ok == (amount <= x));
        assert(vault.balanceOf(a, tokenId) == (ok ? x - amount : x));
        assert(vault.balanceOf(b, tokenId) == y);
        assert(vault.balanceOf(a, tokenId) + vault.balanceOf(b, tokenId) == holds());
        assert(token.balanceOf(receiver) == (ok ? amount : 0));
    }

    /// From any state of the vault: what one chain has got of one asset is the only thing that changes, by the amount, or nothing.
    function check_collect_changesOneBalance(uint256 chain, uint256 other, bytes32 otherId, uint256 amount) public {
        SVM.enableSymbolicStorage(address(vault));
        if (vault.tokenOf(tokenId) != address(token) || (chain == other && tokenId == otherId)) return;
        uint256 before = vault.balanceOf(chain, tokenId);
        uint256 otherBefore = vault.balanceOf(other, otherId);
        token.give(address(this), amount);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.collect, (chain, tokenId, address(this), amount)));
        assert(vault.balanceOf(other, otherId) == otherBefore);
        unchecked {
            assert(vault.balanceOf(chain, tokenId) == (ok ? before + amount : before));
            assert(!ok || before + amount >= before);
        }
        assert(holds() == (ok ? amount : 0));
    }

    /// From any state: no balance goes below zero, and none but the one that is paid from changes.
    function check_pay_changesOneBalance(uint256 chain, uint256 other, bytes32 otherId, uint256 amount) public {
        SVM.enableSymbolicStorage(address(vault));
        if (vault.tokenOf(tokenId) != address(token) || (chain == other && tokenId == otherId)) return;
        uint256 before = vault.balanceOf(chain, tokenId);
        uint256 otherBefore = vault.balanceOf(other, otherId);
        token.give(address(vault), amount);
        (bool ok,) = address(vault).call(abi.encodeCall(vault.pay, (chain, tokenId, address(0xbeef), amount)));
        assert(vault.balanceOf(other, otherId) == otherBefore);
        assert(!ok || amount <= before);
        assert(vault.balanceOf(chain, tokenId) == (ok ? before - amount : before));
        assert(holds() == (ok ? 0 : amount));
    }

    /// Nobody but the router moves anything.
    function check_onlyTheRouter(uint256 chain, bytes32 assetId, uint256 amount) public {
        Stranger stranger = new Stranger(vault);
        assert(!stranger.pay(chain, assetId, amount));
        assert(!stranger.collect(chain, assetId, amount));
    }
}

contract Stranger {
    Vault private immutable VAULT;

    constructor(Vault vault) {
        VAULT = vault;
    }

    function pay(uint256 chain, bytes32 assetId, uint256 amount) external returns (bool ok) {
        (ok,) = address(VAULT).call(abi.encodeCall(VAULT.pay, (chain, assetId, address(this), amount)));
    }

    function collect(uint256 chain, bytes32 assetId, uint256 amount) external returns (bool ok) {
        (ok,) = address(VAULT).call(abi.encodeCall(VAULT.collect, (chain, assetId, address(this), amount)));
    }
}
