// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Domain} from "../src/libraries/Domain.sol";
import {Ext} from "../src/libraries/Ext.sol";
import {FinalProof, Run} from "../src/libraries/FinalProof.sol";

/// @notice Steps of the verification with challenges that are chosen. A proof cannot choose them: its challenges are hashes,
/// and those that some checks are there for come up once in 2^100 tries.
contract Steps {
    function checkMessages(Ext alpha, Ext beta, Ext terminal, uint256 wordBus, uint256 messageWidth, bytes memory words)
        external
        pure
    {
        Run memory run;
        (run.lookupAlpha, run.lookupBeta, run.terminal) = (alpha, beta, terminal);
        (run.shape.wordBus, run.shape.messageWidth) = (wordBus, messageWidth);
        FinalProof.checkMessages(run, words);
    }

    function checkConstraints(Ext zeta, uint256 logRows, uint256 logPeriod, bytes memory program) external pure {
        Run memory run;
        (run.domain, run.domainInverses) = (Domain.roots(), Domain.inverses());
        run.zeta = zeta;
        (run.shape.logRows, run.shape.logPeriod, run.shape.program) = (logRows, logPeriod, program);
        FinalProof.checkConstraints(run);
    }

    function inverseDistances(Ext zeta, uint256 logRows, uint256[] memory indices)
        external
        pure
        returns (Ext[] memory toZeta, Ext[] memory toNext)
    {
        Run memory run;
        (run.domain, run.domainInverses) = (Domain.roots(), Domain.inverses());
        (run.zeta, run.shape.logRows, run.indices) = (zeta, logRows, indices);
        return FinalProof.inverseDistances(run);
    }
}
