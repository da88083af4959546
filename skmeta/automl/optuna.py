"""Parameters for a trial of Optuna."""

from __future__ import annotations

from skmeta.automl.settings import SETTINGS, kind_of


def suggest(trial, estimator, prefix: str = "") -> dict:
    """Ask a trial for parameters of an estimator.

    Parameters
    ----------
    trial : optuna.Trial
    estimator : InContextClassifier, InContextRegressor, or {"classification", "regression"}
    prefix : str, default=""
        What comes before a parameter's name, in the trial as in what is returned.

    Returns
    -------
    parameters : dict
        For ``estimator.set_params(**parameters)``.

    Raises
    ------
    ValueError
        If it is neither of the two estimators.

    Examples
    --------
    >>> from optuna.trial import FixedTrial  # doctest: +SKIP
    >>> from skmeta import InContextRegressor
    >>> from skmeta.automl.optuna import suggest
    >>> reg = InContextRegressor()
    >>> trial = FixedTrial({"n_members": 4, "n_passes": 1})  # doctest: +SKIP
    >>> reg.set_params(**suggest(trial, reg))  # doctest: +SKIP
    InContextRegressor(n_members=4)
    """
    settings = SETTINGS[kind_of(estimator)]
    names = {prefix + setting.name: list(setting.values) for setting in settings}
    return {name: trial.suggest_categorical(name, values) for name, values in names.items()}
