"""What web3.py's users see: transactions, errors by their classes, logs, filters, subscriptions."""

import asyncio
import json
import os
import unittest

from eth_account import Account
from web3 import AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3.exceptions import (
    ContractCustomError,
    TransactionNotFound,
    Web3RPCError,
)

CHAIN = json.loads(os.environ["ASHLAR_CHAIN"])
DEADLINE = 60
WETH = "0x000000000000000000000000000000000000FF08"
MULTICALL = "0xcA11bde05977b3631167028862bE2a173976CA11"
ABI = [
    {"type": "function", "name": "deposit", "stateMutability": "payable", "inputs": [], "outputs": []},
    {
        "type": "function",
        "name": "transfer",
        "stateMutability": "nonpayable",
        "inputs": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}],
        "outputs": [{"name": "", "type": "bool"}],
    },
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "account", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    },
    {
        "type": "event",
        "name": "Transfer",
        "anonymous": False,
        "inputs": [
            {"name": "from", "type": "address", "indexed": True},
            {"name": "to", "type": "address", "indexed": True},
            {"name": "value", "type": "uint256", "indexed": False},
        ],
    },
]

w3 = Web3(HTTPProvider(CHAIN["rpc"], request_kwargs={"timeout": DEADLINE}))
me = Account.from_key(CHAIN["key"])
weth = w3.eth.contract(address=WETH, abi=ABI)


def fees():
    """Fees that the next blocks take."""
    return {"maxFeePerGas": w3.to_wei(1, "gwei"), "maxPriorityFeePerGas": 0}


def send(request, account=me):
    """Signs and sends; the hash."""
    nonce = w3.eth.get_transaction_count(account.address)
    request = {"chainId": CHAIN["chainId"], "nonce": nonce, "value": 0, **request}
    if "gas" not in request:
        request["gas"] = w3.eth.estimate_gas({"from": account.address, **request})
    return w3.eth.send_raw_transaction(account.sign_transaction(request).raw_transaction)


def mined(tx_hash):
    """The receipt of a transaction that succeeds."""
    receipt = w3.eth.wait_for_transaction_receipt(tx_hash, timeout=DEADLINE, poll_latency=0.05)
    assert receipt["status"] == 1, tx_hash.hex()
    return receipt


def deposit(value):
    """A deposit of the wrapped token, which logs a transfer."""
    return mined(send({"to": WETH, "data": weth.encode_abi("deposit"), "value": value, **fees()}))


class Transactions(unittest.TestCase):
    """What is sent."""

    def test_legacy(self):
        receipt = mined(send({"to": me.address, "value": 1, "gasPrice": w3.eth.gas_price}))
        self.assertEqual((receipt["type"], receipt["gasUsed"]), (0, 21_000))

    def test_access_list(self):
        access = w3.eth.create_access_list(
            {"from": me.address, "to": WETH, "data": weth.encode_abi("deposit"), "value": 1}
        )
        entries = [
            {"address": w3.to_checksum_address(entry["address"]), "storageKeys": entry["storageKeys"]}
            for entry in access["accessList"]
        ]
        request = {"type": 1, "gasPrice": w3.eth.gas_price, "accessList": entries}
        receipt = mined(send({"to": WETH, "data": weth.encode_abi("deposit"), "value": 1, **request}))
        self.assertEqual((receipt["type"], receipt["gasUsed"]), (1, access["gasUsed"]))

    def test_eip_1559(self):
        receipt = mined(send({"to": me.address, **fees(), "maxPriorityFeePerGas": 3}))
        block = w3.eth.get_block(receipt["blockHash"])
        self.assertEqual(receipt["effectiveGasPrice"], block["baseFeePerGas"] + 3)

    def test_eip_7702(self):
        owner = Account.create()
        mined(send({"to": owner.address, "value": w3.to_wei(1, "ether"), **fees()}))
        authorization = owner.sign_authorization(
            {"chainId": CHAIN["chainId"], "address": MULTICALL, "nonce": 1}
        )
        receipt = mined(
            send({"to": me.address, "authorizationList": [authorization], **fees(), "gas": 100_000}, owner)
        )
        self.assertEqual(receipt["type"], 4)
        self.assertEqual(w3.eth.get_code(owner.address).to_0x_hex(), "0xef0100" + MULTICALL[2:].lower())

    def test_blobs_are_refused(self):
        request = {"type": 3, "to": me.address, "maxFeePerBlobGas": 1, **fees(), "gas": 21_000, "value": 0}
        request |= {"chainId": CHAIN["chainId"], "nonce": w3.eth.get_transaction_count(me.address)}
        signed = me.sign_transaction(request, blobs=[b"\0" * 131_072])
        with self.assertRaisesRegex(Web3RPCError, "transaction type not supported"):
            w3.eth.send_raw_transaction(signed.raw_transaction)

    def test_contract_over_the_size_is_refused(self):
        with self.assertRaisesRegex(Web3RPCError, "max code size exceeded"):
            send({"data": "0x620060015ff3", **fees()})

    def test_estimate_is_enough(self):
        to = Account.create().address
        deposit(10)
        for _ in range(2):
            mined(send({"to": WETH, "data": weth.encode_abi("transfer", [to, 1]), **fees()}))
        self.assertEqual(weth.functions.balanceOf(to).call(), 2)


