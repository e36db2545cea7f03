"""Vectors of specifications 014 to 019 and 023: rollup.json, pubdata.json, blobs.json.

Written from the words of the specifications, sharing nothing with the code of this repository.

    python3 -m venv venv
    venv/bin/pip install ckzg==2.1.8 eth-abi==6.0.0 pycryptodome==4.4.0 rlp==5.0.0
    venv/bin/python specs/vectors/generate/rollup.py TRUSTED_SETUP

TRUSTED_SETUP is Ethereum's, `trusted_setup.txt` of the c-kzg-4844 repository. Runs with the same arguments give the same bytes.
"""

import sys

from eth_abi import encode as abi_encode

import blobs
import pubdata
from common import (
    DOUBLINGS_MAX, EMPTY_TRIE, address, base_fee, hx, keccak, next_excess, node, rollup_header, stream, word,
    write,
)

# Configuration (specification 014).

CONFIG = [
    "version", "chainId", "protocolVersion", "evmRules", "systemCalls", "dataAvailability", "baseTokenAssetId", "feeMode",
    "transactionFilterRoot", "interoperabilityRoot", "blockGasLimit", "transactionGasLimit", "gasTarget", "lowestBaseFee",
    "baseFeeDoubling", "transactionProvingCostLimit", "batchProvingCostLimit", "transactionPubdataLimit",
    "batchPubdataLimit", "transactionLogLimit", "batchLogLimit", "reserved",
]
ASSET_NAMESPACE = "0x000000000000000000000000000000000000ff04"
ETHER_TOKEN = "0x0000000000000000000000000000000000000001"
PUBDATA_MAX = 6 * 126_976 - 4


def asset_id(chain, token):
    return keccak(abi_encode(["uint256", "address", "address"], [chain, ASSET_NAMESPACE, token]))


def config(**changes):
    values = {
        "version": 2, "chainId": 31_337_000, "protocolVersion": 1, "evmRules": 1, "systemCalls": 1, "dataAvailability": 0,
        "baseTokenAssetId": int.from_bytes(asset_id(1, ETHER_TOKEN), "big"), "feeMode": 0, "transactionFilterRoot": 0,
        "interoperabilityRoot": 0, "blockGasLimit": 2**25, "transactionGasLimit": 2**24, "gasTarget": 5_000_000,
        "lowestBaseFee": 1_000_000, "baseFeeDoubling": 2**29, "transactionProvingCostLimit": 2**28,
        "batchProvingCostLimit": 2**34, "transactionPubdataLimit": 2**17, "batchPubdataLimit": PUBDATA_MAX,
        "transactionLogLimit": 1_000, "batchLogLimit": 16_384, "reserved": 0,
    }
    assert not set(changes) - set(CONFIG)
    values.update(changes)
    return values


