// Transactions of every type, and what is refused, as viem's users see it.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FeeCapTooLowError,
  InsufficientFundsError,
  IntrinsicGasTooLowError,
  NonceTooLowError,
  concatHex,
  encodeFunctionData,
  keccak256,
  parseAbi,
  parseEther,
  parseGwei,
  zeroAddress,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { genesis, initCodeOf, timeout } from "../lib/chain.mjs";
import { client, fundedWallet, mined, wallet, walletOf, weth } from "../lib/viem.mjs";

const me = wallet.account.address;
const batch = parseAbi([
  "struct Call { address target; bool allowFailure; uint256 value; bytes callData; }",
  "function aggregate3Value(Call[] calls) payable",
]);
const deposit = encodeFunctionData({ ...weth, functionName: "deposit" });
const wrapped = (address) => client.readContract({ ...weth, functionName: "balanceOf", args: [address] });

/** Asserts that a promise fails with an error of this class somewhere in its causes, or with this text of the node. */
async function refused(promise, expected) {
  await assert.rejects(promise, (error) => {
    if (expected instanceof RegExp) return assert.match(error.details, expected) ?? true;
    assert.ok(
      error.walk((cause) => cause instanceof expected),
      `${expected.name} expected, not ${error}`,
    );
    return true;
  });
}

test("a legacy transaction", { timeout }, async () => {
  const gasPrice = await client.getGasPrice();
  const { transactionHash } = await mined(
    await wallet.sendTransaction({ type: "legacy", to: me, value: 1n, gasPrice }),
  );
  const transaction = await client.getTransaction({ hash: transactionHash });
  assert.equal(transaction.type, "legacy");
  assert.equal(transaction.chainId, await client.getChainId());
  assert.equal(transaction.gasPrice, gasPrice);
});

test("a transaction with an access list", { timeout }, async () => {
  const call = { account: wallet.account, to: weth.address, data: deposit, value: 1n };
  const { accessList, gasUsed } = await client.createAccessList(call);
  assert.deepEqual(
    accessList.map(({ address }) => address),
    [weth.address.toLowerCase()],
  );
  const receipt = await mined(await wallet.sendTransaction({ ...call, type: "eip2930", accessList }));
  assert.equal(receipt.gasUsed, gasUsed);
  const transaction = await client.getTransaction({ hash: receipt.transactionHash });
  assert.equal(transaction.type, "eip2930");
  assert.deepEqual(transaction.accessList, accessList);
});

test("a transaction of EIP-1559 pays the base fee and the tip", { timeout }, async () => {
  const fees = { maxFeePerGas: parseGwei("1"), maxPriorityFeePerGas: 7n };
  const receipt = await mined(await wallet.sendTransaction({ to: me, ...fees }));
  const block = await client.getBlock({ blockHash: receipt.blockHash });
  assert.equal(receipt.type, "eip1559");
  assert.equal(receipt.effectiveGasPrice, block.baseFeePerGas + 7n);
});

test("an account delegates to Multicall3 and calls through it (EIP-7702)", { timeout }, async () => {
  const owner = await fundedWallet(parseEther("1"));
  const { address } = owner.account;
  const calls = [1n, 2n].map((value) => ({
    target: weth.address,
    allowFailure: false,
    value,
    callData: deposit,
  }));
  const data = encodeFunctionData({ abi: batch, functionName: "aggregate3Value", args: [calls] });
  const authorize = (contractAddress) => owner.signAuthorization({ contractAddress, executor: "self" });
  const authorizationList = [await authorize(genesis.multicall)];
  const hash = await owner.sendTransaction({ authorizationList, to: address, data, value: 3n });
  const receipt = await mined(hash);
  assert.equal(receipt.type, "eip7702");
  assert.equal(await client.getCode({ address }), concatHex(["0xef0100", genesis.multicall]).toLowerCase());
  assert.equal(await wrapped(address), 3n);
  const transaction = await client.getTransaction({ hash });
  assert.deepEqual(
    transaction.authorizationList.map(({ address }) => address),
    [genesis.multicall.toLowerCase()],
  );
  // And back.
  await mined(
    await owner.sendTransaction({ authorizationList: [await authorize(zeroAddress)], to: address }),
  );
  assert.equal(await client.getCode({ address }), undefined);
});

test("somebody else pays for an account that delegates (EIP-7702)", { timeout }, async () => {
  const poor = privateKeyToAccount(generatePrivateKey());
  const authorization = await wallet.signAuthorization({ account: poor, contractAddress: genesis.multicall });
  const calls = [{ target: weth.address, allowFailure: false, value: 5n, callData: deposit }];
  const data = encodeFunctionData({ abi: batch, functionName: "aggregate3Value", args: [calls] });
  await mined(
    await wallet.sendTransaction({ authorizationList: [authorization], to: poor.address, data, value: 5n }),
  );
  assert.equal(await wrapped(poor.address), 5n);
  assert.equal(await client.getTransactionCount({ address: poor.address }), 1);
});

