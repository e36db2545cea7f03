// The providers of ethers.
import { ethers } from "ethers";
import { genesis, key, rpc, webSocket, wethAbi } from "./chain.mjs";

/** Reads. */
export const provider = new ethers.JsonRpcProvider(rpc, undefined, { pollingInterval: 50, cacheTimeout: -1 });

/** This program's account. */
export const wallet = new ethers.Wallet(key, provider);

/** A wallet of a new account that has this much, wei. */
export async function fundedWallet(value) {
  const fresh = ethers.Wallet.createRandom(provider);
  await (await wallet.sendTransaction({ to: fresh.address, value })).wait();
  return fresh;
}

/** Deploys a contract. */
export async function deployed({ abi, bytecode }, ...args) {
  const contract = await new ethers.ContractFactory(abi, bytecode, wallet).deploy(...args);
  return contract.waitForDeployment();
}

/** Waits for what a call of a contract has sent; the receipt. */
export async function mined(sent) {
  return (await sent).wait();
}

/** A provider over a WebSocket that can say when the server has all its subscriptions. */
export class Live extends ethers.WebSocketProvider {
  #subscriptions = [];

  constructor() {
    super(webSocket);
  }

  async send(method, params) {
    const sent = super.send(method, params);
    if (method === "eth_subscribe") this.#subscriptions.push(sent);
    return sent;
  }

  /** Waits until that many subscriptions stand. */
  async subscribed(count) {
    while (this.#subscriptions.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(this.#subscriptions);
  }
}

/** The wrapped base token, used by this program's account. */
export const weth = new ethers.Contract(genesis.weth, wethAbi, wallet);
