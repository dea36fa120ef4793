"""Explorers: move a control, see the consequence; with a kernel, without one, without a network.

Every frame is drawn once, when the cell runs. The page carries them all and `explore.js` shows the
one that the controls ask for; in a live notebook ipywidgets do the same. Frames repeat most of
their parts (axes, ticks, captions), so each distinct part is stored once.
"""

import hashlib
import html
import itertools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cxedu.book.show import ID_MARK, described, svg
from cxedu.book.text import inline
from cxedu.validate import number

MOST_FRAMES = 36


@dataclass(frozen=True)
class Control:
    """One control of an explorer: its values, the one it starts with, and its words."""

    values: tuple[Any, ...]
    texts: tuple[str, ...]  # what is read out and shown: "0.8 per year"
    start: int
    label: str
    kind: str  # "range" or "select"


def slider(
    low: float,
    high: float,
    *,
    step: float,
    value: float,
    label: str,
    unit: str = "",
    format: str = "{:g}",
) -> Control:
    """A slider from `low` to `high`.

    Parameters
    ----------
    low, high, step, value : float
        First and last value, the distance between them, and where the slider starts.
    label : str
        What is changed: "Retention".
    unit : str
        Shown and read out after the value: "per year", "€".
    format : str
        How a value is written, "{:.0%}" for 80%.

    Raises
    ------
    ValueError
        If the range is empty, the step does not lead to `high`, or `value` is not on a step.

    Examples
    --------
    >>> slider(0.5, 0.9, step=0.1, value=0.8, label="Retention", unit="per year").texts
    ('0.5 per year', '0.6 per year', '0.7 per year', '0.8 per year', '0.9 per year')
    >>> slider(0, 1, step=0.3, value=0, label="Retention")
    Traceback (most recent call last):
    ...
    ValueError: step is 0.3; from 0 it does not lead to high = 1. Choose a step that divides 1.
    """
    number("low", low)
    number("high", high, low, low_open=True)
    number("step", step, 0, low_open=True)
    number("value", value, low, high)
    steps = (high - low) / step
    if abs(steps - round(steps)) > 1e-6:
        raise ValueError(
            f"step is {step:g}; from {low:g} it does not lead to high = {high:g}. "
            f"Choose a step that divides {high - low:g}."
        )
    whole = all(isinstance(x, (int, np.integer)) for x in (low, high, step))
    grid = [low + i * step for i in range(round(steps) + 1)]
    values = [int(x) if whole else float(f"{x:.12g}") for x in grid]
    start = round((value - low) / step)
    if abs(values[start] - value) > 1e-9 * max(1.0, abs(value)):
        raise ValueError(
            f"value is {value:g}; the slider stops at {', '.join(f'{x:g}' for x in values)}."
        )
    texts = tuple(f"{format.format(x)} {unit}".strip() for x in values)
    return Control(tuple(values), texts, start, described("label", label), "range")


def pick(options: Sequence[Any], *, value: Any, label: str) -> Control:
    """A choice among a few named options.

    >>> pick(["none", "apology", "amends"], value="none", label="After the breach").start
    0
    >>> pick(["none", "apology"], value="proof", label="After the breach")
    Traceback (most recent call last):
    ...
    ValueError: value is 'proof'; it must be one of 'none', 'apology'.
    """
    if len(options) < 2:
        raise ValueError(f"options is {options!r}; a choice needs at least two.")
    if value not in options:
        listed = ", ".join(map(repr, options))
        raise ValueError(f"value is {value!r}; it must be one of {listed}.")
    texts = tuple(str(option) for option in options)
    label = described("label", label)
    return Control(tuple(options), texts, list(options).index(value), label, "select")


def explore(
    draw: Callable[..., Figure],
    *,
    describe: Callable[..., str],
    caption: str,
    **controls: Control,
) -> None:
    """Let the reader change the inputs of a figure.

    Parameters
    ----------
    draw : callable
        Called with one value for each control; returns a matplotlib Figure. Fix the axes' limits,
        so that what moves is the consequence and not the axis.
    describe : callable
        Called with the same values; returns the sentence that says what is seen. It is shown, read
        out, and stands for the figure where it cannot be seen.
    caption : str
        What to try and what to look for (Markdown).
    **controls : Control
        From `slider` or `pick`, named as `draw`'s parameters. All combinations are drawn: at most
        36 of them, better 20.

    Raises
    ------
    ValueError
        If there is no control, there are too many frames, or a text is missing.

    Examples
    --------
    >>> from cxedu.figures.style import new_figure
    >>> explore(
    ...     lambda retention: new_figure()[0],
    ...     describe=lambda retention: "",
    ...     caption="Move retention.",
    ...     retention=slider(0.01, 0.99, step=0.01, value=0.8, label="Retention"),
    ... )
    Traceback (most recent call last):
    ...
    ValueError: The controls make 99 frames (retention 99), and 36 is the most that a page carries; \
take larger steps, or fewer controls.
    """
    from IPython.display import display

    frames = Frames(draw, describe, controls)
    caption = described("caption", caption)
    page = explorer_html(frames, caption)
    bundle = {"text/html": page, "text/plain": f"[Explorer] {frames.sentences[frames.start]}"}
    live = _live(frames, caption)
    if live is not None:
        bundle |= live
    display(bundle, raw=True)


