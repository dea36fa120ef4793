"""Reaching other machines, and other programs on this one."""

from hostile import Attempt, after

ALONE = "A kernel has no network, not even the machine's own."


def reach(what: str) -> object:
    return after(2, f"import socket\n{what}")


ATTEMPTS = [
    Attempt(
        "internet",
        "connects to a server",
        reach("tried(lambda: socket.create_connection(('192.0.2.1', 80), timeout=2))"),
        ALONE,
        shows="tried: OSError.*unreachable",
        sandbox=True,
    ),
    Attempt(
        "metadata",
        "asks the cloud's metadata service for credentials",
        reach(
            "import urllib.request\n"
            "tried(lambda: urllib.request.urlopen('http://169.254.169.254/latest/', timeout=2))"
        ),
        ALONE,
        shows="tried: URLError.*unreachable",
        sandbox=True,
    ),
    Attempt(
        "names",
        "looks up a name, which carries data out",
        reach("tried(lambda: socket.getaddrinfo('mean-margin-12-34.example.org', 80))"),
        ALONE,
        shows="tried: gaierror",
        sandbox=True,
    ),
    Attempt(
        "udp",
        "sends datagrams to the machine and to the network",
        reach(
            "def send(address):\n"
            "    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
            "        return s.sendto(b'12.34', address)\n\n"
            "tried(lambda: send(('127.0.0.1', @UDP@)))\ntried(lambda: send(('192.0.2.1', 53)))"
        ),
        ALONE,
        shows=r"tried: OSError.*unreachable\ntried: OSError.*unreachable",
        sandbox=True,
    ),
    Attempt(
        "tcp-here",
        "connects to a server on the grader's own machine",
        reach("tried(lambda: socket.create_connection(('127.0.0.1', @TCP@), timeout=2))"),
        ALONE,
        shows=r"tried: \w*Error",
        sandbox=True,
    ),
    Attempt(
        "ports",
        "tries the first thousand ports of the machine, and Jupyter's",
        reach(
            "def scan():\n    found = []\n    for port in [*range(1, 1000), 5432, 8000, 8888, @TCP@]:\n"
            "        with socket.socket() as s:\n            s.settimeout(0.1)\n"
            "            if s.connect_ex(('127.0.0.1', port)) == 0:\n                found.append(port)\n"
            "    return found\n\ntried(scan)"
        ),
        ALONE,
        shows=r"tried: \[\]",
        sandbox=True,
    ),
    Attempt(
        "abstract-socket",
        "connects to a unix socket that has no file",
        reach(
            "with socket.socket(socket.AF_UNIX) as s:\n    tried(lambda: s.connect('\\0@ABSTRACT@'))"
        ),
        "They belong to the network, and there is none.",
        shows="tried: ConnectionRefusedError",
        sandbox=True,
    ),
    Attempt(
        "unix-socket",
        "connects to a unix socket by its path, such as a database's",
        reach("with socket.socket(socket.AF_UNIX) as s:\n    tried(lambda: s.connect('@PATH@'))"),
        "The sandbox has no such place.",
        shows="tried: FileNotFoundError",
        sandbox=True,
    ),
    Attempt(
        "server",
        "starts a server that waits for its friends",
        reach(
            "import threading\n"
            "server = socket.create_server(('127.0.0.1', 47011))\n"
            "threading.Thread(target=server.accept, daemon=True).start()\n"
            "behind = socket.socket(socket.AF_UNIX)\nbehind.bind('\\0@MARK@-server')\nbehind.listen()\n"
            "print('tried: listening')"
        ),
        "Nobody else is in its network; it ends with the kernel.",
        shows="tried: listening",
        sandbox=True,
    ),
    Attempt(
        "pip",
        "installs a package while it is graded",
        reach(
            "import subprocess, sys\n"
            "tried(lambda: subprocess.run([sys.executable, '-m', 'pip', '--disable-pip-version-check',\n"
            "    '--retries=0', '--timeout=2', 'install', 'cxedu-hostile'], capture_output=True).returncode)"
        ),
        ALONE,
        shows="tried: [12]",
        sandbox=True,
    ),
]
