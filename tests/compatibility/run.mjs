// Starts a chain in a temporary folder, on free ports, runs the programs of the suite on it, and stops it.
// What is printed of each program is its own report; the last lines say which passed.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const python = join(here, "node_modules/.venv/bin/python");

/** Longest times, milliseconds: until the chain is ready, of a program, and until the chain has stopped. */
const deadlines = { ready: 300_000, program: 300_000, stop: 120_000 };

const node = (file) => ({
  name: file.replace(".test.mjs", ""),
  command: process.execPath,
  args: ["--test-reporter=spec", file],
});

const programs = [
  node("clients/viem-transactions.test.mjs"),
  node("clients/viem-reading.test.mjs"),
  node("clients/viem-subscriptions.test.mjs"),
  node("clients/ethers.test.mjs"),
  { name: "clients/web3.py", command: python, args: ["clients/web3_py.py"] },
  node("clients/cast.test.mjs"),
  node("contracts/uniswap-v2.test.mjs"),
  node("contracts/safe.test.mjs"),
  node("contracts/entry-point.test.mjs"),
  node("contracts/erc3643.test.mjs"),
];

/** A program that was started, and the promise of its end: its exit code, or the signal that ended it. */
function started(command, args, options) {
  const child = spawn(command, args, options);
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(String(error)));
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });
  return { child, ended };
}

/** What a promise gives, or `undefined` when the time is over. */
async function within(milliseconds, promise) {
  let timer;
  const over = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
  const first = await Promise.race([promise, over]);
  clearTimeout(timer);
  return first;
}

/** Starts the chain: nothing is sealed by age, nothing is proven. Each program has an account of its own. */
async function start(folder, accounts) {
  const command =
    process.env.ASHLAR ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/ashlar");
  const away = ["--no-prover", "--batch-age", "86400"];
  const ports = ["--rpc", "127.0.0.1:0", "--l1-port", "0"];
  const args = ["up", "--dir", folder, ...ports, ...away, "--accounts", String(accounts), "--json"];
  const chain = started(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const line = new Promise((resolve) => createInterface({ input: chain.child.stdout }).once("line", resolve));
  const first = await within(deadlines.ready, Promise.race([line, chain.ended]));
  if (typeof first === "string" && first.startsWith("{")) return { ...chain, ready: JSON.parse(first) };
  chain.child.kill("SIGKILL");
  throw new Error(`${command} is not ready: ${first ?? "it takes too long"}`);
}

/** Runs a program; whether all its checks passed. */
async function passes({ name, command, args }, environment) {
  console.log(`==> ${name}`);
  const { child, ended } = started(command, args, {
    cwd: here,
    env: environment,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await within(deadlines.program, ended);
  if (code === undefined) {
    console.log(`${name}: takes longer than ${deadlines.program / 1000} s`);
    child.kill("SIGKILL");
    await ended;
  }
  return code === 0;
}

async function main(wanted) {
  const chosen = programs.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  if (chosen.length === 0)
    throw new Error(`no program is named so; there are ${programs.map(({ name }) => name).join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "ashlar-compatibility-"));
  const chain = await start(folder, chosen.length);
  // Ctrl-C is for all: the chain stops in order, and then this ends.
  const interrupted = () => chain.child.kill("SIGINT");
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  const results = [];
  for (const [index, program] of chosen.entries()) {
    const { rpc, webSocket, chainId, accounts } = chain.ready;
    const key = readFileSync(accounts[index].keyFile, "utf8").trim();
    const environment = { ...process.env, ASHLAR_CHAIN: JSON.stringify({ rpc, webSocket, chainId, key }) };
    const begun = Date.now();
    const passed = await passes(program, environment);
    results.push({ name: program.name, passed, seconds: (Date.now() - begun) / 1000 });
  }
  chain.child.kill("SIGINT");
  const end = await within(deadlines.stop, chain.ended);
  if (end === undefined) chain.child.kill("SIGKILL");
  results.push({ name: "the chain stops in order", passed: end === 0, seconds: 0 });
  for (const { name, passed, seconds } of results) {
    console.log(`${passed ? "passed" : "FAILED"}  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  }
  const isGood = results.every(({ passed }) => passed);
  if (isGood) rmSync(folder, { recursive: true });
  else console.log(`the chain's folder, with node.log, stays: ${folder}`);
  return isGood;
}

process.exit((await main(process.argv.slice(2))) ? 0 : 1);
