"""What the generators share: hashing, words, varints, the way numbers and bytes are written."""

import json
from pathlib import Path

import rlp
from Crypto.Hash import keccak as _keccak

FOLDER = Path(__file__).parent.parent


def keccak(data):
    return _keccak.new(digest_bits=256, data=data).digest()


def word(value):
    return value.to_bytes(32, "big")


def hx(data):
    return "0x" + bytes(data).hex()


def stream(seed, length):
    """Bytes that look random: keccak256(seed, 1 byte || counter, 4 bytes big-endian), one after the other."""
    out = bytearray()
    counter = 0
    while len(out) < length:
        out += keccak(bytes([seed]) + counter.to_bytes(4, "big"))
        counter += 1
    return bytes(out[:length])


def address(seed):
    return stream(seed, 20)


def varint(value):
    out = bytearray()
    while True:
        digit, value = value & 0x7F, value >> 7
        if value == 0:
            out.append(digit)
            return bytes(out)
        out.append(digit | 0x80)


def node(left, right):
    return keccak(left + right)


def write(name, content):
    path = FOLDER / name
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path.name, path.stat().st_size, "bytes")


# Header of a rollup block (specification 015).

EMPTY_UNCLES = keccak(rlp.encode([]))
EMPTY_TRIE = keccak(rlp.encode(b""))
EMPTY_REQUESTS = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def rollup_header(fields):
    """RLP of a header; `fields` has what is not fixed."""
    return rlp.encode([
        fields["parentHash"],
        EMPTY_UNCLES,
        fields["beneficiary"],
        fields["stateRoot"],
        fields["transactionsRoot"],
        fields["receiptsRoot"],
        fields["bloom"],
        0,
        fields["number"],
        fields["gasLimit"],
        fields["gasUsed"],
        fields["timestamp"],
        b"\x01" + fields["excessGas"].to_bytes(8, "big"),
        fields["parentHash"],
        bytes(8),
        fields["baseFee"],
        EMPTY_TRIE,
        0,
        0,
        bytes(32),
        EMPTY_REQUESTS,
    ])


# Base fee (specification 015).

DOUBLINGS_MAX = 24


def base_fee(lowest, excess, doubling):
    """Specification 015, "Base fee"."""
    doublings, rest = divmod(excess, doubling)
    return lowest * 2**doublings * (doubling + rest) // doubling


def next_excess(excess, gas_used, seconds, target, doubling):
    return min(max(excess + gas_used - target * seconds, 0), DOUBLINGS_MAX * doubling)
