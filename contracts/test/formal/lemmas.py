#!/usr/bin/env python3
"""Proves over the integers what `Lemmas.sol` says, and the bounds of lanes that the libraries rest on.

Constants are read from the sources, so that a changed one is noticed. A statement is proven if its negation has no solution.
Where it says so, the same with a weaker bound is shown to be wrong.
"""

import re
import sys
from pathlib import Path

from z3 import And, Implies, Int, Ints, Not, Solver, sat, unsat

SOURCES = Path(__file__).resolve().parents[2] / "src"


def constant(file, name):
    text = (SOURCES / file).read_text()
    return int(re.search(rf"constant {name} = (?:hex)?\"?(0x[0-9a-fA-F]+|\d+)", text)[1], 0)


P = constant("libraries/Ext.sol", "P")
RATIO = constant("libraries/Ext.sol", "RATIO")
KRONECKER = constant("libraries/Ext.sol", "KRONECKER")
LOG_ARITY_MAX = constant("libraries/Folding.sol", "LOG_ARITY_MAX")
LIGHT = 201 * P // 100
WORD = 2**256
LANE = 2**64
TERM = (P - 1) * (2**31 - 1)
PRODUCTS = 4 * (P - 1) ** 2
PRODUCT = LANE - 2**56

failures = 0


def prove(name, statement, weaker=None):
    """`weaker` is a statement like it that must be wrong."""
    global failures
    for claim, expected in [(statement, unsat)] + ([(weaker, sat)] if weaker is not None else []):
        solver = Solver()
        solver.set("timeout", 60_000)
        solver.add(Not(claim))
        result = solver.check()
        if result != expected:
            failures += 1
            print(f"FAILED: {name}: {result}")
            return
    print(f"proven: {name}" + (", and not with the weaker bound" if weaker is not None else ""))


def identity(name, left, right):
    """Polynomials with integer coefficients, as maps from monomials."""
    global failures
    if {k: v for k, v in left.items() if v} != {k: v for k, v in right.items() if v}:
        failures += 1
        print(f"FAILED: {name}")
    else:
        print(f"proven: {name}")


def multiply(a, b):
    product = {}
    for m, x in a.items():
        for n, y in b.items():
            key = tuple(sorted(m + n))
            product[key] = product.get(key, 0) + x * y
    return product


def add(*terms):
    total = {}
    for term in terms:
        for key, value in term.items():
            total[key] = total.get(key, 0) + value
    return total


def scaled(factor, a):
    return {key: factor * value for key, value in a.items()}


def variable(name):
    return {(name,): 1}


def lanes(items):
    return add(*(scaled(LANE**i, item) for i, item in enumerate(items)))


def within(*bounds):
    return And(*(And(number >= 0, number <= bound) for number, bound in bounds))


def subtracted():
    """`Lemmas.light` and `subtract`: a lane is 2^31 h + low; h RATIO is 2^37 k + rest."""
    h, low, k, rest = Ints("h low k rest")
    given = And(within((h, 2**33 - 1), (low, 2**31 - 1), (k, WORD), (rest, 2**37 - 1)), h * RATIO == 2**37 * k + rest)
    lane, t = 2**31 * h + low, (h + k) * P
    prove("h RATIO stays in its lane, and k in 27 bits", Implies(given, And(h * RATIO < LANE, k < 2**27)),
          Implies(given, k < 2**26))
    prove("reduceLightly borrows nothing", Implies(given, t <= lane), Implies(given, t < lane))
    prove("reduceLightly leaves less than 2.01 p", Implies(given, lane - t < LIGHT), Implies(given, lane - t < 2 * P))
    words = [[variable(f"{name}{i}") for i in range(4)] for name in "xhk"]
    x, h, k = (lanes(word) for word in words)
    minus = [add(x_i, scaled(-P, add(h_i, k_i))) for x_i, h_i, k_i in zip(*words)]
    identity("lanes - p (h + k), lane by lane", add(x, scaled(-P, add(h, k))), lanes(minus))


