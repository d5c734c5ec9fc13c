"""Writes quantizers.safetensors: quantizers by vector-quantize-pytorch, or by the formulas of their papers in PyTorch.

A case holds the vectors `x`, weights `state.*` (keys and layout of our files), `dy`, and the results; the gradients
`dx` and `grad.*` are of (quantized * dy).sum() + loss. Where a case is by formula and the library has the quantizer
too, its indices must agree.
"""

from importlib.metadata import version
from pathlib import Path

import torch
import torch.nn.functional as F
import vector_quantize_pytorch as vqp
from safetensors.torch import save_file
from vector_quantize_pytorch.vector_quantize_pytorch import kmeans, rotate_to

torch.set_num_threads(1)
torch.manual_seed(31)

BATCH, LENGTH, DIM, SIZE, BETA = 2, 7, 6, 11, 0.25
out = {}
x0 = torch.randn(BATCH, LENGTH, DIM)


def leaf(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).requires_grad_()


def perplexity(indices, size):
    shares = torch.bincount(indices.flatten(), minlength=size) / indices.numel()
    return torch.exp(-(shares * torch.log(shares.clamp(min=1e-30))).sum())


def put(name, x, state, results, size, dy=None):
    """Stores a case; results: quantized, indices, loss and others by name. A tensor that needs no gradient has none."""
    dy = torch.randn_like(results["quantized"]) if dy is None else dy
    ((results["quantized"] * dy).sum() + results["loss"]).backward()
    out[f"{name}.x"], out[f"{name}.dy"], out[f"{name}.dx"] = x, dy, x.grad
    for key, value in state.items():
        out[f"{name}.state.{key}"] = value
        if value.grad is not None:
            out[f"{name}.grad.{key}"] = value.grad
    for key, value in results.items():
        out[f"{name}.{key}"] = value.int() if key == "indices" else value
    if "perplexity" not in results:
        out[f"{name}.perplexity"] = perplexity(results["indices"], size)


def nearest(x, codes):
    """By plain distances, without the library's square root of a sum of three."""
    return (x[..., None, :] - codes).square().sum(-1).argmin(-1)


def losses(x, codes, legacy=False):
    codebook, commitment = F.mse_loss(codes, x.detach()), F.mse_loss(x, codes.detach())
    loss = commitment + BETA * codebook if legacy else codebook + BETA * commitment
    return {"loss": loss, "codebook_loss": codebook, "commitment_loss": commitment}


passes = {"straight": lambda x, codes: x + (codes - x).detach(), "rotation": rotate_to}

# van den Oord et al. 2017, equation 3; the rotation is the library's
for way, pass_gradient in passes.items():
    for legacy in (False, True):
        x, table = x0.clone().requires_grad_(), leaf(SIZE, DIM)
        indices = nearest(x, table)
        codes = table[indices]
        results = {"quantized": pass_gradient(x, codes.detach()), "indices": indices, **losses(x, codes, legacy)}
        put(f"vq.{way}{'.legacy' if legacy else ''}", x, {"embedding.weight": table}, results, SIZE)
        library = vqp.VectorQuantize(DIM, SIZE, rotation_trick=False).eval()
        library.codebook = table.detach()
        assert torch.equal(library(x0)[1], indices)

# Yu et al. 2021: projections to few dimensions, unit length
CODE_DIM = 4
for way, pass_gradient in passes.items():
    x, table = x0.clone().requires_grad_(), leaf(SIZE, CODE_DIM)
    w_in, b_in, w_out, b_out = leaf(CODE_DIM, DIM), leaf(CODE_DIM), leaf(DIM, CODE_DIM), leaf(DIM)
    z = F.normalize(F.linear(x, w_in, b_in), dim=-1)
    units = F.normalize(table, dim=-1)
    indices = (z @ units.T).argmax(-1)
    codes = units[indices]
    quantized = F.linear(pass_gradient(z, codes.detach()), w_out, b_out)
    state = {"embedding.weight": table, "project_in.weight": w_in, "project_in.bias": b_in}
    state |= {"project_out.weight": w_out, "project_out.bias": b_out}
    put(f"cosine.{way}", x, state, {"quantized": quantized, "indices": indices, **losses(z, codes)}, SIZE)
    library = vqp.VectorQuantize(DIM, SIZE, codebook_dim=CODE_DIM, use_cosine_sim=True, rotation_trick=False).eval()
    library.codebook = units.detach()
    for layer, (w, b) in ((library.project_in, (w_in, b_in)), (library.project_out, (w_out, b_out))):
        layer.weight.data.copy_(w.detach())
        layer.bias.data.copy_(b.detach())
    theirs, their_indices, _ = library(x0)
    assert torch.equal(their_indices, indices) and torch.allclose(theirs, quantized, atol=1e-5)

