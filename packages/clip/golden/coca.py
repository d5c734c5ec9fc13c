"""Writes tiny-coca/ and tiny-coca-packed/ (CoCas as open_clip publishes them) and coca.safetensors (what they compute):
features, logits, the loss with gradients, and captions.

All weights are random, also where training would start from zeros and ones, so that no mistake hides. The second model
has a pooler whose queries and keys are of one size, which PyTorch packs, and the quick GELU.
"""

import json
from pathlib import Path

import open_clip
import torch
import transformers
from open_clip import coca_model
from open_clip.loss import CoCaLoss
from safetensors.torch import save_file
from transformers import LogitsProcessorList, MaxLengthCriteria, StoppingCriteriaList

torch.set_num_threads(1)
HERE = Path(__file__).parent
PAD, START, END = 0, 11, 12
out = {}

CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 8, "layers": 2, "width": 12, "head_width": 4, "patch_size": 4, "mlp_ratio": 1.5,
        "attentional_pool": True, "attn_pooler_queries": 6, "attn_pooler_heads": 4, "output_tokens": True,
    },
    "text_cfg": {
        "context_length": 9, "vocab_size": 13, "width": 16, "heads": 2, "layers": 2, "mlp_ratio": 2,
        "embed_cls": True, "output_tokens": True,
    },
    "multimodal_cfg": {"context_length": 9, "vocab_size": 13, "width": 16, "heads": 2, "layers": 2},
    "custom_text": True,
}
PACKED = {
    "embed_dim": 8,
    "quick_gelu": True,
    "vision_cfg": {
        "image_size": 6, "layers": 1, "width": 8, "head_width": 4, "patch_size": 3, "mlp_ratio": 2,
        "attentional_pool": True, "attn_pooler_queries": 3, "attn_pooler_heads": 2, "output_tokens": True,
    },
    "text_cfg": {
        "context_length": 5, "vocab_size": 10, "width": 8, "heads": 2, "layers": 1, "mlp_ratio": 3,
        "embed_cls": True, "output_tokens": True,
    },
    "multimodal_cfg": {"context_length": 5, "vocab_size": 10, "width": 8, "heads": 1, "layers": 1},
    "custom_text": True,
}


def make(config, seed, scale, folder):
    """A model with random weights, saved, and loaded by open_clip from what was saved."""
    model = coca_model.CoCa(**{k: v for k, v in config.items() if k != "custom_text"})
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name == "logit_scale":
                parameter.fill_(2.1)
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm_weight = parameter.ndim == 1 and "weight" in name
            parameter.copy_((1 if is_norm_weight else 0) + scale * noise)
    path = HERE / folder
    path.mkdir(exist_ok=True)
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}, indent=2) + "\n")
    weights = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(weights, path / "open_clip_model.safetensors", {"format": "pt"})
    return open_clip.create_model(f"local-dir:{path}").eval()


def record(name, result):
    for key in ("image_features", "text_features", "logits"):
        out[f"{name}.{key}"] = result[key]


# Forward, loss, gradients ---------------------------------------------------------------------------------------------
model = make(CONFIG, 7, 0.35, "tiny-coca")
generator = torch.Generator().manual_seed(2)
images = torch.randn(3, 3, 8, 8, generator=generator)
texts = torch.tensor([
    [START, 4, 5, END, PAD, PAD, PAD, PAD, PAD],
    [START, 6, 7, 8, 9, 10, 3, 2, END],
    [START, 1, 2, 9, 4, 7, END, PAD, PAD],
])  # fmt: skip
result = model(images, texts)
out |= {"pixel_values": images.permute(0, 2, 3, 1), "input_ids": texts, "labels": result["labels"].contiguous()}
record("tiny", result)
with torch.no_grad():
    out["tiny.short_text_features"] = model.encode_text(texts[:, :8])  # the class token is at another position
