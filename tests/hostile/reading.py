"""Reading, or changing, what isn't theirs: solutions, grades, other students, the grader."""

import os

from hostile import Attempt, Submission, instead

GONE = "The sandbox has no such place."
ONE_LOST = (2, 0, 2, 1)


def linked(s: Submission) -> object:
    instead(2, "by_category = tried(lambda: open('answers.txt').read())")(s)
    return lambda: (s.folder / "answers.txt").symlink_to(
        s.bait.course / "solutions" / "ps90" / "checks.py"
    )


def linked_folder(s: Submission) -> object:
    instead(2, "import glob\nby_category = tried(lambda: glob.glob('all/**', recursive=True))")(s)
    return lambda: (s.folder / "all").symlink_to(s.bait.course, target_is_directory=True)


def linked_notebook(s: Submission) -> object:
    def link() -> None:
        s.file.unlink()
        s.file.symlink_to(s.bait.course / "solutions" / "ps90" / "ps90.ipynb")

    return link


def pipe(s: Submission) -> object:
    return lambda: os.mkfifo(s.folder / "data.csv")


ATTEMPTS = [
    Attempt(
        "solutions",
        "opens the checks with the right answers, whose path it knows",
        instead(2, "by_category = tried(lambda: open('@COURSE@/solutions/ps90/checks.py').read())"),
        GONE,
        ONE_LOST,
        shows="tried: FileNotFoundError",
        sandbox=True,
    ),
    Attempt(
        "solutions-by-search",
        "searches all folders for checks, notebooks and lists of students",
        instead(
            2,
            """
import os

def search():
    wanted, found = {"checks.py", "ps90.ipynb", "roster.txt"}, []
    for folder, _, files in os.walk("/"):
        found += [f"{folder}/{name}" for name in wanted & set(files)]
    return sorted(found)

by_category = tried(search)
""",
        ),
        "It finds its own notebook.",
        ONE_LOST,
        shows=r"tried: \['/cxedu/work/ps90.ipynb'\]",
        sandbox=True,
    ),
    Attempt(
        "gradebook",
        "writes full points into the gradebook",
        instead(
            2,
            """
import sqlite3

def write():
    book = sqlite3.connect("file:@COURSE@/gradebook.db?mode=rw", uri=True)
    book.execute("UPDATE grade SET manual_score = 99")
    book.commit()

by_category = tried(write)
""",
        ),
        GONE,
        ONE_LOST,
        shows="tried: OperationalError",
        sandbox=True,
    ),
    Attempt(
        "others",
        "reads what other students handed in",
        instead(
            2,
            "import os\nby_category = tried(lambda: [open(f'@COURSE@/submitted/{n}/ps90/ps90.ipynb').read()"
            "\n    for n in os.listdir('@COURSE@/submitted')])",
        ),
        GONE,
        ONE_LOST,
        shows="tried: FileNotFoundError",
        sandbox=True,
    ),
    Attempt(
        "autograded",
        "changes notebooks that were graded already, and its own",
        instead(
            2,
            "import glob\nby_category = tried(lambda: [open(p, 'w') for p in "
            "glob.glob('@COURSE@/autograded/**/*', recursive=True)])\n"
            "tried(lambda: open('@COURSE@/autograded/@MARK@', 'w'))",
        ),
        "The sandbox has no such place, and nothing can be made in it.",
        ONE_LOST,
        shows=r"tried: \[\]\ntried: \w*Error",
        sandbox=True,
    ),
    Attempt(
        "files-of-the-grader",
        "reads the grader's home, /etc/shadow, and a file whose path it knows",
        instead(
            2,
            """
from pathlib import Path

def look():
    found = [str(p) for p in [Path("/root"), Path("/home"), Path("@SECRET@"), Path("/etc/shadow")]
             if p.is_file() or (p.is_dir() and any(p.iterdir()))]
    return found

by_category = tried(look)
""",
        ),
        GONE,
        ONE_LOST,
        shows=r"tried: (\[\]|PermissionError)",
        sandbox=True,
    ),
    Attempt(
        "environment",
        "prints the environment, in which the grader has passwords",
        instead(
            2,
            """
import os, ctypes
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
by_category = tried(lambda: [dict(os.environ), libc.getenv(b"CXEDU_HOSTILE"), libc.getenv(b"NBGRADER_PASSWORD")])
""",
        ),
        "It sees the few settings of the sandbox, and its student's id.",
        ONE_LOST,
        shows=r"tried: .*'CXEDU_STUDENT'.*None, None\]",
        sandbox=True,
    ),
    Attempt(
        "processes-seen",
        "looks for the grader, the warm process and other kernels in /proc",
        instead(2, "import os\nby_category = tried(lambda: os.listdir('/proc'))"),
        "There is no /proc.",
        ONE_LOST,
        shows=r"tried: \[\]",
        sandbox=True,
    ),
    Attempt(
        "proc-uncovered",
        "makes namespaces of its own, to take away what covers /proc and the other kernels' folders",
        instead(
            2,
            """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)

def uncover(what):
    made = [libc.unshare(0x10000000), libc.unshare(0x20000)]
    gone = libc.umount2(what.encode(), 2)
    return made, gone, os.listdir(what)

by_category = [tried(lambda: uncover("/proc")), tried(lambda: uncover("/cxedu/boxes"))]
""",
        ),
        "What covers them can't be taken away.",
        ONE_LOST,
        shows=r"tried: \(\[.*\], -1, \[\]\)\ntried: \(\[.*\], -1, \[\]\)",
        sandbox=True,
    ),
    Attempt(
        "proc-mounted",
        "mounts a /proc of its own, in namespaces of its own",
        instead(
            2,
            """
import ctypes, os, tempfile
libc = ctypes.CDLL(None, use_errno=True)

def mount():
    child = os.fork()
    if child == 0:
        made = [libc.unshare(0x10000000 | 0x20000 | 0x20000000)]
        inner = os.fork()
        if inner == 0:
            made.append(libc.mount(b"proc", b"/tmp", b"proc", 0, None))
            seen = sorted(n for n in os.listdir("/tmp") if n.isdigit())
            os._exit(len(seen))
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

by_category = tried(mount)
""",
        ),
        "It isn't allowed, or shows nobody but itself.",
        ONE_LOST,
        shows=r"tried: [01]\b",
        sandbox=True,
    ),
    Attempt(
        "ptrace",
        "attaches to its parent, the first process and the grader, as a debugger does",
        instead(
            2,
            """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
by_category = tried(lambda: [libc.ptrace(16, pid, None, None) for pid in (os.getppid(), 1, @GRADER@)])
""",
        ),
        "There are no such processes, except itself.",
        ONE_LOST,
        shows=r"tried: \[-1, -1, -1\]",
        sandbox=True,
    ),
    Attempt(
        "left-behind-1",
        "leaves notes in /tmp, /dev/shm, its folder and System V memory, and reads those of its twin",
        instead(
            2,
            LEAVE := """
import ctypes, glob, os
places = ["/tmp", "/dev/shm", ".", os.environ["HOME"], "/var/tmp", "/cxedu/kernel", "/run"]
libc = ctypes.CDLL(None, use_errno=True)

def notes():
    return [p for place in places for p in glob.glob(f"{place}/@MARK@*")] + [libc.shmget(4711, 0, 0)]

by_category = tried(notes)
libc.shmget(4711, 4096, 0o1666)
for place in places:
    try:
        open(f"{place}/@MARK@-note", "w").write("the answer is 42")
    except OSError:
        pass
""",
        ),
        "Each kernel has folders and memory of its own, which vanish with it.",
        ONE_LOST,
        shows=r"tried: \[-1\]",
        sandbox=True,
    ),
    Attempt(
        "left-behind-2",
        "is the twin",
        instead(2, LEAVE),
        "It finds nothing, either.",
        ONE_LOST,
        shows=r"tried: \[-1\]",
        sandbox=True,
    ),
    Attempt(
        "history",
        "looks for hidden tests in IPython's history",
        instead(
            2,
            """
def look():
    ip = get_ipython()
    kept = list(ip.history_manager.get_range_by_str("~9/ ~8/ ~7/ ~6/ ~5/ ~4/ ~3/ ~2/ ~1/"))
    return [kept, [text for text in In if "HIDDEN" in text and "def look" not in text]]

by_category = tried(look)
""",
        ),
        "There is none but its own.",
        ONE_LOST,
        shows=r"tried: \[\[\], \[\]\]",
        sandbox=True,
    ),
    Attempt(
        "memory",
        "searches all objects in memory, and all files that are open, for the references",
        instead(
            2,
            """
import gc, os, stat, sys
from cxedu.exercises import Task

def search():
    gc.unfreeze()
    tasks = [x for x in gc.get_objects() if isinstance(x, Task)]
    tasks += [m for n, m in list(sys.modules.items()) if n.startswith("checks")]
    files = []
    for number in range(3, 512):
        try:
            if stat.S_ISREG(os.fstat(number).st_mode):
                files.append(number)
        except OSError:
            pass
    return tasks, files

by_category = tried(search)
""",
        ),
        "They were never there.",
        ONE_LOST,
        shows=r"tried: \(\[\], \[\]\)",
    ),
    Attempt(
        "released-checks",
        "looks for references in the `checks.py` that students have",
        instead(2, "by_category = tried(lambda: open('checks.py').read())"),
        "Its copy holds no checks, not even the released ones.",
        ONE_LOST,
        shows="tried: FileNotFoundError",
        sandbox=True,
    ),
    Attempt(
        "questions",
        "reads the questions file, and writes another one for the grader to read",
        instead(
            3,
            """
import os, pickle
path = os.environ["CXEDU_QUESTIONS"]
asked = pickle.loads(open(path, "rb").read())
print(sorted(asked), [len(x) for x in asked["ps90.3"][0]])
tried(lambda: open(path, "wb").write(b"cos\\nsystem\\n(S'touch /tmp/@MARK@-pickle'\\ntR."))
tried(lambda: os.rename(path, path + ".old"))
margin_multiple = lambda retention, discount: 1.0
""",
        ),
        "It sees what its function will be called with, which is no secret. The file is read-only, "
        "and the grader never reads it.",
        (2, 3, 0, 1),
        shows=r"\['ps90.3'\] \[2, 2, 2, 2\]\ntried: OSError.*\ntried: OSError",
        sandbox=True,
    ),
    Attempt(
        "warm-process",
        "asks the warm process for a kernel outside of its own view",
        instead(
            2,
            """
import glob, socket

def ask(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(b'{"box": null, "environment": {}, "seed": 0}\\n')
        return s.recv(100)

by_category = [tried(lambda: ask("/cxedu/boxes/warm")), tried(lambda: glob.glob("/cxedu/boxes/*"))]
""",
        ),
        "Its socket, and the other kernels' folders, are out of sight.",
        ONE_LOST,
        shows=r"tried: FileNotFoundError.*\ntried: \[\]",
        sandbox=True,
    ),
    Attempt(
        "link",
        "hands in a link to the checks with the right answers, to be followed by the grader",
        linked,
        "Links aren't followed: the file is missing.",
        ONE_LOST,
        shows="tried: FileNotFoundError",
        sandbox=True,
    ),
    Attempt(
        "link-to-folder",
        "hands in a link to the folder of the course",
        linked_folder,
        "Links aren't followed: the folder is empty.",
        ONE_LOST,
        shows=r"tried: \[('all/')?\]",  # Python 3.11's glob names what it doesn't find
        sandbox=True,
    ),
    Attempt(
        "link-for-notebook",
        "hands in a link to the instructor's notebook instead of a notebook",
        linked_notebook,
        "A link is no notebook: 0, with the reason.",
        (0, 0, 0, 0),
        note="is missing",
    ),
    Attempt(
        "pipe",
        "hands in a named pipe, on which whoever opens it waits for ever",
        pipe,
        "It is left out of the copy.",
    ),
    Attempt(
        "package-changed",
        "writes into cxedu, Python's library and the system",
        instead(
            2,
            """
import os, sys, cxedu
from pathlib import Path
places = [Path(cxedu.__file__).parent, Path(os.__file__).parent, Path(sys.prefix), Path("/usr/lib"), Path("/")]

def write(place):
    place.joinpath("@MARK@.pth").write_text("import os")
    return place

for place in places:
    tried(lambda: write(place))
by_category = None
""",
        ),
        "All of it is read-only.",
        ONE_LOST,
        shows=r"(tried: (OSError|PermissionError).*\n){5}",
        sandbox=True,
    ),
]
