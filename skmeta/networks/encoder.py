"""From one row to the features that a memory reads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from math import isfinite, prod
from operator import index

import numpy as np

from skmeta.columns import MISSING, NO_COLUMN
from skmeta.memory import WeightSpec

# Inside square roots: an empty picture has finite gradients.
EPSILON = 1e-6
# Of the steps of a column: from a fifth to four fifths of a step within 0.3 standard deviations.
STEEPNESS = 4.0
# Axes of the maps of one picture: height, width, filters.
PICTURE = (1, 2, 3)


@dataclass(frozen=True)
class Encoder(ABC):
    """Base of encoders: features of one row, which hang on no other row.

    Examples
    --------
    >>> from skmeta.networks import Encoder, TableEncoder
    >>> isinstance(TableEncoder(), Encoder)
    True
    """

    def in_training(self) -> Encoder:
        """Return the encoder as meta-training uses it."""
        return self

    @abstractmethod
    def weight_specs(self, input_shape) -> dict[str, WeightSpec]:
        """Return name -> WeightSpec."""

    @abstractmethod
    def output_size(self, input_shape) -> int:
        """Features F of one row."""

    @abstractmethod
    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for rows of shape ``(..., *input_shape)``.

        Parameters
        ----------
        ops : module
            ``keras.ops``, or its twin in NumPy.
        weights : mapping of str to array
            By the names of ``weight_specs``.
        x : array
        input_shape : tuple of int
            Of one row.
        """


@dataclass(frozen=True)
class FlatEncoder(Encoder):
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
class DenseEncoder(FlatEncoder):
    """Rows through dense layers.

    Each layer is a product, a normalisation of the row to mean square 1 with a learned gain and
    bias a unit, and, in all layers but the last, max(0, x). The features are the units of the last.

    Parameters
    ----------
    units : tuple of int, default=(512, 512, 128)
        Units of each layer.

    Raises
    ------
    TypeError
        If a number of units is no integer.
    ValueError
        If there is no layer, or one has no unit.

    References
    ----------
    B. Zhang, R. Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Examples
    --------
    >>> from skmeta.networks import DenseEncoder
    >>> DenseEncoder(units=(256, 64)).output_size((20, 20))
    64
    """

    units: tuple[int, ...] = (512, 512, 128)

    def __post_init__(self):
        object.__setattr__(self, "units", tuple(index(n) for n in self.units))
        if not self.units or min(self.units) < 1:
            raise ValueError(f"units must hold numbers from 1 on, got {self.units}.")

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec."""
        specs = super().weight_specs(input_shape)
        for layer, (n_seen, n_units) in enumerate(pairwise((prod(input_shape), *self.units))):
            specs |= layer_specs(str(layer), n_seen, n_units, gain=1.0)
        return specs

    def output_size(self, input_shape) -> int:
        """Features F of one row: the units of the last layer."""
        return self.units[-1]

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for rows of shape ``(..., *input_shape)``."""
        features = super().encode(ops, weights, x, input_shape)
        for layer in map(str, range(len(self.units))):
            if layer != "0":
                features = ops.maximum(features, 0.0)
            product = ops.matmul(features, weights[f"kernel{layer}"])
            features = rescaled(ops, weights, layer, product, axes=-1)
        return features


