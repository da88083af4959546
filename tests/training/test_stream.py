"""The stream of batches: what it yields, in which order, and how it ends."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmeta.sequences import encode_labels
from skmeta.tasks import BooleanTasks, TableTasks
from skmeta.training.stream import AHEAD, EpisodeStream
from skmeta.training.trainer import MetaTrainer


def test_batches_take_turns_from_the_first_asked_for():
    families = [BooleanTasks(n_steps=5), BooleanTasks(n_steps=5)]
    stream = EpisodeStream(families, batch_size=3, seed=4)
    batches = list(stream.stretch(7, 7 + 2 * AHEAD))
    assert len(batches) == 2 * AHEAD
    for number, (rows, targets) in enumerate(batches, start=7):
        expected = families[number % 2].batch(number, 3, seed=4)
        assert_array_equal(rows["inputs"], expected.inputs)
        assert_array_equal(rows["labels"], encode_labels(expected.targets, families[0].spec))
        assert_array_equal(targets, expected.targets)


def test_a_stretch_shorter_than_what_is_made_ahead_draws_no_more_than_itself():
    class Counted(BooleanTasks):
        drawn = 0

        def draw(self, rng, n_episodes):
            self.drawn += 1
            return super().draw(rng, n_episodes)

    family = Counted(n_steps=5)
    assert len(list(EpisodeStream([family], 2, 0).stretch(3, 5))) == 2
    assert family.drawn == 2


def test_weights_of_rows_come_along():
    family = TableTasks(n_steps=6, n_columns=3)
    ((_, _, weights),) = EpisodeStream([family], 2, 0).stretch(0, 1)
    assert_array_equal(weights, family.batch(0, 2, seed=0).weights)


def test_a_stretch_that_is_given_up_leaves_no_thread():
    before = threading.active_count()
    batches = EpisodeStream([BooleanTasks(n_steps=5)], 2, 0).stretch(0, 50)
    next(batches)
    assert threading.active_count() == before + 1
    batches.close()
    assert threading.active_count() == before


def test_a_family_that_fails_stops_the_training_with_its_own_error():
    class Broken(BooleanTasks):
        def batch(self, index, n_episodes, *, seed):
            if index == 5:
                raise np.linalg.LinAlgError("no episode")
            return super().batch(index, n_episodes, seed=seed)

    with pytest.raises(np.linalg.LinAlgError, match="no episode"):
        MetaTrainer(n_units=3, n_steps=9, batch_size=2).fit(Broken(n_steps=5))
