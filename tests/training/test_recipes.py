from pathlib import Path

import numpy as np
import pytest

from skmeta import artifacts
from skmeta.artifacts import dump_learner, load_learner, parse_learner
from skmeta.memory import LSTM, Memory
from skmeta.tasks import BooleanTasks, Curriculum, GaussianProcessTasks, QuadraticTasks, TableTasks
from skmeta.training.evaluation import EVALUATION_STREAM
from skmeta.training.recipes import RecipeError, load_recipe, make_family, scores, versions
from tests.reference.small import small_learner

ROOT = Path(artifacts.__file__).parents[1]
COMMITTED = sorted([*artifacts.PRETRAINED.glob("*.toml"), *ROOT.glob("benchmarks/recipes/*.toml")])

RECIPE = """
name = "tiny"
description = "For tests."

[trainer]
memory = {type = "lstm", n_units = 3}
n_steps = 4
batch_size = 2
validate_every = 2

[[tasks]]
n_batches = 1
family = "boolean"
n_steps = 3

[[tasks]]
family = "boolean"
n_steps = 5

[validation]
family = "boolean"

[test]
family = "boolean"
n_steps = 6
"""


@pytest.fixture
def write(tmp_path):
    """Write a recipe, some of its text replaced; return its path."""

    def written(old="", new=""):
        assert old in RECIPE
        path = tmp_path / "tiny.toml"
        path.write_text(RECIPE.replace(old, new, 1) if old else RECIPE, encoding="utf-8")
        return path

    return written


def test_a_recipe_says_everything(write):
    recipe = load_recipe(write())
    trainer = recipe.make_trainer(n_steps=9)
    assert trainer.memory == LSTM(3)
    assert (trainer.n_steps, trainer.batch_size, trainer.validate_every) == (9, 2, 2)
    (tasks,) = recipe.make_tasks()
    assert isinstance(tasks, Curriculum) and tasks.changes == (1,)
    assert [tasks.batch(i, 1, seed=0).n_steps for i in range(3)] == [3, 5, 5]
    assert recipe.test == {"family": "boolean", "n_steps": 6} and recipe.limits == ""


def test_a_learner_lends_its_encoder(write):
    path = write("n_units = 3}", 'n_units = 3}\nencoder = {learner = "omniglot"}')
    trainer = load_recipe(path).make_trainer()
    assert trainer.encoder is load_learner("omniglot")
    path = write("n_units = 3}", 'n_units = 3}\nencoder = {learner = "omniglot", type = "conv"}')
    with pytest.raises(RecipeError, match=r"Unknown key 'type' in encoder: expected \['learner'\]"):
        load_recipe(path).make_trainer()
    path = write("n_units = 3}", 'n_units = 3}\nencoder = {learner = "omniglit"}')
    with pytest.raises(RecipeError, match="In encoder: There is no learner 'omniglit'"):
        load_recipe(path).make_trainer()


def test_one_stage_is_no_curriculum(write):
    first = RECIPE[RECIPE.index("[[tasks]]") : RECIPE.index("[[tasks]]\nfamily")]
    (tasks,) = load_recipe(write(first)).make_tasks()
    assert isinstance(tasks, BooleanTasks)


def test_families_without_numbers_of_batches_take_turns(write):
    tasks = load_recipe(write("n_batches = 1\n")).make_tasks()
    assert [family.n_steps for family in tasks] == [3, 5]


