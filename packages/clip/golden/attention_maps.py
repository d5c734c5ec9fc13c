"""Writes attention_maps.safetensors: what transformers' CLIP attends to, by rollout and by relevance.

Rollout: Abnar and Zuidema 2020, section 3 ("attention rollout"). Relevance: Chefer et al. 2021, equations 5 and 6, of
the logit of a text. The gradients for the attention's weights are PyTorch's.
"""

from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPModel

HERE = Path(__file__).parent
torch.set_num_threads(1)
torch.manual_seed(31)

model = CLIPModel.from_pretrained(HERE / "tiny-clip", attn_implementation="eager").eval()
config = model.config.vision_config
pixel_values = torch.randn(3, 3, config.image_size, config.image_size)
directions = torch.randn(3, model.config.projection_dim)

output = model.vision_model(pixel_values=pixel_values, output_attentions=True)
features = torch.nn.functional.normalize(model.visual_projection(output.pooler_output), dim=-1)
scores = (features * directions).sum(-1)
logits = model.logit_scale.exp() * scores
gradients = torch.autograd.grad(logits.sum(), output.attentions)

tokens = output.attentions[0].shape[-1]
identity = torch.eye(tokens).expand(3, tokens, tokens)
rollout, relevance = identity, identity
for weights, gradient in zip(output.attentions, gradients):
    mixed = (weights.mean(1) + identity) / 2
    rollout = mixed / mixed.sum(-1, keepdim=True) @ rollout
    relevance = relevance + (weights * gradient).clamp(min=0).mean(1) @ relevance

out = {
    "pixel_values": pixel_values.permute(0, 2, 3, 1),
    "directions": directions,
    "scores": scores,
    "rollout": rollout,
    "relevance": relevance,
}
for i, (weights, gradient) in enumerate(zip(output.attentions, gradients)):
    out |= {f"weights.{i}": weights, f"gradients.{i}": gradient}
save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "attention_maps.safetensors",
    metadata={
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "recipe": Path(__file__).name,
    },
)
