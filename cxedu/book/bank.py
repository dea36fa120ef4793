"""The question bank: one YAML file per chapter, for the pages, the LMS and exams alike.

The form is `book/testbank/schema.json`; what a schema cannot say (exactly one right option, ids
that occur once) is checked here. Whatever is wrong, the message names file, question and rule.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import cxedu
from cxedu.validate import whole

KINDS = ("single", "multiple", "true_false", "numeric", "open")


@dataclass(frozen=True)
class Option:
    """One option of a single, multiple or true/false question."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True)
class Near:
    """The result of a known mistake in a numeric question, and what to say about it."""

    value: float
    feedback: str


@dataclass(frozen=True)
class Question:
    """One question. What its kind does not use is empty or None."""

    id: str
    kind: str  # single, multiple, true_false, numeric, open
    outcome: str  # "6.2"
    section: str
    difficulty: int  # 1 recall, 2 apply, 3 analyse
    where: tuple[str, ...]  # "page", "exam"
    stem: str
    options: tuple[Option, ...] = ()
    value: float | None = None
    tolerance: float = 0.0
    unit: str = ""
    feedback_correct: str = ""
    feedback_wrong: str = ""
    near: tuple[Near, ...] = ()
    model_answer: str = ""
    rubric: tuple[str, ...] = ()


class BankError(ValueError):
    """A question file that breaks a rule; the message names file, question and rule."""


def bank_folder() -> Path:
    """Where the questions are: in the clone, or inside the installed package."""
    clone = Path(cxedu.__file__).parents[1] / "book" / "testbank"
    return clone if clone.is_dir() else Path(cxedu.__file__).parent / "testbank"


def load_bank(
    chapter: int, folder: Path | None = None, schema: bool = True
) -> tuple[Question, ...]:
    """All questions of a chapter, in the order of the file.

    Parameters
    ----------
    chapter : int
        Number of the chapter.
    folder : Path, optional
        Where the files `NN.yml` are; by default the course's own bank.
    schema : bool
        Compare with schema.json, too. A page doesn't: loading that machinery takes a second, and
        the tests do it for every file.

    Raises
    ------
    ValueError
        If there is no file for the chapter.
    BankError
        If the file breaks a rule.
    """
    chapter = whole("chapter", chapter, 1)
    folder = bank_folder() if folder is None else folder
    path = folder / f"{chapter:02d}.yml"
    if not path.is_file():
        there = ", ".join(str(int(p.stem)) for p in sorted(folder.glob("[0-9][0-9].yml"))) or "none"
        raise ValueError(
            f"chapter is {chapter}; it has no question file {path.name} (there: {there})."
        )
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BankError(f"{path.name} is not valid YAML: {error}") from None
    check_bank(raw, path.name, chapter, schema)
    try:
        return tuple(_question(entry) for entry in raw["questions"])
    except (KeyError, TypeError, AttributeError):
        _check_schema(raw, path.name)  # says which question lacks what
        raise


def _question(raw: dict[str, Any]) -> Question:
    answer, feedback = raw.get("answer", {}), raw.get("feedback", {})
    return Question(
        **{name: raw[name] for name in ("id", "kind", "outcome", "section", "difficulty", "stem")},
        where=tuple(raw["where"]),
        options=tuple(
            Option(o["text"], o.get("correct", False), o["feedback"])
            for o in raw.get("options", [])
        ),
        value=answer.get("value"),
        tolerance=answer.get("tolerance", 0.0),
        unit=answer.get("unit", ""),
        feedback_correct=feedback.get("correct", ""),
        feedback_wrong=feedback.get("wrong", ""),
        near=tuple(Near(n["value"], n["feedback"]) for n in raw.get("near", [])),
        model_answer=raw.get("model_answer", ""),
        rubric=tuple(raw.get("rubric", [])),
    )


