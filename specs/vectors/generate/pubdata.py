"""Vectors of specification 018."""

import random

from common import address, base_fee, hx, keccak, rollup_header, stream, varint, word, write

MASK = 2**256 - 1
HISTORY = bytes.fromhex("0000F90827F1C53a10cb7A02335B175320002935")
EMPTY_CODE = keccak(b"")


def digits(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def change(before, after):
    numbers = [after, (after - before) & MASK, (before - after) & MASK]
    kind = min(range(3), key=lambda k: (len(digits(numbers[k])), k))
    body = digits(numbers[kind])
    return bytes([kind * 64 + len(body)]) + body


def slots(changed):
    out, before = varint(len(changed)), None
    for slot in changed:
        key = word(slot["key"])
        shared = 0
        while shared < 31 and key[shared] == (before or bytes(32))[shared]:
            shared += 1
        out += bytes([shared]) + key[shared:] + change(slot["before"], slot["after"])
        before = key
    return out


def account(diff, codes):
    changed = sorted((s for s in diff["slots"] if s["before"] != s["after"]), key=lambda s: s["key"])
    nonce = diff["nonceBefore"] != diff["nonceAfter"]
    balance = diff["balanceBefore"] != diff["balanceAfter"]
    code = diff["codeBefore"] != diff["codeAfter"]
    flags = nonce * 1 + balance * 2 + code * 4 + bool(changed) * 8
    if flags == 0:
        return None
    out = diff["address"] + bytes([flags])
    if nonce:
        out += varint(diff["nonceAfter"])
    if balance:
        out += change(diff["balanceBefore"], diff["balanceAfter"])
    if code:
        after = diff["codeAfter"]
        if after in codes:
            out += varint(codes.index(after) + 1)
        else:
            codes.append(after)
            out += varint(0) + varint(len(after)) + after
    return out + (slots(changed) if changed else b"")


def log(entry):
    out = entry["transaction"].to_bytes(2, "big")
    if "message" in entry:
        return out + b"\x01" + entry["sender"] + varint(len(entry["message"])) + entry["message"]
    return out + b"\x00" + bytes([entry["status"]]) + entry["operation"]


def header(fields):
    out = b"".join(varint(fields[name]) for name in ["number", "timestamp", "gasUsed", "excessGas"])
    for name in ["beneficiary", "parentHash", "transactionsRoot", "receiptsRoot", "stateRoot"]:
        out += fields[name]
    bits = "".join("1" if byte else "0" for byte in fields["bloom"])
    return out + int(bits, 2).to_bytes(32, "big") + bytes(byte for byte in fields["bloom"] if byte)


def encode(batch):
    codes = []
    accounts = sorted(batch["accounts"], key=lambda diff: diff["address"])
    listed = [item for item in (account(diff, codes) for diff in accounts) if item is not None]
    out = b"\x01" + header(batch["header"])
    out += varint(len(batch["hashes"])) + b"".join(batch["hashes"])
    out += varint(len(batch["logs"])) + b"".join(log(entry) for entry in batch["logs"])
    return out + varint(len(listed)) + b"".join(listed)


def history(batch):
    """Slots of EIP-2935 that are not published."""
    if not batch["keepsHistory"]:
        return {}
    hashes = [batch["commitmentBefore"]] + batch["hashes"]
    first = batch["header"]["number"] - len(batch["hashes"])
    return {(first + i - 1) % 8191: int.from_bytes(value, "big") for i, value in enumerate(hashes)}


def make_header(seed, number, bloom=None, **other):
    fields = {
        "number": number,
        "timestamp": 1_800_000_000 + number,
        "gasUsed": 21_000 * seed,
        "excessGas": 1_000_000 * seed,
        "beneficiary": address(seed),
        "parentHash": stream(seed + 1, 32),
        "transactionsRoot": stream(seed + 2, 32),
        "receiptsRoot": stream(seed + 3, 32),
        "stateRoot": stream(seed + 4, 32),
        "bloom": bloom or bytes(256),
        "gasLimit": 30_000_000,
        "lowestBaseFee": 1_000_000,
        "doubling": 300_000_000,
    }
    fields.update(other)
    fields["baseFee"] = base_fee(fields["lowestBaseFee"], fields["excessGas"], fields["doubling"])
    return fields


def diff(where, nonce=(0, 0), balance=(0, 0), code=(b"", b""), slots=()):
    return {
        "address": where,
        "nonceBefore": nonce[0],
        "nonceAfter": nonce[1],
        "balanceBefore": balance[0],
        "balanceAfter": balance[1],
        "codeBefore": code[0],
        "codeAfter": code[1],
        "slots": [{"key": key, "before": before, "after": after} for key, before, after in slots],
    }


def batch(name, fields, hashes=(), logs=(), accounts=(), history=True):
    hashes = list(hashes)
    before = stream(99, 32)
    fields["parentHash"] = hashes[-1] if hashes else before
    return {
        "name": name,
        "keepsHistory": history,
        "commitmentBefore": before,
        "header": fields,
        "hashes": hashes,
        "logs": list(logs),
        "accounts": list(accounts),
    }


def number_near(rng, before):
    shape = rng.randrange(6)
    if shape == 0:
        return 0
    if shape == 1:
        return rng.getrandbits(rng.randrange(257))
    step = rng.getrandbits(rng.choice([3, 8, 9, 60, 128, 248, 249]))
    return (before + step if shape < 4 else before - step) & MASK


def random_batch(seed):
    rng = random.Random(seed)
    accounts = []
    codes = [stream(200 + i, length) for i, length in enumerate([0, 1, 23, 23, 300])]
    for _ in range(40):
        balance = rng.getrandbits(rng.choice([0, 8, 70, 256]))
        nonce = rng.getrandbits(rng.choice([0, 3, 14, 63]))
        listed = {}
        base = rng.getrandbits(256)
        for _ in range(rng.choice([0, 0, 1, 5, 20])):
            key = rng.choice([rng.getrandbits(4), base ^ rng.getrandbits(12), rng.getrandbits(256)])
            before = rng.getrandbits(rng.choice([0, 0, 1, 64, 160, 256]))
            listed[key] = (key, before, number_near(rng, before))
        where = rng.getrandbits(160).to_bytes(20, "big")
        after = nonce + rng.choice([0, 1, 130])
        code = (rng.choice(codes), rng.choice(codes)) if rng.random() < 0.4 else (b"", b"")
        accounts.append(diff(where, (nonce, after), (balance, number_near(rng, balance)), code, listed.values()))
    logs = []
    for transaction in sorted(rng.sample(range(60), 20)):
        for _ in range(rng.randrange(3)):
            message = rng.randbytes(rng.choice([0, 1, 85, 127, 128, 400]))
            logs.append({"transaction": transaction, "sender": address(rng.randrange(250)), "message": message})
        if rng.random() < 0.5:
            logs.append({"transaction": transaction, "status": rng.randrange(2), "operation": rng.randbytes(32)})
    bloom = bytes(rng.choice([0, 0, 0, rng.randrange(256)]) for _ in range(256))
    hashes = [rng.randbytes(32) for _ in range(30)]
    fields = make_header(40 + seed, rng.randrange(31, 10**6), bloom, stateRoot=rng.randbytes(32))
    return batch(f"random {seed}", fields, hashes, logs, accounts)


def cases():
    one, two, three = sorted([address(1), address(2), address(3)])
    most = 2**64 - 1
    yield batch("nothing but a header", make_header(1, 1))
    yield batch("every number at its largest", make_header(
        2, most, bytes([255] * 256), timestamp=most, gasUsed=most, excessGas=most, doubling=2**63))
    yield batch("a bloom with its first and last byte", make_header(3, 7, b"\x80" + bytes(254) + b"\x01"))
    yield batch("an account of each kind", make_header(4, 300), accounts=[
        diff(three, nonce=(127, 128), balance=(10**18, 10**18 - 21_000 * 7)),
        diff(one, balance=(0, 1)),
        diff(two, nonce=(0, 1), code=(b"", stream(7, 200)), slots=[(0, 0, 1), (1, 0, MASK)]),
        diff(address(4), nonce=(5, 5), balance=(7, 7), slots=[(9, 4, 4)]),
        diff(address(5), balance=(77, 0)),
    ])
    delegation = bytes.fromhex("ef0100") + address(6)
    yield batch("codes set twice and removed", make_header(5, 301), accounts=[
        diff(one, nonce=(0, 1), code=(b"", delegation)),
        diff(two, nonce=(3, 4), code=(delegation, b"")),
        diff(three, nonce=(3, 4), code=(b"", delegation)),
        diff(address(7), nonce=(9, 10), code=(delegation, b"")),
    ])
    key = int.from_bytes(stream(8, 32), "big")
    yield batch("keys that share all lengths of prefixes", make_header(6, 302), accounts=[
        diff(one, slots=[(key ^ (1 << bit), 1, 2) for bit in range(0, 256, 7)] + [(0, 0, 5), (1, 6, 0)]),
        diff(two, slots=[(0, 255, 256)]),
        diff(three, slots=[(1 << 8, 1000, 999), (MASK, MASK, 0)]),
    ])
    yield batch("logs of every kind", make_header(7, 303), logs=[
        {"transaction": 0, "status": 1, "operation": stream(9, 32)},
        {"transaction": 1, "sender": one, "message": b""},
        {"transaction": 1, "sender": two, "message": stream(10, 128)},
        {"transaction": 1, "status": 0, "operation": stream(11, 32)},
        {"transaction": 256, "sender": three, "message": b"\x00"},
        {"transaction": 65_534, "status": 1, "operation": bytes(32)},
    ])
    yield batch("three blocks around the end of the history", make_header(8, 8192 * 2), [stream(60 + i, 32) for i in range(5)],
                accounts=[diff(HISTORY, nonce=(1, 1), balance=(0, 5), slots=[(8191, 0, 1), (MASK, 2, 3)]), diff(b"\xff" * 20, balance=(0, 1))])
    yield batch("no history", make_header(9, 12), [stream(70 + i, 32) for i in range(3)], history=False,
                accounts=[diff(HISTORY, slots=[(8, 0, 1), (9, 0, 1)])])
    for seed in range(4):
        yield random_batch(seed)


def refused():
    """Byte strings that no batch has, each with the rule that it breaks."""
    fields = make_header(20, 5)
    fields["parentHash"] = stream(21, 32)
    start = b"\x01" + header(fields)
    rest = bytes(3)
    one, two = sorted([address(1), address(2)])
    hashes = b"\x01" + fields["parentHash"]
    message = b"\x00\x03\x01" + one + b"\x02hi"
    status = b"\x00\x03\x00\x01" + stream(22, 32)
    balance = one + b"\x02\x01\x09"
    storage = one + b"\x08"
    padded = b"\x00" * 31

    def logs(*entries):
        return start + b"\x00" + varint(len(entries)) + b"".join(entries) + b"\x00"

    def accounts(*entries):
        return start + bytes(2) + varint(len(entries)) + b"".join(entries)

    def stored(*entries):
        return accounts(storage + varint(len(entries)) + b"".join(entries))

    fields = dict(fields)
    bloom = start[:-32] + b"\x80" + bytes(31)
    yield "nothing", b""
    yield "only a version", b"\x01"
    yield "version 0", b"\x00" + start[1:] + rest
    yield "version 2", b"\x02" + start[1:] + rest
    yield "a byte behind the end", start + rest + b"\x00"
    yield "a byte missing", start + bytes(2)
    yield "number not in the fewest bytes", b"\x01\x85\x00" + start[2:] + rest
    yield "number of ten bytes above 64 bits", b"\x01" + b"\xff" * 9 + b"\x02" + start[2:] + rest
    yield "number of eleven bytes", b"\x01" + b"\xff" * 10 + b"\x00" + start[2:] + rest
    yield "count not in the fewest bytes", start + bytes(2) + b"\x80\x00"
    yield "zero byte of the bloom", bloom + b"\x00" + rest
    yield "byte of the bloom missing", bloom
    yield "as many blocks before as the number", start + b"\x05" + bytes(128) + hashes[1:] + bytes(2)
    yield "more hashes than bytes", start + b"\x04" + bytes(2)
    yield "the last hash is not the parent", start + b"\x01" + stream(23, 32) + bytes(2)
    yield "log of kind 2", logs(b"\x00\x03\x02" + message[3:])
    yield "status 2", logs(status[:3] + b"\x02" + status[4:])
    yield "logs out of order", logs(b"\x00\x04" + message[2:], message)
    yield "message behind a status", logs(status, message)
    yield "two statuses of a transaction", logs(status, status)
    yield "log of transaction 65,535", logs(b"\xff\xff" + message[2:])
    yield "message longer than the bytes", start + b"\x00\x01" + message[:23] + b"\x7f" + b"hi"
    yield "message length not in the fewest bytes", logs(message[:23] + b"\x82\x00hi")
    yield "the same account twice", accounts(balance, balance)
    yield "accounts out of order", accounts(two + balance[20:], balance)
    yield "no flag", accounts(one + b"\x00\x00")
    yield "unknown flag", accounts(one + b"\x12\x01\x09")
    yield "nonce not in the fewest bytes", accounts(one + b"\x01\x81\x00")
    yield "change of kind 3", accounts(one + b"\x02\xc1\x09")
    yield "change of 33 bytes", accounts(one + b"\x02\x21" + b"\x01" * 33)
    yield "number with a leading zero", accounts(one + b"\x02\x02\x00\x09")
    yield "value with a zero byte for zero", accounts(one + b"\x02\x01\x00")
    yield "sum with nothing", accounts(one + b"\x02\x40")
    yield "difference of nothing", accounts(one + b"\x02\x80")
    yield "sum of 32 bytes", accounts(one + b"\x02\x60" + b"\x01" * 32)
    yield "difference of 32 bytes", accounts(one + b"\x02\xa0" + b"\x01" * 32)
    yield "code named that did not stand before", accounts(one + b"\x04\x01")
    yield "code repeated", accounts(one + b"\x04\x00\x02ab", two + b"\x04\x00\x02ab")
    yield "second code named where one stood", accounts(one + b"\x04\x00\x02ab", two + b"\x04\x02")
    yield "empty code repeated", accounts(one + b"\x04\x00\x00", two + b"\x04\x00\x00")
    yield "no slots", stored()
    yield "the same slot twice", stored(b"\x1f\x07\x01\x09", b"\x1f\x07\x01\x08")
    yield "slots out of order", stored(b"\x1f\x07\x01\x09", b"\x1f\x06\x01\x08")
    yield "shared of 32", stored(b"\x20\x01\x09")
    yield "shared too small", stored(b"\x1e\x00\x07\x01\x09")
    yield "shared too small between keys", stored(b"\x1f\x07\x01\x09", b"\x00" + padded + b"\x08\x01\x08")
    yield "shared too large", stored(b"\x00\x01" + padded + b"\x01\x09", b"\x00\x01" + padded[1:] + b"\x01\x01\x08")


def misapplied():
    """Pubdata that decode, and do not follow from the state before."""
    where = address(1)

    def made(name, encoded, before, **options):
        base = batch(name, make_header(30, 9), **options)
        start = b"\x01" + header(base["header"]) + varint(len(base["hashes"])) + b"".join(base["hashes"])
        return base, start + b"\x00\x01" + encoded, before

    yield made("nonce that does not change", where + b"\x01\x05", diff(where, nonce=(5, 5)))
    yield made("balance that does not change", where + b"\x02\x01\x05", diff(where, balance=(5, 5)))
    yield made("value where a sum is shorter", where + b"\x02\x02\x01\x01", diff(where, balance=(256, 257)))
    yield made("sum as long as the value", where + b"\x02\x41\x01", diff(where, balance=(5, 6)))
    yield made("difference as long as the value", where + b"\x02\x81\x04", diff(where, balance=(9, 9)))
    yield made("code that does not change", where + b"\x04\x00\x02ab", diff(where, code=(b"ab", b"ab")))
    yield made("empty code where none was", where + b"\x04\x00\x00", diff(where))
    yield made("slot that does not change", where + b"\x08\x01\x1f\x02\x01\x07", diff(where, slots=[(2, 7, 7)]))
    yield made("zero where zero was", where + b"\x08\x01\x1f\x02\x00", diff(where, slots=[(2, 0, 0)]))
    yield made("slot that is derived", HISTORY + b"\x08\x01\x1f\x08\x01\x07", diff(HISTORY))
    yield made("slot that is derived of an earlier block", HISTORY + b"\x08\x01\x1f\x06\x01\x07", diff(HISTORY),
               hashes=[stream(31, 32), stream(32, 32)])


def shown(value):
    if isinstance(value, (bytes, bytearray)):
        return hx(value)
    if isinstance(value, bool) or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {key: hx(word(item)) if key in ("key", "value") else shown(item) for key, item in value.items()}
    return [shown(item) for item in value]


def generate():
    batches = []
    for case in cases():
        item = shown(case)
        item["historySlots"] = [{"key": hx(word(key)), "value": hx(word(value))} for key, value in sorted(history(case).items())]
        item["lastHeaderHash"] = hx(keccak(rollup_header(case["header"])))
        item["bytes"] = hx(encode(case))
        batches.append(item)
    write("pubdata.json", {
        "about": "Vectors of specification 018, made by generate/rollup.py. Accounts and slots that do not change are given too, "
                 "and must not be published. `refused` has bytes that do not decode; `misapplied` has bytes that decode, and do "
                 "not follow from the state before.",
        "batches": batches,
        "refused": [{"name": name, "bytes": hx(data)} for name, data in refused()],
        "misapplied": [
            {**shown(base), "accounts": [shown(before)], "bytes": hx(data)} for base, data, before in misapplied()
        ],
    })
