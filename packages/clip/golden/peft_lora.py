"""Writes tiny-lora/ (an adapter of tiny-clip/ as peft saves it) and peft_lora.safetensors (what it computes).

Its rank differs from every size of the model, and B is random too, so that no mistake hides.
"""

import json
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import CLIPModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
given = load_file(HERE / "clip_forward.safetensors")
inputs = dict(
    pixel_values=given["pixel_values"].permute(0, 3, 1, 2),
    input_ids=given["input_ids"],
    attention_mask=given["attention_mask"],
)

config = LoraConfig(r=5, lora_alpha=7, target_modules=["q_proj", "v_proj", "fc2", "text_projection"])
model = get_peft_model(CLIPModel.from_pretrained(HERE / "tiny-clip", attn_implementation="eager"), config)
generator = torch.Generator().manual_seed(3)
with torch.no_grad():
    for name, parameter in sorted(model.named_parameters()):
        if "lora_" in name:
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))

result = model(**inputs, return_loss=True)
result.loss.backward()
out = {
    "image_features": result.image_embeds,
    "text_features": result.text_embeds,
    "loss": result.loss,
}
for name, parameter in model.named_parameters():
    if parameter.requires_grad:
        out[f"grad.{name.replace('.default', '')}"] = parameter.grad
model.save_pretrained(HERE / "tiny-lora")
(HERE / "tiny-lora" / "README.md").unlink(missing_ok=True)
config_file = HERE / "tiny-lora" / "adapter_config.json"
saved = json.loads(config_file.read_text()) | {"base_model_name_or_path": "tiny-clip"}
saved["target_modules"].sort()
config_file.write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
with torch.no_grad():
    merged = model.merge_and_unload()
    out["merged.fc2"] = merged.vision_model.encoder.layers[1].mlp.fc2.weight

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "peft_lora.safetensors",
    metadata={"peft": peft.__version__, "transformers": transformers.__version__, "recipe": "peft_lora.py"},
)
