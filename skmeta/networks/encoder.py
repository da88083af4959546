"""From one row to the features that a memory reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from skmeta.memory import WeightSpec

# Inside square roots: an empty picture has finite gradients.
EPSILON = 1e-6


@dataclass(frozen=True)
class FlatEncoder:
    """Rows as they are, pictures row by row, after a fixed shift and scale.

    ``center`` and ``scale`` are measured once on the tasks of meta-training, for
    each feature of a vector and for all pixels of a picture together; gradient
    descent leaves them alone.

    Examples
    --------
    >>> from skmeta.networks import FlatEncoder
    >>> FlatEncoder().output_size((20, 20))
    400
    """

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec."""
        size = (prod(input_shape),)
        return {
            "center": WeightSpec(size, 0.0, trainable=False),
            "scale": WeightSpec(size, 1.0, trainable=False),
        }

    def output_size(self, input_shape) -> int:
        """Features F of one row."""
        return prod(input_shape)

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for rows of shape ``(..., *input_shape)``."""
        leading = ops.shape(x)[: len(x.shape) - len(input_shape)]
        flat = ops.reshape(x, (*leading, prod(input_shape)))
        return (flat - weights["center"]) / weights["scale"]


@dataclass(frozen=True)
class ConvEncoder(FlatEncoder):
    """Pictures through blocks of convolution, normalisation, rectifier and pooling.

    A block is a 3 x 3 convolution that keeps the size, a normalisation of the whole picture to
    mean square 1 with a learned gain a filter, max(0, x), and the largest of each 2 x 2 points.
    28 x 28 pixels and four blocks leave 2 x 2 points: the features are their filters.

    Parameters
    ----------
    n_filters : int, default=64
        Filters of the first block.
    n_blocks : int, default=4
        Blocks; each halves height and width, rounded up.
    growth : int, default=1
        Factor by which the number of filters grows from block to block.

    Raises
    ------
    ValueError
        If a number is below 1.

    References
    ----------
    O. Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016, section 4.1 (the
    blocks, there with batch normalisation).

    Examples
    --------
    >>> from skmeta.networks import ConvEncoder
    >>> ConvEncoder(n_filters=32, growth=2).output_size((28, 28))
    1024
    """

    n_filters: int = 64
    n_blocks: int = 4
    growth: int = 1

    def __post_init__(self):
        sizes = (self.n_filters, self.n_blocks, self.growth)
        if min(sizes) < 1:
            raise ValueError(f"n_filters, n_blocks and growth must be at least 1, got {sizes}.")

    def _filters(self, block):
        """Filters of a block."""
        return self.n_filters * self.growth**block

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec.

        Raises
        ------
        ValueError
            If rows are no pictures, or too small for so many blocks.
        """
        if len(input_shape) != 2 or min(input_shape) < 2**self.n_blocks:
            raise ValueError(
                f"{self.n_blocks} blocks need pictures of {2**self.n_blocks} x "
                f"{2**self.n_blocks} pixels or more, got rows of shape {tuple(input_shape)}."
            )
        specs = super().weight_specs(input_shape)
        for block in range(self.n_blocks):
            seen, filters = self._filters(block - 1) if block else 1, self._filters(block)
            specs[f"kernel{block}"] = WeightSpec((9 * seen, filters), "glorot_uniform")
            specs[f"gain{block}"] = WeightSpec((filters,), 1.0)
            specs[f"bias{block}"] = WeightSpec((filters,), 0.0)
        return specs

    def output_size(self, input_shape) -> int:
        """Features F of one row: the filters at each point that is left."""
        height, width = (-(-side // 2**self.n_blocks) for side in input_shape)
        return height * width * self._filters(self.n_blocks - 1)

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for pictures of shape (..., height, width)."""
        leading = ops.shape(x)[: len(x.shape) - 2]
        scaled = super().encode(ops, weights, x, input_shape)
        maps = ops.reshape(scaled, (-1, *input_shape, 1))
        for block in range(self.n_blocks):
            n_seen = maps.shape[-1]
            kernel = ops.reshape(weights[f"kernel{block}"], (3, 3, n_seen, -1))
            maps = ops.conv(maps, kernel, strides=1, padding="same")
            power = ops.mean(ops.square(maps), axis=(1, 2, 3), keepdims=True)
            maps = maps / ops.sqrt(power + EPSILON) * weights[f"gain{block}"]
            maps = _pooled(ops, ops.maximum(maps + weights[f"bias{block}"], 0.0))
        return ops.reshape(maps, (*leading, self.output_size(input_shape)))


def _pooled(ops, maps):
    """Largest of each 2 x 2 points of maps (n, height, width, filters), none of them negative."""
    height, width, n_filters = maps.shape[1:]
    if height % 2 or width % 2:
        maps = ops.pad(maps, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))
    squares = ops.reshape(maps, (-1, (height + 1) // 2, 2, (width + 1) // 2, 2, n_filters))
    return ops.max(squares, axis=(2, 4))
