"""Weights of unbalanced classes: scikit-learn's "balanced", and the effective number of samples (Cui et al. 2019,
equation 4, with the weights summing to the number of classes as in the paper's section 4): writes class_weights.json.

Run: python packages/sentiment/golden/class_weights.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

rng = np.random.default_rng(20261127)
cases = []
for shares in ([0.7, 0.2, 0.1], [0.05, 0.9, 0.05], [1 / 3] * 3):
    labels = np.concatenate([np.arange(3), rng.choice(3, 57, p=shares)])
    counts = np.bincount(labels)
    case = {
        "labels": labels.tolist(),
        "balanced": compute_class_weight("balanced", classes=np.arange(3), y=labels).tolist(),
    }
    for beta in (0, 0.9, 0.9999):
        raw = (1 - beta) / (1 - np.power(float(beta), counts))
        case[f"effective {beta}"] = (raw / raw.sum() * 3).tolist()
    cases.append(case)
Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