@dataclass(frozen=True)
class TableEncoder(Encoder):
    """Rows of a table, as :func:`skmeta.columns.table_rows` writes them: cells and steps of them.

    The features are a cell z of each column, whether it is missing, and steps
    tanh(4 (z - s)), of which a weighted sum is a curve over the column. All are multiplied by the
    weight of the column, and cells and steps by the root of places over the sum of squared
    weights: few columns are louder than many.

    Parameters
    ----------
    steps : tuple of float, default=(-1.5, -0.8, -0.3, 0.3, 0.8, 1.5)
        Where a column has a step s, in its standard deviations from the mean; none if empty.

    References
    ----------
    Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features in Tabular Deep
    Learning", NeurIPS 2022 (there piecewise linear).

    Examples
    --------
    >>> from skmeta.networks import TableEncoder
    >>> TableEncoder().output_size((2 * 40,))
    320
    """

    steps: tuple[float, ...] = (-1.5, -0.8, -0.3, 0.3, 0.8, 1.5)

    def __post_init__(self):
        object.__setattr__(self, "steps", tuple(float(step) for step in self.steps))
        if not all(map(isfinite, self.steps)):
            raise ValueError(f"Steps must be finite, got {self.steps}.")

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec: a table was scaled by its own support."""
        return {}

    def output_size(self, input_shape) -> int:
        """Features F of one row."""
        return (2 + len(self.steps)) * (input_shape[0] // 2)

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for rows of shape (..., 2 * places)."""
        places = input_shape[0] // 2
        cells, marks = x[..., :places], x[..., places:]
        there = ops.cast(marks > NO_COLUMN, cells.dtype)
        missing = ops.cast(marks >= MISSING, cells.dtype)
        weight = there * (1.0 + missing - marks)
        power = ops.sum(ops.square(weight), axis=-1, keepdims=True)
        loud = ops.sqrt(places / ops.maximum(power, 1.0)) * weight
        steep = STEEPNESS * cells
        known = loud * (1.0 - missing)
        steps = [known * ops.tanh(steep - STEEPNESS * step) for step in self.steps]
        return ops.concatenate([loud * cells, weight * missing, *steps], axis=-1)

    def resized(self, kernel, n_places, n_wanted, rng=None):
        """Return weights of features for another number of places, or of more steps.

        For tables that both have places for, the product of features and weights is the same. New
        steps count for nothing. New places are mixtures of the others: as loud, and apart from
        each.

        Parameters
        ----------
        kernel : ndarray of shape (features, units)
            Weights of ``n_places`` places, perhaps of fewer steps.
        n_places, n_wanted : int
            Places that there are, and that there are to be.
        rng : numpy.random.Generator, optional
            Mixes new places; needed where there are any.

        Returns
        -------
        kernel : ndarray of shape (output_size, units), float32
        """
        n_units = kernel.shape[1]
        kinds = kernel.reshape(-1, n_places, n_units)  # cells, whether missing, steps
        if n_wanted > n_places:
            mixture = rng.normal(size=(n_wanted - n_places, n_places)) / np.sqrt(n_places)
            kinds = np.concatenate([kinds, mixture @ kinds], axis=1)
        resized = np.zeros((2 + len(self.steps), n_wanted, n_units), dtype=np.float32)
        resized[: len(kinds)] = kinds[:, :n_wanted]
        loud = np.arange(len(resized)) != 1  # all but whether a cell is missing
        resized[loud] *= np.sqrt(n_places / n_wanted)
        return resized.reshape(-1, n_units)