class Refusals(unittest.TestCase):
    """Errors, and how they are told apart."""

    def test_nonce_too_low(self):
        with self.assertRaisesRegex(Web3RPCError, "nonce too low"):
            send({"to": me.address, "gas": 21_000, **fees(), "nonce": 0})

    def test_insufficient_funds(self):
        with self.assertRaisesRegex(Web3RPCError, "insufficient funds"):
            send({"to": me.address, "gas": 21_000, "value": 1, **fees()}, Account.create())

    def test_replacement_underpriced(self):
        sender = Account.create()
        mined(send({"to": sender.address, "value": w3.to_wei(1, "ether"), **fees()}))
        second = {"to": me.address, "gas": 21_000, "nonce": 1, **fees()}
        first = send(second, sender)
        with self.assertRaisesRegex(Web3RPCError, "replacement transaction underpriced"):
            send({**second, "value": 1}, sender)
        send({**second, "nonce": 0}, sender)
        mined(first)

    def test_custom_errors_of_contracts(self):
        with self.assertRaises(ContractCustomError) as caught:
            weth.functions.transfer(me.address, 1).call({"from": Account.create().address})
        # ERC20InsufficientBalance(address,uint256,uint256)
        self.assertTrue(caught.exception.data.startswith("0xe450d38c"))

    def test_unknown_transaction(self):
        with self.assertRaises(TransactionNotFound):
            w3.eth.get_transaction("0x" + "11" * 32)


class Reading(unittest.TestCase):
    """What is asked for."""

    def test_chain(self):
        self.assertTrue(w3.is_connected())
        self.assertEqual(w3.eth.chain_id, CHAIN["chainId"])
        self.assertTrue(w3.client_version.startswith("ashlar/"))
        self.assertIs(w3.eth.syncing, False)

    def test_block_with_a_deposit(self):
        block = w3.eth.get_block(1, full_transactions=True)
        self.assertEqual(block["transactions"][0]["type"], 0x7F)
        self.assertEqual(w3.eth.get_block_transaction_count(1), len(block["transactions"]))
        receipts = w3.eth.get_block_receipts(1)
        self.assertEqual(receipts[0]["transactionHash"], block["transactions"][0]["hash"])

    def test_logs_and_events(self):
        receipt = deposit(21)
        number = receipt["blockNumber"]
        events = weth.events.Transfer.get_logs(from_block=number, argument_filters={"to": me.address})
        self.assertEqual([event["args"]["value"] for event in events], [21])
        logs = w3.eth.get_logs({"address": WETH, "blockHash": receipt["blockHash"]})
        self.assertEqual(logs[0]["logIndex"], receipt["logs"][0]["logIndex"])

    def test_filters(self):
        events = weth.events.Transfer.create_filter(from_block="latest", argument_filters={"to": me.address})
        blocks, pending = w3.eth.filter("latest"), w3.eth.filter("pending")
        receipt = deposit(22)
        self.assertEqual([event["args"]["value"] for event in events.get_new_entries()], [22])
        self.assertIn(receipt["blockHash"], blocks.get_new_entries())
        self.assertIn(receipt["transactionHash"], pending.get_new_entries())
        self.assertTrue(w3.eth.uninstall_filter(events.filter_id))

    def test_fee_history(self):
        history = w3.eth.fee_history(2, "latest", [50])
        self.assertEqual((len(history["baseFeePerGas"]), len(history["reward"])), (3, 2))
        self.assertEqual(w3.eth.max_priority_fee, 0)

    def test_proof(self):
        proof = w3.eth.get_proof(me.address, [0], "latest")
        self.assertEqual(proof["nonce"], w3.eth.get_transaction_count(me.address))
        self.assertEqual(int.from_bytes(proof["storageProof"][0]["value"], "big"), 0)


class Subscriptions(unittest.IsolatedAsyncioTestCase):
    """What comes over a WebSocket."""

    async def test_heads_logs_and_transactions(self):
        async with asyncio.timeout(DEADLINE):
            async with AsyncWeb3(WebSocketProvider(CHAIN["webSocket"])) as live:
                heads = await live.eth.subscribe("newHeads")
                logs = await live.eth.subscribe("logs", {"address": WETH})
                pending = await live.eth.subscribe("newPendingTransactions")
                receipt = await asyncio.to_thread(deposit, 23)
                wanted = {
                    heads: receipt["blockHash"],
                    logs: receipt["transactionHash"],
                    pending: receipt["transactionHash"],
                }
                async for message in live.socket.process_subscriptions():
                    found = message["result"]
                    if message["subscription"] == heads:
                        found = found["hash"]
                    elif message["subscription"] == logs:
                        found = found["transactionHash"]
                    if found == wanted.get(message["subscription"]):
                        del wanted[message["subscription"]]
                    if not wanted:
                        break
                self.assertTrue(await live.eth.unsubscribe(heads))


if __name__ == "__main__":
    unittest.main(verbosity=2)
