"""Writes tiny-vqgan/ (taming-transformers' checkpoint and configuration), tiny-vqgan-flax/ (the same weights as
dalle-mini publishes them), tiny-vqgan-training.safetensors (discriminator and perceptual loss) and vqgan.safetensors
(what they compute). Images are NHWC."""

import json
from pathlib import Path

import lpips
import numpy as np
import torch
import torch.nn.functional as F
from flax import serialization
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
SIZES = dict(ch=4, ch_mult=[1, 2, 2], num_res_blocks=2, attn_resolutions=[8], resolution=16, z_channels=6)
GROUPS, EMBED_DIM, N_EMBED = 2, 5, 11
generator = torch.Generator().manual_seed(0)
randn = lambda *shape: torch.randn(*shape, generator=generator)
nhwc = lambda x: x.detach().permute(0, 2, 3, 1).contiguous()


def norm(channels):
    return nn.GroupNorm(GROUPS, channels, eps=1e-6)


def swish(x):
    return x * torch.sigmoid(x)


class ResnetBlock(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.norm1, self.conv1 = norm(inside), nn.Conv2d(inside, outside, 3, padding=1)
        self.norm2, self.conv2 = norm(outside), nn.Conv2d(outside, outside, 3, padding=1)
        if inside != outside:
            self.nin_shortcut = nn.Conv2d(inside, outside, 1)

    def forward(self, x):
        y = self.conv2(swish(self.norm2(self.conv1(swish(self.norm1(x))))))
        return y + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        y = self.norm(x)
        q, k, v = (f(y).flatten(2).transpose(1, 2) for f in (self.q, self.k, self.v))  # [batch, pixels, channels]
        weights = (q @ k.transpose(1, 2) / x.shape[1] ** 0.5).softmax(-1)
        return x + self.proj_out((weights @ v).transpose(1, 2).reshape(x.shape))


class Resample(nn.Module):
    def __init__(self, channels, up):
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(channels, channels, 3, stride=1 if up else 2, padding=1 if up else 0)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest") if self.up else F.pad(x, (0, 1, 0, 1)))


class Level(nn.Module):
    def __init__(self, inside, outside, blocks, attends):
        super().__init__()
        self.block = nn.ModuleList(ResnetBlock(inside if i == 0 else outside, outside) for i in range(blocks))
        self.attn = nn.ModuleList(AttnBlock(outside) for _ in range(blocks if attends else 0))

    def forward(self, x):
        for i, block in enumerate(self.block):
            x = block(x)
            if len(self.attn) > 0:
                x = self.attn[i](x)
        for name in ("downsample", "upsample"):
            if hasattr(self, name):
                x = getattr(self, name)(x)
        return x


class Mid(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = ResnetBlock(channels, channels), AttnBlock(channels), ResnetBlock(channels, channels)

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    def __init__(self, ch, ch_mult, num_res_blocks, attn_resolutions, resolution, z_channels):
        super().__init__()
        self.conv_in = nn.Conv2d(3, ch, 3, padding=1)
        self.down = nn.ModuleList()
        inside = ch
        for i, multiple in enumerate(ch_mult):
            self.down.append(Level(inside, ch * multiple, num_res_blocks, resolution // 2**i in attn_resolutions))
            inside = ch * multiple
            if i < len(ch_mult) - 1:
                self.down[-1].downsample = Resample(inside, up=False)
        self.mid = Mid(inside)
        self.norm_out, self.conv_out = norm(inside), nn.Conv2d(inside, z_channels, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(swish(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, ch, ch_mult, num_res_blocks, attn_resolutions, resolution, z_channels):
        super().__init__()
        inside = ch * ch_mult[-1]
        self.conv_in = nn.Conv2d(z_channels, inside, 3, padding=1)
        self.mid = Mid(inside)
        levels = []
        for i in reversed(range(len(ch_mult))):
            level = Level(inside, ch * ch_mult[i], num_res_blocks + 1, resolution // 2**i in attn_resolutions)
            inside = ch * ch_mult[i]
            if i > 0:
                level.upsample = Resample(inside, up=True)
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out, self.conv_out = norm(inside), nn.Conv2d(inside, 3, 3, padding=1)

    def forward(self, z):
        x = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(swish(self.norm_out(x)))


class Quantize(nn.Module):
    """The first quantizer of taming-transformers, whose beta weighs the codebook's loss."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(N_EMBED, EMBED_DIM)

    def forward(self, z, beta=0.25):
        z = z.permute(0, 2, 3, 1)
        indices = torch.cdist(z.reshape(-1, EMBED_DIM), self.embedding.weight).argmin(-1).reshape(z.shape[:3])
        codes = self.embedding(indices)
        loss = F.mse_loss(codes.detach(), z) + beta * F.mse_loss(codes, z.detach())
        return (z + (codes - z).detach()).permute(0, 3, 1, 2), loss, indices


class VQModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.quantize = Encoder(**SIZES), Decoder(**SIZES), Quantize()
        self.quant_conv = nn.Conv2d(SIZES["z_channels"], EMBED_DIM, 1)
        self.post_quant_conv = nn.Conv2d(EMBED_DIM, SIZES["z_channels"], 1)

    def forward(self, x):
        self.z = self.quant_conv(self.encoder(x))
        codes, loss, self.indices = self.quantize(self.z)
        return self.decoder(self.post_quant_conv(codes)), loss


class NLayerDiscriminator(nn.Module):
    """PatchGAN, with taming-transformers' names."""

    def __init__(self, ndf, n_layers):
        super().__init__()
        layers, inside = [nn.Conv2d(3, ndf, 4, 2, 1), nn.LeakyReLU(0.2)], ndf
        for n in range(1, n_layers + 1):
            outside = ndf * min(2**n, 8)
            stride = 2 if n < n_layers else 1
            layers += [nn.Conv2d(inside, outside, 4, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.LeakyReLU(0.2)]
            inside = outside
        self.main = nn.Sequential(*layers, nn.Conv2d(inside, 1, 4, 1, 1))

    def forward(self, x):
        return self.main(x)


def narrow_lpips(widths):
    """The package's LPIPS, its VGG made narrow."""
    model = lpips.LPIPS(pretrained=False, pnet_rand=True, net="vgg", verbose=False, pnet_tune=True)
    inside = 3
    for width, slice in zip(widths, [model.net.slice1, model.net.slice2, model.net.slice3, model.net.slice4, model.net.slice5]):
        for name, layer in slice.named_children():
            if isinstance(layer, nn.Conv2d):
                setattr(slice, name, nn.Conv2d(inside, width, 3, padding=1))
                inside = width
    for i, width in enumerate(widths):
        layer = lpips.lpips.NetLinLayer(width, use_dropout=True).eval()
        setattr(model, f"lin{i}", layer)
        model.lins[i] = layer
    return model


def randomise(model, scale=1.0):
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() > 1:
                std = scale / p[0].numel() ** 0.5 if p.dim() > 2 else 1.0
                p.copy_(randn(*p.shape) * std)
            else:
                p.copy_(randn(*p.shape) * 0.2 + (1 if name.endswith("weight") else 0))
        for name, b in model.named_buffers():
            if b.dtype.is_floating_point and "running" in name:
                b.copy_(randn(*b.shape) * 0.2 + 1 if name.endswith("var") else randn(*b.shape) * 0.2)
    return model


out = {}
model = randomise(VQModel())
with torch.no_grad():  # codes near the vectors, so that several are in use
    probe = model.quant_conv(model.encoder(randn(2, 3, 16, 24)))
    vectors = probe.permute(0, 2, 3, 1).reshape(-1, EMBED_DIM)
    model.quantize.embedding.weight.copy_(vectors[torch.randperm(len(vectors), generator=generator)[:N_EMBED]] + 0.05 * randn(N_EMBED, EMBED_DIM))
discriminator = randomise(NLayerDiscriminator(ndf=3, n_layers=2), 1.4)
perceptual = randomise(narrow_lpips([4, 5, 6, 7, 8]), 1.4)
with torch.no_grad():
    for layer in perceptual.lins:
        layer.model[1].weight.abs_()

# What lightning saves.
folder = HERE / "tiny-vqgan"
folder.mkdir(exist_ok=True)
state = {f"{key}": value for key, value in model.state_dict().items()}
state |= {f"loss.discriminator.{key}": value for key, value in discriminator.state_dict().items()}
torch.save(
    {
        "epoch": 3,
        "global_step": 1234,
        "pytorch-lightning_version": "1.0.8",
        "state_dict": state,
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5), "best_model_path": "x"}},
        "optimizer_states": [{"state": {0: {"step": 3, "exp_avg": torch.ones(4)}}, "param_groups": [{"lr": 4.5e-6, "params": [0]}]}],
        "lr_schedulers": [],
    },
    folder / "last.ckpt",
)
ddconfig = dict(double_z=False, in_channels=3, out_ch=3, dropout=0.0, num_groups=GROUPS, **SIZES)
config = {
    "model": {
        "base_learning_rate": 4.5e-6,
        "target": "taming.models.vqgan.VQModel",
        "params": {"embed_dim": EMBED_DIM, "n_embed": N_EMBED, "ddconfig": ddconfig, "lossconfig": {"target": "taming.modules.losses.vqperceptual.VQLPIPSWithDiscriminator"}},
    }
}
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")

# dalle-mini's: flax's names and layouts.
folder = HERE / "tiny-vqgan-flax"
folder.mkdir(exist_ok=True)
tree = {}
for key, value in model.state_dict().items():
    path = key.split(".")
    names = []
    while path:
        name = path.pop(0)
        names.append(f"{name}_{path.pop(0)}" if path and path[0].isdigit() else name)
    array = value.numpy()
    if names[-1] == "weight":
        names[-1] = "embedding" if "embedding" in names else "kernel" if array.ndim == 4 else "scale"
    if array.ndim == 4:
        array = np.ascontiguousarray(array.transpose(2, 3, 1, 0))
    node = tree
    for name in names[:-1]:
        node = node.setdefault(name, {})
    node[names[-1]] = array
(folder / "flax_model.msgpack").write_bytes(serialization.msgpack_serialize(tree))
flat = dict(model_type="VQGAN", embed_dim=EMBED_DIM, n_embed=N_EMBED, give_pre_end=False, resamp_with_conv=True, **ddconfig)
(folder / "config.json").write_text(json.dumps(flat, indent=2) + "\n")

# Forward and backward of the model by itself.
pixels = randn(2, 3, 16, 24).tanh()
direction = randn(2, 3, 16, 24)
reconstruction, loss = model(pixels)
((reconstruction * direction).sum() + 10 * loss).backward()
out |= {"pixels": nhwc(pixels), "direction": nhwc(direction), "vectors": nhwc(model.z), "indices": model.indices}
out |= {"reconstruction": nhwc(reconstruction), "quantizer_loss": loss.detach()}
out |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters() if "norm2" in name or "conv1.bias" in name or name in [
    "encoder.conv_in.weight", "encoder.down.0.downsample.conv.weight", "encoder.down.1.attn.1.q.weight", "encoder.down.1.block.0.nin_shortcut.weight",
    "encoder.mid.attn_1.proj_out.weight", "quantize.embedding.weight", "quant_conv.weight", "post_quant_conv.bias",
    "decoder.up.1.attn.2.k.weight", "decoder.up.2.upsample.conv.weight", "decoder.conv_out.weight"]}
out = {key: value for key, value in out.items() if not key.startswith("grad.") or ".block.0" in key or "norm2" not in key}

# Codes of taming-transformers' GumbelVQ without training: the highest scores, of a 1 x 1 convolution.
proj = torch.randn(N_EMBED, EMBED_DIM, 1, 1, generator=torch.Generator().manual_seed(1))
out |= {"gumbel_proj": proj, "gumbel_indices": F.conv2d(model.z, proj).argmax(1)}

# The perceptual loss, and gradients of it.
other = (pixels + 0.3 * randn(2, 3, 16, 24)).detach().requires_grad_()
distance = perceptual(pixels, other)
out |= {"other": nhwc(other), "lpips": distance.flatten().detach(), "lpips_grad": nhwc(torch.autograd.grad(distance.sum(), other)[0])}
training = {f"discriminator.{key}": value.clone() for key, value in discriminator.state_dict().items()}
training |= {f"lpips.{key}": value for key, value in perceptual.state_dict().items() if key.startswith("lin") and not key.startswith("lins")}
for name, module in perceptual.net.named_modules():
    if isinstance(module, nn.Conv2d):
        training |= {f"lpips.features.{name.split('.')[1]}.{key}": value for key, value in module.state_dict().items()}
save_file(training, HERE / "tiny-vqgan-training.safetensors")

# The discriminator and its losses.
discriminator.eval()
out["logits"] = nhwc(discriminator(pixels))
discriminator.train()
real, fake = randn(2, 1, 3, 4), randn(2, 1, 3, 4)
out |= {"real": nhwc(real), "fake": nhwc(fake)}
hinge = lambda real, fake: 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())
out["hinge"] = hinge(real, fake)
out["vanilla"] = 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())

# One step, as taming-transformers' VQLPIPSWithDiscriminator; both networks learn from the same reconstruction.
PERCEPTUAL_WEIGHT, DISCRIMINATOR_WEIGHT, CODEBOOK_WEIGHT = 0.7, 0.8, 1.5
model.zero_grad()
reconstruction, codebook_loss = model(pixels)
nll = ((pixels - reconstruction).abs() + PERCEPTUAL_WEIGHT * perceptual(pixels, reconstruction)).mean()
adversarial = -discriminator(reconstruction).mean()
last = model.decoder.conv_out.weight
of_nll = torch.autograd.grad(nll, last, retain_graph=True)[0]
of_gan = torch.autograd.grad(adversarial, last, retain_graph=True)[0]
weight = (of_nll.norm() / (of_gan.norm() + 1e-4)).clamp(0, 1e4).detach() * DISCRIMINATOR_WEIGHT
total = nll + weight * adversarial + CODEBOOK_WEIGHT * codebook_loss
total.backward()
out |= {"step.nll": nll.detach(), "step.adversarial": adversarial.detach(), "step.weight": weight, "step.total": total.detach()}
out |= {"step.of_nll": of_nll, "step.of_gan": of_gan}
names = ["encoder.conv_in.weight", "encoder.down.1.attn.1.q.weight", "quantize.embedding.weight", "decoder.conv_in.weight", "decoder.conv_out.weight", "decoder.conv_out.bias"]
out |= {f"step.grad.{name}": model.get_parameter(name).grad.clone() for name in names}
discriminator.zero_grad()
d_loss = hinge(discriminator(pixels), discriminator(reconstruction.detach()))
d_loss.backward()
out["step.discriminator"] = d_loss.detach()
out |= {f"step.discriminator_grad.{name}": p.grad.clone() for name, p in discriminator.named_parameters()}
out |= {f"step.after.{name}": b.clone() for name, b in discriminator.named_buffers() if "running" in name}

out = {key: value.detach().contiguous() for key, value in out.items()}
save_file(out, HERE / "vqgan.safetensors", metadata={"torch": torch.__version__, "lpips": "0.1.4", "recipe": "vqgan.py"})
