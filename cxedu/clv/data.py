"""From transactions to purchase histories, and the CDNOW customers of the papers."""

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxedu.clv.inputs import DAYS_PER_UNIT
from cxedu.validate import LARGEST, choice, dates, floats, frame, labels, shown


def rfm_summary(
    transactions: pd.DataFrame,
    observation_end: Any,
    unit: str = "W",
    value: str | None = "revenue",
) -> pd.DataFrame:
    """Summarise transactions as the purchase histories that the models take.

    Parameters
    ----------
    transactions : DataFrame
        One row an order, in any sequence: `customer_id`, `date` and the column named by `value`.
        The first order of each customer must be among them, since age is counted from it.
    observation_end : date
        Last day of the observation. Orders after that day are ignored; customers with no order up
        to it don't appear.
    unit : {"W", "D", "M", "Y"}
        Unit of `recency` and `T`. A week is 7 days; a month is 365.25/12 = 30.4375 days, a year
        365.25 days: spans of time, no calendar months.
    value : str or None
        Column to average: "revenue" or "margin" in Meridian's tables. None leaves
        `monetary_value` out.

    Returns
    -------
    DataFrame
        Indexed by customer_id, sorted:

        - frequency: *repeat* purchase days. Orders of one calendar day are one purchase; the
          first day isn't counted.
        - recency: age at the last purchase, from the first day to the last (0 without a repeat).
          It is not the time since the last purchase, T − recency.
        - T: age at the end, from the first day to `observation_end`.
        - monetary_value: mean value of a repeat purchase day; 0 without a repeat, as in the
          literature.

    Raises
    ------
    ValueError
        If a column is missing, a date or value isn't one, or no order falls into the observation.

    Notes
    -----
    recency = last day − first day, T = observation_end − first day, in `unit`s: the three numbers that
    Fader, Hardie and Lee (2005) need of a customer.

    Examples
    --------
    >>> orders = pd.DataFrame({
    ...     "customer_id": [7, 7, 7, 8],
    ...     "date": pd.to_datetime(["2025-01-06", "2025-01-20", "2025-01-20", "2025-01-13"]),
    ...     "revenue": [80.0, 30.0, 10.0, 25.0],
    ... })
    >>> rfm_summary(orders, "2025-02-03")  # doctest: +NORMALIZE_WHITESPACE
                 frequency  recency    T  monetary_value
    customer_id
    7                    1      2.0  4.0            40.0
    8                    0      0.0  3.0             0.0
    """
    columns = ["customer_id", "date"] + ([value] if value is not None else [])
    table = frame("transactions", transactions, columns)
    days_per_unit = DAYS_PER_UNIT[choice("unit", unit, DAYS_PER_UNIT)]
    end = _day("observation_end", observation_end)
    day = _days(table["date"])
    if table["customer_id"].isna().any():
        raise ValueError("transactions['customer_id'] has missing values; each order needs one.")
    money = np.zeros(len(table)) if value is None else _values(table[value], value)
    seen = day <= end
    if not seen.any():
        raise ValueError(
            f"observation_end is {observation_end!s}; no transaction happened up to that day."
        )
    labels("transactions['customer_id']", table["customer_id"])
    code, ids = pd.factorize(table["customer_id"].to_numpy()[seen], sort=True)
    day, money = day[seen], money[seen]

    first_day = day.min()
    span = int(end - first_day) + 1
    key = code.astype(np.int64) * span + (day - first_day)
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        key, money = key[order], money[order]
    new = np.flatnonzero(np.diff(key, prepend=-1))  # each customer's purchase days
    key, money = key[new], np.add.reduceat(money, new)
    who, day = np.divmod(key, span)
    begin = np.flatnonzero(np.diff(who, prepend=-1))
    finish = np.append(begin[1:], who.size) - 1
    frequency = finish - begin
    result = pd.DataFrame(
        {
            "frequency": frequency,
            "recency": (day[finish] - day[begin]) / days_per_unit,
            "T": (span - 1 - day[begin]) / days_per_unit,
        },
        index=pd.Index(ids, name="customer_id"),
    )
    if value is not None:
        repeat = np.add.reduceat(money, begin) - money[begin]
        mean = repeat / np.maximum(frequency, 1)
        result["monetary_value"] = np.where(frequency > 0, mean, 0.0)
    return result


