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
    """Outputs (T, 2 L + 1) of one episode, the labels held after each row, and the last use."""
    weights = {name: np.asarray(w, float) for name, w in weights.items()}
    sharpness, slope = (math.exp(weights[f"log_{name}"][0]) for name in ("sharpness", "slope"))
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
            familiar = sigmoid(slope * (max(cosines) - weights["threshold"][0]))
        outputs.append([*found, *((1 - familiar) * (1 - known)), familiar])

        use = [decay * u + w for u, w in zip(use, read, strict=True)]
        before = list(use)
        own = [i for i, (_, v) in enumerate(slots) if np.abs(v - y).max() < 1e-3]
        if own and len(slots) == n_slots:
            place = max(own, key=lambda i: cosines[i])
            slots[place] = [slots[place][0] + key, y]
            use[place] += 1.0
        elif len(slots) < n_slots:
            slots.append([key, y])
            use.append(1.0)
        else:
            old = [(u - w) / decay for u, w in zip(before, read, strict=True)]
            place = int(np.argmin(old))
            leaving, label = slots[place]
            kin = [i for i, (_, v) in enumerate(slots) if np.abs(v - label).max() < 1e-3]
            kin.remove(place)
            if kin:
                near = max(kin, key=lambda i: float(unit(slots[i][0]) @ unit(leaving)))
                slots[near] = [slots[near][0] + leaving, slots[near][1]]
                use[near] += 1.0
            slots[place] = [key, y]
            use[place] += 1.0
        held.append(sorted(tuple(v) for _, v in slots))
    return np.array(outputs), held, sorted(use)
