// Blocks, state, logs, filters and proofs, as viem's users read them. What has a hash or a root is computed again.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ContractFunctionRevertedError,
  concatHex,
  createPublicClient,
  encodeAbiParameters,
  encodeFunctionData,
  http,
  keccak256,
  parseAbiItem,
  parseEther,
  zeroAddress,
  zeroHash,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { genesis, rpc, timeout } from "../lib/chain.mjs";
import { checkedAccount, listRoot, rlp } from "../lib/trie.mjs";
import { client, fundedWallet, mined, wallet, weth } from "../lib/viem.mjs";

const me = wallet.account.address;
const event = parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)");
const request = (method, ...params) => client.request({ method, params });
const write = async (functionName, args, value) =>
  mined(await wallet.writeContract({ ...weth, functionName, args, value }));
const fresh = () => privateKeyToAccount(generatePrivateKey()).address;

test("the hash and the roots of a block are those of its content", { timeout }, async () => {
  const { blockNumber } = await write("deposit", [], 1n);
  for (const number of [1n, blockNumber]) {
    const block = await request("eth_getBlockByNumber", `0x${number.toString(16)}`, true);
    const header = [
      ...["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"],
      ...["difficulty#", "number#", "gasLimit#", "gasUsed#", "timestamp#", "extraData", "mixHash", "nonce"],
      ...[
        "baseFeePerGas#",
        "withdrawalsRoot",
        "blobGasUsed#",
        "excessBlobGas#",
        "parentBeaconBlockRoot",
        "requestsHash",
      ],
    ];
    const fields = header.map((name) =>
      name.endsWith("#") ? BigInt(block[name.slice(0, -1)]) : block[name],
    );
    assert.equal(keccak256(rlp(fields)), block.hash);
    const bytes = block.transactions.map(({ hash }) => request("eth_getRawTransactionByHash", hash));
    assert.equal(await listRoot(await Promise.all(bytes)), block.transactionsRoot);
    const receipts = await request("eth_getBlockReceipts", block.hash);
    assert.equal(await listRoot(receipts.map(encoded)), block.receiptsRoot);
  }
});

/** The encoding of a receipt (EIP-2718). */
function encoded({ type, status, cumulativeGasUsed, logsBloom, logs }) {
  const lines = logs.map(({ address, topics, data }) => [address, topics, data]);
  const content = rlp([BigInt(status), BigInt(cumulativeGasUsed), logsBloom, lines]);
  return BigInt(type) === 0n
    ? content
    : concatHex([`0x${BigInt(type).toString(16).padStart(2, "0")}`, content]);
}

test("the receipts of a block are those of its transactions", { timeout }, async () => {
  const { blockHash } = await write("deposit", [], 1n);
  const receipts = await request("eth_getBlockReceipts", blockHash);
  const { transactions } = await client.getBlock({ blockHash });
  assert.deepEqual(
    receipts.map(({ transactionHash }) => transactionHash),
    transactions,
  );
  for (const receipt of receipts) {
    assert.deepEqual(await request("eth_getTransactionReceipt", receipt.transactionHash), receipt);
  }
});

test("blocks by name, from the first to the next", { timeout }, async () => {
  const first = await client.getBlock({ blockTag: "earliest", includeTransactions: true });
  assert.deepEqual([first.number, first.parentHash, first.transactions], [0n, zeroHash, []]);
  const latest = await client.getBlock();
  for (const blockTag of ["safe", "finalized"])
    assert.ok((await client.getBlock({ blockTag })).number <= latest.number);
  const pending = await client.getBlock({ blockTag: "pending" });
  assert.equal(pending.hash, null);
  assert.ok(pending.number > latest.number && pending.baseFeePerGas > 0n);
  await assert.rejects(client.getBlock({ blockNumber: 1_000_000n }), { name: "BlockNotFoundError" });
});

test("a deposit from Ethereum is a transaction like others, of its own type", { timeout }, async () => {
  const { transactions } = await client.getBlock({ blockNumber: 1n, includeTransactions: true });
  assert.equal(transactions[0].typeHex, "0x7f");
  const receipt = await client.getTransactionReceipt({ hash: transactions[0].hash });
  assert.equal(receipt.status, "success");
  assert.ok((await client.getBalance({ address: receipt.to, blockNumber: 1n })) >= parseEther("100"));
});

