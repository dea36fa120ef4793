"""What goes around nbgrader, through its own extension points only.

In the order in which a submission meets them:

- `command` is `cxedu grade`; `run` grades a class, several at a time, and goes on after whatever
  happens to one; `one` is one submission from start to record.
- `submission` makes a private copy of what was handed in and puts damaged files right.
- `preprocessors`, which `nbgrader_config.py` plugs into nbgrader: repair the notebook, run it, judge
  what it hands in, save the scores. `sanitize` takes out what would run in a browser.
- Kernels: `confine` is the sandbox and the limits, `warm` the process in it that forks a kernel for
  each submission, `kernel` what such a kernel is, `provisioner` how Jupyter reaches it.
- `record` keeps what happened and what marks were made with, `report` says it, `verify` compares
  with nbgrader's own command. `sqlite` saves time where the gradebook is a file.
"""
