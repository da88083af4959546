import json

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import InContextClassifier, InContextRegressor
from skmeta.automl import optuna
from skmeta.automl.settings import KINDS, SETTINGS, kind_of, plain
from skmeta.automl.sklearn import distributions, grid


class Trial:
    """A trial of Optuna that takes the value at one place of everything."""

    def __init__(self, place):
        self.place, self.asked = place, []

    def suggest_categorical(self, name, choices):
        self.asked.append(name)
        return choices[self.place]


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_parameters_whose_defaults_come_first(kind):
    estimator = KINDS[kind]()
    for name, (default, *others) in SETTINGS[kind]:
        assert getattr(estimator, name) == default
        assert others == sorted(set(others)) and default not in others
        for value in (default, *others):
            estimator.set_params(**{name: value})._validate_params()


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimator_its_class_and_its_kind(kind):
    assert kind_of(kind) == kind_of(KINDS[kind]) == kind_of(KINDS[kind]()) == kind
    for other in ("tables", RandomizedSearchCV, None):
        with pytest.raises(ValueError, match="must be InContextClassifier.*prefix='step__'"):
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


def test_settings_that_were_written_as_text_are_numbers_again():
    drawn = {"n_members": np.str_("6"), "n_passes": "2", "temperature": "0.4", "engine": "6"}
    assert plain(drawn) == {"n_members": 6, "n_passes": 2, "temperature": 0.4, "engine": "6"}
    auto = "".join(["au", "to"])  # as it comes out of a pickle
    assert plain({"n_members": auto})["n_members"] is auto
    assert plain({"n_members": "auto", "temperature": 0.9}) == {
        "n_members": "auto",
        "temperature": 0.9,
    }


def test_randomized_search_over_a_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), InContextClassifier(random_state=0))
    space = distributions(InContextClassifier, prefix="incontextclassifier__")
    X, y = load_iris(return_X_y=True)
    search = RandomizedSearchCV(
        pipeline, space, n_iter=8, cv=3, random_state=0, error_score="raise"
    )
    search.fit(X[::2], y[::2])
    tried = search.cv_results_["params"]
    assert len({p["incontextclassifier__n_members"] for p in tried}) > 1
    assert search.best_score_ > 0.9


def test_halving_search_of_a_regressor():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    space = distributions(InContextRegressor())
    assert space == {"n_members": ["auto", 1, 2, 3, 4, 6, 8], "n_passes": [1, 2]}
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
    for place in (0, -1):
        trial = Trial(place)
        found = optuna.suggest(trial, kind, prefix="model__")
        expected = {f"model__{name}": values[place] for name, values in SETTINGS[kind]}
        assert found == expected and trial.asked == list(expected)
        KINDS[kind](**{name[7:]: value for name, value in found.items()})._validate_params()
