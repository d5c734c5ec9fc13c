"""transformers' CLIP ViT-B/32 image encoder with random weights.

vit_b32.py export BATCH FILE.onnx: its graph; beside it weights, pictures and their features as .safetensors.
vit_b32.py run BATCH [THREADS]: milliseconds of a forward pass and peak memory.
"""
import json
import resource
import statistics
import sys
import time

import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

mode, batch, *rest = sys.argv[1:]
torch.manual_seed(0)
config = CLIPVisionConfig(
    hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, patch_size=32,
    image_size=224, hidden_act='quick_gelu', projection_dim=512, attn_implementation='sdpa',
)
model = CLIPVisionModelWithProjection(config).eval()
pixels = torch.randn(int(batch), 3, 224, 224)


class Features(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixel_values=pixels).image_embeds


if mode == 'export':
    from safetensors.torch import save_file
    with torch.inference_mode():
        state = {**model.state_dict(), 'pixels': pixels.permute(0, 2, 3, 1), 'features': Features(model)(pixels)}
    state = {key: x.contiguous() for key, x in state.items() if not key.endswith('position_ids')}
    save_file(state, rest[0].replace('.onnx', '.safetensors'))
    names = {'input_names': ['pixels'], 'output_names': ['features']}
    torch.onnx.export(Features(model), (pixels,), rest[0], dynamo=False, opset_version=18, **names)
else:
    if rest:
        torch.set_num_threads(int(rest[0]))
    times = []
    with torch.inference_mode():
        for _ in range(23):
            start = time.perf_counter()
            model(pixel_values=pixels)
            times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({
        'median': statistics.median(times[3:]),
        'best': min(times),
        'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))
