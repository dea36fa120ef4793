"""Records, pairs and labels as the steps take them: checked."""

from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate

#: What a contact record may say about a person.
FIELDS = (
    "first_name", "last_name", "email", "phone", "street", "city", "postcode", "birth_date",
)  # fmt: skip


def contact_records(contacts: Any) -> pd.DataFrame:
    """Check that `contacts` are records of text and give them their index."""
    table = validate.frame("contacts", contacts, empty=True)
    given = [field for field in FIELDS if field in table.columns]
    if not given:
        has = ", ".join(map(repr, table.columns)) or "no column"
        raise ValueError(f"contacts has {has}; it must have at least one of {', '.join(FIELDS)}.")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(
            f"contacts has the column {twice!r} twice; every column must be there once."
        )
    if "record_id" in table.columns:
        table = table.set_index("record_id")
    hashable(table.index)
    if not table.index.is_unique or table.index.hasnans:
        at = table.index[table.index.duplicated()].tolist()[:1] or [None]
        raise ValueError(
            f"record_id {validate.shown(at[0])} is there twice or missing; it must be unique."
        )
    table = table.copy(deep=False)
    for field in given:
        only_texts(f"contacts[{field!r}]", table[field])
        table[field] = table[field].astype("str")
    return table


def normalised_records(records: Any) -> pd.DataFrame:
    table = validate.frame("records", records, empty=True)
    if not table.index.is_unique:
        raise ValueError("records has an index label twice; use what normalise returns.")
    for field in FIELDS:
        if field in table.columns:
            only_texts(f"records[{field!r}]", table[field])
    return table


def hashable(index: pd.Index) -> None:
    for label in index if index.dtype == object else ():
        if isinstance(label, (list, dict, set, np.ndarray)):
            raise ValueError(f"record_id {label!r} is no label; it must be a number or a text.")


def only_texts(name: str, column: pd.Series) -> None:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in ("string", "empty") and column.notna().any():
        others = (value for value in column.dropna() if not isinstance(value, str))
        example = next(others, column.dtype)
        raise ValueError(f"{name} holds {validate.shown(example)}; it must hold texts only.")


def places(index: pd.Index, wanted: pd.Series) -> np.ndarray:
    """Row number of each label, -1 where the index lacks it."""
    try:
        return index.get_indexer(pd.Index(wanted))
    except TypeError:
        return np.full(len(wanted), -1)


def label_codes(name: str, labels: Any) -> np.ndarray:
    if not is_list(labels):
        raise ValueError(f"{name} must be one label per record, in one dimension.")
    if len(labels) == 0:
        raise ValueError(f"{name} is empty; it must hold at least one label.")
    try:
        codes = pd.factorize(labels if isinstance(labels, pd.Series) else pd.Series(labels))[0]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold labels such as numbers or texts.") from None
    if (codes < 0).any():
        raise ValueError(f"{name}[{int(np.argmin(codes))}] is missing; every record needs a label.")
    return codes.astype(np.int64)


def two_labellings(true: Any, predicted: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as codes 0, 1 … of the same length, matched by index where both have one."""
    if isinstance(true, pd.Series) and isinstance(predicted, pd.Series):
        if not (true.index.is_unique and predicted.index.is_unique):
            raise ValueError(
                "true or predicted has a record twice; every record must be there once."
            )
        where = predicted.index.get_indexer(true.index)
        if len(true) != len(predicted) or (where < 0).any():
            raise ValueError(
                "true and predicted hold different records; give both for the same ones."
            )
        predicted = predicted.iloc[where]
    codes = []
    for name, labels in (("true", true), ("predicted", predicted)):
        codes.append(label_codes(name, labels))
    validate.same_length(true=codes[0], predicted=codes[1])
    return codes[0], codes[1]


def is_list(values: Any) -> bool:
    """A sequence of single things: a list, a tuple, a 1-d array, a Series or the like."""
    if isinstance(values, (list, tuple)):
        return not any(isinstance(v, (list, tuple, dict, set, np.ndarray)) for v in values)
    return not isinstance(values, (str, bytes)) and getattr(values, "ndim", 0) == 1
