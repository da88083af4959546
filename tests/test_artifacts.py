import copy
import json
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import cloudpickle
import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load, save

from skmeta import InContextClassifier, InContextRegressor, MetaTrainer, artifacts
from skmeta.artifacts import (
    ArtifactError,
    dump_learner,
    list_learners,
    load_learner,
    network_config,
    network_from_config,
    parse_learner,
    rounded,
    save_learner,
)
from skmeta.cards import describe, facts
from skmeta.files import write_atomically
from skmeta.memory import LSTM
from skmeta.networks import Learner, Network
from skmeta.training.checkpoint import save_checkpoint
from skmeta.training.recipes import load_recipe, make_family, scores
from tests.reference.small import CLASSES, NETWORKS, episodes, random_weights, small_learner

REMEDIES = ("Copy it again", "rain it again", "skmeta train", "Install the release")


def same(first, second):
    """Whether two learners are equal bit for bit."""
    return (
        first.network == second.network
        and dict(first.card) == dict(second.card)
        and list(first.weights) == list(second.weights)
        and all(
            w.dtype == second.weights[k].dtype and w.tobytes() == second.weights[k].tobytes()
            for k, w in first.weights.items()
        )
    )


def refused(data):
    """The message with which bytes are refused; it names the file and a way out."""
    with pytest.raises(ArtifactError) as caught:
        parse_learner(data, "some.safetensors")
    message = str(caught.value)
    assert message.startswith("some.safetensors") and any(word in message for word in REMEDIES)
    return message


def resigned(learner, weights=None, **changes):
    """Bytes of a learner whose manifest or weights are others, under a checksum that is right."""
    manifest = {"format": 1, "network": network_config(learner.network), "card": dict(learner.card)}
    manifest.update(changes)
    manifest = {k: v for k, v in manifest.items() if v is not None}
    weights = dict(learner.weights if weights is None else weights)
    checksum = artifacts.checksum_of(weights, manifest)
    return save(weights, metadata={"skmeta": json.dumps({**manifest, "sha256": checksum})})


@pytest.fixture(scope="module")
def learner():
    return small_learner("mann-classes-strength=True-add=False")


@pytest.fixture(scope="module")
def data(learner):
    return dump_learner(learner)


# Files


@pytest.mark.parametrize("name", NETWORKS)
def test_a_round_trip_changes_no_bit(name, tmp_path):
    learner = small_learner(name)
    path = save_learner(learner, tmp_path / "x.safetensors")
    assert same(load_learner(path), learner)
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]
    assert network_from_config(json.loads(json.dumps(network_config(learner.network)))) == (
        learner.network
    )


def test_the_same_learner_gives_the_same_bytes(learner, data):
    weights = dict(reversed([(k, w.copy()) for k, w in learner.weights.items()]))
    assert dump_learner(Learner(learner.network, weights, dict(learner.card))) == data
    assert dump_learner(parse_learner(data, "")) == data


def test_numpy_numbers_and_any_keys_may_stand_on_a_card(learner):
    card = {"steps": np.int64(5), "rate": np.float32(0.5), "pair": (1, 2), 10: "ten", 2: "two"}
    read = parse_learner(dump_learner(Learner(learner.network, learner.weights, card)), "")
    assert read.card == {"steps": 5, "rate": 0.5, "pair": [1, 2], "10": "ten", "2": "two"}


def test_a_card_of_other_objects_is_refused(learner):
    with pytest.raises(ArtifactError, match="numbers, text, lists or dicts: object has no place"):
        dump_learner(Learner(learner.network, learner.weights, {"x": object()}))


def test_what_is_written_is_no_pickle_and_readable_by_others(learner, data):
    weights = load(data)
    assert set(weights) == set(learner.weights)
    for name, array in weights.items():
        assert_array_equal(array, learner.weights[name])


def test_another_suffix_is_refused(learner, tmp_path):
    with pytest.raises(ValueError, match=r"ends with \.safetensors, got 'x\.keras'"):
        save_learner(learner, tmp_path / "x.keras")
    with pytest.raises(TypeError, match=r"got MetaTrainer: .* trainer\.learner_"):
        save_learner(MetaTrainer(), tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match=r"no folder for .*none/x\.safetensors: make it"):
        save_learner(learner, tmp_path / "none" / "x.safetensors")


