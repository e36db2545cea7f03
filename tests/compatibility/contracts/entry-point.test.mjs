// The EntryPoint of ERC-4337, version 0.8: its contracts as published, user operations of a simple account.
import assert from "node:assert/strict";
import { test } from "node:test";
import { concatHex, encodeFunctionData, parseEther, parseEventLogs, parseGwei } from "viem";
import {
  getUserOperationHash,
  getUserOperationTypedData,
  toPackedUserOperation,
} from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { genesis, published, timeout } from "../lib/chain.mjs";
import { client, deployed, mined, wallet, weth } from "../lib/viem.mjs";

const artifact = (name) => published(`@account-abstraction/contracts/artifacts/${name}.json`);
const account = artifact("SimpleAccount");
// Where it is on Ethereum and other chains, and the salt by which it came there.
const entryPoint = { address: "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108", abi: artifact("EntryPoint").abi };
const salt = "0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9";
const owner = privateKeyToAccount(generatePrivateKey());
let factory, sender;

const read = (functionName, ...args) => client.readContract({ ...entryPoint, functionName, args });
const execute = (target, value, data) =>
  encodeFunctionData({ abi: account.abi, functionName: "execute", args: [target, value, data] });
const deposit = encodeFunctionData({ ...weth, functionName: "deposit" });

/** A user operation that its owner has signed. */
async function operation(callData, creation = {}) {
  const userOperation = {
    sender,
    nonce: await read("getNonce", sender, 0n),
    callData,
    callGasLimit: 200_000n,
    verificationGasLimit: 500_000n,
    preVerificationGas: 50_000n,
    maxFeePerGas: parseGwei("1"),
    maxPriorityFeePerGas: 0n,
    signature: "0x",
    ...creation,
  };
  const typed = { chainId: client.chain.id, entryPointAddress: entryPoint.address, userOperation };
  const signature = await owner.signTypedData(getUserOperationTypedData(typed));
  const hash = getUserOperationHash({ ...typed, entryPointVersion: "0.8" });
  assert.equal(await read("getUserOpHash", toPackedUserOperation(userOperation)), hash);
  return { ...userOperation, signature, hash };
}

const handling = (...operations) => ({
  ...entryPoint,
  functionName: "handleOps",
  args: [operations.map((one) => toPackedUserOperation(one)), wallet.account.address],
});

/** What the EntryPoint says of an operation that it has handled. */
async function handled(one) {
  const { logs } = await mined(await wallet.writeContract(handling(one)));
  const [event] = parseEventLogs({ abi: entryPoint.abi, eventName: "UserOperationEvent", logs });
  assert.equal(event.args.userOpHash, one.hash);
  return event.args;
}

test("the EntryPoint comes to the address that it has everywhere", { timeout }, async () => {
  const data = concatHex([salt, artifact("EntryPoint").bytecode]);
  await mined(await wallet.sendTransaction({ to: genesis.deployer, data }));
  assert.ok((await client.getCode({ address: entryPoint.address })).length > 30_000);
  const { abi, bytecode } = artifact("SimpleAccountFactory");
  factory = { abi, address: await deployed({ abi, bytecode }, [entryPoint.address]) };
});

test("an operation makes the account and acts for it", { timeout }, async () => {
  sender = await client.readContract({ ...factory, functionName: "getAddress", args: [owner.address, 1n] });
  await mined(await wallet.sendTransaction({ to: sender, value: parseEther("1") }));
  const factoryData = encodeFunctionData({
    ...factory,
    functionName: "createAccount",
    args: [owner.address, 1n],
  });
  const one = await operation(execute(weth.address, 6n, deposit), { factory: factory.address, factoryData });
  const { success, actualGasCost } = await handled(one);
  assert.ok(success && actualGasCost > 0n);
  assert.equal(await client.readContract({ ...weth, functionName: "balanceOf", args: [sender] }), 6n);
  assert.equal(
    await client.readContract({ address: sender, abi: account.abi, functionName: "owner" }),
    owner.address,
  );
});

test("the next operation, and one whose call fails", { timeout }, async () => {
  const to = privateKeyToAccount(generatePrivateKey()).address;
  assert.equal((await handled(await operation(execute(to, 8n, "0x")))).success, true);
  assert.equal(await client.getBalance({ address: to }), 8n);
  assert.equal((await handled(await operation(execute(to, parseEther("1000"), "0x")))).success, false);
  assert.equal(await read("getNonce", sender, 0n), 3n);
});

test("an operation that another has signed is refused", { timeout }, async () => {
  const one = await operation(execute(weth.address, 1n, deposit));
  const signature = await privateKeyToAccount(generatePrivateKey()).sign({ hash: one.hash });
  await assert.rejects(client.simulateContract(handling({ ...one, signature })), /AA24 signature error/);
});
