"""What the tests of several folders share."""

import os

import pytest

# Before anything imports SciPy: scikit-learn's check of arrays of other libraries is not skipped.
os.environ.setdefault("SCIPY_ARRAY_API", "1")


@pytest.fixture
def in_double():
    """Keras set to float64, as other models of a session may need it."""
    import keras

    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


@pytest.fixture(scope="module")
def interpreted():
    """Meta-training without compilation on TensorFlow: the same steps, sooner for tiny networks."""
    import keras

    from skmeta.training.network import MetaNetwork

    compile_model = MetaNetwork.compile

    def eagerly(self, **options):
        compile_model(self, **{**options, "jit_compile": False, "run_eagerly": True})

    with pytest.MonkeyPatch.context() as patch:
        if keras.backend.backend() == "tensorflow":
            patch.setattr(MetaNetwork, "compile", eagerly)
        yield