class Frames:
    """All pictures and sentences of an explorer, in the order of its controls' values."""

    def __init__(
        self,
        draw: Callable[..., Figure],
        describe: Callable[..., str],
        controls: dict[str, Control],
    ) -> None:
        if not controls:
            raise ValueError("An explorer needs at least one control, from slider() or pick().")
        for name, control in controls.items():
            if not isinstance(control, Control):
                raise ValueError(f"{name} is {control!r}; make it with slider() or pick().")
        sizes = {name: len(control.values) for name, control in controls.items()}
        total = prod(sizes.values())
        if total > MOST_FRAMES:
            listed = " × ".join(f"{name} {size}" for name, size in sizes.items())
            raise ValueError(
                f"The controls make {total} frames ({listed}), and {MOST_FRAMES} is the most that "
                "a page carries; take larger steps, or fewer controls."
            )
        self.controls = controls
        self.drawings: list[str] = []
        self.sentences: list[str] = []
        for values in itertools.product(*(control.values for control in controls.values())):
            named = dict(zip(controls, values, strict=True))
            self.sentences.append(described("describe(…)", describe(**named)))
            self.drawings.append(svg(draw(**named)))
        words = "".join(control.label for control in controls.values()) + self.sentences[self.start]
        prefix = "e" + hashlib.sha256(words.encode()).hexdigest()[:8] + "-"
        self.drawings = [drawing.replace(ID_MARK, prefix) for drawing in self.drawings]

    @property
    def start(self) -> int:
        return self.index([control.start for control in self.controls.values()])

    def index(self, places: Sequence[int]) -> int:
        """Number of the frame for one place on each control (the last control moves fastest)."""
        result = 0
        for place, control in zip(places, self.controls.values(), strict=True):
            result = result * len(control.values) + place
        return result

    def packed(self) -> dict[str, list[Any]]:
        """Each distinct element once (`parts`), each frame a list of their numbers."""
        numbers: dict[str, int] = {}
        frames = [
            [numbers.setdefault(part, len(numbers)) for part in re.split(r"(?<=>)(?=<)", drawing)]
            for drawing in self.drawings
        ]
        return {"parts": list(numbers), "frames": frames}


def explorer_html(frames: Frames, caption: str) -> str:
    """The static page's explorer. Without JavaScript the starting frame stays, without controls."""
    start = frames.sentences[frames.start]
    return "\n".join(
        [
            '<figure class="cx-explore">',
            '<div class="cx-controls" hidden>',
            *(_control_html(control) for control in frames.controls.values()),
            "</div>",
            f'<div class="cx-frame" role="img" aria-label="{html.escape(start)}">',
            frames.drawings[frames.start],
            "</div>",
            f'<p class="cx-sentence" aria-live="polite">{html.escape(start)}</p>',
            f"<figcaption>{inline(caption)}</figcaption>",
            f'<script type="application/json" class="cx-sentences">{_json(frames.sentences)}</script>',
            f'<script type="application/json" class="cx-frames">{_json(frames.packed())}</script>',
            "</figure>",
        ]
    )


def _control_html(control: Control) -> str:
    label, start = html.escape(control.label), control.texts[control.start]
    if control.kind == "select":
        options = "".join(
            f"<option{' selected' if i == control.start else ''}>{html.escape(text)}</option>"
            for i, text in enumerate(control.texts)
        )
        return (
            f'<label class="cx-control"><span>{label}</span> '
            f'<select autocomplete="off">{options}</select></label>'
        )
    return (
        f'<label class="cx-control"><span>{label}</span> '
        f'<input type="range" min="0" max="{len(control.values) - 1}" step="1" '
        f'value="{control.start}" autocomplete="off" aria-valuetext="{html.escape(start)}" '
        f'data-texts="{html.escape(json.dumps(control.texts, ensure_ascii=False))}"> '
        f'<span class="cx-value">{html.escape(start)}</span></label>'
    )


def _json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _live(frames: Frames, caption: str) -> dict[str, Any] | None:
    """The widgets for a running kernel, or None where ipywidgets cannot be had."""
    try:
        import ipywidgets
    except ImportError:
        return None
    wide = ipywidgets.Layout(width="min(100%, 32rem)")
    moved: list[Any] = []
    for control in frames.controls.values():
        make = ipywidgets.Dropdown if control.kind == "select" else ipywidgets.SelectionSlider
        moved.append(
            make(
                options=[(text, i) for i, text in enumerate(control.texts)],
                value=control.start,
                description=control.label,
                style={"description_width": "initial"},
                layout=wide,
            )
        )
    picture = ipywidgets.HTML()

    def update(change: Any = None) -> None:
        shown = frames.index([widget.value for widget in moved])
        sentence = html.escape(frames.sentences[shown])
        picture.value = (
            f'<figure style="margin:0"><div role="img" aria-label="{sentence}">'
            f'{frames.drawings[shown]}</div><p aria-live="polite">{sentence}</p>'
            f"<figcaption>{inline(caption)}</figcaption></figure>"
        )

    for widget in moved:
        widget.observe(update, names="value")
    update()
    box = ipywidgets.VBox([*moved, picture])
    widget_view = "application/vnd.jupyter.widget-view+json"
    return {widget_view: dict(box._repr_mimebundle_() or {})[widget_view]}
