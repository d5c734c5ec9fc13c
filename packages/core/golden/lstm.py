"""Values and gradients of PyTorch's nn.LSTM, for packages/core/src/layers/lstm.ts.

A case NAME holds its state dict NAME.state.KEY, input NAME.x, mask NAME.mask, results NAME.output, NAME.hidden and
NAME.cell, random gradients NAME.d_output ..., and the gradients NAME.dx and NAME.grad.KEY.
Run: python packages/core/golden/lstm.py
"""

from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_num_threads(1)
torch.manual_seed(4)
tensors: dict[str, torch.Tensor] = {}


def case(name, bidirectional, lengths=None):
    batch, length, size, hidden_size = 3, 5, 4, 2
    module = nn.LSTM(size, hidden_size, batch_first=True, bidirectional=bidirectional)
    for key, value in module.state_dict().items():
        tensors[f"{name}.state.{key}"] = value.clone()
    x = torch.randn(batch, length, size).requires_grad_()
    if lengths is None:
        output, (hidden, cell) = module(x)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        output, (hidden, cell) = module(packed)
        output, _ = pad_packed_sequence(output, batch_first=True, total_length=length)
        tensors[f"{name}.mask"] = (torch.arange(length)[None] < torch.tensor(lengths)[:, None]).int()
    results = {
        "output": output,
        "hidden": hidden.transpose(0, 1).reshape(batch, -1),
        "cell": cell.transpose(0, 1).reshape(batch, -1),
    }
    loss = 0
    for key, y in results.items():
        dy = torch.randn(y.shape)
        loss = loss + (y * dy).sum()
        tensors.update({f"{name}.{key}": y, f"{name}.d_{key}": dy})
    loss.backward()
    tensors.update({f"{name}.x": x, f"{name}.dx": x.grad})
    for key, parameter in module.named_parameters():
        tensors[f"{name}.grad.{key}"] = parameter.grad


case("one", False)
case("both", True)
case("one_packed", False, [3, 5, 1])
case("both_packed", True, [3, 5, 1])

out = Path(__file__).with_suffix(".safetensors")
versions = {"torch": torch.__version__}
save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, out, metadata=versions)
print(f"{out.name}: {len(tensors)} arrays, {out.stat().st_size} bytes, {versions}")
