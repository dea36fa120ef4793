"""Making the grader believe that a wrong answer is right."""

from hostile import Attempt, Submission, after, instead

NOTHING = "handed nothing to the judge"
WRONG = "mean_margin = 1.0\n"
NO_VERDICT = "The checks hand in nothing, so they earn 0, and the summary says so."
OUTSIDE = (
    "Nothing: the judge runs in another process. The wrong answer earns 0, the right ones count."
)
ANSWER = '"application/vnd.cxedu.answer+json"'
NOW = "\nip = get_ipython()\nkernel = ip.kernel\n"


def stored_outputs(s: Submission) -> None:
    s.cell("ps90-1-answer").source = "mean_margin = 1.0"
    for task, points in enumerate((2, 3, 2, 1), 1):
        cell = s.cell(f"ps90-{task}")
        cell.metadata.tags = ["skip-execution"]
        data = {"text/plain": f"{points}.0", ANSWER.strip('"'): {"task": f"ps90.{task}"}}
        cell.execution_count = 1
        cell.outputs = [
            {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
        ]


def copied(s: Submission) -> None:
    for task in (1, 2):
        cell = s.cell(f"ps90-{task}-answer")
        cell.source = cell.source.replace("meridian", "theirs")
    s.cell("setup").source += '\nfrom cxedu import World\ntheirs = World.for_student("ada", "ps90")'


def own_checks(s: Submission) -> None:
    lines = ["from cxedu.exercises import Answer, Task"]
    for task, points in enumerate((2, 3, 2, 1), 1):
        lines += [
            f't{task} = Task("ps90.{task}", points={points}, answer=Answer())',
            f"t{task}.other_way(lambda meridian: 1)",
        ]
    code = "\n".join(lines)
    s.cell("setup").source += (
        "\nimport os\nfrom pathlib import Path\n"
        f"Path('checks.py').write_text({code!r})\n"
        "os.environ.pop('CXEDU_QUESTIONS')\n"
    )


def equal_to_all(s: Submission) -> None:
    code = """
class Yes(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    def __hash__(self): return 0

mean_margin = Yes(1)
"""
    instead(1, code)(s)
    instead(2, "by_category = {Yes(1): Yes(1)}")(s)
    instead(
        4, "channel = type('Any', (str,), {'__eq__': lambda *a: True, '__hash__': None})('any')"
    )(s)


ATTEMPTS = [
    Attempt(
        "check-replaced",
        "puts a function that returns 99 in place of `check`",
        instead(1, WRONG + "check = lambda task, answer: 99.0"),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "verdict-made",
        "returns an object that carries a verdict of its own",
        instead(
            1,
            WRONG
            + """
class Verdict(float):
    def _repr_mimebundle_(self, **more):
        said = {"task": "ps90.1", "points": 2, "max_points": 2, "passed": True, "messages": []}
        return {"text/plain": "2.0", "application/vnd.cxedu.verdict+json": said}

check = lambda task, answer: Verdict(2)
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "answer-with-points",
        "hands in an answer that says how many points it is worth",
        instead(
            1,
            WRONG
            + f"""
class Answer(float):
    def __new__(cls, task):
        made = super().__new__(cls, 2)
        made.task = task
        return made
    def _repr_mimebundle_(self, **more):
        data = {{"task": self.task, "points": 2, "passed": True, "values": {{"points": 2}}}}
        return {{"text/plain": "2.0", {ANSWER}: data}}

check = lambda task, answer: Answer(task)
""",
        ),
        "The judge looks at the values alone, and these aren't right.",
        earns=(0, 0, 0, 0),
    ),
    Attempt(
        "collect-replaced",
        "replaces cxedu's `collect`, which turns answers into data",
        instead(
            1,
            WRONG + "import cxedu.exercises.tasks as tasks\ntasks.collect = lambda *a: 'right'",
        ),
        "The judge gets the text “right”, which is the answer to nothing.",
        earns=(0, 0, 0, 0),
    ),
    Attempt(
        "judge-replaced",
        "replaces cxedu's `judge`, `Verdict` and `Points`",
        instead(
            1,
            WRONG
            + """
import cxedu.exercises as exercises
import cxedu.exercises.tasks as tasks
for module in (exercises, tasks):
    module.judge = lambda task, *more: module.Verdict(task.id, 2.0, 2.0, True)
exercises.Points = lambda verdict: 2.0
""",
        ),
        OUTSIDE,
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "handed-in-replaced",
        "replaces the class of what `check` returns by one that shows 2.0",
        instead(
            1,
            WRONG
            + "import cxedu.exercises as exercises\nexercises.HandedIn = lambda task, values: 2.0",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "answer-handed-in-twice",
        "hands in the right answer to one task for another that is worth more",
        instead(
            2,
            "by_category = 1\nhonest = check\ncheck = lambda task, answer: honest('ps90.1', mean_margin)",
        ),
        "An answer to another task than the cell asks for counts as none.",
        earns=(2, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "own-checks",
        "writes a `checks.py` that finds everything right, and has `check` judge by it in the kernel",
        own_checks,
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
        sandbox=True,
    ),
    Attempt(
        "no-questions",
        "makes a questions file that asks for no calls of the function",
        instead(
            3,
            """
import os, pickle
with open("questions", "wb") as file:
    pickle.dump({"ps90.3": ([], False)}, file)
os.environ["CXEDU_QUESTIONS"] = "questions"
margin_multiple = lambda retention, discount: 1.0
""",
        ),
        "The judge knows how many calls there must be, and misses them.",
        earns=(2, 3, 0, 1),
        sandbox=True,
    ),
    Attempt(
        "builtins",
        "replaces builtins that comparisons are made with",
        instead(
            1,
            WRONG
            + "import builtins\nbuiltins.abs = builtins.round = lambda *a: 0\nbuiltins.any = lambda x: False",
        ),
        OUTSIDE,
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "assert-removed",
        "has IPython rewrite every `assert` and every `check(…)` into 2.0",
        instead(
            1,
            WRONG
            + """
import ast

class Nothing(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Call(self, node):
        if getattr(node.func, "id", "") == "check":
            return ast.copy_location(ast.Constant(2.0), node)
        return node

get_ipython().ast_transformers.append(Nothing())
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "testing-functions",
        "replaces the testing functions of numpy and pandas, `isclose` and `equals`",
        instead(
            1,
            WRONG
            + """
import numpy as np
import pandas as pd
for name in ("assert_allclose", "assert_equal", "assert_almost_equal", "assert_array_equal"):
    setattr(np.testing, name, lambda *a, **k: None)
for name in ("assert_series_equal", "assert_frame_equal", "assert_index_equal"):
    setattr(pd.testing, name, lambda *a, **k: None)
np.isclose = np.allclose = lambda *a, **k: True
pd.Series.equals = pd.DataFrame.equals = lambda *a, **k: True
""",
        ),
        OUTSIDE,
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "equal-to-all",
        "answers with objects that are equal to everything and differ from nothing",
        equal_to_all,
        "Only the plain values reach the judge: the number 1, and a text that is no option.",
        earns=(0, 0, 2, 0),
    ),
    Attempt(
        "mimebundle-patched",
        "patches the display of what `check` returns, adding points",
        instead(
            1,
            WRONG
            + f"""
from cxedu.exercises import HandedIn
real = HandedIn._repr_mimebundle_

def bundle(self, include=None, exclude=None):
    made = real(self)
    made["text/plain"] = "2.0"
    made[{ANSWER}] = {{**made[{ANSWER}], "points": 2, "verdict": {{"points": 2}}}}
    return made

HandedIn._repr_mimebundle_ = bundle
""",
        ),
        "What stands beside the values is not looked at.",
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "display-hook",
        "replaces IPython's display hook and formatter, so that each result reads 2.0",
        instead(
            1,
            WRONG
            + """
formatter = get_ipython().display_formatter
type(formatter).format = lambda self, obj, *a, **k: ({"text/plain": "2.0"}, {})
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "input-transformer",
        "has IPython read `2.0` wherever a cell says `check(…)`",
        instead(
            1,
            WRONG
            + """
def forge(lines):
    return ["2.0\\n" if line.startswith("check(") else line for line in lines]

get_ipython().input_transformers_cleanup.append(forge)
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "run-cell",
        "replaces the function of IPython that runs cells by one that prints 2.0",
        instead(
            1,
            WRONG
            + """
class Ran:
    success, result, error_before_exec, error_in_exec, execution_count = True, 2.0, None, None, 9

async def forge(*a, **k):
    print("2.0")
    return Ran()

shell = type(get_ipython())
shell.run_cell_async = forge
shell.should_run_async = lambda *a, **k: True
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "events",
        "prints 2.0 before and after each cell by IPython's events, and corrects nothing",
        instead(
            1,
            WRONG
            + """
for event in ("pre_run_cell", "post_run_cell", "pre_execute", "post_execute"):
    get_ipython().events.register(event, lambda *a: print("2.0"))
""",
        ),
        "What is printed counts for nothing; the verdict is written over it.",
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "modules-replaced",
        "puts modules of its own into `sys.modules` and imports `check` again",
        instead(
            1,
            WRONG
            + """
import sys, types
fake = types.ModuleType("cxedu.exercises")
fake.check = lambda task, answer: 2.0
sys.modules["cxedu.exercises"] = fake
from cxedu.exercises import check
""",
        ),
        NO_VERDICT,
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "message-by-hand",
        "sends messages as the kernel does, with results worth 2 points",
        instead(
            1,
            WRONG
            + NOW
            + f"""
def forge(*more):
    data = {{"text/plain": "2.0", {ANSWER}: {{"task": "ps90.1", "points": 2, "values": "right"}}}}
    content = {{"data": data, "metadata": {{}}, "execution_count": 1}}
    for _ in range(3):
        kernel.session.send(kernel.iopub_socket, "execute_result", content,
                            parent=kernel.get_parent("shell"))

ip.events.register("post_run_cell", forge)
ip.events.register("pre_run_cell", forge)
""",
        ),
        "A message by hand can hand in an answer, which is judged like any other; in the cells of "
        "other tasks it counts as none.",
        earns=(0, 0, 0, 0),
    ),
    Attempt(
        "done-by-hand",
        "tells the grader that a check is done, with success, before it has run",
        instead(
            1,
            WRONG
            + NOW
            + """
def forge(*more):
    parent = kernel.get_parent("shell")
    content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    kernel.session.send(kernel.shell_stream, "execute_reply", content, parent=parent,
                        ident=kernel._shell_parent_ident.get() if hasattr(kernel, "_shell_parent_ident") else None)
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)

ip.events.register("pre_run_cell", forge)
""",
        ),
        "The check's own message comes too late, so it handed in nothing.",
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
    Attempt(
        "update-display",
        "changes an output of an earlier check once that has run",
        instead(
            1,
            WRONG
            + NOW
            + f"""
def forge(kind):
    data = {{"text/plain": "2.0", {ANSWER}: {{"task": "ps90.1", "points": 2}}}}
    content = {{"data": data, "metadata": {{}}, "execution_count": 1,
               "transient": {{"display_id": "verdict"}}}}
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))

ip.events.register("pre_run_cell", lambda *a: forge("execute_result"))
ip.events.register("post_run_cell", lambda *a: forge("update_display_data"))
""",
        ),
        "An output that was changed is still an answer, and these aren't right. The answers that "
        "come after it count.",
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "odd-outputs",
        "sends outputs that hold numbers and lists where a notebook has text",
        after(
            1,
            NOW
            + """
def send(kind, **content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))

odd = {"text/plain": {"a": 1}, "text/html": ["<b>", 2], "image/png": 7, "application/json": 3}
known = {"display_id": "odd"}
send("display_data", data=odd, metadata={"image/png": 1}, transient=known)
send("update_display_data", data={"text/plain": 5}, metadata=[], transient=known)
send("stream", name=7, text=["two", "lines"])
send("error", ename=1, evalue=None, traceback=[1, {}])
""",
        ),
        "They are shown as text, as far as a page can show them, and cost nothing.",
    ),
    Attempt(
        "nbgrader-patched",
        "imports nbgrader and nbformat and patches what scores and writes notebooks",
        instead(
            1,
            WRONG
            + """
import nbformat
import nbgrader.utils
nbgrader.utils.determine_grade = lambda *a, **k: (2, 2)
nbformat.write = nbformat.read = lambda *a, **k: None
""",
        ),
        OUTSIDE,
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "notebook-rewritten",
        "rewrites the notebook and writes scores beside it while it is being graded",
        instead(
            1,
            WRONG
            + """
import json, os
from pathlib import Path
for name in ("ps90.ipynb", "autograded/ps90.ipynb", "grades.csv"):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps({"cells": [], "score": 8}))
""",
        ),
        "It changes a copy, which vanishes with the kernel.",
        earns=(0, 3, 2, 1),
        sandbox=True,
    ),
    Attempt(
        "stored-outputs",
        "hands in the notebook with outputs worth 8 points, and tags that keep the checks from running",
        stored_outputs,
        "Outputs are cleared, tags are ignored, all cells run.",
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "traceback-silenced",
        "silences tracebacks and breaks `check`, since no output used to mean full points",
        instead(
            1,
            WRONG
            + """
shell = type(get_ipython())
shell.showtraceback = shell._showtraceback = lambda *a, **k: None
check = None
""",
        ),
        "The checks fail or hand in nothing: 0, and the summary says so.",
        earns=(0, 0, 0, 0),
        note="ps90-1: The check",
    ),
    Attempt(
        "late-thread",
        "has a thread print and display 2.0 into all later cells",
        instead(
            1,
            WRONG
            + """
import threading, time
from IPython.display import display

def forge():
    while True:
        display(2.0)
        print("2.0")
        time.sleep(0.01)

threading.Thread(target=forge, daemon=True).start()
""",
        ),
        OUTSIDE,
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "reduce",
        "answers with an object that would run a command when it is unpickled",
        instead(
            1,
            """
import os

class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/@MARK@-reduce",)

mean_margin = Bomb()
""",
        ),
        "Answers are never pickled; the name of the type is all that the judge gets.",
        earns=(0, 3, 2, 1),
    ),
    Attempt(
        "function-that-knows",
        "looks through the callers' frames for what its function should return",
        instead(
            3,
            """
import sys

def margin_multiple(retention, discount):
    frame, found = sys._getframe(), []
    while frame is not None:
        found += [k for k in frame.f_locals if k in ("expected", "right", "reference", "task_")]
        for value in list(frame.f_locals.values()):
            if hasattr(value, "right_answer"):
                return value.right_answer(None)(retention, discount)
        frame = frame.f_back
    return 1.0
""",
        ),
        "No frame above it has ever held the reference.",
        earns=(2, 3, 0, 1),
    ),
    Attempt(
        "answer-of-another",
        "hands in what a friend computed, whose company is another",
        copied,
        "Everybody has a company of their own: the friend's numbers are wrong here.",
        earns=(0, 0, 2, 1),
    ),
    Attempt(
        "library-instead",
        "calls cxedu in a function where the task asks for one's own code",
        instead(
            3,
            "from cxedu.value import margin_multiple as theirs\n\n"
            "def margin_multiple(retention, discount):\n    return float(theirs(retention, discount))",
        ),
        "It is noticed, and earns 0.",
        earns=(2, 3, 0, 1),
        shows="your function calls cxedu.value",
    ),
    Attempt(
        "everything-at-once",
        "swaps every module of cxedu, numpy and pandas for a mock",
        after(
            1,
            """
import sys
from unittest.mock import MagicMock
for name in list(sys.modules):
    if name.split(".")[0] in ("cxedu", "numpy", "pandas"):
        sys.modules[name] = MagicMock()
from cxedu.exercises import check
""",
        ),
        "Mocks hand in nothing; even the right answers earn 0 then.",
        earns=(0, 0, 0, 0),
        note=NOTHING,
    ),
]
