"""Writes tiny-vit/ (ViTForImageClassification), tiny-vit-pooler/ (ViTModel) and vit.safetensors (what they compute)."""

import torch
import torch.nn.functional as F
from tiny_encoders import randomise, save_folder, save_golden
from transformers import ViTConfig, ViTForImageClassification, ViTModel

sizes = dict(
    hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2, image_size=6, patch_size=2,
    num_channels=3, attn_implementation="eager",
)
labels = {0: "cat", 1: "dog", 2: "fox", 3: "owl", 4: "bee"}


def nhwc(pixel_values):
    return pixel_values.permute(0, 2, 3, 1)


generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(2, 3, 6, 6, generator=generator)
wide_pixel_values = torch.randn(2, 3, 8, 10, generator=generator)
out = {"pixel_values": nhwc(pixel_values), "wide_pixel_values": nhwc(wide_pixel_values)}

# Classification, with its gradient.
classifier = randomise(ViTForImageClassification(ViTConfig(**sizes, id2label=labels, label2id={v: k for k, v in labels.items()})))
save_folder(classifier, "tiny-vit")
result = classifier(pixel_values, output_hidden_states=True)
target = torch.tensor([3, 1])
loss = F.cross_entropy(result.logits, target)
loss.backward()
states = classifier.vit(pixel_values).last_hidden_state
out |= {
    "logits": result.logits,
    "hidden_states": result.hidden_states,
    "last_hidden_state": states,
    "mean_pooled": states[:, 1:].mean(1),
    "target": target.int(),
    "loss": loss,
    "grad.cls_token": classifier.vit.embeddings.cls_token.grad,
    "grad.position_embeddings": classifier.vit.embeddings.position_embeddings.grad,
    "grad.projection": classifier.vit.embeddings.patch_embeddings.projection.weight.grad,
    "grad.query": classifier.vit.layers[1].attention.q_proj.weight.grad,
    "grad.fc1": classifier.vit.layers[0].mlp.fc1.weight.grad,
    "grad.classifier": classifier.classifier.weight.grad,
}

with torch.no_grad():
    # The pooler, and ReLU.
    pooler = randomise(ViTModel(ViTConfig(**sizes, hidden_act="relu")), seed=3)
    save_folder(pooler, "tiny-vit-pooler")
    out["pooler_output"] = pooler(pixel_values).pooler_output

    # Queries, keys and values without biases.
    bare = ViTModel(ViTConfig(**sizes, qkv_bias=False), add_pooling_layer=False).eval()
    bare.load_state_dict(classifier.vit.state_dict(), strict=False)
    out["without_qkv_bias.last_hidden_state"] = bare(pixel_values).last_hidden_state

    # Pictures of another size: positions resized as timm does.
    wide = ViTModel(ViTConfig(**{**sizes, "image_size": [8, 10]}), add_pooling_layer=False).eval()
    state = classifier.vit.state_dict()
    table = state["embeddings.position_embeddings"]
    grid = table[:, 1:].reshape(1, 3, 3, 12).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(4, 5), mode="bicubic", antialias=True, align_corners=False)
    resized = torch.cat([table[:, :1], grid.permute(0, 2, 3, 1).reshape(1, 20, 12)], 1)
    wide.load_state_dict({**state, "embeddings.position_embeddings": resized})
    out["wide.last_hidden_state"] = wide(wide_pixel_values).last_hidden_state

save_golden(out, "vit")
