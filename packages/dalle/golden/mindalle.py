"""Writes tiny-mindalle/stage2_last.ckpt (weights as minDALL-E publishes those of its second stage) and
mindalle.safetensors (what they compute).

The network is written here from the published code: https://github.com/kakaobrain/minDALL-E.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

torch.set_num_threads(1)
HERE = Path(__file__).parent
FOLDER = HERE / "tiny-mindalle"
FOLDER.mkdir(exist_ok=True)
WORDS, TEXT, CODES, IMAGE = 17, 5, 13, 6
WIDTH, LAYERS, HEADS = 12, 2, 3
PAD = 16


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        for name in ("key", "query", "value", "proj"):
            setattr(self, name, nn.Linear(WIDTH, WIDTH))

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (f(x).view(batch, length, HEADS, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(mixed.transpose(1, 2).reshape(batch, length, WIDTH))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class Stage2(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok_emb_img, self.pos_emb_img = nn.Embedding(CODES, WIDTH), nn.Embedding(IMAGE, WIDTH)
        self.tok_emb_txt, self.pos_emb_txt = nn.Embedding(WORDS, WIDTH), nn.Embedding(TEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.ln_f = nn.LayerNorm(WIDTH)
        self.head_img = nn.Linear(WIDTH, CODES, bias=False)
        self.head_txt = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, texts, images):
        """Logits of the text's tokens but the first, and of the image's: those given and the one after."""
        x = self.tok_emb_txt(texts) + self.pos_emb_txt.weight
        if images.shape[1] > 0:
            placed = self.tok_emb_img(images) + self.pos_emb_img.weight[: images.shape[1]]
            x = torch.cat([x, placed], 1)
        x = self.ln_f(self.blocks(x))
        return self.head_txt(x[:, : TEXT - 1]), self.head_img(x[:, TEXT - 1 :])


model = Stage2().eval()
generator = torch.Generator().manual_seed(5)
with torch.no_grad():
    for name, tensor in sorted(model.named_parameters()):
        noise = torch.randn(tensor.shape, generator=generator)
        is_norm = "ln" in name and name.endswith("weight")
        scale = 0.1 if name == "ln_f.bias" else 0.5  # with more, one token is always the likeliest
        tensor.copy_(1 + 0.3 * noise if is_norm else scale * noise)
torch.save({"state_dict": model.state_dict()}, FOLDER / "stage2_last.ckpt")

texts = torch.tensor([[3, 9, 14, PAD, PAD], [1, 0, 7, 2, 11]])
images = torch.tensor([[4, 0, 12, 5, 5, 1], [9, 2, 2, 7, 10, 3]])
text_logits, image_logits = model(texts, images)
out = {"text_ids": texts, "image_ids": images, "text_logits": text_logits, "image_logits": image_logits[:, :IMAGE]}

# The published training: cross-entropies of both, here added up as they are.
flat = nn.functional.cross_entropy
loss = flat(text_logits.flatten(0, 1), texts[:, 1:].flatten()) + flat(image_logits[:, :IMAGE].flatten(0, 1), images.flatten())
loss.backward()
out["loss"] = loss
for name in ["tok_emb_txt.weight", "pos_emb_img.weight", "blocks.0.attn.key.weight", "blocks.1.attn.proj.bias",
             "blocks.1.mlp.2.weight", "head_img.weight"]:
    out[f"grad.{name}"] = model.get_parameter(name).grad


def greedy(texts, images):
    with torch.no_grad():
        while images.shape[1] < IMAGE:
            logits = model(texts, images)[1][:, -1]
            images = torch.cat([images, logits.argmax(-1, keepdim=True)], 1)
    return images


out["greedy"] = greedy(texts, images[:, :0])
out["greedy_after_two"] = greedy(texts, images[:, :2])

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "mindalle.safetensors",
    metadata={"torch": torch.__version__, "recipe": "mindalle.py"},
)