@pytest.mark.usefixtures("interpreted")
def test_training_by_a_recipe_fills_the_card(write):
    learner, trainer = load_recipe(write()).train(n_steps=3, random_state=7)
    card = parse_learner(dump_learner(learner), "").card
    assert card["name"] == "tiny" and card["description"] == "For tests."
    assert card["licence"] == "BSD-3-Clause"
    assert card["steps"] == trainer.n_steps_ == 3
    assert card["trainer"]["random_state"] == 7
    assert card["tasks"][1] == {"family": "boolean", "n_steps": 5}
    assert card["test"]["n_steps"] == 6
    assert set(card["versions"]) == set(versions())
    found = card["scores"]
    assert found["episodes"] == 1_000 and len(found["accuracy_by_instance"]) == 6
    assert trainer.history_["validation_step"] == [2, 3]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name =", "nmae =", r"Unknown key 'nmae' in .*tiny\.toml: expected \['description'"),
        ("[validation]", "[validate]", "Unknown key 'validate' in"),
        ("batch_size", "batchsize", "Unknown key 'batchsize' in trainer: expected .*'batch_size'"),
        ("n_units", "units", "Unknown key 'units' in memory 'lstm': expected .*'n_units'"),
        ("n_steps = 3", "n_step = 3", "Unknown key 'n_step' in family 'boolean': expected"),
        ("n_steps = 5", "classes = 5", "Unknown key 'classes' in family 'boolean'"),
        ("n_steps = 6", "n_batches = 6", "Unknown key 'n_batches' in family 'boolean'"),
        ('name = "tiny"\n', "", "Missing key 'name' in"),
        ("[trainer]", "[other]", "Unknown key 'other' in"),
        (
            'n_batches = 1\nfamily = "boolean"',
            'family = "boolean"\n[[tasks]]\nfamily = "boolean"\nn_batches = 1',
            "Missing key 'n_batches' in a stage before the last",
        ),
        ('type = "lstm", ', "", "Missing key 'type' in memory"),
        ('"lstm"', '"ntm"', r"Unknown type 'ntm' in memory: expected one of .*'lstm', 'mann', .*"),
        ('"lstm"', "[1]", r"Unknown type \[1\] in memory"),
        ("n_units = 3", "n_units = -3", "n_units must be at least 1, got -3"),
        ("n_units = 3", 'n_units = "3"', "n_units in memory must be like its default, 200, got"),
        ("n_units = 3", "n_units = 3.5", "n_units in memory must be like its default, 200, got"),
        (
            "n_units = 3}",
            'n_units = 3}\nencoder = {type = "conv", residuals = [0.5]}',
            "In encoder: 'float' object cannot be interpreted as an integer",
        ),
        ('family = "boolean"', 'family = "bool"', "Unknown family 'bool': expected one of"),
        ('[validation]\nfamily = "boolean"', "[validation]", "Unknown family None"),
        ("n_steps = 4", "n_steps = 0", "In trainer: The 'n_steps' parameter of MetaTrainer must"),
        ("n_steps = 4", 'memory = "ntm"', "no TOML file"),
        ("[trainer]", "[trainer", r"tiny\.toml is no TOML file"),
        ("[[tasks]]", "[tasks]", "no TOML file"),
        ('[validation]\nfamily = "boolean"', "", None),
    ],
)
def test_a_mistake_is_named(old, new, message, write):
    path = write(old, new)
    if message is None:  # validation may be left out
        assert load_recipe(path).validation is None
        return
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Missing key 'name'"),
        ('name = "x"\ntasks = 3\n[trainer]', r"one \[\[tasks\]\] table a stage"),
        ('name = "x"\ntasks = []\n[trainer]', r"one \[\[tasks\]\] table a stage"),
        ('name = "x"\n[trainer]\n[tasks]\nfamily = "boolean"', r"one \[\[tasks\]\] table a stage"),
        ('name = "x"\ntrainer = 3\n[[tasks]]\nfamily = "boolean"', r"trainer must be a table"),
        ('name = "x"\ntest = 3\n[trainer]\n[[tasks]]\nfamily = "boolean"', "test must be a table"),
    ],
)
def test_tables_are_where_they_belong(content, message, tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="no TOML file"):
        load_recipe(path)


