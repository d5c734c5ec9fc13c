"""One process of bench/load.ts: milliseconds to load a model from one of its files, and peak memory; or writes the files."""
import json
import resource
import sys
import time
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel

KIND, FOLDER = sys.argv[1], Path(sys.argv[2])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

if KIND == "save":
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig())
    model.save_pretrained(FOLDER)
    torch.save(model.state_dict(), FOLDER / "pytorch_model.bin")
    print("{}")
else:
    start, began = peak(), time.perf_counter()
    model = CLIPModel.from_pretrained(FOLDER, use_safetensors=KIND == "safetensors", local_files_only=True)
    total = sum(p.double().sum().item() for p in model.parameters())  # a mapped file is read only when it is used
    print(json.dumps({"ms": (time.perf_counter() - began) * 1000, "megabytes": peak(), "start": start}))
