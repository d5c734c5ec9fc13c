"""Writes torch/ (files of torch.save) and torch_files.safetensors (the tensors in them, as `<file>/<key>`)."""

import argparse
import io
import warnings
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
FOLDER = HERE / "torch"
FOLDER.mkdir(exist_ok=True)
expected = {}


def save(file, value, tensors, **options):
    # To memory first, so that the name of the folder within does not depend on the file's.
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    (FOLDER / file).write_bytes(buffer.getvalue())
    for key, tensor in tensors.items():
        expected[f"{file}/{key}"] = tensor.detach().clone(memory_format=torch.contiguous_format)


def values(dtype, *shape):
    if dtype == torch.bool:
        return torch.rand(shape) < 0.5
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 100, shape).to(dtype)


# Every dtype; the unsigned ones have no storage type of their own, and are written another way.
dtypes = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
dtypes += ["uint16", "uint32", "uint64"]
tensors = {name: values(getattr(torch, name), 3, 2) for name in dtypes}
tensors["int64"][0, 0] = -(2**40)
tensors["int8"][0, 0] = -128
save("dtypes.pt", tensors, tensors)

# Views of every kind.
base = torch.randn(4, 5)
cube = values(torch.float16, 3, 4, 5)
large = torch.arange(60, dtype=torch.int64)
views = {
    "base": base,
    "tied": base,
    "transposed": base.t(),
    "row": base[2],
    "column": base[:, 3],
    "middle": base[1:3, 1:4],
    "every_other": base[::2, 1::3],
    "permuted": cube.permute(2, 0, 1),
    "permuted_part": cube.permute(2, 0, 1)[1:4, :, 1:3],
    "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "bytes": values(torch.uint8, 5, 6).t()[1:],
    "expanded": torch.tensor([[1.5], [2.5]]).expand(2, 3),
    "windows": large[7:27].unfold(0, 6, 4),
    "of_ones": torch.randn(3)[None, :, None],
    "scalar": torch.tensor(2.5),
    "element": large[9],
    "empty": torch.zeros(2, 0, 3),
    "tail": large[60:],
    "parameter": nn.Parameter(torch.randn(2, 3)),
    "trained": torch.randn(2, requires_grad=True),
}
noted = nn.Parameter(torch.randn(2))
noted.no_weight_decay = True
views["noted_parameter"] = noted
save("views.pt", views, views)

# A module's state dict, whose _metadata is an attribute; and protocols after the usual 2.
module = nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.Linear(4, 3))
state = module.state_dict()
save("module.bin", state, state)
for protocol in (3, 4, 5):
    save(f"protocol{protocol}.pt", state, state, pickle_protocol=protocol)

# A training script's checkpoint.
optimizer = torch.optim.AdamW(module[2].parameters(), lr=0.1)
module[2](torch.randn(2, 4)).sum().backward()
optimizer.step()
training = {
    "epoch": 3,
    "arch": "tiny",
    "best_accuracy": torch.tensor(0.75),
    "loss": np.float64(0.5),
    "seen": np.int64(7),
    "big": 2**70,
    "history": [0.5, None, True, (1, -2), 70000],
    "milestones": Counter({3: 1, 5: 2}),
    "args": argparse.Namespace(lr=0.1, names=["a"], device=torch.device("cpu"), dtype=torch.float16),
    "shape": torch.Size([2, 3]),
    "names": {"x"},
    "raw": b"\x00\xff",
    "optimizer": optimizer.state_dict(),
    "model_state_dict": module.state_dict(),
    "ema": {k: v + 1 for k, v in module.state_dict().items()},
}
save("training.pt", training, module.state_dict())
save("training4.pt", training, module.state_dict(), pickle_protocol=4)
expected |= {f"training.pt:ema/{key}": tensor.clone() for key, tensor in training["ema"].items()}

lightning = {
    "epoch": 1,
    "global_step": 20,
    "pytorch-lightning_version": "2.0.0",
    "state_dict": OrderedDict((f"net.{key}", value) for key, value in module.state_dict().items()),
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 2}}}},
    "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.5), "best_model_path": ""}},
    "optimizer_states": [optimizer.state_dict()],
    "lr_schedulers": [],
    "hparams_name": "config",
    "hyper_parameters": OrderedDict(lr=0.1, layers=[1, 2]),
}
save("lightning.ckpt", lightning, lightning["state_dict"])

# Parts under other names than the usual: all tensors, their keys joined.
nested = {"encoder": nn.Linear(2, 3).state_dict(), "blocks": [{"scale": torch.randn(3)}, {"scale": torch.randn(2)}], "step": 1}
flat = {f"encoder.{key}": value for key, value in nested["encoder"].items()}
flat |= {f"blocks.{i}.scale": block["scale"] for i, block in enumerate(nested["blocks"])}
save("nested.pt", nested, flat)

# The same entries with 64-bit sizes and offsets everywhere, as in files over 4 GB.
zipfile.ZIP64_LIMIT = 0
zipfile.ZIP_FILECOUNT_LIMIT = 0
with zipfile.ZipFile(FOLDER / "protocol4.pt") as source, zipfile.ZipFile(FOLDER / "zip64.pt", "w") as target:
    for info in source.infolist():
        with target.open(zipfile.ZipInfo(info.filename), "w", force_zip64=True) as entry:
            entry.write(source.read(info))
expected |= {f"zip64.pt/{key}": expected[f"protocol4.pt/{key}"].clone() for key in state}

# What is refused, with a word on what to do.
save("before_1_6.pt", {"x": torch.ones(2)}, {}, _use_new_zipfile_serialization=False)
old = FOLDER / "before_1_6.pt"
old.write_bytes(old.read_bytes()[:64])  # further on it has addresses in memory, another each time
scripted = io.BytesIO()
torch.jit.save(torch.jit.script(nn.Linear(2, 2)), scripted)
if not (FOLDER / "torchscript.pt").exists():  # no two of these are the same to the byte
    (FOLDER / "torchscript.pt").write_bytes(scripted.getvalue())
save("complex.pt", {"x": torch.ones(2, dtype=torch.complex64)}, {})
save("negated.pt", {"x": torch.randn(2, dtype=torch.complex64).conj().imag}, {})

save_file(expected, HERE / "torch_files.safetensors", metadata={"torch": torch.__version__, "recipe": "torch_files.py"})
