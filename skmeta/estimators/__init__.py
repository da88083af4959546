"""scikit-learn estimators that learn by reading."""

from __future__ import annotations

from skmeta.estimators.classifier import InContextClassifier
from skmeta.estimators.regressor import InContextRegressor

__all__ = ["InContextClassifier", "InContextRegressor"]
