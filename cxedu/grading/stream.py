"""What a kernel prints while a class is graded, up to a limit."""

from typing import Any

from ipykernel.iostream import OutStream

MOST_TEXT = 1_000_000  # characters that one cell may print


class BoundedStream(OutStream):
    """What a cell prints, up to a limit: a loop that prints for ever fills nobody's memory."""

    _left: tuple[Any, int] = (None, 0)

    def write(self, string: str) -> int:
        """Write as far as there is room in this cell, and say where the text was cut off."""
        cell = self.parent_header.get("msg_id")
        left = self._left[1] if self._left[0] == cell else MOST_TEXT
        self._left = (cell, left - len(string))
        if left <= 0:
            return len(string)
        if len(string) > left:
            string = string[:left] + "\n… output truncated …\n"
        return super().write(string) or 0
