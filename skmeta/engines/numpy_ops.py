"""The NumPy twin of the part of ``keras.ops`` that this package uses.

Names, argument order and results are those of ``keras.ops``; arrays stay
float32 where they came as float32.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

_CONV_BLOCK = 64  # pictures

absolute = np.absolute
cholesky = np.linalg.cholesky
concatenate = np.concatenate
exp = np.exp
expand_dims = np.expand_dims
eye = np.eye
log = np.log
matmul = np.matmul
max = np.max
maximum = np.maximum
mean = np.mean
min = np.min
pad = np.pad
repeat = np.repeat
reshape = np.reshape
sqrt = np.sqrt
square = np.square
stack = np.stack
sum = np.sum
tanh = np.tanh
transpose = np.transpose
zeros = np.zeros
zeros_like = np.zeros_like


def cast(x, dtype):
    """Return an array as another type."""
    return np.asarray(x).astype(dtype, copy=False)


def shape(x):
    """Return the shape of an array."""
    return x.shape


def stop_gradient(x):
    """Return x: NumPy keeps no gradients."""
    return x


def full(shape, fill_value, dtype="float32"):
    """Return a constant array."""
    return np.full(shape, fill_value, dtype=dtype)


def split(x, indices_or_sections, axis=0):
    """Cut an array into views along an axis."""
    return np.split(x, indices_or_sections, axis=axis)


def sigmoid(x):
    """Logistic function, written with tanh so that it cannot overflow."""
    z = np.tanh(x * np.float32(0.5))
    z *= np.float32(0.5)
    z += np.float32(0.5)
    return z


def silu(x):
    """Return x sigmoid(x) = x / (1 + exp(-x)) (Elfwing et al. 2018).

    In one array: fresh memory for others would take two thirds of the time.
    """
    with np.errstate(over="ignore", under="ignore"):  # x / infinity is the limit
        z = np.negative(x)
        np.exp(z, out=z)
    z += 1
    return np.divide(x, z, out=z)


def softplus(x):
    """log(1 + exp(x)) without overflow."""
    return np.logaddexp(x, np.float32(0))


def conv(inputs, kernel, strides=1, padding="valid"):
    """Convolution of pictures (n, height, width, channels) by one product of matrices.

    Only what this package needs: odd kernels, strides of 1 and "same" padding.

    Raises
    ------
    ValueError
        If asked for more.
    """
    if strides != 1 or padding != "same":
        raise ValueError(f"Only strides=1 and padding='same', got {strides} and {padding!r}.")
    rows, columns, _, n_filters = kernel.shape
    n, height, width, _ = inputs.shape
    margin = ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0))
    padded = np.pad(inputs, margin)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(1, 2))
    # (n, height, width, channels, rows, columns) -> one line of numbers a point
    lines = kernel.reshape(-1, n_filters)
    outputs = np.empty((n, height, width, n_filters), dtype=np.result_type(inputs, kernel))
    for first in range(0, n, _CONV_BLOCK):  # a window a point is nine times the pictures
        block = windows[first : first + _CONV_BLOCK].transpose(0, 1, 2, 4, 5, 3)
        found = block.reshape(-1, len(lines)) @ lines
        outputs[first : first + _CONV_BLOCK] = found.reshape(-1, height, width, n_filters)
    return outputs


def max_pool(inputs, pool_size, strides=None, padding="valid"):
    """Largest of each 2 x 2 points of pictures (n, height, width, channels).

    Only what this package needs: squares of 2 points side by side, and "same" padding.

    Raises
    ------
    ValueError
        If asked for more.
    """
    if (pool_size, strides, padding) != (2, 2, "same"):
        raise ValueError(
            "Only pool_size=2, strides=2 and padding='same', "
            f"got {pool_size}, {strides} and {padding!r}."
        )
    height, width = inputs.shape[1:3]
    if height % 2 or width % 2:  # the last row or column once more changes no maximum
        inputs = np.pad(inputs, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    rows = np.maximum(inputs[:, ::2], inputs[:, 1::2])
    return np.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def solve_triangular(a, b, lower=False):
    """Solve a x = b for a triangular a; leading axes hold systems of their own.

    Raises
    ------
    np.linalg.LinAlgError
        If a diagonal holds a zero.
    """
    (trtrs,) = scipy.linalg.get_lapack_funcs(("trtrs",), (a, b))
    x = np.empty(b.shape, dtype=trtrs.dtype)
    for i in np.ndindex(a.shape[:-2]):
        # To LAPACK rows are columns: it is given the transpose, and told so, and copies nothing.
        x[i], info = trtrs(a[i].T, b[i], lower=not lower, trans=1)
        if info:
            raise np.linalg.LinAlgError("Singular matrix")
    return x


def softmax(x, axis=-1):
    """Exponentials that sum to 1 along an axis."""
    z = np.exp(x - x.max(axis=axis, keepdims=True))
    z /= z.sum(axis=axis, keepdims=True)
    return z


def one_hot(x, num_classes, dtype="float32"):
    """Indices -> rows of the identity matrix."""
    return np.eye(num_classes, dtype=dtype)[x]


def top_k(x, k):
    """Values and indices of the k largest along the last axis; the lower index wins a tie."""
    indices = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, indices, axis=-1), indices
