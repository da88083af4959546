"""Meta-training. `KERAS_BACKEND=jax pytest tests/training` runs all of it on the other backend."""

import os
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

from skmeta.artifacts import ArtifactError, dump_learner, load_learner, parse_learner, save_learner
from skmeta.columns import NO_COLUMN
from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.memory import LSTM, MANN, FastWeights, LeastSquares, Prototypes
from skmeta.networks import ConvEncoder, DenseEncoder, Learner, TableEncoder
from skmeta.sequences import encode_labels
from skmeta.tasks import (
    BooleanTasks,
    Curriculum,
    QuadraticTasks,
    SineTasks,
    TableTasks,
    TaskFamily,
    from_classes,
    from_tables,
)
from skmeta.training import evaluation
from skmeta.training.checkpoint import load_checkpoint, save_checkpoint
from skmeta.training.network import compiled_by_xla
from skmeta.training.trainer import MetaTrainer, _measured_scales, check_tasks
from tests.reference.small import NETWORKS

pytestmark = pytest.mark.usefixtures("interpreted")

TINY = {"memory": LSTM(4), "n_steps": 12, "validate_every": 4, "batch_size": 4}


def same_weights(first, second):
    return all(np.array_equal(w, second.weights[k]) for k, w in first.weights.items())


class Stopped(Exception):
    """Stands for a kill."""


class Faulty(TaskFamily):
    """Boolean tasks that fail at one batch."""

    def __init__(self, at):
        self.tasks, self.at = BooleanTasks(n_steps=5), at
        self.spec, self.n_steps = self.tasks.spec, self.tasks.n_steps

    def draw(self, rng, n_episodes):
        return self.tasks.draw(rng, n_episodes)

    def batch(self, index, n_episodes, *, seed):
        if index == self.at and n_episodes > 1:  # batches of one make the fingerprint
            raise Stopped(f"batch {index}")
        return self.tasks.batch(index, n_episodes, seed=seed)


@pytest.fixture(scope="module")
def plain(interpreted):
    """The trainer that several runs are compared with."""
    return MetaTrainer(**TINY).fit(BooleanTasks(n_steps=5))


