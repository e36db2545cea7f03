// What every program of the suite knows of the chain, which run.mjs has started.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const chain = JSON.parse(process.env.ASHLAR_CHAIN);

/** Where the node answers, and the chain's EIP-155 id. */
export const { rpc, webSocket, chainId } = chain;

/** The private key of this program's account, which nobody else uses. */
export const key = chain.key;

/** Longest time of one check, milliseconds. A check that waits in vain fails by it. */
export const timeout = 60_000;

/** Contracts of the genesis state (specification 022). */
export const genesis = {
  deployer: "0x4e59b44847b379578588920cA78FbF26c0B4956C",
  multicall: "0xcA11bde05977b3631167028862bE2a173976CA11",
  weth: "0x000000000000000000000000000000000000FF08",
};

/** Functions and events of the wrapped base token that the checks use. */
export const wethAbi = [
  "function deposit() payable",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function balanceOf(address account) view returns (uint256)",
  "function symbol() view returns (string)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
];

/** A compiled contract as its npm package publishes it: `{ abi, bytecode }`. */
export function published(file) {
  const path = createRequire(import.meta.url).resolve(file);
  const { abi, bytecode } = JSON.parse(readFileSync(path, "utf8"));
  return { abi, bytecode: bytecode.startsWith("0x") ? bytecode : `0x${bytecode}` };
}

/**
 * Init code of a contract whose code is this many zero bytes: code of its own may have 24,576 bytes (EIP-170), init code
 * 49,152 (EIP-3860).
 */
export function initCodeOf(size) {
  // PUSH3 size, PUSH0, RETURN.
  return `0x62${size.toString(16).padStart(6, "0")}5ff3`;
}