def _day(name: str, moment: Any) -> int:
    """A date as its number of days."""
    wrong = ValueError(f"{name} is {shown(moment)}; it must be a date, such as '2025-12-29'.")
    if isinstance(moment, (bool, int, float)):
        raise wrong
    try:
        stamp = pd.Timestamp(moment)
    except (TypeError, ValueError):
        raise wrong from None
    if pd.isna(stamp):
        raise wrong
    return int(np.datetime64(stamp.tz_localize(None), "D").astype(np.int64))


def _days(column: pd.Series) -> np.ndarray:
    """Dates as numbers of days."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        try:
            column = dates(column)
        except TypeError:
            raise ValueError("transactions['date'] must hold dates only.") from None
    bad = np.flatnonzero(column.isna())
    if bad.size:
        raise ValueError(
            f"transactions['date'] is missing in row {bad[0]}; each order needs a date."
        )
    if column.dt.tz is not None:
        column = column.dt.tz_localize(None)
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)


def _values(column: pd.Series, name: str) -> np.ndarray:
    """The column to average, every entry a finite number."""
    try:
        values = floats(column)
    except TypeError:
        raise ValueError(f"transactions[{name!r}] must hold numbers only.") from None
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST))
    if bad.size:
        raise ValueError(
            f"transactions[{name!r}] is {values[bad[0]]:g} in row {bad[0]}; it must be a number of usual size."
        )
    return values


def _cdnow_file(name: str) -> Path:
    """A file of the `lifetimes` wheel, which isn't imported."""
    try:
        files = importlib.metadata.files("lifetimes") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.name == name and path.exists():
            return path
    raise ImportError(
        "the CDNOW data come inside the package lifetimes, which isn't installed; get them with: "
        'pip install "cxedu[cdnow]"'
    )


def load_cdnow() -> pd.DataFrame:
    """The 2,357 customers of the online shop CDNOW on which the papers estimate their models.

    They bought for the first time in the first quarter of 1997 and were observed until
    1997-09-30. Time is in weeks; `monetary_value` is the mean spend (US dollars) of repeat
    purchase days.

    Returns
    -------
    DataFrame
        Indexed by customer_id: frequency, recency, T, monetary_value (see `rfm_summary`).

    Raises
    ------
    ImportError
        If the package that brings the data isn't installed; the message says how to get it.

    Notes
    -----
    Fader, Hardie and Lee (2005) describe the sample and fit BG/NBD to it.

    Examples
    --------
    >>> load_cdnow().shape
    (2357, 4)
    """
    table = pd.read_csv(_cdnow_file("cdnow_customers_summary_with_transactions.csv"))
    table.columns = pd.Index(["customer_id", "frequency", "recency", "T", "monetary_value"])
    return table.set_index("customer_id")


def load_cdnow_transactions() -> pd.DataFrame:
    """The purchases of the same 2,357 customers, until 1998-06-30: 39 weeks to test forecasts on.

    Returns
    -------
    DataFrame
        One row a purchase: customer_id, date, cds (number bought), revenue (US dollars; a few
        purchases cost nothing).

    Raises
    ------
    ImportError
        If the package that brings the data isn't installed; the message says how to get it.

    Notes
    -----
    Fader, Hardie and Lee (2005) describe the sample and fit BG/NBD to it.

    Examples
    --------
    >>> load_cdnow_transactions().columns.tolist()
    ['customer_id', 'date', 'cds', 'revenue']
    """
    table = pd.read_csv(
        _cdnow_file("CDNOW_sample.txt"),
        sep=r"\s+",
        header=None,
        names=["master_id", "customer_id", "date", "cds", "revenue"],
    )
    table["date"] = pd.to_datetime(table["date"].astype(str), format="%Y%m%d")
    return table.drop(columns="master_id")
