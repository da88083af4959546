"""Published results to draw beside one's own.

Santoro et al. 2016, table 1: accuracy at the 1st to 5th and 10th drawing of a
character that was not in training, one-hot labels, 5 characters an episode.

References
----------
A. Santoro, S. Bartunov, M. Botvinick, D. Wierstra, T. Lillicrap, "One-shot
Learning with Memory-Augmented Neural Networks", arXiv:1605.06065, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_INSTANCES = (1, 2, 3, 4, 5, 10)


def _row(*accuracies: float) -> Mapping[int, float]:
    return MappingProxyType(dict(zip(_INSTANCES, accuracies, strict=True)))


SANTORO_HUMAN = _row(0.345, 0.573, 0.701, 0.718, 0.814, 0.924)
SANTORO_FEEDFORWARD = _row(0.244, 0.196, 0.211, 0.199, 0.228, 0.195)
SANTORO_LSTM = _row(0.244, 0.495, 0.553, 0.610, 0.636, 0.625)
SANTORO_MANN = _row(0.364, 0.828, 0.910, 0.926, 0.949, 0.981)
