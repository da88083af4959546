import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier

from tests.automl.fresh import predictions_of_a_fresh_process

tpot = pytest.importorskip("tpot", reason="TPOT is not installed: make test-automl")

from tpot.search_spaces.nodes import EstimatorNode  # noqa: E402
from tpot.search_spaces.pipelines import ChoicePipeline, SequentialPipeline  # noqa: E402

from skmeta import InContextClassifier, InContextRegressor  # noqa: E402
from skmeta.automl.settings import SETTINGS  # noqa: E402
from skmeta.automl.tpot import search_space  # noqa: E402

SMALL = {"population_size": 4, "generations": 2, "max_time_mins": None, "verbose": 0}


def search(space, **options):
    return tpot.TPOTEstimator(space, **SMALL, scorers_weights=[1.0], random_state=0, **options)


@pytest.fixture(scope="module")
def table():
    X, y = load_breast_cancer(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    return X[rows[:60]], y[rows[:60]], X[rows[60:]], y[rows[60:]]


def test_a_pipeline_ends_with_the_estimator_and_predicts_the_same(table, tmp_path):
    X, y, X_new, y_new = table
    scalers = tpot.config.get_search_space("StandardScaler")
    space = SequentialPipeline([scalers, search_space("classifiers")])
    found = search(space, scorers=["accuracy"], classification=True).fit(X, y)
    model = found.fitted_pipeline_
    clf = model[-1]
    assert isinstance(clf, InContextClassifier)
    assert clf.n_members in dict(SETTINGS["classification"])["n_members"] and clf.random_state == 0
    assert type(clf.n_members) in (int, str) and type(clf.temperature) in (float, str)
    answers = model.predict(X_new)
    assert (answers == y_new).mean() > 0.85
    path = tmp_path / "pipeline.joblib"
    joblib.dump(model, path)
    assert_array_equal(predictions_of_a_fresh_process(path, X_new), answers)


def test_beside_another_node(table):
    X, y, X_new, y_new = table
    forest = EstimatorNode(RandomForestClassifier, {"n_estimators": 20, "random_state": 0})
    space = ChoicePipeline([search_space("classifiers"), forest])
    found = search(space, scorers=["accuracy"], classification=True).fit(X, y)
    scores = found.evaluated_individuals[found.objective_names]
    assert scores.notna().all(axis=None) and scores.min(axis=None) > 0.7
    assert (found.predict(X_new) == y_new).mean() > 0.85


def test_regression():
    X, y = load_diabetes(return_X_y=True)
    space = search_space("regressors")
    found = search(space, scorers=["r2"], classification=False).fit(X[:80], y[:80])
    model = found.fitted_pipeline_
    assert isinstance(getattr(model, "steps", [(0, model)])[-1][1], InContextRegressor)


def test_an_unknown_group():
    with pytest.raises(ValueError, match=r"one of \['classifiers', 'regressors'\], got 'trees'"):
        search_space("trees")
