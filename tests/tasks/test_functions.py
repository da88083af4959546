import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.tasks._base import TaskFamily
from skmeta.tasks.functions import (
    QUADRATIC_STD,
    BooleanTasks,
    FunctionFamily,
    QuadraticTasks,
    SemilinearTasks,
    SineTasks,
)

FUNCTION_FAMILIES = [
    SemilinearTasks(n_steps=7),
    SemilinearTasks(n_inputs=4, n_steps=7),
    QuadraticTasks(n_steps=7),
    SineTasks(n_steps=7),
]
FAMILIES = [*FUNCTION_FAMILIES, BooleanTasks(n_steps=7)]


def name(family):
    return f"{type(family).__name__}-{family.spec.input_shape[0]}"


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_a_batch_depends_on_seed_and_index_only(family):
    first = family.batch(3, 5, seed=1)
    family.batch(0, 9, seed=8)
    again = family.batch(3, 5, seed=1)
    assert_array_equal(first.inputs, again.inputs)
    assert_array_equal(first.targets, again.targets)
    for other in family.batch(4, 5, seed=1), family.batch(3, 5, seed=2):
        assert not np.array_equal(first.inputs, other.inputs)
        assert not np.array_equal(first.targets, other.targets)


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_shapes_follow_the_spec(family):
    batch = family.batch(0, 5, seed=0)
    assert isinstance(family, TaskFamily)
    assert batch.inputs.shape == (5, 7, *family.spec.input_shape)
    assert batch.inputs.dtype == np.float32
    if family.spec.kind == "regression":
        assert batch.targets.shape == (5, 7, family.spec.n_outputs)
        assert batch.targets.dtype == np.float32
    else:
        assert batch.targets.shape == (5, 7)
        assert batch.targets.dtype.kind == "i"


@pytest.mark.parametrize(
    "make", [BooleanTasks, SemilinearTasks, QuadraticTasks, SineTasks], ids=lambda c: c.__name__
)
def test_an_episode_needs_a_step(make):
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        make(n_steps=0)


def test_a_function_needs_an_input():
    with pytest.raises(ValueError, match="input_shape"):
        SemilinearTasks(n_inputs=0)


# Functions against their formulas


def test_quadratics_are_quadratics():
    a, b, c, d, e, f = coefficients = np.array([0.5, -1.0, 0.25, 0.75, -0.5, 0.125])
    x1, x2 = 0.3, -0.8
    expected = (a * x1**2 + b * x2**2 + c * x1 * x2 + d * x1 + e * x2 + f) / 0.852
    y = QuadraticTasks().evaluate(coefficients[None], np.array([[[x1, x2]]]))
    assert_allclose(y, [[expected]], rtol=1e-4)


def test_quadratics_have_mean_0_and_variance_1():
    assert pytest.approx(0.852, abs=5e-4) == QUADRATIC_STD
    y = QuadraticTasks(n_steps=20).batch(0, 50_000, seed=0).targets
    assert y.mean() == pytest.approx(0.0, abs=0.02)  # four standard errors and more
    assert y.var() == pytest.approx(1.0, abs=0.02)


def test_semilinear_functions_follow_the_formula():
    tasks = SemilinearTasks(n_inputs=3)
    coefficients = np.array([[0.2, -0.7, 0.9, 0.4]])
    x = np.array([0.5, -0.1, -0.9])
    expected = 0.5 * (1 + np.tanh(0.2 * 0.5 + 0.7 * 0.1 - 0.9 * 0.9 + 0.4))
    assert_allclose(tasks.evaluate(coefficients, x[None, None]), [[expected]])


def test_sines_follow_the_formula():
    y = SineTasks().evaluate(np.array([[2.0, 0.5]]), np.array([[[0.5], [0.5 + np.pi / 2]]]))
    assert_allclose(y, [[0.0, 2.0]], atol=1e-12)


@pytest.mark.parametrize("family", FUNCTION_FAMILIES, ids=name)
def test_functions_are_evaluated_each_at_its_own_points(family):
    rng = np.random.default_rng(0)
    coefficients = family.draw_functions(rng, 3)
    X = family.draw_inputs(rng, 3, 4)
    alone = [family.evaluate(coefficients[i : i + 1], X[i : i + 1])[0] for i in range(3)]
    assert_allclose(family.evaluate(coefficients, X), alone)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (SemilinearTasks(n_inputs=1), [(-1, 1)] * 2),
        (QuadraticTasks(), [(-1, 1)] * 6),
        (SineTasks(), [(0.1, 5), (0, np.pi)]),
    ],
    ids=["semilinear", "quadratic", "sine"],
)
def test_coefficients_fill_their_ranges_and_no_more(family, expected):
    coefficients = family.draw_functions(np.random.default_rng(0), 20_000)
    assert coefficients.shape == (20_000, len(expected))
    lows, highs = np.transpose(expected)
    margin = 1e-3 * (highs - lows)
    assert (coefficients >= lows).all() and (coefficients <= highs).all()
    assert (coefficients.min(axis=0) < lows + margin).all()
    assert (coefficients.max(axis=0) > highs - margin).all()
    assert_allclose(coefficients.mean(axis=0), (lows + highs) / 2, atol=0.02 * (highs - lows).max())


@pytest.mark.parametrize(
    ("family", "bound"), [(SemilinearTasks(), 1), (QuadraticTasks(), 1), (SineTasks(), 5)]
)
def test_inputs_are_uniform(family, bound):
    X = family.batch(0, 2_000, seed=0).inputs
    assert np.abs(X).max() <= bound
    assert X.std(axis=(0, 1)) == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert X.mean(axis=(0, 1)) == pytest.approx(0.0, abs=0.02 * bound)


