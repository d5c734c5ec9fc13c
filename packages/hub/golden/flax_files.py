"""Writes flax/ (files of flax.serialization) and flax_files.safetensors (the arrays in them, as `<file>/<key>`)."""

from pathlib import Path

import flax
import jax.numpy as jnp
import numpy as np
import torch
from flax import serialization
from safetensors.torch import save_file

HERE = Path(__file__).parent
FOLDER = HERE / "flax"
FOLDER.mkdir(exist_ok=True)
rng = np.random.default_rng(0)
expected = {}


def leaves(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        elif isinstance(value, (np.ndarray, np.generic, jnp.ndarray)):
            yield ".".join((*path, key)), np.asarray(value)


def save(file, tree):
    for key, array in leaves(tree):
        if array.dtype == jnp.bfloat16:
            tensor = torch.tensor(array.view(np.int16)).view(torch.bfloat16)
        else:
            tensor = torch.tensor(array)
        expected[f"{file}/{key}"] = tensor.reshape(array.shape).contiguous()
    (FOLDER / file).write_bytes(serialization.msgpack_serialize(tree))


def floats(*shape):
    return rng.standard_normal(shape).astype(np.float32)


params = {
    "encoder": {
        "dense": {"kernel": floats(3, 4), "bias": jnp.asarray(floats(4))},
        "conv": {"kernel": floats(2, 2, 3, 5)},
        "norm": {"scale": floats(3).astype(jnp.bfloat16), "bias": floats(3).astype(np.float16)},
    },
    "logit_scale": np.asarray(2.5, dtype=np.float32),
}
save("params.msgpack", params)

dtypes = ["float64", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"]
arrays = {dtype: rng.integers(0, 100, (2, 3)).astype(dtype) for dtype in dtypes}
arrays |= {"bool": rng.integers(0, 2, 5).astype(bool), "transposed": floats(2, 3).T, "empty": np.zeros((0, 3), np.float32)}
save("dtypes.msgpack", arrays)

# A training state: its numbers of Python and its texts are no weights; numpy's are arrays of no dimensions.
state = {
    "step": 1000,
    "large": -(2**40),
    "rate": 0.5,
    "note": "x" * 300,
    "nothing": None,
    "yes": True,
    "complex": 1 + 2j,
    "raw": b"123",
    "count": np.int32(7),
    "mean": np.float32(0.5),
    "opt_state": {str(i): {"mu": floats(3), "count": np.int32(i)} for i in range(20)},
    "params": {"w": floats(2)},
}
save("state.msgpack", state)

# Arrays over 2^30 bytes are written in chunks; here, over 32 bytes.
serialization.MAX_CHUNK_SIZE = 32
save("chunked.msgpack", {"embed": {"embedding": floats(5, 7)}, "small": floats(2), "half": floats(4, 9).astype(jnp.bfloat16)})

save_file(expected, HERE / "flax_files.safetensors", metadata={"flax": flax.__version__, "recipe": "flax_files.py"})
