"""Makes the state tests of this folder: what Prague and Osaka brought, and what the older of them does without it.

The transactions are ours; what must follow from them is computed by ethereum-execution, the executable specification that
the Ethereum Foundation publishes (CC0). It shares no code with revm.

    pip install ethereum-execution==2.20.0
    python make.py
"""

import hashlib
import importlib
import io
import json
import pathlib

from ethereum.crypto.hash import keccak256
from ethereum_rlp import rlp
from ethereum_spec_tools.evm_tools import create_parser
from ethereum_spec_tools.evm_tools.t8n import T8N, ForkCache
from ethereum_spec_tools.evm_tools.utils import secp256k1_sign
from ethereum_types.numeric import U64, U256
from py_ecc import optimized_bls12_381 as bls

SENDER_KEY = 1
SENDER = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
AUTHORITY_KEY = 2
AUTHORITY = "0x2b5ad5c4795c026514f8317c7a215e218dccd6cf"
CONTRACT = "0x00000000000000000000000000000000000c0de0"
OTHER = "0x00000000000000000000000000000000000c0de1"
MAX_GAS = 1 << 24
ENV = {
    "currentCoinbase": "0x00000000000000000000000000000000000c01b0",
    "currentGasLimit": hex(60_000_000),
    "currentNumber": "0x1",
    "currentTimestamp": "0x3e8",
    "currentRandom": "0x" + "00" * 32,
    "currentDifficulty": "0x0",
    "currentBaseFee": "0x7",
    "currentExcessBlobGas": "0x0",
}
FORKS = ("Prague", "Osaka")


# What runs.


def push(number):
    """Pushes a number with as few bytes as it needs."""
    size = (number.bit_length() + 7) // 8
    return bytes([0x5F + size]) + number.to_bytes(size, "big")


def store(slot):
    """Stores the top of the stack."""
    return push(slot) + b"\x55"


def probe(address, gas):
    """Calls an address with its own input; stores success, size and hash of the answer, and the gas that it all took."""
    copy = b"\x36\x5f\x5f\x37"  # calldatacopy(0, 0, calldatasize)
    call = b"\x5a\x5f\x5f\x36\x5f" + push(address) + push(gas) + b"\xfa\x5a"  # gas, staticcall, gas
    taken = b"\x90" + store(0) + b"\x90\x03" + store(3)
    answer = b"\x3d" + store(1) + b"\x3d\x5f\x5f\x3e\x3d\x5f\x20" + store(2)
    return copy + call + taken + answer


def clz(values):
    """Stores the leading zeros of each value, and then one more word, so that an abort shows."""
    return b"".join(push(value) + b"\x1e" + store(slot) for slot, value in enumerate(values)) + push(1) + store(99)


def hexed(data):
    return "0x" + data.hex()


def account(code=b"", balance=0, nonce=0, storage=None):
    return {"balance": hex(balance), "nonce": hex(nonce), "code": hexed(code), "storage": storage or {}}


def address_of(creator, nonce):
    return hexed(keccak256(rlp.encode([bytes.fromhex(creator[2:]), U64(nonce)]))[12:])


def address_of_create2(creator, init):
    return hexed(keccak256(b"\xff" + bytes.fromhex(creator[2:]) + bytes(32) + keccak256(init))[12:])


# What signs.


def authorization(address, nonce, chain=1, key=AUTHORITY_KEY):
    """Delegates an account to an address (EIP-7702)."""
    message = b"\x05" + rlp.encode([U256(chain), bytes.fromhex(address[2:]), U64(nonce)])
    r, s, y = secp256k1_sign(keccak256(message), key)
    signed = {"v": hex(y), "r": hex(r), "s": hex(s)}
    return {"chainId": hex(chain), "address": address, "nonce": hex(nonce), **signed}


def transaction(data=b"", gas=1_000_000, to=CONTRACT, value=0, authorizations=None):
    fields = {
        "type": "0x2",
        "chainId": "0x1",
        "nonce": "0x0",
        "maxPriorityFeePerGas": "0x1",
        "maxFeePerGas": "0x10",
        "gas": hex(gas),
        "to": to,
        "value": hex(value),
        "input": hexed(data),
        "accessList": [],
        "secretKey": hex(SENDER_KEY),
    }
    if authorizations is not None:
        fields |= {"type": "0x4", "authorizationList": authorizations}
    return fields


