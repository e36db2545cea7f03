// What viem hears over a WebSocket.
import assert from "node:assert/strict";
import { test } from "node:test";
import { timeout } from "../lib/chain.mjs";
import { live, mined, wallet, weth } from "../lib/viem.mjs";

/** Subscribes, and gives what comes one after the other. */
async function subscribed(client, ...params) {
  const [come, waiting] = [[], []];
  const onData = ({ result }) => (waiting.length > 0 ? waiting.shift()(result) : come.push(result));
  const { unsubscribe } = await client.transport.subscribe({ params, onData });
  const next = async (is = () => true) => {
    for (;;) {
      const found = come.length > 0 ? come.shift() : await new Promise((resolve) => waiting.push(resolve));
      if (is(found)) return found;
    }
  };
  return { next, come, unsubscribe };
}

test("new heads, logs and transactions", { timeout }, async () => {
  const client = await live();
  try {
    const heads = await subscribed(client, "newHeads");
    const logs = await subscribed(client, "logs", { address: weth.address });
    const others = await subscribed(client, "logs", { address: wallet.account.address });
    const transactions = await subscribed(client, "newPendingTransactions");
    const whole = await subscribed(client, "newPendingTransactions", true);
    const hash = await wallet.writeContract({ ...weth, functionName: "deposit", value: 4n });
    const receipt = await mined(hash);
    const head = await heads.next(({ hash }) => hash === receipt.blockHash);
    const block = await client.request({ method: "eth_getBlockByHash", params: [receipt.blockHash, false] });
    const { size, totalDifficulty, transactions: list, uncles, withdrawals, ...header } = block;
    assert.deepEqual(head, header);
    const log = await logs.next(({ transactionHash }) => transactionHash === hash);
    const [expected] = await client.request({
      method: "eth_getLogs",
      params: [{ blockHash: receipt.blockHash }],
    });
    assert.deepEqual(log, expected);
    await transactions.next((announced) => announced === hash);
    const pooled = await whole.next((announced) => announced.hash === hash);
    assert.deepEqual([pooled.blockHash, pooled.to], [null, weth.address.toLowerCase()]);
    assert.deepEqual(others.come, []);
  } finally {
    client.close();
  }
});

test("blocks and events are watched", { timeout }, async () => {
  const client = await live();
  try {
    const seen = new Map();
    const watched = new Promise((resolve, onError) => {
      const heard = (name, value) => seen.set(name, value).size === 3 && resolve();
      client.watchBlocks({ onBlock: (block) => heard("block", block), onError });
      client.watchContractEvent({
        ...weth,
        eventName: "Transfer",
        onLogs: ([log]) => heard("log", log),
        onError,
      });
      client.watchPendingTransactions({ onTransactions: ([hash]) => heard("transaction", hash), onError });
    });
    // viem does not say when it hears: deposits are made until it has heard of one.
    let isHeard = false;
    watched.then(
      () => (isHeard = true),
      () => (isHeard = true),
    );
    while (!isHeard) await mined(await wallet.writeContract({ ...weth, functionName: "deposit", value: 1n }));
    await watched;
    assert.equal(seen.get("log").args.value, 1n);
    assert.ok(seen.get("block").number > 0n);
  } finally {
    client.close();
  }
});

test("nothing comes after the end of a subscription, and unknown ones are refused", { timeout }, async () => {
  const client = await live();
  try {
    const heads = await subscribed(client, "newHeads");
    const kept = await subscribed(client, "newHeads");
    await heads.unsubscribe();
    const { blockHash } = await mined(await wallet.sendTransaction({ to: wallet.account.address }));
    await kept.next(({ hash }) => hash === blockHash);
    assert.deepEqual(heads.come, []);
    await assert.rejects(subscribed(client, "syncing"), (error) => {
      assert.match(error.message, /no "syncing" subscription/);
      return true;
    });
  } finally {
    client.close();
  }
});
