"""
==========================
Five memories, looked into
==========================

What an LSTM, fast weights, least squares, an associative memory and prototypes hold while they
read. The heads of a memory-augmented network have an example of their own
(:doc:`plot_memory_access`).
"""

# %%
# LSTM: a function in 32 cells
# ----------------------------
# ``lstm-quadratic`` reads 40 values of a quadratic function of two inputs. What it knows of the
# function then lies in its cells. It was never shown a coefficient, yet a linear map of the cells,
# fitted on other functions, tells all six. Some cells follow the row at hand, others settle.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

from skmeta import load_learner
from skmeta.tasks import QuadraticTasks

learner, tasks = load_learner("lstm-quadratic"), QuadraticTasks()
rng = np.random.default_rng(1)
n_functions, n_rows = 2000, 40
coefficients = tasks.draw_functions(rng, n_functions)
X = tasks.draw_inputs(rng, n_functions, n_rows)
y = tasks.evaluate(coefficients, X)

state, cells = learner.initial_state(n_functions), []
for row in range(n_rows):
    now = slice(row, row + 1)
    state = learner.store(state, X[:, now], y[:, now, None])
    cells.append(state.cell.carousel)
cells = np.tanh(cells)  # (rows, functions, cells)

others, new = slice(1500), slice(1500, None)
probes = [Ridge(1e-2).fit(c[others], coefficients[others]) for c in cells]
for row in (5, 10, 20, 40):
    score = probes[row - 1].score(cells[row - 1][new], coefficients[new])
    print(f"after {row:2} rows: R2 of the coefficients of other functions {score:.3f}")

figure, (above, below) = plt.subplots(
    2, 1, num="lstm", figsize=(7.5, 6), sharex=True, layout="constrained"
)
# The function whose coefficients are easiest to tell apart
shown = 1500 + np.diff(np.sort(coefficients[new])).min(axis=1).argmax()
read_off = np.array([probe.predict(c[[shown]])[0] for probe, c in zip(probes, cells, strict=True)])
rows, numbers = np.arange(1, n_rows + 1), np.arange(1, cells.shape[2] + 1)
values = cells[:, shown, np.argsort(cells[-1, shown])].T
image = above.pcolormesh(rows, numbers, values, cmap="RdBu_r", vmin=-1, vmax=1)
above.set(title="The cells, while one function is read", ylabel="Cell, by its last value")
figure.colorbar(image, ax=above, label="tanh of the cell", pad=0.01)
for place, name in enumerate(("x_1^2", "x_2^2", "x_1 x_2", "x_1", "x_2", "1")):
    (line,) = below.plot(rows, read_off[:, place], label=f"of ${name}$")
    below.axhline(coefficients[shown, place], color=line.get_color(), ls=":", lw=1.2)
below.set(title="Its coefficients, read off the cells (dotted: in truth)", ylabel="Coefficient")
below.set_xlabel("Rows read")
figure.legend(frameon=False, ncols=6, loc="outside lower center")

# %%
# Fast weights: a key finds what was written under it last
# --------------------------------------------------------
# One head, whose store is a matrix. Each dot writes a value under one of three keys. If they are at
# right angles, and ``beta = 1``, a write replaces what was under its key and leaves the others
# alone. If two are alike, it moves what both find; with ``beta = 1/2`` it goes half of the way.
# More keys than the store has dimensions cannot all be at right angles: what is old fades, sooner
# in a small store.

from skmeta.engines import numpy_ops
from skmeta.memory import FastWeights, map_state


def empty_store(memory, n_stores=1):
    """The store of the one layer of a memory, (n_stores, 1 head, K, V)."""
    return map_state(lambda part: part[:, 0], memory.initial_state(numpy_ops, n_stores, 1))


def wrote(memory, store, keys, values, gate):
    """The store after rows (n_stores, T, K) and (n_stores, T, V)."""
    gates = np.full((len(keys), 1, keys.shape[1]), gate)
    changes = memory.changes(numpy_ops, store, keys[:, None], values[:, None], gates)
    return memory.changed(numpy_ops, store, changes)


def found(memory, store, queries):
    """What queries (n_stores, N, K) find, (n_stores, N, V)."""
    return memory.found(numpy_ops, store, queries[:, None], None, None)[:, 0]


