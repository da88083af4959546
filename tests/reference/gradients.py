"""Gradients from the backend that Keras runs on, as NumPy arrays."""

import keras
import numpy as np


def gradients(function, *arrays):
    """Gradients of a scalar function of arrays, by the backend."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(np.asarray(a, np.float32)) for a in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        return [np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(value, tensors)]
    import jax

    tensors = [np.asarray(a, np.float32) for a in arrays]
    slopes = jax.jit(jax.grad(function, tuple(range(len(arrays)))))
    return [np.asarray(g) for g in slopes(*tensors)]


def loss_and_gradients(model, loss, inputs):
    """Value of loss(model(inputs)), and its gradients for the trainable weights by their names."""
    variables = model.trainable_variables
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss(model(inputs))
        found = tape.gradient(value, [v.value for v in variables])
    else:
        import jax

        def loss_of(trainable):
            fixed = [v.value for v in model.non_trainable_variables]
            answers, _ = model.stateless_call(trainable, fixed, inputs)
            return loss(answers)

        jax.eval_shape(model, inputs)  # builds the model
        value, found = jax.jit(jax.value_and_grad(loss_of))([v.value for v in variables])
    names = [v.name for v in variables]
    return float(value), {n: np.asarray(g) for n, g in zip(names, found, strict=True)}
