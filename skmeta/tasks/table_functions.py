"""What a synthetic table is made of: columns, and functions of columns that decide the target.

Each function is a small class, an ingredient of :class:`skmeta.tasks.TableTasks`. All draw many
tables at once. Axes: n tables, T rows, D columns, K scores (one a class, or the target).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

ACTIVATIONS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    np.tanh,
    lambda z: np.maximum(z, 0),
    np.sin,
    np.abs,
    lambda z: z,
    lambda z: z > 0,
)

# Most levels of a category.
MOST_LEVELS = 30


class Table(NamedTuple):
    """Cells as people see them, and the scores that the target is made of.

    cells : (n, T, D)
    scores : (n, T, K), of mean 0 and variance 1 over the rows of a table
    """

    cells: np.ndarray
    scores: np.ndarray


class Ingredient(ABC):
    """A way to make tables."""

    @abstractmethod
    def draw(
        self, rng, relevant: np.ndarray, n_rows: int, n_scores: int, n_used: np.ndarray
    ) -> Table:
        """Draw tables.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of every random choice.
        relevant : ndarray of bool, shape (n, D)
            Columns that may matter; at least one a table.
        n_rows, n_scores : int
            T and K.
        n_used : ndarray of int, shape (n,)
            Scores of a table that will be looked at: the first ones.

        Returns
        -------
        table : Table
        """


class FunctionOfColumns(Ingredient):
    """Columns first, then scores that are a random function of the relevant ones."""

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        """See :class:`Ingredient`."""
        hidden = correlated(rng, relevant.shape, n_rows)
        hidden, cells = categories(rng, hidden)
        weight = importance(rng, relevant)
        scores = self.scores(rng, hidden * weight[:, None], weight, n_scores)
        return Table(shown(rng, hidden, cells), standardized(scores))

    @abstractmethod
    def scores(self, rng, Z, weight, n_scores):
        """Return scores of shape (n, T, K) for columns Z of shape (n, T, D).

        Columns have been multiplied by their weight, of shape (n, D), 0 where irrelevant.
        """


@dataclass(frozen=True)
class Linear(FunctionOfColumns):
    """Weighted sums of the columns."""

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n, n_columns = weight.shape
        return Z @ rng.normal(size=(n, n_columns, n_scores))


@dataclass(frozen=True)
class Additive(FunctionOfColumns):
    """Sums of curves, one a column: steps, bends, waves.

    A column's weight counts twice, in what its curve sees and in the sum.
    """

    n_bends: int = 3

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n, n_columns = weight.shape
        curves = np.zeros_like(Z)
        for _ in range(self.n_bends):
            slope = rng.normal(0, 1.5, size=(n, 1, n_columns))
            bent = activated(rng, slope * Z + rng.normal(size=slope.shape))
            curves += rng.normal(size=slope.shape) * bent
        return curves @ (weight[..., None] * rng.normal(size=(n, n_columns, n_scores)))


@dataclass(frozen=True)
class Interactions(FunctionOfColumns):
    """Products of two columns beside the columns themselves."""

    n_pairs: int = 4

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n = len(weight)
        left, right = (pick(rng, weight, self.n_pairs) for _ in range(2))
        products = take_columns(Z, left) * take_columns(Z, right)
        share = rng.uniform(0, 1, size=(n, 1, 1))
        scores = standardized(products @ rng.normal(size=(n, self.n_pairs, n_scores)))
        linear = standardized(Linear().scores(rng, Z, weight, n_scores))
        return share * scores + (1 - share) * linear


@dataclass(frozen=True)
class Trees(FunctionOfColumns):
    """Sums of decision trees that ask the same question at each level."""

    n_trees: int = 6
    depth: int = 3

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n = len(weight)
        asked = pick(rng, weight, self.n_trees * self.depth)
        scale = take_columns(weight[:, None], asked)
        above = take_columns(Z, asked) / scale > rng.normal(0, 0.7, size=(n, 1, asked.shape[1]))
        bits = above.reshape(n, -1, self.n_trees, self.depth)
        leaf = (bits << np.arange(self.depth)).sum(axis=3)  # (n, T, trees)
        values = rng.normal(size=(n, self.n_trees, 2**self.depth, n_scores))
        size = rng.exponential(size=(n, self.n_trees, 1, 1))  # few trees matter, or many
        tables, trees = np.arange(n)[:, None, None], np.arange(self.n_trees)
        return (size * values)[tables, trees, leaf].sum(axis=2)


@dataclass(frozen=True)
class RandomNetwork(FunctionOfColumns):
    """A neural network with random weights, one or two hidden layers."""

    n_hidden: int = 16

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n, n_columns = weight.shape
        width = np.linalg.norm(weight, axis=1)[:, None, None]
        weights = rng.normal(0, 1.5, size=(n, n_columns, self.n_hidden)) / width
        hidden = activated(rng, Z @ weights + rng.normal(size=(n, 1, self.n_hidden)))
        deep = rng.normal(0, 1.5 / np.sqrt(self.n_hidden), size=(n, self.n_hidden, self.n_hidden))
        deeper = activated(rng, hidden @ deep)
        hidden = np.where(rng.random((n, 1, 1)) < 0.5, hidden, deeper)
        return hidden @ rng.normal(size=(n, self.n_hidden, n_scores))


@dataclass(frozen=True)
class Prototypes(FunctionOfColumns):
    """A few points of the space have scores of their own; a row has those of the nearest."""

    n_prototypes: int = 12

    def scores(self, rng, Z, weight, n_scores):
        """See :class:`FunctionOfColumns`."""
        n, n_columns = weight.shape
        points = weight[:, None] * rng.normal(size=(n, self.n_prototypes, n_columns))
        distance = (
            np.square(Z).sum(axis=2, keepdims=True)
            - 2 * Z @ points.transpose(0, 2, 1)
            + np.square(points).sum(axis=2)[:, None]
        )
        width = np.square(weight).sum(axis=1)[:, None, None] * rng.uniform(0.05, 0.5, (n, 1, 1))
        near = np.exp((distance.min(axis=2, keepdims=True) - distance) / width)
        near /= near.sum(axis=2, keepdims=True)
        return near @ rng.normal(size=(n, self.n_prototypes, n_scores))


@dataclass(frozen=True)
class Clusters(Ingredient):
    """Rows come in clusters around centers; the score of a class says how near its centers are."""

    n_clusters: int = 3

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        """See :class:`Ingredient`."""
        n, n_columns = relevant.shape
        spread = np.exp(rng.normal(0, 0.3, size=(n, 1, n_columns)))
        # The more columns tell clusters apart, the nearer the centers may be, or not.
        crowd = relevant.sum(axis=1)[:, None, None] ** rng.uniform(0, 0.5, size=(n, 1, 1))
        weight = importance(rng, relevant)[:, None]
        apart = weight * np.exp(rng.uniform(0, np.log(8), size=(n, 1, 1))) / crowd
        # Clusters of a class lie together in one table, and all over the place in another.
        centers = np.repeat(rng.normal(size=(n, n_scores, n_columns)), self.n_clusters, axis=1)
        share = rng.uniform(0, 1, size=(n, 1, 1))
        centers = apart * ((1 - share) * centers + share * rng.normal(size=centers.shape))
        member = rng.integers(self.n_clusters * n_used[:, None], size=(n, n_rows))
        noise = spread * correlated(rng, relevant.shape, n_rows)
        hidden = centers[np.arange(n)[:, None], member] + noise
        scaled, points = hidden / spread, centers / spread
        closeness = (
            scaled @ points.transpose(0, 2, 1) - 0.5 * np.square(points).sum(axis=2)[:, None]
        )
        closeness = closeness.reshape(n, n_rows, n_scores, self.n_clusters)
        peak = closeness.max(axis=3, keepdims=True)
        scores = peak[..., 0] + np.log(np.exp(closeness - peak).sum(axis=3))
        hidden = standardized(hidden)
        return Table(shown(rng, hidden, hidden), standardized(scores))


@dataclass(frozen=True)
class CausalGraph(Ingredient):
    """Noise goes through a random network; columns and scores are read off at random nodes.

    Columns are causes, effects and siblings of the target, and of each other.
    """

    n_layers: int = 2

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        """See :class:`Ingredient`."""
        n, n_columns = relevant.shape
        # A graph has about twice as many nodes as there are columns to read off.
        most = 2 + -(-2 * n_columns // (self.n_layers + 1))
        n_nodes = 2 + -(-2 * relevant.sum(axis=1) // (self.n_layers + 1))
        alive = np.arange(most) < n_nodes[:, None]
        noise = np.exp(rng.uniform(np.log(0.01), np.log(0.5), size=(n, 1, 1)))
        layer = alive[:, None] * rng.normal(size=(n, n_rows, most))
        nodes = [layer]
        for _ in range(self.n_layers):
            weights = rng.normal(size=(n, most, most)) / np.sqrt(n_nodes)[:, None, None]
            weights *= rng.random(weights.shape) < rng.uniform(0.3, 1.0, size=(n, 1, 1))
            layer = standardized(activated(rng, layer @ weights))
            layer = alive[:, None] * (layer + noise * rng.normal(size=layer.shape))
            nodes.append(layer)
        graph = np.concatenate(nodes, axis=2)
        # The living nodes in random order, then the others; relevant columns take the first.
        luck = rng.random((n, graph.shape[2])) + np.tile(alive, (1, self.n_layers + 1))
        places = np.argsort(-luck, axis=1)
        turn = np.maximum(relevant.cumsum(axis=1) - 1, 0)
        read = take_columns(graph, np.take_along_axis(places, turn, axis=1))
        strangers = rng.normal(size=read.shape)
        hidden = standardized(np.where(relevant[:, None], read, strangers))
        # Cubes: one or two nodes make most of a score.
        scores = graph @ rng.normal(size=(n, graph.shape[2], n_scores)) ** 3
        return Table(shown(rng, hidden, hidden), standardized(scores))


@dataclass(frozen=True)
class Factors(Ingredient):
    """A few hidden factors decide the scores, and show in all relevant columns, with noise.

    Columns are symptoms: each tells something of the score, and they tell it together.
    """

    n_factors: int = 4
    n_hidden: int = 16

    def draw(self, rng, relevant, n_rows, n_scores, n_used):
        """See :class:`Ingredient`."""
        n, n_columns = relevant.shape
        alive = np.arange(self.n_factors) < rng.integers(1, self.n_factors + 1, size=(n, 1))
        factors = alive[:, None] * rng.normal(size=(n, n_rows, self.n_factors))
        # Cubes: one or two factors make most of a column.
        loads = alive[..., None] * rng.normal(size=(n, self.n_factors, n_columns)) ** 3
        signal = standardized(half_activated(rng, factors @ loads))
        noise = np.exp(rng.uniform(np.log(0.1), np.log(2.0), size=(n, 1, 1)))
        own = rng.normal(size=signal.shape)
        hidden = standardized(np.where(relevant[:, None], signal + noise * own, own))
        _, cells = categories(rng, hidden)
        weights = rng.normal(size=(n, self.n_factors, self.n_hidden))
        thought = half_activated(rng, factors @ weights + rng.normal(size=(n, 1, self.n_hidden)))
        scores = thought @ rng.normal(size=(n, self.n_hidden, n_scores))
        return Table(shown(rng, hidden, cells), standardized(scores))


def log_uniform(rng, least, most, size):
    """Draw whole numbers up to ``most``, few as likely as many: evenly by their logarithm."""
    return np.exp(rng.uniform(np.log(least), np.log(most + 1), size)).astype(int)


def correlated(rng, shape, n_rows):
    """Normal columns of variance 1 that share a few factors, more in one table, less in another."""
    (n, n_columns), n_factors = shape, 4
    factors = rng.normal(size=(n, n_rows, n_factors))
    strength = np.exp(rng.normal(size=(n, n_factors, 1))) / np.sqrt(n_factors)
    loads = strength * rng.normal(size=(n, n_factors, n_columns))
    share = rng.uniform(0, 2, size=(n, 1, 1))
    own = rng.normal(size=(n, n_rows, n_columns))
    scale = np.sqrt(1 + np.square(share) * np.square(loads).sum(axis=1, keepdims=True))
    return (own + share * (factors @ loads)) / scale


def categories(rng, Z):
    """Make some columns categories: a number of its own for each level, and the code people see.

    Levels are equally frequent in one column, and the first ones more frequent in another.
    """
    n, _, n_columns = Z.shape
    share = rng.choice([0.0, 0.0, 0.3, 0.7], size=(n, 1))
    categorical = rng.random((n, n_columns)) < share
    n_levels = log_uniform(rng, 2, MOST_LEVELS, (n, n_columns))
    rank = ndtr(Z) ** np.exp(rng.uniform(0, 1.5, size=(n, 1, n_columns)))
    level = np.minimum((rank * n_levels[:, None]).astype(int), n_levels[:, None] - 1)
    meanings = rng.normal(size=(n, n_columns, MOST_LEVELS))
    tables, columns = np.arange(n)[:, None, None], np.arange(n_columns)
    hidden = np.where(categorical[:, None], meanings[tables, columns, level], Z)
    return hidden, np.where(categorical[:, None], level, Z)


def shown(rng, hidden, cells):
    """Show columns as they are, skewed, heavy tailed, even, in steps, cut off, or as yes and no."""
    n, _, n_columns = cells.shape
    step = rng.uniform(0.3, 1.5, size=(n, 1, n_columns))
    ways = (
        np.exp(cells),
        cells**3,
        ndtr(cells),
        np.round(cells / step),
        np.maximum(cells, step),
        cells > step,
    )
    way = rng.integers(2 * len(ways), size=step.shape)  # half of them as they are
    as_is = (hidden != cells).any(axis=1, keepdims=True)  # so are categories
    return np.select([~as_is & (way == i) for i in range(len(ways))], ways, cells)


def activated(rng, Z):
    """Apply one of :data:`ACTIVATIONS` to all of a table."""
    which = rng.integers(len(ACTIVATIONS), size=len(Z))
    out = np.empty_like(Z)
    for i, activation in enumerate(ACTIVATIONS):
        out[which == i] = activation(Z[which == i])
    return out


def half_activated(rng, Z):
    """Apply one of :data:`ACTIVATIONS` to half of the tables."""
    return np.where(rng.random((len(Z), 1, 1)) < 0.5, Z, activated(rng, Z))


def standardized(Z):
    """Mean 0 and variance 1 over the rows; constant columns become 0."""
    Z = Z - Z.mean(axis=1, keepdims=True)
    return Z / np.maximum(Z.std(axis=1, keepdims=True), 1e-6)


def importance(rng, relevant):
    """Weights of columns, at most 1: alike in one table, of many sizes in another, or 0."""
    size = rng.exponential(0.6, size=(len(relevant), 1)) * rng.normal(size=relevant.shape)
    largest = np.where(relevant, size, -np.inf).max(axis=1, keepdims=True)
    return relevant * np.exp(np.minimum(size - largest, 0))


def pick(rng, weight, n_picks):
    """Draw columns by their weight, with replacement, shape (n, n_picks)."""
    with np.errstate(divide="ignore"):
        odds = np.log(weight)[:, None]
    return (odds + rng.gumbel(size=(len(weight), n_picks, weight.shape[1]))).argmax(axis=2)


def take_columns(Z, columns):
    """Columns of each table: (n, T, D) and (n, m) -> (n, T, m)."""
    return np.take_along_axis(Z, columns[:, None], axis=2)


INGREDIENTS: tuple[Ingredient, ...] = (
    Linear(),
    Additive(),
    Interactions(),
    Trees(),
    RandomNetwork(),
    Prototypes(),
    Clusters(n_clusters=1),
    Clusters(n_clusters=3),
    CausalGraph(),
    Factors(n_factors=2),
    Factors(n_factors=4),
)