class TestRuns:
    """What a run leaves behind."""

    def test_the_same_seed_gives_the_same_weights(self, plain):
        again = clone(plain).fit(BooleanTasks(n_steps=5))
        other = clone(plain).set_params(random_state=1).fit(BooleanTasks(n_steps=5))
        assert same_weights(plain.learner_, again.learner_)
        assert plain.history_ == again.history_
        assert not same_weights(plain.learner_, other.learner_)

    @pytest.mark.parametrize("memory", ["mann", "prototypes"])
    def test_precision_is_our_own(self, memory, request):
        settings = {**TINY, "memory": memory, "n_units": 4, "n_steps": 2}
        expected = MetaTrainer(**settings).fit(BooleanTasks(n_steps=5))
        request.getfixturevalue("in_double")
        found = MetaTrainer(**settings).fit(BooleanTasks(n_steps=5))
        assert same_weights(found.learner_, expected.learner_)

    def test_reports_fall_on_validations_and_the_end(self):
        trainer = MetaTrainer(LSTM(3), n_steps=10, validate_every=4, batch_size=2)
        history = trainer.fit(
            BooleanTasks(n_steps=4), validation_tasks=[BooleanTasks(n_steps=6)]
        ).history_
        assert history["step"] == [4, 8, 10] and len(history["loss"]) == 3
        assert history["validation_step"] == [4, 8, 10]
        assert np.isfinite(history["validation_loss"]).all()

    def test_held_out_families_may_differ_in_length(self, tmp_path):
        held_out = [BooleanTasks(n_steps=n) for n in (4, 7)]
        held_out.append(Curriculum([(2, BooleanTasks(n_steps=5)), (1, BooleanTasks(n_steps=6))]))
        settings = {**TINY, "n_steps": 2, "patience": 3, "checkpoint": tmp_path / "run"}
        trainer = MetaTrainer(**settings).fit(BooleanTasks(n_steps=4), validation_tasks=held_out)
        losses = [-trainer.score(family) for family in held_out]
        assert trainer.history_["validation_loss"] == [pytest.approx(np.mean(losses))]
        assert trainer.score(held_out) == pytest.approx(-np.mean(losses))

    def test_without_validation_there_is_no_curve_of_it(self, plain):
        assert plain.history_["step"] == [4, 8, 12] and plain.n_steps_ == 12
        assert plain.history_["validation_step"] == plain.history_["validation_loss"] == []

    def test_several_tasks_take_turns(self, monkeypatch):
        families = [BooleanTasks(n_steps=5), Faulty(-1)]
        calls = []
        for number, family in enumerate(families):
            draw = family.batch

            def spied(index, n_episodes, *, seed, number=number, draw=draw):
                if n_episodes == TINY["batch_size"]:
                    calls.append((number, index))
                return draw(index, n_episodes, seed=seed)

            monkeypatch.setattr(family, "batch", spied)
        MetaTrainer(**TINY).fit(families)
        assert sorted(set(calls), key=lambda call: call[1]) == [(i % 2, i) for i in range(12)]

    @pytest.mark.parametrize("memory", ["lstm", "least-squares", "prototypes"])
    def test_a_curriculum_may_change_the_length_of_episodes(self, memory):
        stages = [(5, BooleanTasks(n_steps=3)), (4, BooleanTasks(n_steps=6))]
        tasks = Curriculum([*stages, (1, BooleanTasks(n_steps=4))])
        trainer = MetaTrainer(**{**TINY, "memory": memory, "n_units": 4})
        trainer.fit(tasks, validation_tasks=BooleanTasks(n_steps=4))
        # cut at validations (4, 8, 12) and at changes (5, 9)
        assert trainer.history_["step"] == [4, 5, 8, 9, 12]
        assert trainer.history_["validation_step"] == [4, 8, 12]
        assert np.isfinite(trainer.history_["loss"]).all()

    def test_regression_measures_the_scale_of_rows_and_targets(self):
        trainer = MetaTrainer(LSTM(3), n_steps=2, batch_size=2).fit(SineTasks(n_steps=4))
        weights = trainer.learner_.weights
        assert_allclose(weights["encoder/scale"], 10 / np.sqrt(12), rtol=0.1)  # uniform, width 10
        batch = SineTasks(n_steps=4).batch(0, 256, seed=0)
        assert_allclose(weights["readout/scale"], batch.targets.std(), rtol=1e-5)
        assert_allclose(weights["readout/center"], batch.targets.mean(), atol=1e-5)

    def test_patience_stops_and_keeps_the_best(self, monkeypatch):
        scores = iter([-0.5, -0.3, -0.4, -0.6, -0.1])
        seen = []

        def scripted(learner, family, n_episodes, *, seed):
            seen.append(learner)
            return next(scores)

        monkeypatch.setattr(evaluation, "mean_score", scripted)
        tasks = BooleanTasks(n_steps=5)
        trainer = MetaTrainer(**{**TINY, "n_steps": 40}, patience=2)
        trainer.fit(tasks, validation_tasks=tasks)
        assert trainer.history_["validation_loss"] == [0.5, 0.3, 0.4, 0.6]
        assert trainer.n_steps_ == 16 == trainer.learner_.card["steps"]
        assert same_weights(trainer.learner_, seen[1])
        assert not same_weights(trainer.learner_, seen[3])

    def test_without_patience_the_last_weights_are_kept(self, plain, monkeypatch):
        scores = iter([-0.3, -0.4, -0.6])
        monkeypatch.setattr(evaluation, "mean_score", lambda *a, **k: next(scores))
        tasks = BooleanTasks(n_steps=5)
        with_looks = MetaTrainer(**TINY).fit(tasks, validation_tasks=tasks)
        assert with_looks.history_["validation_loss"] == [0.3, 0.4, 0.6]
        assert same_weights(with_looks.learner_, plain.learner_)

    def test_warm_start_begins_with_the_weights_of_a_learner(self, plain, tmp_path):
        tasks, first = BooleanTasks(n_steps=5), plain.learner_
        path = save_learner(first, tmp_path / "first.safetensors")
        # a rate so small that a step changes nothing
        still = {**TINY, "n_steps": 1, "learning_rate": 1e-30, "memory": "mann"}
        for start, name in ((first, first.name), (path, "first"), (load_learner(path), "first")):
            after = MetaTrainer(**still, warm_start=start).fit(tasks).learner_
            assert after.network == first.network and same_weights(after, first)
            assert after.card["trainer"]["warm_start"] == name
        named = Learner(first.network, first.weights, {**first.card, "name": "of a recipe"})
        path = save_learner(named, tmp_path / "second.safetensors")
        after = MetaTrainer(**still, warm_start=path).fit(tasks).learner_
        assert after.card["trainer"]["warm_start"] == "second"  # what a recipe says, too
        # Those of the learner count.
        assert not {"memory", "n_units"} & set(after.card["trainer"])
        with pytest.raises(ValueError, match=r"warm_start was trained on .* Rows must be alike"):
            MetaTrainer(**TINY, warm_start=first).fit(SineTasks(n_steps=5))

    def test_a_checkpoint_knows_what_the_run_began_with(self, plain, tmp_path):
        tasks, options = BooleanTasks(n_steps=5), {**TINY, "checkpoint": tmp_path / "run"}
        MetaTrainer(**options, warm_start=plain.learner_).fit(tasks)
        with pytest.raises(ArtifactError, match="belongs to another run: first_weights differ"):
            MetaTrainer(**options).fit(tasks)

    def test_a_learner_lends_its_encoder(self, tmp_path):
        """Its weights are those to begin from, and belong to the run; other weights are new."""
        tasks = from_classes(np.random.default_rng(0).random((50, 6)), np.arange(50) % 5)
        tiny = {**TINY, "n_steps": 1, "n_units": 5}
        eye = MetaTrainer(**{**tiny, "memory": "prototypes"}, encoder=DenseEncoder((4, 3)))
        eye = eye.fit(tasks).learner_
        still = {**tiny, "learning_rate": 1e-30, "checkpoint": tmp_path / "run"}
        eye = load_learner(save_learner(eye, tmp_path / "eye.safetensors"))
        after = MetaTrainer(**still, encoder=eye).fit(tasks).learner_
        assert after.network.encoder == DenseEncoder((4, 3))
        assert after.network.memory == LSTM(5) and after.card["trainer"]["encoder"] == "eye"
        plain = MetaTrainer(**{**still, "checkpoint": None}, encoder=DenseEncoder((4, 3)))
        plain = plain.fit(tasks).learner_
        for name, weight in after.weights.items():
            lent = name.startswith("encoder/")
            assert_allclose(weight, (eye if lent else plain).weights[name], atol=1e-20)
        assert (eye.weights["encoder/kernel0"] != plain.weights["encoder/kernel0"]).any()
        with pytest.raises(ArtifactError, match="belongs to another run: first_weights differ"):
            MetaTrainer(**still, encoder=DenseEncoder((4, 3))).fit(tasks)
        with pytest.raises(ValueError, match=r"lends its encoder was trained on .* must be alike"):
            MetaTrainer(**tiny, encoder=eye).fit(BooleanTasks(n_steps=5))
        with pytest.raises(
            ValueError, match="'lstm-quadratic' has no encoder to lend: FlatEncoder"
        ):
            MetaTrainer(**tiny, encoder=load_learner("lstm-quadratic")).fit(QuadraticTasks())
        with pytest.raises(ValueError, match="warm_start brings an encoder"):
            MetaTrainer(**tiny, encoder=eye, warm_start=after).fit(tasks)

    @pytest.mark.parametrize(
        ("memory", "meets_labels"),
        [(LeastSquares(8, 1, 2), "memory/label_kernel"), (MANN(4), "memory/recurrent_kernel")],
    )
    @pytest.mark.parametrize("kind", ["classification", "regression"])
    def test_warm_start_for_another_kind_of_target(self, memory, meets_labels, kind):
        """What does not meet labels is taken over: from classes of tables to numbers, and back."""
        tiny = {**TINY, "memory": memory}
        (other,) = {"classification", "regression"} - {kind}
        first = MetaTrainer(**tiny).fit(TableTasks(other, n_steps=5, n_columns=3)).learner_
        still = {**tiny, "n_steps": 1, "learning_rate": 1e-30}
        tasks = TableTasks(kind, n_steps=5, n_columns=3)
        after = MetaTrainer(**still, warm_start=first).fit(tasks).learner_
        assert after.spec == tasks.spec and after.network.memory == first.network.memory
        fresh = {meets_labels, "readout/kernel", "readout/bias"}
        fresh |= {"readout/center", "readout/scale"}
        for name, weight in after.weights.items():
            taken = name not in fresh
            assert np.array_equal(weight, first.weights.get(name, 0)) == taken, name

    def test_warm_start_with_more_steps_of_cells(self):
        """A learner of the same answers, whose new weights move."""
        tasks = TableTasks(n_steps=5, n_columns=3)
        tiny = {**TINY, "memory": LeastSquares(8, 1, 2)}
        first = MetaTrainer(**tiny, encoder=TableEncoder([0.5])).fit(tasks).learner_
        still = {**tiny, "n_steps": 1, "learning_rate": 1e-30, "encoder": TableEncoder([0.5, 1])}
        after = MetaTrainer(**still, warm_start=first).fit(tasks).learner_
        assert after.network.encoder.steps == (0.5, 1)
        for name, weight in first.weights.items():
            assert_array_equal(after.weights[name][: len(weight)], weight)
        batch = tasks.batch(9, 4, seed=0)
        labels = encode_labels(batch.targets, tasks.spec)
        assert_allclose(
            after.rehearse(batch.inputs, labels), first.rehearse(batch.inputs, labels), atol=1e-6
        )
        moved = MetaTrainer(**{**still, "learning_rate": 1e-3}, warm_start=first).fit(tasks)
        assert (moved.learner_.weights["memory/input_kernel"][-3:] != 0).any()

    @pytest.mark.parametrize("memory", [LeastSquares, FastWeights])
    def test_warm_start_with_fewer_hidden_units(self, memory):
        tasks = TableTasks(n_steps=5, n_columns=3)
        tiny = {**TINY, "n_steps": 1, "learning_rate": 1e-30}
        first = MetaTrainer(**{**tiny, "memory": memory(8, 1, 2)}).fit(tasks).learner_
        slim = {**tiny, "memory": memory(8, 1, 2, expansion=1)}
        after = MetaTrainer(**slim, warm_start=first).fit(tasks).learner_
        assert after.network.memory == slim["memory"]
        for name, weight in first.weights.items():
            expected = weight.shape
            if "hidden_kernel" in name or "hidden_bias" in name:
                expected = (*expected[:-1], 8)
            elif "back_kernel" in name:
                expected = (8, *expected[1:])
            assert after.weights[name].shape == expected
            found, known = after.weights[name].ravel(), weight.ravel()
            assert np.abs(found[:, None] - known).min(axis=1).max() < 1e-12  # one of them
        # A memory that differs otherwise, or has more, does not count.
        for other in (memory(8, 2, 2, expansion=1), memory(8, 1, 2, expansion=3), "lstm"):
            again = MetaTrainer(**{**tiny, "memory": other}, warm_start=first).fit(tasks)
            assert again.learner_.network == first.network

    def test_warm_start_with_weighted_columns(self):
        tiny = {**TINY, "memory": LeastSquares(8, 1, 2)}
        plain, weighted = (
            TableTasks(n_steps=5, n_columns=3, weighted=weighted) for weighted in (False, True)
        )
        first = MetaTrainer(**tiny).fit(plain).learner_
        still = {**tiny, "n_steps": 1, "learning_rate": 1e-30}
        after = MetaTrainer(**still, warm_start=first).fit(weighted).learner_
        assert after.spec == weighted.spec != first.spec
        for name, weight in first.weights.items():
            assert_array_equal(after.weights[name], weight)

    def test_warm_start_with_more_columns(self):
        """A learner of the same answers for tables that it could read, which hears new columns."""
        tiny = {**TINY, "memory": LeastSquares(8, 1, 2), "encoder": TableEncoder([0.5])}
        narrow, wide = (TableTasks(n_steps=6, n_columns=n) for n in (3, 7))
        first = MetaTrainer(**tiny).fit(narrow).learner_
        still = {**tiny, "n_steps": 1, "learning_rate": 1e-30}
        after = MetaTrainer(**still, warm_start=first).fit(wide).learner_
        assert after.spec == wide.spec
        batch = narrow.batch(9, 4, seed=0)
        labels = encode_labels(batch.targets, narrow.spec)
        cells, marks = np.split(batch.inputs, 2, axis=-1)
        rows = np.zeros((*batch.inputs.shape[:2], 14), dtype=np.float32)
        rows[..., :3], rows[..., 7:10], rows[..., 10:] = cells, marks, NO_COLUMN
        assert_allclose(
            after.rehearse(rows, labels), first.rehearse(batch.inputs, labels), atol=1e-5
        )
        kernel = after.weights["memory/input_kernel"].reshape(3, 7, 8)
        lengths = np.linalg.norm(kernel, axis=-1)
        assert (lengths[:, 3:] > 0.2 * lengths[:, :3].mean()).all()
        with pytest.raises(ValueError, match="Rows must be alike. Give the tasks n_columns=7"):
            MetaTrainer(**still, warm_start=after).fit(narrow)
        lstm = MetaTrainer(**TINY).fit(narrow).learner_
        with pytest.raises(ValueError, match="which cannot become"):
            MetaTrainer(**TINY, warm_start=lstm).fit(wide)

    def test_warm_start_with_more_residual_convolutions(self):
        """A learner of the same answers, whose new weights move."""
        rows = np.random.default_rng(0).random((20, 5, 6))
        tasks = from_classes(rows, np.repeat(np.arange(5), 4), n_classes=3, n_shots=2)
        tiny = {**TINY, "memory": Prototypes(4)}
        first = MetaTrainer(**tiny, encoder=ConvEncoder((2, 3), residuals=(0, 1))).fit(tasks)
        first, deeper = first.learner_, ConvEncoder((2, 3), residuals=(1, 2))
        still = {**tiny, "n_steps": 1, "learning_rate": 1e-30, "encoder": deeper}
        after = MetaTrainer(**still, warm_start=first).fit(tasks).learner_
        assert after.network.encoder == deeper
        assert same_weights(first, after)
        batch = tasks.batch(9, 4, seed=0)
        labels = encode_labels(batch.targets, tasks.spec)
        assert_allclose(
            after.rehearse(batch.inputs, labels), first.rehearse(batch.inputs, labels), atol=1e-6
        )
        moved = MetaTrainer(**{**still, "learning_rate": 1e-3}, warm_start=first).fit(tasks)
        assert all(moved.learner_.weights[f"encoder/gain{name}"].any() for name in ("0_0", "1_1"))
        for other in (ConvEncoder((2, 3)), ConvEncoder((2, 4), residuals=(1, 2)), "flat"):
            with pytest.raises(ValueError, match="and a ConvEncoder more residual convolutions"):
                MetaTrainer(**{**still, "encoder": other}, warm_start=first).fit(tasks)

    @pytest.mark.parametrize("encoder", ["flat", TableEncoder(()), TableEncoder([1.0, 0.5])])
    def test_warm_start_with_another_encoder(self, encoder):
        tasks = TableTasks(n_steps=5, n_columns=3)
        tiny = {**TINY, "memory": LeastSquares(8, 1, 2)}
        first = MetaTrainer(**tiny, encoder=TableEncoder([0.5])).fit(tasks).learner_
        with pytest.raises(ValueError, match="which cannot become"):
            MetaTrainer(**tiny, encoder=encoder, warm_start=first).fit(tasks)

    def test_a_loss_that_is_not_finite_stops_the_run(self, tmp_path):
        checkpoint = tmp_path / "run"
        trainer = MetaTrainer(**TINY, checkpoint=checkpoint)
        with pytest.raises(FloatingPointError, match="between steps 4 and 8. Lower learning_rate"):
            trainer.fit(Extreme())
        assert load_checkpoint(checkpoint)[1]["step"] == 4  # the last sound state
        assert not hasattr(trainer, "learner_")

    def test_a_loss_that_grows_is_told_of(self):
        settings = {**TINY, "n_steps": 60, "learning_rate": 1e9}
        with pytest.warns(ConvergenceWarning, match="loss was .* lower learning_rate") as told:
            MetaTrainer(**settings).fit(QuadraticTasks(n_steps=5))
        assert __file__ in [w.filename for w in told if w.category is ConvergenceWarning]
        family = QuadraticTasks(n_steps=5)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            harder = Curriculum([(4, family), (9, Louder())])
            sound = {**settings, "learning_rate": 0.1}
            losses = MetaTrainer(**sound).fit(harder).history_["loss"]
            assert losses[-1] > losses[0] + 1
            rises = []
            for seed in range(4):  # by luck
                trainer = MetaTrainer(**TINY, learning_rate=1e-9, random_state=seed).fit(family)
                rises.append(
                    np.diff(trainer.history_["loss"][:: len(trainer.history_["loss"]) - 1])
                )
            assert max(rises) > 0

    @pytest.mark.parametrize("tasks", [BooleanTasks(n_steps=8), QuadraticTasks(n_steps=8)])
    def test_a_loss_that_grows_before_the_first_report_is_told_of(self, tasks):
        settings = {**TINY, "n_steps": 20, "validate_every": 20}
        with pytest.warns(ConvergenceWarning, match="guesses which look at no row .* lower learni"):
            MetaTrainer(**settings, learning_rate=1e3).fit(tasks)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            trainer = MetaTrainer(**settings, learning_rate=1e-2).fit(tasks)
        assert len(trainer.history_["loss"]) == 1

    def test_progress_goes_to_the_error_stream(self, capsys):
        trainer = MetaTrainer(**TINY, verbose=1)
        trainer.fit(BooleanTasks(n_steps=5), validation_tasks=BooleanTasks(n_steps=5))
        captured = capsys.readouterr()
        assert "step      12/12" in captured.err and "held out" in captured.err
        assert captured.err.count("step ") == 3

    def test_a_grid_search_over_tasks(self):
        tasks = [BooleanTasks(n_steps=6) for _ in range(4)]
        search = GridSearchCV(
            MetaTrainer(n_units=3, n_steps=2, batch_size=2),
            {"memory": ["lstm", "mann"]},
            cv=2,
            error_score="raise",
        )
        search.fit(tasks)
        assert search.best_params_["memory"] in ("lstm", "mann")
        assert (search.cv_results_["mean_test_score"] < 0).all()
        assert isinstance(search.best_estimator_.learner_, Learner)
        assert search.score(tasks) == search.best_estimator_.score(tasks)


