"""Prototypes, one row and one class at a time, in float64.

Written from J. Snell et al., NeurIPS 2017, with cosines, and the votes of an associative memory.
"""

import math

import numpy as np

from tests.reference.associative import unit
from tests.reference.lstm import sigmoid


def one_episode(weights, inputs, labels):
    """Outputs (T, 2 L + 1) of one episode of one-hot labels, and the classes' last keys (L, W)."""
    weights = {name: np.asarray(w, float) for name, w in weights.items()}
    sharpness, slope = (math.exp(weights[f"log_{name}"][0]) for name in ("sharpness", "slope"))
    rows = [[] for _ in labels[0]]  # keys of each class
    outputs = []
    for x, y in zip(inputs.astype(float), labels, strict=True):
        key = unit(weights["kernel"].T @ x + weights["bias"])
        cosines = {c: float(unit(sum(keys)) @ key) for c, keys in enumerate(rows) if keys}
        total = sum(math.exp(sharpness * cosine) for cosine in cosines.values())
        familiar = 0.0
        if cosines:
            familiar = sigmoid(slope * (max(cosines.values()) - weights["threshold"][0]))
        found = [
            math.exp(sharpness * cosines[c]) / total if c in cosines else 0.0
            for c in range(len(rows))
        ]
        doubt = [0.0 if keys else 1 - familiar for keys in rows]
        outputs.append([*found, *doubt, familiar])
        rows[int(y.argmax())].append(key)
    return np.array(outputs), np.array([np.sum(keys or [0 * key], axis=0) for keys in rows])
