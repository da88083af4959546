"""Array operations that memories and networks are written in.

Equations are pure functions ``f(ops, weights, state, x)``. In meta-training
``ops`` is ``keras.ops``; at inference it is :mod:`skmeta.engines.numpy_ops`,
which has the same names and needs no Keras.
"""