class Extreme(TaskFamily):
    """Quadratic functions; the targets of one batch are beyond what float32 can square."""

    def __init__(self):
        self.tasks = QuadraticTasks(n_steps=4)
        self.spec, self.n_steps = self.tasks.spec, 4

    def draw(self, rng, n_episodes):
        return self.tasks.draw(rng, n_episodes)

    def batch(self, index, n_episodes, *, seed):
        batch = self.tasks.batch(index, n_episodes, seed=seed)
        targets = batch.targets * np.float32(1e25 if index == 6 and n_episodes > 1 else 1)
        return EpisodeBatch(batch.inputs, targets)


class Louder(QuadraticTasks):
    """Quadratic functions whose targets lie five times as far apart."""

    def __init__(self):
        super().__init__(n_steps=5)

    def draw(self, rng, n_episodes):
        batch = super().draw(rng, n_episodes)
        return EpisodeBatch(batch.inputs, 5 * batch.targets)


class TestCheckpoints:
    """A run that is killed and started again ends where it would have ended."""

    def settings(self, tmp_path, **changes):
        return {**TINY, "checkpoint": tmp_path / "run.checkpoint", **changes}

    def test_exact_resume(self, tmp_path):
        tasks, settings = BooleanTasks(n_steps=5), self.settings(tmp_path)
        whole = MetaTrainer(**{**settings, "checkpoint": None}).fit(tasks, validation_tasks=tasks)
        with pytest.raises(Stopped, match="batch 9"):
            MetaTrainer(**settings).fit(Faulty(9), validation_tasks=tasks)
        _, state = load_checkpoint(settings["checkpoint"])
        assert state["step"] == 8
        resumed = MetaTrainer(**settings).fit(tasks, validation_tasks=tasks)
        assert same_weights(resumed.learner_, whole.learner_)
        assert resumed.history_ == whole.history_
        assert resumed.n_steps_ == 12
        # Once more: nothing is left to do.
        finished = MetaTrainer(**settings).fit(Faulty(9), validation_tasks=tasks)
        assert same_weights(finished.learner_, whole.learner_)
        assert [p.name for p in tmp_path.iterdir()] == ["run.checkpoint"]

    def test_a_finished_run_is_looked_at_and_told_of(self, tmp_path, capsys):
        tasks, settings = BooleanTasks(n_steps=5), self.settings(tmp_path, verbose=1)
        MetaTrainer(**settings).fit(tasks)
        assert "nothing to train" not in capsys.readouterr().err
        again = MetaTrainer(**settings).fit(tasks, validation_tasks=tasks)
        told = f"run.checkpoint is of a finished run, {again.n_steps_} steps: nothing to train."
        assert told in capsys.readouterr().err
        assert again.history_["validation_step"] == [again.n_steps_]
        assert again.history_["validation_loss"] == [-again.score(tasks)]

    def test_a_curve_is_of_one_set_of_held_out_tasks(self, tmp_path):
        tasks, other = BooleanTasks(n_steps=5), BooleanTasks(n_steps=6)
        settings = self.settings(tmp_path)
        whole = MetaTrainer(**settings).fit(tasks, validation_tasks=tasks)
        assert len(whole.history_["validation_loss"]) > 1
        again = MetaTrainer(**settings).fit(tasks, validation_tasks=other)
        assert again.history_["validation_loss"] == [-again.score(other)]

    def test_resume_remembers_patience_and_the_best_weights(self, tmp_path, monkeypatch, capsys):
        scores = iter([-0.3, -0.4, -0.6])
        seen = []

        def scripted(learner, family, n_episodes, *, seed):
            seen.append(learner)
            return next(scores)

        monkeypatch.setattr(evaluation, "mean_score", scripted)
        settings = self.settings(tmp_path, n_steps=40, patience=2)
        with pytest.raises(Stopped):
            MetaTrainer(**settings).fit(Faulty(9), validation_tasks=Faulty(-1))
        trainer = MetaTrainer(**settings).fit(Faulty(-1), validation_tasks=Faulty(-1))
        assert trainer.n_steps_ == 12 and len(seen) == 3
        assert same_weights(trainer.learner_, seen[0])
        assert trainer.history_["validation_loss"] == [0.3, 0.4, 0.6]
        assert "nothing to train" not in capsys.readouterr().err
        MetaTrainer(**settings, verbose=1).fit(Faulty(-1), validation_tasks=Faulty(-1))
        assert "finished run, 12 steps: nothing to train" in capsys.readouterr().err

    def test_a_checkpoint_of_another_run_is_refused(self, tmp_path):
        settings = self.settings(tmp_path, n_steps=2)
        tasks = BooleanTasks(n_steps=5)
        MetaTrainer(**settings).fit(tasks)
        content = settings["checkpoint"].read_bytes()
        for change, named in [
            ({"n_steps": 3}, "n_steps"),
            ({"batch_size": 5}, "batch_size"),
            ({"optimizer": "muon"}, "optimizer"),
            ({"precision": "bfloat16"}, "precision"),
            ({"learning_rate": 0.5}, "learning_rate"),
            ({"random_state": 1}, "random_state"),
            ({"memory": LSTM(5)}, "network"),
        ]:
            with pytest.raises(ArtifactError, match=f"another run: {named} differ. Delete it"):
                MetaTrainer(**{**settings, **change}).fit(tasks)
        with pytest.raises(ArtifactError, match="another run: tasks differ"):
            MetaTrainer(**settings).fit(BooleanTasks(n_steps=6))
        assert settings["checkpoint"].read_bytes() == content

    def test_an_encoder_with_options_goes_on(self, tmp_path):
        settings = self.settings(tmp_path, n_steps=2, memory="prototypes", n_units=3)
        settings["encoder"] = ConvEncoder(np.array([4, 4]), two_grids=True)
        first = MetaTrainer(**settings).fit(Pictures((8, 8))).learner_
        assert same_weights(MetaTrainer(**settings).fit(Pictures((8, 8))).learner_, first)
        assert first.network.encoder.two_grids

    def test_a_checkpoint_of_another_optimiser_is_refused(self, tmp_path):
        settings, tasks = self.settings(tmp_path, n_steps=2), BooleanTasks(n_steps=5)
        MetaTrainer(**settings).fit(tasks)
        arrays, state = load_checkpoint(settings["checkpoint"])
        del arrays["optimizer/3"]
        save_checkpoint(settings["checkpoint"], arrays, state)
        with pytest.raises(ArtifactError, match="another version of Keras"):
            MetaTrainer(**settings).fit(tasks)

    @pytest.mark.parametrize("stages", [False, True])
    def test_a_checkpoint_belongs_to_the_data_of_its_run(self, stages, tmp_path):
        """To all of it: also to what the first episodes do not show."""
        rng = np.random.default_rng(0)
        settings = self.settings(tmp_path, n_steps=1)
        tables = [(rng.normal(size=(12, 2)), np.arange(12) % 2) for _ in range(20)]
        X, y = rng.normal(size=(60, 3)), np.arange(60) // 4

        def run(tasks):
            tasks = Curriculum([(1, tasks), (1, tasks)]) if stages else tasks
            return MetaTrainer(**settings).fit(tasks)

        def of_tables(tables):
            return from_tables(tables, n_steps=10)

        def of_classes(data):
            return from_classes(*data, n_shots=2)

        for make, data in ((of_tables, tables), (of_classes, (X, y))):
            settings["checkpoint"].unlink(missing_ok=True)
            run(make(data))
            run(make(data))  # the same goes on
            if data is tables:
                data[13] = (data[13][0], 1 - data[13][1])
            else:
                X[57] += 1
            with pytest.raises(ArtifactError, match="belongs to another run: tasks differ"):
                run(make(data))

    def test_with_patience_a_checkpoint_belongs_to_its_held_out_tasks(self, tmp_path):
        settings = self.settings(tmp_path, n_steps=4, patience=2)
        tasks, other = BooleanTasks(n_steps=5), BooleanTasks(n_steps=6)
        MetaTrainer(**settings).fit(tasks, validation_tasks=tasks)
        for change, held_out, named in (
            ({}, other, "validation_tasks"),
            ({}, [tasks, BooleanTasks(n_steps=5)], "validation_tasks"),
            ({"random_state": 1}, tasks, "random_state"),
            ({"patience": 3}, tasks, "patience"),
            ({"validate_every": 3}, tasks, "validate_every"),
        ):
            with pytest.raises(ArtifactError, match=f"another run: {named} differ"):
                MetaTrainer(**{**settings, **change}).fit(tasks, validation_tasks=held_out)

    def test_a_folder_is_no_checkpoint(self, tmp_path):
        with pytest.raises(IsADirectoryError, match="is a folder: name a file in it"):
            MetaTrainer(**self.settings(tmp_path, checkpoint=tmp_path)).fit(Faulty(0))

    def test_a_damaged_checkpoint_is_refused(self, tmp_path):
        settings = self.settings(tmp_path, n_steps=2)
        path, tasks = settings["checkpoint"], BooleanTasks(n_steps=5)
        trainer = MetaTrainer(**settings).fit(tasks)
        content = path.read_bytes()
        foreign = dump_learner(trainer.learner_)
        flipped = content[:-1] + bytes([content[-1] ^ 1])
        for damaged in (
            flipped,
            b"",
            content[:7],
            content[:200],
            content[:-1],
            b"text" * 99,
            foreign,
        ):
            path.write_bytes(damaged)
            with pytest.raises(ArtifactError, match="is damaged, or is no checkpoint .* Name an"):
                clone(trainer).fit(tasks)
            assert path.read_bytes() == damaged

    @pytest.mark.parametrize("function", ["os.replace", "os.fsync"])
    def test_a_full_disk_leaves_the_checkpoint_before(self, function, plain, tmp_path, monkeypatch):
        settings, tasks = self.settings(tmp_path), BooleanTasks(n_steps=5)
        real, calls = getattr(os, function.split(".")[1]), []

        def full(*arguments):
            calls.append(arguments)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return real(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(function, full)
            with pytest.raises(OSError, match="No space left"):
                MetaTrainer(**settings).fit(tasks)
        assert [p.name for p in tmp_path.iterdir()] == ["run.checkpoint"]
        assert load_checkpoint(settings["checkpoint"])[1]["step"] == 4
        resumed = MetaTrainer(**settings).fit(tasks)
        assert same_weights(resumed.learner_, plain.learner_)

    def test_a_checkpoint_in_no_folder_is_refused_before_the_first_step(self, tmp_path):
        trainer = MetaTrainer(**self.settings(tmp_path, checkpoint=tmp_path / "no" / "run"))
        with pytest.raises(FileNotFoundError, match="no folder for the checkpoint .* make it"):
            trainer.fit(Faulty(0))


def test_checkpoints_keep_arrays_of_every_shape(tmp_path):
    path = tmp_path / "x"
    assert load_checkpoint(path) is None
    arrays = {"scalar": np.array(5), "matrix": np.arange(6.0).reshape(2, 3).T}
    save_checkpoint(path, arrays, {"step": 3})
    read, state = load_checkpoint(path)
    assert state == {"step": 3}
    for name, array in arrays.items():
        assert read[name].shape == array.shape and read[name].dtype == array.dtype
        assert_array_equal(read[name], array)


def test_a_kill_between_write_and_rename_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "x"
    save_checkpoint(path, {"a": np.zeros(3)}, {"step": 1})

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {"a": np.ones(3)}, {"step": 2})
    assert load_checkpoint(path)[1] == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


