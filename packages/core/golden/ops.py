"""Values and gradients of PyTorch's functions, for packages/core/src/ops.

A case NAME holds its inputs NAME.x ..., the result NAME.y, a random gradient of the result NAME.dy, and the
gradients of the inputs NAME.dx ... Run: python packages/core/golden/ops.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(1)
tensors: dict[str, torch.Tensor] = {}


def case(name, f, **inputs):
    """Records f and its gradients at the inputs; those that are not floats, or start with `fixed`, get none."""
    for key, x in inputs.items():
        tensors[f"{name}.{key}"] = x
    leaves = {k: x.clone() for k, x in inputs.items()}
    trained = [k for k, x in leaves.items() if x.is_floating_point() and not k.startswith("fixed")]
    for key in trained:
        leaves[key].requires_grad_()
    y = f(**leaves)
    dy = torch.randn(y.shape)
    gradients = torch.autograd.grad(y, [leaves[k] for k in trained], dy)
    tensors[f"{name}.y"] = y.detach()
    tensors[f"{name}.dy"] = dy
    for key, gradient in zip(trained, gradients):
        tensors[f"{name}.d{key}"] = gradient


rand = torch.randn
case("linear", lambda x, w, b: x @ w + b, x=rand(2, 3, 5), w=rand(5, 4), b=rand(4))
case("layer_norm", lambda x, w, b: F.layer_norm(x, (7,), w, b, 1e-5), x=3 * rand(2, 3, 7) + 1, w=rand(7), b=rand(7))
case("rms_norm", lambda x, w: F.rms_norm(x, (7,), w, 1e-6), x=3 * rand(2, 3, 7) + 1, w=rand(7))
span = torch.cat([torch.linspace(-8, 8, 21), rand(6)])
case("gelu_erf", lambda x: F.gelu(x), x=span)
case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), x=span)
case("gelu_quick", lambda x: x * torch.sigmoid(1.702 * x), x=span)
case("silu", lambda x: F.silu(x), x=span)

qkv = dict(q=rand(2, 3, 4, 5), k=rand(2, 3, 6, 5), v=rand(2, 3, 6, 5))
attend = F.scaled_dot_product_attention
case("attention", lambda q, k, v: attend(q, k, v), **qkv)
# Query i sees keys up to i + 2: there are two keys of the past.
past = torch.ones(4, 6, dtype=torch.bool).tril(2)
case("attention_causal", lambda q, k, v: attend(q, k, v, attn_mask=past), **qkv)
mask = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 1, 1]])
allowed = mask[:, None, None, :].bool()
case("attention_mask", lambda q, k, v, mask: attend(q, k, v, attn_mask=allowed, scale=0.7), **qkv, mask=mask)
case("attention_bias", lambda q, k, v, bias: attend(q, k, v, attn_mask=bias), **qkv, bias=rand(1, 3, 4, 6))

labels = torch.tensor([[0, 6, -100], [3, -100, 2]])
logits, class_weights = 4 * rand(2, 3, 7), torch.rand(7) + 0.2
for reduction in ["mean", "sum", "none"]:
    for weighted in [False, True]:
        for smoothing in [0.0, 0.1]:

            def loss(x, labels, fixed_weights=None):
                flat = F.cross_entropy(
                    x.reshape(-1, 7),
                    labels.reshape(-1),
                    weight=fixed_weights,
                    label_smoothing=smoothing,
                    reduction=reduction,
                )
                return flat.reshape(labels.shape) if reduction == "none" else flat

            extra = {"fixed_weights": class_weights} if weighted else {}
            name = f"cross_entropy_{reduction}{'_weighted' if weighted else ''}{'_smooth' if smoothing else ''}"
            case(name, loss, x=logits, labels=labels, **extra)

ids = torch.tensor([[1, 4, 4], [0, 2, 4]])
case("embedding", lambda w, ids: F.embedding(ids, w), w=rand(5, 3), ids=ids)
case("embedding_padding", lambda w, ids: F.embedding(ids, w, padding_idx=4), w=rand(5, 3), ids=ids)
vectors = rand(3, 4, 5)
vectors[1, 2] *= 1e-4
case("normalize", lambda x: F.normalize(x, dim=-1), x=vectors)
case("normalize_small", lambda x: F.normalize(x, dim=1, eps=2.0), x=vectors)
case("log_sum_exp", lambda x: torch.logsumexp(x, 1), x=30 * rand(3, 4, 5))

out = Path(__file__).with_suffix(".safetensors")
save_file({k: v.clone().contiguous() for k, v in tensors.items()}, out, metadata={"torch": torch.__version__})
print(f"{out.name}: {len(tensors)} arrays, {out.stat().st_size} bytes, torch {torch.__version__}")