test("state at old blocks", { timeout }, async () => {
  const to = fresh();
  const hash = await wallet.sendTransaction({ to, value: 3n });
  const { blockNumber } = await mined(hash);
  assert.equal(await client.getBalance({ address: to, blockNumber: blockNumber - 1n }), 0n);
  assert.equal(await client.getBalance({ address: to, blockNumber }), 3n);
  const nonce = await client.getTransactionCount({ address: me, blockNumber });
  assert.equal(await client.getTransactionCount({ address: me, blockNumber: blockNumber - 1n }), nonce - 1);
  assert.equal(
    await client.getStorageAt({ address: weth.address, slot: "0x1", blockNumber: 0n }),
    await client.getStorageAt({ address: weth.address, slot: "0x1" }),
  );
});

test("many calls in one by Multicall3, and many requests in one", { timeout }, async () => {
  const symbol = { ...weth, functionName: "symbol" };
  const balance = { ...weth, functionName: "balanceOf", args: [zeroAddress] };
  const answers = await client.multicall({ contracts: [symbol, balance], allowFailure: false });
  assert.deepEqual(answers, ["WETH", 0n]);
  const batching = createPublicClient({ transport: http(rpc, { batch: true }) });
  const [number, id] = await Promise.all([batching.getBlockNumber(), batching.getChainId()]);
  assert.ok(number > 0n && id === client.chain.id);
});

test("a call that reverts says why", { timeout }, async () => {
  const call = { ...weth, functionName: "transfer", args: [me, 1n], account: fresh() };
  await assert.rejects(client.simulateContract(call), (error) => {
    const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
    assert.deepEqual(
      [reverted.data.errorName, reverted.data.args],
      ["ERC20InsufficientBalance", [call.account, 0n, 1n]],
    );
    return true;
  });
});

test("a call over a state that its sender changed", { timeout }, async () => {
  const stranger = fresh();
  const data = encodeFunctionData({ ...weth, functionName: "deposit" });
  const call = { account: stranger, to: weth.address, data, value: parseEther("1") };
  await assert.rejects(client.call({ ...call, gasPrice: 10n ** 9n }), /insufficient|exceeds the balance/i);
  await client.call({ ...call, stateOverride: [{ address: stranger, balance: parseEther("2") }] });
  const code = "0x60015f5260205ff3";
  const changed = await client.call({ to: stranger, stateOverride: [{ address: stranger, code }] });
  assert.equal(BigInt(changed.data), 1n);
});

test("logs by address, event, arguments, blocks, and hash of the block", { timeout }, async () => {
  const to = fresh();
  await write("deposit", [], 10n);
  const first = await write("transfer", [to, 1n]);
  const second = await write("transfer", [to, 2n]);
  const range = { fromBlock: first.blockNumber, toBlock: "latest" };
  const values = (logs) => logs.map(({ args }) => args.value);
  const found = await client.getLogs({ address: weth.address, event, args: { to }, ...range });
  assert.deepEqual(values(found), [1n, 2n]);
  const { blockHash, transactionHash, transactionIndex, logIndex, removed } = first.logs[0];
  assert.deepEqual(
    { blockHash, transactionHash, transactionIndex, logIndex, removed },
    {
      blockHash: found[0].blockHash,
      transactionHash: first.transactionHash,
      transactionIndex: first.transactionIndex,
      logIndex: found[0].logIndex,
      removed: false,
    },
  );
  assert.equal(found[0].blockTimestamp, (await client.getBlock({ blockHash })).timestamp);
  const inBlock = await client.getLogs({
    event,
    args: { from: me, to: [to, zeroAddress] },
    blockHash: second.blockHash,
  });
  assert.deepEqual(values(inBlock), [2n]);
  assert.deepEqual(await client.getLogs({ address: zeroAddress, event, ...range }), []);
  assert.deepEqual(
    await client.getContractEvents({ ...weth, eventName: "Transfer", args: { to }, ...range }),
    found,
  );
});

