"""The associative memory, one row at a time, with a list of slots, in float64.

Written from O. Vinyals et al., NeurIPS 2016 (reading), and L. Kaiser et al., ICLR 2017 (joining a
slot of the same label), as :class:`skmeta.memory.Associative` describes them.
"""

import math

import numpy as np

from tests.reference.lstm import sigmoid

EPSILON = 1e-6


def unit(z):
    return z / math.sqrt(float(z @ z) + EPSILON)


def one_episode(weights, inputs, labels, *, n_slots, decay):
    """Outputs (T, 2 L) of one episode, and the labels that are held after each row."""
    weights = {name: np.asarray(w, float) for name, w in weights.items()}
    sharpness = math.log1p(math.exp(weights["sharpness"][0]))
    slots, use, outputs, held = [], [], [], []  # slots of [key, label]
    for x, y in zip(inputs.astype(float), labels.astype(float), strict=True):
        key = unit(weights["kernel"].T @ x + weights["bias"])
        cosines = [float(unit(k) @ key) for k, _ in slots]
        powers = np.exp([sharpness * c for c in cosines])
        read = powers / powers.sum() if slots else powers
        found = sum((w * v for w, (_, v) in zip(read, slots, strict=True)), np.zeros(len(y)))
        known = np.max([v for _, v in slots], axis=0) if slots else np.zeros(len(y))
        if slots and len(slots) < n_slots:
            known = np.maximum(known, 0)  # empty slots count as zeros
        familiar = 0.0
        if slots:
            slope, bias = weights["familiar_slope"][0], weights["familiar_bias"][0]
            familiar = sigmoid(slope * max(cosines) + bias)
        outputs.append([*(familiar * found), *((1 - familiar) * (1 - known))])

        use = [decay * u + w for u, w in zip(use, read, strict=True)]
        before = list(use)
        if len(slots) < n_slots:
            slots.append([key, y])
            use.append(1.0)
        else:
            nearest = int(np.argmax(cosines))
            joins = np.abs(slots[nearest][1] - y).max() < 1e-3
            old = [(u - w) / decay for u, w in zip(before, read, strict=True)]
            place = nearest if joins else int(np.argmin(old))
            slots[place] = [slots[place][0] + key if joins else key, y]
            use[place] += 1.0
        held.append(sorted(tuple(v) for _, v in slots))
    return np.array(outputs), held