@dataclass(frozen=True)
class ConvEncoder(FlatEncoder):
    """Pictures through blocks of convolution, pooling and normalisation.

    A block is a 3 x 3 convolution that keeps the size, the largest of each 2 x 2 points, a
    normalisation of the whole picture to mean square 1 with a learned gain a filter, and
    max(0, x). 28 x 28 pixels and four blocks leave 2 x 2 points: the features are their filters.
    Residual convolutions may follow, normalised alike: max(0, maps + what they add), which is
    nothing at first.

    Parameters
    ----------
    filters : tuple of int, default=(64, 64, 64, 64)
        Filters of each block, which halves height and width, rounded up.
    two_grids : bool, default=False
        Whether a learner sees each picture twice, once moved by a pixel down and to the right, and
        takes the mean of the features: squares that are pooled begin elsewhere. Meta-training sees
        it once, as it is: there the tasks move pictures at random.
    residuals : tuple of int, default=()
        Residual convolutions at the end of each block, of as many blocks as are named.

    Raises
    ------
    TypeError
        If a number of filters or of residual convolutions is no integer.
    ValueError
        If there is no block, one has no filter, or residual convolutions have no block.

    References
    ----------
    O. Vinyals et al., "Matching Networks for One Shot Learning", NeurIPS 2016, section 4.1 (the
    blocks, there with batch normalisation). K. He et al., "Deep Residual Learning for Image
    Recognition", CVPR 2016. P. Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 5.1
    (residuals that begin as nothing).

    Examples
    --------
    >>> from skmeta.networks import ConvEncoder
    >>> ConvEncoder(filters=(32, 64, 128, 256)).output_size((28, 28))
    1024
    """

    filters: tuple[int, ...] = (64, 64, 64, 64)
    two_grids: bool = False
    residuals: tuple[int, ...] = ()

    def __post_init__(self):
        for name in ("filters", "residuals"):  # JSON and TOML have lists
            object.__setattr__(self, name, tuple(index(n) for n in getattr(self, name)))
        if not self.filters or min(self.filters) < 1:
            raise ValueError(f"filters must hold numbers from 1 on, got {self.filters}.")
        if len(self.residuals) > len(self.filters) or min(self.residuals, default=0) < 0:
            raise ValueError(
                "residuals must hold numbers from 0 on, of as many blocks as there are or fewer, "
                f"got {self.residuals} for {len(self.filters)} blocks."
            )

    def in_training(self):  # noqa: D102 - inherited
        return replace(self, two_grids=False)

    def weight_specs(self, input_shape):
        """Return name -> WeightSpec.

        Raises
        ------
        ValueError
            If rows are no pictures, or too small for so many blocks.
        """
        least = 2 ** len(self.filters)
        if len(input_shape) != 2 or min(input_shape) < least:
            raise ValueError(
                f"{len(self.filters)} blocks need pictures of {least} x {least} pixels or more, "
                f"got rows of shape {tuple(input_shape)}."
            )
        specs = super().weight_specs(input_shape)
        for block, (n_seen, n_filters) in enumerate(pairwise((1, *self.filters))):
            specs |= layer_specs(str(block), 9 * n_seen, n_filters, gain=1.0)
            for residual in self._residuals_of(block):
                specs |= layer_specs(residual, 9 * n_filters, n_filters, gain=0.0)
        return specs

    def _residuals_of(self, block):
        """Names of a block's residual convolutions."""
        n_residuals = self.residuals[block] if block < len(self.residuals) else 0
        return [f"{block}_{place}" for place in range(n_residuals)]

    def deepens(self, encoder) -> bool:
        """Whether this is another encoder with residual convolutions added at the end of blocks.

        Parameters
        ----------
        encoder : Encoder

        Returns
        -------
        deepens : bool
        """
        if not isinstance(encoder, ConvEncoder):
            return False
        counts = zip_longest(self.residuals, encoder.residuals, fillvalue=0)
        return replace(encoder, residuals=self.residuals) == self and all(
            new >= old for new, old in counts
        )

    def output_size(self, input_shape) -> int:
        """Features F of one row: the filters at each point that is left."""
        height, width = (-(-side // 2 ** len(self.filters)) for side in input_shape)
        return height * width * self.filters[-1]

    def encode(self, ops, weights, x, input_shape):
        """Return features of shape (..., F) for pictures of shape (..., height, width)."""
        leading = ops.shape(x)[: len(x.shape) - 2]
        shape = (*leading, self.output_size(input_shape))
        pictures = ops.reshape(x, (-1, *input_shape))
        features = self._seen(ops, weights, pictures, input_shape)
        if self.two_grids:
            moved = ops.pad(pictures[:, :-1, :-1], ((0, 0), (1, 0), (1, 0)))
            features = 0.5 * (features + self._seen(ops, weights, moved, input_shape))
        return ops.reshape(features, shape)

    def _seen(self, ops, weights, pictures, input_shape):
        """Features of pictures, of shape (n, height, width, filters)."""
        scaled = super().encode(ops, weights, pictures, input_shape)
        maps = ops.reshape(scaled, (-1, *input_shape, 1))
        for block in range(len(self.filters)):
            maps = convolved(ops, weights, str(block), maps)
            maps = ops.max_pool(maps, 2, strides=2, padding="same")
            maps = ops.maximum(rescaled(ops, weights, str(block), maps, axes=PICTURE), 0.0)
            for residual in self._residuals_of(block):
                added = ops.cast(convolved(ops, weights, residual, maps), maps.dtype)
                added = rescaled(ops, weights, residual, added, axes=PICTURE)
                maps = ops.maximum(maps + added, 0.0)
        return maps


def layer_specs(name, n_seen, n_units, gain):
    """Return name -> WeightSpec of a layer's product and its normalisation."""
    return {
        f"kernel{name}": WeightSpec((n_seen, n_units), "glorot_uniform"),
        f"gain{name}": WeightSpec((n_units,), gain),
        f"bias{name}": WeightSpec((n_units,), 0.0),
    }


def convolved(ops, weights, name, maps):
    """Return maps (n, height, width, seen) -> (n, height, width, filters)."""
    kernel = ops.reshape(weights[f"kernel{name}"], (3, 3, maps.shape[-1], -1))
    return ops.conv(maps, kernel, strides=1, padding="same")


def rescaled(ops, weights, name, features, axes):
    """Return features of mean square 1 over some axes, times a gain a unit, plus a bias."""
    power = ops.mean(ops.square(features), axis=axes, keepdims=True)
    return features / ops.sqrt(power + EPSILON) * weights[f"gain{name}"] + weights[f"bias{name}"]
