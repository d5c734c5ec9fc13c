"""What NumPy and Python pickle, in protocols 2, 4 and 5, and what it is: writes numpy-pickle/.

Run: python packages/hub/golden/numpy_pickle.py
"""

import json
import os
import pickle
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "numpy-pickle"
HERE.mkdir(exist_ok=True)
rng = np.random.default_rng(20261127)

numbers = {
    kind: (rng.normal(size=(2, 3, 4)) * 5).astype(kind) for kind in ("f8", "f4", "f2", "i8", "i4", "i2", "i1")
} | {kind: rng.integers(0, 200, (3, 2)).astype(kind) for kind in ("u8", "u4", "u2", "u1")}
numbers["b1"] = rng.integers(0, 2, 5).astype(bool)
numbers["fortran"] = np.asfortranarray(rng.normal(size=(2, 3, 4)).astype("f4"))
numbers["cut"] = rng.normal(size=(4, 6)).astype("f4")[1:3, ::2]
numbers["empty"] = np.zeros((0, 3), "f4")
numbers["one"] = np.array(2.5, "f4")
texts = np.array(["很好", "no 😀", ""])
data = {
    "arrays": numbers,
    "texts": texts,
    "bytes": np.array([b"ab", b"c"]),
    "objects": np.array([["a", 1], [None, "bc"]], dtype=object),
    "scalars": [np.float64(1.5), np.float32(-0.25), np.int64(-3), np.uint8(7), np.bool_(True), np.str_("很")],
    "plain": {"list": [1, -2, 2**40, 1.5, True, None, "text"], "tuple": (1, (2, 3))},
}
data["again"] = data["texts"]
for protocol in (2, 4, 5):
    (HERE / f"protocol{protocol}.pkl").write_bytes(pickle.dumps(data, protocol=protocol))

expected = {name: {"shape": list(a.shape), "values": a.ravel().tolist()} for name, a in numbers.items()}
(HERE / "arrays.json").write_text(json.dumps(expected) + "\n")


class Hostile:
    def __reduce__(self):
        return os.system, ("touch ran",)


(HERE / "hostile.pkl").write_bytes(pickle.dumps({"a": np.zeros(2), "b": Hostile()}, protocol=4))
(HERE / "big_endian.pkl").write_bytes(pickle.dumps(np.zeros(2, ">f4"), protocol=4))
(HERE / "complex.pkl").write_bytes(pickle.dumps(np.zeros(2, complex), protocol=4))
