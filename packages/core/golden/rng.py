"""An independent implementation of Rng: writes rng.json with its first numbers for some seeds and splits.

xoshiro128** follows the reference code of Blackman and Vigna (https://prng.di.unimi.it/xoshiro128starstar.c);
its own test vector (state 1, 2, 3, 4) is checked below. Seeding and splitting are ours, as rng.ts documents.
Whole numbers here are unbounded Python integers, masked to 32 bits.

Run: python packages/core/golden/rng.py
"""

import json
import math
from pathlib import Path

MASK = 0xFFFFFFFF


def rotl(x, k):
    return ((x << k) | (x >> (32 - k))) & MASK


def mix(h, word):
    x = ((h ^ word) * 0xCC9E2D51 + 0x52DCE729 + h) & MASK
    x = (x ^ (x >> 16)) * 0x85EBCA6B & MASK
    x = (x ^ (x >> 13)) * 0xC2B2AE35 & MASK
    return x ^ (x >> 16)


class Rng:
    def __init__(self, seed):
        bits = seed % 2**64  # two's complement
        self.fill(mix(mix(0x9E3779B9, bits & MASK), bits >> 32), [0, 0, 0, 0])

    def fill(self, h, words):
        self.s = [mix((h + 0x9E3779B9 * (i + 1)) & MASK, word) for i, word in enumerate(words)]
        assert any(self.s)

    def next(self):
        s = self.s
        result = rotl(s[1] * 5 & MASK, 7) * 9 & MASK
        t = s[1] << 9 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 11)
        return result

    def split(self, key):
        h = 0x85EBCA6B if isinstance(key, int) else 0xC2B2AE35
        for word in self.s:
            h = mix(h, word)
        for char in str(key):
            h = mix(h, ord(char))
        child = Rng(0)
        child.fill(h, self.s)
        return child

    def uniform(self):
        return self.next() / 2**32

    def normal(self):
        radius = math.sqrt(-2 * math.log((self.next() + 1) / 2**32))
        return radius * math.cos(2 * math.pi * self.uniform())

    def integer(self, bound):
        limit = 2**32 - 2**32 % bound
        while True:
            x = self.next()
            if x < limit:
                return x % bound

    def permutation(self, n):
        order = list(range(n))
        for i in reversed(range(1, n)):
            j = self.integer(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


reference = Rng(0)
reference.s = [1, 2, 3, 4]
assert [reference.next() for _ in range(4)] == [11520, 0, 5927040, 70819200]

out = {"seeds": [], "splits": []}
for seed in [0, 1, 42, -1, 2**32, 2**53 - 1, -(2**53) + 1]:
    rng = Rng(seed)
    state = list(rng.s)
    entry = {"seed": seed, "state": state, "uint32": [rng.next() for _ in range(8)]}
    entry["normal"] = [rng.normal() for _ in range(8)]
    entry["integer"] = [rng.integer(bound) for bound in (1, 2, 10, 2**31 + 1, 2**31 + 1, 2**32)]
    entry["permutation"] = rng.permutation(10)
    out["seeds"].append(entry)
for key in ["", "init", 0, "0", 7, -7, "数据", "😀"]:
    child = Rng(42).split(key)
    grandchild = child.split("a")
    out["splits"].append(
        {
            "key": key,
            "uint32": [child.next() for _ in range(4)],
            "thenA": [grandchild.next() for _ in range(4)],
        }
    )

Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n")