@pytest.mark.parametrize("function", ["os.replace", "os.fsync"])
def test_a_full_disk_leaves_the_old_file_whole(function, learner, tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(function, full)
    with pytest.raises(OSError, match="No space left"):
        save_learner(learner, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]


def test_an_atomic_write_replaces_the_old_file(tmp_path):
    path = tmp_path / "x"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1


# Damage


def test_truncated_at_any_length(data):
    header = int.from_bytes(data[:8], "little")
    lengths = [*range(12), 8 + header // 2, 8 + header - 1, 8 + header, 8 + header + 1]
    for length in [*lengths, len(data) // 2, *range(len(data) - 9, len(data))]:
        assert "damaged or no safetensors file" in refused(data[:length])
    refused(data + b"\0")


def test_a_changed_byte_anywhere(learner, data):
    header = int.from_bytes(data[:8], "little")
    places = np.unique(
        np.concatenate(
            [
                np.arange(8),
                np.linspace(8, 8 + header - 1, 150).astype(int),
                np.linspace(8 + header, len(data) - 1, 50).astype(int),
            ]
        )
    )
    for place in places:
        for change in (0x01, 0x04, 0x20, 0x80):
            damaged = bytearray(data)
            damaged[place] ^= change
            try:
                found = parse_learner(bytes(damaged), "some.safetensors")
            except ArtifactError as error:
                assert any(word in str(error) for word in REMEDIES), error
            else:  # white space of the header: nothing is lost
                assert place < 8 + header and same(found, learner)


def test_changed_bytes_that_json_does_not_notice(data):
    text = data.decode("latin-1")
    for old, new in [
        ('"dtype":"F32"', '"dtype":"I32"'),
        ('n_units\\": 6', 'n_units\\": 7'),
        ("usage_decay", "usage_dekay"),
        ("memory/bias", "memory/bios"),
        ("mann-classes", "nann-classes"),  # the card
    ]:
        assert text.count(old) >= 1
        refused(text.replace(old, new).encode("latin-1"))
    assert "checksum" in refused(text.replace("mann-classes", "nann-classes").encode("latin-1"))


def test_a_foreign_safetensors_file():
    message = refused(save({"weight": np.zeros(3, np.float32)}))
    assert "made by another program" in message
    refused(save({"weight": np.zeros(3, np.float32)}, metadata={"format": "pt"}))


def test_a_checkpoint_is_no_learner(tmp_path):
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, {"weight": np.zeros(3, np.float32)}, {"step": 3})
    with pytest.raises(ArtifactError, match="is a checkpoint of .* finish the run with the same"):
        load_learner(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello, this is text\n" * 20,
        pickle.dumps({"a": 1}),
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 21) + b'{"__metadata__": null}'[:21],
        struct.pack("<Q", 22) + b'{"__metadata__": null}',
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 20_000) + b"[" * 20_000,
    ],
    ids=["empty", "text", "pickle", "{}", "[]", "null", "half", "no-metadata", "huge", "deep"],
)
def test_files_that_are_something_else(content):
    refused(content)


@pytest.mark.parametrize("manifest", ["", "[]", "3", "null", '{"format": 1}', "[" * 20_000])
def test_damaged_manifests(manifest, learner):
    message = refused(save(dict(learner.weights), metadata={"skmeta": manifest}))
    assert "damaged manifest" in message


def test_another_format_number(learner):
    for version in (3, [1]):
        message = refused(resigned(learner, format=version))
        assert f"has format {version}, this release of skmeta reads [1, 2]" in message


def test_weights_of_half_precision_are_written_as_such(learner, data):
    halves = Learner(learner.network, rounded(learner.weights), learner.card)
    short = dump_learner(halves)
    assert {array.dtype for array in load(short).values()} == {np.dtype(np.float16)}
    saved = 2 * sum(array.size for array in learner.weights.values())
    assert abs(len(data) - len(short) - saved) < 16  # the header ends at a multiple of 8
    again = parse_learner(short, "some.safetensors")
    assert same(again, halves) and dump_learner(again) == short
    for name, array in halves.weights.items():
        assert_allclose(array, learner.weights[name], rtol=2**-10, atol=1e-7)


