import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes

from tests.automl.fresh import predictions_of_a_fresh_process

flaml = pytest.importorskip("flaml", reason="FLAML is not installed: make test-automl")

from skmeta import InContextClassifier, InContextRegressor  # noqa: E402
from skmeta.automl.flaml import SkmetaLearner, add_learners  # noqa: E402

# Trials, not seconds, and in turn: what is tried is then the same on a slow machine.
BUDGET = {"max_iter": 8, "learner_selector": "roundrobin", "verbose": 0, "seed": 0}


def search(X, y, **options):
    automl = flaml.AutoML()
    add_learners(automl)
    automl.fit(X, y, **{**BUDGET, "estimator_list": ["skmeta", "rf"], **options})
    return automl


@pytest.fixture(scope="module")
def table():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X["large"] = pd.Categorical(np.where(X["mean radius"] > 14, "yes", "no"))
    X.loc[X.index[::7], "mean area"] = np.nan
    rows = np.random.default_rng(0).permutation(len(y))
    X, y = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)
    return X[:60], y[:60], X[60:], y[60:]


def test_the_chosen_learner_is_saved_and_predicts_the_same(table, tmp_path):
    X, y, X_new, y_new = table
    automl = search(X, y, task="classification", estimator_list=["skmeta"], skip_transform=True)
    assert automl.best_estimator == "skmeta"
    assert isinstance(automl.model.estimator, InContextClassifier)
    found = automl.predict(X_new)
    assert (found == y_new).mean() > 0.85
    path = tmp_path / "automl.joblib"
    joblib.dump(automl, path)
    assert_array_equal(predictions_of_a_fresh_process(path, X_new), found)


def test_beside_other_learners_and_in_an_ensemble(table):
    X, y, X_new, y_new = table
    automl = search(X, y, task="classification", ensemble=True)
    assert set(automl.best_loss_per_estimator) == {"skmeta", "rf"}
    assert all(np.isfinite(loss) for loss in automl.best_loss_per_estimator.values())
    assert (automl.predict(X_new) == y_new).mean() > 0.85


def test_regression():
    X, y = load_diabetes(return_X_y=True)
    automl = search(X[:100], y[:100], task="regression", estimator_list=["skmeta"], n_jobs=1)
    assert isinstance(automl.model.estimator, InContextRegressor)
    assert "temperature" not in automl.best_config


def test_numbers_of_numpy_and_jobs():
    learner = SkmetaLearner("binary", n_jobs=4, n_members=np.int64(2), temperature=np.float64(0.5))
    assert learner.params == {"random_state": 0, "n_members": 2, "temperature": 0.5}
    assert type(learner.params["n_members"]) is int
