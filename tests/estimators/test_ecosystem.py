"""The estimators among what people use them with: scikit-learn, joblib, pickle, Keras."""

import pickle
import subprocess
import sys

import cloudpickle
import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import InContextClassifier, InContextRegressor, artifacts
from skmeta.artifacts import save_learner
from tests.estimators.states import snapshot
from tests.reference.small import small_learner

MANN = "mann-classes-strength=True-add=False"


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, 4)), np.arange(30) % 3


@pytest.fixture
def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, 2)), rng.normal(size=30)


def test_kinds():
    assert is_classifier(InContextClassifier()) and is_regressor(InContextRegressor())
    assert len(InContextClassifier().get_params()) <= 8


def test_clone_shares_the_learner_and_forgets_the_rest(data):
    learner = small_learner(MANN)
    clf = InContextClassifier(learner, n_members=2).fit(*data)
    copy = clone(clf)
    assert copy.learner is learner and copy.get_params() == clf.get_params()
    assert not hasattr(copy, "state_")
    assert "n_members=2" in repr(clf) and "InContextClassifier" in clf._repr_html_()
    copy.set_params(n_members=1, temperature=0.5)
    assert (copy.n_members, copy.temperature, clf.n_members) == (1, 0.5, 2)


def test_fit_leaves_parameters_alone(data):
    clf = InContextClassifier(small_learner(MANN), random_state=np.random.RandomState(0))
    before = dict(clf.get_params())
    clf.fit(*data).predict(data[0])
    assert all(clf.get_params()[name] is value for name, value in before.items())


def test_pipeline(data):
    X, y = data
    learner = small_learner(MANN)
    pipeline = make_pipeline(StandardScaler(), InContextClassifier(learner)).fit(X * 9 + 4, y)
    scaled = StandardScaler().fit_transform(X * 9 + 4)
    alone = InContextClassifier(learner).fit(scaled, y)
    assert_array_equal(pipeline.predict_proba(X * 9 + 4), alone.predict_proba(scaled))


def test_grid_search_over_settings(data, tmp_path):
    learners = [
        small_learner("lstm-classes"),
        str(save_learner(small_learner(MANN), tmp_path / "own.safetensors")),
    ]
    grid = {"learner": learners, "n_members": [1, 2], "temperature": [0.5, 2.0]}
    search = GridSearchCV(
        InContextClassifier(random_state=0), grid, cv=2, scoring="neg_log_loss", error_score="raise"
    ).fit(*data)
    results = search.cv_results_
    assert len(results["params"]) == 8 and np.isfinite(results["mean_test_score"]).all()
    assert len(np.unique(results["mean_test_score"].round(9))) > 4  # the settings matter
    assert search.best_estimator_.predict(data[0]).shape == (30,)


def test_cross_validation_in_other_processes(data, numbers):
    clf = InContextClassifier(small_learner(MANN), n_members=2, random_state=0)
    reg = InContextRegressor(small_learner("mann-numbers"))
    for estimator, (X, y) in ((clf, data), (reg, numbers)):
        alone = cross_val_score(estimator, X, y, cv=2, error_score="raise")
        together = cross_val_score(estimator, X, y, cv=2, n_jobs=2, error_score="raise")
        assert_allclose(together, alone, atol=1e-6)


def test_many_classes_one_against_the_rest(data):
    """What the error about too many classes recommends."""
    X, _ = data
    y = np.arange(30) % 6
    many = OneVsRestClassifier(InContextClassifier(small_learner(MANN), random_state=0))
    assert_allclose(many.fit(X, y).predict_proba(X).sum(axis=1), 1)


# Pickles


