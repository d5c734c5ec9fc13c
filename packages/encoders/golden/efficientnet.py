"""Writes tiny-efficientnet/ and tiny-align-vision/ (as transformers saves them) and efficientnet.safetensors (what they
compute). Images are NHWC, of odd sizes, so that padding shows."""

import torch
import transformers
from tiny_convnets import nhwc, passes, randomise, save_folder, save_golden
from transformers import AlignVisionConfig, AlignVisionModel, EfficientNetConfig, EfficientNetForImageClassification

generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(3, 3, 38, 31, generator=generator)
out = {"pixel_values": nhwc(pixel_values)}
# 7 blocks with 4, 8, 12 and 16 channels; the strides of 2 are padded both ways.
sizes = dict(
    width_coefficient=0.1,
    depth_coefficient=1.1,
    depth_divisor=4,
    kernel_sizes=[3, 5, 3],
    in_channels=[32, 60, 120],
    out_channels=[60, 120, 160],
    strides=[1, 2, 2],
    num_block_repeats=[1, 2, 1],
    expand_ratios=[1, 4, 4],
    depthwise_padding=[5],
    hidden_dim=128,
    drop_connect_rate=0.0,
)

labels = {i: f"class {i}" for i in range(5)}
config = EfficientNetConfig(**sizes, dropout_rate=0.0, id2label=labels)
model = randomise(EfficientNetForImageClassification(config))
save_folder(model, "tiny-efficientnet")
with torch.no_grad():
    result = model.efficientnet(pixel_values, output_hidden_states=True)
    out["last_hidden_state"] = nhwc(result.last_hidden_state)
    out["feature_maps"] = tuple(nhwc(result.hidden_states[i]) for i in [2, 5, 7])  # of the last block of each stage
    out["pooled"] = result.pooler_output
direction = torch.randn(3, 5, generator=generator)
out["direction"] = direction
blocks = "efficientnet.encoder.blocks"
weights = [
    "efficientnet.embeddings.convolution.weight",
    f"{blocks}.2.expansion.expand_conv.weight",
    f"{blocks}.2.depthwise_conv.depthwise_conv.weight",
    f"{blocks}.3.depthwise_conv.depthwise_conv.weight",
    f"{blocks}.5.depthwise_conv.depthwise_norm.weight",
    f"{blocks}.4.squeeze_excite.reduce.weight",
    f"{blocks}.4.squeeze_excite.expand.bias",
    f"{blocks}.6.projection.project_bn.weight",
    "efficientnet.encoder.top_conv.weight",
    "classifier.weight",
]
statistics = [
    "efficientnet.embeddings.batchnorm.running_mean",
    f"{blocks}.1.projection.project_bn.running_var",
]
passes(out, "logits", model, lambda model: model(pixel_values).logits, direction, weights, statistics)

model = randomise(AlignVisionModel(AlignVisionConfig(**sizes)), seed=3)
save_folder(model, "tiny-align-vision")
direction = torch.randn(3, 16, generator=generator)
out["align.direction"] = direction
passes(
    out,
    "align",
    model,
    lambda model: model(pixel_values).pooler_output,
    direction,
    ["embeddings.convolution.weight", "encoder.blocks.5.depthwise_conv.depthwise_conv.weight"],
)

# Parameters of the published sizes, without memory for them.
scales = [(1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8), (1.6, 2.2), (1.8, 2.6), (2.0, 3.1)]
for i, (width, depth) in enumerate(scales):
    hidden = int(1280 * width + 4) // 8 * 8
    config = EfficientNetConfig(
        width_coefficient=width, depth_coefficient=depth, hidden_dim=hidden, num_labels=1000
    )
    with torch.device("meta"):
        published = EfficientNetForImageClassification(config)
    out[f"parameters.b{i}"] = torch.tensor(sum(p.numel() for p in published.parameters()))

save_golden(out, "efficientnet", transformers)