memory = FastWeights(n_units=4, n_layers=1, n_heads=1)
rng = np.random.default_rng(2)
order, values = [0, 1, 2, 0, 1, 0, 2, 1, 0, 2], rng.uniform(-1, 1, 10).round(1)
apart = np.eye(3, 4)
alike = np.array([apart[0], 0.7 * apart[0] + np.sqrt(1 - 0.7**2) * apart[1], apart[2]])
surely, half = 20.0, 0.0  # beta = sigmoid(gate)
settings = {
    r"Keys at right angles, $\beta = 1$": (apart, surely),
    r"a and b alike (cosine 0.7), $\beta = 1$": (alike, surely),
    r"Keys at right angles, $\beta = 1/2$": (apart, half),
}
figure, axes = plt.subplots(2, 2, num="fast_weights", figsize=(9, 6), layout="constrained")
n_writes = len(order)
for ax, (title, (keys, gate)) in zip(axes.flat, settings.items(), strict=False):
    store, curves, last = empty_store(memory), np.zeros((n_writes + 1, 2, 3)), np.zeros(3)
    for write, (key, value) in enumerate(zip(order, values, strict=True), start=1):
        store = wrote(memory, store, keys[None, [key]], np.full((1, 1, 4), value), gate)
        last[key] = value
        curves[write] = found(memory, store, keys[None])[0, :, 0], last
    for key, (reads, stored) in enumerate(curves.transpose(2, 1, 0)):
        edges, color = np.arange(n_writes + 2), f"C{key}"
        ax.stairs(stored, edges, baseline=None, color=color, ls=":", lw=1.2)
        ax.stairs(reads, edges, baseline=None, color=color, lw=2, label=f"found under {'abc'[key]}")
        own = np.flatnonzero(np.equal(order, key))
        ax.plot(own + 1, values[own], "o", color=color)
    ax.set(title=title, xlabel="Writes", ylabel="Value", ylim=(-1.1, 1.1), xticks=edges[:-1])
    ax.grid(alpha=0.3)
ax.plot([], [], "o:", color="gray", label="written last")
figure.legend(*ax.get_legend_handles_labels(), frameon=False, ncols=4, loc="outside upper center")

ax, n_writes, n_stores = axes[1, 1], 60, 200
for size, color in zip((8, 16, 32), ("0.7", "0.45", "0"), strict=True):
    memory = FastWeights(n_units=size, n_layers=1, n_heads=1)
    keys, values = rng.normal(size=(2, n_stores, n_writes, size))
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    store = wrote(memory, empty_store(memory, n_stores), keys, values, surely)
    reads = found(memory, store, keys)
    cosine = (reads * values).sum(axis=-1)
    cosine /= np.linalg.norm(reads, axis=-1) * np.linalg.norm(values, axis=-1)
    ax.plot(np.arange(n_writes), cosine.mean(axis=0)[::-1], color=color, label=f"{size} x {size}")
ax.set(title=r"Random keys, $\beta = 1$", xlabel="Other writes since", ylim=(0, 1.05))
ax.set_ylabel("Cosine of found and written")
ax.grid(alpha=0.3)
ax.legend(frameon=False, title="store")

# %%
# Least squares: a mean, and what is left to know
# -----------------------------------------------
# A learner makes keys by itself. Here they are waves in ``x``, so chosen that the product of two
# is ``exp(-(x - x')^2 / 2)``. Then the memory is a Gaussian process with that kernel, although it
# holds two matrices and no row: a key finds the mean, and ``q^T P q``, the variance that is left,
# falls from 1 where rows come.

from skmeta.memory import LeastSquares
from skmeta.memory.least_squares import LEAST_NOISE
from skmeta.tasks import GaussianProcessTasks

# Quadrature: E cos(w (x - x')) over normal w is that kernel. Of w and -w one is enough.
frequencies, shares = (part[16:] for part in np.polynomial.hermite_e.hermegauss(32))
loudness = np.sqrt(shares / shares.sum())


def key_of(x):
    """Keys of length 1, (1, n, 32), of numbers (n,)."""
    waves = np.multiply.outer(x, frequencies)
    return np.concatenate([loudness * np.cos(waves), loudness * np.sin(waves)], axis=-1)[None]


memory = LeastSquares(n_units=32, n_layers=1, n_heads=1)
tasks = GaussianProcessTasks(noise=0.2)
X, y, _, _ = tasks.evaluation_problems(1, 15, 1, seed=21)
gate = np.log(np.expm1(tasks.noise**2 - LEAST_NOISE))  # noise n = softplus(gate) + LEAST_NOISE
grid = np.linspace(-2, 2, 200)

