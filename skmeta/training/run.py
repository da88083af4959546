"""One run of meta-training: model, optimiser, stream, and an exact resume after a kill."""

from __future__ import annotations

import hashlib
import time
import warnings

import joblib
import keras
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skmeta.artifacts import ArtifactError, checksum_of, network_config
from skmeta.networks import Learner
from skmeta.training.checkpoint import load_checkpoint, save_checkpoint
from skmeta.training.evaluation import mean_of_scores
from skmeta.training.network import MetaNetwork, StepLoss, compiled_by_xla
from skmeta.training.optimizer import make_optimizer, replicated
from skmeta.training.progress import end_of_report, nothing_left, report
from skmeta.training.replicas import ReplicaLoop
from skmeta.training.stream import EpisodeStream

WARM_UP_STEPS = 200
LAST_RATE = 0.01
# By so many nats a step no loss rises but by too large steps, or by harder tasks of a curriculum,
# and none that has fallen at all is above that of guesses.
RISE = 1.0
# Episodes that tell how real targets spread.
GUESSED_EPISODES = 64


class Run:
    """One run of meta-training: model, optimiser, stream, history and what is saved of them."""

    def __init__(self, trainer, network, weights, families, held_out):
        self.trainer = trainer
        self.held_out = held_out
        self.network = network
        self.model = MetaNetwork(network.in_training(), weights, trainer.precision)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(1, trainer.n_steps - min(WARM_UP_STEPS, trainer.n_steps // 10)),
            alpha=LAST_RATE,
            warmup_target=trainer.learning_rate,
            warmup_steps=min(WARM_UP_STEPS, trainer.n_steps // 10),
        )
        optimizer = make_optimizer(trainer.optimizer, schedule)
        optimizer.build(self.model.trainable_variables)
        loss = StepLoss(network)
        self.model.compile(optimizer=optimizer, loss=loss, jit_compile=compiled_by_xla(network))
        self.stream = EpisodeStream(families, trainer.batch_size, trainer.random_state)
        self.replicas = ReplicaLoop(self.model, trainer.batch_size) if replicated() else None
        self.step = 0
        self.seconds = 0.0
        self.history: dict[str, list] = {
            name: [] for name in ("step", "loss", "validation_step", "validation_loss")
        }
        self.best = None  # (validation loss, weights)
        self.looks_since_best = 0
        # Made now: a network that cannot be written down must fail before the first step.
        self.fingerprint, self.held_out_digest = {}, ""
        if trainer.checkpoint is not None:
            self.held_out_digest = self._digest_of_held_out()
            self.fingerprint = self._fingerprint()

    def train(self):
        """Take the steps that are left.

        Raises
        ------
        ArtifactError
            If workers have different checkpoints.
        FloatingPointError
            If the loss is not finite.
        OSError
            If the checkpoint cannot be written; the one before stays whole.
        """
        trainer, chunk = self.trainer, min(100, self.trainer.validate_every)
        if trainer.verbose and (self.step == trainer.n_steps or self._exhausted()):
            nothing_left(self)
        if self.replicas and not self.replicas.at_mean_step(self.step):
            raise ArtifactError(
                f"This worker would go on from step {self.step}, others from another one: let "
                f"all see the same checkpoint {trainer.checkpoint}."
            )
        while self.step < trainer.n_steps and not self._exhausted():
            start = time.perf_counter()
            last = min(
                self.step + chunk,
                trainer.n_steps,
                # never across a validation, nor a change of shapes
                (self.step // trainer.validate_every + 1) * trainer.validate_every,
                *(c for c in self.stream.families[0].changes if c > self.step),
            )
            loss = self._take_steps(last)
            if not np.isfinite(loss) or not self._weights_are_finite():
                raise FloatingPointError(
                    f"The loss is {loss} between steps {self.step} and {last}. "
                    "Lower learning_rate, or look for extreme values in the tasks."
                )
            self.step = last
            self.history["step"].append(last)
            self.history["loss"].append(loss)
            due = last % trainer.validate_every == 0 or last == trainer.n_steps
            if due and self.held_out:
                self._validate()
            self.seconds += time.perf_counter() - start
            if due:
                self.save()
            if trainer.verbose:
                report(self)
        if self.held_out and self.history["validation_step"][-1:] != [self.step]:
            self._validate()  # a finished run, of which nothing was held out
        self._warn_of_rise()
        if trainer.verbose:
            end_of_report()

    def _warn_of_rise(self):
        """Warn of a loss that has risen, be it before the first report."""
        first, last = self.history["loss"][0], self.history["loss"][-1]
        if last > first + RISE and not self.stream.families[0].changes:
            finding = f"was {first:.3g} nats a step at first and is {last:.3g}: lower learning_rate"
        elif last > (guessed := self._loss_of_guesses()) + RISE:
            # Not compared with the first weights: they may lose more than steps that are too large.
            finding = (
                f"is {last:.3g} nats a step, that of guesses which look at no row {guessed:.3g}: "
                "lower learning_rate, or take more steps if history_ says that it still falls"
            )
        else:
            return
        warnings.warn(f"The loss {finding}.", ConvergenceWarning, stacklevel=4)

    def _loss_of_guesses(self):
        """Nats a step of classes that are all alike, or of one Gaussian for all targets."""
        spec, families = self.network.spec, self.stream.families
        if spec.kind == "classification":
            return spec.label_length * np.log(spec.n_outputs)
        seed, number = self.trainer.random_state, self.step - 1  # where a curriculum has got to
        batches = [family.batch(number, GUESSED_EPISODES, seed=seed) for family in families]
        rows = [batch.targets.reshape(-1, batch.targets.shape[-1]) for batch in batches]
        counts = [
            np.ones(len(row)) if batch.weights is None else batch.weights.ravel()
            for row, batch in zip(rows, batches, strict=True)
        ]
        targets, weights = np.concatenate(rows).astype(np.float64), np.concatenate(counts)
        mean = np.average(targets, axis=0, weights=weights)
        variance = np.average(np.square(targets - mean), axis=0, weights=weights)
        return 0.5 * np.log(2 * np.pi * np.e * np.where(variance > 0, variance, 1.0)).sum()

    def _take_steps(self, last):
        """Take the steps up to number ``last``: mean loss."""
        batches = self.stream.stretch(self.step, last)
        if self.replicas is not None:
            return self.replicas.fit(batches)
        if self.step in self.stream.families[0].changes:
            # Episodes of another length: TensorFlow would trace a step for any length.
            self.model.make_train_function(force=True)
        # Not Keras' fit: on TensorFlow it ends when a thread of tf.data wakes up, up to as long
        # after the last step as the steps have taken.
        self.model.reset_metrics()
        for batch in batches:
            loss = self.model.train_on_batch(*batch)  # the mean so far
        return float(loss)

    def _weights_are_finite(self):
        return all(np.isfinite(w).all() for w in self.model.values().values())

    def kept_weights(self):
        """Weights of the best validation where there is patience, else the last ones."""
        if self.trainer.patience is not None and self.best is not None:
            return self.best[1]
        return self.model.values()

    def _exhausted(self):
        patience = self.trainer.patience
        return patience is not None and self.looks_since_best >= patience

    def _validate(self):
        learner = Learner(self.network, self.model.values())
        loss = -mean_of_scores(learner, self.held_out, self.trainer.random_state)
        self.history["validation_step"].append(self.step)
        self.history["validation_loss"].append(loss)
        if self.best is None or loss < self.best[0]:
            self.best, self.looks_since_best = (loss, dict(learner.weights)), 0
        else:
            self.looks_since_best += 1

    def _fingerprint(self):
        """What must not change between a kill and a resume."""
        trainer = self.trainer
        fingerprint = {
            "network": network_config(self.network),
            "n_steps": int(trainer.n_steps),
            "batch_size": int(trainer.batch_size),
            "optimizer": trainer.optimizer,
            "precision": trainer.precision,
            "learning_rate": float(trainer.learning_rate),
            "random_state": int(trainer.random_state),
            "tasks": self._digest_of_tasks(),
        }
        if trainer.patience is not None:  # then the end hangs on looks at held-out tasks
            looks = {"patience": trainer.patience, "validate_every": trainer.validate_every}
            fingerprint |= {name: int(number) for name, number in looks.items()}
            fingerprint["validation_tasks"] = self.held_out_digest
        if trainer.warm_start is not None or isinstance(trainer.encoder, Learner):
            fingerprint["first_weights"] = checksum_of(self.model.values(), {})
        return fingerprint

    def _digest_of_held_out(self):
        """Digest of the held-out families, if there are any."""
        numbers = range(len(self.held_out or ()))
        return _digest(self.held_out or (), numbers, self.trainer.random_state)

    def _digest_of_tasks(self):
        """Digest of the families, and of one episode from each stretch of the stream."""
        families, n_steps = self.stream.families, self.trainer.n_steps
        changes = [c for family in families for c in family.changes if c < n_steps]
        numbers = sorted({*range(min(len(families), n_steps)), *changes, n_steps - 1})
        return _digest(families, numbers, self.trainer.random_state)

    def save(self):
        """Write the checkpoint, if there is to be one; of several workers, one does."""
        if self.trainer.checkpoint is None or (self.replicas and not self.replicas.writes):
            return
        arrays = {f"weights/{k}": w for k, w in self.model.values().items()}
        for index, variable in enumerate(self.model.optimizer.variables):
            arrays[f"optimizer/{index}"] = keras.ops.convert_to_numpy(variable)
        state = {
            "fingerprint": self.fingerprint,
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "looks_since_best": self.looks_since_best,
            "held_out": self.held_out_digest,
        }
        if self.best is not None:
            state["best_loss"] = self.best[0]
            arrays.update({f"best/{k}": w for k, w in self.best[1].items()})
        save_checkpoint(self.trainer.checkpoint, arrays, state)

    def resume(self):
        """Go on from the checkpoint, if there is one.

        Raises
        ------
        ArtifactError
            If it is damaged or belongs to a run with other settings.
        """
        path = self.trainer.checkpoint
        saved = load_checkpoint(path) if path is not None else None
        if saved is None:
            return
        arrays, state = saved
        expected, found = self.fingerprint, state["fingerprint"]
        if found != expected:
            names = expected.keys() | found.keys()
            differing = sorted(k for k in names if expected.get(k) != found.get(k))
            if {"n_steps", "random_state"} & set(differing):  # the digests depend on them
                differing = [k for k in differing if k not in ("tasks", "validation_tasks")]
            raise ArtifactError(
                f"The checkpoint {path} belongs to another run: {', '.join(differing)} differ. "
                "Delete it to start again, or name another file. To train a finished learner for "
                "longer, give it as warm_start."
            )
        variables = {f"weights/{k}": v for k, v in self.model.named_weights.items()}
        variables |= {f"optimizer/{i}": v for i, v in enumerate(self.model.optimizer.variables)}
        if not set(variables) <= set(arrays):
            raise ArtifactError(
                f"The checkpoint {path} was made with another version of Keras. "
                "Install that version, or delete the file to start again."
            )
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history, self.looks_since_best = state["history"], state["looks_since_best"]
        if "best_loss" in state:
            names = self.network.weight_specs()
            self.best = (state["best_loss"], {k: arrays[f"best/{k}"] for k in names})
        if state.get("held_out") != self.held_out_digest:  # a curve is of the same tasks
            self.history["validation_step"], self.history["validation_loss"] = [], []


def _digest(families, numbers, seed):
    """Digest of what families hold, and of an episode of each batch of their stream."""
    digest = hashlib.sha256(repr([family.changes for family in families]).encode())
    for family in families:
        for array in family.data():
            digest.update(joblib.hash(array).encode())
    for number in numbers:
        batch = families[number % len(families)].batch(number, 1, seed=seed)
        for array in (batch.inputs, batch.targets):
            digest.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
