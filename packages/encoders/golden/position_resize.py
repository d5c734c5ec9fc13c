"""Writes position_resize.safetensors: tables of positions, and what torch's antialiased bicubic makes of them."""

import torch
import torch.nn.functional as F
from tiny_encoders import save_golden

cases = {
    "larger": ((3, 3), (5, 5), 1),
    "smaller": ((6, 6), (4, 4), 1),
    "much_smaller": ((16, 16), (3, 3), 0),
    "wider": ((4, 5), (3, 9), 2),
    "one": ((1, 1), (2, 3), 0),
}
generator = torch.Generator().manual_seed(1)
out = {}
for name, (old, new, prefix) in cases.items():
    table = torch.randn(prefix + old[0] * old[1], 3, generator=generator)
    grid = table[prefix:].reshape(1, *old, 3).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=new, mode="bicubic", antialias=True, align_corners=False)
    out[f"{name}.table"] = table
    out[f"{name}.resized"] = torch.cat([table[:prefix], grid.permute(0, 2, 3, 1).reshape(-1, 3)])
save_golden(out, "position_resize")
