"""MetaTrainer: meta-training as a scikit-learn estimator whose samples are tasks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skmeta.artifacts import ENCODERS, MEMORIES, load_learner, name_of, rounded
from skmeta.files import check_folder
from skmeta.memory import FastWeights, Memory
from skmeta.networks import ConvEncoder, Encoder, Learner, Network, TableEncoder, part_weights
from skmeta.networks.learner import INPUT_KERNEL
from skmeta.tasks import TaskFamily
from skmeta.tasks._base import check_description
from skmeta.training.evaluation import mean_of_scores


class MetaTrainer(BaseEstimator):
    """Train a network with a memory to be a learning algorithm.

    The samples of ``fit`` are tasks. A cosine schedule from ``learning_rate``
    down to a hundredth of it, gradients clipped to norm 1; the loss is the negative
    log-likelihood of every label before it is shown.

    Parameters
    ----------
    memory : {"lstm", "mann", "associative", "prototypes", "fast-weights", "least-squares"} or \
            Memory, default="lstm"
        The recurrent cell; a :class:`skmeta.memory.Memory` brings options of its own.
    encoder : {"auto", "flat", "dense", "table", "conv"}, Encoder or Learner, default="auto"
        What turns a row into features: "conv" for pictures of 16 x 16 pixels or more. "auto" takes
        "table" for rows of tables, and "flat" for others. A learner lends its encoder, and the
        weights of that to begin from: an eye that was trained with one memory, for another.
    n_units : int or None, default=None
        Units of the memory: its own ``n_units``. None keeps the memory's number. Of "fast-weights"
        and "least-squares" a multiple of their heads, which are 4 unless a Memory says otherwise.
    n_steps : int, default=10_000
        Steps of gradient descent.
    batch_size : int, default=16
        Episodes a step.
    optimizer : {"adam", "muon"}, default="adam"
        "muon" makes the momentum of matrices orthogonal (Jordan et al. 2024); the rest, and
        the readout, move as with "adam". It needs about half the steps from first weights behind
        convolutions, at rates of about 5e-3: a matrix moves by five times the rate, by its
        largest singular value.
    precision : {"float32", "bfloat16"}, default="float32"
        Of convolutions in meta-training: "bfloat16" rounds what they are given and return to 8
        bits, and takes about half the time where the hardware has it. Learners compute in float32,
        from trained weights that are rounded to float16 in the end, which halves their files.
    learning_rate : float, default=1e-3
        Peak of the schedule.
    validate_every : int, default=1_000
        Steps between two looks at the held-out tasks, and between two checkpoints.
    patience : int or None, default=None
        Stop after so many looks without a better validation loss, and keep the
        best weights. None trains to the end and keeps the last.
    checkpoint : str, path-like or None, default=None
        File that the run is saved to, and goes on from if it exists. It belongs to one run: a
        search over settings does without.
    warm_start : str, path-like, Learner or None, default=None
        Learner to go on from: its architecture and weights, in place of ``memory`` and
        ``n_units``, and of ``encoder="auto"``. Rows have to be of the same shape. Before a memory
        of fast weights, though, tables may have more columns, whose first weights are mixtures of
        those of others, and a :class:`skmeta.networks.TableEncoder` as ``encoder`` may bring more
        steps than the learner's, which count for nothing at first. So may a
        :class:`skmeta.networks.ConvEncoder` bring more residual convolutions. If ``memory`` is the
        learner's memory with a smaller ``expansion``, the hidden units that change tokens most are
        kept.
        For other labels or another kind of target, the weights that meet them start anew:
        the readout, and weights of the memory whose shape depends on the label.
    random_state : int, default=0
        Names the first weights and the stream of episodes. The same number
        gives the same weights and batches on every backend.
    verbose : int, default=0
        1 prints a line of progress to the standard error stream.

    Attributes
    ----------
    learner_ : Learner
        The trained network with frozen weights.
    history_ : dict of str to list
        "step", "loss" (mean nats a step since the report before), and
        "validation_step", "validation_loss".
    n_steps_ : int
        Steps taken.

    References
    ----------
    S. Hochreiter, A. S. Younger, P. R. Conwell, "Learning to Learn Using
    Gradient Descent", ICANN 2001.

    Examples
    --------
    >>> from skmeta import MetaTrainer
    >>> from skmeta.tasks import BooleanTasks
    >>> trainer = MetaTrainer(memory="lstm", n_units=8, n_steps=2)
    >>> trainer.fit(BooleanTasks(n_steps=10)).n_steps_  # doctest: +SKIP
    2
    """

    _parameter_constraints: dict = {
        "memory": [StrOptions(set(MEMORIES)), Memory],
        "encoder": [StrOptions({"auto", *ENCODERS}), Encoder, Learner],
        "n_units": [Interval(Integral, 1, None, closed="left"), None],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [StrOptions({"adam", "muon"})],
        "precision": [StrOptions({"float32", "bfloat16"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "validate_every": [Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "checkpoint": [str, os.PathLike, None],
        "warm_start": [str, os.PathLike, Learner, None],
        "random_state": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        memory="lstm",
        *,
        encoder="auto",
        n_units=None,
        n_steps=10_000,
        batch_size=16,
        optimizer="adam",
        precision="float32",
        learning_rate=1e-3,
        validate_every=1_000,
        patience=None,
        checkpoint=None,
        warm_start=None,
        random_state=0,
        verbose=0,
    ):
        self.memory = memory
        self.encoder = encoder
        self.n_units = n_units
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.precision = precision
        self.learning_rate = learning_rate
        self.validate_every = validate_every
        self.patience = patience
        self.checkpoint = checkpoint
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, tasks, y=None, *, validation_tasks=None):
        """Meta-train on a stream of tasks.

        Parameters
        ----------
        tasks : TaskFamily or sequence of TaskFamily
            Batch i comes from family ``i % len(tasks)``.
        y : None
            Ignored: a task has its own targets.
        validation_tasks : TaskFamily or sequence of TaskFamily, optional
            Held-out tasks, looked at every ``validate_every`` steps. Of several families, whose
            episodes may differ in length, the mean loss counts.

        Returns
        -------
        self : MetaTrainer

        Raises
        ------
        ValueError
            If a parameter is out of range, families disagree on what a row is,
            ``warm_start`` or a learner as ``encoder`` reads other rows, there are both, or that
            learner has no trained encoder.
        ArtifactError
            If the checkpoint is damaged or belongs to a run with other settings, or
            ``warm_start`` cannot be loaded.
        FileNotFoundError, IsADirectoryError
            If there is no folder for the checkpoint, or it is one.
        FloatingPointError
            If the loss is not finite.
        TypeError
            If a family of one's own has no TaskSpec, or draws no EpisodeBatch of numbers.
        """
        self._validate_params()
        if self.patience is not None and validation_tasks is None:
            raise ValueError(
                "patience needs held-out tasks: pass validation_tasks to fit, or patience=None."
            )
        if self.checkpoint is not None:
            check_folder(self.checkpoint, "the checkpoint ")
        families = check_tasks(tasks)
        held_out = None
        if validation_tasks is not None:
            held_out = check_tasks(validation_tasks, one_length=False)
        if held_out and held_out[0].spec != families[0].spec:
            raise ValueError(
                f"validation_tasks must look like tasks: expected {families[0].spec}, "
                f"got {held_out[0].spec}."
            )
        from skmeta.training.run import Run  # imports Keras

        network, weights = self._first_learner(families)
        run = Run(self, network, weights, families, held_out)
        run.resume()
        run.train()
        weights = run.kept_weights()
        if self.precision == "bfloat16":
            specs = network.weight_specs()
            weights = weights | rounded({k: w for k, w in weights.items() if specs[k].trainable})
        learner = Learner(network, weights, self._card(run))
        self.learner_, self.history_, self.n_steps_ = learner, run.history, run.step
        return self

    def score(self, tasks, y=None):
        """Return the mean score of the trained learner on tasks.

        Parameters
        ----------
        tasks : TaskFamily or sequence of TaskFamily
        y : None
            Ignored.

        Returns
        -------
        score : float
            Mean log-likelihood of the labels, nats a step: higher is better.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If nothing was trained yet.
        ValueError
            If the tasks are not like those of the learner.
        """
        check_is_fitted(self, "learner_")
        families = check_tasks(tasks, one_length=False)
        return mean_of_scores(self.learner_, families, self.random_state)

    def _first_learner(self, families):
        """Architecture and first weights."""
        if self.warm_start is not None:
            if isinstance(self.encoder, Learner):
                raise ValueError(
                    "warm_start brings an encoder with its weights, and so does a learner as "
                    "encoder: give one of them."
                )
            return self._begun(load_learner(self.warm_start), families)
        memory = MEMORIES[self.memory]() if isinstance(self.memory, str) else self.memory
        if self.n_units is not None:
            memory = memory.resized(int(self.n_units))
        network = Network(families[0].spec, memory, self._encoder(families[0].spec))
        weights = network.initial_weights(self.random_state)
        weights.update(_measured_scales(network.spec, families, self.random_state))
        if isinstance(self.encoder, Learner):
            weights.update(_lent(self.encoder, network.spec))
        return network, weights

    def _encoder(self, spec):
        if self.encoder == "auto":
            return ENCODERS["table" if spec.table else "flat"]()
        if isinstance(self.encoder, Learner):
            return self.encoder.network.encoder
        return ENCODERS[self.encoder]() if isinstance(self.encoder, str) else self.encoder

    def _begun(self, learner, families):
        """Architecture and weights of a learner; what is new meets them with new weights."""
        learner = self._slim(learner)
        spec, found = families[0].spec, learner.spec
        encoder = learner.network.encoder if self.encoder == "auto" else self._encoder(spec)
        if (spec, encoder) == (found, learner.network.encoder):
            return learner.network, dict(learner.weights)
        alike = (found.input_shape, found.table) == (spec.input_shape, spec.table)
        wider = found.table and spec.table and spec.n_columns > found.n_columns
        if not (alike or wider):
            way_out = ""
            if found.table and spec.table:  # narrower
                way_out = f" Give the tasks n_columns={found.n_columns}, places that may be empty."
            raise ValueError(
                f"warm_start was trained on {found}, the tasks are {spec}. Rows must be alike."
                + way_out
            )
        network = Network(spec, learner.network.memory, encoder)
        weights = network.initial_weights(self.random_state)
        weights.update(_measured_scales(spec, families, self.random_state))
        known = dict(learner.weights)
        deeper = isinstance(encoder, ConvEncoder) and encoder.deepens(learner.network.encoder)
        if wider or (encoder != learner.network.encoder and not deeper):
            known[INPUT_KERNEL] = _resized(learner, network, self.random_state)
        same_answer = spec == replace(found, input_shape=spec.input_shape, weighted=spec.weighted)
        for name, weight in known.items():
            answer = name.startswith("readout/") or name == "memory/label_kernel"
            if (same_answer or not answer) and weight.shape == weights[name].shape:
                weights[name] = weight
        return network, weights

    def _slim(self, learner):
        """Return a learner with fewer hidden units, if ``memory`` has them."""
        network = learner.network
        old, new = network.memory, self.memory
        if not (isinstance(old, FastWeights) and type(new) is type(old)):
            return learner
        if replace(new, expansion=old.expansion) != old or new.expansion >= old.expansion:
            return learner
        weights = {**learner.weights}
        slim = old.slimmed(part_weights(weights, "memory"), new.expansion)
        weights |= {f"memory/{name}": weight for name, weight in slim.items()}
        return Learner(replace(network, memory=new), weights, learner.card)

    def _card(self, run):
        untold = {"checkpoint", "verbose"}
        if self.warm_start is not None:  # its architecture is what counts
            untold |= {"memory", "n_units"}
        settings = {
            name: value
            for name, value in self.get_params(deep=False).items()
            if isinstance(value, (int, float, str, type(None), np.generic)) and name not in untold
        }
        if self.warm_start is not None:
            given = self.warm_start
            settings["warm_start"] = (
                name_of(given) if isinstance(given, Learner) else Path(given).stem
            )
        if isinstance(self.encoder, Learner):
            settings["encoder"] = name_of(self.encoder)
        return {"trainer": settings, "steps": run.step, "seconds": round(run.seconds, 1)}


def _lent(learner, spec):
    """Return the weights of a learner's encoder, which read rows of the tasks."""
    found = learner.spec
    if (found.input_shape, found.table) != (spec.input_shape, spec.table):
        raise ValueError(
            f"The learner that lends its encoder was trained on {found}, the tasks are {spec}. "
            "Rows must be alike."
        )
    lent = {name: w for name, w in learner.weights.items() if name.startswith("encoder/")}
    specs = learner.network.weight_specs()
    if not any(specs[name].trainable for name in lent):
        raise ValueError(
            f"The learner {learner.name!r} has no encoder to lend: {learner.network.encoder} has "
            "no trained weight."
        )
    return lent


