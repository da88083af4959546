"""MemoryAccessDisplay: where a memory-augmented network reads and writes."""

from __future__ import annotations

import numpy as np

from skmeta.artifacts import load_learner
from skmeta.engines import numpy_ops
from skmeta.inspection._axes import grid_of_axes
from skmeta.memory import MANN
from skmeta.networks import part_weights
from skmeta.sequences import encode_labels


class MemoryAccessDisplay:
    """Heat maps of the read and write weights of an episode, slots against steps.

    At step t the network sees row t and the label of row t - 1, writes, and
    then reads to answer row t. Axes: T steps, R heads, N slots.

    Parameters
    ----------
    read_weights : array-like of shape (T, R, N)
        Non-negative; those of a step and head sum to 1.
    write_weights : array-like of shape (T, R, N)
        Likewise.
    targets : array-like of shape (T,), optional
        What to write above the steps where there is one column of pictures,
        such as the classes of the rows.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes, shape (2, n_columns)
        Reads above, writes below; one column, or one a head.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    images_ : ndarray of matplotlib AxesImage, shape (2, n_columns)

    Raises
    ------
    ValueError
        If the arrays have other shapes.

    References
    ----------
    A. Santoro et al., "One-shot Learning with Memory-Augmented Neural
    Networks", arXiv:1605.06065, 2016, section 3.

    Examples
    --------
    >>> from skmeta.inspection import MemoryAccessDisplay
    >>> from skmeta.tasks import from_classes
    >>> from skmeta.datasets import load_omniglot_sample
    >>> sample = load_omniglot_sample()
    >>> episode = from_classes(sample.images, sample.target).batch(0, 1, seed=0)
    >>> display = MemoryAccessDisplay.from_learner(
    ...     "mann-omniglot", episode.inputs[0], episode.targets[0]
    ... )  # doctest: +SKIP
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(self, read_weights, write_weights, *, targets=None):
        self.read_weights = np.asarray(read_weights, dtype=float)
        self.write_weights = np.asarray(write_weights, dtype=float)
        self.targets = None if targets is None else np.asarray(targets)
        shape = self.read_weights.shape
        if len(shape) != 3 or self.write_weights.shape != shape:
            raise ValueError(
                "read_weights and write_weights must both have shape (T, R, N), "
                f"got {shape} and {self.write_weights.shape}."
            )
        if self.targets is not None and self.targets.shape != shape[:1]:
            raise ValueError(f"targets must have shape {shape[:1]}, got {self.targets.shape}.")

    @classmethod
    def from_learner(cls, learner, inputs, targets):
        """Let a learner read one episode row by row, and note where its heads go.

        Parameters
        ----------
        learner : str, path-like or Learner
            A learner whose memory is a :class:`skmeta.memory.MANN`.
        inputs : array-like of shape (T, *input_shape)
            Rows of one episode.
        targets : array-like of shape (T,), (T, L) or (T, n_outputs)
            Their classes, label strings or real numbers.

        Returns
        -------
        display : MemoryAccessDisplay
            With ``targets`` where they are classes.

        Raises
        ------
        ArtifactError
            If the learner cannot be loaded.
        ValueError
            If its memory has no slots, or rows and targets are not like its own.
        """
        learner = load_learner(learner)
        inputs, targets = _checked_episode(learner, inputs, targets)
        labels = encode_labels(targets, learner.spec)
        state = learner.initial_state(1)
        reads, writes = [], []
        for t in range(len(inputs)):
            before = state.cell
            state, _ = learner.learn(state, inputs[None, t : t + 1], labels[None, t : t + 1])
            writes.append(_write_weights(learner, before, state.cell)[0])
            reads.append(state.cell.read_weights[0])
        classes = learner.spec.kind == "classification" and targets.ndim == 1
        return cls(np.stack(reads), np.stack(writes), targets=targets if classes else None)

    def plot(self, ax=None, *, heads="max", order="first_write", **image_kwargs):
        """Draw the weights, on a scale from 0 to 1 that goes with their square root.

        Parameters
        ----------
        ax : array-like of matplotlib Axes, optional
            Two Axes, or 2 x R with ``heads="each"``; a new figure by default.
        heads : {"max", "each"}, default="max"
            One picture with the largest weight of any head, or one a head.
        order : {"first_write", "slot"}, default="first_write"
            Slots in the order in which they are first written to, or by number.
        **image_kwargs
            Passed to ``Axes.imshow``: ``norm``, or ``vmin`` and ``vmax``, for another scale.

        Returns
        -------
        self : MemoryAccessDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If an option is unknown or the number of Axes is wrong.
        """
        if heads not in ("max", "each") or order not in ("first_write", "slot"):
            raise ValueError(
                "heads must be 'max' or 'each' and order 'first_write' or 'slot', "
                f"got {heads!r} and {order!r}."
            )
        n_slots = self.read_weights.shape[2]
        slots = self.first_writes() if order == "first_write" else np.arange(n_slots)
        pair = np.stack([self.read_weights, self.write_weights])[..., slots]  # (2, T, R, N)
        pictures = pair.max(axis=2, keepdims=True) if heads == "max" else pair
        n_columns = pictures.shape[2]
        figsize = (max(6.4, 3.2 * n_columns), 6.4)
        self.axes_ = grid_of_axes(self, ax, (2, n_columns), figsize)
        self.ax_, self.figure_ = self.axes_[0, 0], self.axes_[0, 0].figure
        style = {"cmap": "Blues", "aspect": "auto", "interpolation": "nearest", "origin": "lower"}
        if not {"norm", "vmin", "vmax"} & set(image_kwargs):
            style["norm"] = _square_root_scale()
        style |= image_kwargs
        self.images_ = np.empty((2, n_columns), dtype=object)
        for row, column in np.ndindex(2, n_columns):
            image = self.axes_[row, column].imshow(pictures[row, :, column].T, **style)
            self.images_[row, column] = image
        self._decorate(heads, "Slot, by first write" if order == "first_write" else "Slot")
        return self

    def first_writes(self):
        """Return the slots in the order in which they are first written to.

        Returns
        -------
        slots : ndarray of int, shape (N,)
            A write counts from half of what the slot ever gets in one step.
        """
        writes = self.write_weights.max(axis=1)  # (T, N)
        first = (writes >= 0.5 * writes.max(axis=0)).argmax(axis=0)
        # Slots that are never written to in earnest come last.
        first = np.where(writes.max(axis=0) < 0.05, len(writes), first)
        return np.argsort(first, kind="stable")

    def _decorate(self, heads, slot_label):
        marked = self.targets is not None and self.axes_.shape[1] == 1
        for column, (read_ax, write_ax) in enumerate(self.axes_.T):
            head = f", head {column + 1}" if heads == "each" else ""
            read_ax.set_title(f"Read weights{head}", pad=18 if marked else 6)
            write_ax.set_title(f"Write weights{head}")
            write_ax.set_xlabel("Step")
            if marked:
                _mark_targets(read_ax, self.targets)
        for row in range(2):
            self.axes_[row, 0].set_ylabel(slot_label)
            self.figure_.colorbar(
                self.images_[row, -1], ax=list(self.axes_[row]), fraction=0.03, pad=0.01
            )


def _mark_targets(ax, targets):
    """Write the class of each row above its step, each class in a colour of its own."""
    colors = {target: f"C{i % 10}" for i, target in enumerate(np.unique(targets))}
    style = {"fontsize": 7, "ha": "center", "va": "bottom", "weight": "bold"}
    for step, target in enumerate(targets):
        place = {"transform": ax.get_xaxis_transform(), "color": colors[target]}
        ax.text(step, 1.01, str(target), **place, **style)


def _square_root_scale():
    """Colours that show a head spread over 128 slots beside one that points at a single slot."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, vmin=0.0, vmax=1.0)


