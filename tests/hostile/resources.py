"""Using up the machine: memory, time, processes, disk, output, and the judge's patience."""

from hostile import FOR_EVER, Attempt, Submission, after, both, instead

ONE_LOST = (2, 0, 2, 1)
STOPPED = "The cell is stopped when its time is over; the others count."
KILLED = (
    "The kernel is ended; what was earned before counts, the rest earns 0 and the summary says why."
)
FIRST = (2, 0, 0, 0)
FORGE = """
import json
kernel = get_ipython().kernel

def forge(values):
    data = {"text/plain": "2.0", "application/vnd.cxedu.answer+json": {"task": "ps90.1", "values": values}}
    content = {"data": data, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent("shell"))

honest = check
check = lambda task, answer: forge(answer) if task == "ps90.1" else honest(task, answer)
"""


def forever(code: str) -> object:
    return instead(2, f"{FOR_EVER}\n{code}")


def many_cells(s: Submission) -> None:
    from nbformat import v4

    s.nb.cells[2:2] = [v4.new_code_cell(f"x{i} = {i}") for i in range(500)]
    s.nb.cells.append(v4.new_markdown_cell("very long " * 300_000))


def big_file(s: Submission) -> object:
    def write() -> None:
        with (s.folder / "data.csv").open("wb") as file:
            file.truncate(400 << 20)

    return write


