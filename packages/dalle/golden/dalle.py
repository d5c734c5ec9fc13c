"""Writes dalle.safetensors: weights of a tiny DALL-E, and what its variants compute and generate.

The reference is written here for plainness: one head over all ids with a mask by position, attention masks drawn entry
by entry, no cache. All variants take their weights from one pool, random also where training would start from zeros
and ones.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
HERE = Path(__file__).parent
BATCH, TEXT, VOCAB, CODES, ROWS, COLUMNS = 2, 5, 11, 7, 3, 4
HIDDEN, HEADS, INNER, LAYERS, KERNEL = 28, 2, 12, 3, 3
TEXT_IDS, GRID, BEFORE = VOCAB + TEXT, ROWS * COLUMNS, TEXT + 1
LENGTH = TEXT + GRID  # the last token is never read

generator = torch.Generator().manual_seed(7)
weights = {}


def weight(name, *shape, around=0.0, scale=0.3):
    weights[name] = (around + scale * torch.randn(*shape, generator=generator)).requires_grad_()


weight("text_embedding.weight", TEXT_IDS + 1, HIDDEN, scale=1)
weight("image_embedding.weight", CODES, HIDDEN, scale=1)
weight("text_positions.weight", BEFORE, HIDDEN, scale=1)
weight("row_positions.weight", ROWS, HIDDEN, scale=1)
weight("column_positions.weight", COLUMNS, HIDDEN, scale=1)
for i in range(LAYERS):
    for norm in ["layer_norm1", "layer_norm2"]:
        weight(f"layers.{i}.{norm}.weight", HIDDEN, around=1)
        weight(f"layers.{i}.{norm}.bias", HIDDEN)
    for name, n_in, n_out in [
        *[(f"self_attn.{p}_proj", HIDDEN, HIDDEN) for p in ["q", "k", "v", "out"]],
        ("mlp.fc1", HIDDEN, INNER), ("mlp.fc2", INNER, HIDDEN),
        ("mlp.gate_proj", HIDDEN, INNER), ("mlp.up_proj", HIDDEN, INNER), ("mlp.down_proj", INNER, HIDDEN),
    ]:
        weight(f"layers.{i}.{name}.weight", n_out, n_in)
        weight(f"layers.{i}.{name}.bias", n_out)
    weight(f"layers.{i}.layer_scale1.lambda1", HIDDEN)
    weight(f"layers.{i}.layer_scale2.lambda1", HIDDEN)
weight("norm.weight", HIDDEN, around=1)
weight("norm.bias", HIDDEN)
weight("text_head.weight", TEXT_IDS, HIDDEN)
weight("text_head.bias", TEXT_IDS)
weight("image_head.weight", CODES, HIDDEN)
weight("image_head.bias", CODES)


def place(position):
    """(text position, row, column); of the image with no text position, of the text with no row."""
    if position < BEFORE:
        return position, None, None
    return None, (position - BEFORE) // COLUMNS, (position - BEFORE) % COLUMNS


def allowed(kind, i, j):
    if j > i:
        return False
    (_, r, c), (text, r2, c2) = place(i), place(j)
    if r is None or text is not None:
        return True
    return {
        "full": True,
        "row": r == r2,
        "column": c == c2,
        "convolution": r - r2 <= KERNEL // 2 and abs(c - c2) <= KERNEL // 2,
    }[kind]


def rotate(x):
    head_dim = x.shape[-1]
    half = head_dim // 2
    third = half // 3
    turned = x.clone()
    for p in range(x.shape[2]):
        text, row, column = place(p)
        axes = [text, 0, 0] if row is None else [BEFORE, row + 1, column + 1]
        pair = 0
        for value, count, theta in zip(axes, [third, third, half - 2 * third], [10000, 100, 100]):
            for k in range(count):
                angle = value * theta ** (-k / count)
                a, b = x[:, :, p, pair], x[:, :, p, pair + half]
                turned[:, :, p, pair] = a * math.cos(angle) - b * math.sin(angle)
                turned[:, :, p, pair + half] = b * math.cos(angle) + a * math.sin(angle)
                pair += 1
    return turned


def shift(x):
    q = HIDDEN // 4
    out = x.clone()
    out[:, :, : 2 * q] = 0
    for p in range(x.shape[1]):
        text, row, column = place(p)
        if text is not None and p > 0:
            out[:, p, : 2 * q] = x[:, p - 1, : 2 * q]
        if row is not None and row > 0:
            out[:, p, :q] = x[:, p - COLUMNS, :q]
        if column is not None and column > 0:
            out[:, p, q : 2 * q] = x[:, p - 1, q : 2 * q]
    return out


def forward(options, text, image, attended=None):
    """Joint logits over text, padding and image ids; `text` has the ids of padding already. `attended` gets the
    weights of attention, [batch, heads, length, length] a block."""
    linear = lambda x, name: F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
    norm = lambda x, name: F.layer_norm(x, (HIDDEN,), weights[f"{name}.weight"], weights[f"{name}.bias"])
    start = torch.full((text.shape[0], 1), TEXT_IDS)
    parts = [weights["text_embedding.weight"][torch.cat([start, text], 1)]]
    parts.append(weights["image_embedding.weight"][image[:, : GRID - 1]])
    x = torch.cat(parts, 1)
    length = x.shape[1]
    if not options.get("rotary"):
        positions = []
        for p in range(length):
            text_position, row, column = place(p)
            positions.append(
                weights["text_positions.weight"][text_position] if row is None
                else weights["row_positions.weight"][row] + weights["column_positions.weight"][column]
            )
        x = x + torch.stack(positions)
    kinds = options["kinds"]
    for i in range(options.get("layers", 2)):
        at = f"layers.{i}"
        mask = torch.tensor([[allowed(kinds[i % len(kinds)], q, k) for k in range(length)] for q in range(length)])
        y = norm(x, f"{at}.layer_norm1")
        if options.get("shift"):
            y = shift(y)
        heads = lambda z: z.view(z.shape[0], length, HEADS, -1).transpose(1, 2)
        q, k, v = (heads(linear(y, f"{at}.self_attn.{p}_proj")) for p in ["q", "k", "v"])
        if options.get("rotary"):
            q, k = rotate(q), rotate(k)
        if options.get("stable"):
            scores = (q / (math.sqrt(q.shape[-1]) * 32)) @ k.transpose(-1, -2)
            scores = scores.masked_fill(~mask, -math.inf)
            scores = (scores - scores.amax(-1, keepdim=True).detach()) * 32
        else:
            scores = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf)
        attention = scores.softmax(-1)
        if attended is not None:
            attended.append(attention)
        y = (attention @ v).transpose(1, 2).reshape(x.shape)
        y = linear(y, f"{at}.self_attn.out_proj")
        if options.get("scale"):
            y = y * weights[f"{at}.layer_scale1.lambda1"]
        x = x + y
        y = norm(x, f"{at}.layer_norm2")
        if options.get("shift"):
            y = shift(y)
        if options.get("geglu"):
            y = F.gelu(linear(y, f"{at}.mlp.gate_proj")) * linear(y, f"{at}.mlp.up_proj")
            y = linear(y, f"{at}.mlp.down_proj")
        else:
            y = linear(F.gelu(linear(y, f"{at}.mlp.fc1")), f"{at}.mlp.fc2")
        if options.get("scale"):
            y = y * weights[f"{at}.layer_scale2.lambda1"]
        x = x + y
    x = norm(x, "norm")
    joint = torch.cat([linear(x, "text_head"), linear(x, "image_head")], -1)
    is_text_slot = (torch.arange(length) < TEXT)[:, None]
    is_text_id = (torch.arange(TEXT_IDS + CODES) < TEXT_IDS)[None]
    return joint.masked_fill(is_text_slot != is_text_id, -math.inf)


def pad(text, mask):
    return torch.where(mask.bool(), text, VOCAB + torch.arange(TEXT))


text_ids = torch.randint(VOCAB, (BATCH, TEXT), generator=generator)
attention_mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
image_ids = torch.randint(CODES, (BATCH, GRID), generator=generator)
null = pad(text_ids, torch.zeros_like(attention_mask))
padded = pad(text_ids, attention_mask)
out = {"text_ids": text_ids, "attention_mask": attention_mask, "image_ids": image_ids, "text_labels": padded}
out |= {f"weights.{name}": value for name, value in weights.items()}

variants = {
    "full": dict(kinds=["full"]),
    "row": dict(kinds=["row"]),
    "column": dict(kinds=["column"]),
    "convolution": dict(kinds=["convolution"]),
    "rotary": dict(kinds=["full"], rotary=True),
    "geglu": dict(kinds=["full"], geglu=True),
    "layer_scale": dict(kinds=["full"], scale=True),
    "token_shift": dict(kinds=["full"], shift=True),
    "stable": dict(kinds=["full"], stable=True),
    "everything": dict(
        kinds=["convolution", "column"], layers=3, rotary=True, geglu=True, scale=True, shift=True, stable=True
    ),
}
for name, options in variants.items():
    for value in weights.values():
        value.grad = None
    attended = []
    logits = forward(options, padded, image_ids, attended)
    if name in ["full", "everything"]:
        out |= {f"{name}.attention.{i}": attention for i, attention in enumerate(attended)}
    assert logits.shape == (BATCH, LENGTH, TEXT_IDS + CODES)
    labels = torch.cat([padded, image_ids + TEXT_IDS], 1)
    losses = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    text_loss, image_loss = losses[:, :TEXT].mean(), losses[:, TEXT:].mean()
    loss = (text_loss + 7 * image_loss) / 8
    loss.backward()
    out |= {
        f"{name}.logits": logits, f"{name}.loss": loss,
        f"{name}.text_loss": text_loss, f"{name}.image_loss": image_loss,
    }
    for key in ["image_embedding.weight", "row_positions.weight", "layers.0.layer_norm1.weight",
                "layers.0.self_attn.k_proj.weight", "layers.1.self_attn.v_proj.bias", "layers.1.mlp.fc1.weight",
                "layers.1.mlp.gate_proj.weight", "layers.0.layer_scale2.lambda1", "text_head.bias"]:
        if weights[key].grad is not None:
            out[f"{name}.grad.{key}"] = weights[key].grad

    def generate(scale):
        tokens, first = torch.zeros(BATCH, 0, dtype=torch.long), None
        for _ in range(GRID):
            conditional = forward(options, padded, tokens)[:, -1, TEXT_IDS:]
            without = forward(options, null, tokens)[:, -1, TEXT_IDS:]
            guided = without + scale * (conditional - without)
            first = guided if first is None else first
            tokens = torch.cat([tokens, guided.argmax(-1, keepdim=True)], 1)
        return tokens, first

    with torch.no_grad():
        out[f"{name}.greedy"], _ = generate(1)
        out[f"{name}.guided"], out[f"{name}.guided_logits"] = generate(3)

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "dalle.safetensors",
    metadata={"torch": torch.__version__, "recipe": "dalle.py"},
)
