// Safe 1.4.1: its contracts as published, a Safe of two out of three that executes.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  concatHex,
  encodeFunctionData,
  getContractAddress,
  parseEther,
  parseEventLogs,
  zeroAddress,
  zeroHash,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { genesis, published, timeout } from "../lib/chain.mjs";
import { client, mined, wallet, weth } from "../lib/viem.mjs";

const artifact = (name) => published(`@safe-global/safe-contracts/build/artifacts/contracts/${name}.json`);
const singleton = artifact("Safe.sol/Safe");
const factory = artifact("proxies/SafeProxyFactory.sol/SafeProxyFactory");
const handler = artifact("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler");
// The contract wants signatures by ascending address.
const owners = [0, 1, 2]
  .map(() => privateKeyToAccount(generatePrivateKey()))
  .sort((one, other) => (BigInt(one.address) < BigInt(other.address) ? -1 : 1));
let safe;

/** Deploys by the deterministic deployer: the address follows from the code alone. */
async function placed({ abi, bytecode }) {
  const address = getContractAddress({ opcode: "CREATE2", from: genesis.deployer, salt: zeroHash, bytecode });
  await mined(await wallet.sendTransaction({ to: genesis.deployer, data: concatHex([zeroHash, bytecode]) }));
  return { address, abi };
}

const read = (functionName, args = []) => client.readContract({ ...safe, functionName, args });

/** Signatures of some owners on what the Safe is to do. */
async function signed({ to, value = 0n, data = "0x" }, signers) {
  const nonce = await read("nonce");
  const none = {
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: zeroAddress,
    refundReceiver: zeroAddress,
  };
  const fields =
    "to:address value:uint256 data:bytes operation:uint8 safeTxGas:uint256 baseGas:uint256 gasPrice:uint256 " +
    "gasToken:address refundReceiver:address nonce:uint256";
  const SafeTx = fields
    .split(" ")
    .map((field) => field.split(":"))
    .map(([name, type]) => ({ name, type }));
  const domain = { chainId: client.chain.id, verifyingContract: safe.address };
  const message = { to, value, data, ...none, nonce };
  const typed = { domain, types: { SafeTx }, primaryType: "SafeTx", message };
  const signatures = concatHex(await Promise.all(signers.map((signer) => signer.signTypedData(typed))));
  const { nonce: _, ...rest } = message;
  return [...Object.values(rest), signatures];
}

test("singleton, factory and handler are deployed, and a Safe of two out of three", { timeout }, async () => {
  const [master, maker, fallback] = [await placed(singleton), await placed(factory), await placed(handler)];
  assert.ok((await client.getCode({ address: master.address })).length > 40_000);
  const parties = owners.map(({ address }) => address);
  const args = [parties, 2n, zeroAddress, "0x", fallback.address, zeroAddress, 0n, zeroAddress];
  const setup = encodeFunctionData({ ...master, functionName: "setup", args });
  const made = { ...maker, functionName: "createProxyWithNonce", args: [master.address, setup, 7n] };
  const { logs } = await mined(await wallet.writeContract(made));
  const [
    {
      args: { proxy },
    },
  ] = parseEventLogs({ abi: maker.abi, eventName: "ProxyCreation", logs });
  safe = { address: proxy, abi: singleton.abi };
  assert.deepEqual([await read("getOwners"), await read("getThreshold")], [parties, 2n]);
});

test("two owners execute, anybody sends", { timeout }, async () => {
  await mined(await wallet.sendTransaction({ to: safe.address, value: parseEther("1") }));
  const to = privateKeyToAccount(generatePrivateKey()).address;
  const args = await signed({ to, value: parseEther("0.4") }, [owners[0], owners[2]]);
  const { logs } = await mined(
    await wallet.writeContract({ ...safe, functionName: "execTransaction", args }),
  );
  assert.equal(parseEventLogs({ abi: safe.abi, eventName: "ExecutionSuccess", logs }).length, 1);
  assert.equal(await client.getBalance({ address: to }), parseEther("0.4"));
  const data = encodeFunctionData({ ...weth, functionName: "deposit" });
  const call = await signed({ to: weth.address, value: 5n, data }, [owners[0], owners[1]]);
  await mined(await wallet.writeContract({ ...safe, functionName: "execTransaction", args: call }));
  assert.equal(await client.readContract({ ...weth, functionName: "balanceOf", args: [safe.address] }), 5n);
});

test("one owner, or a stranger beside one, does not execute", { timeout }, async () => {
  const stranger = privateKeyToAccount(generatePrivateKey());
  const asked = { to: zeroAddress, value: 1n };
  const attempt = async (signers) =>
    client.simulateContract({ ...safe, functionName: "execTransaction", args: await signed(asked, signers) });
  await assert.rejects(attempt([owners[0]]), /GS020/);
  await assert.rejects(attempt([owners[0], stranger]), /GS026/);
  assert.equal(await read("nonce"), 2n);
});
