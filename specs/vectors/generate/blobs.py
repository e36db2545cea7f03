"""Vectors of specification 019, with the reference implementation of EIP-4844."""

import hashlib

import ckzg

from common import hx, keccak, stream, write

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
SIZE = 4096
PER_BLOB = 31 * SIZE


def transform(values, root):
    if len(values) == 1:
        return values
    even = transform(values[::2], root * root % ORDER)
    odd = transform(values[1::2], root * root % ORDER)
    out, power, half = [0] * len(values), 1, len(values) // 2
    for i in range(half):
        term = power * odd[i] % ORDER
        out[i], out[i + half] = (even[i] + term) % ORDER, (even[i] - term) % ORDER
        power = power * root % ORDER
    return out


def polynomials(pubdata):
    padded = len(pubdata).to_bytes(4, "big") + pubdata
    padded += bytes(-len(padded) % PER_BLOB)
    pieces = [int.from_bytes(padded[i:i + 31], "big") for i in range(0, len(padded), 31)]
    return [pieces[i:i + SIZE] for i in range(0, len(pieces), SIZE)]


def blob(coefficients):
    root = pow(7, (ORDER - 1) // SIZE, ORDER)
    values = transform(coefficients, root)
    order = [int(format(i, "012b")[::-1], 2) for i in range(SIZE)]
    return b"".join(values[j].to_bytes(32, "big") for j in order)


def case(name, source, pubdata, setup, cells=False):
    blobs, opened = [], []
    coefficients = polynomials(pubdata)
    for polynomial in coefficients:
        data = blob(polynomial)
        commitment = ckzg.blob_to_kzg_commitment(data, setup)
        blobs.append((data, commitment, b"\x01" + hashlib.sha256(commitment).digest()[1:]))
    pubdata_hash = keccak(pubdata)
    point = b"\x00" + keccak(b"".join(hashed for _, _, hashed in blobs) + pubdata_hash)[1:]
    preimage = pubdata_hash
    for (data, commitment, hashed), polynomial in zip(blobs, coefficients):
        proof, value = ckzg.compute_kzg_proof(data, point, setup)
        z, horner = int.from_bytes(point, "big"), 0
        for coefficient in reversed(polynomial):
            horner = (horner * z + coefficient) % ORDER
        assert horner.to_bytes(32, "big") == value
        assert ckzg.verify_kzg_proof(commitment, point, value, proof, setup)
        preimage += hashed + value
        entry = {
            "blobHash": hx(keccak(data)),
            "commitment": hx(commitment),
            "versionedHash": hx(hashed),
            "value": hx(value),
            "proof": hx(proof),
        }
        if cells:
            _, proofs = ckzg.compute_cells_and_kzg_proofs(data, setup)
            entry["cellProofsHash"] = hx(keccak(b"".join(proofs)))
        opened.append(entry)
    return {
        "name": name,
        **source,
        "pubdataHash": hx(pubdata_hash),
        "point": hx(point),
        "blobs": opened,
        "availabilityCommitment": hx(keccak(preimage)),
        "calldataCommitment": hx(keccak(pubdata_hash)),
    }


def generate(setup_file):
    setup = ckzg.load_trusted_setup(str(setup_file), 0)
    cases = []
    for name, pubdata in [
        ("no pubdata", b""),
        ("one byte", b"\x01"),
        ("one byte that is zero", b"\x00"),
        ("a piece and a byte", bytes([255]) * 28),
    ]:
        cases.append(case(name, {"pubdata": hx(pubdata)}, pubdata, setup, cells=name == "one byte"))
    for name, seed, length in [
        ("a few pieces", 1, 1_000),
        ("one blob, full", 2, PER_BLOB - 4),
        ("one byte more than a blob", 3, PER_BLOB - 3),
        ("three blobs", 4, 3 * PER_BLOB - 5_000),
        ("six blobs, full", 5, 6 * PER_BLOB - 4),
    ]:
        made = case(name, {"seed": seed, "length": length}, stream(seed, length), setup, cells=name == "one blob, full")
        cases.append(made)
    write("blobs.json", {
        "about": "Vectors of specification 019, made by generate/rollup.py with c-kzg 2.1.8 and Ethereum's trusted setup. Pubdata "
                 "that are not given are keccak256(seed, 1 byte || counter, 4 bytes big-endian) for the counters from 0, cut to the "
                 "length. blobHash is the Keccak-256 of a blob, cellProofsHash that of its 128 cell proofs one after the other.",
        "cases": cases,
    })
