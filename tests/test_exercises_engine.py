"""The engine of the problem sets: answers of every shape get a verdict, never a traceback."""

import json
import math
import warnings
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxedu.exercises as exercises
from cxedu.exercises import (
    Choice,
    Function,
    Number,
    Table,
    Task,
    Wrong,
    check,
    collect,
    company,
    judge,
    load,
)
from cxedu.exercises.plain import MAX_ENTRIES, Opaque, TooLarge, decode, encode

COURSE = Path(__file__).parent / "fixtures" / "course" / "solutions"
MERIDIAN = SimpleNamespace(
    transactions=pd.DataFrame(
        {
            "category": pd.Categorical(["footwear", "tents", "packs", "footwear"]),
            "revenue": [100.0, 50.0, 30.0, 20.0],
            "margin": [40.0, 20.0, 15.0, 5.0],
        }
    )
)


def says(task, answer, meridian=MERIDIAN):
    """The verdict on an answer, after a trip through JSON."""
    calls = task.calls(meridian)
    values = json.loads(json.dumps(collect(task.answer, answer, calls), allow_nan=False))
    return judge(task, values, meridian)


@pytest.fixture
def mean():
    task = Task("ps99.1", points=3, answer=Number(unit="€", low=0), title="Mean")

    @task.reference
    def _(meridian):
        return meridian.transactions["margin"].mean()

    @task.misconception("That is revenue; the task asks for margin.", earns=1)
    def _(meridian):
        return meridian.transactions["revenue"].mean()

    return task


