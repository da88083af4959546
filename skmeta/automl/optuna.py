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
    parameters = {}
    for setting in SETTINGS[kind_of(estimator)]:
        name = prefix + setting.name
        if setting.kind == "integer":
            parameters[name] = trial.suggest_int(name, int(setting.low), int(setting.high))
        else:
            parameters[name] = trial.suggest_float(name, setting.low, setting.high, log=True)
    return parameters
