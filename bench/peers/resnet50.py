"""torchvision's ResNet-50 with random weights.

resnet50.py export BATCH FILE.onnx: its graph; beside it weights, pictures and their logits as .safetensors.
resnet50.py run BATCH [channels_last]: milliseconds of a forward pass and peak memory.
"""
import json
import resource
import statistics
import sys
import time

import torch
import torchvision

mode, batch, *rest = sys.argv[1:]
torch.manual_seed(0)
model = torchvision.models.resnet50(weights=None)
pixels = torch.randn(int(batch), 3, 224, 224)
if mode == 'export':
    # Statistics as if it had been trained: each norm's, of the pictures.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
            torch.nn.init.uniform_(module.weight, 0.2, 1)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.inference_mode():
        model(pixels[:2])
    model.eval()
    from safetensors.torch import save_file
    with torch.inference_mode():
        state = {**model.state_dict(), 'pixels': pixels.permute(0, 2, 3, 1), 'logits': model(pixels)}
    save_file({key: x.contiguous() for key, x in state.items()}, rest[0].replace('.onnx', '.safetensors'))
    torch.onnx.export(model, (pixels,), rest[0], dynamo=False, input_names=['pixels'], output_names=['logits'])
else:
    model.eval()
    if rest:
        model, pixels = model.to(memory_format=torch.channels_last), pixels.to(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for _ in range(7):
            start = time.perf_counter()
            model(pixels)
            times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({
        'median': statistics.median(times[2:]),
        'best': min(times),
        'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))
