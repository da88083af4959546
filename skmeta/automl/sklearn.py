"""Distributions and grids for scikit-learn's own searches."""

from __future__ import annotations

from skmeta.automl.settings import SETTINGS, kind_of


def distributions(estimator, prefix: str = "") -> dict:
    """Return distributions for ``RandomizedSearchCV`` and ``HalvingRandomSearchCV``.

    Parameters
    ----------
    estimator : InContextClassifier, InContextRegressor, or {"classification", "regression"}
    prefix : str, default=""
        What comes before a parameter's name, as ``"clf__"`` for a step of a pipeline.

    Returns
    -------
    distributions : dict of str to list
        Values to draw from.

    Raises
    ------
    ValueError
        If it is neither of the two estimators.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from skmeta import InContextClassifier
    >>> from skmeta.automl.sklearn import distributions
    >>> clf = InContextClassifier(random_state=0)
    >>> search = RandomizedSearchCV(clf, distributions(clf), n_iter=3, random_state=0)
    >>> bool(search.fit(*load_iris(return_X_y=True)).best_score_ > 0.9)
    True
    """
    return {prefix + setting.name: list(setting.values) for setting in SETTINGS[kind_of(estimator)]}


def grid(estimator, prefix: str = "") -> dict:
    """Return a grid for ``GridSearchCV`` and ``HalvingGridSearchCV``.

    Parameters
    ----------
    estimator : InContextClassifier, InContextRegressor, or {"classification", "regression"}
    prefix : str, default=""
        What comes before a parameter's name, as ``"clf__"`` for a step of a pipeline.

    Returns
    -------
    grid : dict of str to list
        The default, the least and the largest value of each parameter: of settings that are
        level, a search takes the first.

    Raises
    ------
    ValueError
        If it is neither of the two estimators.

    Examples
    --------
    >>> from skmeta.automl.sklearn import grid
    >>> grid("regression")
    {'n_members': ['auto', 1, 8], 'n_passes': [1, 2]}
    """
    return {
        name: values if len(values) < 3 else [values[0], values[1], values[-1]]
        for name, values in distributions(estimator, prefix).items()
    }
