"""ONNX Runtime's dynamic quantisation of a file: quantize_dynamic.py <file> <quantised file>."""

import sys

from onnxruntime.quantization import QuantType, quantize_dynamic

# As ours: int8 by column, of seven bits, which processors without VNNI need.
quantize_dynamic(sys.argv[1], sys.argv[2], weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