def fixture(fork, alloc, tx):
    """One test under one fork, with what the specification says follows from it."""
    pre = {SENDER: account(balance=10**18), **alloc}
    options = [
        "t8n", "--input.alloc=stdin", "--input.env=stdin", "--input.txs=stdin", f"--state.fork={fork}", "--state-test",
    ]
    given = json.loads(json.dumps({"alloc": pre, "env": ENV | {"withdrawals": []}, "txs": [tx]}))
    with ForkCache() as cache:
        tool = T8N(create_parser().parse_args(options), io.StringIO(), io.StringIO(json.dumps(given)), cache)
        tool.run_state_test()
    result = tool.result.to_json()
    encode_transaction = importlib.import_module(f"ethereum.forks.{fork.lower()}.transactions").encode_transaction
    post = {
        "hash": result["stateRoot"],
        "logs": result["logsHash"],
        "txbytes": hexed(encode_transaction(tool.txs.all_txs[0])),
    }
    if tool.txs.rejected_txs:
        post["expectException"] = tool.txs.rejected_txs[0]
    left = {address: one.get("storage", {}) for address, one in tool.alloc.to_json().items() if one.get("storage")}
    return {
        "_info": {"comment": "made by make.py with ethereum-execution 2.20.0", "storage": left},
        "env": ENV,
        "pre": pre,
        "post": {fork: [post]},
        "config": {"chainid": "0x1"},
    }


# The tests.


def of_clz():
    """EIP-7939: an instruction that counts leading zeros. Prague has none."""
    powers = [1 << bit for bit in (0, 1, 7, 8, 64, 127, 128, 254, 255)]
    values = [0, *powers, 2**256 - 1, 2**255 - 1, 0xFF, 0xABCDEF]
    yield "values", {CONTRACT: account(clz(values))}, transaction()
    yield "underflow", {CONTRACT: account(b"\x1e" + store(0))}, transaction()
    # Two pushes and CLZ cost 3 + 3 + 5, after the transaction's 21,000.
    exact = b"\x60\x01\x1e\x60\x02"
    yield "all the gas that it needs", {CONTRACT: account(exact)}, transaction(gas=21_011)
    yield "one gas too few", {CONTRACT: account(exact)}, transaction(gas=21_010)


