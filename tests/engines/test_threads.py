"""One thread for products of small matrices: while it is asked for, and no longer."""

import threading

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from skmeta import InContextClassifier
from skmeta.engines.threads import one_thread
from skmeta.estimators._layout import TableLayout
from skmeta.memory import LeastSquares


def blas_threads():
    return {
        library.num_threads
        for library in ThreadpoolController().lib_controllers
        if library.user_api == "blas"
    }


@pytest.fixture
def many():
    """Three threads of BLAS, where it can have them."""
    with ThreadpoolController().limit(limits=3, user_api="blas"):
        if blas_threads() != {3}:
            pytest.skip("this BLAS does not take a number of threads")
        yield


def test_one_thread_inside_and_as_many_as_before_outside(many):
    with one_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {3}


def test_an_error_leaves_as_many_as_before(many):
    with pytest.raises(ValueError), one_thread():
        raise ValueError
    assert blas_threads() == {3}


@pytest.mark.parametrize("first", ["here", "there"])
def test_contexts_that_overlap(many, first):
    """Two threads, of which one comes first and goes first."""
    come, go = threading.Event(), threading.Event()

    def stay():
        with one_thread():
            come.set()
            go.wait(10)

    other = threading.Thread(target=stay)
    if first == "here":
        with one_thread():
            other.start()
            assert come.wait(10) and blas_threads() == {1}
        go.set()
        other.join()
    else:
        other.start()
        assert come.wait(10)
        with one_thread():
            go.set()
            other.join()
    assert blas_threads() == {3}


def test_tables_are_measured_and_read_in_one_thread(many, monkeypatch):
    seen = []
    read_rows, store_rows = LeastSquares.read_rows, LeastSquares.store_rows
    monkeypatch.setattr(
        LeastSquares, "read_rows", lambda *a: seen.append(blas_threads()) or read_rows(*a)
    )
    monkeypatch.setattr(
        LeastSquares, "store_rows", lambda *a: seen.append(blas_threads()) or store_rows(*a)
    )
    measured = TableLayout.measured
    monkeypatch.setattr(
        TableLayout, "measured", lambda *a: seen.append(blas_threads()) or measured(*a)
    )
    X = np.random.default_rng(0).normal(size=(20, 3))
    InContextClassifier(random_state=0).fit(X, X[:, 0] > 0).predict(X)
    assert seen == [{1}, {1}, {1}] and blas_threads() == {3}