# Zhu et al. 2024: the library's, whose loss has both parts
for way in passes:
    library = vqp.SimVQ(DIM, SIZE, rotation_trick=way == "rotation", input_to_quantize_commit_loss_weight=BETA)
    x = x0.clone().requires_grad_()
    quantized, indices, loss = library(x)
    with torch.no_grad():
        parts = losses(x, library.codebook[indices])
    assert torch.allclose(parts["loss"], loss)
    state = {"frozen_codebook": library.frozen_codebook, "code_transform.weight": library.code_transform.weight}
    put(f"simvq.{way}", x, state, {**parts, "quantized": quantized, "indices": indices, "loss": loss}, SIZE)

# Exponential moving averages: ten batches, of clusters that drift
for way in passes:
    library = vqp.VectorQuantize(
        DIM, SIZE, decay=0.9, eps=1e-5, commitment_weight=BETA, rotation_trick=way == "rotation", ema_update=True
    )
    book = library._codebook
    name = f"ema.{way}"
    first = torch.randn(SIZE, DIM)
    book.embed.data.copy_(first[None])
    book.embed_avg.data.copy_(first[None])
    batches = torch.randn(10, 20, DIM) + torch.linspace(0, 1, 10)[:, None, None]
    dy = torch.randn(20, DIM)
    steps = {"indices": [], "loss": [], "quantized": [], "dx": []}
    for batch in batches:
        x = batch[None].clone().requires_grad_()
        quantized, indices, loss = library(x)
        ((quantized[0] * dy).sum() + loss.sum()).backward()
        for key, value in zip(steps, (indices[0].int(), loss.sum(), quantized[0], x.grad[0])):
            steps[key].append(value.detach())
    out |= {f"{name}.{key}": torch.stack(values) for key, values in steps.items()}
    out |= {f"{name}.first": first, f"{name}.x": batches, f"{name}.dy": dy}
    for key in ("embed", "embed_avg", "cluster_size"):
        out[f"{name}.state.{key}"] = getattr(book, key)[0].clone()

# k-means from given rows
rows = torch.randn(40, DIM)
order = torch.randperm(40)[:5]
means, bins = kmeans(rows[None], 5, 6, sample_fn=lambda samples, num: samples[:, order])
out |= {"kmeans.rows": rows, "kmeans.order": order.int(), "kmeans.centers": means[0], "kmeans.counts": bins[0].float()}

# Residual: the library's codes; one straight-through step over the sum, as audiocraft trains
STAGES = 3
library = vqp.ResidualVQ(dim=DIM, num_quantizers=STAGES, codebook_size=SIZE, rotation_trick=False, commitment_weight=BETA)
x = x0.clone().requires_grad_()
tables = [leaf(SIZE, DIM, scale=0.7**stage) for stage in range(STAGES)]
for layer, table in zip(library.layers, tables):
    layer.codebook = table.detach()
total, rest, quantized = [], x, 0
for table in tables:
    indices = nearest(rest, table)
    total.append((indices, losses(rest, table[indices])))
    quantized = quantized + table[indices].detach()
    rest = rest - table[indices].detach()
indices = torch.stack([indices for indices, _ in total], dim=-1)
theirs, their_indices, _ = library.eval()(x0)
assert torch.equal(their_indices, indices) and torch.allclose(theirs, quantized, atol=1e-5)
_, _, their_losses = library.train()(x0.clone().requires_grad_(), freeze_codebook=True)
sums = {key: sum(part[key] for _, part in total) for key in total[0][1]}
assert torch.allclose(BETA * sums["commitment_loss"], their_losses.sum(), atol=1e-5)
results = {"quantized": passes["straight"](x, quantized), "indices": indices, **sums}
results["perplexity"] = torch.stack([perplexity(i, SIZE) for i in indices.unbind(-1)]).mean()
put("residual", x, {f"layers.{i}.embedding.weight": table for i, table in enumerate(tables)}, results, SIZE)

