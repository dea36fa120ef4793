"""What segments are like, and how well two groupings of the same customers agree."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from cxedu import validate
from cxedu.needs.inputs import LARGEST, codes_of, two_codes


def segment_profiles(table: pd.DataFrame, labels: Any) -> pd.DataFrame:
    """What each segment is like: its size and the mean (or the shares) of every column.

    Parameters
    ----------
    table : DataFrame, n rows
        Numbers and truth values get means, groups (text or category) the share of each group.
    labels : n names or numbers of segments
        A Series must have the index of `table`.

    Returns
    -------
    DataFrame, one row per segment, and a last row "all"
        size (customers), share, then a column per number and per group ("column: group"). A missing number
        is left out of the mean, which is NaN where a segment has no number at all.

    Raises
    ------
    ValueError
        If the labels do not fit, or a column is neither numbers nor groups.

    Notes
    -----
    share = size / n, mean = Σ values of the segment / how many there are. The layout is our own.

    Examples
    --------
    >>> table = pd.DataFrame({"speed": [5, 4, 1, 1], "region": ["north", "south", "south", "south"]})
    >>> segment_profiles(table, ["fast", "fast", "slow", "slow"])
          size  share  speed  region: north  region: south
    fast     2    0.5   4.50           0.50           0.50
    slow     2    0.5   1.00           0.00           1.00
    all      4    1.0   2.75           0.25           0.75
    """
    validate.frame("table", table)
    codes, names = codes_of("labels", labels, table)
    columns: dict[str, np.ndarray] = {}
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
            values = column.to_numpy(dtype=float, na_value=np.nan)
            known = values[~np.isnan(values)]
            validate.vector(f"table[{name!r}]", known, -LARGEST, LARGEST, empty=True)
            columns[str(name)] = values
        elif isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column):
            for group in sorted(column.dropna().unique(), key=str):
                columns[f"{name}: {group}"] = (column == group).to_numpy(dtype=float)
        else:
            raise ValueError(
                f"table[{name!r}] is {column.dtype}; it must be numbers or groups. Leave it out."
            )
    wide = pd.DataFrame(columns, index=table.index)
    parts = [wide[codes == code] for code in range(len(names))] + [wide]
    rows = [{"size": len(p), "share": len(p) / len(wide), **p.mean().to_dict()} for p in parts]
    return pd.DataFrame(rows, index=[*names, "all"])


def adjusted_rand_index(labels: Any, truth: Any) -> float:
    """Adjusted Rand index: how well two groupings of the same customers agree, beyond chance.

    Parameters
    ----------
    labels, truth : n names or numbers of groups
        Two groupings; only who is together with whom counts, not what the groups are called. Series must
        have the same index.

    Returns
    -------
    float
        1 for the same groups, about 0 for groups that have nothing to do with each other, below 0 for less
        agreement than by chance.

    Raises
    ------
    ValueError
        If the lengths or rows differ, or a label is missing.

    Notes
    -----
    Of all pairs of customers, those that both groupings put together, corrected for chance: (Σ C(nᵢⱼ, 2) − E)
    ÷ (½ [Σ C(nᵢ, 2) + Σ C(nⱼ, 2)] − E) with E = Σ C(nᵢ, 2) Σ C(nⱼ, 2) ÷ C(n, 2) (Hubert & Arabie 1985),
    computed by scikit-learn.

    Examples
    --------
    >>> adjusted_rand_index(["a", "a", "b", "b"], [1, 1, 0, 0])
    1.0
    >>> round(adjusted_rand_index([0, 0, 1, 2], [0, 0, 1, 1]), 3)
    0.571
    """
    found, right = two_codes(labels, truth)
    return float(adjusted_rand_score(right, found))


def match_segments(labels: Any, truth: Any) -> pd.DataFrame:
    """How found segments and true ones overlap, each found one beside the true one that it matches best.

    Parameters
    ----------
    labels, truth : n names or numbers of segments
        As in `adjusted_rand_index`.

    Returns
    -------
    DataFrame, true segments × found ones
        Counts of customers. The columns are reordered so that the sum of the diagonal, the customers put
        where they belong, is as large as it can be; found segments beyond the number of true ones come last.

    Raises
    ------
    ValueError
        As `adjusted_rand_index`.

    Notes
    -----
    The assignment problem, solved by scipy (Kuhn 1955).

    Examples
    --------
    >>> match_segments([7, 7, 3, 3, 3], ["a", "a", "a", "b", "b"])
       7  3
    a  2  1
    b  0  2
    """
    two_codes(labels, truth)
    found, found_names = codes_of("labels", labels)
    right, right_names = codes_of("truth", truth)
    counts = np.zeros((len(right_names), len(found_names)), dtype=np.int64)
    np.add.at(counts, (right, found), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    # True segments without a found one of their own (more true than found) come last.
    row_order = [*rows, *(r for r in range(len(right_names)) if r not in rows)]
    if len(rows) == len(right_names):
        row_order = sorted(row_order)
    partner = dict(zip(rows, columns, strict=True))
    order = [partner[r] for r in row_order if r in partner]
    order += [c for c in range(len(found_names)) if c not in columns]
    return pd.DataFrame(
        counts[np.ix_(row_order, order)],
        index=[right_names[r] for r in row_order],
        columns=[found_names[c] for c in order],
    )
