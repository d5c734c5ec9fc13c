"""Writes tiny-clip/ (CLIPModel) and clip_towers.safetensors (its towers' hidden states, and pictures of another size)."""

import torch
import torch.nn.functional as F
from tiny_encoders import randomise, save_folder, save_golden
from transformers import CLIPConfig, CLIPModel

text = dict(
    vocab_size=20, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=7, eos_token_id=19, bos_token_id=18, pad_token_id=0,
)
vision = dict(
    hidden_size=8, intermediate_size=14, num_hidden_layers=3, num_attention_heads=2, image_size=8, patch_size=2,
)


def build(**changes):
    vision_config = {**vision, **changes}
    config = CLIPConfig(
        text_config=text, vision_config=vision_config, projection_dim=6, attn_implementation="eager"
    )
    return CLIPModel(config).eval()


generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(2, 3, 8, 8, generator=generator)
small_pixel_values = torch.randn(2, 3, 6, 6, generator=generator)
input_ids = torch.tensor([[18, 4, 5, 19, 0, 0], [18, 6, 7, 8, 9, 19]])
attention_mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])

model = randomise(build())
save_folder(model, "tiny-clip")
# Pictures of 6 x 6: positions resized from 4 x 4 to 3 x 3, as open_clip does.
small = build(image_size=6)
state = model.state_dict()
key = "vision_model.embeddings.position_embedding.weight"
grid = state[key][1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2)
grid = F.interpolate(grid, size=(3, 3), mode="bicubic", antialias=True, align_corners=False)
state[key] = torch.cat([state[key][:1], grid.permute(0, 2, 3, 1).reshape(9, 8)])
small.load_state_dict(state)

with torch.no_grad():
    image = model.vision_model(pixel_values, output_hidden_states=True)
    words = model.text_model(input_ids, attention_mask=attention_mask, output_hidden_states=True)
    save_golden(
        {
            "pixel_values": pixel_values.permute(0, 2, 3, 1),  # NHWC
            "small_pixel_values": small_pixel_values.permute(0, 2, 3, 1),
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "vision.hidden_states": image.hidden_states,
            "vision.pooler_output": image.pooler_output,
            "text.hidden_states": words.hidden_states,
            "text.pooler_output": words.pooler_output,
            "small.pooler_output": small.vision_model(small_pixel_values).pooler_output,
        },
        "clip_towers",
    )
