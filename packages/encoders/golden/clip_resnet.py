"""Writes tiny-clip-resnet.safetensors (open_clip's names) and clip_resnet.safetensors (what it computes). Images are
NHWC."""

import open_clip
import torch
from open_clip.modified_resnet import ModifiedResNet
from safetensors.torch import save_file
from tiny_convnets import HERE, nhwc, passes, randomise, save_golden

generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(2, 3, 64, 64, generator=generator)
direction = torch.randn(2, 5, generator=generator)
out = {"pixel_values": nhwc(pixel_values), "direction": direction}

model = randomise(ModifiedResNet(layers=[2, 1, 1, 1], output_dim=5, heads=4, image_size=64, width=2))
state = {f"visual.{key}": value for key, value in model.state_dict().items()}
save_file(state, HERE / "tiny-clip-resnet.safetensors")

with torch.no_grad():
    x = model.stem(pixel_values)
    maps = []
    for layer in [model.layer1, model.layer2, model.layer3, model.layer4]:
        x = layer(x)
        maps.append(nhwc(x))
    out["feature_maps"] = tuple(maps)

weights = [
    "conv1.weight",
    "bn3.bias",
    "layer1.1.bn2.weight",
    "layer2.0.downsample.0.weight",
    "layer3.0.conv2.weight",
    "attnpool.positional_embedding",
    "attnpool.q_proj.bias",
    "attnpool.k_proj.weight",
    "attnpool.v_proj.bias",
    "attnpool.c_proj.weight",
]
passes(out, "pooled", model, lambda model: model(pixel_values), direction, weights, ["layer4.0.bn3.running_var"])

for name in ["RN50", "RN101", "RN50x4"]:
    config = open_clip.get_model_config(name)
    vision = config["vision_cfg"]
    with torch.device("meta"):
        published = ModifiedResNet(
            layers=vision["layers"],
            output_dim=config["embed_dim"],
            heads=vision["width"] * 32 // vision.get("head_width", 64),
            image_size=vision["image_size"],
            width=vision["width"],
        )
    out[f"parameters.{name}"] = torch.tensor(sum(p.numel() for p in published.parameters()))

save_golden(out, "clip_resnet", open_clip)