def of_p256verify():
    """EIP-7951: verification of signatures over P-256 at 0x100. The signature is that of RFC 6979, A.2.5, for "sample"."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    digest = int.from_bytes(hashlib.sha256(b"sample").digest(), "big")
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    x = 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    y = 0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299

    def packed(*numbers):
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    inputs = {
        "valid": packed(digest, r, s, x, y),
        "valid with the other s": packed(digest, r, order - s, x, y),
        "another message": packed(digest + 1, r, s, x, y),
        "r is zero": packed(digest, 0, s, x, y),
        "s is the order": packed(digest, r, order, x, y),
        "point at infinity": packed(digest, r, s, 0, 0),
        "point off the curve": packed(digest, r, s, x, y + 1),
        "coordinate of the field's size": packed(digest, r, s, prime, y),
        "a byte too few": packed(digest, r, s, x, y)[:-1],
        "a byte too many": packed(digest, r, s, x, y) + b"\0",
        "nothing": b"",
    }
    for name, data in inputs.items():
        yield name, {CONTRACT: account(probe(0x100, 100_000))}, transaction(data)
    for gas in (6_899, 6_900):
        yield f"{gas} gas", {CONTRACT: account(probe(0x100, gas))}, transaction(inputs["valid"])


def of_modexp():
    """EIP-7823 and EIP-7883: no operand over 1,024 bytes, and higher prices."""

    def packed(base, exponent, modulus):
        sizes = b"".join(len(part).to_bytes(32, "big") for part in (base, exponent, modulus))
        return sizes + base + exponent + modulus

    inputs = {
        "small": packed(b"\x03", b"\x05", b"\x07"),
        "32 bytes": packed(b"\x03" * 32, b"\x05", b"\xff" * 32),
        "33 bytes": packed(b"\x03" * 33, b"\x05", b"\xff" * 33),
        "long exponent": packed(b"\x02", b"\xff" * 40, b"\xfb"),
        "exponent of zero": packed(b"\x02", b"\x00", b"\xfb"),
        "modulus of zero": packed(b"\x02", b"\x03", b"\x00"),
        "nothing": b"",
        "base of 1024 bytes": packed(b"\x03" * 1024, b"\x02", b"\x65"),
        "base of 1025 bytes": packed(b"\x03" * 1025, b"\x02", b"\x65"),
        "modulus of 1025 bytes": packed(b"\x03", b"\x02", b"\x65" * 1025),
        "exponent of 1025 bytes": packed(b"\x03", b"\x01" * 1025, b"\x65"),
    }
    for name, data in inputs.items():
        yield name, {CONTRACT: account(probe(5, 2_000_000))}, transaction(data, gas=4_000_000)
    for gas in (199, 200, 499, 500):
        yield f"{gas} gas", {CONTRACT: account(probe(5, gas))}, transaction(inputs["small"])


def of_gas_cap():
    """EIP-7825: no transaction has more than 16,777,216 gas."""
    for gas in (MAX_GAS, MAX_GAS + 1, 30_000_000):
        yield f"{gas} gas", {CONTRACT: account(push(1) + store(0))}, transaction(gas=gas)


def of_calldata():
    """EIP-7623: a transaction costs at least 10 gas a zero byte and 40 any other."""
    alloc = {CONTRACT: account(b"\x00")}
    mixed = bytes(300) + b"\x01" * 300
    floor = 21_000 + 10 * 300 + 40 * 300
    yield "the floor", alloc, transaction(mixed, gas=floor)
    yield "one gas under the floor", alloc, transaction(mixed, gas=floor - 1)
    yield "more gas than the floor", alloc, transaction(mixed, gas=200_000)
    # 1,000 bytes cost 16,000 gas, and their floor is 40,000: one write stays under it, two do not.
    for writes in (0, 1, 2):
        code = b"".join(push(1) + store(slot) for slot in range(writes))
        yield f"{writes} writes", {CONTRACT: account(code + b"\x00")}, transaction(b"\x01" * 1_000)


def of_set_code():
    """EIP-7702: accounts that have the code of others."""
    # Stores who runs and who called.
    code = b"\x30" + store(0) + b"\x33" + store(1) + b"\x34" + store(2)
    target = {CONTRACT: account(code)}
    to_authority = {"to": AUTHORITY, "value": 5}
    cases = {
        "delegates and is called": ({}, [authorization(CONTRACT, 0)]),
        "for any chain": ({}, [authorization(CONTRACT, 0, chain=0)]),
        "for another chain": ({}, [authorization(CONTRACT, 0, chain=2)]),
        "with a nonce to come": ({}, [authorization(CONTRACT, 1)]),
        "twice, the last one counts": ({}, [authorization(OTHER, 0), authorization(CONTRACT, 1)]),
        "and is cleared": ({}, [authorization(CONTRACT, 0), authorization("0x" + "00" * 20, 1)]),
        "an account that exists": ({AUTHORITY: account(balance=7, nonce=3)}, [authorization(CONTRACT, 3)]),
        "an account that has code": ({AUTHORITY: account(b"\x00", nonce=1)}, [authorization(CONTRACT, 1)]),
        "the sender": ({}, [authorization(CONTRACT, 1, key=SENDER_KEY)]),
        "to a precompile": ({}, [authorization("0x" + "00" * 19 + "01", 0)]),
        "with nobody": ({}, []),
    }
    for name, (alloc, authorizations) in cases.items():
        yield name, target | alloc, transaction(authorizations=authorizations, **to_authority)
    before = {AUTHORITY: account(bytes.fromhex("ef0100" + CONTRACT[2:]), nonce=1)}
    yield "delegated before", target | before, transaction(**to_authority)
    # What others see of it: its size, its hash and its code are the 23 bytes of the delegation.
    look = push(int(AUTHORITY, 16))
    seen = look + b"\x3b" + store(0) + look + b"\x3f" + store(1) + look + b"\x31" + store(2)
    yield "seen by others", target | before | {OTHER: account(seen)}, transaction(to=OTHER)


def of_collision():
    """EIP-7610: nothing is created at an address that has storage. No transaction leaves such an account behind."""
    occupied = account(balance=1, storage={"0x1": "0x2"})
    init = push(1) + store(5)
    yield "by a transaction", {address_of(SENDER, 0): occupied}, transaction(init, to=None)
    # Stores what creation answers, which is zero if it failed, and one more word. A failed one takes 63/64 of the gas.
    memory = push(int.from_bytes(init, "big")) + b"\x5f\x52"
    place = push(len(init)) + push(32 - len(init)) + b"\x5f"
    for title, create in (("create", memory + place + b"\xf0"), ("create2", memory + b"\x5f" + place + b"\xf5")):
        at = address_of(CONTRACT, 1) if title == "create" else address_of_create2(CONTRACT, init)
        creator = {CONTRACT: account(create + store(0) + push(1) + store(1), nonce=1)}
        yield f"by {title}", creator | {at: occupied}, transaction(gas=4_000_000)


def of_bls():
    """EIP-2537: the curve BLS12-381."""

    def field(number):
        return int(number).to_bytes(64, "big")

    def g1(point):
        return b"".join(field(part) for part in bls.normalize(point))

    def g2(point):
        return b"".join(field(part) for coordinate in bls.normalize(point) for part in coordinate.coeffs)

    one, two, minus = bls.G1, bls.multiply(bls.G1, 2), bls.neg(bls.G1)
    scalar = (12_345).to_bytes(32, "big")
    # On the curve and not of the subgroup: x = 4 has the point, whose order is not the group's.
    outside = next(
        (bls.FQ(x), bls.FQ(root), bls.FQ(1))
        for x in range(1, 50)
        for root in [pow(x**3 + 4, (bls.field_modulus + 1) // 4, bls.field_modulus)]
        if root * root % bls.field_modulus == (x**3 + 4) % bls.field_modulus
    )
    cases = {
        "g1 add": (0x0B, g1(one) + g1(two)),
        "g1 add to its negation": (0x0B, g1(one) + g1(minus)),
        "g1 add off the curve": (0x0B, g1(one) + field(1) + field(1)),
        "g1 add outside the subgroup": (0x0B, g1(one) + g1(outside)),
        "g1 multiply": (0x0C, g1(one) + scalar),
        "g1 multiply two": (0x0C, (g1(one) + scalar) + (g1(two) + scalar)),
        "g1 multiply outside the subgroup": (0x0C, g1(outside) + scalar),
        "g2 add": (0x0D, g2(bls.G2) + g2(bls.multiply(bls.G2, 3))),
        "g2 multiply": (0x0E, g2(bls.G2) + scalar),
        "pairing that is one": (0x0F, g1(one) + g2(bls.G2) + g1(minus) + g2(bls.G2)),
        "pairing that is not one": (0x0F, g1(one) + g2(bls.G2) + g1(two) + g2(bls.G2)),
        "pairing of nothing": (0x0F, b""),
        "map to g1": (0x10, field(5)),
        "map to g2": (0x11, field(5) + field(6)),
        "map of what is not in the field": (0x10, field(bls.field_modulus)),
        "a byte too few": (0x0B, (g1(one) + g1(two))[:-1]),
    }
    for name, (address, data) in cases.items():
        yield name, {CONTRACT: account(probe(address, 500_000))}, transaction(data)


SETS = {
    "clz": of_clz,
    "p256verify": of_p256verify,
    "modexp": of_modexp,
    "gas_cap": of_gas_cap,
    "calldata": of_calldata,
    "set_code": of_set_code,
    "bls": of_bls,
    "collision": of_collision,
}

if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    for title, cases in SETS.items():
        tests = {
            f"{title}: {name}, {fork}": fixture(fork, alloc, tx) for name, alloc, tx in cases() for fork in FORKS
        }
        (folder / f"{title}.json").write_text(json.dumps(tests, indent=1) + "\n")
        print(f"{title}: {len(tests)}")
