"""Metrics by scikit-learn and SciPy, and retrieval ranks by NumPy's stable sort: writes metrics.json.

The retrieval features are small whole numbers, so that products are exact and many scores are equal.

Run: python packages/core/golden/metrics.py (needs scikit-learn)
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import pearsonr
from sklearn import metrics

rng = np.random.default_rng(20261123)

# Six classes: 4 is predicted but never a label, 5 is neither.
labels = rng.integers(0, 4, 60)
scores = rng.normal(size=(60, 6)).astype(np.float32)
scores[np.arange(60), labels] += 1.0
scores[:, 5] = -10
predictions = scores.argmax(1)
assert set(predictions) == {0, 1, 2, 3, 4}
precision, recall, f1, support = metrics.precision_recall_fscore_support(
    labels, predictions, labels=range(6), zero_division=0
)
truth = rng.normal(size=40).astype(np.float32)
guess = (0.7 * truth + 0.5 * rng.normal(size=40) + 3).astype(np.float32)

queries = rng.integers(-2, 3, size=(30, 4))
candidates = rng.integers(-2, 3, size=(50, 4))
query_ids = rng.integers(0, 9, 30)
candidate_ids = np.concatenate([np.arange(9), rng.integers(0, 9, 41)])
order = np.argsort(-(queries @ candidates.T), axis=1, kind="stable")
hits = candidate_ids[order] == query_ids[:, None]
ranks = hits.argmax(1) + 1

out = {
    "versions": {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "classification": {
        "labels": labels.tolist(),
        "predictions": predictions.tolist(),
        "scores": scores.ravel().tolist(),
        "accuracy": metrics.accuracy_score(labels, predictions),
        "topK": {
            k: metrics.top_k_accuracy_score(labels, scores, k=k, labels=range(6)) for k in (1, 2, 3)
        },
        "confusion": metrics.confusion_matrix(labels, predictions, labels=range(6)).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
        "macro": metrics.f1_score(labels, predictions, average="macro", zero_division=0),
        "weighted": metrics.f1_score(labels, predictions, average="weighted", zero_division=0),
        "micro": metrics.f1_score(labels, predictions, average="micro", zero_division=0),
    },
    "regression": {
        "labels": truth.tolist(),
        "predictions": guess.tolist(),
        "mae": float(metrics.mean_absolute_error(truth.astype(float), guess.astype(float))),
        "pearson": float(pearsonr(truth.astype(float), guess.astype(float))[0]),
    },
    "retrieval": {
        "queries": queries.ravel().tolist(),
        "candidates": candidates.ravel().tolist(),
        "dim": 4,
        "queryIds": query_ids.tolist(),
        "candidateIds": candidate_ids.tolist(),
        "ranks": ranks.tolist(),
        "recallAt": {k: float((ranks <= k).mean()) for k in (1, 5, 10)},
        "meanRank": float(ranks.mean()),
        "medianRank": float(np.median(ranks)),
    },
}
Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
