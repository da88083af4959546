"""Memories: recurrent cells with named state, one a file, behind one contract."""

from __future__ import annotations

from skmeta.memory._base import (
    Memory,
    PendingLabel,
    ShiftedMemory,
    TogetherMemory,
    WeightSpec,
    count_episodes,
    map_state,
)
from skmeta.memory.associative import Associative, AssociativeState
from skmeta.memory.fast_weights import DeltaStore, FastWeights
from skmeta.memory.least_squares import LeastSquares, LeastSquaresStore
from skmeta.memory.lstm import LSTM, LSTMState
from skmeta.memory.mann import MANN, Access, MANNState
from skmeta.memory.prototypes import Prototypes, PrototypeState

__all__ = [
    "LSTM",
    "MANN",
    "Access",
    "Associative",
    "AssociativeState",
    "DeltaStore",
    "FastWeights",
    "LSTMState",
    "LeastSquares",
    "LeastSquaresStore",
    "MANNState",
    "Memory",
    "PendingLabel",
    "PrototypeState",
    "Prototypes",
    "ShiftedMemory",
    "TogetherMemory",
    "WeightSpec",
    "count_episodes",
    "map_state",
]
