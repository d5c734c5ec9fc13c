"""Loads our-lora/, an adapter that loraStateDict wrote, into peft; writes what tiny-clip/ computes with it there."""

from pathlib import Path

import peft
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import CLIPModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
given = load_file(HERE / "clip_forward.safetensors")

base = CLIPModel.from_pretrained(HERE / "tiny-clip", attn_implementation="eager")
model = PeftModel.from_pretrained(base, HERE / "our-lora").eval()
stored = load_file(HERE / "our-lora" / "adapter_model.safetensors")
loaded = {k.replace(".default", ""): v for k, v in model.state_dict().items() if "lora_" in k}
assert loaded.keys() == stored.keys() and all(torch.equal(loaded[k], stored[k]) for k in stored)
with torch.no_grad():
    result = model(
        pixel_values=given["pixel_values"].permute(0, 3, 1, 2),
        input_ids=given["input_ids"],
        attention_mask=given["attention_mask"],
    )
save_file(
    {"image_features": result.image_embeds.contiguous(), "text_features": result.text_embeds.contiguous()},
    HERE / "our_lora.safetensors",
    metadata={"peft": peft.__version__, "torch": torch.__version__, "recipe": "our_lora.py"},
)
