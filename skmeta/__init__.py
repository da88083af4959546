"""Meta-learning for scikit-learn users: learners whose fit is one pass through a memory.

Names are loaded when they are first used: ``import skmeta`` imports neither
Keras nor scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from skmeta._version import __version__

if TYPE_CHECKING:
    from skmeta._show_versions import show_versions
    from skmeta.artifacts import ArtifactError, list_learners, load_learner, save_learner
    from skmeta.cards import describe
    from skmeta.estimators import InContextClassifier, InContextRegressor
    from skmeta.networks import Learner
    from skmeta.training.trainer import MetaTrainer

_HOMES = {
    "ArtifactError": "skmeta.artifacts",
    "InContextClassifier": "skmeta.estimators",
    "InContextRegressor": "skmeta.estimators",
    "Learner": "skmeta.networks",
    "MetaTrainer": "skmeta.training.trainer",
    "describe": "skmeta.cards",
    "list_learners": "skmeta.artifacts",
    "load_learner": "skmeta.artifacts",
    "save_learner": "skmeta.artifacts",
    "show_versions": "skmeta._show_versions",
}

__all__ = [
    "ArtifactError",
    "InContextClassifier",
    "InContextRegressor",
    "Learner",
    "MetaTrainer",
    "__version__",
    "describe",
    "list_learners",
    "load_learner",
    "save_learner",
    "show_versions",
]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'skmeta' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return __all__
