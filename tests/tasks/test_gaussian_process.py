import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from skmeta.tasks.gaussian_process import GaussianProcessTasks


def exact_regressor(tasks):
    return GaussianProcessRegressor(RBF(tasks.length_scale), alpha=tasks.noise**2, optimizer=None)


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_a_batch_depends_on_seed_and_index_only(n_inputs):
    tasks = GaussianProcessTasks(n_inputs=n_inputs, n_steps=6)
    first = tasks.batch(3, 5, seed=1)
    tasks.batch(0, 9, seed=8)
    again = tasks.batch(3, 5, seed=1)
    assert first.inputs.shape == (5, 6, n_inputs) and first.inputs.dtype == np.float32
    assert first.targets.shape == (5, 6, 1) and first.targets.dtype == np.float32
    assert first.oracle.dtype == np.float32
    for field in ("inputs", "targets", "oracle"):
        assert_array_equal(getattr(first, field), getattr(again, field))
    for other in tasks.batch(4, 5, seed=1), tasks.batch(3, 5, seed=2):
        assert not np.isclose(first.inputs, other.inputs).any()


@pytest.mark.parametrize(
    ("n_inputs", "length_scale", "noise"), [(1, 0.4, 0.05), (2, 1.0, 0.1), (3, 2.0, 0.5)]
)
def test_oracle_is_the_predictive_density_of_exact_regression(n_inputs, length_scale, noise):
    tasks = GaussianProcessTasks(n_inputs, 12, length_scale, noise)
    batch = tasks.batch(0, 3, seed=0)
    for X, y, oracle in zip(batch.inputs, batch.targets[..., 0], batch.oracle, strict=True):
        for t in range(1, 12):
            regressor = exact_regressor(tasks).fit(X[:t], y[:t])
            mean, std = regressor.predict(X[t : t + 1], return_std=True)
            expected = norm.logpdf(y[t], mean[0], np.hypot(std[0], noise))
            assert oracle[t] == pytest.approx(expected, abs=1e-3)


def test_targets_have_the_variance_of_function_plus_noise():
    tasks = GaussianProcessTasks(n_steps=4, length_scale=0.5, noise=0.5)
    batch = tasks.batch(0, 20_000, seed=0)
    assert batch.targets.var() == pytest.approx(1.25, rel=0.03)
    assert batch.targets.mean() == pytest.approx(0.0, abs=0.03)
    assert np.abs(batch.inputs).max() <= 2.0
    assert batch.inputs.std() == pytest.approx(2 / np.sqrt(3), rel=0.01)