# Parameters and tasks


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory", "ntm"),
        ("memory", None),
        ("encoder", "resnet"),
        ("n_units", 0),
        ("n_steps", 0),
        ("n_steps", 1.5),
        ("batch_size", 0),
        ("optimizer", "sgd"),
        ("precision", "float16"),
        ("learning_rate", 0.0),
        ("learning_rate", -1),
        ("validate_every", 0),
        ("patience", 0),
        ("checkpoint", 3),
        ("warm_start", True),
        ("random_state", -1),
        ("random_state", None),
    ],
)
def test_parameters_out_of_range(name, value):
    trainer = MetaTrainer(**{name: value})
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MetaTrainer must be"):
        trainer.fit(BooleanTasks())


def test_numpy_numbers_are_numbers():
    trainer = MetaTrainer(
        n_units=np.int64(3), n_steps=np.int64(2), batch_size=np.int32(2), random_state=np.int64(0)
    )
    learner = trainer.fit(BooleanTasks(n_steps=3)).learner_
    card = parse_learner(dump_learner(learner), "").card
    assert card["trainer"]["n_steps"] == 2 and card["trainer"]["n_units"] == 3


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (None, "a TaskFamily or a non-empty sequence of them, got NoneType"),
        ([], "non-empty sequence"),
        ([BooleanTasks(), 3], "Every task must be a TaskFamily, got int"),
        (BooleanTasks, r"Expected tasks, BooleanTasks\(...\), got the class"),
        ([BooleanTasks(), BooleanTasks], r"Expected tasks, BooleanTasks\(...\), got the class"),
        (np.zeros((3, 2)), "Every task must be a TaskFamily, got ndarray"),
        ([BooleanTasks(20), QuadraticTasks(20)], "All tasks must have one spec"),
        ([BooleanTasks(20), BooleanTasks(10)], "one length, got 20 and 10 steps"),
        ([Curriculum([(1, BooleanTasks(5)), (1, BooleanTasks(5))])] * 2, "one skmeta.tasks.Curr"),
    ],
)
def test_tasks_that_do_not_go_together(tasks, message):
    with pytest.raises(ValueError, match=message):
        check_tasks(tasks)
    with pytest.raises(ValueError, match=message):
        MetaTrainer().fit(tasks)


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        ({"spec": {"kind": "regression"}, "n_steps": 5}, TypeError, "Own.spec must be .* got dict"),
        ({"spec": BooleanTasks().spec}, ValueError, "Own sets no n_steps: a TaskFamily has one"),
        ({"n_steps": 5}, ValueError, "Own sets no spec: a TaskFamily has one"),
    ],
)
def test_a_family_says_what_its_tasks_are(attributes, error, message):
    own = type("Own", (TaskFamily,), {"draw": BooleanTasks.draw, **attributes})
    with pytest.raises(error, match=message):
        MetaTrainer().fit(own())


