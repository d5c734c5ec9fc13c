"""Loads our-clip/, a checkpoint that clipToFiles wrote, into transformers; writes what it computes there."""

from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPModel

torch.set_num_threads(1)
HERE = Path(__file__).parent

model, info = CLIPModel.from_pretrained(HERE / "our-clip", output_loading_info=True)
assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info

generator = torch.Generator().manual_seed(4)
size, ids = model.config.vision_config.image_size, model.config.text_config
pixel_values = torch.randn(2, 3, size, size, generator=generator)
input_ids = torch.randint(0, ids.eos_token_id, (2, ids.max_position_embeddings), generator=generator)
input_ids[:, -1] = ids.eos_token_id
with torch.no_grad():
    result = model.eval()(pixel_values=pixel_values, input_ids=input_ids)
save_file(
    {
        "pixel_values": pixel_values.permute(0, 2, 3, 1).contiguous(),
        "input_ids": input_ids,
        "image_features": result.image_embeds.contiguous(),
        "text_features": result.text_embeds.contiguous(),
        "logits_per_image": result.logits_per_image.contiguous(),
    },
    HERE / "our_clip.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "our_clip.py"},
)
