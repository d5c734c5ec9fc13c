import json
import resource
import sys
import tarfile
import time

start = time.perf_counter()
count = 0
size = 0
sample = {}
with tarfile.open(sys.argv[1], "r|") as archive:
    for entry in archive:
        key, extension = entry.name.split(".", 1)
        data = archive.extractfile(entry).read()
        if sample and sample["key"] != key:
            count += 1
            sample = {}
        sample.update({"key": key, extension: data})
        size += len(data)
        archive.members = []
count += 1
us = (time.perf_counter() - start) * 1e6 / count
print(json.dumps({"us": us, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