def test_tasks_may_come_in_an_array_and_a_curriculum_alone():
    tasks = np.empty(2, dtype=object)
    tasks[:] = [BooleanTasks(5), BooleanTasks(5)]
    assert check_tasks(tasks) == list(tasks)
    curriculum = Curriculum([(1, BooleanTasks(5)), (1, BooleanTasks(6))])
    assert check_tasks([curriculum]) == [curriculum]


def test_validation_tasks_must_look_like_tasks():
    with pytest.raises(ValueError, match="validation_tasks must look like tasks: expected"):
        MetaTrainer().fit(BooleanTasks(), validation_tasks=QuadraticTasks())


def test_parameters_survive_clone_and_representation():
    trainer = MetaTrainer(MANN(5), n_steps=7, checkpoint="x", random_state=3)
    copy = clone(trainer)
    assert copy is not trainer and copy.get_params() == trainer.get_params()
    assert copy.set_params(n_steps=9).n_steps == 9
    assert "n_steps=7" in repr(trainer) and "MetaTrainer" in trainer._repr_html_()


def test_score_needs_fit():
    with pytest.raises(NotFittedError):
        MetaTrainer().score(BooleanTasks())


class Pictures(TaskFamily):
    """Random pictures of random classes."""

    def __init__(self, shape=(2, 3)):
        self.spec, self.n_steps = TaskSpec("classification", shape, 2), 4

    def draw(self, rng, n_episodes):
        shape = (n_episodes, 4, *self.spec.input_shape)
        inputs = rng.normal(3.0, 2.0, shape).astype(np.float32)
        inputs[..., 0, 0] = 0.0
        return EpisodeBatch(inputs, rng.integers(2, size=(n_episodes, 4)))


