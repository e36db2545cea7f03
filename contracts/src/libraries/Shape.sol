// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Everything about a proof that is fixed: its verifier knows this before it looks at one.
/// @dev Generated from the table and the parameters; sizes are in the units that their names say.
struct Shape {
    // log2 of the table's rows.
    uint256 logRows;
    // log2 of the inverse rate.
    uint256 logBlowup;
    // Columns: of the table, of the quotient's pieces, fixed ones, and of messages, by coefficients.
    uint256 mainWidth;
    uint256 quotientWidth;
    uint256 fixedWidth;
    uint256 auxWidth;
    // log2 of the arity of each round of folding, one byte each, the first round lowest.
    uint256 rounds;
    uint256 roundCount;
    // Coefficients of the final polynomial.
    uint256 finalCoefficients;
    uint256 queries;
    // Bits of grinding: before the messages' challenges, the out-of-domain point, the batching challenge, each folding
    // challenge, and the queries.
    uint256 lookupGrinding;
    uint256 pointGrinding;
    uint256 batchGrinding;
    uint256 foldGrinding;
    uint256 queryGrinding;
    // Root of the tree of fixed columns: 26 bytes, the rest zero.
    bytes32 fixedRoot;
    // What the transcript observes before each part of the protocol.
    bytes batchSeed;
    bytes openingsSeed;
    bytes foldingSeed;
    // The bus of wires, counted from 1, and the most elements of a message on any bus.
    uint256 wordBus;
    uint256 messageWidth;
    // log2 of the period of periodic columns.
    uint256 logPeriod;
    // The constraints, see `Program`.
    bytes program;
}
