"""How nbgrader runs this course. Read by every `nbgrader` command at the root of the course."""

import os
import shutil
import sys
import warnings
from functools import partial
from pathlib import Path

from cxedu.course.release import put_checks

ROOT = Path(__file__).resolve().parent
# nbgrader runs `alembic` by name when it makes a gradebook; it is beside this Python.
if shutil.which("alembic") is None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# nbgrader 0.9.6 works with SQLAlchemy 2, which warns about a habit of its api.py.
warnings.filterwarnings("ignore", message="Object of type <Submitted")

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "cxedu"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.solution_directory = "_build/solutions"
c.CourseDirectory.source_with_tests_directory = "_build/source_with_tests"
# The checks hold the answers. nbgrader never copies them: the release gets its visible part from
# the hook below, and at grading `check` reads them where they are.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    *[f"{ROOT}/{folder}/checks.py" for folder in ("solutions/./*", "solutions/*", "submitted/*/*")],
]
c.GenerateAssignment.post_convert_hook = partial(put_checks, ROOT / "solutions", ROOT / "exercises")

# A released stub runs: the answer stays None (a function returns None) and scores 0.
c.ClearSolutions.code_stub = {"python": "pass  # your code here"}
c.ClearSolutions.text_stub = "*Your answer here.*"

c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "cxedu.grading.repair.Repair",
]
c.Autograde.autograde_preprocessors = [
    "cxedu.grading.execute.Run",
    "nbgrader.preprocessors.LimitOutput",
    "cxedu.grading.verdicts.Verdicts",
    "cxedu.grading.verdicts.Save",
    "cxedu.grading.verdicts.Late",
    "cxedu.grading.sanitize.Sanitize",
]
# `Repair` takes each cell's data from the gradebook, so nbgrader's own check of them, and a
# validation after every single step, would find nothing: a tenth of the time.
c.Exporter.optimistic_validation = True
c.Execute.timeout = 60  # seconds for one cell
c.Execute.iopub_timeout = 30  # for its output to arrive: an endless loop may have shown a lot
# A small page without scripts, instead of nbgrader's, which asks a server for MathJax.
c.GenerateFeedback.exporter_class = "cxedu.feedback.page.FeedbackPage"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "cxedu.feedback.page.Explain",
]
c.ExportApp.plugin_class = "cxedu.grading.report.GradesExport"
