"""Sentiment metrics as the MMSA toolbox defines them (src/MMSA/utils/metricsTop.py), by NumPy and scikit-learn, in
float32 as there but not rounded to four digits: writes metrics.json.

Run: python packages/sentiment/golden/metrics.py
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, f1_score

HERE = Path(__file__).parent
warnings.simplefilter("ignore")  # of correlations with a constant


def weighted_f1(truth, guess):
    return f1_score(truth, guess, average="weighted", zero_division=0)


def rounded_accuracy(guess, truth, bound):
    return float(np.mean(np.round(np.clip(guess, -bound, bound)) == np.round(np.clip(truth, -bound, bound))))


def error_and_correlation(guess, truth):
    correlation = np.corrcoef(guess.astype(float), truth.astype(float))[0, 1]
    constant = len(set(guess)) == 1 or len(set(truth)) == 1  # by numpy, rounding may make a figure of it
    return {
        "meanAbsoluteError": float(np.abs(guess.astype(float) - truth.astype(float)).mean()),
        "correlation": None if constant else float(correlation),
    }


def mosi(guess, truth):
    there = truth != 0
    out = {
        "has0Accuracy2": accuracy_score(truth >= 0, guess >= 0),
        "has0F1": weighted_f1(truth >= 0, guess >= 0),
        "non0Accuracy2": accuracy_score(truth[there] > 0, guess[there] > 0) if there.any() else None,
        "non0F1": weighted_f1(truth[there] > 0, guess[there] > 0) if there.any() else None,
        "accuracy3": rounded_accuracy(guess, truth, 1),
        "accuracy5": rounded_accuracy(guess, truth, 2),
        "accuracy7": rounded_accuracy(guess, truth, 3),
    }
    return out | error_and_correlation(guess, truth)


def sims(guess, truth):
    guess, truth = np.clip(guess, -1, 1), np.clip(truth, -1, 1)
    # A value is in bin i when it is above i of the inner bounds: the bins are open below and closed above.
    bins = lambda values, bounds: np.digitize(values, np.array(bounds, np.float32), right=True)
    out = {}
    for count, bounds in ((2, [0.0]), (3, [-0.1, 0.1]), (5, [-0.7, -0.1, 0.1, 0.7])):
        out[f"accuracy{count}"] = float(np.mean(bins(guess, bounds) == bins(truth, bounds)))
    out["f1"] = weighted_f1(bins(truth, [0.0]), bins(guess, [0.0]))
    return out | error_and_correlation(guess, truth)


def classes(scores, truth):
    three = scores.argmax(1)
    two = scores[:, [0, 2]].argmax(1)
    there = truth != 1
    out = {
        "accuracy3": accuracy_score(truth, three),
        "f1": weighted_f1(truth, three),
        "has0Accuracy2": accuracy_score(truth == 2, two),
        "has0F1": weighted_f1(truth == 2, two),
        "non0Accuracy2": accuracy_score(truth[there] == 2, two[there]) if there.any() else None,
        "non0F1": weighted_f1(truth[there] == 2, two[there]) if there.any() else None,
    }
    return out


rng = np.random.default_rng(20261127)
f32 = lambda values: np.asarray(values, np.float32)
edges = f32([0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.4, -3.7, 5, -9, 0.49, 0.51, 2, -2, 1e-6, -1e-6])
bounds = f32([-1.2, -1, -0.7, -0.70001, -0.69999, -0.1, -0.10001, -0.09999, 0, 1e-7, 0.1, 0.10001, 0.7, 0.70001, 1, 1.3])
truth = f32(rng.integers(-15, 16, 200) / 5)
sims_truth = f32(rng.integers(-5, 6, 200) / 5)
scores = f32(rng.normal(size=(120, 3)))
scores[:20] = np.round(scores[:20])  # ties
class_truth = rng.integers(0, 3, 120)
scores[np.arange(120), class_truth] += 0.7


def pairs(values):
    """Every value against every other."""
    a, b = np.meshgrid(values, values)
    return a.ravel(), b.ravel()


regressions = {
    "random": (f32(truth * 0.8 + rng.normal(size=200)), truth),
    "edges": pairs(edges),
    "constant predictions": (np.full(200, 0.3, np.float32), truth),
    "constant labels": (truth, np.full(200, 1, np.float32)),
    "all labels zero": (f32([-1, 0, 1, 0.2]), f32([0, 0, 0, -0.0])),
    "positive only": (f32([1, 2, -1, 0.5]), f32([1, 3, 0.6, 2])),
    "one": (f32([0.7]), f32([1])),
}
in_bins = {
    "random": (f32(sims_truth * 0.8 + rng.normal(size=200) * 0.4), sims_truth),
    "bounds": pairs(bounds),
    "constant predictions": (np.full(200, 0.3, np.float32), sims_truth),
    "negative only": (f32([-1, -0.3, 0.5, 0]), f32([-0.2, -0.8, -1, -0.1])),
}
in_classes = {
    "random": (scores, class_truth),
    "one class": (scores[:9], np.full(9, 2)),
    "neutral only": (scores[:9], np.full(9, 1)),
}


def case(name, guess, truth, metrics):
    return {"name": name, "predictions": guess.tolist(), "labels": truth.tolist(), "metrics": metrics(guess, truth)}


out = {
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__},
    "mosi": [case(name, *pair, mosi) for name, pair in regressions.items()],
    "sims": [case(name, *pair, sims) for name, pair in in_bins.items()],
    "classes": [case(name, *pair, classes) for name, pair in in_classes.items()],
}
(HERE / "metrics.json").write_text(json.dumps(out) + "\n")