def test_weights_of_half_precision_under_the_other_format_number(learner):
    assert "was edited or damaged" in refused(resigned(learner, rounded(learner.weights), format=1))


def test_what_was_measured_keeps_its_precision(learner):
    """Centers and scales are in the user's units, which may be far beyond half precision."""
    measured = {"encoder/center": 1e6, "encoder/scale": 1e-9}
    assert set(measured) < set(learner.weights)
    weights = rounded(learner.weights)
    for name, value in measured.items():
        weights[name] = np.full(learner.weights[name].shape, value, np.float32)
    again = parse_learner(dump_learner(Learner(learner.network, weights)), "some.safetensors")
    written = load(dump_learner(again))
    for name, value in measured.items():
        assert written[name].dtype == np.float32
        assert_array_equal(again.weights[name], np.float32(value))
    assert written["readout/kernel"].dtype == np.float16


def test_rounding_keeps_to_the_range_of_half_precision():
    found = rounded({"a": np.array([1e6, -1e9, 3.0], np.float32)})["a"]
    assert_array_equal(found, np.array([65504, -65504, 3], np.float16))


@pytest.mark.parametrize(
    ("part", "change", "named"),
    [
        ("memory", {"type": "ntm"}, "Unknown type 'ntm'"),
        ("encoder", {"type": "resnet"}, "Unknown type 'resnet'"),
        ("memory", {"n_heads": 3}, "n_heads"),
        ("memory", {"n_units": "six"}, "no learner of this release"),
        ("memory", {"n_units": 7}, "must have shape"),
        ("spec", {"kind": "ranking"}, "'ranking'"),
        ("spec", {"input_shape": None}, "does not fit this release"),
        ("spec", {"n_outputs": 4}, "must have shape"),
    ],
)
def test_manifests_of_other_releases(part, change, named, learner):
    config = network_config(learner.network)
    config[part] = {**config[part], **change}
    assert named in refused(resigned(learner, network=config))


@pytest.mark.parametrize("change", [{"network": None}, {"card": None}, {"card": 5}])
def test_manifests_that_lack_something(change, learner):
    refused(resigned(learner, **change))


def test_weights_that_are_not_finite_or_not_there(learner):
    weights = dict(learner.weights)
    name = next(iter(weights))
    manifest = {"format": 1, "network": network_config(learner.network), "card": {}}
    for broken, named in [
        ({**weights, name: np.full_like(weights[name], np.nan)}, "NaN"),
        ({k: w for k, w in weights.items() if k != name}, "missing"),
        ({**weights, "extra": np.zeros(2, np.float32)}, "unknown"),
    ]:
        signed = {**manifest, "sha256": artifacts.checksum_of(broken, manifest)}
        assert named in refused(save(broken, metadata={"skmeta": json.dumps(signed)}))


# Names, paths and the registry