figure, axes = plt.subplots(
    2, 3, num="least_squares", figsize=(9.5, 5), sharex=True, sharey="row", layout="constrained"
)
store, read = empty_store(memory), 0
for (above, below), n_rows in zip(axes.T, (2, 5, 15), strict=True):
    targets = np.repeat(y[:, read:n_rows, None], 32, axis=2)
    store, read = wrote(memory, store, key_of(X[0, read:n_rows, 0]), targets, gate), n_rows
    answer = found(memory, store, key_of(grid))[0]
    mean, variance = answer[:, 0], answer[:, -1]
    exact, _ = tasks.oracle_predict(X[:, :n_rows], y[:, :n_rows], grid[None, :, None])
    print(f"{n_rows:2} rows: {np.abs(mean - exact[0]).max():.0e} from the process at most")

    band = 2 * np.sqrt(variance)
    label = r"$S^T q \pm 2 \sqrt{q^T P q}$"
    above.fill_between(grid, mean - band, mean + band, alpha=0.2, lw=0, label=label)
    above.plot(grid, mean, label="$S^T q$")
    above.plot(grid, exact[0], "k:", label="Gaussian process")
    above.plot(X[0, :n_rows, 0], y[0, :n_rows], "ko", ms=4, label="rows read")
    above.set_title(f"{n_rows} rows")
    below.semilogy(grid, variance)
    below.plot(X[0, :n_rows, 0], np.full(n_rows, 0.006), "k|", ms=8)
    below.set(xlabel="x", ylim=(0.005, 1.3))
    below.grid(alpha=0.3)
axes[0, 0].set_ylabel("Target")
axes[1, 0].set_ylabel("Variance left, $q^T P q$")
figure.legend(
    *above.get_legend_handles_labels(), frameon=False, ncols=4, loc="outside upper center"
)

# %%
# Associative memory: slots that fill, merge and give way
# -------------------------------------------------------
# Four slots, with the keys of ``omniglot``. Drawings come from left to right; below each are the
# slots after it, coloured by label. In a full memory a drawing joins the nearest slot of its label.
# A new label takes the slot that was used least of late, and what was there moves to another slot
# of its label; if there is none, it is lost.

from dataclasses import replace

from skmeta.datasets import load_omniglot_sample
from skmeta.memory import Associative
from skmeta.networks import Learner

shipped, sample = load_learner("omniglot"), load_omniglot_sample(28)
drawings = sample.images.reshape(40, 20, 28, 28)
network = replace(shipped.network, memory=Associative(n_slots=4, n_units=128))
learner = Learner(network, shipped.weights)

NAMES = "ABCDE"
labels = np.array([0, 0, 1, 2, 1, 0, 3, 3, 4, 2])
characters = (3, 17, 28, 9, 22)
count = [np.sum(labels[:row] == label) for row, label in enumerate(labels)]
X = drawings[np.take(characters, labels), count]
keys = network.embed(numpy_ops, learner.weights, X)


def event(before, label, written):
    """In words, from the state before a row, its label, and which slots have changed."""
    if not before.filled.all():
        return "fills"
    if before.labels[0, :, label].any():
        return "joins"
    left = NAMES[before.labels[0, before.usage[0].argmin()].argmax()]
    return f"takes,\n{left} moves" if written.sum() == 2 else f"takes,\n{left} lost"


states = [learner.initial_state(1)]
for x, label in zip(X, labels, strict=True):
    states.append(learner.store(states[-1], x[None, None], np.eye(100)[None, [label]]))
most_used = max(state.usage.max() for state in states)

figure, axes = plt.subplots(
    5,
    len(labels),
    num="associative",
    figsize=(10, 5.6),
    subplot_kw={"xticks": [], "yticks": [], "xlim": (-0.5, 30.5), "ylim": (27.5, -0.5)},
    layout="constrained",
)
for row, column in enumerate(axes.T):
    before, state = states[row : row + 2]
    written = np.any(state.keys[0] != before.keys[0], axis=1)
    held = state.keys[0] @ np.linalg.pinv(keys)  # a slot's key is the sum of its rows' keys
    column[0].imshow(X[row], cmap="gray_r")
    column[0].set_title(NAMES[labels[row]], color=f"C{labels[row]}")
    for slot, ax in enumerate(column[1:]):
        label = state.labels[0, slot].argmax()
        color = f"C{label}" if state.filled[0, slot] else "0.85"
        ax.imshow(np.tensordot(held[slot], X, 1), cmap="gray_r", vmin=0, vmax=1)
        height = 28 * state.usage[0, slot] / most_used
        ax.bar(29, -height, width=2, bottom=27.5, color=color)
        ax.spines[:].set(color=color, linewidth=4 if written[slot] else 1)
    column[-1].set_xlabel(event(before, labels[row], written), fontsize=9)
