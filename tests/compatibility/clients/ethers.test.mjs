// What ethers' users see: transactions, errors by their codes, logs, events.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ethers } from "ethers";
import { chainId, genesis, initCodeOf, timeout } from "../lib/chain.mjs";
import { Live, fundedWallet, mined, provider, wallet, weth } from "../lib/ethers.mjs";

const me = wallet.address;
const ether = ethers.parseEther;
const deposit = weth.interface.encodeFunctionData("deposit");
const send = async (request) => mined(wallet.sendTransaction(request));
const refused = (promise, code, text = /./) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, code, error.shortMessage);
    // What the node said, where ethers keeps it.
    assert.match(error.error?.message ?? error.info?.error?.message ?? error.message, text);
    return true;
  });

after(() => provider.destroy());

test("the network, its fees, and the first deposit", { timeout }, async () => {
  assert.equal((await provider.getNetwork()).chainId, BigInt(chainId));
  const { gasPrice, maxFeePerGas } = await provider.getFeeData();
  assert.ok(gasPrice > 0n && maxFeePerGas > 0n);
  const block = await provider.getBlock(1, true);
  assert.equal(block.prefetchedTransactions[0].type, 0x7f);
  assert.equal((await provider.getTransactionReceipt(block.transactions[0])).status, 1);
});

test("a legacy transaction, and one with an access list", { timeout }, async () => {
  const { gasPrice } = await provider.getFeeData();
  const legacy = await send({ type: 0, to: me, value: 1n, gasPrice });
  assert.deepEqual([legacy.type, legacy.gasPrice], [0, (await legacy.getTransaction()).gasPrice]);
  const accessList = [{ address: genesis.weth, storageKeys: [ethers.ZeroHash] }];
  const listed = await send({ type: 1, to: genesis.weth, data: deposit, value: 1n, gasPrice, accessList });
  assert.deepEqual((await listed.getTransaction()).accessList, accessList);
});

test("a transaction of EIP-1559 pays the base fee and the tip", { timeout }, async () => {
  const receipt = await send({
    to: me,
    maxFeePerGas: ethers.parseUnits("1", "gwei"),
    maxPriorityFeePerGas: 9n,
  });
  const { baseFeePerGas } = await receipt.getBlock();
  assert.deepEqual([receipt.type, receipt.gasPrice], [2, baseFeePerGas + 9n]);
});

test("an account delegates to Multicall3 (EIP-7702)", { timeout }, async () => {
  const owner = await fundedWallet(ether("1"));
  // Its own transaction takes the nonce before the authorization's.
  const authorization = await owner.authorize({ address: genesis.multicall, nonce: 1 });
  const multicall = new ethers.Interface([
    "function aggregate3Value((address,bool,uint256,bytes)[]) payable",
  ]);
  const data = multicall.encodeFunctionData("aggregate3Value", [[[genesis.weth, false, 3n, deposit]]]);
  const receipt = await mined(
    owner.sendTransaction({ to: owner.address, data, value: 3n, authorizationList: [authorization] }),
  );
  assert.equal(receipt.type, 4);
  assert.equal(await provider.getCode(owner.address), ethers.concat(["0xef0100", genesis.multicall]));
  assert.equal(await weth.balanceOf(owner.address), 3n);
  const { authorizationList } = await receipt.getTransaction();
  assert.equal(authorizationList[0].address, genesis.multicall);
});

test("blobs are refused, with the reason", { timeout }, async () => {
  const point = `0x${"c0".padEnd(96, "0")}`;
  const blobs = [{ data: `0x${"00".repeat(131_072)}`, commitment: point, proof: point }];
  const request = { type: 3, to: me, blobs, maxFeePerBlobGas: 1n, gasLimit: 21_000n };
  await refused(wallet.sendTransaction(request), "UNKNOWN_ERROR", /transaction type not supported/);
});

test("contracts are deployed; those over the size are refused", { timeout }, async () => {
  const factory = (code) => new ethers.ContractFactory([], code, wallet);
  const contract = await (await factory(initCodeOf(100)).deploy()).waitForDeployment();
  assert.equal(ethers.dataLength(await contract.getDeployedCode()), 100);
  await refused(factory(initCodeOf(24_577)).deploy(), "CALL_EXCEPTION", /max code size exceeded/);
  const sent = await factory(initCodeOf(24_577)).deploy({ gasLimit: 6_000_000n });
  await refused(sent.waitForDeployment(), "CALL_EXCEPTION");
});

test("a nonce that was used is NONCE_EXPIRED", { timeout }, async () => {
  await refused(wallet.sendTransaction({ to: me, nonce: 0, gasLimit: 21_000n }), "NONCE_EXPIRED");
});

