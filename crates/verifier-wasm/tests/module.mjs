// Runs the module on the proof of specs/vectors and on those of the contracts' tests, honest and changed:
// node module.mjs MODULE VECTORS CONTRACTS.
// Refusals must be answers: a trap ends the run with an error.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const [, , modulePath, vectorsPath, contracts] = process.argv;
const module = new WebAssembly.Module(readFileSync(modulePath));
assert.deepEqual(WebAssembly.Module.imports(module), [], 'the module asks for nothing');
const { exports } = new WebAssembly.Instance(module);

function ask(verify, input) {
    const address = exports.ashlar_input(input.length);
    assert.notEqual(address, 0);
    new Uint8Array(exports.memory.buffer, address, input.length).set(input);
    const status = verify();
    const bytes = exports.ashlar_reason_bytes();
    const reason = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.ashlar_reason(), bytes));
    assert.equal(reason === '', status === 0);
    return { status, reason };
}

function number(value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
}

const vectors = JSON.parse(readFileSync(vectorsPath, 'utf8'));
const proof = Buffer.from(vectors.proof, 'hex');

function shapeInput({ proof, words = vectors.words, fixed = vectors.fixedRoot, queries = vectors.queries }) {
    const { logRows, logBlowup, logFinalPolynomial, lookupGrinding, pointGrinding, batchGrinding } = vectors;
    const numbers = [logRows, logBlowup, logFinalPolynomial, 4, queries, lookupGrinding, pointGrinding, batchGrinding];
    numbers.push(vectors.foldGrinding, vectors.queryGrinding);
    const elements = words.flat().map(number);
    return Buffer.concat([...numbers.map(number), Buffer.from(fixed, 'hex'), number(words.length), ...elements, proof]);
}

// ---- A proof of a small table ----

const shape = (input) => ask(exports.ashlar_verify_shape, input);
let start = performance.now();
assert.deepEqual(shape(shapeInput({ proof })), { status: 0, reason: '' });
console.log(`accepted in ${(performance.now() - start).toFixed(1)} ms`);

const changed = (place, bit) => {
    const bytes = Buffer.from(proof);
    bytes[place] ^= 1 << bit;
    return bytes;
};
let refused = 0;
for (let place = 0; place < proof.length; place += 61) {
    assert.equal(shape(shapeInput({ proof: changed(place, place % 8) })).status, 3, `byte ${place}`);
    refused += 1;
}
for (const length of [0, 1, 3, 4, 1000, proof.length - 26, proof.length - 1]) {
    const { status, reason } = shape(shapeInput({ proof: proof.subarray(0, length) }));
    assert.deepEqual({ status, reason }, { status: 3, reason: 'the proof is cut off' });
}
assert.match(shape(shapeInput({ proof: Buffer.concat([proof, number(0)]) })).reason, /4 bytes follow/);
const words = structuredClone(vectors.words);
words[2][3] += 1;
assert.equal(shape(shapeInput({ proof, words })).status, 3);
assert.equal(shape(shapeInput({ proof, words: words.slice(1) })).status, 3);
words[0][0] = 0x7f000001;
assert.equal(shape(shapeInput({ proof, words })).status, 2);
assert.equal(shape(shapeInput({ proof, fixed: '00'.repeat(26) })).status, 3);
for (const queries of [0, 1, 255, 257, 0xffffffff]) {
    assert.notEqual(shape(shapeInput({ proof, queries })).status, 0);
}
assert.equal(shape(shapeInput({ proof })).status, 0, 'accepted again');

// ---- The real shape ----

const final = (input) => ask(exports.ashlar_verify_final, input);
const circuits = Buffer.from('00000001'.repeat(8), 'hex');
const statement = (key) => Buffer.concat([Buffer.alloc(28), number(key), Buffer.alloc(32, 7)]);
const finalInput = (statements, proof, count = statements.length, root = circuits) =>
    Buffer.concat([root, Buffer.alloc(26, 9), number(count), ...statements, proof]);

