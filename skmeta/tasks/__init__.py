"""Where episodes come from: one family of tasks a file."""

from __future__ import annotations

from skmeta.tasks._base import TaskFamily
from skmeta.tasks.classes import ClassTasks, from_classes
from skmeta.tasks.curriculum import Curriculum
from skmeta.tasks.functions import BooleanTasks, QuadraticTasks, SemilinearTasks, SineTasks
from skmeta.tasks.gaussian_process import GaussianProcessTasks
from skmeta.tasks.images import OmniglotTasks
from skmeta.tasks.own_tables import DataTables, from_tables
from skmeta.tasks.tables import TableTasks

__all__ = [
    "BooleanTasks",
    "ClassTasks",
    "Curriculum",
    "DataTables",
    "GaussianProcessTasks",
    "OmniglotTasks",
    "QuadraticTasks",
    "SemilinearTasks",
    "SineTasks",
    "TableTasks",
    "TaskFamily",
    "from_classes",
    "from_tables",
]
