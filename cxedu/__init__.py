"""Synthetic customers whose truth is known, and the metrics of customer strategy.

Each module is named for the idea it serves: `cxedu.value`, `cxedu.clv`, `cxedu.trust`, and so on.
Names are imported on first use, so that `python -m cxedu` runs before anything is installed.
"""

__version__ = "0.1.0"
__all__ = ["World"]


def __getattr__(name):
    if name == "World":
        from cxedu.world import World

        return World
    raise AttributeError("module 'cxedu' has no attribute {!r}".format(name))