def test_a_step_without_a_past_has_the_prior_as_oracle():
    batch = GaussianProcessTasks(n_steps=3, noise=0.5).batch(0, 8, seed=0)
    expected = norm.logpdf(batch.targets[:, 0, 0], 0.0, np.sqrt(1.25))
    assert_allclose(batch.oracle[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize("n_inputs", [1, 3])
def test_the_smallest_noise_and_many_steps_are_sound(n_inputs):
    tasks = GaussianProcessTasks(n_inputs, n_steps=300, length_scale=10.0, noise=1e-4)
    assert np.isfinite(tasks.batch(0, 2, seed=0).oracle).all()


# Evaluation problems


def test_more_examples_change_neither_functions_nor_queries():
    tasks = GaussianProcessTasks(n_inputs=2)
    few, many = (tasks.evaluation_problems(3, n, 6, seed=5) for n in (2, 9))
    assert few[0].shape == (3, 2, 2) and few[1].shape == (3, 2)
    assert few[2].shape == (3, 6, 2) and few[3].shape == (3, 6)
    for a, b in zip(few[:2], many[:2], strict=True):
        assert_allclose(a, b[:, :2], atol=1e-7)
    for a, b in zip(few[2:], many[2:], strict=True):
        assert_allclose(a, b, atol=1e-7)


def test_evaluation_problems_differ_by_seed_and_from_the_training_stream():
    tasks = GaussianProcessTasks(n_steps=3)
    first, again, other = (tasks.evaluation_problems(2, 3, 4, seed=s) for s in (0, 0, 1))
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert not np.isclose(a, c).any()
    for index in range(3):
        batch = tasks.batch(index, 2, seed=0)
        assert not np.isin(batch.inputs, np.concatenate(first[::2], 1).astype(np.float32)).any()


def test_support_has_the_noise_and_queries_have_none():
    # With a very long length scale a function is constant: what varies is noise.
    tasks = GaussianProcessTasks(length_scale=1e3, noise=0.3)
    _, y_support, _, y_query = tasks.evaluation_problems(200, 50, 50, seed=0)
    assert y_query.std(axis=1).max() < 0.02
    assert y_support.std(axis=1).mean() == pytest.approx(0.3, rel=0.05)
    assert_allclose(y_support.mean(axis=1), y_query.mean(axis=1), atol=5 * 0.3 / np.sqrt(50))


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_evaluation_sizes_are_at_least_1(sizes):
    with pytest.raises(ValueError, match=f"at least 1.*got {sizes[0]}, {sizes[1]}, {sizes[2]} and"):
        GaussianProcessTasks().evaluation_problems(*sizes, seed=0)


# The oracle's predictions


@pytest.mark.parametrize("n_inputs", [1, 3])
def test_oracle_predict_is_exact_regression(n_inputs):
    tasks = GaussianProcessTasks(n_inputs, length_scale=0.7, noise=0.2)
    X_support, y_support, X_query, _ = tasks.evaluation_problems(4, 15, 20, seed=0)
    means, stds = tasks.oracle_predict(X_support, y_support, X_query)
    for i in range(4):
        regressor = exact_regressor(tasks).fit(X_support[i], y_support[i])
        mean, std = regressor.predict(X_query[i], return_std=True)
        assert_allclose(means[i], mean, atol=1e-9)
        assert_allclose(stds[i], std, atol=1e-7)


def test_oracle_predict_is_calibrated_on_its_own_problems():
    tasks = GaussianProcessTasks(n_inputs=1, noise=0.2)
    X_support, y_support, X_query, y_query = tasks.evaluation_problems(2_000, 6, 4, seed=0)
    mean, std = tasks.oracle_predict(X_support, y_support, X_query)
    assert (((y_query - mean) / std) ** 2).mean() == pytest.approx(1.0, abs=0.08)


def test_oracle_predict_without_examples_is_the_prior():
    tasks = GaussianProcessTasks(n_inputs=2)
    empty = np.empty((3, 0, 2)), np.empty((3, 0))
    mean, std = tasks.oracle_predict(*empty, np.zeros((3, 5, 2)))
    assert_array_equal(mean, np.zeros((3, 5)))
    assert_array_equal(std, np.ones((3, 5)))


@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 4, 2), (3, 5), (3, 6, 2)],
        [(3, 4, 2), (2, 4), (3, 6, 2)],
        [(3, 4, 2), (3, 4), (1, 6, 2)],
        [(3, 4, 2), (3, 4), (3, 6, 1)],
        [(3, 4, 1), (3, 4), (3, 6, 1)],
        [(3, 4, 2), (3, 4, 1), (3, 6, 2)],
        [(4, 2), (4,), (6, 2)],
    ],
)
def test_oracle_predict_checks_shapes(shapes):
    with pytest.raises(ValueError, match=r"Expected X_support \(n, S, 2\).*got") as error:
        GaussianProcessTasks(n_inputs=2).oracle_predict(*map(np.zeros, shapes))
    for shape in shapes:
        assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_inputs": 0}, "n_inputs must be 1 to 3, got 0"),
        ({"n_inputs": 4}, "n_inputs must be 1 to 3, got 4"),
        ({"n_steps": 0}, "n_steps must be at least 1, got 0"),
        ({"length_scale": 0.0}, "length_scale must be positive and finite, got 0.0"),
        ({"length_scale": np.nan}, "length_scale must be positive and finite, got nan"),
        ({"noise": 0.0}, "noise must be finite and at least 0.0001, got 0.0"),
        ({"noise": np.inf}, "noise must be finite and at least 0.0001, got inf"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        GaussianProcessTasks(**parameters)
