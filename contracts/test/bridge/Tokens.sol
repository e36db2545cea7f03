// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token as it should be.
contract GoodToken is ERC20 {
    uint8 private immutable DECIMALS;

    constructor(string memory name, string memory symbol, uint8 decimals_) ERC20(name, symbol) {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Keeps a hundredth of each transfer.
contract FeeToken is GoodToken("Fee", "FEE", 18) {
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && to != address(0)) {
            super._update(from, address(0xfee), amount / 100);
            amount -= amount / 100;
        }
        super._update(from, to, amount);
    }
}

/// Calls who sends before it moves anything, and who receives after it, if they want it.
contract HookToken is GoodToken("Hook", "HOOK", 18) {
    mapping(address => bool) public hooked;

    function setHooked(bool yes) external {
        hooked[msg.sender] = yes;
    }

    function _update(address from, address to, uint256 amount) internal virtual override {
        if (hooked[from]) HookReceiver(from).tokensToSend(to, amount);
        super._update(from, to, amount);
        if (hooked[to]) HookReceiver(to).tokensReceived(from, amount);
    }
}

/// As that, and of transfers of 100 and more a half goes elsewhere.
contract HookFeeToken is HookToken {
    function _update(address from, address to, uint256 amount) internal override {
        if (hooked[from]) HookReceiver(from).tokensToSend(to, amount);
        if (from != address(0) && amount >= 100) {
            ERC20._update(from, address(0xfee), amount / 2);
            amount -= amount / 2;
        }
        ERC20._update(from, to, amount);
    }
}

interface HookReceiver {
    function tokensToSend(address to, uint256 amount) external;
    function tokensReceived(address from, uint256 amount) external;
}

/// Moves tokens and returns nothing, as some well-known ones do.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
    }

    function move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Returns false instead of moving tokens; also moves them and returns false.
contract FalseToken is GoodToken("False", "FALSE", 18) {
    bool public moves;

    function setMoves(bool yes) external {
        moves = yes;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (moves) super.transfer(to, amount);
        return false;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (moves) super.transferFrom(from, to, amount);
        return false;
    }
}

/// Says that it moves tokens, and doesn't; says of balances what it is told.
contract LyingToken {
    mapping(address => uint256) public balanceOf;
    uint256 public step;

    function setBalance(address account, uint256 balance) external {
        balanceOf[account] = balance;
    }

    function setStep(uint256 step_) external {
        step = step_;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    function transferFrom(address, address to, uint256) external returns (bool) {
        unchecked {
            balanceOf[to] += step;
        }
        return true;
    }
}

/// Refuses to pay an account, as tokens with a list of the blocked do.
contract BlockingToken is GoodToken("Blocking", "BLOCK", 6) {
    mapping(address => bool) public blocked;

    function setBlocked(address account, bool yes) external {
        blocked[account] = yes;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!blocked[to] && !blocked[from], "blocked");
        super._update(from, to, amount);
    }
}

/// Answers all questions with the same bytes, or fails, or never ends.
contract AnswerToken is SilentToken {
    enum Kind {
        Bytes,
        Revert,
        Loop,
        Huge,
        Selfless
    }

    Kind public kind;
    bytes public answer;

    function set(Kind kind_, bytes calldata answer_) external {
        (kind, answer) = (kind_, answer_);
    }

    fallback() external {
        if (kind == Kind.Revert) revert("no");
        if (kind == Kind.Loop) while (true) {}
        if (kind == Kind.Huge) {
            // As many bytes as the gas is enough for, and of the form of a string.
            assembly {
                let size := 200000
                mstore(0, 32)
                mstore(32, sub(size, 64))
                return(0, size)
            }
        }
        bytes memory copy = answer;
        assembly {
            return(add(copy, 32), mload(copy))
        }
    }
}
