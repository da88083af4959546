"""What the tests of several folders share."""

import pytest


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
