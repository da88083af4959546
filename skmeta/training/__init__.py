"""Meta-training: from a stream of tasks to a learner, and how good it is.

:mod:`skmeta.training.evaluation` needs no Keras; the trainer imports it when
it starts to train.
"""
