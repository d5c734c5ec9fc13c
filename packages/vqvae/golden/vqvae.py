"""Writes tiny-vqvae-patch/ and tiny-vqvae-conv/ (our own files) and vqvae.safetensors (what the same models compute in
PyTorch). Images are NHWC."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock

HERE = Path(__file__).parent
CODES, DIM = 9, 5
generator = torch.Generator().manual_seed(0)
randn = lambda *shape: torch.randn(*shape, generator=generator)
nhwc = lambda x: x.detach().permute(0, 2, 3, 1).contiguous()


class ConvBlock(nn.Module):
    """Van den Oord et al. 2017: ReLU, 3 x 3 convolution, ReLU, 1 x 1 convolution."""

    def __init__(self, hidden, inside):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(hidden, inside, 3, padding=1), nn.Conv2d(inside, hidden, 1)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class ConvEncoder(nn.Module):
    def __init__(self, hidden=8, inside=6, blocks=2):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, hidden, 4, 2, 1), nn.Conv2d(hidden, hidden, 4, 2, 1)
        self.conv3 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.blocks = nn.Sequential(*(ConvBlock(hidden, inside) for _ in range(blocks)))

    def forward(self, x):
        return F.relu(self.blocks(self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))))


class ConvDecoder(nn.Module):
    def __init__(self, hidden=7, inside=4, blocks=1):
        super().__init__()
        self.conv1 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.blocks = nn.Sequential(*(ConvBlock(hidden, inside) for _ in range(blocks)))
        self.up1, self.up2 = nn.ConvTranspose2d(hidden, hidden, 4, 2, 1), nn.ConvTranspose2d(hidden, 3, 4, 2, 1)

    def forward(self, x):
        return torch.tanh(self.up2(F.relu(self.up1(F.relu(self.blocks(self.conv1(x)))))))


class PatchEncoder(nn.Module):
    def __init__(self, hidden=6, blocks=2):
        super().__init__()
        self.stem = nn.Conv2d(3, hidden, 4, 4)
        self.blocks = nn.Sequential(*(BasicBlock(hidden, hidden) for _ in range(blocks)))

    def forward(self, x):
        return self.blocks(self.stem(x))


class PatchDecoder(nn.Module):
    def __init__(self, hidden=8, blocks=1):
        super().__init__()
        self.blocks = nn.Sequential(*(BasicBlock(hidden, hidden) for _ in range(blocks)))
        self.ups = nn.ModuleList([nn.ConvTranspose2d(hidden, hidden // 2, 4, 2, 1, bias=False), nn.ConvTranspose2d(hidden // 2, 3, 4, 2, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(hidden // 2)])

    def forward(self, x):
        return self.ups[1](F.relu(self.norms[0](self.ups[0](self.blocks(x)))))


class VQVAE(nn.Module):
    def __init__(self, encoder, width, decoder, width_back):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.quant_conv, self.post_quant_conv = nn.Conv2d(width, DIM, 1), nn.Conv2d(DIM, width_back, 1)
        self.quantizer = nn.ModuleDict({"embedding": nn.Embedding(CODES, DIM)})

    def forward(self, x, beta=0.25):
        z = self.quant_conv(self.encoder(x)).permute(0, 2, 3, 1)
        codebook = self.quantizer["embedding"]
        indices = torch.cdist(z.reshape(-1, DIM), codebook.weight).argmin(-1).reshape(z.shape[:3])
        codes = codebook(indices)
        codebook_loss, commitment_loss = F.mse_loss(codes, z.detach()), F.mse_loss(codes.detach(), z)
        pictures = self.decoder(self.post_quant_conv((z + (codes - z).detach()).permute(0, 3, 1, 2)))
        loss = F.mse_loss(pictures, x) + codebook_loss + beta * commitment_loss
        share = torch.bincount(indices.flatten(), minlength=CODES) / indices.numel()
        perplexity = torch.special.entr(share).sum().exp()
        return dict(reconstruction=nhwc(pictures), indices=indices, loss=loss, codebook_loss=codebook_loss, commitment_loss=commitment_loss, perplexity=perplexity, z=z)


pixels = randn(2, 3, 16, 12).tanh()
out = {"pixels": nhwc(pixels)}


def record(name, model, config):
    with torch.no_grad():
        for key, p in model.named_parameters():
            if p.dim() > 1:
                p.copy_(randn(*p.shape) / p[0].numel() ** 0.5)
            else:
                p.copy_(randn(*p.shape) * 0.2 + (1 if key.endswith("weight") else 0))
        for key, b in model.named_buffers():
            if "running" in key:
                b.copy_(randn(*b.shape).abs() + 0.5 if key.endswith("var") else randn(*b.shape) * 0.2)
        z = model(pixels)["z"].reshape(-1, DIM)  # codes near the vectors, so that several are in use
        model.quantizer["embedding"].weight.copy_(z[torch.randperm(len(z), generator=generator)[:CODES]] + 0.05 * randn(CODES, DIM))
    folder = HERE / f"tiny-vqvae-{name}"
    folder.mkdir(exist_ok=True)
    save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    quantizer = {"type": "vector", "codebook_size": CODES, "dim": DIM}
    config = {"architectures": ["VQVAE"], "model_type": "vqvae", **config, "quantizer": quantizer}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for mode in ["eval", "train"]:
        model.train(mode == "train")
        model.zero_grad()
        results = model(pixels)
        results["loss"].backward()
        out.update({f"{name}.{mode}.{key}": value.detach().clone() for key, value in results.items() if key != "z"})
        out.update({f"{name}.{mode}.grad.{key}": p.grad.clone() for key, p in model.named_parameters()})


patch = VQVAE(PatchEncoder(), 6, PatchDecoder(), 8).eval()
record("patch", patch, {
    "encoder": {"type": "patch", "patch_size": 4, "hidden_size": 6},
    "decoder": {"type": "patch", "patch_size": 4, "hidden_size": 8, "num_residual_blocks": 1},
})
conv = VQVAE(ConvEncoder(), 8, ConvDecoder(), 7).eval()
record("conv", conv, {
    "encoder": {"type": "conv", "hidden_size": 8, "residual_size": 6},
    "decoder": {"type": "conv", "hidden_size": 7, "residual_size": 4, "num_residual_blocks": 1},
})
save_file(out, HERE / "vqvae.safetensors", metadata={"torch": torch.__version__, "recipe": "vqvae.py"})