@pytest.mark.parametrize("module", [pickle, cloudpickle, joblib], ids=lambda m: m.__name__)
def test_pickles_answer_alike(module, data, tmp_path):
    X, y = data
    clf = InContextClassifier(small_learner(MANN), n_members=2, random_state=0).fit(X, y)
    if module is joblib:
        joblib.dump(clf, tmp_path / "x")
        copies = [joblib.load(tmp_path / "x"), joblib.load(tmp_path / "x", mmap_mode="r")]
    else:
        copies = [module.loads(module.dumps(clf))]
    for copy in copies:
        assert_array_equal(copy.predict_proba(X), clf.predict_proba(X))
        assert_array_equal(
            copy.partial_fit(X, y).predict_proba(X),
            pickle.loads(pickle.dumps(clf)).partial_fit(X, y).predict_proba(X),
        )


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder that stands for the shipped learners."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr(artifacts, "PRETRAINED", folder)
    save_learner(small_learner(MANN), folder / "tiny.safetensors")
    return folder


def test_a_shipped_learner_is_not_in_the_pickle(shipped, data):
    clf = InContextClassifier("tiny").fit(*data)
    kernel = clf.learner_.weights["memory/kernel"].tobytes()
    assert kernel not in pickle.dumps(clf)
    own = InContextClassifier(small_learner(MANN)).fit(*data)
    assert pickle.dumps(own).count(kernel) == 1  # once, though parameter and attribute name it
    assert_array_equal(
        pickle.loads(pickle.dumps(clf)).predict_proba(data[0]), own.predict_proba(data[0])
    )


def test_a_fitted_estimator_outlives_the_file_of_its_learner(data, tmp_path):
    """In a fresh process too."""
    X, y = data
    path = save_learner(small_learner(MANN), tmp_path / "own.safetensors")
    clf = InContextClassifier(path).fit(X, y)
    (tmp_path / "clf.pickle").write_bytes(pickle.dumps(clf))
    joblib.dump(clf, tmp_path / "clf.joblib")
    path.unlink()
    np.save(tmp_path / "X.npy", X)
    script = """
import pickle, sys
import joblib, numpy as np
X = np.load("X.npy")
one = pickle.load(open("clf.pickle", "rb"))
other = joblib.load("clf.joblib")
np.save("proba.npy", [one.predict_proba(X), other.predict_proba(X)])
one.partial_fit(X, np.arange(30) % 3)
assert not {"keras", "tensorflow", "jax"} & set(sys.modules)
"""
    here = str(artifacts.PRETRAINED.parents[1])
    script = f"import os, sys; sys.path.insert(0, {here!r}); os.chdir({str(tmp_path)!r})\n" + script
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    for proba in np.load(tmp_path / "proba.npy"):
        assert_allclose(proba, clf.predict_proba(X), atol=1e-6)


def test_an_estimator_that_is_not_fitted_pickles(data):
    clf = pickle.loads(pickle.dumps(InContextClassifier(small_learner(MANN))))
    expected = InContextClassifier(small_learner(MANN)).fit(*data)
    assert_array_equal(clf.fit(*data).predict(data[0]), expected.predict(data[0]))


# Engines


@pytest.mark.parametrize("name", ["lstm-classes", MANN])
def test_the_keras_engine_says_what_numpy_says(name, data):
    X, y = data
    learner = small_learner(name)
    fitted = []
    for engine in ("numpy", "keras"):
        clf = InContextClassifier(learner, engine=engine, n_members=2, random_state=0)
        fitted.append(clf.fit(X[:23], y[:23]).partial_fit(X[23:], y[23:]))
    one, other = fitted
    assert_allclose(other.predict_proba(X), one.predict_proba(X), atol=1e-5)
    # A state is NumPy's whoever made it: engines may be changed, and pickles hold no tensors.
    assert snapshot(other).keys() == snapshot(one).keys()
    assert_allclose(
        pickle.loads(pickle.dumps(other)).set_params(engine="numpy").predict_proba(X),
        one.predict_proba(X),
        atol=1e-5,
    )


def test_the_keras_engine_regresses(numbers):
    X, y = numbers
    learner = small_learner("mann-numbers")
    one = InContextRegressor(learner).fit(X, y)
    other = InContextRegressor(learner, engine="keras").fit(X, y)
    for mine, theirs in zip(one.predict(X, True), other.predict(X, True), strict=True):
        assert_allclose(theirs, mine, atol=1e-5, rtol=1e-5)