def check_bank(raw: Any, file: str, chapter: int, schema: bool = True) -> None:
    """Raise `BankError` for the first broken rule of a question file that was read from YAML."""
    if not isinstance(raw, dict) or not isinstance(raw.get("questions"), list):
        raise BankError(f"{file}: it must have `chapter: {chapter}` and a list `questions:`.")
    if raw.get("chapter") != chapter:
        raise BankError(
            f"{file}: chapter is {raw.get('chapter')!r}; the file's name says {chapter}."
        )
    seen: set[str] = set()
    for place, question in enumerate(raw["questions"], start=1):
        if not isinstance(question, dict) or not isinstance(question.get("id"), str):
            raise BankError(f"{file}: question number {place} has no `id:`, like {chapter}-q01.")
        where = f"{file}, question {question['id']}"
        if question["id"] in seen:
            raise BankError(f"{where}: this id occurs twice; each question needs its own.")
        seen.add(question["id"])
        if not question["id"].startswith(f"{chapter}-q"):
            raise BankError(f"{where}: the id must start with {chapter}-q, the chapter's number.")
        problem = _problem(question)
        if problem:
            raise BankError(f"{where}: {problem}")
    if schema:
        _check_schema(raw, file)


def _problem(question: dict[str, Any]) -> str:
    """The usual slips, said plainly; the schema finds the rest."""
    kind = question.get("kind")
    if kind not in KINDS:
        return f"kind is {kind!r}; it must be one of {', '.join(KINDS)}."
    for name in ("outcome", "section", "difficulty", "where", "stem"):
        if not question.get(name):
            return f"`{name}:` is missing."
    if not isinstance(question["outcome"], str):
        return f'outcome is {question["outcome"]!r}; write it in quotes, like "6.2".'
    if kind in ("single", "multiple", "true_false"):
        return _problem_with_options(kind, question.get("options"))
    if kind == "numeric":
        answer = question.get("answer")
        if not isinstance(answer, dict) or not _is_number(answer.get("value")):
            return "a numeric question needs `answer: {value: …, tolerance: …}` with numbers."
        if not _is_number(answer.get("tolerance")) or answer["tolerance"] < 0:
            return "answer needs a `tolerance:` of 0 or more."
        feedback = question.get("feedback")
        if not isinstance(feedback, dict) or not (
            feedback.get("correct") and feedback.get("wrong")
        ):
            return "a numeric question needs `feedback: {correct: …, wrong: …}`."
        for near in question.get("near", []):
            if abs(near["value"] - answer["value"]) <= answer["tolerance"]:
                return (
                    f"near value {near['value']:g} lies within the tolerance of the right answer."
                )
    if kind == "open" and not question.get("model_answer"):
        return "an open question needs a `model_answer:`."
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _problem_with_options(kind: str, options: Any) -> str:
    if not isinstance(options, list) or len(options) < 2:
        return f"a {kind} question needs `options:`, at least two."
    for place, option in enumerate(options, start=1):
        for name in ("text", "feedback"):
            if not isinstance(option, dict) or not isinstance(option.get(name), str):
                return f"option {place} needs a `{name}:` in words (in quotes if YAML reads it otherwise)."
    texts = [option["text"].strip() for option in options]
    if len(set(texts)) < len(texts):
        return "two options have the same text."
    right = sum(option.get("correct") is True for option in options)
    if right == 0:
        return "no option is marked `correct: true`."
    if kind != "multiple" and right > 1:
        return f"{right} options are marked correct; a {kind} question has exactly one."
    if kind == "true_false" and len(options) != 2:
        return f"it has {len(options)} options; a true_false question has two."
    return ""


def _check_schema(raw: Any, file: str) -> None:
    """Compare with schema.json where jsonschema is installed (it comes with the site's tools)."""
    try:
        import jsonschema
    except ImportError:
        return
    schema = json.loads((bank_folder() / "schema.json").read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(raw)
    )
    if error is None:
        return
    path = list(error.absolute_path)
    where = file
    if len(path) >= 2:
        where += f", question {raw['questions'][path[1]]['id']}"
        place = ".".join(str(part) for part in path[2:])
        where += f", {place}" if place else ""
    raise BankError(f"{where}: {error.message}")
