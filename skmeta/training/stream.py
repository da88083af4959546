"""Batches of episodes for Keras: batch i is a function of (seed, i), so runs can be resumed."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from skmeta.sequences import encode_labels
from skmeta.tasks import TaskFamily


def network_inputs(batch, spec):
    """Write an EpisodeBatch as what the network is given."""
    return {"inputs": batch.inputs, "labels": encode_labels(batch.targets, spec)}


class EpisodeStream(keras.utils.PyDataset):
    """A stretch of the endless stream of batches, made beside the training step by one thread.

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
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=8)
        self.families = families
        self.batch_size = batch_size
        self.seed = seed
        self.first, self.last = 0, 0

    def stretch(self, first: int, last: int) -> EpisodeStream:
        """Move to the batches first, ..., last - 1."""
        self.first, self.last = first, last
        return self

    def __len__(self):
        return self.last - self.first

    def __getitem__(self, index):
        number = self.first + index
        family = self.families[number % len(self.families)]
        batch = family.batch(number, self.batch_size, seed=self.seed)
        rows, targets = network_inputs(batch, family.spec), batch.targets
        return (rows, targets) if batch.weights is None else (rows, targets, batch.weights)