def test_an_episode_is_one_function():
    # Six monomials explain every target of an episode exactly.
    batch = QuadraticTasks(n_steps=12).batch(0, 4, seed=0)
    for X, y in zip(batch.inputs, batch.targets[..., 0], strict=True):
        x1, x2 = X.T.astype(float)
        design = np.stack([x1**2, x2**2, x1 * x2, x1, x2, np.ones(12)], axis=1)
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        assert_allclose(design @ coefficients, y, atol=1e-5)
        assert np.abs(coefficients * QUADRATIC_STD).max() < 1.0 + 1e-3


# Evaluation problems


@pytest.mark.parametrize("family", FUNCTION_FAMILIES, ids=name)
def test_evaluation_problems_have_the_documented_shapes(family):
    X_support, y_support, X_query, y_query = family.evaluation_problems(3, 4, 6, seed=0)
    assert X_support.shape == (3, 4, family.n_inputs) and y_support.shape == (3, 4)
    assert X_query.shape == (3, 6, family.n_inputs) and y_query.shape == (3, 6)


@pytest.mark.parametrize("family", FUNCTION_FAMILIES, ids=name)
def test_more_examples_change_neither_functions_nor_queries(family):
    few, many = (family.evaluation_problems(3, n, 6, seed=5) for n in (2, 9))
    for a, b in zip(few[:2], many[:2], strict=True):
        assert_array_equal(a, b[:, :2])
    for a, b in zip(few[2:], many[2:], strict=True):
        assert_array_equal(a, b)


def test_support_and_queries_come_from_one_function():
    X_support, y_support, X_query, y_query = SineTasks().evaluation_problems(5, 8, 6, seed=0)
    for i in range(5):
        # A sin(x - phase) is linear in sin x and cos x.
        support, query = (np.hstack([np.sin(X[i]), np.cos(X[i])]) for X in (X_support, X_query))
        wave = np.linalg.lstsq(support, y_support[i], rcond=None)[0]
        assert_allclose(query @ wave, y_query[i], atol=1e-9)


@pytest.mark.parametrize("family", FUNCTION_FAMILIES, ids=name)
@pytest.mark.parametrize("seed", [0, 1])
def test_evaluation_problems_are_not_in_the_training_stream(family, seed, monkeypatch):
    drawn, draw_functions = [], family.draw_functions

    def record(rng, n):
        drawn.append(draw_functions(rng, n))
        return drawn[-1]

    monkeypatch.setattr(family, "draw_functions", record)
    family.evaluation_problems(2, 2, 2, seed=seed)
    for index in range(4):
        family.batch(index, 2, seed=seed)
    assert len(drawn) == 5
    for one, other in itertools.combinations(drawn, 2):
        assert not np.isclose(one, other).any()


def test_evaluation_problems_differ_by_seed_only():
    family = QuadraticTasks()
    first, again, other = (family.evaluation_problems(2, 3, 4, seed=s) for s in (0, 0, 1))
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert not np.isclose(a, c).any()


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_evaluation_sizes_are_at_least_1(sizes):
    with pytest.raises(ValueError, match=f"at least 1.*got {sizes[0]}, {sizes[1]}, {sizes[2]} and"):
        SineTasks().evaluation_problems(*sizes, seed=0)


def test_evaluation_seed_is_not_negative():
    with pytest.raises(ValueError, match=r"seed at least 0.* and -1"):
        SineTasks().evaluation_problems(1, 1, 1, seed=-1)


def test_a_family_of_ones_own_needs_two_methods():
    class Constants(FunctionFamily):
        def draw_functions(self, rng, n):
            return rng.uniform(size=(n, 1))

        def evaluate(self, coefficients, X):
            return np.broadcast_to(coefficients, X.shape[:2])

    batch = Constants(n_inputs=2, n_steps=3).batch(0, 4, seed=0)
    assert (batch.targets == batch.targets[:, :1]).all()
    assert len(np.unique(batch.targets)) == 4


# Boolean functions


def test_all_16_boolean_functions_and_no_others_appear():
    batch = BooleanTasks(n_steps=40).batch(0, 500, seed=0)
    assert set(np.unique(batch.inputs)) == {-1.0, 1.0}
    tables = set()
    for X, y in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        table = {}
        for row, answer in zip(map(tuple, X), y, strict=True):
            assert table.setdefault(row, answer) == answer
        if len(table) == 4:
            tables.add(tuple(table[row] for row in itertools.product([-1.0, 1.0], repeat=2)))
    assert tables == set(itertools.product([0, 1], repeat=4))


def test_boolean_oracle_is_that_of_enumeration():
    rows = list(itertools.product([-1.0, 1.0], repeat=2))
    functions = [dict(zip(rows, t, strict=True)) for t in itertools.product([0, 1], repeat=4)]
    batch = BooleanTasks(n_steps=12).batch(0, 30, seed=0)
    for X, y, oracle in zip(batch.inputs.tolist(), batch.targets, batch.oracle, strict=True):
        consistent = functions
        for x, target, log_probability in zip(map(tuple, X), y, oracle, strict=True):
            agreeing = [f for f in consistent if f[x] == target]
            assert log_probability == pytest.approx(np.log(len(agreeing) / len(consistent)))
            consistent = agreeing
