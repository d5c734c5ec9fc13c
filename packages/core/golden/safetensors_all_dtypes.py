# Writes safetensors_all_dtypes.safetensors with the reference library: every dtype that crossmodal reads, and
# floats rounded to F16 and BF16 by PyTorch, beside what they are as F32.
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(0)

special = [0.0, -0.0, 1.0, -1.5, 65504.0, 65519.0, 65520.0, 1e30, -1e30, 2.0**-14, 2.0**-24, 2.0**-25, 1.5 * 2.0**-24,
           2.0**-26, 6.1e-5, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-8, 1 + 3 * 2.0**-8, 3.39e38, float("inf"), float("-inf")]
floats = torch.cat([torch.tensor(special), torch.randn(64), torch.randn(64) * 1e-6, torch.randn(64) * 1e5])

tensors = {
    "floats": floats,
    "f16": floats.half(),
    "f16_as_f32": floats.half().float(),
    "bf16": floats.bfloat16(),
    "bf16_as_f32": floats.bfloat16().float(),
    "f64": torch.tensor([[0.5, -2.0], [1e300, 3.25]], dtype=torch.float64),
    "i64": torch.tensor([-(2**31), 2**31 - 1, 7], dtype=torch.int64),
    "i32": torch.tensor([-(2**31), 2**31 - 1, 7], dtype=torch.int32),
    "i16": torch.tensor([-(2**15), 2**15 - 1, 7], dtype=torch.int16),
    "i8": torch.tensor([-128, 127, 7], dtype=torch.int8),
    "u64": torch.tensor([0, 2**31 - 1, 7], dtype=torch.uint64),
    "u32": torch.tensor([0, 2**31 - 1, 7], dtype=torch.uint32),
    "u16": torch.tensor([0, 2**16 - 1, 7], dtype=torch.uint16),
    "u8": torch.tensor([0, 255, 7], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(2, 0, 3),
    "名前.\N{GRINNING FACE}\uffee\"\\": torch.tensor([1, 2], dtype=torch.uint8),
    "\N{GRINNING FACE}": torch.tensor([3], dtype=torch.uint8),
    "\uffee": torch.tensor([4], dtype=torch.uint8),
}
versions = f"safetensors {safetensors.__version__}, torch {torch.__version__}"
save_file(tensors, Path(__file__).with_suffix(".safetensors"), metadata={"versions": versions})
print(versions)