def config_section():
    valid = [
        ("an ordinary chain", config()),
        ("everything at its smallest", config(
            chainId=1, systemCalls=0, baseTokenAssetId=1, blockGasLimit=2**24, transactionGasLimit=2**21, gasTarget=1,
            lowestBaseFee=1, baseFeeDoubling=2**27, transactionProvingCostLimit=2**23, batchProvingCostLimit=2**23 + 2**26,
            transactionPubdataLimit=2**12, batchPubdataLimit=2**12 + 512, transactionLogLimit=2, batchLogLimit=2)),
        ("everything at its largest", config(
            chainId=2**48 - 1, protocolVersion=2**32 - 1, baseTokenAssetId=2**256 - 1, blockGasLimit=2**40, gasTarget=2**40,
            lowestBaseFee=2**36, baseFeeDoubling=2**50, transactionProvingCostLimit=2**40 - 2**26, batchProvingCostLimit=2**40,
            transactionPubdataLimit=PUBDATA_MAX - 512, transactionLogLimit=16_384)),
    ]
    broken = [
        ("version", 1), ("version", 3), ("chainId", 0), ("chainId", 2**48), ("protocolVersion", 0), ("protocolVersion", 2**32),
        ("evmRules", 0), ("evmRules", 2), ("systemCalls", 2), ("dataAvailability", 1), ("baseTokenAssetId", 0), ("feeMode", 1),
        ("transactionFilterRoot", 1), ("interoperabilityRoot", 1), ("blockGasLimit", 2**24 - 1), ("blockGasLimit", 2**40 + 1),
        ("transactionGasLimit", 2**21 - 1), ("transactionGasLimit", 2**24 + 1), ("gasTarget", 0), ("gasTarget", 2**40 + 1),
        ("lowestBaseFee", 0), ("lowestBaseFee", 2**36 + 1), ("baseFeeDoubling", 2**28 - 1),
        ("baseFeeDoubling", 2**50 + 1), ("transactionProvingCostLimit", 2**23 - 1),
        ("transactionProvingCostLimit", 2**34 - 2**26 + 1), ("batchProvingCostLimit", 2**40 + 1), ("transactionPubdataLimit", 2**12 - 1),
        ("transactionPubdataLimit", PUBDATA_MAX - 511), ("batchPubdataLimit", PUBDATA_MAX + 1), ("transactionLogLimit", 0),
        ("transactionLogLimit", 1), ("batchLogLimit", 16_385), ("batchLogLimit", 999), ("reserved", 1), ("chainId", 2**64 + 1), ("lowestBaseFee", 2**255),
    ]

    def words(values):
        return b"".join(word(values[name]) for name in CONFIG)

    return {
        "configs": [{
            "name": name,
            **{key: hx(word(value)) if key in ("baseTokenAssetId", "transactionFilterRoot", "interoperabilityRoot") else str(value)
               for key, value in values.items()},
            "encoding": hx(words(values)),
            "hash": hx(keccak(words(values))),
        } for name, values in valid],
        "refused": [{"field": name, "value": str(value), "encoding": hx(words(config(**{name: value})))} for name, value in broken],
    }


# Operations and upgrades (specification 016).


def operation(fields):
    words = [
        fields["chainId"], fields["id"], int.from_bytes(fields["from"], "big"), int.from_bytes(fields["to"], "big"), fields["value"],
        fields["mint"], fields["gasLimit"], fields["gasPrice"], int.from_bytes(fields["refundRecipient"], "big"),
        len(fields["data"]),
    ]
    return b"\x7f" + b"".join(word(value) for value in words) + fields["data"]


def operations_section():
    def made(number, **changes):
        fields = {
            "chainId": 31_337_000, "id": number, "from": address(1 + number % 50), "to": address(101 + number % 50), "value": 10**18 + number,
            "mint": 2 * 10**18, "gasLimit": 300_000, "gasPrice": 10**9, "refundRecipient": address(201 + number % 50),
            "data": stream(7, 37 * (number % 50)),
        }
        fields.update(changes)
        return fields

    most = 2**64 - 1
    listed = [made(number) for number in range(5)] + [
        made(5, value=0, mint=0, gasPrice=0, gasLimit=0, data=b""),
        made(most, chainId=2**48 - 1, value=2**256 - 1, mint=2**256 - 1, gasLimit=most, gasPrice=2**128 - 1, data=bytes(33),
             **{"from": b"\xff" * 20, "to": b"\xff" * 20, "refundRecipient": b"\xff" * 20}),
    ]
    chain = [keccak(b"")]
    for fields in listed:
        chain.append(keccak(chain[-1] + keccak(operation(fields))))
    good = operation(listed[2])

    def with_word(index, value):
        return good[:1 + 32 * index] + word(value) + good[33 + 32 * index:]

    refused = [
        ("no bytes", b""), ("only a type", b"\x7f"), ("another type", b"\x7e" + good[1:]), ("a byte missing", good[:-1]),
        ("a byte more", good + b"\x00"), ("a word missing", good[:1 + 32 * 9]), ("id above 64 bits", with_word(1, 2**64)),
        ("from above 160 bits", with_word(2, 2**160)), ("to above 160 bits", with_word(3, 2**255)),
        ("gas limit above 64 bits", with_word(6, 2**64)), ("gas price above 128 bits", with_word(7, 2**128)),
        ("refund recipient above 160 bits", with_word(8, 2**160)), ("length too small", with_word(9, len(listed[2]["data"]) - 1)),
        ("length too large", with_word(9, len(listed[2]["data"]) + 1)), ("length above 32 bits", with_word(9, 2**32 + 74)),
        ("length above 64 bits", with_word(9, 2**64 + 74)), ("chain id above 64 bits", with_word(0, 2**64)),
    ]
    aliased = [address(1), bytes(20), bytes.fromhex("eeeeffffffffffffffffffffffffffffffffeeee"), b"\xff" * 20]
    offset = 0x1111000000000000000000000000000000001111
    return {
        "operations": [{
            **{key: hx(value) if isinstance(value, bytes) else str(value) for key, value in fields.items()},
            "encoding": hx(operation(fields)),
            "hash": hx(keccak(operation(fields))),
        } for fields in listed],
        "chain": [hx(value) for value in chain],
        "aliases": [{
            "address": hx(value),
            "alias": hx(((int.from_bytes(value, "big") + offset) % 2**160).to_bytes(20, "big")),
        } for value in aliased],
        "refused": [{"name": name, "encoding": hx(data)} for name, data in refused],
    }


