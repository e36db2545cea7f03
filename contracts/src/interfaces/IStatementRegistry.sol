// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier, Statement} from "../IVerifier.sol";
import {JoinedPlace, JoinedTree} from "../libraries/JoinedStatements.sol";

/// @title What chains ask a registry of verified statements
/// @notice Part of `IVerifiedStatements`, whose file would otherwise be compiled with the settings of each of the two.
interface IStatementRegistry {
    /// @notice Whether a statement was verified on its own.
    function isVerified(bytes32 programKey, bytes32 publicOutput) external view returns (bool);

    /// @notice Whether a tree was verified, and has this statement at this place.
    function isVerifiedIn(JoinedTree calldata tree, Statement calldata statement, JoinedPlace calldata place)
        external
        view
        returns (bool);

    /// @notice The verifier that decides.
    function verifier() external view returns (IVerifier);
}
