// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L2Request} from "../../src/interfaces/IBridgehub.sol";
import {Operations} from "../../src/settlement/libraries/Operations.sol";
import {KernelsTest} from "./KernelsTest.sol";
import {SettlementKernels} from "./Kernels.sol";

/// Asks who it is while it is being created.
contract AsksAtCreation {
    address public seen;
    address public refund;

    constructor(SettlementKernels kernels) {
        seen = kernels.sender();
        refund = kernels.refundRecipient(address(this));
    }
}

contract OperationsTest is KernelsTest {
    uint64 private constant LIMIT = 2 ** 24;

    function request() private pure returns (L2Request memory) {
        return L2Request({
            chainId: 77,
            to: address(0xbeef),
            value: 5,
            data: hex"00ff00ff",
            gasLimit: 50_000,
            mint: 5 + 50_000 * 3,
            refundRecipient: address(0)
        });
    }

    function refused(L2Request memory asked, bytes memory reason) private {
        vm.expectRevert(reason);
        kernels.requireExecutable(asked, LIMIT, 3);
    }

    function testFuzz_encode(L2Request memory asked, Operations.Context memory context) public view {
        bytes memory expected = bytes.concat(
            hex"7f",
            bytes32(asked.chainId),
            bytes32(context.id),
            bytes32(uint256(uint160(context.from))),
            bytes32(uint256(uint160(asked.to))),
            bytes32(asked.value),
            bytes32(asked.mint),
            bytes32(uint256(asked.gasLimit)),
            bytes32(uint256(context.gasPrice))
        );
        expected = bytes.concat(
            expected, bytes32(uint256(uint160(context.refundRecipient))), bytes32(asked.data.length), asked.data
        );
        assertEq(kernels.encode(asked, context), expected);
    }

    function test_executable() public view {
        kernels.requireExecutable(request(), LIMIT, 3);
    }

    function test_gasLimit() public {
        L2Request memory asked = request();
        asked.gasLimit = LIMIT;
        asked.mint = type(uint256).max;
        kernels.requireExecutable(asked, LIMIT, 3);
        asked.gasLimit = LIMIT + 1;
        refused(asked, abi.encodeWithSelector(Operations.OperationGasLimit.selector, LIMIT + 1, LIMIT));
    }

    function test_dataLength() public {
        L2Request memory asked = request();
        asked.gasLimit = LIMIT;
        asked.mint = type(uint256).max;
        asked.data = new bytes(98_304);
        kernels.requireExecutable(asked, LIMIT, 3);
        asked.data = new bytes(98_305);
        refused(asked, abi.encodeWithSelector(Operations.OperationDataLength.selector, 98_305, 98_304));
    }

    function test_gasForData() public {
        L2Request memory asked = request();
        // Two zero bytes and two others: ten tokens.
        asked.gasLimit = 21_000 + 10 * 10;
        kernels.requireExecutable(asked, LIMIT, 3);
        asked.gasLimit -= 1;
        refused(asked, abi.encodeWithSelector(Operations.OperationGasTooLow.selector, 21_099, 21_100));
    }

    function test_mint() public {
        L2Request memory asked = request();
        // The value can be what the sender has on the chain.
        asked.value = 2 ** 128 - 1;
        asked.mint = 50_000 * 3;
        kernels.requireExecutable(asked, LIMIT, 3);
        asked.mint -= 1;
        bytes4 reason = Operations.OperationMintTooLow.selector;
        refused(asked, abi.encodeWithSelector(reason, 50_000 * 3 - 1, 50_000 * 3));
        asked.value = 0;
        refused(asked, abi.encodeWithSelector(reason, 50_000 * 3 - 1, 50_000 * 3));
    }

    function test_value() public {
        L2Request memory asked = request();
        asked.mint = type(uint256).max;
        asked.value = 2 ** 128 - 1;
        kernels.requireExecutable(asked, LIMIT, 3);
        asked.value = 2 ** 128;
        refused(asked, abi.encodeWithSelector(Operations.OperationValue.selector, asked.value));
        asked.value = type(uint256).max;
        refused(asked, abi.encodeWithSelector(Operations.OperationValue.selector, asked.value));
    }

    function testFuzz_lowestGas(bytes memory data, bytes memory behind) public view {
        uint256 zeros = 0;
        uint256 others = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
            else ++others;
        }
        assertEq(kernels.nonzeroBytes(data, behind), others);
        uint256 intrinsic = 21_000 + 4 * zeros + 16 * others;
        uint256 floor = 21_000 + 10 * zeros + 40 * others;
        assertEq(kernels.lowestGas(data), floor > intrinsic ? floor : intrinsic);
    }

    function test_nonzeroBytes_bounds() public view {
        bytes memory behind = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            behind[i] = 0xff;
        }
        for (uint256 length = 0; length <= 65; ++length) {
            bytes memory data = new bytes(length);
            assertEq(kernels.nonzeroBytes(data, behind), 0);
            for (uint256 i = 0; i < length; ++i) {
                data[i] = i % 3 == 0 ? bytes1(0x80) : i % 3 == 1 ? bytes1(0x01) : bytes1(0xff);
            }
            assertEq(kernels.nonzeroBytes(data, behind), length);
        }
    }

    function aliasOf(address account) private pure returns (address) {
        uint256 sum = uint256(uint160(account)) + uint160(0x1111000000000000000000000000000000001111);
        return address(uint160(sum % 2 ** 160));
    }

    function test_sender_account() public {
        address account = makeAddr("account");
        vm.prank(account, account);
        assertEq(kernels.sender(), account);
    }

    function test_sender_contract() public {
        address contract_ = makeAddr("contract");
        vm.etch(contract_, hex"00");
        vm.prank(contract_, makeAddr("account"));
        assertEq(kernels.sender(), aliasOf(contract_));
        address highest = address(type(uint160).max);
        vm.prank(highest, makeAddr("account"));
        assertEq(kernels.sender(), address(0x1111000000000000000000000000000000001110));
    }

    function test_sender_contractBeingCreated() public {
        AsksAtCreation created = new AsksAtCreation(kernels);
        assertEq(created.seen(), aliasOf(address(created)));
        assertEq(created.refund(), aliasOf(address(created)));
    }

    function test_sender_delegatedAccount() public {
        address account = makeAddr("account");
        vm.etch(account, bytes.concat(hex"ef0100", bytes20(makeAddr("code"))));
        vm.prank(account, makeAddr("relayer"));
        assertEq(kernels.sender(), account);
        vm.prank(account, account);
        assertEq(kernels.sender(), account);
        // Other code of the same length, and another length.
        vm.etch(account, bytes.concat(hex"600100", bytes20(makeAddr("code"))));
        vm.prank(account, makeAddr("relayer"));
        assertEq(kernels.sender(), aliasOf(account));
    }

    function test_refundRecipient() public {
        address account = makeAddr("account");
        address other = makeAddr("other");
        address contract_ = makeAddr("contract");
        vm.etch(contract_, hex"00");
        vm.startPrank(account, account);
        assertEq(kernels.refundRecipient(address(0)), account);
        assertEq(kernels.refundRecipient(account), account);
        assertEq(kernels.refundRecipient(other), other);
        assertEq(kernels.refundRecipient(contract_), aliasOf(contract_));
        vm.etch(contract_, bytes.concat(hex"ef0100", bytes20(other)));
        assertEq(kernels.refundRecipient(contract_), contract_);
        vm.stopPrank();
        vm.prank(other, account);
        assertEq(kernels.refundRecipient(address(0)), aliasOf(other));
    }
}
