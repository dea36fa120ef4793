"""What goes around nbgrader, through its own extension points only.

`preprocessors` repair a submission, run it and judge it fail-closed; `release` makes what students
get; `run` grades a class so that one failure never stops the rest; `classroom` simulates one.
`nbgrader_config.py` at the root of the course plugs them in.
"""