def kronecker():
    """`Lemmas.kronecker` and `rotate`: the remainder's identity, and that it is below the modulus."""
    a = [variable(f"a{i}") for i in range(4)]
    b = [variable(f"b{i}") for i in range(2)]
    over = multiply(a[3], b[1])
    c = [
        add(multiply(a[0], b[0]), scaled(3, over)),
        add(multiply(a[0], b[1]), multiply(a[1], b[0])),
        add(multiply(a[1], b[1]), multiply(a[2], b[0])),
        add(multiply(a[2], b[1]), multiply(a[3], b[0])),
    ]
    identity("a b = a3 b1 (2^256 - 3) + lanes", multiply(lanes(a), lanes(b)), add(scaled(KRONECKER, over), lanes(c)))
    r = [variable(f"r{i}") for i in range(4)]
    turned = lanes([scaled(3, r[2]), scaled(3, r[3]), r[0], r[1]])
    above = add(r[2], scaled(LANE, r[3]))
    identity("r 2^128 = (r2 + r3 2^64) (2^256 - 3) + lanes", scaled(2**128, lanes(r)),
             add(scaled(KRONECKER, above), turned))
    x, y, u, v = Ints("x y u v")
    bounds = within((x, (P - 1) ** 2), (y, (P - 1) ** 2))
    prove("a product's lane is at most 4 (p - 1)^2", Implies(bounds, x + 3 * y <= PRODUCTS),
          Implies(bounds, x + 3 * y < PRODUCTS))
    words = within(*((lane, PRODUCTS) for lane in (x, y, u, v)))
    prove("lanes are a remainder", Implies(words, x + LANE * y + LANE**2 * u + LANE**3 * v < KRONECKER))
    light = within((x, LIGHT - 1), (y, LIGHT - 1))
    prove("turned lanes are a remainder", Implies(light, 3 * x + 3 * LANE * y + LANE**2 * x + LANE**3 * y < KRONECKER))


def multiplied():
    """`Lemmas.multiply` and `TERM`: a word times a number, by lanes, is less than a word."""
    y = [variable(f"y{i}") for i in range(4)]
    c = variable("c")
    identity("y c = lanes y_i c", multiply(lanes(y), c), lanes([multiply(lane, c) for lane in y]))
    t = [Int(f"t{i}") for i in range(4)]
    prove("lanes below 2^64 are a word",
          Implies(within(*((lane, LANE - 1) for lane in t)), sum(LANE**i * t[i] for i in range(4)) < WORD),
          Implies(within(*((lane, LANE) for lane in t)), sum(LANE**i * t[i] for i in range(4)) < WORD))
    x, k = Ints("x k")
    given = within((x, P - 1), (k, 2**31 - 1))
    prove("a canonical lane times 31 bits is at most (p - 1) (2^31 - 1)", Implies(given, x * k <= TERM),
          Implies(given, x * k < TERM))


def sums():
    """What the libraries add up before they reduce: at most what fits a lane."""
    x, y, light, small = Ints("x y light small")
    given = within((x, PRODUCTS), (light, LIGHT - 1))
    prove("product: below 2^64 - 2^56", Implies(given, x + 3 * light < PRODUCT), Implies(given, x + 3 * light < LANE - 2**58))
    given = within((x, TERM), (light, LIGHT - 1))
    prove("dot: four terms and the sum before", Implies(given, 4 * x + light < LANE), Implies(given, 5 * x + light < LANE))
    given = within((x, PRODUCT - 1), (y, PRODUCT - 1), (light, LIGHT - 1), (small, P - 1))
    prove("weigh, sums, readRows: a product and what is light", Implies(given, x + light < LANE), Implies(given, x + y < LANE))
    prove("Program: a product and c", Implies(given, x + small < LANE))
    prove("fold: a product and two values", Implies(given, x + 2 * small < LANE))
    prove("sums: light and one more element", Implies(given, light + small < LANE))
    given = within((x, 2 * P - 1), (y, P - 1), (light, LIGHT - 1), (small, P - 1))
    prove("fold: a difference times a twiddle", Implies(given, And(x + P - y >= 0, (2 * P - 1) * (P - 1) < LANE)))
    factor = P - (P - 1) // 2**LOG_ARITY_MAX
    prove("fold: the halving", Implies(given, small * factor < LANE))
    prove("evaluate: light times x and a coefficient", Implies(given, light * (P - 1) + small < LANE),
          Implies(within((light, 5 * P), (small, P - 1)), light * (P - 1) + small < LANE))
    given = within((x, (P - 1) ** 2), (small, P - 1))
    prove("message: four products and the last coefficient", Implies(given, 4 * x + small < LANE))


subtracted()
kronecker()
multiplied()
sums()
sys.exit(1 if failures else 0)
