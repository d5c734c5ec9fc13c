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


class Block(torch.nn.Module):
    """A pre-norm block that writes keys and values into memory of the whole sequence."""

    def __init__(self, width, heads, length):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (torch.nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)
        self.register_buffer("keys", torch.zeros(2, heads, length, width // heads))
        self.register_buffer("values", torch.zeros_like(self.keys))

    def forward(self, x, past):
        normed = self.norm1(x)
        q, k, v = (f(normed).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v))
        end = past + x.shape[1]
        self.keys[:, :, past:end], self.values[:, :, past:end] = k, v
        seen = self.keys[:, :, :end], self.values[:, :, :end]
        mixed = F.scaled_dot_product_attention(q, *seen, is_causal=x.shape[1] > 1)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


def dalle(layers, width, heads, text, side):
    layers, width, heads, text, side = map(int, (layers, width, heads, text, side))
    tokens, codes, length = side * side, 8192, text + side * side
    words, pictures = torch.nn.Embedding(1000 + text + 1, width).cuda(), torch.nn.Embedding(codes, width).cuda()
    positions = torch.randn(length, width, device="cuda") * 0.02
    blocks = [Block(width, heads, length).cuda() for _ in range(layers)]
    norm, head = torch.nn.LayerNorm(width).cuda(), torch.nn.Linear(width, codes).cuda()
    ids = torch.randint(1000, (2, text + 1), device="cuda")

    @torch.no_grad()
    def draw():
        x, past = words(ids), 0
        for _ in range(tokens):
            x = x + positions[past : past + x.shape[1]]
            for block in blocks:
                x = block(x, past)
            past += x.shape[1]
            with_text, without = head(norm(x[:, -1:]))[:, 0]
            logits, best = (without + 3 * (with_text - without)).topk(64)
            token = best[torch.multinomial(logits.softmax(-1), 1)].item()
            x = pictures(torch.full((2, 1), token, device="cuda"))

    return draw


def milliseconds(run, calls=10, rounds=5):
    best = float("inf")
    for i in range(rounds + 1):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(calls):
            run()
        torch.cuda.synchronize()
        if i > 0:
            best = min(best, (time.perf_counter() - began) * 1000 / calls)
    return best


kinds = {"product": product, "attention": attention, "clip": clip, "dalle": dalle}
times = {}
for name in names:
    kind, *arguments = name.split()
    run = kinds[kind](*arguments)
    times[name] = milliseconds(run, 1, 1) if kind == "dalle" else milliseconds(run)
times["megabytes"] = torch.cuda.max_memory_allocated() / 2**20
print(json.dumps(times))
