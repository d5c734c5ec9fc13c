"""Writes tiny-dvae/ (transformers' FlavaImageCodebook as it saves it, and encoder and decoder with OpenAI's names) and
dvae.safetensors (what they compute).

OpenAI publishes its networks as pickled modules; the decoder here is written from the paper's appendix A.2.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from torch import nn
from transformers import FlavaImageCodebook, FlavaImageCodebookConfig

torch.set_num_threads(1)
HERE = Path(__file__).parent
FOLDER = HERE / "tiny-dvae"
HIDDEN, CODES, CHANNELS, BLOCKS, INIT = 4, 11, 3, 2, 6
LAYERS = 4 * BLOCKS
EPSILON = 0.1


def randomise(model, seed, residual_gain, gain):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(model.named_parameters()):
            noise = torch.randn(tensor.shape, generator=generator)
            # More within the residual paths, as they count for 1 / 64 only.
            factor = residual_gain if "res_path" in name else gain
            tensor.copy_(noise * (factor / tensor[0].numel() ** 0.5 if tensor.ndim > 1 else 0.3))
    return model.eval()


class Conv(nn.Module):
    def __init__(self, inputs, outputs, size):
        super().__init__()
        self.w = nn.Parameter(torch.empty(outputs, inputs, size, size))
        self.b = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return nn.functional.conv2d(x, self.w, self.b, padding=self.w.shape[-1] // 2)


class DecoderBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        inside = outputs // 4
        self.id_path = Conv(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        sizes = [(inputs, inside, 1), (inside, inside, 3), (inside, inside, 3), (inside, outputs, 3)]
        self.res_path = nn.Sequential()
        for i, size in enumerate(sizes, 1):
            self.res_path.add_module(f"relu_{i}", nn.ReLU())
            self.res_path.add_module(f"conv_{i}", Conv(*size))

    def forward(self, x):
        return self.id_path(x) + self.res_path(x) / LAYERS**2


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential()
        self.blocks.add_module("input", Conv(CODES, INIT, 1))
        width = INIT
        for group, times in enumerate([8, 4, 2, 1], 1):
            layers = nn.Sequential()
            for block in range(1, BLOCKS + 1):
                layers.add_module(f"block_{block}", DecoderBlock(width, times * HIDDEN))
                width = times * HIDDEN
            if group < 4:
                layers.add_module("upsample", nn.Upsample(scale_factor=2, mode="nearest"))
            self.blocks.add_module(f"group_{group}", layers)
        output = nn.Sequential()
        output.add_module("relu", nn.ReLU())
        output.add_module("conv", Conv(HIDDEN, 2 * CHANNELS, 1))
        self.blocks.add_module("output", output)

    def forward(self, z):
        return self.blocks(z)


config = FlavaImageCodebookConfig(hidden_size=HIDDEN, vocab_size=CODES, num_blocks_per_group=BLOCKS, freeze=False)
encoder = randomise(FlavaImageCodebook(config), 1, 4.2, 1.2)
encoder.save_pretrained(FOLDER)
config_file = FOLDER / "config.json"
config_file.write_text(json.dumps(json.loads(config_file.read_text()), indent=2, sort_keys=True) + "\n")
decoder = randomise(Decoder(), 2, 4, 0.9)


def openai_name(name):
    name = name.replace(".group.", ".").replace(".path.", ".")
    return name.removesuffix("weight") + "w" if name.endswith("weight") else name.removesuffix("bias") + "b"


save_file({openai_name(k): v.contiguous() for k, v in encoder.state_dict().items()}, FOLDER / "encoder.safetensors")
save_file({k: v.contiguous() for k, v in decoder.state_dict().items()}, FOLDER / "decoder.safetensors")

generator = torch.Generator().manual_seed(3)
pixels = torch.rand(2, CHANNELS, 16, 24, generator=generator)
mapped = (1 - 2 * EPSILON) * pixels + EPSILON
logits = encoder(mapped)
indices = encoder.get_codebook_indices(mapped)
out = {"pixel_values": pixels, "mapped": mapped, "logits": logits, "indices": indices}

# Codes chosen evenly, so that the decoder's table is read everywhere.
codes = torch.randint(0, CODES, indices.shape, generator=generator)
stats = decoder(nn.functional.one_hot(codes, CODES).permute(0, 3, 1, 2).float())
means = torch.sigmoid(stats[:, :CHANNELS])
reconstruction = ((means - EPSILON) / (1 - 2 * EPSILON)).clamp(0, 1)
out |= {"codes": codes, "stats": stats, "reconstruction": reconstruction}

# The density of the sigmoid of a Laplace variable, by torch's own transformation of distributions.
mu, log_b = stats[:, :CHANNELS], stats[:, CHANNELS:]
laplace = torch.distributions.Laplace(mu, log_b.exp())
density = torch.distributions.TransformedDistribution(laplace, torch.distributions.SigmoidTransform())
out["loss"] = -density.log_prob(mapped).mean()

# A training step: relaxed codes without noise, temperature 0.7; the loss of the paper with KL weight 6.6 / 192.
soft = (logits / 0.7).softmax(1)
train_stats = decoder(soft)
laplace = torch.distributions.Laplace(train_stats[:, :CHANNELS], train_stats[:, CHANNELS:].exp())
density = torch.distributions.TransformedDistribution(laplace, torch.distributions.SigmoidTransform())
log_q = logits.log_softmax(1)
kl = (log_q.exp() * (log_q + torch.log(torch.tensor(float(CODES))))).sum(1).mean()
total = -density.log_prob(mapped).mean() + 6.6 / 192 * kl
total.backward()
out |= {"soft": soft, "soft_stats": train_stats, "kl": kl, "total": total}
for side, model, names in [
    ("encoder", encoder, ["blocks.input.weight", "blocks.group_2.group.block_1.id_path.weight",
                          "blocks.group_2.group.block_1.res_path.path.conv_2.weight", "blocks.output.conv.bias"]),
    ("decoder", decoder, ["blocks.input.w", "blocks.group_1.block_1.id_path.w", "blocks.group_3.block_2.res_path.conv_4.w",
                          "blocks.output.conv.b"]),
]:
    for name in names:
        out[f"grad.{side}.{name}"] = model.get_parameter(name).grad

images = {"pixel_values", "mapped", "logits", "stats", "reconstruction", "soft", "soft_stats"}
save_file(
    {k: (v.permute(0, 2, 3, 1) if k in images else v).detach().contiguous() for k, v in out.items()},
    HERE / "dvae.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "dvae.py"},
)
