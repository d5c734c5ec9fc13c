"""Writes tiny-<family>/ (checkpoints as transformers and open_clip save them) and families.safetensors (what they
compute): Chinese-CLIP, SigLIP, and open_clip's own files.

All weights are random, also where training would start from zeros and ones, so that no mistake hides.
"""

import json
from pathlib import Path

import open_clip
import torch
import transformers
from safetensors.torch import save_file
from transformers import ChineseCLIPConfig, ChineseCLIPModel, SiglipConfig, SiglipModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
out = {}


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name in ("logit_scale", "logit_bias"):
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm_weight = parameter.ndim == 1 and "weight" in name
            parameter.copy_((1 if is_norm_weight else 0) + 0.3 * noise)
    return model.eval()


def tidy(folder):
    """Whatever a version of transformers adds of its own is kept; only the order of keys is fixed."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=2, sort_keys=True) + "\n")


def record(family, model, result, inputs, weights):
    for name, value in inputs.items():
        out[f"{family}.{name}"] = value.permute(0, 2, 3, 1) if name == "pixel_values" else value
    out[f"{family}.image_features"] = result.image_embeds
    out[f"{family}.text_features"] = result.text_embeds
    out[f"{family}.logits_per_image"] = result.logits_per_image
    out[f"{family}.loss"] = result.loss
    result.loss.backward()
    named = dict(model.named_parameters())
    for name in weights:
        out[f"{family}.grad.{name}"] = named[name].grad


# Chinese-CLIP ---------------------------------------------------------------------------------------------------
model = randomise(
    ChineseCLIPModel(
        ChineseCLIPConfig(
            text_config=dict(
                vocab_size=30, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
                max_position_embeddings=9, type_vocab_size=2, pad_token_id=0,
            ),
            vision_config=dict(
                hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=6,
                patch_size=3, projection_dim=5,
            ),
            projection_dim=5,
            attn_implementation="eager",
        )
    ),
    1,
)
model.save_pretrained(HERE / "tiny-chinese-clip")
tidy(HERE / "tiny-chinese-clip")
generator = torch.Generator().manual_seed(2)
inputs = {
    "pixel_values": torch.randn(3, 3, 6, 6, generator=generator),
    "input_ids": torch.tensor([[2, 5, 6, 3, 0, 0], [2, 7, 8, 9, 10, 3], [2, 3, 0, 0, 0, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6, [1, 1, 0, 0, 0, 0]]),
}
record(
    "chinese_clip", model, model(**inputs, return_loss=True), inputs,
    ["logit_scale", "text_projection.weight", "text_model.encoder.layer.0.attention.self.query.weight",
     "text_model.embeddings.word_embeddings.weight", "vision_model.embeddings.patch_embedding.weight"],
)

# SigLIP ---------------------------------------------------------------------------------------------------------
model = randomise(
    SiglipModel(
        SiglipConfig(
            text_config=dict(
                vocab_size=30, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
                max_position_embeddings=6, projection_size=12,
            ),
            vision_config=dict(
                hidden_size=12, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4
            ),
            attn_implementation="eager",
        )
    ),
    3,
)
with torch.no_grad():
    model.logit_scale.fill_(2.2)
    model.logit_bias.fill_(-1.5)
model.save_pretrained(HERE / "tiny-siglip")
tidy(HERE / "tiny-siglip")
generator = torch.Generator().manual_seed(4)
inputs = {
    "pixel_values": torch.randn(3, 3, 8, 8, generator=generator),
    "input_ids": torch.tensor([[5, 6, 1, 1, 1, 1], [7, 8, 9, 10, 11, 1], [12, 1, 1, 1, 1, 1]]),
}
record(
    "siglip", model, model(**inputs, return_loss=True), inputs,
    ["logit_scale", "logit_bias", "text_model.head.weight", "text_model.encoder.layers.0.self_attn.q_proj.weight",
     "vision_model.head.probe", "vision_model.head.attention.in_proj_weight"],
)

# open_clip ------------------------------------------------------------------------------------------------------
config = {
    "model_cfg": {
        "embed_dim": 6,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 6, "layers": 2, "width": 8, "head_width": 4, "patch_size": 3, "mlp_ratio": 1.5},
        "text_cfg": {"context_length": 7, "vocab_size": 20, "width": 12, "heads": 3, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}
model = randomise(open_clip.CLIP(**{k: v for k, v in config["model_cfg"].items()}, output_dict=True), 5)
folder = HERE / "tiny-open-clip"
folder.mkdir(exist_ok=True)
(folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors", {"format": "pt"})
generator = torch.Generator().manual_seed(6)
input_ids = torch.tensor([[17, 4, 5, 19, 0, 0, 0], [17, 6, 7, 8, 9, 10, 19]])


def record_open_clip(family, model, size):
    pixel_values = torch.randn(2, 3, size, size, generator=generator)
    with torch.no_grad():
        result = model(pixel_values, input_ids)
    for name, value in {
        "pixel_values": pixel_values.permute(0, 2, 3, 1),
        "input_ids": input_ids,
        "image_features": result["image_features"],
        "text_features": result["text_features"],
        "logits_per_image": result["logit_scale"] * result["image_features"] @ result["text_features"].T,
    }.items():
        out[f"{family}.{name}"] = value.clone()


record_open_clip("open_clip", model, 6)

# The same with OpenAI's ResNet for an image tower.
config["model_cfg"] |= {"quick_gelu": False, "vision_cfg": {"image_size": 32, "layers": [1, 1, 2, 1], "width": 2, "head_width": 16}}
model = open_clip.CLIP(**config["model_cfg"], output_dict=True)
with torch.no_grad():
    for name, value in sorted(model.state_dict().items()):
        if name.endswith(("running_mean", "running_var")):
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
model = randomise(model, 7)
folder = HERE / "tiny-open-clip-resnet"
folder.mkdir(exist_ok=True)
(folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors", {"format": "pt"})
record_open_clip("open_clip_resnet", model, 32)

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "families.safetensors",
    metadata={
        "torch": torch.__version__, "transformers": transformers.__version__, "open_clip": open_clip.__version__,
        "recipe": "families.py",
    },
)
