"""Learning rates of PyTorch's and transformers' schedulers, step by step: writes schedules.safetensors.

Run: python packages/core/golden/schedules.py
"""

from pathlib import Path

import safetensors.torch
import torch
import transformers
from torch.optim import lr_scheduler

torch.set_num_threads(1)

LEARNING_RATE = 0.5


def rates(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return torch.tensor(values, dtype=torch.float32)


out = {
    "constant_with_warmup": rates(
        lambda o: transformers.get_constant_schedule_with_warmup(o, num_warmup_steps=7), 20
    ),
    "linear_with_warmup": rates(
        lambda o: transformers.get_linear_schedule_with_warmup(
            o, num_warmup_steps=7, num_training_steps=30
        ),
        40,
    ),
    "cosine_with_warmup": rates(
        lambda o: transformers.get_cosine_schedule_with_warmup(
            o, num_warmup_steps=7, num_training_steps=30
        ),
        31,
    ),
    "inverse_sqrt": rates(
        lambda o: transformers.get_inverse_sqrt_schedule(o, num_warmup_steps=7), 40
    ),
    "inverse_sqrt_timescale": rates(
        lambda o: transformers.get_inverse_sqrt_schedule(o, num_warmup_steps=7, timescale=20), 40
    ),
    "cooldown_linear": rates(
        lambda o: transformers.get_wsd_schedule(
            o, num_warmup_steps=5, num_stable_steps=10, num_decay_steps=8, decay_type="linear",
            min_lr_ratio=0.1, warmup_type="linear",
        ),
        30,
    )[5:],
    "cooldown_1_sqrt": rates(
        lambda o: transformers.get_wsd_schedule(
            o, num_warmup_steps=0, num_stable_steps=10, num_decay_steps=8, decay_type="1-sqrt"
        ),
        30,
    ),
    "cosine_final": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=25, eta_min=0.05), 26),
    "restarts": rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=6, eta_min=0.05), 40),
    "restarts_longer": rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=6, T_mult=2), 60),
    "linear_start_factor": rates(
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.2, total_iters=8), 20
    ),
    "sequence": rates(
        lambda o: lr_scheduler.SequentialLR(
            o,
            [
                lr_scheduler.LinearLR(o, start_factor=0.2, total_iters=8),
                lr_scheduler.ConstantLR(o, factor=1.0),
                lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=6),
            ],
            milestones=[8, 12],
        ),
        40,
    ),
}

safetensors.torch.save_file(
    {name: value.contiguous() for name, value in out.items()},
    Path(__file__).with_suffix(".safetensors"),
    metadata={"torch": torch.__version__, "transformers": transformers.__version__},
)
