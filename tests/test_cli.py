import json
import subprocess
import sys
import textwrap

import pytest

from skmeta import __version__, artifacts
from skmeta.artifacts import load_learner, save_learner
from skmeta.cli import main
from skmeta.episodes import TaskSpec
from skmeta.inspection import EpisodeDisplay
from skmeta.inspection._axes import check_picture
from skmeta.memory import LSTM
from skmeta.networks import Learner, Network
from tests.reference.small import small_learner

RECIPE = """
name = "tiny"
description = "Boolean functions, for tests."

[trainer]
memory = {type = "lstm", n_units = 3}
n_steps = 4
batch_size = 2
validate_every = 2

[[tasks]]
family = "boolean"
n_steps = 5

[validation]
family = "boolean"
n_steps = 5

[test]
family = "boolean"
n_steps = 5
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a recipe in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def shipped(folder, monkeypatch):
    """A folder that stands for the shipped learners, with those that the demo takes."""
    home = folder / "pretrained"
    home.mkdir()
    monkeypatch.setattr(artifacts, "PRETRAINED", home)
    for name, spec in {
        "omniglot": TaskSpec("classification", (28, 28), 9),
        "lstm-quadratic": TaskSpec("regression", (2,), 1),
        "tabular": TaskSpec("classification", (80,), 10, table=True),
    }.items():
        network = Network(spec, LSTM(4))
        card = {"name": name, "description": f"The {name}."}
        save_learner(
            Learner(network, network.initial_weights(0), card), home / f"{name}.safetensors"
        )
    return home


def refused(capsys, *arguments):
    """The message with which a command ends; nothing else is printed."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith(f"skmeta {arguments[0]}: ")
    assert "Traceback" not in captured.err
    return captured.err


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"skmeta {__version__}\n"


