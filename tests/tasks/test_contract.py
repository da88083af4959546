"""What every family of tasks keeps to, also one of a user's own."""

import numpy as np
import pytest

from skmeta.episodes import EpisodeBatch, TaskSpec
from skmeta.tasks import QuadraticTasks, TableTasks, TaskFamily


class Own(TaskFamily):
    """Draws arrays of the shapes that it is told."""

    n_steps = 7

    def __init__(self, spec, inputs, targets):
        self.spec, self.inputs, self.targets = spec, inputs, targets

    def draw(self, rng, n_episodes):
        return EpisodeBatch(
            np.zeros((n_episodes, *self.inputs)), np.zeros((n_episodes, *self.targets), dtype=int)
        )


@pytest.mark.parametrize(
    ("spec", "target"),
    [
        (TaskSpec("regression", (3,), 1), (7, 1)),
        (TaskSpec("regression", (3,), 2), (7, 2)),
        (TaskSpec("classification", (3,), 4), (7,)),
        (TaskSpec("classification", (3,), 4, label_length=2), (7, 2)),
    ],
)
def test_episodes_have_the_shapes_of_the_spec(spec, target):
    batch = Own(spec, (7, 3), target).batch(0, 5, seed=0)
    assert batch.inputs.shape == (5, 7, 3) and batch.targets.shape == (5, *target)
    for inputs, targets, name in (
        ((7, 2), target, "inputs"),
        ((6, 3), (6, *target[1:]), "inputs"),
        ((7, 3), (*target, 1), "targets"),
        ((7, 3), (7, 3), "targets"),
    ):
        with pytest.raises(ValueError, match=rf"Own.draw must return {name} of shape \(5, 7"):
            Own(spec, inputs, targets).batch(0, 5, seed=0)


def test_a_family_says_what_its_tasks_look_like():
    assert repr(QuadraticTasks()) == "<QuadraticTasks: regression, 50 rows of shape (2,)>"
    tables = TableTasks(n_steps=30, n_columns=7, n_classes=3)
    assert repr(tables) == "<TableTasks: 3 classes, 30 rows of 7 columns>"


def test_what_is_drawn_is_a_batch():
    class Forgetful(Own):
        def draw(self, rng, n_episodes):
            super().draw(rng, n_episodes)

    with pytest.raises(TypeError, match="Forgetful.draw must return an EpisodeBatch, got NoneTy"):
        Forgetful(TaskSpec("regression", (3,), 1), (7, 3), (7, 1)).batch(0, 5, seed=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((2, 7, 3)).tolist()}, "inputs must be a NumPy array of .*, got list"),
        ({"inputs": np.zeros((2, 7, 3), dtype=object)}, "inputs must be .*, got one of object"),
        ({"inputs": np.full((2, 7, 3), 1j)}, "inputs must be .*, got one of complex128"),
        ({"inputs": np.zeros((2, 7, 3), "M8[s]")}, "inputs must be .*, got one of datetime64"),
        ({"targets": [[0] * 7] * 2}, "targets must be a NumPy array of real numbers, got list"),
        ({"targets": np.full((2, 7), "0")}, "targets must be .*, got one of <U1"),
        ({"targets": np.zeros((2, 7), dtype=object)}, "targets must be .*, got one of object"),
        ({"targets": None}, "targets must be .*, got NoneType"),
        ({"weights": [[1.0] * 7] * 2}, "weights must be .*, got list"),
        ({"oracle": np.full((2, 7), 1j)}, "oracle must be .*, got one of complex128"),
    ],
)
def test_episodes_are_arrays_of_numbers(change, message):
    arrays = {"inputs": np.zeros((2, 7, 3)), "targets": np.zeros((2, 7), dtype=int)}
    assert EpisodeBatch(**arrays).n_episodes == 2
    with pytest.raises(TypeError, match=message):
        EpisodeBatch(**{**arrays, **change})


@pytest.mark.parametrize("name", ["inputs", "targets", "oracle", "weights"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_episodes_are_finite(name, value):
    arrays = {"inputs": np.zeros((2, 7, 3)), "targets": np.zeros((2, 7, 1))}
    arrays |= {"oracle": np.zeros((2, 7)), "weights": np.ones((2, 7))}
    assert EpisodeBatch(**arrays).n_steps == 7
    arrays[name].flat[3] = value
    with pytest.raises(ValueError, match=f"{name} hold NaN or infinite values"):
        EpisodeBatch(**arrays)


def test_sizes_are_integers():
    spec = TaskSpec("classification", [np.int64(4), 5], np.int8(3))
    assert spec == TaskSpec("classification", (4, 5), 3) and len({spec, spec}) == 1
    assert type(spec.n_outputs) is type(spec.input_shape[0]) is int
    for sizes in (((2.0,), 2), ((2,), 2.0), ((2,), 2, 1.0)):
        with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
            TaskSpec("classification", *sizes)


def test_a_spec_is_one():
    message = r"Own.spec must be a skmeta.episodes.TaskSpec\(kind, .*\), got dict"
    with pytest.raises(TypeError, match=message):
        Own({"kind": "regression", "input_shape": (3,)}, (7, 3), (7, 1)).batch(0, 5, seed=0)
