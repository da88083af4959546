"""A learner for FLAML."""

from __future__ import annotations

from skmeta.automl.settings import KINDS, SETTINGS, parameters_of

try:
    from flaml import tune
    from flaml.automl.model import SKLearnEstimator
    from flaml.automl.task.factory import task_factory
except ImportError as error:
    raise ImportError(
        "skmeta.automl.flaml needs FLAML with its AutoML part: pip install skmeta[flaml] "
        "(in a clone: '.[flaml]')."
    ) from error


class SkmetaLearner(SKLearnEstimator):
    """InContextClassifier or InContextRegressor as FLAML wants it, by the task.

    Categories are left to the estimators, which read them. FLAML fills missing cells before any
    learner sees them, unless its ``fit`` is told ``skip_transform=True``. Its ``n_jobs`` is taken
    and dropped.
    """

    def __init__(self, task="binary", n_jobs=None, **config):
        super().__init__(task, **config)
        self.estimator_class = KINDS[_kind(self._task)]

    def config2params(self, config):
        """Return parameters of the estimator."""
        return parameters_of(super().config2params(config))

    def _preprocess(self, X):
        return X

    @classmethod
    def search_space(cls, data_size, task, **params):
        """Return FLAML's search space: domain and first value of each setting."""
        # As text: FLAML takes no numbers beside "auto". config2params makes numbers of it again.
        return {
            name: {"domain": tune.choice(list(map(str, values))), "init_value": str(values[0])}
            for name, values in SETTINGS[_kind(task)]
        }

    @classmethod
    def cost_relative2lgbm(cls):
        """Return how long it takes, LightGBM's cheapest setting being 1."""
        return 1.0


def _kind(task):
    task = task_factory(task) if isinstance(task, str) else task
    return "classification" if task.is_classification() else "regression"


def add_learners(automl) -> None:
    """Add "skmeta" to the learners that FLAML knows.

    Parameters
    ----------
    automl : flaml.AutoML
        Then ``automl.fit(X, y, task=..., estimator_list=["skmeta", "lgbm"])``.
    """
    automl.add_learner("skmeta", SkmetaLearner)
