import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes

from tests.automl.fresh import predictions_of_a_fresh_process

tabular = pytest.importorskip(
    "autogluon.tabular", reason="AutoGluon is not installed: make test-automl"
)

from skmeta import InContextClassifier, InContextRegressor  # noqa: E402
from skmeta.automl.autogluon import register  # noqa: E402
from skmeta.automl.settings import MEMBERS  # noqa: E402

FRESH = """
import sys, joblib, numpy as np
from autogluon.tabular import TabularPredictor
predictor, X = TabularPredictor.load(sys.argv[1]), joblib.load(sys.argv[2])
np.save(sys.argv[3], predictor.predict(X).to_numpy())
"""


@pytest.fixture(scope="module")
def frame():
    frame = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0)
    frame["large"] = np.where(frame["mean radius"] > 14, "yes", "no")
    frame.loc[frame.index[::7], "mean area"] = np.nan
    return frame


def fitted(frame, path, hyperparameters, **options):
    register()
    predictor = tabular.TabularPredictor("target", path=str(path), verbosity=0)
    return predictor.fit(frame, hyperparameters=hyperparameters, num_gpus=0, **options)


def test_saved_and_loaded_in_a_fresh_process_it_predicts_the_same(frame, tmp_path):
    predictor = fitted(frame[:60], tmp_path / "models", {"SKMETA": {}})
    found = predictor.predict(frame[60:])
    assert (found == frame["target"][60:]).mean() > 0.85
    answers = predictions_of_a_fresh_process(tmp_path / "models", frame[60:], FRESH)
    assert_array_equal(answers, found)
    model = predictor._trainer.load_model("Skmeta")
    assert isinstance(model.model, InContextClassifier) and model.model.random_state is not None
    assert len(pickle.dumps(model.model)) < 500_000  # the state, and no weights


def test_beside_another_model_with_bags_and_refit(frame, tmp_path):
    hyperparameters = {"SKMETA": {"n_members": np.int64(2)}, "RF": {"n_estimators": 20}}
    predictor = fitted(frame[:90], tmp_path / "models", hyperparameters, num_bag_folds=3)
    board = predictor.leaderboard(frame[90:])
    assert {"Skmeta_BAG_L1", "RandomForest_BAG_L1"} <= set(board["model"])
    refitted = predictor.refit_full()["Skmeta_BAG_L1"]
    right = predictor.predict(frame[90:], model=refitted) == frame["target"][90:]
    assert right.mean() > 0.85


def test_search_of_its_settings(frame, tmp_path):
    predictor = fitted(
        frame[:60],
        tmp_path / "models",
        {"SKMETA": {}},
        hyperparameter_tune_kwargs={"num_trials": 3, "scheduler": "local", "searcher": "random"},
    )
    names = [name for name in predictor.model_names() if name.startswith("Skmeta")]
    found = [predictor._trainer.load_model(name).model.n_members for name in names]
    assert len(names) == 3 and len(set(found)) > 1 and set(found) <= set(MEMBERS.values)


def test_regression(tmp_path):
    frame = load_diabetes(as_frame=True).frame
    predictor = fitted(frame[:100], tmp_path / "models", {"SKMETA": {}})
    assert isinstance(predictor._trainer.load_model("Skmeta").model, InContextRegressor)
    assert predictor.evaluate(frame[100:])["r2"] > 0.3