HISTORY = bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935")


def upgrade(fields):
    deployments = b"".join(
        item["address"] + len(item["code"]).to_bytes(4, "big") + item["code"] for item in fields["deployments"])
    words = [
        fields["chainId"], fields["protocolVersion"], int.from_bytes(fields["to"], "big"), fields["gasLimit"],
        len(fields["deployments"]), len(fields["data"]),
    ]
    return b"\x7e" + b"".join(word(value) for value in words) + deployments + fields["data"]


def upgrades_section():
    def made(deployments, data, **changes):
        fields = {
            "chainId": 31_337_000, "protocolVersion": 2, "to": address(8), "gasLimit": 2**26, "data": data,
            "deployments": [{"address": address(10 + i), "code": stream(20 + i, length)} for i, length in enumerate(deployments)],
        }
        fields.update(changes)
        return fields

    listed = [
        made([], b""),
        made([], stream(9, 100), gasLimit=0),
        made([0], b"\x01"),
        made([1, 500, 0, 33], stream(9, 68)),
        made([24_576], b"", protocolVersion=2**32 - 1),
        made([3] * 64, b"\x00"),
    ]
    good = upgrade(listed[3])

    def coded(to, code):
        return {**made([], b""), "deployments": [{"address": address(12), "code": b"\x00"}, {"address": to, "code": code}]}

    def with_word(index, value, data=good):
        return data[:1 + 32 * index] + word(value) + data[33 + 32 * index:]

    refused = [
        ("no bytes", b""), ("only a type", b"\x7e"), ("another type", b"\x7f" + good[1:]), ("a byte missing", good[:-1]),
        ("a byte more", good + b"\x00"), ("protocol version above 32 bits", with_word(1, 2**32)), ("to above 160 bits", with_word(2, 2**160)),
        ("gas limit above 2^26", with_word(3, 2**26 + 1)), ("a deployment more", with_word(4, 5)), ("a deployment fewer", with_word(4, 3)),
        ("65 deployments", upgrade(made([3] * 65, b"\x00"))), ("deployments above 32 bits", with_word(4, 2**32 + 4)),
        ("length above 32 bits", with_word(5, 2**32 + 68)), ("code of 24,577 bytes", upgrade(made([24_577], b""))),
        ("chain id above 64 bits", with_word(0, 2**64)), ("code that begins with 0xef", upgrade(coded(address(10), b"\xef"))),
        ("a delegation", upgrade(coded(address(10), b"\xef\x01\x00" + address(11)))),
        ("code for the contract of EIP-2935", upgrade(coded(HISTORY, b"\x00"))),
        ("no code for the contract of EIP-2935", upgrade(coded(HISTORY, b""))),
    ]
    return {
        "upgrades": [{
            **{key: hx(value) if isinstance(value, bytes) else str(value) for key, value in fields.items() if key != "deployments"},
            "deployments": [{key: hx(value) for key, value in item.items()} for item in fields["deployments"]],
            "encoding": hx(upgrade(fields)),
            "hash": hx(keccak(upgrade(fields))),
        } for fields in listed],
        "refused": [{"name": name, "encoding": hx(data)} for name, data in refused],
    }


# The queue and the trees (specifications 016, 017).


def tagged_node(left, right):
    return keccak(b"\x01" + left + right)