def test_tasks_of_pictures_share_one_scale():
    family = Pictures()
    weights = _measured_scales(family.spec, [family], 0)
    assert weights["encoder/center"].shape == weights["encoder/scale"].shape == (6,)
    assert (
        len(np.unique(weights["encoder/center"])) == len(np.unique(weights["encoder/scale"])) == 1
    )


def test_half_precision_is_for_convolutions():
    """The first loss is that of float32 but for rounding; without convolutions it is the same."""
    losses = {}
    for encoder in (ConvEncoder((4, 4)), "flat"):
        for precision in ("float32", "bfloat16"):
            options = {**TINY, "memory": "prototypes", "n_units": 3, "n_steps": 1}
            trainer = MetaTrainer(**options, encoder=encoder, precision=precision)
            losses[encoder, precision] = trainer.fit(Pictures((8, 8))).history_["loss"][0]
    exact, found = (losses[ConvEncoder((4, 4)), name] for name in ("float32", "bfloat16"))
    assert found != exact
    assert found == pytest.approx(exact, rel=0.02)
    assert losses["flat", "bfloat16"] == losses["flat", "float32"]


def test_weights_after_half_precision_are_rounded():
    for precision, rounded in (("float32", False), ("bfloat16", True)):
        options = {**TINY, "memory": "prototypes", "n_units": 3, "n_steps": 1}
        learner = MetaTrainer(**options, precision=precision).fit(Pictures((8, 8))).learner_
        for name, spec in learner.network.weight_specs().items():
            weight = learner.weights[name]
            halved = np.array_equal(weight, weight.astype(np.float16))
            if name.endswith("kernel") or not spec.trainable:
                assert halved is (rounded and spec.trainable), name


def test_loops_are_compiled_and_the_rest_is_left_to_keras():
    assert compiled_by_xla(NETWORKS["mann-pictures"]) is True
    for name in ("prototypes-conv-pictures", "least-squares-tables"):
        assert compiled_by_xla(NETWORKS[name]) == "auto"


def test_weights_of_a_batch_reach_the_loss():
    family = TableTasks(n_steps=9, n_columns=4, n_classes=3)
    settings = {**TINY, "n_steps": 1, "batch_size": 8, "learning_rate": 1e-9}
    trainer = MetaTrainer(**settings).fit(family)
    batch = family.batch(0, 8, seed=trainer.random_state)
    nats = evaluation.step_log_likelihood(trainer.learner_, batch, family.spec)
    expected = -np.average(nats, weights=batch.weights)
    assert trainer.history_["loss"] == [pytest.approx(expected, rel=1e-4)]
    assert expected != pytest.approx(-nats.mean(), rel=1e-3)
