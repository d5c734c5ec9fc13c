# The peer of bench/gpu.ts: PyTorch on CUDA. Its argument is a JSON list of names; prints milliseconds a call by name.
import json
import sys
import time

import torch
import torch.nn.functional as F

names = json.loads(sys.argv[1])
if not torch.cuda.is_available():
    print("{}")
    sys.exit()
torch.backends.cuda.matmul.allow_tf32 = False


def product(size, precision, transposed=None):
    dtype = torch.float16 if precision == "f16" else torch.float32
    a = torch.randn(int(size), int(size), device="cuda", dtype=dtype)
    b = torch.randn(int(size), int(size), device="cuda", dtype=dtype)
    return lambda: a @ (b.T if transposed else b)


def attention(*shape):
    causal = shape[-1] == "causal"
    sizes = [int(size) for size in shape if size != "causal"]
    x = [torch.randn(*sizes, device="cuda", requires_grad=True) for _ in range(3)]
    return lambda: torch.autograd.grad(F.scaled_dot_product_attention(*x, is_causal=causal).sum(), x)


class Tower(torch.nn.Module):
    def __init__(self, length):
        super().__init__()
        self.positions = torch.nn.Parameter(torch.randn(length, 256) * 0.02)
        layer = torch.nn.TransformerEncoderLayer(256, 4, 1024, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = torch.nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.projection = torch.nn.Linear(256, 256, bias=False)

    def forward(self, x):
        return F.normalize(self.projection(self.layers(x + self.positions)[:, -1]), dim=-1)


def clip(batch):
    image, text = Tower(64).cuda(), Tower(32).cuda()
    patches, words = torch.nn.Linear(48, 256).cuda(), torch.nn.Embedding(4096, 256).cuda()
    modules = torch.nn.ModuleList([image, text, patches, words])
    optimizer = torch.optim.AdamW(modules.parameters(), lr=1e-4, fused=True)
    pixels = torch.randn(int(batch), 64, 48, device="cuda")
    ids = torch.randint(4096, (int(batch), 32), device="cuda")
    labels = torch.arange(int(batch), device="cuda")

    def step():
        logits = 14 * image(patches(pixels)) @ text(words(ids)).T
        loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def milliseconds(run):
    best = float("inf")
    for _ in range(6):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(10):
            run()
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - began) * 100)
    return best


kinds = {"product": product, "attention": attention, "clip": clip}
times = {}
for name in names:
    kind, *arguments = name.split()
    times[name] = milliseconds(kinds[kind](*arguments))
times["megabytes"] = torch.cuda.max_memory_allocated() / 2**20
print(json.dumps(times))
