"""One process of bench/preprocess.ts: transformers' CLIPImageProcessor on Pillow, or on torchvision.

preprocess.py <pil|torchvision> <runs> <file with our values, or ''> ...files
"""
import json
import resource
import statistics
import sys
import time

import numpy
from PIL import Image
from transformers import CLIPImageProcessor, CLIPImageProcessorPil

backend, runs, ours, *files = sys.argv[1:]
processor = CLIPImageProcessorPil() if backend == 'pil' else CLIPImageProcessor()


def batch(paths):
    images = [Image.open(path) for path in paths]
    return processor(images, return_tensors='np' if backend == 'pil' else 'pt')['pixel_values']


def everything():
    for start in range(0, len(files), 8):
        batch(files[start : start + 8])


out = {}
if ours:
    values = numpy.fromfile(ours, dtype=numpy.float32).reshape(len(files), 224, 224, 3)
    std = numpy.array(processor.image_std, dtype=numpy.float32)
    theirs = numpy.concatenate([numpy.asarray(batch([f])) for f in files]).transpose(0, 2, 3, 1)
    # In levels of 8-bit pixels.
    out['difference'] = float((abs(values - theirs) * std * 255).max())
everything()
times = []
for _ in range(int(runs)):
    start = time.perf_counter()
    everything()
    times.append(1000 * (time.perf_counter() - start) / len(files))
out |= {
    'median': statistics.median(times),
    'best': min(times),
    'megabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
print(json.dumps(out))
