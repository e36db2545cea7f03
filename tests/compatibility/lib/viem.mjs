// viem's clients of the chain.
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  parseAbi,
  webSocket as overWebSocket,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { chainId, genesis, key, rpc, webSocket, wethAbi } from "./chain.mjs";

const chain = defineChain({
  id: chainId,
  name: "Ashlar",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [rpc], webSocket: [webSocket] } },
  contracts: { multicall3: { address: genesis.multicall } },
});
const options = { chain, transport: http(), pollingInterval: 50, cacheTime: 0 };

/** Reads. */
export const client = createPublicClient(options);

/** A client over a WebSocket of its own; `close` it. */
export async function live() {
  const opened = createPublicClient({
    ...options,
    transport: overWebSocket(webSocket, { keepAlive: false, reconnect: false }),
  });
  const socket = await opened.transport.getRpcClient();
  return Object.assign(opened, { close: () => socket.close() });
}

/** A wallet with this key. */
export const walletOf = (key) => createWalletClient({ ...options, account: privateKeyToAccount(key) });

/** The wallet of this program's account. */
export const wallet = walletOf(key);

/** A wallet of a new account that has this much, wei. */
export async function fundedWallet(value) {
  const fresh = walletOf(generatePrivateKey());
  await mined(await wallet.sendTransaction({ to: fresh.account.address, value }));
  return fresh;
}

/** The receipt of a transaction that succeeds. */
export async function mined(hash) {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${hash} has failed`);
  return receipt;
}

/** Deploys a contract; its address. */
export async function deployed({ abi, bytecode }, args = []) {
  return (await mined(await wallet.deployContract({ abi, bytecode, args }))).contractAddress;
}

/** The wrapped base token. */
export const weth = { address: genesis.weth, abi: parseAbi(wethAbi) };
