// What wallets and sites do, with the libraries that they are made with. Arguments: host:port, a private key with money,
// the address of a contract that logs its calldata, one that reverts with its calldata.
import assert from "node:assert/strict";
import { ethers } from "ethers";
import { createPublicClient, createWalletClient, defineChain, http, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const [host, key, logger, reverter] = process.argv.slice(2);
const word = (number) => ethers.zeroPadValue(ethers.toBeHex(number), 32);
const reason = new ethers.Interface(["error Error(string)"]).encodeErrorResult("Error", ["no way"]);

async function withViem() {
  const chain = defineChain({
    id: 1337,
    name: "rollup",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [`http://${host}`] } },
  });
  const options = { chain, pollingInterval: 100 };
  const client = createPublicClient({ ...options, transport: http() });
  const live = createPublicClient({ ...options, transport: webSocket(`ws://${host}`) });
  assert.equal(await client.getChainId(), 1337);

  // A block with an operation in it.
  const first = await client.getBlock({ blockNumber: 1n, includeTransactions: true });
  assert.equal(first.transactions.length, 3);
  assert.equal(first.transactions[0].typeHex, "0x7f");
  assert.equal(first.transactions[1].type, "eip1559");
  assert.equal(first.transactions[2].type, "eip7702");
  const operation = await client.getTransactionReceipt({ hash: first.transactions[0].hash });
  assert.equal(operation.status, "success");
  assert.equal((await client.getBlock({ blockTag: "pending" })).hash, null);

  const heads = [];
  const logs = [];
  const unwatchHeads = live.watchBlockNumber({ onBlockNumber: (number) => heads.push(number) });
  const unwatchLogs = live.watchEvent({ address: logger, onLogs: (found) => logs.push(...found) });
  await new Promise((resolve) => setTimeout(resolve, 500));

  const account = privateKeyToAccount(key);
  const wallet = createWalletClient({ ...options, account, transport: http() });
  const hash = await wallet.sendTransaction({ to: logger, data: word(1) });
  const receipt = await client.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  assert.equal(receipt.logs[0].topics[1], word(1));
  const found = await client.getLogs({ address: logger, fromBlock: receipt.blockNumber });
  assert.equal(found[0].transactionHash, hash);
  while (logs.length === 0 || heads.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(logs[0].transactionHash, hash);
  unwatchHeads();
  unwatchLogs();

  const sync = await wallet.sendTransactionSync({ to: account.address, value: 1n });
  assert.equal(sync.status, "success");
  await assert.rejects(client.call({ to: reverter, data: reason }), /no way/);
  const proof = await client.getProof({ address: logger, storageKeys: [word(0)] });
  assert.equal(proof.storageProof[0].value, 0n);
  const history = await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
  assert.equal(history.reward.length, 2);
  assert.ok((await client.estimateFeesPerGas()).maxFeePerGas > 0n);
  const filter = await client.createEventFilter({ address: logger });
  assert.deepEqual(await client.getFilterChanges({ filter }), []);
  live.transport.getRpcClient().then((rpc) => rpc.close());
}

async function withEthers() {
  const provider = new ethers.JsonRpcProvider(`http://${host}`, undefined, { pollingInterval: 100 });
  const live = new ethers.WebSocketProvider(`ws://${host}`);
  assert.equal((await provider.getNetwork()).chainId, 1337n);
  const first = await provider.getBlock(1, true);
  assert.equal(first.prefetchedTransactions.length, 3);
  assert.equal(first.prefetchedTransactions[0].type, 0x7f);
  assert.equal((await provider.getTransactionReceipt(first.transactions[0])).status, 1);

  const logged = new Promise((resolve) => live.once({ address: logger }, resolve));
  const mined = new Promise((resolve) => live.once("block", resolve));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const wallet = new ethers.Wallet(key, provider);
  const sent = await wallet.sendTransaction({ to: logger, data: word(2) });
  const receipt = await sent.wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.logs[0].topics[1], word(2));
  assert.equal((await logged).transactionHash, sent.hash);
  assert.ok((await mined) >= receipt.blockNumber);
  await assert.rejects(provider.call({ to: reverter, data: reason }), /no way/);
  await assert.rejects(wallet.estimateGas({ to: reverter, data: reason }), /no way/);
  assert.equal((await provider.getLogs({ address: logger, fromBlock: receipt.blockNumber })).length, 1);
  assert.ok((await provider.getFeeData()).gasPrice > 0n);
  await live.destroy();
  provider.destroy();
}

await withViem();
await withEthers();
console.log("viem and ethers agree with the server");
process.exit(0);
