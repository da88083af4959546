"""What an estimator holds, to compare before and after."""

import copy

import joblib
import numpy as np

from skmeta.memory import map_state


def leaves(state):
    """The arrays of a memory's state."""
    found = []
    map_state(found.append, state)
    return found


def snapshot(estimator):
    """A deep copy of everything the estimator holds."""
    return copy.deepcopy(vars(estimator))


def assert_unchanged(estimator, before):
    """Everything is as in the snapshot: same names, same types, same numbers."""
    after = vars(estimator)
    assert set(after) == set(before)
    for name, value in before.items():
        assert type(after[name]) is type(value), name
        if name == "state_":
            for new, old in zip(leaves(after[name]), leaves(value), strict=True):
                assert new.dtype == old.dtype
                np.testing.assert_array_equal(new, old)
        elif isinstance(value, np.ndarray):
            assert after[name].dtype == value.dtype, name
            np.testing.assert_array_equal(after[name], value)
        else:
            assert joblib.hash(after[name]) == joblib.hash(value), name
