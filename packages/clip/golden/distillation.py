"""Writes distillation.safetensors: open_clip's distillation loss, and CLIP-KD's other two by PyTorch."""

from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from open_clip.loss import DistillClipLoss
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(21)

BATCH, DIM, WIDE = 6, 5, 8


def features(dim):
    return [F.normalize(torch.randn(BATCH, dim), dim=-1) for _ in range(2)]


student, teacher, wide = features(DIM), features(DIM), features(WIDE)
scale, teacher_scale = torch.tensor(7.5), torch.tensor(11.0)
out = {"scale": scale, "teacher_scale": teacher_scale}
for name, (image, text) in {"student": student, "teacher": teacher, "wide": wide}.items():
    out |= {f"{name}.image": image, f"{name}.text": text}


def relation(image, text, scale, teacher):
    return DistillClipLoss()(image, text, scale, *teacher, teacher_scale)[1]


def feature(image, text, scale, teacher):
    return F.mse_loss(image, teacher[0]) + F.mse_loss(text, teacher[1])


def interaction(image, text, scale, teacher):
    labels = torch.arange(BATCH)
    of_images = F.cross_entropy(scale * image @ teacher[1].T, labels)
    return (of_images + F.cross_entropy(scale * text @ teacher[0].T, labels)) / 2


cases = {
    "relation": (relation, teacher),
    "relation.wide": (relation, wide),
    "feature": (feature, teacher),
    "interaction": (interaction, teacher),
}
for name, (loss, known) in cases.items():
    inputs = [x.clone().requires_grad_() for x in (*student, scale)]
    value = loss(*inputs, known)
    value.backward()
    out[f"{name}.loss"] = value.detach()
    for part, x in zip(("image", "text", "scale"), inputs):
        out[f"{name}.d{part}"] = torch.zeros_like(x) if x.grad is None else x.grad

save_file(
    {k: v.contiguous() for k, v in out.items()},
    Path(__file__).with_suffix(".safetensors"),
    metadata={"open_clip": open_clip.__version__, "torch": torch.__version__, "recipe": Path(__file__).name},
)