for row, ax in enumerate(axes[:, 0]):
    ax.set_ylabel(f"slot {row}" if row else "comes", rotation=0, ha="right", va="center")
figure.suptitle("From left to right (thick frame: written; bar: usage of late)", fontsize=11)

# %%
# Prototypes: the mean of a class, where means tell something
# -----------------------------------------------------------
# Five characters that ``omniglot`` was not trained on, in the plane of two principal components.
# Among pixels drawings of one character lie far apart. Among keys they lie together, and nearly
# always the key of one drawing stands for all. This draw is an exception, chosen to show one: the
# first drawing of the orange character looks like the red one. Four more put that right.

from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

rng = np.random.default_rng(398)
characters, order = rng.choice(40, 5, replace=False), rng.permutation(20)
X, y = drawings[characters][:, order].swapaxes(0, 1).reshape(100, 28, 28), np.tile(np.arange(5), 20)
pixels, keys = X.reshape(100, -1), shipped.network.embed(numpy_ops, shipped.weights, X)


def read_prototypes(n_shots):
    """Directions of the prototypes after drawings of each character, and answers to the others."""
    read = slice(5 * n_shots)
    state = shipped.store(shipped.initial_state(1), X[None, read], np.eye(100)[None, y[read]])
    answers = shipped.read(state, X[5 * n_shots :])[:, 0].argmax(axis=-1)
    prototypes = state.keys[0, :5]
    return prototypes / np.linalg.norm(prototypes, axis=1, keepdims=True), answers


means = pixels[:25].reshape(5, 5, -1).mean(axis=0)  # drawing by drawing, all five in turn
nearest = KNeighborsClassifier(1).fit(means, np.arange(5)).predict(pixels[25:])
pictures = {
    "Pixels, 5 drawings": (5, pixels, means, nearest),
    "Keys, 1 drawing": (1, keys, *read_prototypes(1)),
    "Keys, 5 drawings": (5, keys, *read_prototypes(5)),
}
colors = np.array([f"C{label}" for label in range(5)])
figure, axes = plt.subplots(1, 3, num="prototypes", figsize=(11, 4.1), layout="constrained")
for ax, (title, (n_shots, points, centers, answers)) in zip(axes, pictures.items(), strict=True):
    read, asked = slice(5 * n_shots), slice(5 * n_shots, None)
    plane = PCA(2, random_state=0).fit(points)
    across, up = plane.transform(points).T
    wrong = answers != y[asked]
    ax.scatter(across[asked], up[asked], c=colors[y[asked]], s=12, label="asked")
    ax.scatter(across[read], up[read], c=colors[y[read]], marker="s", s=30, label="read")
    centers = plane.transform(centers).T
    ax.scatter(*centers, c=colors, marker="*", s=260, ec="k", label="mean of a class")
    ring = {"s": 60, "fc": "none", "ec": "k", "lw": 0.8, "label": "wrong"}
    ax.scatter(across[asked][wrong], up[asked][wrong], **ring)
    ax.set_title(f"{title} each:\n{np.mean(~wrong):.0%} of the others right", fontsize=11)
    shares = plane.explained_variance_ratio_
    ax.set_xlabel(f"1st component, {shares[0]:.0%} of the variance")
    ax.set_ylabel(f"2nd component, {shares[1]:.0%}")
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(x=0.2)
for ax, last in zip(axes[1:], (5, 100), strict=True):  # a drawing beside the mean of its class
    stars = ax.collections[2]
    for place, color, x in zip(stars.get_offsets(), colors, X[last - 5 : last], strict=True):
        paper = OffsetImage(x, zoom=0.9, cmap="gray_r")
        style = {"boxcoords": "offset points", "pad": 0.1, "bboxprops": {"edgecolor": color}}
        ax.add_artist(AnnotationBbox(paper, place, (30, 0), **style))
figure.legend(*ax.get_legend_handles_labels(), frameon=False, ncols=4, loc="outside lower center")
plt.show()
