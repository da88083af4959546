"""The same search in this process, in others, and on clusters of Dask and Ray: the same result."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from skmeta import InContextClassifier, MetaTrainer
from skmeta.tasks import BooleanTasks

SETTINGS = {"n_members": [1, 3], "n_passes": [1, 2], "temperature": [0.5, 1.0]}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:60]
    return X[rows], y[rows]


def search(**options):
    return GridSearchCV(
        InContextClassifier(random_state=0),
        SETTINGS,
        scoring="neg_log_loss",  # which each of the settings changes
        cv=3,
        error_score="raise",
        **options,
    )


def meta_search(**options):
    trainer = MetaTrainer(n_steps=2, batch_size=2)
    grid = {"n_units": [2, 3]}
    return GridSearchCV(trainer, grid, cv=2, refit=False, error_score="raise", **options)


@pytest.fixture(scope="module")
def tasks():
    return [BooleanTasks(n_steps=6) for _ in range(4)]


@pytest.fixture(scope="module")
def alone(iris, tasks):
    return search().fit(*iris), meta_search().fit(tasks)


def assert_same_result(found, expected):
    scores = found.cv_results_["mean_test_score"]
    assert_allclose(scores, expected.cv_results_["mean_test_score"], atol=1e-6)
    assert found.best_params_ == expected.best_params_


def test_settings_matter(alone):
    for result in alone:
        assert len(np.unique(result.cv_results_["mean_test_score"].round(6))) > 1


def test_two_processes(alone, iris, tasks):
    assert_same_result(search(n_jobs=2).fit(*iris), alone[0])
    assert_same_result(meta_search(n_jobs=2).fit(tasks), alone[1])


def test_a_dask_cluster(alone, iris, tasks):
    distributed = pytest.importorskip("distributed", reason="dask[distributed] is not installed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp"
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        assert_same_result(search(n_jobs=-1).fit(*iris), alone[0])
        assert_same_result(meta_search(n_jobs=-1).fit(tasks), alone[1])


def test_a_ray_cluster(alone, iris, tasks):
    ray = pytest.importorskip("ray", reason="ray is not installed")
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        with joblib.parallel_config(backend="ray"):
            assert_same_result(search(n_jobs=-1).fit(*iris), alone[0])
            assert_same_result(meta_search(n_jobs=-1).fit(tasks), alone[1])
    finally:
        ray.shutdown()
