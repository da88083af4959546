"""Networks: what is in front of a memory, what is behind it, and the whole."""

from __future__ import annotations

from skmeta.networks.encoder import ConvEncoder, DenseEncoder, Encoder, FlatEncoder, TableEncoder
from skmeta.networks.learner import Learner
from skmeta.networks.network import Network, part_weights
from skmeta.networks.readout import ClassReadout, GaussianReadout, VoteReadout

__all__ = [
    "ClassReadout",
    "ConvEncoder",
    "DenseEncoder",
    "Encoder",
    "FlatEncoder",
    "GaussianReadout",
    "Learner",
    "Network",
    "TableEncoder",
    "VoteReadout",
    "part_weights",
]
