// What cast prints: Foundry's client, made with alloy.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ethers } from "ethers";
import { chainId, genesis, initCodeOf, key, rpc, timeout } from "../lib/chain.mjs";

const installed = dirname(
  createRequire(import.meta.url).resolve("@foundry-rs/cast-linux-amd64/package.json"),
);
const program = join(installed, "bin/cast");
const me = new ethers.Wallet(key).address;
const { weth } = genesis;
let home;

before(() => (home = mkdtempSync(join(tmpdir(), "ashlar-cast-"))));
after(() => rmSync(home, { recursive: true }));

/** What cast prints, without the configuration or the keys of whoever runs this. */
async function cast(...args) {
  const environment = { HOME: home, PATH: "", ETH_RPC_URL: rpc, NO_COLOR: "1" };
  const { stdout } = await promisify(execFile)(program, args, { cwd: home, env: environment, timeout });
  return stdout.trim();
}
const json = async (...args) => JSON.parse(await cast(...args, "--json"));
const send = (...args) => json("send", "--private-key", key, ...args);
const refused = (text, ...args) =>
  assert.rejects(cast(...args), (error) => assert.match(error.stderr, text) ?? true);

test("the chain, its blocks and fees", { timeout }, async () => {
  assert.equal(await cast("chain-id"), String(chainId));
  assert.match(await cast("client"), /^ashlar\//);
  assert.ok(Number(await cast("block-number")) > 0);
  assert.ok(BigInt(await cast("gas-price")) >= BigInt(await cast("base-fee")));
  const block = await json("block", "1");
  assert.equal(block.hash, await cast("block", "1", "--field", "hash"));
  assert.ok(BigInt(await cast("balance", me)) > 0n);
});

test("transactions of every type", { timeout }, async () => {
  const deposit = [weth, "deposit()", "--value", "5"];
  const plain = await send(...deposit);
  const legacy = await send(...deposit, "--legacy");
  const listed = await send(...deposit, "--legacy", "--access-list");
  const delegating = await send(...deposit, "--auth", genesis.multicall);
  assert.deepEqual(
    [plain, legacy, listed, delegating].map(({ status, type }) => [status, type]),
    [
      ["0x1", "0x2"],
      ["0x1", "0x0"],
      ["0x1", "0x1"],
      ["0x1", "0x4"],
    ],
  );
  assert.equal(await cast("code", me), ethers.concat(["0xef0100", genesis.multicall]));
  await send(...deposit, "--auth", ethers.ZeroAddress);
  assert.equal(await cast("code", me), "0x");
  const sync = await send(...deposit, "--sync");
  assert.equal(sync.status, "0x1");
  assert.equal((await json("receipt", plain.transactionHash)).blockHash, plain.blockHash);
  const transaction = await json("tx", plain.transactionHash);
  assert.deepEqual([transaction.from, transaction.to], [me.toLowerCase(), weth.toLowerCase()]);
});

test("blobs with their proofs are refused, with the reason", { timeout }, async () => {
  const file = join(home, "blob");
  writeFileSync(file, "data");
  const blob = ["--blob", "--path", file, "--blob-gas-price", "1"];
  await refused(
    /transaction type not supported/,
    "send",
    "--private-key",
    key,
    me,
    ...blob,
    "--gas-limit",
    "21000",
  );
  await refused(/blob transactions .* not accepted/, "send", "--private-key", key, me, ...blob);
});

test("a contract is created, one over the size is not", { timeout }, async () => {
  const created = await send("--create", initCodeOf(64));
  assert.equal(await cast("codesize", created.contractAddress), "64");
  assert.equal(
    await cast("compute-address", me, "--nonce", String(Number(await cast("nonce", me)) - 1)),
    `Computed Address: ${ethers.getAddress(created.contractAddress)}`,
  );
  await refused(/max code size exceeded/, "send", "--private-key", key, "--create", initCodeOf(24_577));
});

test("a transaction that is signed first and published later", { timeout }, async () => {
  const raw = await cast("mktx", "--private-key", key, weth, "deposit()", "--value", "1");
  const published = JSON.parse(await cast("publish", raw));
  assert.equal(published.transactionHash ?? published.hash, ethers.keccak256(raw));
  await refused(/nonce too low|already known/, "publish", raw);
});

test("calls, estimates, access lists, and what reverts", { timeout }, async () => {
  assert.equal(await cast("call", weth, "symbol()(string)"), '"WETH"');
  assert.equal(await cast("estimate", me, "--value", "1", "--from", me), "21000");
  const list = await json("access-list", weth, "balanceOf(address)", me);
  assert.equal(list.accessList[0].address, weth.toLowerCase());
  await refused(
    /execution reverted/,
    "call",
    weth,
    "transfer(address,uint256)",
    me,
    "1",
    "--from",
    ethers.ZeroAddress,
  );
  await refused(/execution reverted/, "estimate", weth, "transfer(address,uint256)", me, "1", "--from", weth);
  await refused(/insufficient funds/i, "send", "--private-key", key, me, "--value", "1000000ether");
});

test("logs, storage and proofs", { timeout }, async () => {
  const { blockNumber, transactionHash } = await send(weth, "deposit()", "--value", "3");
  const number = String(Number(blockNumber));
  const logs = await json(
    "logs",
    "--address",
    weth,
    "--from-block",
    number,
    "--to-block",
    number,
    "Transfer(address indexed,address indexed,uint256)",
    ethers.ZeroAddress,
    me,
  );
  assert.equal(logs[0].transactionHash, transactionHash);
  const slot = await cast(
    "index",
    "address",
    me,
    "0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00",
  );
  const value = await cast("storage", weth, slot);
  const proof = await json("proof", weth, slot);
  assert.equal(BigInt(proof.storageProof[0].value), BigInt(value));
  assert.equal(BigInt(value), BigInt(await cast("call", weth, "balanceOf(address)", me)));
  assert.equal(proof.storageHash, await cast("storage-root", weth));
});
