"""Writes linear_probe.safetensors: logistic regression with an L2 penalty, minimised by SciPy in double precision.

The objective is scikit-learn's: C * sum of losses + |W|^2 / 2, the intercepts without penalty. It is convex, and
the recipe checks that the gradient vanishes where it ended, so that nothing depends on the solver.
"""

from pathlib import Path

import numpy as np
import scipy
from safetensors.numpy import save_file
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

rng = np.random.default_rng(22)
ROWS, DIM, CLASSES, C = 40, 5, 3, 2.5
labels = rng.integers(0, CLASSES, ROWS)
labels[:CLASSES] = np.arange(CLASSES)
centres = rng.normal(size=(CLASSES, DIM))
x = (centres[labels] + rng.normal(size=(ROWS, DIM))).astype(np.float32)
one_hot = np.eye(CLASSES)[labels]


def objective(parameters):
    weight, bias = parameters[: DIM * CLASSES].reshape(DIM, CLASSES), parameters[DIM * CLASSES :]
    logits = x.astype(np.float64) @ weight + bias
    value = -C * (one_hot * log_softmax(logits, axis=1)).sum() + (weight**2).sum() / 2
    dlogits = C * (softmax(logits, axis=1) - one_hot)
    return value, np.concatenate([(x.T.astype(np.float64) @ dlogits + weight).ravel(), dlogits.sum(0)])


found = minimize(objective, np.zeros((DIM + 1) * CLASSES), jac=True, method="BFGS", options={"gtol": 1e-9})
assert np.abs(objective(found.x)[1]).max() < 1e-6, found
weight, bias = found.x[: DIM * CLASSES].reshape(DIM, CLASSES), found.x[DIM * CLASSES :]
save_file(
    {
        "x": x,
        "labels": labels.astype(np.int32),
        "C": np.array(C, dtype=np.float32),
        "weight": weight.astype(np.float32),
        "bias": (bias - bias.mean()).astype(np.float32),
        "predicted": (x @ weight + bias).argmax(1).astype(np.int32),
    },
    Path(__file__).with_suffix(".safetensors"),
    metadata={"scipy": scipy.__version__, "numpy": np.__version__, "recipe": Path(__file__).name},
)
