"""Questions of the bank on the page: plain, accessible HTML that `quiz.js` brings to life.

Without JavaScript (in Lab, say) the answers and the reasons wait behind "Show the answer".
"""

import html
import json
from pathlib import Path

from cxedu.book.bank import BankError, Question, load_bank
from cxedu.book.text import block, inline

__all__ = ["BankError", "load_bank", "quiz", "quiz_html"]


def quiz(chapter: int, question: str | None = None) -> None:
    """Show the questions of a chapter that belong on its page, or one of them.

    Parameters
    ----------
    chapter : int
        Number of the chapter.
    question : str, optional
        Id of a single question, like "6-q03".

    Raises
    ------
    ValueError
        If the chapter has no questions, the id is unknown or kept for exams, or the question file
        breaks a rule of the bank.
    """
    from IPython.display import display

    page, number = quiz_html(chapter, question)
    plural = "" if number == 1 else "s"
    text = f"[Quiz] {number} question{plural} of chapter {chapter}"
    display({"text/html": page, "text/plain": text}, raw=True)


def quiz_html(
    chapter: int, question: str | None = None, folder: Path | None = None
) -> tuple[str, int]:
    """The HTML that `quiz` displays, and how many questions it holds."""
    questions = [q for q in load_bank(chapter, folder, schema=False) if "page" in q.where]
    if question is not None:
        known = ", ".join(q.id for q in questions)
        questions = [q for q in questions if q.id == question]
        if not questions:
            raise ValueError(
                f"question is {question!r}; the questions for the page of chapter {chapter} are {known}."
            )
    scope = "quiz" if question is None else "single"
    parts = [
        _question_html(q, i, len(questions), f"{scope}-{q.id}")
        for i, q in enumerate(questions, start=1)
    ]
    return '<div class="cx-quiz">\n' + "\n".join(parts) + "\n</div>", len(questions)


def _question_html(q: Question, place: int, of: int, key: str) -> str:
    head = f"Question {place} of {of}" if of > 1 else "Question"
    body, answer = {
        "numeric": (_number_input, _numeric_answer),
        "open": (_nothing, _open_answer),
    }.get(q.kind, (_option_inputs, _option_answers))
    group = q.kind != "open"  # an open question has nothing to fill in, so it is no fieldset
    tag = "fieldset" if group else "section"
    opening = (
        f'<fieldset class="cx-question" data-kind="{q.kind}" aria-describedby="{key}">'
        f"<legend>{head}</legend>"
        if group
        else f'<section class="cx-question" data-kind="open" aria-label="{head}">'
        f'<p class="cx-legend">{head}</p>'
    )
    status = '<div class="cx-status" role="status"></div>' if group else ""
    return "\n".join(
        part
        for part in [
            opening,
            f'<div class="cx-stem" id="{key}">{block(q.stem)}</div>',
            body(q, key),
            status,
            f'<details class="cx-answer"><summary>Show the answer'
            f'<span class="cx-hidden"> to question {place}</span></summary>',
            answer(q),
            f"</details></{tag}>",
        ]
        if part
    )


def _nothing(q: Question, key: str) -> str:
    return ""


def _option_inputs(q: Question, key: str) -> str:
    kind = "checkbox" if q.kind == "multiple" else "radio"
    hint = '<p class="cx-hint">Choose all that apply.</p>\n' if q.kind == "multiple" else ""
    rows = "\n".join(
        f'<div><label class="cx-option"><input type="{kind}" name="{key}" value="{i}" autocomplete="off"> '
        f"<span>{inline(option.text)}</span></label></div>"
        for i, option in enumerate(q.options)
    )
    return hint + rows


def _option_answers(q: Question) -> str:
    rows = "\n".join(
        f'<li data-correct="{str(option.correct).lower()}">'
        f"<strong>{'Right' if option.correct else 'Wrong'}:</strong> {inline(option.text)} "
        f'<div class="cx-feedback">{block(option.feedback)}</div></li>'
        for option in q.options
    )
    return f"<ul>{rows}</ul>"


def _number_input(q: Question, key: str) -> str:
    unit = f" <span>{inline(q.unit)}</span>" if q.unit else ""
    return (
        '<label class="cx-number"><span>Your answer</span> '
        f'<input type="number" step="any" inputmode="decimal" autocomplete="off">{unit}</label>'
    )


def _numeric_answer(q: Question) -> str:
    judged = json.dumps({"value": q.value, "tolerance": q.tolerance})
    unit = f" {inline(q.unit)}" if q.unit else ""
    within = f" (± {q.tolerance:g})" if q.tolerance else ""
    near = "\n".join(
        f'<li data-near="{n.value}"><strong>{n.value:g}:</strong> '
        f'<div class="cx-feedback">{block(n.feedback)}</div></li>'
        for n in q.near
    )
    return (
        f"<div data-judge='{html.escape(judged)}'><p><strong>{q.value:g}</strong>{unit}{within}</p>"
        f'<div class="cx-feedback" data-when="correct">{block(q.feedback_correct)}</div>'
        f'<div class="cx-feedback" data-when="wrong">{block(q.feedback_wrong)}</div>'
        + (f"<p>Where other results come from:</p><ul>{near}</ul>" if near else "")
        + "</div>"
    )


def _open_answer(q: Question) -> str:
    rubric = "".join(f"<li>{inline(line)}</li>" for line in q.rubric)
    listed = f"<p>A good answer:</p><ul>{rubric}</ul>" if rubric else ""
    return f'<div class="cx-feedback">{block(q.model_answer)}</div>{listed}'
