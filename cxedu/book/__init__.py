"""What a chapter's cells call: `show` a figure, `explore` a model, ask a `quiz`."""

from cxedu.book.explore import explore, pick, slider
from cxedu.book.quiz import quiz
from cxedu.book.show import show

__all__ = ["explore", "pick", "quiz", "show", "slider"]
