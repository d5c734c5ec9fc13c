"""Checks the files in our-onnx/, which exportONNX wrote, and writes what onnxruntime computes from them at other sizes."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import save_file

HERE = Path(__file__).parent
SIZES = {"batch": 3, "sequence": 5}


def run(path, feeds):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


out = {}
for path in sorted((HERE / "our-onnx").glob("*.onnx")):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.producer_name == "crossmodal"
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 20)]
    assert all(node.domain == "" for node in model.graph.node)
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    kinds = {array.dtype.name for array in weights.values() if array.size >= 1024}
    if "int8" in path.name:
        assert "int8" in kinds, (path, kinds)
        # Pairs of products must fit 16 bits on processors without VNNI: rows of embeddings aside, seven bits.
        for name, array in weights.items():
            assert array.dtype != np.int8 or name.endswith("_rows_quantized") or abs(array.astype(int)).max() <= 64
    else:
        assert kinds <= {path.stem.split("-")[1]}, (path, kinds)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(6)
    feeds = {}
    for value in session.get_inputs():
        shape = [SIZES[size] if isinstance(size, str) else size for size in value.shape]
        if value.type == "tensor(float)":
            feeds[value.name] = random.standard_normal(shape).astype(np.float32)
        elif value.name == "attention_mask":
            feeds[value.name] = (np.arange(shape[1]) < 1 + np.arange(shape[0])[:, None] * 2).astype(np.int64)
        else:
            feeds[value.name] = random.integers(1, 40, shape)
    out |= {f"{path.stem}.{name}": array for name, array in feeds.items()}
    results = run(path, feeds)
    out |= {f"{path.stem}.{name}": array for name, array in results.items()}

    if "int8" in path.name:
        # As near to the file of float32 as what onnxruntime's own tool makes of that.
        whole = path.with_name(path.name.replace("int8", "float32"))
        with tempfile.TemporaryDirectory() as folder:
            theirs = Path(folder) / "quantized.onnx"
            quantize_dynamic(whole, theirs, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
            theirs = run(theirs, feeds)
        for name, expected in run(whole, feeds).items():
            ours, tool = (abs(values[name] - expected).mean() for values in (results, theirs))
            assert ours <= 1.05 * tool, (path.name, name, ours, tool)

versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "recipe": "our_onnx.py"}
save_file({name: np.ascontiguousarray(array) for name, array in out.items()}, HERE / "our_onnx.safetensors", versions)