# Groups of residual quantizers, and heads that share a codebook: the library's, without training
library = vqp.GroupedResidualVQ(dim=DIM, groups=2, num_quantizers=STAGES, codebook_size=SIZE, rotation_trick=False).eval()
for g, rvq in enumerate(library.rvqs):
    for stage, layer in enumerate(rvq.layers):
        layer.codebook = torch.randn(SIZE, DIM // 2) * 0.7**stage
        out[f"grouped.state.groups.{g}.layers.{stage}.embedding.weight"] = layer.codebook.clone()
quantized, indices, _ = library(x0)
out |= {"grouped.x": x0, "grouped.quantized": quantized, "grouped.indices": torch.cat([*indices], dim=-1).int()}

library = vqp.VectorQuantize(DIM, SIZE, heads=3, codebook_dim=DIM // 3, rotation_trick=False).eval()
library.codebook = torch.randn(SIZE, DIM // 3)
quantized, indices, _ = library(x0)
out |= {"heads.x": x0, "heads.quantized": quantized, "heads.indices": indices.int()}
out["heads.state.quantizer.embedding.weight"] = library.codebook.clone()

# Mentzer et al. 2023: even and odd levels
LEVELS = [8, 5, 4, 3]
none = {"codebook_loss": torch.tensor(0.0), "commitment_loss": torch.tensor(0.0)}
for name, dim in {"fsq": len(LEVELS), "fsq.projected": DIM}.items():
    library = vqp.FSQ(LEVELS, dim=dim)
    x = (torch.randn(BATCH, LENGTH, dim) * 1.5).requires_grad_()
    quantized, indices = library(x)
    results = {"quantized": quantized, "indices": indices, "loss": torch.tensor(0.0), **none}
    put(name, x, dict(library.named_parameters()), results, library.codebook_size)
out["fsq.codebook"] = library.implicit_codebook
out["fsq.levels"] = torch.tensor(LEVELS, dtype=torch.int32)

# Yu et al. 2023: our indices count the first dimension as the lowest bit, as the paper does; the library's as the highest
BITS, TEMPERATURE = 5, 0.5
for name, dim in {"lfq": BITS, "lfq.projected": DIM}.items():
    library = vqp.LFQ(dim=dim, codebook_size=2**BITS, entropy_loss_weight=0.1, commitment_loss_weight=BETA, diversity_gamma=0.8)
    x = (torch.randn(BATCH, LENGTH, dim) * 0.4).requires_grad_()
    (quantized, theirs, loss), parts = library(x, inv_temperature=1 / TEMPERATURE, return_loss_breakdown=True)
    signs = library.indices_to_codes(theirs, project_out=False) > 0
    results = {"quantized": quantized, "indices": (signs * 2 ** torch.arange(BITS)).sum(-1), "loss": loss, **none}
    results["commitment_loss"] = parts.commitment
    results["entropy_loss"] = parts.per_sample_entropy - 0.8 * parts.batch_entropy
    put(name, x, dict(library.named_parameters()), results, 2**BITS)

# Jang et al. 2016, equation 2, with given uniform numbers; the divergence as Ramesh et al. 2021 have it
noise = torch.rand(BATCH * LENGTH, SIZE)
KL, TAU = 0.3, 0.7
for name in ("gumbel.hard", "gumbel.soft", "gumbel.inference"):
    x, table = x0.clone().requires_grad_(), leaf(SIZE, DIM)
    weight, bias = leaf(SIZE, DIM, 1, 1), leaf(SIZE)
    logits = F.linear(x, weight[:, :, 0, 0], bias)
    divergence = F.kl_div(torch.full_like(logits, 1 / SIZE).log(), logits.log_softmax(-1), log_target=True, reduction="none")
    divergence = divergence.sum(-1).mean()
    noisy = (logits - torch.log(-torch.log(noise)).reshape(logits.shape)) / TAU
    shares = noisy.softmax(-1)
    indices = (logits if name == "gumbel.inference" else noisy).argmax(-1)
    one_hot = F.one_hot(indices, SIZE).float()
    mixture = {"hard": one_hot + shares - shares.detach(), "soft": shares, "inference": one_hot}[name.split(".")[1]]
    results = {"quantized": mixture @ table, "indices": indices, "loss": KL * divergence, **none, "kl_divergence": divergence}
    put(name, x, {"proj.weight": weight, "proj.bias": bias, "embed.weight": table}, results, SIZE)
out["gumbel.noise"] = noise

tensors = {key: value.detach().contiguous().clone() for key, value in out.items()}
versions = f"torch {torch.__version__}, vector-quantize-pytorch {version('vector-quantize-pytorch')}"
save_file(tensors, Path(__file__).with_suffix(".safetensors"), metadata={"versions": versions})
