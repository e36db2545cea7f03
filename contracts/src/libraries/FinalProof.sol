// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {
    Ext,
    ONE,
    ZERO,
    X,
    P,
    reduce,
    power,
    powerOfTwo,
    product,
    reduceLightly,
    LOW_33,
    LOW_27,
    RATIO
} from "./Ext.sol";
import {Domain} from "./Domain.sol";
import {Elements} from "./Elements.sol";
import {Folding} from "./Folding.sol";
import {Leaves, MerkleLibrary, NODE_BYTES, NODE_MASK} from "./Merkle.sol";
import {Program} from "./Program.sol";
import {Shape} from "./Shape.sol";
import {Transcript, TranscriptLibrary} from "./Transcript.sol";

/// @notice What is known of a proof while it is verified.
struct Run {
    Shape shape;
    Transcript transcript;
    // The next byte of the calldata to be read.
    uint256 offset;
    // Behind the proof's last byte.
    uint256 end;
    // Roots of the trees of rows: table, quotient, fixed columns, messages; then those of the rounds.
    bytes32[] roots;
    Ext terminal;
    Ext lookupAlpha;
    Ext lookupBeta;
    // Folds the constraints.
    Ext alpha;
    // The out-of-domain point.
    Ext zeta;
    // All opened values, in the proof's order.
    Ext[] opened;
    // Batches the openings.
    Ext gamma;
    // Of each round.
    Ext[] betas;
    Ext[] finalPolynomial;
    // Positions of the queries, ascending.
    uint256[] indices;
    // Of each query, what folding is to go on with, and the inverse of the point that it is the value at.
    Ext[] values;
    uint256[] inversePoints;
    // Leaves of each tree, in the order of the roots.
    Leaves[] leaves;
    // Roots of unity, and their inverses.
    uint256[] domain;
    uint256[] domainInverses;
}

