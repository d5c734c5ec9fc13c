"""The VQ-VAE of bench/models/vqvae.ts in PyTorch.

vqvae_train.py export BATCH FILE.safetensors: weights and pictures.
vqvae_train.py run BATCH FILE.safetensors [channels_last]: milliseconds of a training step on them, peak memory, losses.
"""
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

mode, batch, path, *rest = sys.argv[1:]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(128, 32, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(32, 128, 1, bias=False)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(F.relu(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 4, 2, 1)
        self.conv2 = nn.Conv2d(64, 128, 4, 2, 1)
        self.conv3 = nn.Conv2d(128, 128, 3, padding=1)
        self.blocks = nn.Sequential(Residual(), Residual())
        self.project = nn.Conv2d(128, 64, 1)

    def forward(self, x):
        y = self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))
        return self.project(F.relu(self.blocks(y)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 128, 3, padding=1)
        self.blocks = nn.Sequential(Residual(), Residual())
        self.up1 = nn.ConvTranspose2d(128, 64, 4, 2, 1)
        self.up2 = nn.ConvTranspose2d(64, 3, 4, 2, 1)

    def forward(self, z):
        return self.up2(F.relu(self.up1(F.relu(self.blocks(self.conv(z))))))


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.codebook, self.decoder = Encoder(), nn.Embedding(512, 64), Decoder()

    def forward(self, x):
        z = self.encoder(x)
        flat = z.permute(0, 2, 3, 1).reshape(-1, 64)
        with torch.no_grad():
            e = self.codebook.weight
            ids = (e.square().sum(1) - 2 * flat @ e.T).argmin(1)
        codes = self.codebook(ids)
        through = flat + (codes - flat).detach()
        y = self.decoder(through.view(z.shape[0], *z.shape[2:], 64).permute(0, 3, 1, 2))
        return F.mse_loss(y, x) + F.mse_loss(codes, flat.detach()) + 0.25 * F.mse_loss(flat, codes.detach())


torch.manual_seed(0)
model = VQVAE()
if mode == 'export':
    nn.init.uniform_(model.codebook.weight, -0.05, 0.05)
    pixels = torch.rand(int(batch), 64, 64, 3)
    save_file({**{key: x.contiguous() for key, x in model.state_dict().items()}, 'pixels': pixels}, path)
    sys.exit()
state = load_file(path)
pixels = state.pop('pixels').permute(0, 3, 1, 2)
model.load_state_dict(state)
if rest:
    model, pixels = model.to(memory_format=torch.channels_last), pixels.contiguous(memory_format=torch.channels_last)
else:
    pixels = pixels.contiguous()
optimizer = torch.optim.AdamW(model.parameters(), 3e-4, weight_decay=0.01, fused=True)
times, losses = [], []
WARM_UP = 8  # JavaScript is compiled over the first steps
for _ in range(WARM_UP + 12):
    start = time.perf_counter()
    loss = model(pixels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps({
    'median': statistics.median(times[WARM_UP:]),
    'best': min(times),
    'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    'parameters': sum(p.numel() for p in model.parameters()),
    'firstLoss': losses[0],
    'lastLoss': losses[-1],
}))
