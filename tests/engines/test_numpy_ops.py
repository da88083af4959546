"""The NumPy twin of keras.ops, function by function."""

import ast
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import skmeta
from skmeta.engines import numpy_ops

RNG = np.random.default_rng(0)
A, B = (RNG.normal(size=(3, 4, 6)).astype(np.float32) for _ in range(2))
M = RNG.normal(size=(3, 6, 5)).astype(np.float32)
WIDE = np.float32([-1e4, -88, -20, -1, -1e-3, 0, 1e-3, 1, 20, 88, 1e4])
TIES = np.float32([[1, 3, 3, 2, 3], [0, 0, 0, 0, 0]])
# Small whole numbers: long sums are exact.
MAPS = RNG.integers(-4, 5, size=(3, 7, 6, 4)).astype(np.float32)
KERNEL = RNG.integers(-4, 5, size=(3, 3, 4, 5)).astype(np.float32)
INDICES = np.array([[0, 2, 4], [3, 3, 1]])
POSITIVE = A @ A.transpose(0, 2, 1) + np.eye(4, dtype=np.float32)
TRIANGLE = np.tril(A[..., :4]) + 3 * np.eye(4, dtype=np.float32)

# One row or more for every public function of numpy_ops: name -> calls that both engines make.
CALLS = {
    "absolute": [lambda o: o.absolute(A)],
    "cast": [lambda o: o.cast(INDICES, "float32"), lambda o: o.cast(INDICES > 2, "float32")],
    "cholesky": [lambda o: o.cholesky(POSITIVE), lambda o: o.cholesky(POSITIVE[0])],
    "concatenate": [lambda o: o.concatenate([A, B], axis=-1), lambda o: o.concatenate([A, B], 1)],
    "conv": [
        lambda o: o.conv(MAPS, KERNEL, strides=1, padding="same"),
        lambda o: o.conv(MAPS[:1, :2, :3], KERNEL, strides=1, padding="same"),
    ],
    "exp": [lambda o: o.exp(A), lambda o: o.exp(WIDE[:9])],
    "expand_dims": [lambda o: o.expand_dims(A, 1), lambda o: o.expand_dims(A, -2)],
    "eye": [lambda o: o.eye(3, dtype="float32")],
    "full": [lambda o: o.full((2, 3), 1e-6, dtype="float32"), lambda o: o.full((2,), 4)],
    "log": [lambda o: o.log(np.abs(A))],
    "matmul": [
        lambda o: o.matmul(A, M),
        lambda o: o.matmul(A, M[0]),
        lambda o: o.matmul(A[0], M[0]),
    ],
    "max": [lambda o: o.max(A, axis=-1, keepdims=True), lambda o: o.max(A, axis=1)],
    "max_pool": [
        lambda o: o.max_pool(MAPS, 2, strides=2, padding="same"),
        lambda o: o.max_pool(MAPS[:, :4, :5], 2, strides=2, padding="same"),
    ],
    "maximum": [lambda o: o.maximum(A, B), lambda o: o.maximum(A, 0.5)],
    "mean": [lambda o: o.mean(A, axis=-1, keepdims=True), lambda o: o.mean(A, axis=1)],
    "min": [lambda o: o.min(A, axis=-1, keepdims=True), lambda o: o.min(A, axis=1)],
    "one_hot": [
        lambda o: o.one_hot(INDICES, 5, dtype="float32"),
        lambda o: o.one_hot(INDICES[0], 6, dtype="float32"),
    ],
    "pad": [lambda o: o.pad(MAPS, ((0, 0), (0, 1), (2, 0), (0, 0)))],
    "repeat": [lambda o: o.repeat(A, 3, axis=0), lambda o: o.repeat(INDICES, 2, axis=1)],
    "reshape": [lambda o: o.reshape(A, (-1, 2, 3)), lambda o: o.reshape(A, (3, 24))],
    "shape": [lambda o: np.array(o.shape(A))],
    "sigmoid": [lambda o: o.sigmoid(A), lambda o: o.sigmoid(WIDE)],
    "silu": [lambda o: o.silu(A), lambda o: o.silu(WIDE)],
    "softmax": [lambda o: o.softmax(A, axis=-1), lambda o: o.softmax(1000 * A, axis=1)],
    "softplus": [lambda o: o.softplus(A), lambda o: o.softplus(WIDE)],
    "solve_triangular": [
        lambda o: o.solve_triangular(TRIANGLE, B, lower=True),
        lambda o: o.solve_triangular(TRIANGLE.transpose(0, 2, 1), B),
    ],
    "split": [lambda o: o.split(A, 3, axis=-1), lambda o: o.split(A, 2, axis=1)],
    "sqrt": [lambda o: o.sqrt(np.abs(A))],
    "square": [lambda o: o.square(A)],
    "stack": [lambda o: o.stack([A, B], axis=1), lambda o: o.stack([A, B], axis=-1)],
    "stop_gradient": [lambda o: o.stop_gradient(A)],
    "sum": [
        lambda o: o.sum(A, axis=-1),
        lambda o: o.sum(A, axis=(-2, -1)),
        lambda o: o.sum(A, axis=1, keepdims=True),
    ],
    "tanh": [lambda o: o.tanh(A), lambda o: o.tanh(WIDE)],
    "top_k": [lambda o: o.top_k(A, 3), lambda o: o.top_k(TIES, 4)],
    "transpose": [lambda o: o.transpose(A, (0, 2, 1)), lambda o: o.transpose(A, (2, 0, 1))],
    "zeros": [lambda o: o.zeros((2, 3), dtype="float32"), lambda o: o.zeros((2,), dtype="int32")],
    "zeros_like": [lambda o: o.zeros_like(A)],
}


