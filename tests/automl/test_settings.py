import json

import numpy as np
import pytest
from scipy.stats import randint
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import InContextClassifier, InContextRegressor
from skmeta.automl import optuna
from skmeta.automl.settings import KINDS, SETTINGS, kind_of, plain
from skmeta.automl.sklearn import distributions, grid
from skmeta.estimators._rows import USUAL_MEMBERS

USUAL = {"n_members": USUAL_MEMBERS, "n_passes": 1, "temperature": 0.9}


class Trial:
    """A trial of Optuna that takes the least or the largest of everything."""

    def __init__(self, largest):
        self.largest, self.asked = largest, []

    def suggest_int(self, name, low, high):
        self.asked.append(name)
        return high if self.largest else low

    def suggest_float(self, name, low, high, *, log):
        assert log
        return self.suggest_int(name, low, high)


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_parameters_and_hold_their_usual_values(kind):
    estimator = KINDS[kind]()
    for setting in SETTINGS[kind]:
        assert setting.low <= setting.usual <= setting.high
        assert setting.usual == USUAL[setting.name]
        for value in (setting.low, setting.high, setting.usual):
            estimator.set_params(**{setting.name: value})._validate_params()


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimator_its_class_and_its_kind(kind):
    assert kind_of(kind) == kind_of(KINDS[kind]) == kind_of(KINDS[kind]()) == kind
    for other in ("tables", RandomizedSearchCV, None):
        with pytest.raises(ValueError, match="estimator must be InContextClassifier"):
            kind_of(other)


def test_plain_parameters_can_be_written_as_json():
    drawn = {
        np.str_("a"): np.int64(3),
        "b": np.float64(0.5),
        "c": np.str_("d"),
        "e": np.True_,
        "f": None,
    }
    found = plain(drawn)
    assert json.dumps(found) == '{"a": 3, "b": 0.5, "c": "d", "e": true, "f": null}'
    assert type(found["c"]) is str and all(type(name) is str for name in found)


def test_randomized_search_over_a_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), InContextClassifier(random_state=0))
    space = distributions(InContextClassifier, prefix="incontextclassifier__")
    X, y = load_iris(return_X_y=True)
    search = RandomizedSearchCV(
        pipeline, space, n_iter=5, cv=3, random_state=0, error_score="raise"
    )
    search.fit(X[::2], y[::2])
    tried = search.cv_results_["params"]
    assert len({p["incontextclassifier__n_members"] for p in tried}) > 1
    assert all(0.4 <= p["incontextclassifier__temperature"] <= 2 for p in tried)
    assert search.best_score_ > 0.9


def test_halving_search_of_a_regressor():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    space = distributions(InContextRegressor())
    assert isinstance(space["n_members"], type(randint(1, 2)))
    assert {space["n_members"].rvs(random_state=i) for i in range(60)} == set(range(1, 9))
    search = HalvingRandomSearchCV(
        InContextRegressor(random_state=0), space, cv=3, min_resources=30, random_state=0
    )
    assert search.fit(X, X[:, 0] - X[:, 1]).best_score_ > 0.5


def test_halving_search_of_a_grid():
    assert grid(InContextClassifier, "clf__") == {
        "clf__n_members": ["auto", 1, 8],
        "clf__n_passes": [1, 2],
        "clf__temperature": ["auto", 0.4, 2.0],
    }
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    search = HalvingGridSearchCV(
        InContextRegressor(random_state=0), grid("regression"), cv=3, random_state=0
    )
    search.fit(X, X[:, 0] - X[:, 1])
    assert search.best_score_ > 0.5
    assert len({str(params) for params in search.cv_results_["params"]}) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_is_asked_for_every_setting(kind):
    for largest in (False, True):
        trial = Trial(largest)
        found = optuna.suggest(trial, kind, prefix="model__")
        expected = {f"model__{s.name}": s.high if largest else s.low for s in SETTINGS[kind]}
        assert found == expected and trial.asked == list(expected)
        KINDS[kind](**{name[7:]: value for name, value in found.items()})._validate_params()
