"""keras.ops with convolutions in half precision."""

import keras
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.engines import half_ops

RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(3, 7, 6, 4)).astype(np.float32)
KERNEL = RNG.normal(size=(3, 3, 4, 5)).astype(np.float32)


def rounded(array):
    """To the 8 bits of a bfloat16, as float32."""
    return keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.cast(array, "bfloat16"), "float32"))


def test_convolutions_round_what_they_multiply():
    found = half_ops.conv(MAPS, KERNEL, strides=1, padding="same")
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found = keras.ops.convert_to_numpy(keras.ops.cast(found, "float32"))
    exact = keras.ops.conv(rounded(MAPS), rounded(KERNEL), strides=1, padding="same")
    assert_allclose(found, exact, atol=0.05)  # some kernels round their sums, too
    plain = keras.ops.conv(MAPS, KERNEL, strides=1, padding="same")
    assert np.abs(found - plain).max() > 1e-3


def test_pooling_ends_it():
    found = half_ops.max_pool(keras.ops.cast(MAPS, "bfloat16"), 2, strides=2, padding="same")
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert_array_equal(found, keras.ops.max_pool(rounded(MAPS), 2, strides=2, padding="same"))


def test_all_else_is_that_of_keras():
    assert half_ops.matmul is keras.ops.matmul