def public_names():
    own = {name for name in vars(numpy_ops) if not name.startswith("_")}
    return own - {"annotations", "np", "scipy"}


def arrays(result):
    """The arrays of a result: one, or those of a list or tuple."""
    parts = result if isinstance(result, (list, tuple)) else [result]
    return [keras.ops.convert_to_numpy(part) for part in parts]


def test_every_function_of_the_twin_has_a_row():
    assert public_names() == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_twin_agrees_with_keras(name):
    for call in CALLS[name]:
        ours, theirs = arrays(call(numpy_ops)), arrays(call(keras.ops))
        assert len(ours) == len(theirs)
        for mine, expected in zip(ours, theirs, strict=True):
            assert mine.shape == expected.shape
            if expected.dtype.kind == "f":  # indices may be 32 or 64 bits wide
                assert mine.dtype == expected.dtype == np.float32
            assert_allclose(mine, expected, rtol=2e-6, atol=2e-7)


def test_the_lower_index_wins_a_tie():
    for ops in (numpy_ops, keras.ops):
        _, indices = arrays(ops.top_k(TIES, 4))
        assert_array_equal(indices, [[1, 2, 4, 3], [0, 1, 2, 3]])
        # Sorts of few numbers are stable by chance, those of many are not.
        _, indices = arrays(ops.top_k(np.repeat(np.float32([1, 2, 0]), 100)[None], 150))
        assert_array_equal(indices, [[*range(100, 200), *range(50)]])


def test_nothing_overflows():
    with np.errstate(all="raise", under="ignore"):
        assert_array_equal(numpy_ops.sigmoid(WIDE)[[0, -1]], [0, 1])
        assert_array_equal(numpy_ops.softplus(WIDE)[[0, -1]], [0, 1e4])
        assert_allclose(numpy_ops.softmax(WIDE).sum(), 1)


def test_a_softmax_leaves_its_argument_alone():
    before = A.copy()
    numpy_ops.softmax(A)
    assert_array_equal(A, before)


def test_equations_use_only_what_the_twin_has():
    root = Path(skmeta.__path__[0])
    used = set()
    for path in [*root.glob("memory/*.py"), *root.glob("networks/*.py"), root / "losses.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_attribute = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if is_attribute and node.value.id == "ops":
                used.add(node.attr)
    assert {"matmul", "top_k", "softmax"} <= used
    assert used <= public_names()


def test_a_singular_triangle_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        numpy_ops.solve_triangular(np.zeros((1, 2, 2)), np.ones((1, 2, 1)), lower=True)
