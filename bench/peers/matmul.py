"""The products of bench/matmul.ts in PyTorch: milliseconds of each."""
import json
import resource
import sys
import time

import torch

if len(sys.argv) > 2:
    torch.set_num_threads(int(sys.argv[2]))
times = {}
for c in json.loads(sys.argv[1]):
    a, b = torch.randn(c['a']), torch.randn(c['b'])
    a = a.mT if c['transposeA'] else a
    b = b.mT if c['transposeB'] else b
    a @ b, a @ b
    best, start, runs = 1e9, time.perf_counter(), 0
    while runs < 5 or time.perf_counter() - start < 0.3:
        before = time.perf_counter()
        a @ b
        best, runs = min(best, 1000 * (time.perf_counter() - before)), runs + 1
    times[c['name']] = best
times['megabytes'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(times))