class TestPlain:
    @pytest.mark.parametrize(
        "value",
        [
            pd.Series([1.0, np.nan, np.inf], index=["a", "b", "c"], name="x"),
            pd.Series(
                [1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
            ),
            pd.Series(pd.Categorical(["low", "high"], ["low", "high"], ordered=True)),
            pd.DataFrame(
                {"date": pd.to_datetime(["2025-01-01", None]), "n": [1, 2], "t": ["x", "y"]}
            ),
            pd.DataFrame({"up": [True, False], "late": pd.to_timedelta([1, 2], unit="D")}),
            pd.DataFrame(),
            MERIDIAN.transactions,
        ],
    )
    def test_tables_survive(self, value):
        back = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(back, value, check_column_type=False)
        else:
            pd.testing.assert_series_equal(back, value)

    def test_arrays_and_scalars_survive(self):
        value = {"a": [1, 2.5, None, "x"], 3: (True, {1, 2}), "t": pd.Timestamp("2025-01-01")}
        back = decode(json.loads(json.dumps(encode(value))))
        assert back == {
            "a": [1, 2.5, None, "x"],
            3: [True, {1, 2}],
            "t": pd.Timestamp("2025-01-01"),
        }
        array = decode(encode(np.arange(6).reshape(2, 3)))
        assert array.tolist() == [[0, 1, 2], [3, 4, 5]]

    def test_anything_else_is_a_name(self):
        assert decode(encode(object())) == Opaque("object")
        assert decode(encode(3 + 4j)) == Opaque("complex")

    def test_size_is_limited(self):
        with pytest.raises(TooLarge):
            encode(np.zeros(MAX_ENTRIES + 1))
        loop = []
        loop.append(loop)
        with pytest.raises(TooLarge):
            encode(loop)


class TestNumber:
    def test_right(self, mean):
        for answer in (
            20,
            20.0,
            np.float32(20),
            np.int64(20),
            np.array(20.0),
            Decimal(20),
            pd.Series([20.0]).iloc[0],
        ):
            verdict = says(mean, answer)
            assert (verdict.points, verdict.passed, verdict.messages) == (3, True, ())

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (None, "Nothing here yet"),
            (..., "Nothing here yet"),
            (NotImplemented, "Nothing here yet"),
            (NotImplementedError, "Nothing here yet"),
            ("", "Nothing here yet"),
            ("20", "quotation marks"),
            ("twenty", "is text ('twenty')"),
            (True, "truth value"),
            (math.nan, "NaN"),
            (pd.NA, "NaN"),
            (np.inf, "infinite"),
            (20 + 0j, "type complex"),
            (pd.Series([20.0]), ".item()"),
            ([20.0, 1.0], "a list with 2 entries"),
            (pd.DataFrame({"x": [1]}), "1 rows and 1 columns"),
            (lambda: 20, "a function"),
            (-20, "outside that range"),
            (20 * 100, "looks like a percentage"),
            (20 * 12, "months and years"),
            (20 / 52, "weeks and years"),
            (1 / 20, "upside down"),
            (20.1, "You are close"),
            (1234.5, "the value isn't yet"),
        ],
    )
    def test_wrong_gets_words_and_nothing(self, mean, answer, words):
        verdict = says(mean, answer)
        assert verdict.points == 0
        assert not verdict.passed
        assert words in " ".join(verdict.messages)
        assert "20.0" not in " ".join(verdict.messages).replace("20.0, 1.0", "")

    def test_misconception_earns_its_part(self, mean):
        verdict = says(mean, 50.0)
        assert verdict.points == 1
        assert verdict.messages == ("That is revenue; the task asks for margin.",)

    def test_rounding_sign_and_rest(self):
        task = Task("ps99.1", points=1, answer=Number(unit="share", low=-1, high=1))
        task.reference(lambda meridian: 0.123456789)
        assert "rounded" in says(task, 0.12).messages[-1]
        assert "sign" in says(task, -0.123456789).messages[-1]
        assert "rest" in says(task, 1 - 0.123456789).messages[-1]
        assert "percentage" in says(task, 12.3456789).messages[-1]

    def test_tolerances_are_relative_and_absolute(self):
        kind = Number(tolerance=1e-3, absolute=0.5)
        assert kind.same(0.4, 0.0)
        assert kind.same(1000.9, 1000.0)
        assert not kind.same(1002, 1000)

    @given(
        st.one_of(
            st.floats(),
            st.integers(),
            st.text(),
            st.binary(),
            st.lists(st.floats()),
            st.dictionaries(st.text(), st.integers()),
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_never_raises(self, answer):
        for kind in (Number(), Choice("a", "b"), Table(), Table(columns=["x"]), Function()):
            task = Task("ps99.1", points=1, answer=kind)
            assert says(task, answer).points in (0, 1)


class TestChoice:
    def test_right_wrong_and_unlisted(self):
        task = Task("ps99.1", points=1, answer=Choice("keep", "let go"))
        task.reference(lambda meridian: "keep")
        assert says(task, " KEEP ").passed
        assert "another choice" in says(task, "let go").messages[0]
        assert "'keep', 'let go'" in says(task, "maybe").messages[0]
        assert "'keep', 'let go'" in says(task, 1).messages[0]

    def test_several(self):
        task = Task("ps99.1", points=1, answer=Choice("a", "b", "c", several=True))
        task.reference(lambda meridian: ["a", "c"])
        assert says(task, {"c", "A"}).passed
        assert not says(task, ["a"]).passed

    def test_options_must_differ(self):
        with pytest.raises(ValueError, match="two different"):
            Choice("a", "A")


class TestTable:
    @pytest.fixture
    def spend(self):
        task = Task("ps99.2", points=2, answer=Table(key="category", unit="€", low=0))
        task.reference(
            lambda meridian: meridian.transactions.groupby("category", observed=True)[
                "margin"
            ].sum()
        )
        return task

    def test_any_shape_and_order(self, spend):
        right = {"tents": 20, "footwear": 45.0, "packs": np.float64(15)}
        series = pd.Series(right)
        for answer in (
            right,
            series,
            series.to_frame("m"),
            series.rename_axis("category").reset_index(name="m"),
        ):
            assert says(spend, answer).passed, type(answer)

    def test_keys_of_groups(self):
        orders = MERIDIAN.transactions
        tiers = pd.cut(orders["revenue"], [0, 40, 200])
        task = Task("ps99.2", points=2, answer=Table(key="tier"))
        task.reference(lambda meridian: orders.groupby(tiers, observed=False)["margin"].sum())
        assert says(task, {"(0, 40]": 20, "(40, 200]": 60}).passed
        assert says(task, orders.groupby(tiers.astype(str))["margin"].sum()).passed

    def test_words(self, spend):
        def words(answer):
            verdict = says(spend, answer)
            assert verdict.points == 0
            return " ".join(verdict.messages)

        right = {"tents": 20.0, "footwear": 45.0, "packs": 15.0}
        assert "Missing: 1 of 3, for instance category 'packs'" in words(
            {"tents": 20.0, "footwear": 45.0}
        )
        assert "Too many: 1, for instance category 'skis'" in words({**right, "skis": 1.0})
        assert "Not right yet: 1 of 3 entries, for instance at category 'packs'" in words(
            {**right, "packs": 1.0}
        )
        assert "NaN" in words({**right, "packs": math.nan})
        assert "outside" in words({**right, "packs": -1})
        assert "percentage" in words({k: v * 100 for k, v in right.items()})
        assert "as the index" in words(np.array([20.0, 45.0, 15.0]))
        assert "may occur once" in words(pd.Series([1.0, 2.0], index=["tents", "tents"]))
        assert "1 of 3" in words({**right, "packs": "15"})
        assert "15.0" not in words({**right, "packs": 1.0})

    def test_columns(self):
        task = Task("ps99.2", points=2, answer=Table(key="customer_id", columns=["n", "tier"]))
        right = pd.DataFrame({"customer_id": [1, 2], "n": [3, 4], "tier": ["a", "b"]})
        task.reference(lambda meridian: right)
        assert says(task, right.iloc[::-1].assign(more=1)).passed
        assert says(task, right.set_index("customer_id")).passed
        assert "'tier'" in says(task, right[["customer_id", "n"]]).messages[0]
        assert "column 'tier'" in says(task, right.assign(tier="a")).messages[-1]

    def test_labels_and_missing(self):
        tiers = Task("ps99.2", points=2, answer=Table(key="id", labels=["low", "high"]))
        tiers.reference(lambda meridian: pd.Series(pd.Categorical(["low", "high"]), index=[1, 2]))
        assert says(tiers, pd.Series(["low", "high"], index=[1.0, 2.0])).passed
        assert "'low', 'high'" in says(tiers, pd.Series(["Low", "high"], index=[1, 2])).messages[0]
        gaps = Task("ps99.2", points=2, answer=Table(missing=True))
        gaps.reference(lambda meridian: {1: math.nan, 2: 1.0})
        assert says(gaps, {1: None, 2: 1.0}).passed
        assert not says(gaps, {1: 0.0, 2: 1.0}).passed


class TestFunction:
    @pytest.fixture
    def share(self):
        kind = Function(parameters=("part", "whole"), returns=Number(unit="share"))
        task = Task("ps99.3", points=2, answer=kind)
        task.inputs(lambda meridian: [(1, 4), (2, 4)])
        task.hidden_inputs(lambda meridian: [(3, 7)])
        task.reference(lambda meridian: lambda part, whole: part / whole)
        task.misconception("Part and whole are swapped.", earns=0.5)(
            lambda meridian: lambda part, whole: whole / part
        )

        @task.visible
        def _(answer, meridian):
            if answer(1, 4) == 4:
                raise Wrong("A quarter isn't four.")

        return task

    def test_right(self, share):
        assert says(share, lambda a, b: a / b).passed
        assert says(share, np.divide).passed

    @pytest.mark.parametrize(
        ("answer", "points", "words"),
        [
            (lambda a, b: b / a, 0.5, "swapped"),
            (lambda a: a, 0, "must accept 2 arguments"),
            (
                lambda a, b: a / 0,
                0,
                "stops with ZeroDivisionError: division by zero (in 3 of 3 calls)",
            ),
            (lambda a, b: math.nan, 0, "NaN"),
            (lambda a, b: str(a / b), 0, "your function returns text"),
            (lambda a, b: None, 0, "Nothing here yet"),
            (lambda a, b: a / b if a < 3 else 0.0, 0, "2 of 3 calls"),
            (lambda a, b: 0.25, 0, "call with (2, 4)"),
            (lambda a, b: exit(), 0, "SystemExit"),
            (0.25, 0, "a function of (part, whole)"),
        ],
    )
    def test_words(self, share, answer, points, words):
        verdict = says(share, answer)
        assert verdict.points == points
        assert words in " ".join(verdict.messages)

    def test_a_stub_is_blank(self, share):
        def stub(part, whole):
            raise NotImplementedError("Replace this line.")

        assert says(share, stub).messages == ("Nothing here yet.",)

    def test_printing_is_not_returning(self, share):
        def prints(part, whole):
            print(part / whole)

        verdict = says(share, prints)
        assert verdict.points == 0
        assert "`return`" in verdict.messages[1]

    def test_changed_inputs(self):
        def total(frame):
            frame["margin"] *= 2
            return frame["margin"].sum() / 2

        for pure, points in ((False, 1), (True, 0)):
            task = Task("ps99.3", points=1, answer=Function(pure=pure))
            task.inputs(lambda meridian: [(meridian.transactions,)] * 2)
            task.reference(lambda meridian: lambda frame: frame["margin"].sum())
            before = MERIDIAN.transactions.copy()
            verdict = says(task, total)
            assert verdict.points == points
            assert "changes what it is given" in verdict.messages[0]
            pd.testing.assert_frame_equal(MERIDIAN.transactions, before)

    def test_silent(self, share, capsys):
        def noisy(a, b):
            print("out")
            warnings.warn("err", stacklevel=1)
            return float(np.float64(a) / b + 0 * np.log(np.array([-1.0, 1.0]))[1])

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert says(share, noisy).passed
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "")


class TestJudge:
    def test_a_broken_reference_is_not_the_students_fault(self):
        task = Task("ps99.1", points=1)
        task.reference(lambda meridian: 1 / 0)
        assert "tell your instructor" in says(task, 1.0).messages[0]

    def test_release_is_provisional(self):
        task = Task("ps99.1", points=1, answer=Number(high=1))
        assert says(task, 0.5).provisional
        assert not says(task, 2.0).provisional
        assert says(task, None).points == 0

    def test_forged_values_are_refused(self):
        task = Task("ps99.1", points=1)
        for values in (
            {"$": "series"},
            {"$": "array", "shape": [2], "v": {}},
            {"$": "calls", "v": 3},
            {"$": "frame", "v": 1},
        ):
            assert judge(task, values, MERIDIAN).points == 0

    def test_points_and_id_are_checked(self):
        with pytest.raises(ValueError, match="points is 0"):
            Task("ps99.1", points=0)
        with pytest.raises(ValueError, match="id is 'one'"):
            Task("one", points=1)


class TestCheck:
    @pytest.fixture(autouse=True)
    def small_world(self, monkeypatch, tmp_path):
        for name in ("CXEDU_STUDENT", "CXEDU_CHECKS", "CXEDU_QUESTIONS", "JUPYTERHUB_USER"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(exercises, "_typed", {"ps98": "ada"})
        monkeypatch.setattr(exercises, "judges_company", lambda problem_set, student: MERIDIAN)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "checks.py").write_text(
            '"""Set 98."""\nfrom cxedu.exercises import Task, Number\n'
            'one = Task("ps98.1", points=2, title="One")\n'
            "one.reference(lambda meridian: 1.5)\n"
        )

    def test_prints_returns_and_carries_the_verdict(self, capsys):
        points = check("ps98.1", 1.5)
        assert points == 2.0
        assert isinstance(points, float)
        assert capsys.readouterr().out == "ps98.1 One: 2 of 2 points\n"
        assert points._repr_mimebundle_() == {"text/plain": "2.0"}
        assert points.verdict.passed

    def test_while_grading_the_answer_is_only_handed_in(self, tmp_path, monkeypatch, capsys):
        double = Task("ps98.2", points=1, answer=Function())
        double.inputs(lambda meridian: [(2,), (5,)])
        path = tmp_path / "questions"
        path.write_bytes(exercises.questions([double, Task("ps98.1", points=2)], MERIDIAN))
        (tmp_path / "checks.py").unlink()
        monkeypatch.setenv("CXEDU_QUESTIONS", str(path))
        number, function = check("ps98.1", 1.5), check("ps98.2", lambda x: 2 * x)
        assert (number, capsys.readouterr().out) == (0.0, "")
        bundle = number._repr_mimebundle_()
        assert bundle[exercises.ANSWER_MIME] == {"task": "ps98.1", "values": 1.5}
        json.dumps(bundle)
        double.reference(lambda meridian: lambda x: 2 * x)
        assert judge(double, function.data["values"], MERIDIAN).points == 1
        one_missing = {**function.data["values"], "v": function.data["values"]["v"][:1]}
        assert judge(double, one_missing, MERIDIAN).points == 0

    def test_own_code_means_without_the_packages_metrics(self):
        from cxedu.value import margin_multiple

        task = Task("ps98.3", points=1, answer=Function(own_code=True))
        task.inputs(lambda meridian: [(0.8, 0.1)])
        task.reference(lambda meridian: margin_multiple)
        own, borrowed = lambda r, d: r / (1 + d - r), lambda r, d: margin_multiple(r, d)
        verdicts = [
            judge(task, collect(task.answer, f, task.calls(MERIDIAN)), MERIDIAN)
            for f in (own, borrowed)
        ]
        assert [v.points for v in verdicts] == [1, 0]
        assert "calls cxedu.value" in verdicts[1].messages[0]

    @pytest.mark.parametrize(
        "values",
        [
            {"$": "series"},
            {"$": "array", "shape": [3], "v": {"dtype": "nonsense", "v": [1]}},
            {"$": "calls", "v": "abc"},
            {"$": "time", "v": "not a time"},
            {"$": "frame", "columns": 3},
            [[[]]] * 3,
        ],
    )
    def test_made_up_data_earn_nothing(self, values):
        task = Task("ps98.1", points=2)
        task.reference(lambda meridian: 1.5)
        assert judge(task, values, MERIDIAN).points == 0

    def test_unknown_task_lists_the_known(self):
        with pytest.raises(ValueError, match=r"'ps98.7'; it must be one of 'ps98.1'"):
            check("ps98.7", 1)
        with pytest.raises(ValueError, match="an id such as"):
            check("one", 1)

    def test_no_checks(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CXEDU_CHECKS", str(tmp_path))
        with pytest.raises(ValueError, match=r"there is no checks\.py for 'ps97'"):
            check("ps97.1", 1)

    def test_nobody_known(self, monkeypatch, capsys):
        monkeypatch.setattr(exercises, "_typed", {})
        assert check("ps98.1", 1.5) == 0
        assert "type your id" in capsys.readouterr().out
        with pytest.raises(ValueError, match="type your id"):
            company("ps98", "  ")
        with pytest.raises(ValueError, match="problem_set is"):
            company("../x", "ada")

    def test_checks_must_be_consistent(self, tmp_path):
        path = tmp_path / "checks.py"
        path.write_text(
            'from cxedu.exercises import Task\na = Task("ps98.1", 1)\nb = Task("ps98.1", 1)\n'
        )
        with pytest.raises(ValueError, match="two tasks"):
            load("ps98")
        path.write_text('from cxedu.exercises import Task\na = Task("ps97.1", 1)\n#\n')
        with pytest.raises(ValueError, match="another set"):
            load("ps98")
        path.write_text("")
        with pytest.raises(ValueError, match="no task"):
            load("ps98")


class TestCompany:
    def test_owner_counts(self, monkeypatch):
        monkeypatch.delenv("CXEDU_STUDENT", raising=False)
        typed = company("ps98", "bob").seed
        monkeypatch.setenv("CXEDU_STUDENT", "ada")
        assert company("ps98", "bob").seed == company("ps98", "ada").seed != typed

    def test_judge_is_out_of_reach(self, monkeypatch):
        monkeypatch.setenv("CXEDU_STUDENT", "ada")
        mine = company("ps98")
        orders = mine.transactions
        orders["margin"] = 0.0
        assert company("ps98").transactions is not orders
        judges = exercises.judges_company("ps98", "ada")
        assert judges.transactions["margin"].abs().sum() > 0
