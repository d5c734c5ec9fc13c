"""Writes weights of a tiny SpeechEncoder and FaceExpressionEncoder (encoders_speech, encoders_face) and
encoders.safetensors (what PyTorch computes with them). The models here are written from their descriptions, the
residual blocks are torchvision's.

All weights are random, also where training would start from zeros and ones, so that no mistake hides.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock

torch.set_num_threads(1)
HERE = Path(__file__).parent
MELS, HIDDEN, HEADS, CHANNELS, MLP = 9, 12, 3, (4, 6), 20


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(HIDDEN, HIDDEN))

    def forward(self, x, mask):
        batch, length, _ = x.shape
        heads = lambda y: y.reshape(batch, length, HEADS, -1).transpose(1, 2)
        q, k, v = heads(self.q_proj(x)), heads(self.k_proj(x)), heads(self.v_proj(x))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        return self.out_proj(y.transpose(1, 2).reshape(batch, length, HIDDEN))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.self_attn = Attention()
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(HIDDEN, MLP), "fc2": nn.Linear(MLP, HIDDEN)})

    def forward(self, x, mask):
        x = x + self.self_attn(self.layer_norm1(x), mask)
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.layer_norm2(x))))


class SpeechEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = (1, *CHANNELS)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1, bias=False) for a, b in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in CHANNELS)
        self.projection = nn.Linear(3 * CHANNELS[-1], HIDDEN)
        self.layers = nn.ModuleList(Block() for _ in range(2))
        self.layer_norm = nn.LayerNorm(HIDDEN)

    def forward(self, x):
        """Sounds of one length, [batch, frames, mels], that nothing is padded in."""
        x = x[:, None]
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        x = self.projection(x.permute(0, 2, 3, 1).flatten(2))
        length = x.shape[1]
        rates = 10000 ** (torch.arange(HIDDEN // 2) / (HIDDEN // 2))
        angles = torch.arange(length)[:, None] / rates
        x = x + torch.cat([angles.sin(), angles.cos()], 1)
        for layer in self.layers:
            x = layer(x, torch.ones(len(x), length, dtype=torch.bool))
        return self.layer_norm(x)


class FaceExpressionEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        down = nn.Sequential(nn.Conv2d(4, 6, 1, stride=2, bias=False), nn.BatchNorm2d(6))
        self.blocks = nn.Sequential(
            BasicBlock(4, 4), BasicBlock(4, 4), BasicBlock(4, 6, stride=2, downsample=down), BasicBlock(6, 6)
        )

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return x.flatten(2).transpose(1, 2)


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in sorted(model.state_dict().items()):
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                value.copy_(1 + noise.abs())
            else:
                is_norm_weight = value.ndim == 1 and name.endswith("weight")
                value.copy_((1 if is_norm_weight else 0) + 0.3 * noise)
    return model.eval()


generator = torch.Generator().manual_seed(3)
random = lambda *shape: torch.randn(*shape, generator=generator)
out = {}

speech = randomize(SpeechEncoder(), 1)
save_file(speech.state_dict(), HERE / "encoders_speech.safetensors")
lengths = [11, 6, 1]
out["speech.audio_values"] = random(3, 11, MELS)
out["speech.audio_mask"] = torch.tensor([[int(t < length) for t in range(11)] for length in lengths])
states = [speech(x[None, :length])[0] for x, length in zip(out["speech.audio_values"], lengths)]
pooled = torch.stack([state.mean(0) for state in states])
for i, state in enumerate(states):
    out[f"speech.last_hidden_state.{i}"] = state
out["speech.pooled_output"] = pooled
out["speech.weights"] = random(3, HIDDEN)
(pooled * out["speech.weights"]).sum().backward()
out |= {f"speech.gradient.{name}": p.grad for name, p in speech.named_parameters()}
with torch.no_grad():
    out["speech.training.last_hidden_state"] = speech.train()(out["speech.audio_values"])

face = randomize(FaceExpressionEncoder(), 2)
save_file(face.state_dict(), HERE / "encoders_face.safetensors")
pixels = random(2, 3, 8, 10)
out["face.pixel_values"] = pixels.permute(0, 2, 3, 1)
tokens = face(pixels)
out["face.last_hidden_state"] = tokens
out["face.pooled_output"] = tokens.mean(1)
out["face.weights"] = random(2, 6)
(tokens.mean(1) * out["face.weights"]).sum().backward()
out |= {f"face.gradient.{name}": p.grad for name, p in face.named_parameters()}
with torch.no_grad():
    out["face.training.last_hidden_state"] = face.train()(pixels)

metadata = {"recipe": "encoders.py", "torch": torch.__version__}
save_file({k: v.detach().contiguous() for k, v in out.items()}, HERE / "encoders.safetensors", metadata=metadata)