ATTEMPTS = [
    Attempt(
        "memory",
        "asks for 8 GB at once",
        instead(2, "import numpy as np\nby_category = np.ones(1 << 30)"),
        "A MemoryError in its cell.",
        ONE_LOST,
        sandbox=True,
    ),
    Attempt(
        "memory-bit-by-bit",
        "fills memory bit by bit",
        instead(2, "blocks = []\nwhile True:\n    blocks.append(bytearray(50_000_000))"),
        "A MemoryError in its cell; the checks that still find memory count.",
        ONE_LOST,
        sandbox=True,
    ),
    Attempt(
        "memory-by-many",
        "lets twenty children hold 300 MB each",
        instead(
            2,
            "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
            "        block = b'x' * 300_000_000\n        time.sleep(60)\n        os._exit(0)\n"
            "time.sleep(60)",
        ),
        "Together they may hold 3 GB; then the kernel is ended, with all of them.",
        FIRST,
        note="died",
        sandbox=True,
    ),
    Attempt(
        "memory-that-is-shared",
        "lets twenty children fill 300 MB each that they could share",
        instead(
            2,
            "import mmap, os, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
            "        block = mmap.mmap(-1, 300_000_000)\n"
            "        for _ in range(300):\n            block.write(b'x' * 1_000_000)\n"
            "        time.sleep(60)\n        os._exit(0)\ntime.sleep(60)",
        ),
        "It counts as any other.",
        FIRST,
        note="died",
        sandbox=True,
    ),
    Attempt(
        "fork-bomb",
        "forks for ever, and so does every child",
        forever(
            "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n"
            "        time.sleep(0.05)"
        ),
        "It gets 64 processes, which end with it. The cell is stopped when its time is over.",
        ONE_LOST,
        note="ran longer",
        sandbox=True,
    ),
    Attempt(
        "thread-bomb",
        "starts threads for ever",
        instead(
            2,
            "import threading, time\nn = 0\n\ndef start():\n    global n\n    while n < 10_000:\n"
            "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n        n += 1\n\n"
            "tried(start)\nby_category = None",
        ),
        "Threads count as processes: 64.",
        ONE_LOST,
        shows="tried: RuntimeError",
        sandbox=True,
    ),
    Attempt(
        "loop",
        "loops for ever",
        forever("while True:\n    pass"),
        STOPPED,
        ONE_LOST,
        note="ran longer",
    ),
    Attempt(
        "loop-that-swallows",
        "loops for ever and catches the interrupt",
        forever(
            "while True:\n    try:\n        while True:\n            pass\n"
            "    except BaseException:\n        pass"
        ),
        KILLED,
        FIRST,
        note="could not be stopped",
    ),
    Attempt(
        "endless-arithmetic",
        "adds up for days, in C, where no interrupt is heard",
        forever("by_category = sum(range(10**15))"),
        KILLED,
        FIRST,
        note="could not be stopped",
    ),
    Attempt(
        "sleep",
        "sleeps for an hour",
        forever("import time\ntime.sleep(3600)"),
        STOPPED,
        ONE_LOST,
        note="ran longer",
    ),
    Attempt(
        "deadlock",
        "waits for a lock that nobody opens",
        forever("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
        STOPPED,
        ONE_LOST,
        note="ran longer",
    ),
    Attempt(
        "slow-function",
        "hands in a function that never returns",
        instead(3, "def margin_multiple(retention, discount):\n    while True:\n        pass"),
        "The check is stopped when its time is over.",
        (2, 3, 0, 1),
        note="ran longer",
    ),
    Attempt(
        "disk-here",
        "fills its folder",
        instead(
            2,
            DISK := """
import os
folder = "."

def fill():
    for number in range(1000):
        with open(os.path.join(folder, f"@MARK@-{number}"), "wb") as file:
            file.write(bytes(10_000_000))

by_category = tried(fill)
""",
        ),
        "It has 256 MB there, in memory, which are free again when it ends.",
        ONE_LOST,
        shows="tried: OSError.*No space left",
        sandbox=True,
    ),
    Attempt(
        "disk-tmp",
        "fills /tmp",
        instead(2, DISK.replace('"."', '"/tmp"')),
        "It has 256 MB there, in memory, which are free again when it ends.",
        ONE_LOST,
        shows="tried: OSError.*No space left",
        sandbox=True,
    ),
    Attempt(
        "disk-shm",
        "fills shared memory",
        instead(2, DISK.replace('"."', '"/dev/shm"')),
        "It has 256 MB there, which are free again when it ends.",
        ONE_LOST,
        shows="tried: OSError.*No space left",
        sandbox=True,
    ),
    Attempt(
        "one-big-file",
        "writes a file of 100 MB",
        instead(
            2,
            "def write():\n    with open('big', 'wb') as file:\n        return file.write(bytes(100_000_000)), file.flush()\n\n"
            "by_category = tried(write)",
        ),
        "A file has at most 64 MB.",
        ONE_LOST,
        shows="tried: OSError.*File too large",
        sandbox=True,
    ),
    Attempt(
        "big-submission",
        "hands in a data file of 400 MB",
        big_file,
        "It is left out, and the summary says so.",
        note="left out",
        sandbox=True,
    ),
    Attempt(
        "open-files",
        "opens files for ever",
        instead(
            2,
            "files = []\n\ndef fill():\n    while True:\n        files.append(open('/dev/null'))\n\n"
            "by_category = tried(fill)\nfiles.clear()",
        ),
        "It gets 512.",
        ONE_LOST,
        shows="tried: OSError.*Too many open files",
        sandbox=True,
    ),
    Attempt(
        "output-at-once",
        "prints 200 MB",
        after(2, "print('x' * 200_000_000)"),
        "A million characters are kept, the rest is cut off.",
        shows="output truncated",
    ),
    Attempt(
        "output-for-ever",
        "prints for ever",
        forever("while True:\n    print('x' * 1000)"),
        STOPPED,
        ONE_LOST,
        note="ran longer",
    ),
    Attempt(
        "output-around",
        "writes 200 MB to standard output around Python",
        after(2, "import os\nfor _ in range(200):\n    os.write(1, b'x' * 1_000_000)"),
        "Nobody hears it.",
        sandbox=True,
    ),
    Attempt(
        "display-at-once",
        "displays 100 MB of data",
        after(
            2,
            "from IPython.display import display\ndisplay({'text/plain': 'x' * 100_000_000}, raw=True)",
        ),
        "Messages are limited: it isn't kept, and the kernel is cut off.",
        FIRST,
        note="not run",
    ),
    Attempt(
        "display-in-parts",
        "displays 3 MB of data twenty times",
        after(
            2,
            "from IPython.display import display\nfor _ in range(20):\n"
            "    display({'text/plain': 'x' * 3_000_000}, raw=True)",
        ),
        "What is beyond the limit for a cell is dropped.",
        shows="output truncated",
    ),
    Attempt(
        "display-for-ever",
        "displays small things for ever",
        forever("from IPython.display import display\nwhile True:\n    display(1)"),
        STOPPED,
        ONE_LOST,
        shows="output truncated",
        note="ran longer",
    ),
    Attempt(
        "one-display-changed",
        "changes one display again and again, each time to 3 MB",
        after(
            2,
            "from IPython.display import display\nshown = display('', display_id=True)\nfor _ in range(20):\n"
            "    shown.update({'text/plain': 'x' * 3_000_000}, raw=True)",
        ),
        "What is beyond the limit for a cell is dropped.",
        shows="output truncated",
    ),
    Attempt(
        "widget-state",
        "opens 300 widgets, which are kept in the notebook, with 100 kB each",
        after(
            2,
            "kernel = get_ipython().kernel\nfor number in range(300):\n"
            "    content = {'comm_id': str(number), 'target_name': 'jupyter.widget',\n"
            "               'data': {'state': {'_model_name': 'X', '_model_module': 'x', 'x': 'x' * 100_000}}}\n"
            "    kernel.session.send(kernel.iopub_socket, 'comm_open', content,\n"
            "                        parent=kernel.get_parent('shell'))",
        ),
        "No widgets are kept.",
    ),
    Attempt(
        "answers-upon-answers",
        "hands in thirty answers of 2 MB by hand in one cell",
        after(
            2,
            FORGE.partition("honest")[0]
            + "get_ipython().events.register('pre_run_cell', lambda *a: [forge('x' * 2_000_000) for _ in range(30)])",
        ),
        "Only the last answer of a cell is kept, which is the check's own.",
    ),
    Attempt(
        "deep-json",
        "sends a message whose data are nested a hundred thousand deep",
        after(
            2,
            FORGE.partition("honest")[0] + "session = kernel.session\npack = session.pack\n"
            "session.pack = lambda x: b'{\"a\":' * 100_000 + b'1' + b'}' * 100_000\n"
            "forge(1)\nsession.pack = pack",
        ),
        "The message can't be read: what was earned before counts, the rest earns 0.",
        FIRST,
        note="RecursionError",
    ),
    Attempt(
        "huge-answer",
        "hands in ten million numbers",
        instead(2, "by_category = list(range(10_000_000))"),
        "An answer holds at most a million values: 0, with the reason.",
        ONE_LOST,
        shows="too large",
    ),
    Attempt(
        "answer-that-holds-itself",
        "hands in a list that holds itself",
        instead(2, "by_category = []\nby_category.append(by_category)"),
        "An answer is nested at most 20 deep: 0, with the reason.",
        ONE_LOST,
        shows="nested",
    ),
    Attempt(
        "long-text-and-number",
        "hands in a text of 100 MB and a number of a million digits",
        both(
            instead(1, "mean_margin = 10**1_000_000"),
            instead(4, "channel = 'web' * 33_000_000"),
        ),
        "Texts are cut off, such numbers are as good as infinite: 0.",
        (0, 3, 2, 0),
    ),
    Attempt(
        "recursion",
        "hands in a function that calls itself for ever",
        instead(
            3,
            "def margin_multiple(retention, discount):\n    return margin_multiple(retention, discount)",
        ),
        "The feedback says that it stops with a RecursionError.",
        (2, 3, 0, 1),
        shows="RecursionError",
    ),
    Attempt(
        "made-up-array",
        "makes up an answer: an array said to have a billion rows and columns",
        instead(
            1,
            FORGE
            + "mean_margin = {'$': 'array', 'shape': [10**9, 10**9], 'v': {'dtype': 'int64', 'v': [1]}}",
        ),
        "The judge can't read it: 0.",
        (0, 3, 2, 1),
    ),
    Attempt(
        "made-up-type",
        "makes up an answer: a column of one text that is said to take 2 GB",
        instead(
            1,
            FORGE
            + "mean_margin = {'$': 'series', 'name': None, 'index': {'names': [None], 'levels': "
            "[{'dtype': 'int64', 'v': [0]}]}, 'v': {'dtype': 'S2000000000', 'v': ['x']}}",
        ),
        "The judge knows a few types and no others: 0.",
        (0, 3, 2, 1),
        shows="can't be read",
    ),
    Attempt(
        "made-up-index",
        "makes up an answer: a table whose parts don't fit",
        instead(
            1,
            FORGE
            + "mean_margin = {'$': 'frame', 'columns': [[1, [2, {}]]], 'index': 7, 'v': [{'dtype': 'category', "
            "'categories': {'dtype': 'category'}, 'v': [-5, 99]}]}",
        ),
        "The judge can't read it: 0.",
        (0, 3, 2, 1),
    ),
    Attempt(
        "many-cells",
        "hands in a notebook with 500 more cells and 3 MB of text",
        many_cells,
        "It is graded like any other.",
    ),
]
