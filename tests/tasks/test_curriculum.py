import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skmeta.tasks import BooleanTasks, Curriculum, QuadraticTasks


@pytest.fixture
def stages():
    return [(3, BooleanTasks(n_steps=4)), (2, BooleanTasks(n_steps=6)), (9, BooleanTasks(5))]


def test_families_one_after_the_other(stages):
    tasks = Curriculum(stages)
    assert tasks.changes == (3, 5)
    lengths = [tasks.batch(i, 2, seed=0).n_steps for i in range(20)]
    assert lengths == [4, 4, 4, 6, 6, *[5] * 15]  # the last one for ever
    assert tasks.n_steps == 5 and tasks.spec == stages[0][1].spec


def test_batches_are_those_of_the_families(stages):
    tasks = Curriculum(stages)
    for index, family in [(2, stages[0][1]), (3, stages[1][1]), (5, stages[2][1])]:
        expected = family.batch(index, 4, seed=7)
        assert_array_equal(tasks.batch(index, 4, seed=7).inputs, expected.inputs)
        assert_array_equal(tasks.batch(index, 4, seed=7).targets, expected.targets)


def test_draws_come_from_the_last_family(stages):
    drawn = Curriculum(stages).draw(np.random.default_rng(0), 3)
    assert_array_equal(drawn.inputs, stages[2][1].draw(np.random.default_rng(0), 3).inputs)


def test_one_stage(stages):
    tasks = Curriculum(stages[:1])
    assert tasks.changes == () and tasks.batch(99, 1, seed=0).n_steps == 4


@pytest.mark.parametrize("n_inner", [1, 6, 20])
def test_a_curriculum_in_another_changes_where_it_does(stages, n_inner):
    """Its batches are those of its own numbers."""
    tasks = Curriculum([(2, BooleanTasks(9)), (n_inner, Curriculum(stages)), (9, BooleanTasks(7))])
    lengths = [tasks.batch(i, 2, seed=0).n_steps for i in range(30)]
    inner = [4, 4, 4, 6, 6, *[5] * 25][2:][:n_inner]
    assert lengths == [9, 9, *inner, *[7] * (28 - len(inner))]
    changes = [i for i in range(1, 30) if lengths[i] != lengths[i - 1]]
    assert list(tasks.changes) == changes
    for n_first, changes in ((3, (3, 5)), (4, (4, 5)), (5, (5,))):
        last = Curriculum([(n_first, BooleanTasks(9)), (1, Curriculum(stages))])
        assert last.changes == changes


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([], "needs at least one"),
        ([(1, BooleanTasks()), (1, QuadraticTasks())], "Stages must have one spec"),
        ([(0, BooleanTasks()), (1, BooleanTasks())], "n_batches must be at least 1, got 0"),
        (
            [(1, BooleanTasks()), (1, BooleanTasks)],
            r"Expected tasks, BooleanTasks\(...\), got the cl",
        ),
    ],
)
def test_stages_that_do_not_go_together(stages, message):
    with pytest.raises(ValueError, match=message):
        Curriculum(stages)


def test_numbers_of_batches_are_integers():
    with pytest.raises(TypeError, match="n_batches must be an integer, got 1.9"):
        Curriculum([(1.9, BooleanTasks())])
