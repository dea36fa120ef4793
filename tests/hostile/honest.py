"""Honest submissions that do something unusual: nobody may lose a point for that."""

from hostile import Attempt, after, both, instead

FULL = "It costs nothing."

ATTEMPTS = [
    Attempt(
        "warnings",
        "has warnings and other text on standard error, in the graded cell, too",
        after(
            3,
            "import sys, warnings\nplain = margin_multiple\n\ndef margin_multiple(retention, discount):\n"
            "    warnings.warn('mind this')\n    print('progress …', file=sys.stderr)\n"
            "    return plain(retention, discount)\n\n"
            "get_ipython().events.register('pre_run_cell', lambda *a: print('on', file=sys.stderr))",
        ),
        FULL,
    ),
    Attempt(
        "prints",
        "prints in its function",
        instead(
            3,
            "def margin_multiple(retention, discount):\n    print(retention, 'of', discount)\n"
            "    return retention / (1 + discount - retention)",
        ),
        FULL,
    ),
    Attempt(
        "changes-the-company",
        "sorts, drops and renames in the company's own tables",
        after(
            3,
            "meridian.transactions.drop(columns=['margin'], inplace=True)\n"
            "meridian.transactions['revenue'] *= 0",
        ),
        "The judge has its own copy.",
    ),
    Attempt(
        "numpy-scalars",
        "answers with numpy's own numbers and texts",
        after(
            4,
            "import numpy as np\nchannel = np.str_(channel)",
        ),
        FULL,
    ),
    Attempt(
        "numbers-of-all-kinds",
        "answers with a Fraction, a Decimal, an array without dimensions",
        both(
            after(1, "import numpy as np\nmean_margin = np.array(mean_margin)"),
            after(
                2,
                "from fractions import Fraction\n"
                "by_category = {k: Fraction(v) for k, v in by_category.items()}",
            ),
            after(
                3,
                "from decimal import Decimal\nplain = margin_multiple\n\n"
                "def margin_multiple(retention, discount):\n"
                "    return Decimal(plain(retention, discount))",
            ),
        ),
        FULL,
    ),
    Attempt(
        "asks-for-input",
        "asks for input",
        after(2, "name = input('Your name? ')"),
        "Nobody answers: an error in its cell; what was assigned before it counts.",
    ),
    Attempt(
        "magics",
        "uses magics and shell commands",
        after(
            2,
            "%time x = 1\n%timeit -n1 -r1 1\n!echo $((40 + 2))\n%matplotlib inline\n%pip --version",
        ),
        FULL,
        shows="42",
    ),
    Attempt(
        "threads-and-processes",
        "computes with threads, processes and temporary files",
        after(
            2,
            "import subprocess, tempfile\nfrom concurrent.futures import ThreadPoolExecutor\n"
            "from multiprocessing import get_context\n"
            "with ThreadPoolExecutor(8) as pool:\n    assert sum(pool.map(abs, range(100))) == 4950\n"
            "with get_context('fork').Pool(2) as pool:\n    assert pool.map(abs, [1, -2]) == [1, 2]\n"
            "with tempfile.TemporaryFile() as file:\n    file.write(bytes(1_000_000))\n"
            "print(subprocess.run(['echo', 'done'], capture_output=True, text=True).stdout)",
        ),
        FULL,
        shows="done",
    ),
    Attempt(
        "figures",
        "draws figures and shows tables",
        after(
            2,
            "import matplotlib.pyplot as plt\nby_category.plot.bar()\nplt.show()\nmeridian.transactions.head(50)",
        ),
        FULL,
    ),
    Attempt(
        "asynchronous",
        "uses `await` and leaves a task running",
        after(
            2,
            "import asyncio\n\nasync def slowly():\n    while True:\n        await asyncio.sleep(0.01)\n\n"
            "task = asyncio.ensure_future(slowly())\nawait asyncio.sleep(0.05)",
        ),
        FULL,
    ),
    Attempt(
        "names-taken",
        "uses names of builtins and modules for its own",
        after(2, "list = dict = str = len = sum = max = print = type = isinstance = 3"),
        FULL,
    ),
    Attempt(
        "strict",
        "turns warnings into errors, and numpy's, too",
        after(
            1,
            "import warnings\nimport numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
        ),
        FULL,
    ),
    Attempt(
        "elsewhere",
        "changes the working folder, the time zone, the random seed and options of pandas",
        after(
            1,
            "import os, random, time\nimport pandas as pd\nos.chdir('/')\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()\n"
            "random.seed(3)\npd.set_option('display.max_rows', 1)\npd.set_option('mode.copy_on_write', True)",
        ),
        FULL,
    ),
    Attempt(
        "stub",
        "hands in what was handed out",
        both(
            instead(1, "mean_margin = None"),
            instead(2, "by_category = None"),
            instead(3, "def margin_multiple(retention, discount):\n    pass  # your code here"),
            instead(4, "channel = None"),
        ),
        "0, and each check says that there is nothing yet.",
        (0, 0, 0, 0),
        shows="Nothing here yet",
    ),
    Attempt(
        "reset",
        "clears all variables in the end",
        after(4, "del meridian, mean_margin, by_category"),
        "What was handed in before counts.",
    ),
]
