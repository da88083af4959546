"""A model for AutoGluon."""

from __future__ import annotations

from skmeta.automl.settings import KINDS, SETTINGS, plain

try:
    from autogluon.common import space
    from autogluon.core.models import AbstractModel
    from autogluon.tabular.registry import ag_model_registry
except ImportError as error:
    raise ImportError(
        "skmeta.automl.autogluon needs AutoGluon: pip install skmeta[autogluon] "
        "(in a clone: '.[autogluon]')."
    ) from error


class SkmetaModel(AbstractModel):
    """InContextClassifier or InContextRegressor as AutoGluon wants it, by the type of problem.

    Columns of numbers, flags and categories come as they are, missing cells too.
    """

    ag_key = "SKMETA"
    ag_name = "Skmeta"
    ag_priority = 60
    seed_name = "random_state"
    _supported_problem_types = ["binary", "multiclass", "regression"]
    _default_auxiliary_params_extra = {"valid_raw_types": ["bool", "int", "float", "category"]}
    # A fit takes milliseconds, and a process holds each learner once.
    _default_ag_args_ensemble_extra = {"fold_fitting_strategy": "sequential_local"}

    @property
    def _kind(self):
        return "regression" if self.problem_type == "regression" else "classification"

    def _fit(self, X, y, **kwargs):
        """Read the rows."""
        X = self.preprocess(X, y=y, is_train=True)
        self.model = KINDS[self._kind](**plain(self._get_model_params())).fit(X, y)

    def _get_default_searchspace(self):
        return {name: space.Categorical(*values) for name, values in SETTINGS[self._kind]}

    def _more_tags(self):
        return {"can_refit_full": True}


def register() -> None:
    """Tell AutoGluon of the key "SKMETA"; once told, it does nothing.

    Then ``TabularPredictor(label).fit(frame, hyperparameters={"SKMETA": {}, "GBM": {}})``.
    """
    if not ag_model_registry.exists(SkmetaModel):
        ag_model_registry.add(SkmetaModel)
