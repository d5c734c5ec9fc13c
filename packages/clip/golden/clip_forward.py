"""Writes tiny-clip/ (a checkpoint as transformers saves it) and clip_forward.safetensors (what it computes).

The tiny CLIP has random weights, also where training would start from zeros and ones, so that no mistake hides.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
EOS = 19  # the greatest id, so that both rules for finding it agree unless a text says otherwise

text = dict(
    vocab_size=20, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=7, eos_token_id=EOS, bos_token_id=18, pad_token_id=0, projection_dim=6,
)
vision = dict(
    hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2, image_size=6, patch_size=3,
    projection_dim=6,
)


def build(**overrides):
    config = CLIPConfig(
        text_config={**text, **overrides.get("text", {})},
        vision_config={**vision, **overrides.get("vision", {})},
        projection_dim=6,
        attn_implementation="eager",
    )
    model = CLIPModel(config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name == "logit_scale":
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm_weight = "norm" in name and name.endswith("weight")
            parameter.copy_((1 if is_norm_weight else 0) + 0.4 * noise)
    return model.eval()


generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(3, 3, 6, 6, generator=generator)
input_ids = torch.tensor([[18, 4, 5, EOS, 0, 0, 0], [18, 6, 7, 8, 9, 10, EOS], [18, EOS, 0, 0, 0, 0, 0]])
attention_mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0], [1] * 7, [1, 1, 0, 0, 0, 0, 0]])
out = {
    "pixel_values": pixel_values.permute(0, 2, 3, 1),  # NHWC
    "input_ids": input_ids,
    "attention_mask": attention_mask,
}

model = build()
model.save_pretrained(HERE / "tiny-clip")
config_file = HERE / "tiny-clip" / "config.json"
config = json.loads(config_file.read_text())
config_file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")

result = model(pixel_values=pixel_values, input_ids=input_ids, attention_mask=attention_mask, return_loss=True)
result.loss.backward()
out |= {
    "image_features": result.image_embeds,
    "text_features": result.text_embeds,
    "logits_per_image": result.logits_per_image,
    "loss": result.loss,
    "vision.last_hidden_state": result.vision_model_output.last_hidden_state,
    "text.last_hidden_state": result.text_model_output.last_hidden_state,
}
for name, parameter in model.named_parameters():
    out[f"grad.{name}"] = parameter.grad

# No mask; end of text twice (the first counts); the rule of old configurations (eos_token_id 2: the greatest id
# counts); and the other activation.
twice = torch.tensor([[18, 4, EOS, EOS, 5, EOS, EOS], [18, 6, 7, 8, 9, 2, EOS], [18, 2, 17, 3, 1, 1, 1]])
variants = {
    "first_eos": {},
    "legacy": {"text": {"eos_token_id": 2}},
    "gelu": {"text": {"hidden_act": "gelu"}, "vision": {"hidden_act": "gelu"}},
}
out["variant_input_ids"] = twice
with torch.no_grad():
    for name, overrides in variants.items():
        result = build(**overrides)(pixel_values=pixel_values, input_ids=twice)
        out[f"{name}.image_features"] = result.image_embeds
        out[f"{name}.text_features"] = result.text_embeds

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "clip_forward.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "clip_forward.py"},
)
