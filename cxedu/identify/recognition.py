"""What the firm gets out of it: recognition, fewer duplicates, fuller profiles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.identify.inputs import FIELDS, hashable, is_list, label_codes, two_labellings
from cxedu.identify.scores import cells


def recognition_rate(true: Any, predicted: Any, order: Any = None) -> float:
    """Of all times that a known customer turned up again, the share in which the firm noticed.

    Parameters
    ----------
    true, predicted : Series or array of n
        As in `pairwise_scores`.
    order : array of n numbers or dates, optional
        When each record was made (such as contacts["created"]), in the order of `true`; by default records come in
        the order of their rows.

    Returns
    -------
    float
        0 to 1: of the records that are not their customer's first, the share that are in the cluster
        of an earlier record of the same customer. 1 where nobody turned up again.

    Raises
    ------
    ValueError
        As `pairwise_scores`, or if `order` has another length or misses a value.

    Notes
    -----
    records recognised / records that are not their customer's first. Our own operationalisation of
    recognition at every contact. It forgives false merges, which
    `pairwise_scores` and `cost_of_errors` count.

    Examples
    --------
    >>> recognition_rate(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3])
    0.3333333333333333
    """
    truth, found = two_labellings(true, predicted)
    if order is not None:
        when = _codes_in_order(order)
        validate.same_length(true=truth, order=when)
        turn = np.argsort(when, kind="stable")
        truth, found = truth[turn], found[turn]
    new_customer = ~pd.Series(truth).duplicated().to_numpy()
    cell = cells(truth, found)[0]
    noticed = pd.Series(cell).duplicated().to_numpy()
    again = ~new_customer
    return float(noticed[again].mean()) if again.any() else 1.0


def _codes_in_order(order: Any) -> np.ndarray:
    if not is_list(order):
        raise ValueError("order must be one number or date per record, in one dimension.")
    try:
        codes = pd.factorize(pd.Series(np.asarray(order)), sort=True)[0]
    except (TypeError, ValueError, OverflowError):
        raise ValueError("order must hold numbers or dates that can be put in order.") from None
    if (codes < 0).any():
        raise ValueError(f"order[{int(np.argmin(codes))}] is missing; every record needs one.")
    return codes


def duplicate_rate(clusters: Any, silo: Any = None) -> float:
    """Share of records that are one too many.

    Parameters
    ----------
    clusters : Series or array of n
        Customer of each record: the truth, or clusters as `link` finds them.
    silo : array of n, optional
        System that keeps the record. If given, one record per customer *and silo* is right; otherwise one
        per customer.

    Returns
    -------
    float
        (records − distinct customers) ÷ records; at least 0 and below 1.

    Raises
    ------
    ValueError
        If a label is missing, lengths differ, or n is 0.

    Notes
    -----
    Our own operationalisation of a usual count of data quality (Herzog, Scheuren & Winkler 2007).
    Without `silo` it says how much shorter the mailing list gets; with it, how well each system keeps
    order in its own house.

    Examples
    --------
    >>> duplicate_rate([1, 1, 2, 2, 3])
    0.4
    >>> duplicate_rate([1, 1, 2, 2, 3], ["web", "store", "web", "web", "web"])
    0.2
    """
    codes = label_codes("clusters", clusters)
    if silo is not None:
        system = label_codes("silo", silo)
        validate.same_length(clusters=codes, silo=system)
        codes = cells(codes, system)[0]
    return float((codes.size - np.unique(codes).size) / codes.size)


def profile_completeness(
    contacts: pd.DataFrame, clusters: Any = None, fields: Sequence[str] | None = None
) -> pd.Series:
    """How much of a customer's profile is filled in, per record or per customer.

    Parameters
    ----------
    contacts : DataFrame, one row per record
        Missing values, and texts that are empty or blank, count as not filled in. Normalise first, so
        that “LAST, FIRST” counts as two names.
    clusters : Series or array of n, optional
        Customer of each record, such as `link` finds. A Series is matched by its index with that of
        `contacts` (or its record_id).
    fields : sequence of columns, optional
        Those of `FIELDS` that are there by default.

    Returns
    -------
    Series
        Share of fields filled in (by any of the customer's records), 0 to 1, per record or per cluster.

    Raises
    ------
    ValueError
        If a field is no column, or clusters don't fit.

    Notes
    -----
    fields with a value in at least one record / all fields: completeness as a
    dimension of data quality (Herzog, Scheuren & Winkler 2007). What linking is for: the four silos' records of a customer know more together than each alone.

    Examples
    --------
    >>> records = pd.DataFrame({"email": ["a@example.org", None], "phone": [None, "612345678"]})
    >>> profile_completeness(records).tolist(), profile_completeness(records, [7, 7]).tolist()
    ([0.5, 0.5], [1.0])
    """
    table = validate.frame("contacts", contacts)
    if fields is None:
        wanted = [field for field in FIELDS if field in table.columns]
        if not wanted:
            raise ValueError(
                f"contacts has none of the columns {', '.join(FIELDS)}; name the fields."
            )
    else:
        if not is_list(fields) or not len(fields):
            raise ValueError(f"fields is {validate.shown(fields)}; it must be a list of columns.")
        wanted = list(fields)
        validate.frame("contacts", table, wanted)
    labels = pd.Index(table["record_id"]) if "record_id" in table.columns else table.index
    filled = pd.DataFrame(
        {
            field: table[field].notna().to_numpy()
            & (table[field].astype("str").str.strip().to_numpy() != "")
            for field in wanted
        },
        index=labels,
    )
    hashable(filled.index)
    if clusters is None:
        return filled.mean(axis=1).rename("completeness")
    if isinstance(clusters, pd.Series):
        if not clusters.index.is_unique or set(clusters.index) != set(labels):
            raise ValueError(
                "clusters and contacts hold different records; give both for the same."
            )
        clusters = clusters.loc[labels].to_numpy()
    label_codes("clusters", clusters)
    validate.same_length(contacts=filled, clusters=clusters)
    cluster = pd.Series(np.asarray(clusters), index=labels, name="cluster")
    known = filled.groupby(validate.labels("clusters", cluster)).any()
    return known.mean(axis=1).rename("completeness")
