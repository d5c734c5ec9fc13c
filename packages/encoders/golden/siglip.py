"""Writes tiny-siglip/ (SiglipModel) and siglip.safetensors (what its towers compute)."""

import torch
from tiny_encoders import randomise, save_folder, save_golden
from transformers import SiglipConfig, SiglipModel

text = dict(
    vocab_size=20, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
    max_position_embeddings=5, projection_size=8, bos_token_id=18, eos_token_id=19, pad_token_id=1,
)
# 7 pixels in patches of 2: what is left over at the edges is not seen, as in siglip-so400m-patch14-384.
vision = dict(
    hidden_size=8, intermediate_size=14, num_hidden_layers=3, num_attention_heads=2, image_size=7, patch_size=2,
)
model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision, attn_implementation="eager"))
randomise(model)
with torch.no_grad():
    model.logit_scale.fill_(1.5)
    model.logit_bias.fill_(-2)
save_folder(model, "tiny-siglip")

generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(3, 3, 7, 7, generator=generator)
input_ids = torch.tensor([[4, 5, 19, 1, 1], [6, 7, 8, 9, 19], [19, 1, 1, 1, 1]])
result = model(pixel_values=pixel_values, input_ids=input_ids, output_hidden_states=True, return_loss=True)
result.loss.backward()
vision_output, text_output = result.vision_model_output, result.text_model_output
head = model.vision_model.head
out = {
    "pixel_values": pixel_values.permute(0, 2, 3, 1),  # NHWC
    "input_ids": input_ids,
    "vision.pooler_output": vision_output.pooler_output,
    "vision.last_hidden_state": vision_output.last_hidden_state,
    "vision.hidden_states": vision_output.hidden_states,
    "text.pooler_output": text_output.pooler_output,
    "text.last_hidden_state": text_output.last_hidden_state,
    "text.hidden_states": text_output.hidden_states,
    "logits_per_image": result.logits_per_image,
    "loss": result.loss,
    "grad.vision_model.head.probe": head.probe.grad,
    "grad.vision_model.head.attention.in_proj_weight": head.attention.in_proj_weight.grad,
    "grad.vision_model.head.attention.in_proj_bias": head.attention.in_proj_bias.grad,
    "grad.vision_model.embeddings.patch_embedding.weight": model.vision_model.embeddings.patch_embedding.weight.grad,
    "grad.vision_model.embeddings.patch_embedding.bias": model.vision_model.embeddings.patch_embedding.bias.grad,
    "grad.text_model.head.weight": model.text_model.head.weight.grad,
    "grad.text_model.embeddings.token_embedding.weight": model.text_model.embeddings.token_embedding.weight.grad,
}
with torch.no_grad():
    out["short.pooler_output"] = model.text_model(input_ids=input_ids[:, :3]).pooler_output
save_golden(out, "siglip")