test("more than the account has is INSUFFICIENT_FUNDS", { timeout }, async () => {
  const poor = ethers.Wallet.createRandom(provider);
  await refused(poor.sendTransaction({ to: me, value: 1n }), "INSUFFICIENT_FUNDS");
  await refused(poor.sendTransaction({ to: me, value: 1n, gasLimit: 21_000n }), "INSUFFICIENT_FUNDS");
});

test(
  "a replacement that pays too little is REPLACEMENT_UNDERPRICED, one that pays enough is found",
  { timeout },
  async () => {
    const sender = await fundedWallet(ether("1"));
    const second = {
      to: me,
      nonce: 1,
      gasLimit: 21_000n,
      maxFeePerGas: 10n ** 9n,
      maxPriorityFeePerGas: 1000n,
    };
    const first = await sender.sendTransaction(second);
    await refused(
      sender.sendTransaction({ ...second, maxPriorityFeePerGas: 1001n }),
      "REPLACEMENT_UNDERPRICED",
    );
    const dearer = { ...second, maxFeePerGas: 2n * 10n ** 9n, maxPriorityFeePerGas: 2000n };
    const better = await sender.sendTransaction(dearer);
    const waiting = assert.rejects(first.wait(), (error) => {
      assert.deepEqual(
        [error.code, error.reason, error.hash],
        ["TRANSACTION_REPLACED", "repriced", better.hash],
      );
      return error.receipt.status === 1;
    });
    await mined(sender.sendTransaction({ to: me, nonce: 0, gasLimit: 21_000n }));
    await waiting;
  },
);

test("a call that reverts is CALL_EXCEPTION, with what was said", { timeout }, async () => {
  const stranger = weth.connect(ethers.Wallet.createRandom(provider));
  for (const attempt of [stranger.transfer.staticCall(me, 1n), stranger.transfer.estimateGas(me, 1n)]) {
    await assert.rejects(attempt, (error) => {
      const { name, args } = weth.interface.parseError(error.data);
      assert.deepEqual([error.code, name, args.needed], ["CALL_EXCEPTION", "ERC20InsufficientBalance", 1n]);
      return true;
    });
  }
  const failing = await weth.transfer(me, 10n ** 30n, { gasLimit: 100_000n });
  await assert.rejects(
    failing.wait(),
    (error) => error.code === "CALL_EXCEPTION" && error.receipt.status === 0,
  );
});

test("what is estimated is enough", { timeout }, async () => {
  const to = ethers.Wallet.createRandom().address;
  const gasLimit = await weth.deposit.estimateGas({ value: 10n });
  await mined(weth.deposit({ value: 10n, gasLimit }));
  await mined(weth.transfer(to, 1n, { gasLimit: await weth.transfer.estimateGas(to, 1n) }));
  assert.equal(await wallet.estimateGas({ to: me }), 21_000n);
});

test("logs and events of the past", { timeout }, async () => {
  const receipt = await mined(weth.deposit({ value: 12n }));
  const events = await weth.queryFilter(weth.filters.Transfer(null, me), receipt.blockNumber);
  const found = events.find(({ transactionHash }) => transactionHash === receipt.hash);
  assert.equal(found.args.value, 12n);
  const [log] = await provider.getLogs({ address: genesis.weth, blockHash: receipt.blockHash });
  assert.deepEqual([log.topics, log.index], [receipt.logs[0].topics, receipt.logs[0].index]);
});

test("blocks, logs and transactions are heard over a WebSocket", { timeout }, async () => {
  const live = new Live();
  try {
    const [blocks, hashes] = [new Set(), new Set()];
    const logged = new Promise((resolve) => live.on({ address: genesis.weth }, resolve));
    const seen = new Promise((resolve) => {
      live.on("block", (number) => resolve(blocks.add(number)));
      live.on("pending", (hash) => hashes.add(hash));
    });
    await live.subscribed(3);
    const receipt = await mined(weth.deposit({ value: 1n }));
    const log = await logged;
    assert.deepEqual([log.transactionHash, log.blockHash], [receipt.hash, receipt.blockHash]);
    await seen;
    while (!blocks.has(receipt.blockNumber) || !hashes.has(receipt.hash)) await live.getBlockNumber();
  } finally {
    await live.destroy();
  }
});

test("blocks and logs are heard over HTTP, by filters and by asking", { timeout }, async () => {
  const heard = new Promise((resolve) => weth.once("Transfer", (...args) => resolve(args)));
  const block = new Promise((resolve) => provider.once("block", resolve));
  let isHeard = false;
  heard.then(() => (isHeard = true));
  while (!isHeard) await mined(weth.deposit({ value: 2n }));
  assert.equal((await heard)[2], 2n);
  assert.ok((await block) > 0);
  // The filters are taken back before the provider ends.
  await provider.send("eth_chainId", []);
});