test("filters of logs, blocks and transactions answer what is new", { timeout }, async () => {
  const to = fresh();
  await write("deposit", [], 10n);
  const fromBlock = await client.getBlockNumber();
  const logs = await client.createEventFilter({ address: weth.address, event, args: { to }, fromBlock });
  const blocks = await client.createBlockFilter();
  const transactions = await client.createPendingTransactionFilter();
  assert.deepEqual(await client.getFilterChanges({ filter: logs }), []);
  const { transactionHash, blockHash } = await write("transfer", [to, 7n]);
  const [found] = await client.getFilterChanges({ filter: logs });
  assert.deepEqual([found.args.value, found.transactionHash], [7n, transactionHash]);
  assert.deepEqual(await client.getFilterChanges({ filter: logs }), []);
  assert.deepEqual(await client.getFilterLogs({ filter: logs }), [found]);
  assert.ok((await client.getFilterChanges({ filter: blocks })).includes(blockHash));
  assert.ok((await client.getFilterChanges({ filter: transactions })).includes(transactionHash));
  assert.equal(await client.uninstallFilter({ filter: logs }), true);
  await assert.rejects(client.getFilterChanges({ filter: logs }), /filter not found/);
});

test("the history of fees is that of the blocks", { timeout }, async () => {
  await mined(await wallet.sendTransaction({ to: me, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 5n }));
  const blockNumber = await client.getBlockNumber();
  const history = await client.getFeeHistory({ blockCount: 3, blockNumber, rewardPercentiles: [0, 100] });
  assert.equal(history.oldestBlock, blockNumber - 2n);
  assert.deepEqual(
    [history.baseFeePerGas.length, history.gasUsedRatio.length, history.reward.length],
    [4, 3, 3],
  );
  for (let index = 0; index < 3; index += 1) {
    const block = await client.getBlock({ blockNumber: history.oldestBlock + BigInt(index) });
    assert.equal(history.baseFeePerGas[index], block.baseFeePerGas);
    assert.ok(Math.abs(history.gasUsedRatio[index] - Number(block.gasUsed) / Number(block.gasLimit)) < 1e-9);
  }
  assert.equal(history.reward[2][1], 5n);
  const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas();
  assert.ok(maxFeePerGas >= history.baseFeePerGas[3] && maxPriorityFeePerGas === 0n);
});

test("proofs of accounts and slots hold under the block's state root", { timeout }, async () => {
  const holder = await fundedWallet(10n ** 16n);
  const { address } = holder.account;
  const { blockNumber } = await mined(
    await holder.writeContract({ ...weth, functionName: "deposit", value: 9n }),
  );
  const { stateRoot } = await client.getBlock({ blockNumber });
  // The mapping of balances of OpenZeppelin's upgradeable ERC-20 (ERC-7201).
  const base = "0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00";
  const slotOf = (owner) =>
    keccak256(encodeAbiParameters([{ type: "address" }, { type: "bytes32" }], [owner, base]));
  const storageKeys = [slotOf(address), slotOf(fresh()), zeroHash];
  const proof = await client.getProof({ address: weth.address, storageKeys, blockNumber });
  assert.equal(await checkedAccount(stateRoot, proof), true);
  assert.deepEqual(
    proof.storageProof.slice(0, 2).map(({ value }) => value),
    [9n, 0n],
  );
  const own = await client.getProof({ address, storageKeys: [zeroHash], blockNumber });
  assert.equal(await checkedAccount(stateRoot, own), true);
  assert.equal(own.balance, await client.getBalance({ address, blockNumber }));
  const nobody = await client.getProof({ address: fresh(), storageKeys: [], blockNumber });
  assert.equal(await checkedAccount(stateRoot, nobody), false);
  await assert.rejects(checkedAccount(stateRoot, { ...own, balance: own.balance + 1n }));
  const {
    storageProof: [slot, ...others],
  } = proof;
  await assert.rejects(
    checkedAccount(stateRoot, { ...proof, storageProof: [{ ...slot, value: 10n }, ...others] }),
  );
});

test("the contracts of the genesis block are there", { timeout }, async () => {
  for (const address of Object.values(genesis))
    assert.ok((await client.getCode({ address })).length > 100, address);
});
