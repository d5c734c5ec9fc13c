"""Values, input gradients and parameter gradients of PyTorch's layers of images, for packages/core/src/layers.

A case NAME holds its state dict NAME.state.KEY, input NAME.x, the result NAME.y, a random gradient of it NAME.dy, and
the gradients NAME.dx and NAME.grad.KEY; a batch norm also the state dict after training, NAME.after.KEY.
Images are NCHW. Run: python packages/core/golden/image_layers.py
"""

from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(3)
tensors: dict[str, torch.Tensor] = {}
rand = torch.randn


def shake(module):
    """Random values also where training starts from zeros and ones, so that no mistake hides."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * rand(parameter.shape))
        for name, buffer in module.named_buffers():
            if buffer.is_floating_point():
                buffer.add_(0.3 * torch.rand(buffer.shape))
    return module


def case(name, module, x):
    for key, value in module.state_dict().items():
        tensors[f"{name}.state.{key}"] = value.clone()
    x = x.clone().requires_grad_()
    y = module(x)
    dy = rand(y.shape)
    y.backward(dy)
    tensors.update({f"{name}.x": x, f"{name}.y": y, f"{name}.dy": dy, f"{name}.dx": x.grad})
    for key, parameter in module.named_parameters():
        tensors[f"{name}.grad.{key}"] = parameter.grad


def after(name, module):
    for key, value in module.state_dict().items():
        tensors[f"{name}.after.{key}"] = value.clone()


case("conv", nn.Conv2d(3, 4, 3, padding=1), rand(2, 3, 5, 7))
case("conv_stride", nn.Conv2d(2, 3, 4, stride=3, padding=2, bias=False), rand(1, 2, 7, 8))
case("conv_even", nn.Conv2d(2, 3, 2, stride=2), rand(2, 2, 5, 4))
case("conv_1x1", nn.Conv2d(3, 4, 1), rand(2, 3, 2, 3))
case("conv_1x1_stride", nn.Conv2d(3, 4, 1, stride=2), rand(2, 3, 4, 3))
case("conv_transpose", nn.ConvTranspose2d(3, 2, 3), rand(2, 3, 4, 3))
case("conv_transpose_stride", nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1), rand(1, 3, 3, 4))
case("conv_transpose_output", nn.ConvTranspose2d(2, 3, 3, stride=3, padding=1, output_padding=2, bias=False), rand(2, 2, 3, 2))
case("group_norm", shake(nn.GroupNorm(2, 6)), 2 * rand(2, 6, 3, 4) + 1)
case("group_norm_one", shake(nn.GroupNorm(1, 4)), rand(2, 4, 3, 3))
case("group_norm_each", shake(nn.GroupNorm(4, 4)), rand(2, 4, 3, 3))

batch_norm = shake(nn.BatchNorm2d(3))
case("batch_norm", batch_norm, 2 * rand(2, 3, 3, 2) + 1)  # step 1 of 3
for step in [2, 3]:
    x = step * rand(3, 3, 2, 2) - step
    tensors[f"batch_norm.step{step}"] = x
    batch_norm(x)
after("batch_norm", batch_norm)
case("batch_norm_eval", shake(nn.BatchNorm2d(3)).eval(), rand(2, 3, 3, 2))

case("max_pool", nn.MaxPool2d(3, stride=2, padding=1), rand(2, 3, 6, 5))
case("average_pool", nn.AvgPool2d(3, stride=2, padding=1), rand(2, 3, 6, 5))
case("average_pool_plain", nn.AvgPool2d(2), rand(1, 3, 5, 4))


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


case("global_average", GlobalAverage(), rand(2, 3, 4, 5))


class BasicBlock(nn.Module):
    """He et al. 2015, named as torchvision names its own."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


for name, block in [("block", BasicBlock(3, 3, 1)), ("block_down", BasicBlock(2, 3, 2))]:
    case(name, shake(block), rand(2, block.conv1.in_channels, 5, 4))
    after(name, block)

out = Path(__file__).with_suffix(".safetensors")
versions = {"torch": torch.__version__}
save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, out, metadata=versions)
print(f"{out.name}: {len(tensors)} arrays, {out.stat().st_size} bytes, {versions}")
