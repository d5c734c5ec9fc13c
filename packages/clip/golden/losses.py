"""Writes losses.safetensors: CLIP's and SigLIP's losses and their gradients by PyTorch, for losses' tests."""

from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(20)

BATCH, DIM = 7, 5
image = F.normalize(torch.randn(BATCH, DIM), dim=-1)
text = F.normalize(torch.randn(BATCH, DIM), dim=-1)
caption_ids = torch.tensor([3, 1, 3, 0, 2, 1, 3])
scale, bias = torch.tensor(8.5), torch.tensor(-3.0)
ignored_pairs = (torch.rand(BATCH, BATCH) < 0.3).int()  # neither symmetric nor free of a row's own pair
out = {"image": image, "text": text, "caption_ids": caption_ids, "ignored_pairs": ignored_pairs}
out |= {"scale": scale, "bias": bias}


same_caption = caption_ids[:, None] == caption_ids[None, :]
masks = {"plain": None, "captions": same_caption, "ignored": ignored_pairs.bool()}
masks["both"] = masks["captions"] | masks["ignored"]


def others(mask):
    return mask & ~torch.eye(len(mask), dtype=torch.bool)


def clip_loss(image, text, scale, bias, mask=None):
    """Radford et al. 2021, figure 3, as open_clip and transformers write it."""
    logits = scale * image @ text.T
    if mask is not None:
        logits = logits.masked_fill(others(mask), float("-inf"))
    labels = torch.arange(len(logits))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def siglip_loss(image, text, scale, bias, mask=None):
    """Zhai et al. 2023, algorithm 1."""
    logits = scale * image @ text.T + bias
    labels = 2 * torch.eye(len(logits)) - 1
    terms = -F.logsigmoid(labels * logits)
    if mask is not None:
        terms = terms.masked_fill(others(mask), 0.0)
    return terms.sum() / len(logits)


for name, loss in {"clip": clip_loss, "siglip": siglip_loss}.items():
    for variant, mask in masks.items():
        inputs = [x.clone().requires_grad_() for x in (image, text, scale, bias)]
        value = loss(*inputs, mask)
        value.backward()
        key = f"{name}.{variant}"
        out[f"{key}.loss"] = value.detach()
        for part, x in zip(("image", "text", "scale", "bias"), inputs):
            if x.grad is not None:
                out[f"{key}.d{part}"] = x.grad

save_file(
    {k: v.contiguous() for k, v in out.items()},
    Path(__file__).with_suffix(".safetensors"),
    metadata={"torch": torch.__version__, "safetensors": safetensors.__version__, "recipe": Path(__file__).name},
)