def test_the_command_starts_without_keras():
    script = (
        "import sys; from skmeta.cli import main; code = main(['list']);"
        "sys.exit(code or bool({'keras', 'sklearn'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_python_runs_the_package():
    command = [sys.executable, "-m", "skmeta", "--version"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == f"skmeta {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["trian"], ["train"], ["info", "x", "--verbose"]])
def test_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: skmeta" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("evaluate mann-gp --seed -1", "argument --seed: must be at least 0, got -1"),
        ("evaluate mann-gp --episodes 0", "argument --episodes: must be at least 1, got 0"),
        ("evaluate mann-gp --episodes x", "argument --episodes: invalid integer value: 'x'"),
        ("train mann-gp --n-steps 0", "argument --n-steps: must be at least 1, got 0"),
        ("train mann-gp --seed -1", "argument --seed: must be at least 0, got -1"),
        ("train mann-gp --episodes 0", "argument --episodes: must be at least 1, got 0"),
    ],
)
def test_numbers_out_of_range_are_named_as_the_options_are(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments.split())
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("interpreted")
class TestTrain:
    def test_from_recipe_to_learner(self, folder, capsys):
        assert main(["train", "tiny.toml"]) == 0
        captured = capsys.readouterr()
        learner = load_learner("tiny.safetensors")
        assert learner.card["steps"] == 4 and learner.card["name"] == "tiny"
        text = (folder / "tiny.md").read_text(encoding="utf-8")
        assert text.startswith("# tiny\n\nBoolean functions") and text in captured.out
        assert "Written to tiny.safetensors." in captured.out
        assert "step       4/4" in captured.err and "Testing on 1,000 episodes." in captured.err
        history = json.loads((folder / "tiny.history.json").read_text(encoding="utf-8"))
        assert history["step"] == history["validation_step"] == [2, 4]

        # What came out can be looked at, evaluated, and made again.
        assert main(["card", "tiny.safetensors"]) == 0
        assert capsys.readouterr().out.strip() == text.strip()
        options = ["--episodes", "70", "--seed", "1"]
        assert main(["evaluate", "tiny.safetensors", *options]) == 0
        table = capsys.readouterr().out.splitlines()
        assert table[0].startswith("Test: family=boolean") and len(table[4].split("|")) == 8
        assert main(["evaluate", "tiny.safetensors", *options, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["learner"] == "tiny.safetensors" and found["test"]["family"] == "boolean"
        assert found["episodes"] == 70 and found["seed"] == 1
        assert len(found["accuracy_by_instance"]) == len(found["interval"]) == 5
        assert main(["train", "tiny.toml", "--out", "again.safetensors", "--quiet"]) == 0
        assert capsys.readouterr().err == ""  # resumed at its end: nothing left to train
        again = load_learner("again.safetensors")
        assert all((again.weights[k] == w).all() for k, w in learner.weights.items())

    def test_options_go_before_the_recipe(self, folder, capsys):
        options = ["--n-steps", "2", "--seed", "3", "--quiet", "--checkpoint", "run"]
        options += ["--episodes", "7"]
        assert main(["train", "tiny.toml", "--out", "other.safetensors", *options]) == 0
        card = load_learner("other.safetensors").card
        assert card["steps"] == 2 and card["trainer"]["random_state"] == 3
        assert card["scores"]["episodes"] == 7
        names = {path.name for path in folder.iterdir()}
        expected = {"other.safetensors", "other.md", "other.history.json", "run", "tiny.toml"}
        assert names == expected

    def test_what_a_recipe_says_of_checkpoint_and_progress(self, folder, capsys):
        said = RECIPE.replace("n_steps = 4", 'n_steps = 4\ncheckpoint = "mine"\nverbose = 0')
        (folder / "tiny.toml").write_text(said, encoding="utf-8")
        assert main(["train", "tiny.toml"]) == 0
        told = capsys.readouterr().err
        assert "step" not in told.partition("In Python")[0] and ".train()" in told
        assert (folder / "mine").exists() and not (folder / "tiny.checkpoint").exists()
        assert main(["train", "tiny.toml", "--checkpoint", "other"]) == 0
        assert (folder / "other").exists()

    def test_a_full_disk(self, folder, capsys, monkeypatch):
        def full(*arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", full)
        assert "No space left on device" in refused(capsys, "train", "tiny.toml", "--quiet")
        assert [path.name for path in folder.iterdir()] == ["tiny.toml"]

    def test_a_run_that_is_stopped_says_so(self, folder, capsys, monkeypatch):
        def stopped(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr("skmeta.training.trainer.MetaTrainer.fit", stopped)
        assert main(["train", "tiny.toml"]) == 130
        assert "skmeta train: stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.toml"], "There is no recipe 'none.toml'"),
        (["train", "wrong.toml"], "Unknown key 'colour'"),
        (
            ["train", "tiny.toml", "--out", "x.keras"],
            "The learner would go to x.keras: name a .safetensors file in an existing folder",
        ),
        (["train", "tiny.toml", "--out", "no/x.safetensors"], "would go to no/x.safetensors: name"),
        (["train", "tiny.toml", "--checkpoint", "no/run"], "no folder for the checkpoint"),
        (
            ["train", "tiny.toml", "--checkpoint", "tiny.toml"],
            "tiny.toml is damaged, or is no checkpoint",
        ),
        (["info", "none"], "There is no learner 'none': shipped are"),
        (["card", "none"], "There is no learner 'none': shipped are"),
        (["info", "text.safetensors"], "text.safetensors is damaged or no safetensors file"),
        (["evaluate", "none"], "There is no learner 'none'"),
        (["evaluate", "own.safetensors"], "No test tasks are known for this learner: give --rec"),
        (["evaluate", "own.safetensors", "--recipe", "tiny.toml"], "the tasks are TaskSpec"),
        (["evaluate", "own.safetensors", "--recipe", "wrong.toml"], "Unknown key 'colour'"),
        (
            ["evaluate", "own.safetensors", "--recipe", "untested.toml"],
            "The recipe untested.toml has no [test] table",
        ),
        (["evaluate", "own.safetensors", "--plot", "no/x.png"], "There is no folder for no/x.png"),
        (["evaluate", "own.safetensors", "--plot", "x.foo"], "x.foo is no picture of "),
        (["demo", "--picture", "no/x.png"], "There is no folder for no/x.png"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_are_messages(arguments, message, folder, capsys):
    (folder / "wrong.toml").write_text(RECIPE + 'colour = "red"', encoding="utf-8")
    untested = RECIPE.partition("[test]")[0]
    (folder / "untested.toml").write_text(untested, encoding="utf-8")
    (folder / "text.safetensors").write_text("some text " * 9, encoding="utf-8")
    save_learner(small_learner("lstm-classes"), folder / "own.safetensors")
    assert message in refused(capsys, *arguments)


def test_a_picture_without_a_suffix_is_png(folder):
    pytest.importorskip("matplotlib")
    check_picture("picture")
    check_picture("picture.PNG")


def test_evaluate_draws(folder, capsys):
    pytest.importorskip("matplotlib")
    network = Network(TaskSpec("classification", (2,), 2), LSTM(3))
    save_learner(Learner(network, network.initial_weights(0)), folder / "own.safetensors")
    arguments = ["own.safetensors", "--recipe", "tiny.toml", "--episodes", "5", "--plot", "x.png"]
    assert main(["evaluate", *arguments, "--json"]) == 0
    assert (folder / "x.png").read_bytes().startswith(b"\x89PNG")
    json.loads(capsys.readouterr().out)


def test_list(shipped, capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["lstm-quadratic", "omniglot", "tabular"]
    assert lines[0].endswith("The lstm-quadratic.")
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tabular"] == "The tabular."


def test_info(shipped, capsys):
    assert main(["info", "tabular"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["name"] == "tabular" and lines["memory"] == "type=lstm, n_units=4"
    n_weights = load_learner("tabular").n_weights
    assert lines["n_weights"] == f"{n_weights:,}" and "n_outputs=10" in lines["spec"]
    assert main(["info", "tabular", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n_weights"] == n_weights and found["description"] == "The tabular."
    assert found["spec"]["n_outputs"] == 10 and found["encoder"] == {"type": "flat"}


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["info", "tiny.safetensors"],
        ["card", "tiny.safetensors"],
        ["evaluate", "tiny.safetensors", "--episodes", "3"],
        ["evaluate", "tiny.safetensors", "--episodes", "3", "--recipe", "tiny.toml"],
        [
            *("train", "tiny.toml", "--out", "again.safetensors", "--seed", "1"),
            *("--checkpoint", "x", "--episodes", "9"),
        ],
    ],
    ids=" ".join,
)
def test_what_a_command_does_in_python(arguments, folder, capsys):
    assert main(["train", "tiny.toml", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert main(arguments) == 0
    told = capsys.readouterr()
    lines = textwrap.dedent(told.err[told.err.index("In Python:") :].split("\n", 1)[1])
    code, last = lines.strip().rsplit("\n", 1)
    if arguments[0] == "train":
        (folder / "again.safetensors").rename("first.safetensors")
        (folder / "x").unlink()
    names = {}
    exec(code, names)
    value = eval(last, names)
    printed = capsys.readouterr().out
    if arguments[0] == "card":
        assert printed == told.out
    if arguments[0] in ("list", "info", "evaluate"):
        assert main([*arguments, "--json"]) == 0
        again = capsys.readouterr()
        said = json.loads(again.out)
        assert again.err == ""
        assert said == {**said, **value} if arguments[0] != "list" else list(said) == value
    if arguments[0] == "train":
        first, again = (load_learner(f"{name}.safetensors") for name in ("first", "again"))
        assert all((again.weights[key] == first.weights[key]).all() for key in first.weights)
        assert again.card["scores"] == first.card["scores"]


def test_demo(shipped, folder, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    drawn = []
    draw = EpisodeDisplay.from_estimator

    def spied(clf, X, y, *queries):
        drawn.append((clf.classes_, y))
        return draw(clf, X, y, *queries)

    monkeypatch.setattr(EpisodeDisplay, "from_estimator", spied)
    for name, fewer in {"N_EPISODES": 4, "N_DRAWS": 2, "N_TABLE_DRAWS": 1}.items():
        monkeypatch.setattr(f"skmeta.demo.{name}", fewer)
    assert main(["demo", "--picture", "demo.png"]) == 0
    out = capsys.readouterr().out
    assert "Santoro et al. 2016" in out and "mean squared error" in out
    ((classes, support),) = drawn
    assert set(classes) == set(support)  # the picture is of what it was fitted to
    shares = next(line for line in out.splitlines() if "InContextClassifier()" in line).split()[1:]
    assert len(shares) == 4 and all(20 < float(share) < 100 for share in shares)
    assert (folder / "demo.png").read_bytes().startswith(b"\x89PNG")
