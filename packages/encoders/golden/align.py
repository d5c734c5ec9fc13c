"""Writes tiny-align/ (an ALIGN as transformers saves it) and align.safetensors: what its two towers compute."""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AlignConfig, AlignModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
vision = dict(
    image_size=32, width_coefficient=0.25, depth_coefficient=0.1, depth_divisor=4, hidden_dim=24, kernel_sizes=[3, 5],
    in_channels=[32, 8], out_channels=[8, 12], strides=[1, 2], num_block_repeats=[1, 1], expand_ratios=[1, 3],
    depthwise_padding=[], squeeze_expansion_ratio=0.25,
)
text = dict(
    vocab_size=17, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2,
    max_position_embeddings=9, type_vocab_size=2, pad_token_id=0,
)
model = AlignModel(AlignConfig(text_config=text, vision_config=vision, projection_dim=12, attn_implementation="eager"))
generator = torch.Generator().manual_seed(1)
with torch.no_grad():
    for name, value in sorted(model.state_dict().items()):
        if value.dtype.is_floating_point and name != "temperature":
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                value.copy_(1 + 0.2 * noise.abs())
            else:
                value.copy_((1 if value.ndim == 1 and name.endswith("weight") else 0) + 0.3 * noise)
model.eval().save_pretrained(HERE / "tiny-align")
file = HERE / "tiny-align" / "config.json"
file.write_text(json.dumps(json.loads(file.read_text()), indent=2, sort_keys=True) + "\n")

pixel_values = torch.randn(2, 3, 32, 32, generator=generator)
input_ids = torch.tensor([[2, 5, 6, 7, 3, 0, 0], [2, 8, 9, 3, 0, 0, 0]])
attention_mask = (input_ids != 0).long()
with torch.no_grad():
    images = model.vision_model(pixel_values=pixel_values)
    texts = model.text_model(input_ids=input_ids, attention_mask=attention_mask)
save_file(
    {
        "pixel_values": pixel_values.permute(0, 2, 3, 1).contiguous(),
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "vision.pooled": images.pooler_output.contiguous(),
        "text.last_hidden_state": texts.last_hidden_state.contiguous(),
        "text.pooled": texts.pooler_output.contiguous(),
    },
    HERE / "align.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "align.py"},
)
