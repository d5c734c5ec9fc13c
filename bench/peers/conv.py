"""The convolutions of bench/conv.ts in PyTorch: milliseconds of each and of its gradients."""
import json
import resource
import sys
import time

import torch

cases, batch = json.loads(sys.argv[1]), int(sys.argv[2])
if len(sys.argv) > 3:
    torch.set_num_threads(int(sys.argv[3]))


def measure(f):
    f(), f()
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < 0.2:
        before = time.perf_counter()
        f()
        times.append(1000 * (time.perf_counter() - before))
    return min(times)


times = {}
for c in cases:
    x = torch.randn(batch, c['from'], c['size'], c['size'])
    w = torch.randn(c['to'], c['from'], c['kernel'], c['kernel'])
    stride, padding = [c['stride']] * 2, [c['padding']] * 2
    y = torch.conv2d(x, w, None, stride, padding)
    dy = torch.randn_like(y)

    def gradient(mask):
        torch.ops.aten.convolution_backward(dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, mask)

    times[c['name'] + ' Conv2D'] = measure(lambda: torch.conv2d(x, w, None, stride, padding))
    times[c['name'] + ' Conv2DBackpropInput'] = measure(lambda: gradient([True, False, False]))
    times[c['name'] + ' Conv2DBackpropFilter'] = measure(lambda: gradient([False, True, False]))
times['megabytes'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(times))