def _resized(learner, network, seed):
    """Return the input kernel of a learner for a network of more steps of cells and more places."""
    old, new = learner.network.encoder, network.encoder
    if not (
        isinstance(old, TableEncoder)
        and isinstance(new, TableEncoder)
        and new.steps[: len(old.steps)] == old.steps
        and INPUT_KERNEL in learner.weights
    ):
        raise ValueError(
            f"warm_start reads rows of {learner.spec} through {old}, which cannot become "
            f"{network.spec} through {new}: only a TableEncoder before a memory of fast weights "
            "can have more steps and more columns, and a ConvEncoder more residual convolutions."
        )
    kernel = learner.weights[INPUT_KERNEL]
    places = learner.spec.n_columns, network.spec.n_columns
    return new.resized(kernel, *places, np.random.default_rng(seed))


def check_tasks(tasks, *, one_length: bool = True) -> list[TaskFamily]:
    """Return tasks as a list of families that agree on rows and targets.

    Parameters
    ----------
    tasks : TaskFamily or sequence of TaskFamily
    one_length : bool, default=True
        Whether all episodes must be of one length: those that are trained on take turns, each is
        looked at on its own.

    Returns
    -------
    tasks : list of TaskFamily

    Raises
    ------
    TypeError
        If a ``spec`` is no TaskSpec.
    ValueError
        If there is none, one is no TaskFamily, or they disagree.
    """
    if isinstance(tasks, (TaskFamily, type)):
        tasks = [tasks]
    if not isinstance(tasks, (Sequence, np.ndarray)) or len(tasks) == 0:
        raise ValueError(
            "tasks must be a TaskFamily or a non-empty sequence of them, "
            f"got {type(tasks).__name__}."
        )
    tasks = list(tasks)
    for family in tasks:
        if not issubclass(family if isinstance(family, type) else type(family), TaskFamily):
            raise ValueError(
                f"Every task must be a TaskFamily, got {type(family).__name__}. Of data "
                "skmeta.tasks.from_classes(X, y) and from_tables([(X, y), ...]) make one."
            )
        check_description(family)
        if family.spec != tasks[0].spec:
            raise ValueError(
                f"All tasks must have one spec: got {tasks[0].spec} and {family.spec}."
            )
        if one_length and len(tasks) > 1 and (family.n_steps != tasks[0].n_steps or family.changes):
            raise ValueError(
                "Several tasks must have episodes of one length, got "
                f"{tasks[0].n_steps} and {family.n_steps} steps; "
                "for tasks one after the other give one skmeta.tasks.Curriculum."
            )
    return tasks


def _measured_scales(spec, families, seed):
    """Center and scale of inputs, and of real targets, from the first batch of each family.

    Vectors have a center and a scale for each feature, pictures one for all pixels, rows of
    tables none.
    """
    if spec.table:
        return {}  # both have been scaled by their own table
    batches = [family.batch(0, 256, seed=seed) for family in families]
    inputs = np.concatenate([batch.inputs.reshape(-1, prod(spec.input_shape)) for batch in batches])
    per_feature = len(spec.input_shape) == 1
    center, scale = _moments(inputs if per_feature else inputs.reshape(-1, 1))
    size = inputs.shape[1:]
    scales = {
        "encoder/center": np.broadcast_to(center, size),
        "encoder/scale": np.broadcast_to(scale, size),
    }
    if spec.kind == "regression":
        targets = np.concatenate([batch.targets.reshape(-1, spec.n_outputs) for batch in batches])
        scales["readout/center"], scales["readout/scale"] = _moments(targets)
    return {name: np.array(value, dtype=np.float32) for name, value in scales.items()}


def _moments(columns):
    std = columns.std(axis=0)
    return columns.mean(axis=0), np.where(std > 0, std, 1.0)