test("blobs are refused, with the reason", { timeout }, async () => {
  const blob = `0x${"00".repeat(131_072)}`;
  const point = `0x${"c0".padEnd(96, "0")}`;
  const blobs = {
    type: "eip4844",
    to: me,
    maxFeePerBlobGas: 1n,
    sidecars: [{ blob, commitment: point, proof: point }],
    blobVersionedHashes: [`0x01${keccak256(point).slice(4)}`],
  };
  await refused(wallet.sendTransaction(blobs), /blob transactions .* not accepted/);
  await refused(wallet.sendTransaction({ ...blobs, gas: 21_000n }), /transaction type not supported/);
});

test("a contract of the greatest size is deployed, a larger one is not (EIP-170)", { timeout }, async () => {
  const most = 24_576;
  const { contractAddress } = await mined(await wallet.sendTransaction({ data: initCodeOf(most) }));
  assert.equal((await client.getCode({ address: contractAddress })).length, 2 + 2 * most);
  await refused(wallet.sendTransaction({ data: initCodeOf(most + 1) }), /max code size exceeded/);
  const hash = await wallet.sendTransaction({ data: initCodeOf(most + 1), gas: 6_000_000n });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "reverted");
  assert.equal(receipt.gasUsed, 6_000_000n);
});

test("init code over its size is refused (EIP-3860)", { timeout }, async () => {
  const data = `0x${"00".repeat(49_153)}`;
  await refused(wallet.sendTransaction({ data }), /max initcode size exceeded/);
  await refused(wallet.sendTransaction({ data, gas: 10_000_000n }), /max initcode size exceeded/);
});

test("a gas limit above that of transactions is refused (EIP-7825)", { timeout }, async () => {
  await refused(wallet.sendTransaction({ to: me, gas: (1n << 24n) + 1n }), /gas limit too high/);
});

test("a nonce that was used is NonceTooLowError", { timeout }, async () => {
  await refused(wallet.sendTransaction({ to: me, nonce: 0, gas: 21_000n }), NonceTooLowError);
});

test("more than the account has is InsufficientFundsError", { timeout }, async () => {
  const poor = walletOf(generatePrivateKey());
  const payment = { to: me, value: 1n };
  await refused(poor.sendTransaction(payment), InsufficientFundsError);
  await refused(poor.sendTransaction({ ...payment, gas: 21_000n }), InsufficientFundsError);
});

test("too little gas is IntrinsicGasTooLowError, too low a fee FeeCapTooLowError", { timeout }, async () => {
  await refused(wallet.sendTransaction({ to: me, gas: 20_999n }), IntrinsicGasTooLowError);
  const cheap = { account: me, to: me, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };
  await refused(client.estimateGas(cheap), FeeCapTooLowError);
});

test("a replacement pays more, and takes the place of the first", { timeout }, async () => {
  const sender = await fundedWallet(parseEther("1"));
  const { address } = sender.account;
  // The second of the account waits for the first, so it can be replaced in peace.
  const second = {
    to: me,
    value: 1n,
    nonce: 1,
    gas: 21_000n,
    maxFeePerGas: parseGwei("1"),
    maxPriorityFeePerGas: 1000n,
  };
  const first = await sender.sendTransaction(second);
  const dearer = { ...second, maxFeePerGas: parseGwei("1.1"), maxPriorityFeePerGas: 1100n };
  await refused(
    sender.sendTransaction({ ...dearer, maxPriorityFeePerGas: 1099n }),
    /replacement transaction underpriced/,
  );
  await refused(sender.sendTransaction(second), /already known/);
  const better = await sender.sendTransaction(dearer);
  await assert.rejects(client.getTransaction({ hash: first }), { name: "TransactionNotFoundError" });
  assert.equal(await client.getTransactionCount({ address, blockTag: "pending" }), 0);
  await sender.sendTransaction({ to: me, nonce: 0, gas: 21_000n });
  assert.equal((await mined(better)).transactionHash, better);
});

test("transactions that are sent and waited for in one request (EIP-7966)", { timeout }, async () => {
  const receipt = await wallet.sendTransactionSync({ to: me, value: 1n });
  assert.equal(receipt.status, "success");
  assert.deepEqual(await client.getTransactionReceipt({ hash: receipt.transactionHash }), receipt);
  const request = await wallet.prepareTransactionRequest({ to: me, value: 2n });
  const serializedTransaction = await wallet.signTransaction(request);
  assert.equal((await client.sendRawTransactionSync({ serializedTransaction })).status, "success");
});

test("what is estimated is enough, for a transfer it is exact", { timeout }, async () => {
  assert.equal(await client.estimateGas({ account: me, to: zeroAddress, value: 1n }), 21_000n);
  const cold = privateKeyToAccount(generatePrivateKey()).address;
  const data = (to) => encodeFunctionData({ ...weth, functionName: "transfer", args: [to, 1n] });
  await mined(await wallet.sendTransaction({ to: weth.address, data: deposit, value: 10n }));
  for (const call of [
    { to: weth.address, data: data(cold) },
    { to: weth.address, data: data(cold) },
    { to: weth.address, data: deposit, value: 1n },
    { to: cold, data: `0x${"11".repeat(1000)}` },
    { data: initCodeOf(1000) },
  ]) {
    const gas = await client.estimateGas({ account: me, ...call });
    await mined(await wallet.sendTransaction({ ...call, gas }));
  }
});
