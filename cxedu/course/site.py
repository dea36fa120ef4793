"""Build the book's site, warnings as errors, and show it."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
from pathlib import Path


class SiteFailed(RuntimeError):
    """The site has an error or a warning; the message is what Sphinx said."""


def build(root: Path) -> Path:
    """Build the site from the committed notebooks, from scratch; the folder with the pages.

    Nothing is executed: `make course` runs changed chapters before. MathJax is copied by the
    extension `cxedu.book.sphinx`.

    Raises
    ------
    SiteFailed
        If there is an error or a warning.
    """
    made = root / "_build"
    for stale in ("html", ".doctrees"):  # a cached page would hide a broken link
        shutil.rmtree(made / stale, ignore_errors=True)
    run = subprocess.run(
        [
            *(sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."),
            *("-W", "-n", "--keep-going", "-q"),
        ],
        cwd=root,
        env=dict(os.environ, NO_COLOR="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SiteFailed(f"The site did not build:\n{run.stdout.strip()}")
    return made / "html"


def serve(pages: Path, port: int = 8000) -> int:
    """Show the site on this machine until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{port}  (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