@pytest.fixture
def shipped(tmp_path, monkeypatch, learner):
    """A folder that stands for the shipped learners; it holds ``tiny``."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr(artifacts, "PRETRAINED", folder)
    save_learner(learner, folder / "tiny.safetensors")
    return folder


@pytest.mark.parametrize(
    "name", ["no-such", "no/such.safetensors", "pretrained", "tiny.keras", "../tiny"]
)
def test_a_missing_learner_is_named_with_those_there_are(name, shipped):
    with pytest.raises(ArtifactError, match=r"shipped are \['tiny'\]") as caught:
        load_learner(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 3, ["tiny"], b"tiny"])
def test_a_learner_of_another_type_is_refused(wrong, shipped):
    with pytest.raises(ArtifactError, match="a name, a path or a Learner, got"):
        load_learner(wrong)


def test_names_and_paths_give_the_same_object_once_a_process(shipped, learner, monkeypatch):
    assert list_learners() == ["tiny"]
    first = load_learner("tiny")
    assert same(first, learner)
    assert load_learner("tiny") is first
    assert load_learner(shipped / "tiny.safetensors") is first
    monkeypatch.chdir(shipped)
    assert load_learner("tiny.safetensors") is first
    assert load_learner(first) is first


def test_a_file_that_changed_is_read_again(tmp_path):
    path = tmp_path / "x.safetensors"
    save_learner(small_learner("lstm-classes"), path)
    before = load_learner(path)
    save_learner(small_learner("lstm-pictures"), path)
    assert load_learner(path).spec.input_shape == (2, 3)
    assert before.spec.input_shape == (4,)


def test_a_damaged_file_is_refused_by_its_name(shipped, data):
    path = shipped / "half.safetensors"
    path.write_bytes(data[:-5])
    with pytest.raises(ArtifactError, match=r"half\.safetensors is damaged"):
        load_learner("half")
    path.write_bytes(data)
    load_learner("half")


def test_threads_share_one_learner(shipped, monkeypatch):
    reads, parse, barrier = [], artifacts.parse_learner, threading.Barrier(8)

    def counted(*arguments):
        reads.append(1)
        time.sleep(0.02)  # long enough for the other threads to come
        return parse(*arguments)

    monkeypatch.setattr(artifacts, "parse_learner", counted)
    found = []

    def work():
        barrier.wait()
        found.append(load_learner("tiny"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len({id(x) for x in found}) == len(reads) == 1


# Pickles

PICKLERS = {
    "pickle-3": lambda x: pickle.dumps(x, protocol=3),
    "pickle-5": lambda x: pickle.dumps(x, protocol=5),
    "cloudpickle": cloudpickle.dumps,
}


@pytest.mark.parametrize("dumps", PICKLERS.values(), ids=PICKLERS)
def test_a_shipped_learner_travels_as_its_name(dumps, shipped, data):
    found = load_learner("tiny")
    pickled = dumps(found)
    assert len(pickled) < 300 and len(data) > 2_000
    assert b"tiny" in pickled
    assert pickle.loads(pickled) is found
    assert pickle.loads(dumps(load_learner(shipped / "tiny.safetensors"))) is found


@pytest.mark.parametrize("dumps", PICKLERS.values(), ids=PICKLERS)
def test_a_learner_of_the_users_own_travels_as_the_bytes_of_its_file(
    dumps, learner, tmp_path, data
):
    assert data in dumps(learner)
    assert same(pickle.loads(dumps(learner)), learner)
    path = save_learner(learner, tmp_path / "own.safetensors")
    pickled = dumps(load_learner(path))
    path.unlink()
    assert same(pickle.loads(pickled), learner)


def test_joblib(shipped, learner, tmp_path):
    for number, x in enumerate([load_learner("tiny"), learner]):
        path = tmp_path / f"{number}.joblib"
        joblib.dump(x, path)
        assert same(joblib.load(path), learner)
    assert (tmp_path / "0.joblib").stat().st_size < 300


def test_the_same_bytes_are_one_object(learner):
    pickled = pickle.dumps(learner)
    first, second = pickle.loads(pickled), pickle.loads(pickled)
    assert first is second


def test_copies_are_the_learner_itself(shipped, learner):
    for x in (learner, load_learner("tiny")):
        assert copy.copy(x) is copy.deepcopy(x) is x
        assert copy.deepcopy({"x": [x]})["x"][0] is x


def test_another_file_under_the_pickled_name_is_refused(shipped, learner):
    pickled = pickle.dumps(load_learner("tiny"))
    weights = random_weights(learner.network.weight_specs(), 9)
    save_learner(Learner(learner.network, weights), shipped / "tiny.safetensors")
    with pytest.raises(ArtifactError, match="another version of the shipped learner 'tiny'") as got:
        pickle.loads(pickled)
    assert "Install the release of skmeta" in str(got.value) and "sha256" in str(got.value)
    (shipped / "tiny.safetensors").unlink()
    with pytest.raises(ArtifactError, match="There is no learner 'tiny'"):
        pickle.loads(pickled)


def test_a_damaged_pickle_of_an_own_learner_is_refused(learner):
    pickled = bytearray(pickle.dumps(learner))
    place = pickled.index(learner.weights["memory/kernel"].tobytes())
    pickled[place] ^= 1
    with pytest.raises(ArtifactError, match="The learner in the pickle was edited or damaged"):
        pickle.loads(bytes(pickled))


@dataclass(frozen=True)
class OwnMemory(LSTM):
    """A memory that this package does not know."""


def test_a_memory_of_the_users_own_pickles_but_has_no_file(tmp_path):
    network = Network(CLASSES, OwnMemory(3))
    learner = Learner(network, network.initial_weights(0))
    with pytest.raises(ArtifactError, match="OwnMemory has no name in an artifact"):
        save_learner(learner, tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())
    assert same(pickle.loads(pickle.dumps(learner)), learner)


def test_a_pickle_in_a_fresh_process_needs_no_import_before(learner, tmp_path):
    path = tmp_path / "x.pickle"
    path.write_bytes(pickle.dumps(learner))
    script = (
        "import pickle, sys; x = pickle.load(open(sys.argv[1], 'rb'));"
        "print(x.n_weights, sorted({'keras', 'sklearn'} & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == [str(learner.n_weights), "[]"]


# Cards


def test_a_card_tells_what_there_is_to_tell(learner):
    card = {
        "name": "tiny",
        "description": "For tests.",
        "limits": "* everything else",
        "licence": "BSD-3-Clause",
        "steps": 1_200,
        "seconds": 90.0,
        "trainer": {"batch_size": 16},
        "tasks": [{"family": "omniglot"}, {"family": "sine"}],
        "versions": {"skmeta": "0.1"},
        "test": {"family": "boolean"},
        "scores": {
            "episodes": 10,
            "seed": 0,
            "nats_a_step": -0.5,
            "accuracy_by_instance": [0.2, 0.95],
            "interval": [0.01, 0.02],
        },
    }
    text = describe(Learner(learner.network, learner.weights, card))
    for part in [
        "# tiny",
        "For tests.",
        "* everything else",
        "BSD-3-Clause",
        "1,200 steps, 2 minutes",
        "batch_size=16",
        "family=sine",
        "skmeta=0.1",
        "| accuracy, % | 20.0 ± 1.0 | 95.0 ± 2.0 |",
        f"{learner.n_weights:,} weights",
        "3 classes",
    ]:
        assert part in text, part
    card["scores"] = {
        "episodes": 10,
        "seed": 0,
        "nats_a_step": 1.0,
        "nats_below_oracle": 0.25,
        "shots": [1, 5],
        "mean_squared_error": [0.5, 0.01],
        "interval": [0.1, 0.001],
    }
    text = describe(Learner(learner.network, learner.weights, card))
    assert "1.000 nats a step (0.250 below the exact oracle)" in text
    assert "| mean squared error | 0.5 ± 0.1 | 0.01 ± 0.001 |" in text
    card["scores"] = {
        "episodes": 10,
        "seed": 0,
        "nats_a_step": 1.0,
        "rows": [5, 10],
        "log_likelihood": [-0.7, -0.6],
        "error": [0.3, 0.25],
        "interval": [[0.01, 0.02], [0.03, 0.04]],
    }
    text = describe(Learner(learner.network, learner.weights, card))
    assert "| rows read | 5 | 10 |" in text
    assert "| log-likelihood, nats | -0.700 ± 0.010 | -0.600 ± 0.020 |" in text
    assert "| error rate | 0.300 ± 0.030 | 0.250 ± 0.040 |" in text


def test_an_empty_card_is_no_error(learner, tmp_path):
    unnamed = Learner(learner.network, learner.weights)
    assert describe(unnamed).startswith(f"# {unnamed.name}\n")
    path = save_learner(unnamed, tmp_path / "mine.safetensors")
    assert describe(path) == describe(load_learner(path)) and describe(path).startswith("# mine\n")
    assert facts(path)["name"] == facts(load_learner(path))["name"] == "mine"
    assert facts(unnamed)["name"] == unnamed.name
    assert "5 positions" not in describe(small_learner("lstm-strings"))
    assert "2 positions" in describe(small_learner("lstm-strings"))


def test_a_file_that_is_written_again_is_read_anew_and_the_former_let_go(tmp_path):
    path, learner = tmp_path / "mine.safetensors", small_learner("lstm-strings")
    n_before = len(artifacts._registry)
    for n_steps in range(3):
        card = {**learner.card, "steps": n_steps}
        save_learner(Learner(learner.network, learner.weights, card), path)
        os.utime(path, ns=(n_steps, n_steps))  # clocks of files are coarse
        assert load_learner(path).card["steps"] == n_steps
        assert load_learner(path) is load_learner(path)
    assert len(artifacts._registry) == n_before + 1


# What the package ships


@pytest.fixture(params=list_learners() or ["none yet"])
def name(request):
    if request.param == "none yet":
        pytest.skip("no learner is shipped yet")
    return request.param


def test_shipped_files_are_small_and_sound(name):
    path = artifacts.PRETRAINED / f"{name}.safetensors"
    assert path.stat().st_size < 4e6
    found = load_learner(name)
    assert dump_learner(found) == path.read_bytes()


def test_shipped_cards_are_complete(name):
    card = load_learner(name).card
    expected = {"name", "description", "limits", "licence", "tasks", "steps", "seconds"}
    assert {*expected, "trainer", "versions", "test", "scores"} <= set(card)
    assert card["name"] == name
    assert np.isfinite(card["scores"]["nats_a_step"])
    text = (artifacts.PRETRAINED / f"{name}.md").read_text(encoding="utf-8")
    assert text == describe(name) and text.startswith(f"# {name}\n")


@pytest.mark.skipif(not os.environ.get("SKMETA_DATA"), reason="SKMETA_DATA names no folder")
@pytest.mark.parametrize("name", ["lstm-omniglot", "mann-omniglot", "omniglot-eye"])
def test_cards_of_characters_tell_what_evaluation_finds(name):
    """Pictures that are made small in another way would make them stale."""
    learner = load_learner(name)
    told = learner.card["scores"]
    found = scores(
        learner, make_family(learner.card["test"]), n_episodes=told["episodes"], seed=told["seed"]
    )
    assert_allclose(found["accuracy_by_instance"], told["accuracy_by_instance"], atol=0.001)


def test_shipped_recipes_make_the_shipped_network(name):
    recipe, found = load_recipe(name), load_learner(name)
    assert recipe.name == name
    assert (found.card["test"], found.card["tasks"]) == (recipe.test, recipe.tasks)
    trainer = recipe.make_trainer()
    memory, encoder = trainer.memory, trainer._encoder(found.spec)
    memory = artifacts.MEMORIES[memory]() if isinstance(memory, str) else memory
    memory = memory if trainer.n_units is None else memory.resized(trainer.n_units)
    built = Network(found.spec, memory, encoder)
    assert network_config(built) == network_config(found.network)
    if recipe.test["family"] != "omniglot" or os.environ.get("SKMETA_DATA"):
        assert recipe.make_tasks()[0].spec == found.spec


def test_shipped_learners_agree_with_their_keras_twins(name):
    from skmeta.engines.keras_engine import compiled  # imports Keras: only where it is needed

    found = load_learner(name)
    inputs, _, labels = episodes(found.spec, 3, 17)
    if not found.spec.table:
        shape = found.spec.input_shape
        center, scale = (found.weights[f"encoder/{part}"] for part in ("center", "scale"))
        inputs = inputs * scale.reshape(shape) + center.reshape(shape)
    state, outputs = found.learn(found.initial_state(3), inputs, labels)
    twin_state, twin_outputs = compiled(found).learn(found.initial_state(3), inputs, labels)
    assert_allclose(twin_outputs, outputs, atol=1e-5)
    assert_allclose(
        compiled(found).read(twin_state, inputs[:, 0]),
        found.read(state, inputs[:, 0]),
        atol=1e-5,
        rtol=1e-5,
    )
    in_double = found.network.memory.in_double
    assert outputs.dtype == (np.float64 if in_double else np.float32)


def test_shipped_learners_make_small_pickles(name):
    found = load_learner(name)
    if found.spec.label_length > 1:
        pytest.skip("the estimators take labels of one position")
    estimator = InContextClassifier if found.spec.kind == "classification" else InContextRegressor
    inputs, targets, _ = episodes(found.spec, 1, 50)
    X, y = inputs[0].reshape(50, -1), targets[0].ravel()
    if found.spec.table:
        X = X[:, : found.spec.n_columns]  # more have more members
    for n_rows in (50, 10):
        fitted = estimator(learner=name).fit(X[:n_rows], y[:n_rows])
        pickled = pickle.dumps(fitted)
        assert len(pickled) < 320_000
        assert_array_equal(pickle.loads(pickled).predict(X), fitted.predict(X))
