"""Batches of episodes for Keras: batch i is a function of (seed, i), so runs can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from skmeta.sequences import encode_labels
from skmeta.tasks import TaskFamily

# Batches that are made while the training step runs.
AHEAD = 4


class EpisodeStream:
    """The endless stream of batches, made beside the training step by one thread.

    Parameters
    ----------
    families : sequence of TaskFamily
        Batch i is drawn from family ``i % len(families)``.
    batch_size : int
        Episodes a batch, B.
    seed : int
        Name of the stream.
    """

    def __init__(self, families: Sequence[TaskFamily], batch_size: int, seed: int):
        self.families = families
        self.batch_size = batch_size
        self.seed = seed

    def stretch(self, first: int, last: int) -> Iterator[tuple]:
        """Yield the batches first, ..., last - 1: (rows, targets) or (rows, targets, weights)."""
        maker = ThreadPoolExecutor(1)
        try:
            made = [maker.submit(self._batch, i) for i in range(first, min(first + AHEAD, last))]
            for number in range(first, last):
                batch = made.pop(0).result()
                if number + AHEAD < last:
                    made.append(maker.submit(self._batch, number + AHEAD))
                yield batch
        finally:  # also where a step has failed
            maker.shutdown(cancel_futures=True)

    def _batch(self, number):
        family = self.families[number % len(self.families)]
        batch = family.batch(number, self.batch_size, seed=self.seed)
        labels, targets = encode_labels(batch.targets, family.spec), batch.targets
        rows = {"inputs": batch.inputs, "labels": labels}
        return (rows, targets) if batch.weights is None else (rows, targets, batch.weights)