def test_a_folder_is_no_recipe(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(RecipeError, match=r"folder\.toml cannot be read"):
        load_recipe(tmp_path / "folder.toml")


@pytest.mark.parametrize("name", ["nothing", "no/where.toml"])
def test_a_missing_recipe_is_named_with_those_there_are(name):
    with pytest.raises(RecipeError, match="There is no recipe .* one of .*'mann-omniglot'"):
        load_recipe(name)


def test_values_that_do_not_fit_are_found_before_the_first_step(write, monkeypatch):
    def trained(*arguments, **options):
        raise AssertionError("trained")

    monkeypatch.setattr("skmeta.training.trainer.MetaTrainer.fit", trained)
    with pytest.raises(RecipeError, match="In BooleanTasks: n_steps must be at least 1, got 0"):
        load_recipe(write("n_steps = 5", "n_steps = 0")).train()
    with pytest.raises(RecipeError, match="In BooleanTasks: "):
        load_recipe(write("n_steps = 6", 'n_steps = "6"')).train()
    with pytest.raises(RecipeError, match="In BooleanTasks: n_steps must be an integer, got 6.0"):
        load_recipe(write("n_steps = 6", "n_steps = 6.0")).train()
    with pytest.raises(RecipeError, match="n_batches must be an integer, got 1.9"):
        load_recipe(write("n_batches = 1\n", "n_batches = 1.9\n")).train()
    other = write('[test]\nfamily = "boolean"', '[test]\nfamily = "sine"')
    with pytest.raises(RecipeError, match="The test tasks must look like the tasks: expected"):
        load_recipe(other).train()
    message = r"warm_start: There is no learner .* `skmeta train benchmarks/recipes/none\.toml`, in"
    with pytest.raises(RecipeError, match=message):
        load_recipe(write()).train(warm_start="none.safetensors")
    with pytest.raises(RecipeError, match=r"warm_start: There is no learner 'none': .* file\.$"):
        load_recipe(write()).train(warm_start="none")
    with pytest.raises(RecipeError, match="Unknown key 'stpes' in trainer"):
        load_recipe(write()).train(stpes=3)
    with pytest.raises(ValueError, match="n_test_episodes must be at least 1, got 0"):
        load_recipe(write()).train(n_test_episodes=0)


def test_families_by_name():
    family = make_family({"family": "quadratic", "n_steps": 7})
    assert isinstance(family, QuadraticTasks) and family.n_steps == 7


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_recipes_are_sound(path):
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe.description and recipe.limits and recipe.test
    if "warm_start" in recipe.trainer:  # what a message says of one that is missing
        stem = Path(recipe.trainer["warm_start"]).stem
        folders = ROOT / "benchmarks" / "recipes", artifacts.PRETRAINED
        assert any((folder / f"{stem}.toml").exists() for folder in folders)
    memory = recipe.make_trainer().memory
    assert isinstance(memory, Memory) or memory in artifacts.MEMORIES
    if recipe.test["family"] == "omniglot":
        splits = {table.get("split", "train") for table in recipe.tasks}
        # whole alphabets are new to what was trained on the background alone
        asked = {
            "train": ("validation", "test"),
            "train+validation": (None, "test"),
            "background": ("validation-alphabets", "evaluation"),
            "background+validation": ("validation-alphabets", "evaluation"),
        }
        looked_at = (recipe.validation or {}).get("split"), recipe.test["split"]
        assert [asked[split] for split in splits] == [looked_at]
    else:
        assert recipe.validation


def test_scores_are_plain_numbers():
    found = scores(small_learner("lstm-numbers"), QuadraticTasks(n_steps=4), n_episodes=3)
    assert found["shots"] == [1, 2, 3, 5, 10, 20, 35]
    assert len(found["mean_squared_error"]) == len(found["interval"]) == 7
    assert all(type(x) is float for x in found["mean_squared_error"])
    assert np.isfinite(found["nats_a_step"]) and found["episodes"] == 3
    assert "nats_below_oracle" not in found  # nobody knows the oracle of these


def test_scores_on_tables_are_plain_numbers():
    tasks = TableTasks(n_steps=12, n_columns=4, n_classes=3, weighted=False)
    found = scores(small_learner("least-squares-tables"), tasks, n_episodes=3)
    assert found["rows"] == [5, 10] and len(found["error"]) == 2
    assert len(found["interval"]) == 2 and type(found["log_likelihood"][0]) is float


def test_scores_say_how_far_the_oracle_is():
    tasks, learner = GaussianProcessTasks(n_inputs=2, n_steps=4), small_learner("lstm-numbers")
    found = scores(learner, tasks, n_episodes=70)
    batches = [tasks.batch(i, n, seed=EVALUATION_STREAM) for i, n in enumerate((64, 6))]
    oracle = np.concatenate([batch.oracle for batch in batches]).mean()
    assert found["nats_below_oracle"] == pytest.approx(oracle - found["nats_a_step"], abs=1e-5)
    assert found["nats_below_oracle"] > 0