assert.deepEqual(final(finalInput([statement(1)], Buffer.alloc(0))), { status: 3, reason: 'the proof is cut off' });
assert.match(final(finalInput([statement(1)], Buffer.alloc(100_000))).reason, /does not grind/);
assert.equal(final(finalInput([statement(1)], Buffer.alloc(100_000, 255))).status, 3);
assert.equal(final(finalInput([statement(1)], proof)).status, 3);
assert.equal(final(finalInput([], proof)).status, 2);
assert.equal(final(finalInput(Array(17).fill(statement(1)), proof)).status, 2);
assert.equal(final(finalInput([statement(1), statement(0)], proof)).status, 2);
assert.equal(final(finalInput([statement(0x7f000001)], proof)).status, 2);
assert.equal(final(finalInput([statement(1)], proof, 1, Buffer.alloc(32, 0x7f))).status, 2);
assert.equal(final(finalInput([statement(1)], proof, 0xffffffff)).status, 1);
for (let length = 0; length < 126; length += 1) {
    assert.equal(final(finalInput([statement(1)], proof).subarray(0, length)).status, 1, `${length} bytes`);
}

// ---- Real proofs ----

const read = (path) => readFileSync(`${contracts}/${path}`, 'utf8');
const hex = (text) => Buffer.from(text.replace('0x', ''), 'hex');
const deployment = JSON.parse(read('key.json'));
const keys = Buffer.concat([hex(deployment.circuits), hex(deployment.lastCircuit)]);
for (const { proof, statements } of JSON.parse(read('test/fixtures/final.json')).proofs) {
    const runs = statements.flatMap(({ programKey, publicOutput }) => [hex(programKey), hex(publicOutput)]);
    const input = Buffer.concat([keys, number(statements.length), ...runs, hex(proof)]);
    start = performance.now();
    assert.deepEqual(final(input), { status: 0, reason: '' });
    console.log(`a real proof accepted in ${(performance.now() - start).toFixed(1)} ms`);
    input[100] ^= 1;
    assert.equal(final(input).status, 3, 'another statement');
}

const joined = (input) => ask(exports.ashlar_verify_joined, input);
const tree = JSON.parse(read('test/fixtures/joined.json'));
const joiner = hex(read('src/generated/JoinerKey.sol').match(/0x[0-9a-f]{64}/)[0]);
function joinedInput(change) {
    const { proof, root, count, statementsRoot } = tree;
    const fields = { joiner, count: number(count), root: hex(root), statementsRoot: hex(statementsRoot), proof: hex(proof) };
    const changed = { ...fields, ...change(fields) };
    return Buffer.concat([keys, changed.joiner, changed.count, changed.root, changed.statementsRoot, changed.proof]);
}
const flip = (bytes, place) => {
    const changed = Buffer.from(bytes);
    changed[place] ^= 1;
    return changed;
};
assert.deepEqual(joined(joinedInput(() => ({}))), { status: 0, reason: '' });
for (const field of ['joiner', 'root', 'statementsRoot', 'proof']) {
    for (const place of [3, 7, 31]) {
        const changed = joinedInput((fields) => ({ [field]: flip(fields[field], place) }));
        assert.equal(joined(changed).status, 3, `${field}, byte ${place}`);
    }
}
for (const count of [0, tree.count - 1, tree.count + 1, 0xffffffff]) {
    assert.equal(joined(joinedInput(() => ({ count: number(count) }))).status, 3, `${count} statements`);
}
// The roots of no tree and of no encoding; no key.
for (const bytes of [Buffer.alloc(32), Buffer.alloc(32, 0x7f)]) {
    assert.equal(joined(joinedInput(() => ({ statementsRoot: bytes }))).status, 2);
    assert.equal(joined(joinedInput(() => ({ joiner: bytes }))).status, 2);
}
const honest = joinedInput(() => ({}));
for (let length = 0; length < 158; length += 1) {
    assert.equal(joined(honest.subarray(0, length)).status, 1, `${length} bytes`);
}
// A proof of a tree says nothing of single statements, nor the other way round.
const single = JSON.parse(read('test/fixtures/final.json')).proofs[0];
assert.equal(joined(joinedInput(() => ({ proof: hex(single.proof) }))).status, 3);
const statementOf = ({ programKey, publicOutput }) => Buffer.concat([hex(programKey), hex(publicOutput)]);
const claimed = [keys, number(1), statementOf(single.statements[0]), hex(tree.proof)];
assert.equal(final(Buffer.concat(claimed)).status, 3);

// ---- Memory ----

assert.equal(exports.ashlar_input((1 << 20) + 1), 0);
assert.equal(exports.ashlar_input(0xffffffff), 0);
assert.equal(final(Buffer.alloc(1 << 20)).status, 2);
const pages = exports.memory.buffer.byteLength;
for (let i = 0; i < 20; i += 1) shape(shapeInput({ proof }));
assert.equal(exports.memory.buffer.byteLength, pages, 'nothing is kept of old inputs');
console.log(`${refused} changed proofs refused, ${pages >> 10} KiB of memory`);
