"""How every picture of the course looks: one palette, one kind of axes, light and dark pages alike.

A figure is a `matplotlib.figure.Figure` of its own, outside pyplot, so that nothing global changes.
Whatever is drawn in `INK` (text, axes, grid) takes the colour of the page's text once `cxedu.book`
has turned the figure into SVG; `PAPER` takes the colour of the page.
"""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text

from cxedu.validate import number, whole

# Okabe & Ito (2008), "Color Universal Design": told apart with every common kind of colour vision.
COLORS = {
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "red": "#d55e00",
    "purple": "#cc79a7",
    "sky": "#56b4e9",
    "yellow": "#f0e442",
    "grey": "#7f7f7f",
}
INK = "#000000"
PAPER = "#ffffff"

FONT_SIZE = 10.5


class PlainAxes(Axes):
    """Axes with an open frame, light horizontal rules, titles at the left and unboxed legends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._make_plain()

    def clear(self) -> None:
        super().clear()
        if hasattr(self, "spines"):
            self._make_plain()

    def _make_plain(self) -> None:
        self.set_facecolor("none")
        self.spines[["top", "right"]].set_visible(False)
        self.spines[["left", "bottom"]].set(color=INK, alpha=0.6, linewidth=0.8)
        self.tick_params(labelsize=FONT_SIZE - 0.5, color=INK, width=0.8, length=3.5)
        self.grid(axis="y", color=INK, alpha=0.14, linewidth=0.7)
        self.set_axisbelow(True)
        for axis in (self.xaxis, self.yaxis):
            axis.label.set_fontsize(FONT_SIZE)
        order = ["blue", "orange", "green", "red", "purple", "sky", "grey"]
        self.set_prop_cycle(color=[COLORS[name] for name in order], linewidth=[2.0] * len(order))

    def set_title(self, label: str, *args: Any, **kwargs: Any) -> Text:
        return super().set_title(
            label,
            *args,
            **{"loc": "left", "fontsize": FONT_SIZE + 0.5, "fontweight": "bold", **kwargs},
        )

    def legend(self, *args: Any, **kwargs: Any) -> Legend:
        return super().legend(*args, **{"frameon": False, "fontsize": FONT_SIZE - 0.5, **kwargs})


def new_figure(
    width: float = 7,
    height: float = 3.6,
    ncols: int = 1,
    nrows: int = 1,
    **subplots: Any,
) -> tuple[Figure, Any]:
    """An empty figure in the style of the course.

    Parameters
    ----------
    width, height : float
        Size in inches. A page's text is 7 inches wide.
    ncols, nrows : int
        Number of panels beside and below one another.
    **subplots
        Passed on to `Figure.subplots`, for instance `sharey=True`.

    Returns
    -------
    (Figure, Axes or array of Axes)
        One panel gives its Axes, several give an array as `Figure.subplots` does.

    Raises
    ------
    ValueError
        If a size is not positive or a number of panels is below 1.

    Examples
    --------
    >>> fig, ax = new_figure()
    >>> _ = ax.plot([0, 1, 2], [1.0, 0.8, 0.64])
    >>> _ = ax.set_xlabel("Years")
    >>> fig, (left, right) = new_figure(ncols=2, sharey=True)
    """
    number("width", width, 0, low_open=True)
    number("height", height, 0, low_open=True)
    whole("ncols", ncols, 1)
    whole("nrows", nrows, 1)
    fig = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    keywords = {"axes_class": PlainAxes, **subplots.pop("subplot_kw", {})}
    return fig, fig.subplots(nrows, ncols, subplot_kw=keywords, **subplots)
