"""Pictures of what a learner knows, in the manner of scikit-learn's displays.

``Display.from_...`` computes and needs no matplotlib; ``.plot()`` draws, and
imports it. A display holds plain arrays, and ``plot(ax=...)`` puts several of
them into one picture.
"""

from __future__ import annotations

from skmeta.inspection.episode import EpisodeDisplay
from skmeta.inspection.instance_accuracy import InstanceAccuracyDisplay
from skmeta.inspection.memory_access import MemoryAccessDisplay
from skmeta.inspection.meta_training import MetaTrainingDisplay
from skmeta.inspection.published import (
    SANTORO_FEEDFORWARD,
    SANTORO_HUMAN,
    SANTORO_LSTM,
    SANTORO_MANN,
)
from skmeta.inspection.shot_error import ShotErrorDisplay
from skmeta.inspection.support_size import SupportSizeDisplay

__all__ = [
    "SANTORO_FEEDFORWARD",
    "SANTORO_HUMAN",
    "SANTORO_LSTM",
    "SANTORO_MANN",
    "EpisodeDisplay",
    "InstanceAccuracyDisplay",
    "MemoryAccessDisplay",
    "MetaTrainingDisplay",
    "ShotErrorDisplay",
    "SupportSizeDisplay",
]
