"""The tiny CLIP of bench/clip-train.ts in PyTorch: milliseconds a step and peak memory."""
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH = int(sys.argv[1]) if len(sys.argv) > 1 else 64
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else torch.get_num_threads())
torch.manual_seed(0)
DIM, HEADS, LAYERS = 256, 4, 4


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.q, self.k, self.v, self.out = (nn.Linear(DIM, DIM) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)

    def forward(self, x, causal):
        b, n, _ = x.shape
        h = self.norm1(x)
        q, k, v = (f(h).view(b, n, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + self.out(h.transpose(1, 2).reshape(b, n, DIM))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Tower(nn.Module):
    def __init__(self, tokens, causal):
        super().__init__()
        self.position = nn.Parameter(torch.randn(tokens, DIM) * 0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(DIM)
        self.causal = causal

    def forward(self, x):
        x = x + self.position
        for block in self.blocks:
            x = block(x, self.causal)
        return x


class CLIP(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, DIM, 4, 4, bias=False)
        self.cls = nn.Parameter(torch.randn(DIM) * 0.02)
        self.pre = nn.LayerNorm(DIM)
        self.image, self.text = Tower(65, False), Tower(32, True)
        self.token = nn.Embedding(4096, DIM)
        self.image_projection, self.text_projection = nn.Linear(DIM, DIM, bias=False), nn.Linear(DIM, DIM, bias=False)
        self.scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def forward(self, pixels, ids):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        x = self.image(self.pre(torch.cat([self.cls.expand(len(x), 1, -1), x], 1)))
        a = F.normalize(self.image_projection(self.image.norm(x[:, 0])), dim=-1)
        t = self.text.norm(self.text(self.token(ids)))
        b = F.normalize(self.text_projection(t[torch.arange(len(t)), ids.argmax(-1)]), dim=-1)
        logits = self.scale.exp() * a @ b.T
        y = torch.arange(len(a))
        return (F.cross_entropy(logits, y) + F.cross_entropy(logits.T, y)) / 2


model = CLIP()
optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.1, fused=True)
pixels = torch.randn(BATCH, 3, 32, 32)
ids = torch.randint(0, 4095, (BATCH, 32))
ids[:, -1] = 4095
times, cpu_times, losses = [], [], []
for _ in range(2 + RUNS):
    start, cpu = time.perf_counter(), time.process_time()
    loss = model(pixels, ids)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    times.append(1000 * (time.perf_counter() - start))
    cpu_times.append(1000 * (time.process_time() - cpu))
times = times[2:]
print(json.dumps({
    'median': statistics.median(times),
    'best': min(times),
    'cpu': min(cpu_times),
    'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    'firstLoss': losses[0],
    'lastLoss': losses[-1],
    'parameters': sum(p.numel() for p in model.parameters()),
}))