/// @notice Verifies final proofs, as specification 012 says; the native verifier does the same, step by step.
library FinalProof {
    using Folding for Folding.Workspace;

    // Trees of rows.
    uint256 private constant TREES = 4;
    uint256 private constant MAIN = 0;
    uint256 private constant QUOTIENT = 1;
    uint256 private constant FIXED = 2;
    uint256 private constant MESSAGES = 3;
    // Bytes of an element of the extension field.
    uint256 private constant EXT_BYTES = 16;
    // Values that a program is given beside the opened ones.
    uint256 private constant PROGRAM_INPUTS = 10;

    /// @notice The proof is shorter or longer than it must be.
    error ProofLength();
    /// @notice An element is not below the field's order.
    error ProofNotCanonical();
    /// @notice A nonce does not grind. Places: 0 messages, 1 point, 2 batch, 3 queries, 4 and on the rounds.
    error ProofNonce(uint256 place);
    /// @notice The denominator of a public word is zero.
    error ProofDenominator();
    /// @notice The sum of messages with the public words is not zero.
    error ProofMessages();
    /// @notice The out-of-domain point is in the table's domain.
    error ProofPointInDomain();
    /// @notice The constraints do not hold.
    error ProofQuotient();
    /// @notice The out-of-domain point, or the one after it, is on a query.
    error ProofPointOnQuery();
    /// @notice A folded value is not the final polynomial's.
    error ProofFinalPolynomial();
    /// @notice Two rows for one leaf.
    error ProofTwoRows(uint256 tree);
    /// @notice Rows and paths do not lead to the root.
    error ProofRoot(uint256 tree);

    /// @notice Checks that the table holds and reads these public words, 16 bytes each; reverts if not. The proof is in the
    /// calldata.
    function verify(Shape memory shape, bytes memory words, uint256 offset, uint256 length) internal pure {
        // Zeros are what it starts with.
        // slither-disable-next-line uninitialized-local
        Run memory run;
        run.shape = shape;
        run.offset = offset;
        run.end = offset + length;
        run.domain = Domain.roots();
        run.domainInverses = Domain.inverses();
        readHeader(run, words);
        checkMessages(run, words);
        checkConstraints(run);
        readRows(run);
        foldQueries(run);
        checkPaths(run);
    }

    // ---- Header: what the transcript observes ----

    function readHeader(Run memory run, bytes memory words) private pure {
        Shape memory shape = run.shape;
        uint256 opened = openedCount(shape);
        Transcript memory transcript = TranscriptLibrary.create(capacity(shape, words, opened));
        run.transcript = transcript;
        run.roots = new bytes32[](TREES + shape.roundCount);

        observeElements(run, 4);
        transcript.observeMemory(words);
        transcript.observeMemory(shape.batchSeed);
        run.roots[MAIN] = observeRoot(run);
        run.roots[FIXED] = shape.fixedRoot;
        transcript.observeWord(shape.fixedRoot, NODE_BYTES);
        grind(run, shape.lookupGrinding, 0);
        run.lookupAlpha = transcript.sample();
        run.lookupBeta = transcript.sample();
        run.roots[MESSAGES] = observeRoot(run);
        run.terminal = Elements.at(observeElements(run, EXT_BYTES));
        run.alpha = transcript.sample();
        run.roots[QUOTIENT] = observeRoot(run);
        grind(run, shape.pointGrinding, 1);
        run.zeta = transcript.sample();
        transcript.observeMemory(shape.openingsSeed);
        run.opened = Elements.many(observeElements(run, EXT_BYTES * opened), opened);
        grind(run, shape.batchGrinding, 2);
        run.gamma = transcript.sample();
        transcript.observeMemory(shape.foldingSeed);
        run.betas = new Ext[](shape.roundCount);
        for (uint256 i = 0; i < shape.roundCount; ++i) {
            run.roots[TREES + i] = observeRoot(run);
            grind(run, shape.foldGrinding, 4 + i);
            run.betas[i] = transcript.sample();
        }
        uint256 coefficients = shape.finalCoefficients;
        run.finalPolynomial = Elements.many(observeElements(run, EXT_BYTES * coefficients), coefficients);
        grind(run, shape.queryGrinding, 3);
        sampleIndices(run);
    }

    function openedCount(Shape memory shape) private pure returns (uint256) {
        return 2 * shape.mainWidth + shape.quotientWidth + shape.fixedWidth + 2 * shape.auxWidth;
    }

    /// @dev The most bytes between two samples, from above.
    function capacity(Shape memory shape, bytes memory words, uint256 opened) private pure returns (uint256) {
        uint256 bytesOfWords = 64 + words.length + shape.batchSeed.length;
        uint256 bytesOfOpened = EXT_BYTES * opened + shape.openingsSeed.length;
        uint256 bytesOfFolding = 64 + EXT_BYTES * shape.finalCoefficients + shape.foldingSeed.length;
        return bytesOfWords + bytesOfOpened + bytesOfFolding;
    }

    /// @dev Goes on by so many bytes; returns where they are.
    function take(Run memory run, uint256 length) private pure returns (uint256 offset) {
        offset = run.offset;
        run.offset = offset + length;
        if (offset + length > run.end) revert ProofLength();
    }

    /// @dev The same for elements of the base field, which must be canonical.
    function takeElements(Run memory run, uint256 length) private pure returns (uint256 offset) {
        offset = take(run, length);
        if (!Elements.areCanonical(offset, length)) revert ProofNotCanonical();
    }

    function observeElements(Run memory run, uint256 length) private pure returns (uint256 offset) {
        offset = takeElements(run, length);
        run.transcript.observe(offset, length);
    }

    function observeRoot(Run memory run) private pure returns (bytes32 root) {
        uint256 offset = take(run, NODE_BYTES);
        run.transcript.observe(offset, NODE_BYTES);
        assembly ("memory-safe") {
            root := and(calldataload(offset), NODE_MASK)
        }
    }

    function grind(Run memory run, uint256 bits, uint256 place) private pure {
        uint256 offset = takeElements(run, 4);
        if (!run.transcript.grind(bits, offset)) revert ProofNonce(place);
    }

    /// @dev Samples and sorts. There are few, so each is put in its place from the end.
    function sampleIndices(Run memory run) private pure {
        uint256 bits = logHeight(run.shape);
        uint256[] memory indices = new uint256[](run.shape.queries);
        for (uint256 i = 0; i < indices.length; ++i) {
            uint256 index = run.transcript.sampleBits(bits);
            uint256 place = i;
            for (; place != 0 && indices[place - 1] > index; --place) {
                indices[place] = indices[place - 1];
            }
            indices[place] = index;
        }
        run.indices = indices;
    }

    function logHeight(Shape memory shape) private pure returns (uint256) {
        return shape.logRows + shape.logBlowup;
    }

    // ---- The sum of messages ----

    /// @dev The table's sum of all messages, and the definitions of public words, which are one message each: 1 / (prefix -
    /// address beta^4 - v0 beta^3 - v1 beta^2 - v2 beta - v3), word i being at address 1 + i. Fractions are added up
    /// without a division.
    function checkMessages(Run memory run, bytes memory words) internal pure {
        Ext beta = run.lookupBeta;
        Ext[4] memory powers;
        powers[0] = beta;
        powers[1] = beta * beta;
        powers[2] = powers[1] * beta;
        powers[3] = powers[2] * beta;
        Ext prefix = run.lookupAlpha + power(beta, run.shape.messageWidth).scale(run.shape.wordBus);
        Ext numerator = run.terminal;
        Ext denominator = ONE;
        for (uint256 i = 0; i < words.length / EXT_BYTES; ++i) {
            Ext factor = prefix - message(powers, i + 1, wordAt(words, i));
            // numerator / denominator + 1 / factor
            numerator = numerator * factor + denominator;
            denominator = denominator * factor;
        }
        if (denominator.eq(ZERO)) revert ProofDenominator();
        if (!numerator.eq(ZERO)) revert ProofMessages();
    }

    /// @dev Four products are at most 4 (p - 1)^2 < 2^64 - 2^57; v3 < p is added.
    function message(Ext[4] memory powers, uint256 address_, uint256 word) private pure returns (Ext) {
        unchecked {
            uint256 lanes = powers[3].toLanes() * address_ + powers[2].toLanes() * (word >> 96);
            lanes += powers[1].toLanes() * ((word >> 64) & 0xffffffff);
            lanes += powers[0].toLanes() * ((word >> 32) & 0xffffffff);
            return reduce(lanes + (word & 0xffffffff));
        }
    }

    /// @dev The i-th 16 bytes.
    function wordAt(bytes memory words, uint256 i) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := shr(128, mload(add(add(words, 32), shl(4, i))))
        }
    }

    // ---- The constraints at the out-of-domain point ----

    function checkConstraints(Run memory run) internal pure {
        Shape memory shape = run.shape;
        Ext zeta = run.zeta;
        Ext inPeriod = powerOfTwo(zeta, shape.logRows - shape.logPeriod);
        Ext all = powerOfTwo(inPeriod, shape.logPeriod);
        Ext vanishing = all - ONE;
        if (vanishing.eq(ZERO)) revert ProofPointInDomain();
        Ext fromFirst = zeta - ONE;
        Ext fromLast = zeta - Ext.wrap(run.domainInverses[shape.logRows - 1]);
        // Not zero, as zeta is not in the domain.
        Ext scaled = vanishing * (fromFirst * fromLast).inverse();

        uint256 opened = run.opened.length;
        Ext[] memory inputs = new Ext[](opened + PROGRAM_INPUTS);
        for (uint256 i = 0; i < opened; ++i) {
            inputs[i] = run.opened[i];
        }
        inputs[opened] = run.terminal;
        inputs[opened + 1] = run.lookupAlpha;
        inputs[opened + 2] = run.lookupBeta;
        inputs[opened + 3] = run.alpha;
        inputs[opened + 4] = all;
        inputs[opened + 5] = inPeriod;
        inputs[opened + 6] = scaled * fromLast;
        inputs[opened + 7] = scaled * fromFirst;
        inputs[opened + 8] = fromLast;
        inputs[opened + 9] = X;
        if (!Program.run(shape.program, inputs).eq(ZERO)) revert ProofQuotient();
    }

    // ---- Rows ----

    /// @dev With p(X) = sum of gamma^i p_i(X) over all columns that are opened at a point z, and f the same of a row at x, a
    /// query's value is the sum over the two points of (p(z) - f(x)) / (z - x).
    function readRows(Run memory run) private pure {
        (Ext[] memory weights, Ext[2] memory atPoints) = weigh(run);
        run.leaves = new Leaves[](TREES + run.shape.roundCount);
        // Filled below.
        // slither-disable-next-line uninitialized-local
        uint256[4] memory rows;
        uint256[4] memory widths = rowWidths(run.shape);
        uint256 queries = run.indices.length;
        for (uint256 tree = 0; tree < TREES; ++tree) {
            rows[tree] = takeElements(run, 4 * widths[tree] * queries);
            run.leaves[tree] = MerkleLibrary.create(queries);
        }
        (Ext[] memory toZeta, Ext[] memory toNext) = inverseDistances(run);
        for (uint256 tree = 0; tree < TREES; ++tree) {
            pushRows(run, tree, rows[tree], 4 * widths[tree]);
        }
        run.values = new Ext[](queries);
        for (uint256 i = 0; i < queries; ++i) {
            (Ext atZeta, Ext atNext) = sums(weights, rows, widths);
            Ext value = reduce(
                reduceLightly(product(atPoints[0] - atZeta, toZeta[i])) + product(atPoints[1] - atNext, toNext[i])
            );
            run.values[i] = value;
        }
    }

    function rowWidths(Shape memory shape) private pure returns (uint256[4] memory) {
        return [shape.mainWidth, shape.quotientWidth, shape.fixedWidth, shape.auxWidth];
    }

    /// @dev The powers of gamma, with room for what `Elements.dot` reads behind them, and p(z) at both points. The powers
    /// run over the opened values in their order: those of the table at the next point are the second ones, those of
    /// messages at the next point the last.
    function weigh(Run memory run) private pure returns (Ext[] memory weights, Ext[2] memory atPoints) {
        Ext[] memory opened = run.opened;
        weights = new Ext[](opened.length + 4);
        uint256 main = run.shape.mainWidth;
        uint256 others = opened.length - run.shape.auxWidth;
        Ext weight = ONE;
        uint256 atZeta = 0;
        uint256 atNext = 0;
        unchecked {
            // Sums stay below 2.01 p, products are below 2^64 - 2^56.
            for (uint256 i = 0; i < opened.length; ++i) {
                weights[i] = weight;
                uint256 term = product(weight, opened[i]);
                if ((i >= main && i < 2 * main) || i >= others) atNext = reduceLightly(atNext + term);
                else atZeta = reduceLightly(atZeta + term);
                weight = weight * run.gamma;
            }
        }
        atPoints = [reduce(atZeta), reduce(atNext)];
    }

    function pushRows(Run memory run, uint256 tree, uint256 row, uint256 length) private pure {
        Leaves memory leaves = run.leaves[tree];
        uint256[] memory indices = run.indices;
        for (uint256 i = 0; i < indices.length; ++i) {
            bytes32 leaf;
            assembly ("memory-safe") {
                let free := mload(0x40)
                calldatacopy(free, row, length)
                leaf := and(keccak256(free, length), NODE_MASK)
                row := add(row, length)
            }
            if (!leaves.push(indices[i], leaf)) revert ProofTwoRows(tree);
        }
    }

    /// @dev f(x) of the columns that are opened at zeta, and of those opened at the next point. Goes on to the next rows.
    function sums(Ext[] memory weights, uint256[4] memory rows, uint256[4] memory widths)
        private
        pure
        returns (Ext atZeta, Ext atNext)
    {
        unchecked {
            uint256 place;
            assembly ("memory-safe") {
                place := add(weights, 32)
            }
            uint256 width = widths[MAIN];
            Ext main = reduce(Elements.dot(0, rows[MAIN], width, place));
            rows[MAIN] += 4 * width;
            place += 64 * width;
            width = widths[QUOTIENT];
            uint256 others = Elements.dot(main.toLanes(), rows[QUOTIENT], width, place);
            rows[QUOTIENT] += 4 * width;
            place += 32 * width;
            width = widths[FIXED];
            others = Elements.dot(others, rows[FIXED], width, place);
            rows[FIXED] += 4 * width;
            place += 32 * width;
            width = widths[MESSAGES];
            Ext aux = reduce(Elements.dot(0, rows[MESSAGES], width, place));
            rows[MESSAGES] += 4 * width;
            // Lanes are below 2.01 p + p, and below 2.01 p + 2^64 - 2^56.
            atZeta = reduce(others + aux.toLanes());
            atNext = reduce(reduceLightly(product(main, weights[widths[MAIN]])) + product(aux, weights[width]));
        }
    }

    /// @dev For each query 1 / (zeta - x) and 1 / (g zeta - x), at the price of one inversion: products of all up to a
    /// query, inverted, and walked back.
    function inverseDistances(Run memory run) internal pure returns (Ext[] memory toZeta, Ext[] memory toNext) {
        uint256 queries = run.indices.length;
        Ext next = run.zeta.scale(run.domain[run.shape.logRows - 1]);
        toZeta = new Ext[](queries);
        toNext = new Ext[](queries);
        run.inversePoints = new uint256[](queries);
        Ext[] memory before = new Ext[](queries);
        Ext[] memory products = new Ext[](queries);
        Ext all = ONE;
        for (uint256 i = 0; i < queries; ++i) {
            uint256 index = run.indices[i];
            Ext x = Ext.wrap(mulmod(Domain.GENERATOR, Domain.point(run.domain, index), P));
            run.inversePoints[i] = Domain.point(run.domainInverses, index);
            Ext both = (toZeta[i] = run.zeta - x) * (toNext[i] = next - x);
            products[i] = both;
            before[i] = all;
            all = all * both;
        }
        if (all.eq(ZERO)) revert ProofPointOnQuery();
        Ext inverse = all.inverse();
        for (uint256 i = queries; i != 0;) {
            --i;
            Ext both = inverse * before[i];
            inverse = inverse * products[i];
            (toZeta[i], toNext[i]) = (both * toNext[i], both * toZeta[i]);
        }
    }

    // ---- Folding ----

    /// @dev All rounds of all queries; then the values must be the final polynomial's.
    function foldQueries(Run memory run) private pure {
        Folding.Workspace memory workspace = Folding.workspace(run.domain, run.domainInverses);
        uint256[] memory places = new uint256[](run.indices.length);
        for (uint256 i = 0; i < places.length; ++i) {
            places[i] = run.indices[i];
        }
        for (uint256 round = 0; round < run.shape.roundCount; ++round) {
            foldRound(run, workspace, places, round);
        }
        for (uint256 i = 0; i < places.length; ++i) {
            uint256 x = Domain.point(run.domain, places[i]);
            if (!evaluate(run.finalPolynomial, x).eq(run.values[i])) revert ProofFinalPolynomial();
        }
    }

    /// @dev A round of all queries: places become those in the folded domain, inverse points those of these places.
    function foldRound(Run memory run, Folding.Workspace memory workspace, uint256[] memory places, uint256 round)
        private
        pure
    {
        unchecked {
            uint256 logArity = logArityOf(run.shape, round);
            uint256 length = EXT_BYTES * ((1 << logArity) - 1);
            uint256 siblings = takeElements(run, length * places.length);
            Leaves memory leaves = MerkleLibrary.create(places.length);
            run.leaves[TREES + round] = leaves;
            Ext beta = run.betas[round];
            Ext[] memory values = run.values;
            uint256[] memory inversePoints = run.inversePoints;
            for (uint256 i = 0; i < places.length; ++i) {
                uint256 own = places[i] & ((1 << logArity) - 1);
                bytes32 leaf = workspace.read(logArity, own, values[i], siblings);
                siblings += length;
                uint256 place = places[i] >> logArity;
                places[i] = place;
                if (!leaves.push(place, leaf)) revert ProofTwoRows(TREES + round);
                // From the query's point to the group's first.
                uint256 inverse = workspace.toFirst(own, inversePoints[i]);
                values[i] = workspace.fold(logArity, beta.scale(inverse));
                for (uint256 k = 0; k < logArity; ++k) {
                    inverse = mulmod(inverse, inverse, P);
                }
                inversePoints[i] = inverse;
            }
        }
    }

    function logArityOf(Shape memory shape, uint256 round) private pure returns (uint256) {
        return (shape.rounds >> (8 * round)) & 0xff;
    }

    /// @dev A polynomial at a point of the base field. Lanes before a step are below 2.01 p, after it below 2.01 p^2 + p.
    function evaluate(Ext[] memory coefficients, uint256 x) private pure returns (Ext) {
        uint256 lanes = 0;
        assembly ("memory-safe") {
            for { let next := add(coefficients, shl(5, mload(coefficients))) } gt(next, coefficients) {
                next := sub(next, 32)
            } {
                lanes := add(mul(lanes, x), mload(next))
                let h := and(shr(31, lanes), LOW_33)
                lanes := sub(lanes, mul(add(h, and(shr(37, mul(h, RATIO)), LOW_27)), P))
            }
        }
        return reduce(lanes);
    }

    // ---- Paths ----

    function checkPaths(Run memory run) private pure {
        uint256 depth = logHeight(run.shape);
        for (uint256 tree = 0; tree < run.roots.length; ++tree) {
            if (tree >= TREES) depth -= logArityOf(run.shape, tree - TREES);
            (bytes32 root, uint256 end) = run.leaves[tree].root(depth, run.offset);
            // Bytes behind the proof are taken for a path's, if at all, only to be refused here.
            if (end > run.end) revert ProofLength();
            if (root != run.roots[tree]) revert ProofRoot(tree);
            run.offset = end;
        }
        if (run.offset != run.end) revert ProofLength();
    }
}
