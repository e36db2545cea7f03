// Merkle Patricia tries, by a library that has nothing to do with the node's.
import { createMPT, verifyMerkleProof } from "@ethereumjs/mpt";
import { bytesToHex, fromRlp, hexToBytes, keccak256, toBytes, toRlp } from "viem";

/** Root of the trie without nodes. */
const emptyRoot = keccak256("0x80");

const trim = (number) => (number === 0n ? "0x" : `0x${number.toString(16).replace(/^(.(..)*)$/, "0$1")}`);

/** RLP of numbers, strings of bytes, and lists of these. */
export function rlp(value) {
  const plain = (item) =>
    Array.isArray(item) ? item.map(plain) : typeof item === "string" ? item : trim(BigInt(item));
  return toRlp(plain(value));
}

/** The value under the hash of a key, as the proof has it under this root; `undefined` if it proves that there is none. */
async function proven(root, key, proof) {
  if (proof.length === 0 && root === emptyRoot) return undefined;
  const options = { useKeyHashing: true, root: toBytes(root) };
  const value = await verifyMerkleProof(
    toBytes(key),
    proof.map((node) => hexToBytes(node)),
    options,
  );
  return value ? bytesToHex(value) : undefined;
}

/** What a proof of eth_getProof shows of an account under a state root; throws if it shows another than it says. */
export async function checkedAccount(stateRoot, proof) {
  const { address, nonce, balance, storageHash, codeHash } = proof;
  const found = await proven(stateRoot, address, proof.accountProof);
  const claimed = rlp([nonce, balance, storageHash, codeHash]);
  const isEmpty = BigInt(nonce) === 0n && balance === 0n && codeHash === keccak256("0x");
  if (found !== claimed && !(found === undefined && isEmpty))
    throw new Error(`the proof of ${address} is of ${found}`);
  for (const { key, value, proof: nodes } of proof.storageProof) {
    const slot = await proven(storageHash, key, nodes);
    const shown = slot === undefined ? 0n : BigInt(fromRlp(slot));
    if (shown !== value) throw new Error(`the proof of ${key} is of ${shown}`);
  }
  return found !== undefined;
}

/** Root of a list: the trie of values under the RLP of their indices. */
export async function listRoot(values) {
  const trie = await createMPT();
  for (const [index, value] of values.entries()) await trie.put(toBytes(rlp(index)), toBytes(value));
  return bytesToHex(trie.root());
}