loss = CoCaLoss(caption_loss_weight=2.0, clip_loss_weight=0.7, pad_id=PAD)
contrastive, captioning = loss(**result)
(contrastive + captioning).backward()
out |= {"loss.captioning": captioning, "loss.total": contrastive + captioning}
named = dict(model.named_parameters())
for name in (
    "logit_scale",
    "visual.class_embedding", "visual.positional_embedding", "visual.conv1.weight", "visual.ln_pre.weight",
    "visual.transformer.resblocks.1.attn.in_proj_weight", "visual.attn_pool.query", "visual.attn_pool.ln_q.weight",
    "visual.attn_pool.ln_k.bias", "visual.attn_pool.attn.q_proj_weight", "visual.attn_pool.attn.k_proj_weight",
    "visual.attn_pool.attn.v_proj_weight", "visual.attn_pool.attn.in_proj_bias", "visual.ln_post.weight", "visual.proj",
    "text.token_embedding.weight", "text.cls_emb", "text.positional_embedding", "text.ln_final.bias",
    "text.transformer.resblocks.0.attn.in_proj_weight", "text.transformer.resblocks.1.mlp.c_fc.weight",
    "text.text_projection",
    "text_decoder.resblocks.0.attn.in_proj_bias", "text_decoder.resblocks.1.ln_2.weight",
    "text_decoder.cross_attn.0.ln_1.weight", "text_decoder.cross_attn.0.ln_1_kv.weight",
    "text_decoder.cross_attn.0.attn.in_proj_weight", "text_decoder.cross_attn.1.attn.out_proj.weight",
    "text_decoder.cross_attn.1.mlp.c_proj.weight", "text_decoder.ln_final.weight", "text_decoder.text_projection",
):  # fmt: skip
    out[f"grad.{name}"] = named[name].grad

packed = make(PACKED, 3, 0.5, "tiny-coca-packed")
packed_images = torch.randn(2, 3, 6, 6, generator=generator)
packed_texts = torch.tensor([[8, 4, 5, 9, 0], [8, 3, 9, 0, 0]])
out |= {"packed.pixel_values": packed_images.permute(0, 2, 3, 1), "packed.input_ids": packed_texts}
with torch.no_grad():
    record("packed", packed(packed_images, packed_texts))

# Captions -------------------------------------------------------------------------------------------------------------
# open_clip finds no BeamSearchScorer in transformers 5 and then does without all of it; this is what greedy search needs.
for name in ("LogitsProcessorList", "MinLengthLogitsProcessor", "RepetitionPenaltyLogitsProcessor", "StoppingCriteriaList"):
    setattr(coca_model, name, getattr(transformers, name))
coca_model.GENERATION_TYPES["top_k"] = transformers.TopKLogitsWarper
coca_model._has_transformers = True


def greedy(end, new_tokens):
    torch.manual_seed(0)
    tokens = model.generate(
        images, generation_type="top_k", top_k=1, seq_len=100, min_seq_len=1, sot_token_id=START, eos_token_id=end,
        stopping_criteria=[MaxLengthCriteria(max_length=1 + new_tokens)],
    )  # fmt: skip
    return tokens[:, 1:].contiguous()


@torch.no_grad()
def likeliest(image, new_tokens, end, length_penalty):
    """Of all the captions there are, the one with the greatest sum of log-probabilities over length ** length_penalty."""
    _, embeddings = model._encode_image(image[None])
    running, ended = [([], 0.0)], []
    for length in range(1, new_tokens + 1):
        rows = torch.tensor([[START, *tokens] for tokens, _ in running])
        _, states = model._encode_text(rows)
        logits = model.text_decoder(embeddings.expand(len(rows), -1, -1), states)[:, -1]
        steps = logits.double().log_softmax(-1)
        grown = [
            ([*tokens, token], score + steps[row, token].item())
            for row, (tokens, score) in enumerate(running)
            for token in range(steps.shape[1])
        ]
        stops = [length == new_tokens or tokens[-1] in (end, PAD) for tokens, _ in grown]
        ended += [(tokens, score / length**length_penalty) for (tokens, score), stop in zip(grown, stops) if stop]
        running = [candidate for candidate, stop in zip(grown, stops) if not stop]
    best, second = sorted(ended, key=lambda candidate: -candidate[1])[:2]
    assert best[1] - second[1] > 1e-3, (best, second)
    return best[0]


def padded(rows):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


model.eval()
out["caption.greedy"] = greedy(END, 8)
out["caption.greedy_end"] = greedy(5, 8)
for name, penalty in (("mean", 1.0), ("sum", 0.0)):
    out[f"caption.{name}"] = padded([likeliest(image, 3, END, penalty) for image in images])
    assert not torch.equal(out[f"caption.{name}"], out["caption.greedy"][:, :3]), "greedy search finds the likeliest, too"

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "coca.safetensors",
    metadata={
        "torch": torch.__version__, "transformers": transformers.__version__, "open_clip": open_clip.__version__,
        "recipe": "coca.py",
    },
)
