"""``keras.ops`` with convolutions in bfloat16, which some CPUs and most GPUs do much faster.

What a convolution is given and what it returns is rounded to 8 bits; weights and all operations
from the next pooling or cast on stay float32.
"""

from __future__ import annotations

from keras import ops


def conv(inputs, kernel, **options):
    """Return ``keras.ops.conv`` of rounded inputs and kernel, bfloat16."""
    return ops.conv(ops.cast(inputs, "bfloat16"), ops.cast(kernel, "bfloat16"), **options)


def max_pool(inputs, pool_size, **options):
    """Return ``keras.ops.max_pool``, float32."""
    return ops.cast(ops.max_pool(inputs, pool_size, **options), "float32")


def __getattr__(name):
    return getattr(ops, name)
