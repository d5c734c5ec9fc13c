"""Writes tiny-resnet/ and tiny-resnet-basic/ (as transformers saves them), tiny-torchvision-resnet.safetensors (its
names) and resnet.safetensors (what they compute). Images are NHWC."""

import torch
import torchvision
import transformers
from safetensors.torch import save_file
from tiny_convnets import HERE, nhwc, passes, randomise, save_folder, save_golden
from torchvision.models.resnet import Bottleneck
from transformers import ResNetConfig, ResNetForImageClassification

generator = torch.Generator().manual_seed(2)
pixel_values = torch.randn(2, 3, 70, 48, generator=generator)
direction = torch.randn(2, 5, generator=generator)
out = {"pixel_values": nhwc(pixel_values), "direction": direction}
labels = {i: f"class {i}" for i in range(5)}


def build(**config):
    return randomise(ResNetForImageClassification(ResNetConfig(embedding_size=6, id2label=labels, **config)))


def record(name, model, weights, statistics=()):
    with torch.no_grad():
        result = model.resnet(pixel_values, output_hidden_states=True)
        out[f"{name}.feature_maps"] = tuple(nhwc(x) for x in result.hidden_states[1:])
        out[f"{name}.pooled"] = result.pooler_output[:, :, 0, 0]
    passes(out, name, model, lambda model: model(pixel_values).logits, direction, weights, statistics)


bottleneck = dict(layer_type="bottleneck", hidden_sizes=[8, 12, 16, 20], depths=[2, 1, 2, 1])
model = build(**bottleneck)
save_folder(model, "tiny-resnet")
stem, block = "resnet.embedder.embedder", "resnet.encoder.stages.2.layers"
record(
    "bottleneck",
    model,
    [
        f"{stem}.convolution.weight",
        f"{stem}.normalization.bias",
        f"{block}.0.shortcut.convolution.weight",
        f"{block}.0.layer.1.convolution.weight",
        f"{block}.1.layer.2.normalization.weight",
        "classifier.1.weight",
        "classifier.1.bias",
    ],
    [
        f"{stem}.normalization.running_mean",
        f"{block}.1.layer.2.normalization.running_var",
        f"{block}.1.layer.2.normalization.num_batches_tracked",
    ],
)

# The same weights with the strides elsewhere.
other = build(**bottleneck, downsample_in_bottleneck=True, downsample_in_first_stage=True)
other.load_state_dict(model.state_dict())
record("strides", other, [])

model = build(layer_type="basic", hidden_sizes=[6, 8, 9, 10], depths=[1, 2, 1, 1])
save_folder(model, "tiny-resnet-basic")
record("basic", model, [f"{stem}.convolution.weight", "resnet.encoder.stages.1.layers.1.layer.0.convolution.weight"])

# torchvision's, made narrow: its class, with other widths.
model = torchvision.models.ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5)
model.conv1 = torch.nn.Conv2d(3, 6, 7, stride=2, padding=3, bias=False)
model.bn1 = torch.nn.BatchNorm2d(6)
model.inplanes = 6
model.layer1 = model._make_layer(Bottleneck, 2, 2)
model.layer2 = model._make_layer(Bottleneck, 3, 1, stride=2)
model.layer3 = model._make_layer(Bottleneck, 4, 2, stride=2)
model.layer4 = model._make_layer(Bottleneck, 5, 1, stride=2)
model.fc = torch.nn.Linear(20, 5)
randomise(model, seed=3)
save_file(model.state_dict(), HERE / "tiny-torchvision-resnet.safetensors")
with torch.no_grad():
    out["torchvision.logits"] = model(pixel_values)

for depth in [18, 34, 50, 101]:
    with torch.device("meta"):
        published = getattr(torchvision.models, f"resnet{depth}")()
    out[f"parameters.{depth}"] = torch.tensor(sum(p.numel() for p in published.parameters()))

save_golden(out, "resnet", transformers, torchvision)
