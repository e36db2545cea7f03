// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    Ext,
    P,
    P_LANES,
    LANE,
    ONE_LANES,
    COMPLEMENT_LANES,
    LOW_HALF,
    LOW_33,
    LOW_27,
    KRONECKER,
    RATIO
} from "./Ext.sol";

/// @notice Straight-line programs over the extension field: the constraints of a table, generated from the table.
///
/// A program is a list of values. The first ones are constants, the next ones inputs; each instruction appends one value
/// that it makes of values before it. Its bytes: the number of constants (2 bytes), the constants (4 bytes each, of the base
/// field), then the instructions (5 bytes each): 4 bits of operation, 12 bits each for the positions of a, b and c.
///
/// | operation | value |
/// |---|---|
/// | 0 | a + b |
/// | 1 | a - b |
/// | 2 | a b + c |
/// | 3 | a b + c, where b lies in the base field |
library Program {
    /// @notice The last value of a program with these inputs.
    /// @dev Programs are part of the verifier: they are not checked here. Each one is canonical as it is generated: positions
    /// are those of values before, and b of operation 3 is a constant.
    function run(bytes memory program, Ext[] memory inputs) internal pure returns (Ext result) {
        assembly ("memory-safe") {
            let code := add(program, 32)
            let end := add(code, mload(program))
            let values := mload(0x40)
            let next := values

            let constants := shr(240, mload(code))
            code := add(code, 2)
            for { let last := add(code, shl(2, constants)) } lt(code, last) { code := add(code, 4) } {
                mstore(next, shr(224, mload(code)))
                next := add(next, 32)
            }
            let size := shl(5, mload(inputs))
            mcopy(next, add(inputs, 32), size)
            next := add(next, size)
            // Nothing but values is allocated from here on: a word for each five bytes.
            mstore(0x40, add(next, shl(5, div(sub(end, code), 5))))

            for {} lt(code, end) { code := add(code, 5) } {
                let instruction := shr(216, mload(code))
                let a := mload(add(values, and(shr(19, instruction), 0x1ffe0)))
                let b := mload(add(values, and(shr(7, instruction), 0x1ffe0)))
                switch shr(37, instruction)
                case 0 {
                    // a + b or a - b, in lanes below 2 p.
                    switch shr(36, instruction)
                    case 0 { a := add(a, b) }
                    default { a := sub(add(a, P_LANES), b) }
                    a := sub(a, mul(and(shr(31, add(a, COMPLEMENT_LANES)), ONE_LANES), P))
                }
                default {
                    switch and(shr(36, instruction), 1)
                    case 0 {
                        // As `Ext.product`: lanes below 2^64 - 2^56.
                        let r := mulmod(a, shr(128, b), KRONECKER)
                        let h := and(shr(31, r), LOW_33)
                        r := sub(r, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
                        a := add(mulmod(a, and(b, LOW_HALF), KRONECKER), mulmod(r, shl(128, 1), KRONECKER))
                    }
                    default { a := mul(a, b) }
                    // Lanes of c are below p.
                    a := add(a, mload(add(values, and(shl(5, instruction), 0x1ffe0))))
                    a := or(
                        or(mod(and(a, LANE), P), shl(64, mod(and(shr(64, a), LANE), P))),
                        or(shl(128, mod(and(shr(128, a), LANE), P)), shl(192, mod(shr(192, a), P)))
                    )
                }
                mstore(next, a)
                next := add(next, 32)
            }
            result := mload(sub(next, 32))
        }
    }
}
