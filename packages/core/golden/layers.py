"""Values, input gradients and parameter gradients of PyTorch's layers, for packages/core/src/layers.

A case NAME holds its state dict NAME.state.KEY, inputs NAME.x ..., the result NAME.y, a random gradient of it NAME.dy,
and the gradients NAME.dx ... and NAME.grad.KEY. Run: python packages/core/golden/layers.py
"""

from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from transformers import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

torch.set_num_threads(1)
torch.manual_seed(2)
tensors: dict[str, torch.Tensor] = {}
rand = torch.randn


def shake(module):
    """Random values also where training starts from zeros and ones, so that no mistake hides."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * rand(parameter.shape))
    return module


def case(name, module, f=None, state=True, **inputs):
    f = f or (lambda **kw: module(*kw.values()))
    for key, x in inputs.items():
        tensors[f"{name}.{key}"] = x
    if state:
        for key, x in module.state_dict().items():
            tensors[f"{name}.state.{key}"] = x
    leaves = {k: x.clone() for k, x in inputs.items()}
    trained = [k for k, x in leaves.items() if x.is_floating_point()]
    for key in trained:
        leaves[key].requires_grad_()
    y = f(**leaves)
    dy = rand(y.shape)
    y.backward(dy)
    tensors[f"{name}.y"] = y
    tensors[f"{name}.dy"] = dy
    for key in trained:
        tensors[f"{name}.d{key}"] = leaves[key].grad
    for key, parameter in module.named_parameters():
        tensors[f"{name}.grad.{key}"] = parameter.grad


case("linear", nn.Linear(5, 3), x=rand(2, 4, 5))
case("linear_without_bias", nn.Linear(5, 3, bias=False), x=rand(5))
case("embedding", nn.Embedding(6, 3, padding_idx=1), ids=torch.tensor([[0, 1, 5], [5, 5, 2]]))
case("layer_norm", shake(nn.LayerNorm(6)), x=rand(2, 3, 6))
case("rms_norm", shake(nn.RMSNorm(6, eps=1e-6)), x=rand(2, 3, 6))


class Attention(nn.Module):
    """Separate projections around PyTorch's own attention."""

    def __init__(self, size, heads, source_size=None):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(size, size)
        self.k_proj = nn.Linear(source_size or size, size)
        self.v_proj = nn.Linear(source_size or size, size)
        self.out_proj = nn.Linear(size, size)

    def forward(self, x, source=None, allowed=None):
        split = lambda t: t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        source = x if source is None else source
        q, k, v = split(self.q_proj(x)), split(self.k_proj(source)), split(self.v_proj(source))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return self.out_proj(y.transpose(1, 2).flatten(-2))


mask = torch.tensor([[1, 1, 1, 1, 0], [0, 1, 1, 0, 1]])
padding = mask[:, None, None, :].bool()
causal = torch.ones(5, 5, dtype=torch.bool).tril()
case("self_attention", Attention(6, 3), x=rand(2, 5, 6))
m = Attention(6, 2)
case("masked_attention", m, lambda x, mask: m(x, allowed=padding), x=rand(2, 5, 6), mask=mask)
m2 = Attention(6, 2)
case("causal_attention", m2, lambda x: m2(x, allowed=causal), x=rand(2, 5, 6))
m3 = Attention(6, 3, source_size=4)
case("cross_attention", m3, lambda x, source, mask: m3(x, source, padding), x=rand(2, 3, 6), source=rand(2, 5, 4), mask=mask)


class GatedMLP(nn.Module):
    def __init__(self, size, inner, activation):
        super().__init__()
        self.activation = activation
        self.gate_proj, self.up_proj = nn.Linear(size, inner), nn.Linear(size, inner)
        self.down_proj = nn.Linear(inner, size)

    def forward(self, x):
        return self.down_proj(self.activation(self.gate_proj(x)) * self.up_proj(x))


case("swiglu", GatedMLP(4, 6, F.silu), x=rand(2, 3, 4))
case("geglu", GatedMLP(4, 6, F.gelu), x=rand(2, 3, 4))


def clip_layer(activation):
    config = CLIPTextConfig(
        hidden_size=6, intermediate_size=7, num_attention_heads=2, hidden_act=activation, attn_implementation="eager"
    )
    return shake(CLIPEncoderLayer(config).eval())


for name, activation in [("clip_layer_quick", "quick_gelu"), ("clip_layer_tanh", "gelu_pytorch_tanh")]:
    layer = clip_layer(activation)
    additive = torch.where(causal & padding, 0.0, torch.finfo(torch.float32).min)
    # Row 0 of the second sample sees nothing: transformers averages there, so it is left out of the comparison.
    run = lambda x, mask: layer(x, attention_mask=additive)[:, 1:]
    case(name, layer, run, x=rand(2, 5, 6), mask=mask)


class PostNorm(nn.Module):
    """A block as in BERT."""

    def __init__(self):
        super().__init__()
        self.self_attn = Attention(6, 2)
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(6), nn.LayerNorm(6)
        self.mlp = nn.Sequential()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(6, 7), nn.Linear(7, 6)

    def forward(self, x):
        x = self.layer_norm1(x + self.self_attn(x))
        return self.layer_norm2(x + self.mlp.fc2(F.gelu(self.mlp.fc1(x))))


class Scaled(nn.Module):
    """A block with RMSNorm, SwiGLU and LayerScale."""

    def __init__(self):
        super().__init__()
        self.self_attn = Attention(6, 2)
        self.layer_norm1, self.layer_norm2 = nn.RMSNorm(6, eps=1e-5), nn.RMSNorm(6, eps=1e-5)
        self.mlp = GatedMLP(6, 7, F.silu)
        self.layer_scale1, self.layer_scale2 = nn.Module(), nn.Module()
        self.layer_scale1.lambda1, self.layer_scale2.lambda1 = nn.Parameter(rand(6)), nn.Parameter(rand(6))

    def forward(self, x):
        x = x + self.layer_scale1.lambda1 * self.self_attn(self.layer_norm1(x))
        return x + self.layer_scale2.lambda1 * self.mlp(self.layer_norm2(x))


case("post_norm", shake(PostNorm()), x=rand(2, 5, 6))
case("scaled", shake(Scaled()), x=rand(2, 5, 6))

out = Path(__file__).with_suffix(".safetensors")
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, out, metadata=versions)
print(f"{out.name}: {len(tensors)} arrays, {out.stat().st_size} bytes, {versions}")