def _checked_episode(learner, inputs, targets):
    memory = learner.network.memory
    if not isinstance(memory, MANN):
        raise ValueError(
            f"{learner!r} has no slots to look at: its memory is {type(memory).__name__}. "
            "Choose a learner with a MANN, such as 'mann-omniglot'."
        )
    inputs, targets = np.asarray(inputs, dtype=np.float32), np.asarray(targets)
    shape = learner.spec.input_shape
    if inputs.shape[1:] != shape or not len(inputs):
        raise ValueError(
            f"inputs must hold rows of one episode, shape (T, {', '.join(map(str, shape))}), "
            f"got {inputs.shape}."
        )
    if learner.spec.kind == "regression" and targets.ndim == 1:
        targets = targets[:, None]
    if targets.shape[:1] != inputs.shape[:1]:
        raise ValueError(
            f"Every row needs its target: got {len(inputs)} rows and targets of shape "
            f"{targets.shape}."
        )
    return inputs, targets


def _write_weights(learner, before, after):
    """Write weights of a step, (1, R, N), from the MANN's states around it (paper eq. 7)."""
    memory = learner.network.memory
    weights = part_weights(learner.weights, "memory")
    access = memory.access(numpy_ops, weights, after.controller.hidden)
    return memory.write_weights(numpy_ops, access, before)[0]
