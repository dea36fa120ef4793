"""What goes around nbgrader, through its own extension points only.

In the order in which a submission meets them:

- `command` is `cxedu grade`; `run` grades a class, several at a time, and goes on after whatever
  happens to one; `grader` is one submission from start to record; `course` is what nbgrader has.
- `submission` makes a private copy of what was handed in and puts damaged files right.
- nbgrader's preprocessors, named in `nbgrader_config.py`: `repair` puts a notebook's cells right,
  `execute` runs it, `verdicts` judges what its checks hand in and saves the scores, `sanitize` takes
  out what would run in a browser. What they share is in `notebook`.
- Kernels: `confine` is the sandbox and the limits, `warm` the process in it that forks a kernel for
  each submission, `kernel` what such a kernel is, `provisioner` how Jupyter reaches it.
- `record` keeps what happened and what marks were made with, `report` says it, `verify` compares
  with nbgrader's own command.

Who runs the machine reads `confine`, `warm` and `kernel`; who grades reads the summary's reasons in
`submission`, `repair` and `verdicts`.
"""