def root(leaves, depth, combine, empty=bytes(32)):
    level, missing = list(leaves), empty
    for _ in range(depth):
        if len(level) % 2:
            level.append(missing)
        level = [combine(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        missing = combine(missing, missing)
    return level[0] if level else missing


def siblings(leaves, index, depth, combine, empty):
    level, missing, out = list(leaves), empty, []
    for _ in range(depth):
        if len(level) % 2:
            level.append(missing)
        out.append(level[index ^ 1] if index ^ 1 < len(level) else missing)
        level = [combine(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        missing, index = combine(missing, missing), index // 2
    return out


def queue_section():
    listed = [(stream(30 + i, 32), 1_800_000_000 + 3_600 * i) for i in range(20)] + [(b"\xff" * 32, 2**64 - 1)]
    leaves = [keccak(b"\x00" + operation + deadline.to_bytes(8, "big")) for operation, deadline in listed]
    missing = [bytes(32)]
    for _ in range(32):
        missing.append(tagged_node(missing[-1], missing[-1]))
    return {
        "depth": "32",
        "missing": [hx(value) for value in missing],
        "leaves": [
            {"operation": hx(operation), "deadline": str(deadline), "leaf": hx(leaf)}
            for (operation, deadline), leaf in zip(listed, leaves)
        ],
        "node": {"left": hx(leaves[0]), "right": hx(leaves[1]), "node": hx(tagged_node(leaves[0], leaves[1]))},
        "roots": [hx(root(leaves[:count], 32, tagged_node)) for count in range(len(leaves) + 1)],
        "siblings": [
            {"leaves": str(count), "index": str(index), "siblings": [hx(v) for v in siblings(leaves[:count], index, 32, tagged_node, bytes(32))]}
            for count, index in [(1, 0), (2, 1), (5, 2), (5, 4), (21, 0), (21, 15), (21, 20)]
        ],
    }


def log_bytes(entry):
    return b"\x00\x01" + entry["transaction"].to_bytes(2, "big") + entry["sender"] + entry["key"] + entry["value"]


def logs_section():
    messenger, status_sender = bytes.fromhex("ff02").rjust(20, b"\0"), bytes.fromhex("ff00").rjust(20, b"\0")
    listed = []
    for i in range(9):
        if i % 3 == 2:
            listed.append({"kind": "status", "transaction": i, "operation": stream(50 + i, 32), "success": i % 2,
                           "sender": status_sender, "key": stream(50 + i, 32), "value": word(i % 2)})
        else:
            message = stream(60 + i, [0, 1, 85, 136, 300, 7, 8, 9, 10][i])
            listed.append({"kind": "message", "transaction": 256 * i, "from": address(70 + i), "message": message, "sender": messenger,
                           "key": address(70 + i).rjust(32, b"\0"), "value": keccak(message)})
    padding = keccak(bytes(88))
    assert hx(padding) == "0x72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba"
    leaves = [keccak(log_bytes(entry)) for entry in listed]

    def logs_root(count):
        return root(leaves[:count], 14, node, padding)

    def batch_root(count):
        return root([logs_root(count)] + [bytes(32)] * 7, 3, node)

    def proof(count, index):
        top = siblings([logs_root(count)] + [bytes(32)] * 7, 0, 3, node, bytes(32))
        return {"logs": str(count), "index": str(index), "siblings": [hx(v) for v in siblings(leaves[:count], index, 14, node, padding) + top]}

    chain_leaves = [
        {"batchRoot": batch_root(i), "batch": i, "timestamp": 1_800_000_000 + 12 * i} for i in range(1, 6)]
    chain = [
        keccak(b"\x02" + leaf["batchRoot"] + leaf["batch"].to_bytes(8, "big") + leaf["timestamp"].to_bytes(8, "big")) for leaf in chain_leaves]
    chain_roots = [root(chain[:count], 32, tagged_node) for count in range(len(chain) + 1)]
    ids = [31_337_000, 1, 2**48 - 1]
    chains = [keccak(b"\x03" + chain_roots[1 + i] + word(number)) for i, number in enumerate(ids)]
    return {
        "padding": hx(padding),
        "logs": [{
            **{key: hx(value) if isinstance(value, bytes) else str(value) for key, value in entry.items()},
            "bytes": hx(log_bytes(entry)),
            "leaf": hx(keccak(log_bytes(entry))),
        } for entry in listed],
        "trees": [
            {"logs": str(count), "root": hx(logs_root(count)), "batchRoot": hx(batch_root(count))} for count in range(len(leaves) + 1)],
        "proofs": [proof(count, index) for count, index in [(1, 0), (2, 1), (5, 4), (9, 0), (9, 7), (9, 8)]],
        "messageRoot": {
            "batches": [{
                "batchRoot": hx(leaf["batchRoot"]), "batch": str(leaf["batch"]), "timestamp": str(leaf["timestamp"]), "leaf": hx(hashed),
            } for leaf, hashed in zip(chain_leaves, chain)],
            "chainRoots": [hx(value) for value in chain_roots],
            "chains": [
                {"chainId": str(number), "chainRoot": hx(chain_roots[1 + i]), "leaf": hx(chains[i])} for i, number in enumerate(ids)],
            "roots": [hx(root(chains[:count], 16, tagged_node)) for count in range(len(chains) + 1)],
        },
    }


# Public output (specification 023).

OUTPUT = [
    ("version", "uint256"), ("chainId", "uint256"), ("configHash", "bytes32"), ("commitmentBefore", "bytes32"),
    ("commitmentAfter", "bytes32"), ("firstBlock", "uint64"), ("lastBlock", "uint64"), ("firstTimestamp", "uint64"),
    ("lastTimestamp", "uint64"), ("availabilityCommitment", "bytes32"), ("firstOperation", "uint64"), ("operations", "uint64"),
    ("operationsHash", "bytes32"), ("transactions", "uint64"), ("upgradeHash", "bytes32"), ("batchRoot", "bytes32"),
    ("importedRootsHash", "bytes32"), ("logs", "uint64"),
]


def outputs_section():
    most = 2**64 - 1
    hashes = {name: stream(80 + i, 32) for i, (name, kind) in enumerate(OUTPUT) if kind == "bytes32"}
    hashes["importedRootsHash"] = bytes(32)
    listed = [
        ("a batch of one block", {
            **hashes, "version": 2, "chainId": 31_337_000, "firstBlock": 1, "lastBlock": 1, "firstTimestamp": 1_800_000_000,
            "lastTimestamp": 1_800_000_000, "firstOperation": 0, "operations": 0, "operationsHash": keccak(b""), "transactions": 1,
            "upgradeHash": bytes(32), "logs": 0}),
        ("operations and an upgrade", {
            **hashes, "version": 2, "chainId": 31_337_000, "firstBlock": 17, "lastBlock": 40, "firstTimestamp": 1_800_000_001,
            "lastTimestamp": 1_800_000_007, "firstOperation": 12, "operations": 3, "transactions": 250, "logs": 9}),
        ("everything at its largest", {
            **{name: b"\xff" * 32 for name in hashes}, "importedRootsHash": bytes(32), "version": 2, "chainId": 2**48 - 1, "firstBlock": most,
            "lastBlock": most, "firstTimestamp": most, "lastTimestamp": most, "firstOperation": most, "operations": 65_535,
            "transactions": 65_535, "logs": 16_384}),
    ]

    def made(fields):
        return abi_encode([kind for _, kind in OUTPUT], [fields[name] for name, _ in OUTPUT])

    return [{
        "name": name,
        **{key: hx(fields[key]) if isinstance(fields[key], bytes) else str(fields[key]) for key, _ in OUTPUT},
        "encoding": hx(made(fields)),
        "hash": hx(keccak(made(fields))),
    } for name, fields in listed]


# Base fee and headers (specification 015).


def base_fee_section():
    fees = []
    for lowest, doubling in [(1, 2**27), (7, 2**27), (1_000_000, 2**29), (10**9, 10**12 + 1), (2**36, 2**50)]:
        excesses = [0, 1, doubling // 9, doubling // 8, doubling - 1, doubling, doubling + 1, 2 * doubling,
                    10 * doubling + 3, DOUBLINGS_MAX * doubling - 1, DOUBLINGS_MAX * doubling]
        for excess in excesses:
            fee = base_fee(lowest, excess, doubling)
            assert fee < 2**64
            fees.append({"lowest": str(lowest), "excess": str(excess), "doubling": str(doubling), "fee": str(fee)})
    sequences = []
    most = 2**64 - 1
    for name, lowest, target, doubling, steps in [
        ("full blocks in one second", 1_000_000, 5_000_000, 2**29, [(2**25, 0)] * 6 + [(2**25, 1)] * 3 + [(21_000, 1)] * 3),
        ("at the target", 10**9, 5_000_000, 2**29, [(5_000_000, 1)] * 4 + [(10_000_000, 2)] * 2 + [(5_000_001, 1)] * 3),
        ("idle", 10**9, 1_000, 2**27, [(2**24, 0)] * 5 + [(21_000, 10), (21_000, 100), (21_000, 10**5), (21_000, most - 1_800_100_115)]),
        ("to the bound", 2**36, 1, 2**50, [(2**46, 0)] * 386 + [(0, 2**53), (2**40, 0)]),
        ("saturation", 1, 2**40, 2**27, [(2**24, 0), (2**24, 0), (2**24, most - 1_800_000_000)]),
    ]:
        excess, timestamp, blocks = 0, 1_800_000_000, []
        # The parent of the first block is the genesis block, without gas.
        gas_used = 0
        for gas, seconds in [(steps[0][0], 0)] + steps[1:]:
            timestamp += seconds
            assert timestamp <= most
            excess = next_excess(excess, gas_used, seconds, target, doubling)
            fee = base_fee(lowest, excess, doubling)
            blocks.append({"timestamp": str(timestamp), "gasUsed": str(gas), "excess": str(excess), "fee": str(fee)})
            gas_used = gas
        sequences.append({
            "name": name, "lowest": str(lowest), "target": str(target), "doubling": str(doubling),
            "genesisTimestamp": "1800000000", "blocks": blocks})
    return {"fees": fees, "sequences": sequences}


def header_section():
    base = config()

    def made(name, **changes):
        fields = {
            "parentHash": bytes(32), "beneficiary": bytes(20), "stateRoot": stream(90, 32), "transactionsRoot": EMPTY_TRIE,
            "receiptsRoot": EMPTY_TRIE, "bloom": bytes(256), "number": 0, "gasLimit": base["blockGasLimit"], "gasUsed": 0,
            "timestamp": 1_800_000_000, "excessGas": 0, "lowestBaseFee": base["lowestBaseFee"],
            "doubling": base["baseFeeDoubling"],
        }
        fields.update(changes)
        fields["baseFee"] = base_fee(fields["lowestBaseFee"], fields["excessGas"], fields["doubling"])
        encoded = rollup_header(fields)
        return {
            "name": name,
            **{key: hx(value) if isinstance(value, bytes) else str(value) for key, value in fields.items()},
            "extraData": hx(b"\x01" + fields["excessGas"].to_bytes(8, "big")),
            "rlp": hx(encoded),
            "hash": hx(keccak(encoded)),
        }

    genesis = made("genesis")
    return [
        genesis,
        made("the first block", parentHash=bytes.fromhex(genesis["hash"][2:]), beneficiary=address(91), transactionsRoot=stream(92, 32),
             receiptsRoot=stream(93, 32), bloom=stream(94, 256), number=1, gasUsed=21_000),
        made("a busy block", parentHash=stream(95, 32), beneficiary=address(91), transactionsRoot=stream(92, 32),
             receiptsRoot=stream(93, 32), number=2**40, gasUsed=2**25, excessGas=3 * 2**30 + 7, timestamp=2**40),
        made("genesis of another time and configuration", timestamp=0, gasLimit=2**40, lowestBaseFee=2**36),
    ]


def main():
    write("rollup.json", {
        "about": "Vectors of specifications 014 to 017 and 023, made by generate/rollup.py. Numbers are decimal, bytes hexadecimal.",
        "config": config_section(),
        "operations": operations_section(),
        "upgrades": upgrades_section(),
        "queue": queue_section(),
        "logs": logs_section(),
        "outputs": outputs_section(),
        "baseFee": base_fee_section(),
        "header": header_section(),
    })
    pubdata.generate()
    blobs.generate(sys.argv[1])


if __name__ == "__main__":
    main()
