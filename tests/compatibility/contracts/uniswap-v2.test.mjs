// Uniswap V2: its contracts as published, a pool, a swap.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ethers } from "ethers";
import { genesis, published, timeout } from "../lib/chain.mjs";
import { deployed, mined, provider, wallet, weth } from "../lib/ethers.mjs";

const me = wallet.address;
const ether = ethers.parseEther;
const soon = 2n ** 40n;
const pairAbi = published("@uniswap/v2-core/build/UniswapV2Pair.json").abi;
let factory, router, token, pair;

after(() => provider.destroy());

/**
 * Waits until the next block is of a later second than the last one. The first trade of a second writes more than others: an estimate in
 * the pool's last second would be too low for a block of the next one.
 */
async function later() {
  const last = await provider.getBlock("latest");
  let next = last;
  while (next.timestamp <= last.timestamp) {
    next = await provider.getBlock("pending");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("factory, router and a token are deployed", { timeout }, async () => {
  factory = await deployed(published("@uniswap/v2-core/build/UniswapV2Factory.json"), me);
  const address = await factory.getAddress();
  router = await deployed(
    published("@uniswap/v2-periphery/build/UniswapV2Router02.json"),
    address,
    genesis.weth,
  );
  token = await deployed(published("@uniswap/v2-core/build/ERC20.json"), ether("1000000"));
  assert.equal(await router.WETH(), genesis.weth);
});

test("a pool of ether and the token", { timeout }, async () => {
  const [coin, amount] = [await token.getAddress(), ether("10000")];
  await mined(token.approve(await router.getAddress(), ethers.MaxUint256));
  await mined(router.addLiquidityETH(coin, amount, amount, ether("10"), me, soon, { value: ether("10") }));
  // Where the router looks for it, by the hash of its published code.
  pair = new ethers.Contract(await factory.getPair(coin, genesis.weth), pairAbi, wallet);
  assert.equal(await weth.balanceOf(await pair.getAddress()), ether("10"));
  assert.ok((await pair.balanceOf(me)) > 0n);
});

test("a swap gives what the formula says", { timeout }, async () => {
  const path = [genesis.weth, await token.getAddress()];
  const [, expected] = await router.getAmountsOut(ether("1"), path);
  assert.equal(expected, (ether("1") * 997n * ether("10000")) / (ether("10") * 1000n + ether("1") * 997n));
  const before = await token.balanceOf(me);
  await later();
  const receipt = await mined(router.swapExactETHForTokens(expected, path, me, soon, { value: ether("1") }));
  assert.equal((await token.balanceOf(me)) - before, expected);
  const swaps = receipt.logs
    .map((log) => pair.interface.parseLog(log))
    .filter((event) => event?.name === "Swap");
  assert.equal(swaps.length, 1);
  const asked = router.swapExactETHForTokens.staticCall(expected, path, me, soon, { value: ether("1") });
  await assert.rejects(asked, /INSUFFICIENT_OUTPUT_AMOUNT/);
});

test(
  "tokens are swapped back for ether, and liquidity is taken with a signed permit",
  { timeout },
  async () => {
    const [at, coin] = [await router.getAddress(), await token.getAddress()];
    await later();
    await mined(router.swapExactTokensForETH(ether("100"), 0, [coin, genesis.weth], me, soon));
    const value = await pair.balanceOf(me);
    const { chainId } = await provider.getNetwork();
    const domain = { name: "Uniswap V2", version: "1", chainId, verifyingContract: await pair.getAddress() };
    const names = ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"];
    const Permit = names.map((field) => field.split(":")).map(([name, type]) => ({ name, type }));
    const message = { owner: me, spender: at, value, nonce: 0n, deadline: soon };
    const { v, r, s } = ethers.Signature.from(await wallet.signTypedData(domain, { Permit }, message));
    await later();
    await mined(router.removeLiquidityETHWithPermit(coin, value, 0, 0, me, soon, false, v, r, s));
    assert.equal(await pair.balanceOf(me), 0n);
  },
);
