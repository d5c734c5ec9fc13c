"""The decoder of bench/decode.ts in PyTorch, with a preallocated cache: milliseconds a token and peak memory."""
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

WEIGHTS, PROMPT, NEW = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if len(sys.argv) > 4:
    torch.set_num_threads(int(sys.argv[4]))
VOCABULARY, DIM, HEADS, LAYERS, CONTEXT = 8192, 512, 8, 12, 320


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out_proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)

    def forward(self, x, cache, start):
        b, n, _ = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        keys, values = cache
        keys[:, :, start:start + n], values[:, :, start:start + n] = k, v
        y = F.scaled_dot_product_attention(
            q, keys[:, :, :start + n], values[:, :, :start + n], is_causal=n > 1)
        return self.out_proj(y.transpose(1, 2).reshape(b, n, DIM))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.self_attn, self.mlp = Attention(), MLP()

    def forward(self, x, cache, start):
        x = x + self.self_attn(self.layer_norm1(x), cache, start)
        return x + self.mlp(self.layer_norm2(x))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding, self.position_embedding = nn.Embedding(VOCABULARY, DIM), nn.Embedding(CONTEXT, DIM)
        self.layers = nn.ModuleList(Block() for _ in range(LAYERS))
        self.final_layer_norm = nn.LayerNorm(DIM)
        self.lm_head = nn.Linear(DIM, VOCABULARY, bias=False)

    def next_token(self, ids, caches, start):
        positions = torch.arange(start, start + ids.shape[1])
        x = self.token_embedding(ids) + self.position_embedding(positions)
        for layer, cache in zip(self.layers, caches):
            x = layer(x, cache, start)
        return self.lm_head(self.final_layer_norm(x[:, -1:])).argmax(-1)

    def generate(self, prompt, count):
        capacity = len(prompt) + count
        caches = [torch.zeros(2, 1, HEADS, capacity, DIM // HEADS) for _ in range(LAYERS)]
        ids = self.next_token(torch.tensor([prompt]), caches, 0)
        tokens = [ids.item()]
        while len(tokens) < count:
            ids = self.next_token(ids, caches, len(prompt) + len(tokens) - 1)
            tokens.append(ids.item())
        return tokens


def with_one_product(state):
    """Weights of the three projections in one, as PyTorch's own attention has them."""
    for i in range(LAYERS):
        for kind in ['weight', 'bias']:
            parts = [state.pop(f'layers.{i}.self_attn.{p}_proj.{kind}') for p in 'qkv']
            state[f'layers.{i}.self_attn.qkv.{kind}'] = torch.cat(parts)
    return state


with torch.inference_mode():
    model = Decoder().eval()
    model.load_state_dict(with_one_product(load_file(WEIGHTS)))
    prompt = [i * 7919 % VOCABULARY for i in range(PROMPT)]
    model.generate(prompt, 8)
    times = []
    for _ in range(2):
        start = time.perf_counter()
        tokens = model.generate(prompt, NEW)
        times.append(1000 * (time.perf_counter() - start) / NEW)
json.dump(tokens, open(f'{WEIGHTS}.torch.json', 'w'))
print(json.dumps({'ms': min(times), 'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
