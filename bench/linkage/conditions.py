#!/usr/bin/env python3
"""Writes the conditions that Splink's libraries of levels produce, with DuckDB's answers on rows of many kinds.

    python conditions.py crates/linkage/tests/splink_conditions.json

The test `conditions_hold_where_duckdb_says_so` holds the engine against it.
"""
import datetime
import json
import random
import sys

import duckdb
import splink.comparison_level_library as cll
from splink import ColumnExpression

ROWS = 80


def value(chance, kind):
    if chance.random() < 0.08:
        return None
    if kind == "text":
        return chance.choice(["SITI AMINAH", "SITI AMINA", "AMINAH SITI", "BUDI", "BUDY", "x", "ax", "5", "", "a@b.id", "a@c.id", "Ab1 2"])
    if kind == "day":
        return chance.choice(["1990-07-05", "1990-05-07", "1990-07-06", "1991-07-05", "2001-02-30", "none", "1975-01-01"])
    if kind == "moment":
        return chance.choice(["2020-01-01T10:00:00Z", "2020-01-01T22:30:05Z", "2020-02-01T10:00:00Z", "2020-01-01"])
    if kind == "number":
        return chance.choice([0.0, 1.5, 5.0, 5.4, 10.0, 10.9, 100.0, -3.0])
    if kind == "whole":
        return chance.choice([0, 1, 5, 6, 10, 11, 100, -3])
    if kind == "date":
        return datetime.date(2020, 1, 1) + datetime.timedelta(days=chance.choice([0, 1, 2, 29, 31, 366, 800]))
    if kind == "texts":
        return chance.sample(["AMI", "ANI", "BUDI", "BUDY", "C"], chance.randint(0, 3))
    if kind == "vector":
        return [chance.choice([-1.0, 0.5, 1.0, 2.0]) for _ in range(3)]
    if kind == "lat":
        return chance.choice([-6.2, -6.21, -6.9, 0.0, 3.5])
    return chance.choice([106.8, 106.81, 107.6, 98.6, 0.0])


COLUMNS = {"a": "text", "b": "text", "c": "text", "day": "day", "moment": "moment", "num": "number", "n": "whole", "d": "date",
           "t": "texts", "v": "vector", "lat": "lat", "long": "long"}
TYPES = {"number": "double", "whole": "bigint", "date": "date", "texts": "varchar[]", "vector": "double[3]", "lat": "double", "long": "double"}


def levels():
    expression = ColumnExpression
    yield cll.NullLevel("a")
    yield cll.NullLevel("a", valid_string_pattern="^[A-Z ]+$")
    yield cll.ExactMatchLevel("a")
    yield cll.ExactMatchLevel("n")
    yield cll.ExactMatchLevel("num")
    yield cll.LiteralMatchLevel("a", "x", "string")
    yield cll.LiteralMatchLevel("d", "2020-01-01", "date", "left")
    yield cll.LiteralMatchLevel("n", "5", "int")
    yield cll.LiteralMatchLevel("num", "1.5", "float")
    yield cll.ColumnsReversedLevel("a", "b")
    yield cll.ColumnsReversedLevel("a", "b", symmetrical=True)
    yield cll.LevenshteinLevel("a", 2)
    yield cll.DamerauLevenshteinLevel("a", 1)
    yield cll.JaroLevel("a", 0.9)
    yield cll.JaroWinklerLevel("a", 0.9)
    for function in ("levenshtein", "damerau_levenshtein", "jaro_winkler", "jaro"):
        yield cll.PairwiseStringDistanceFunctionLevel("t", function, 1 if "lev" in function else 0.9)
    yield cll.AbsoluteTimeDifferenceLevel("moment", input_is_string=True, threshold=1, metric="day")
    yield cll.AbsoluteDateDifferenceLevel("day", input_is_string=True, threshold=1, metric="year")
    yield cll.AbsoluteTimeDifferenceLevel("d", input_is_string=False, threshold=30, metric="day")
    yield cll.DistanceInKMLevel("lat", "long", 10, not_null=True)
    yield cll.CosineSimilarityLevel("v", 0.9)
    yield cll.ArrayIntersectLevel("t", 1)
    yield cll.ArrayIntersectLevel("t", 2)
    yield cll.PercentageDifferenceLevel("num", 0.1)
    yield cll.AbsoluteDifferenceLevel("n", 5)
    yield cll.And(cll.ExactMatchLevel("a"), cll.Or(cll.ExactMatchLevel("b"), cll.Not(cll.ExactMatchLevel("c"))))
    a = expression("a")
    for changed in (a.lower(), a.substr(1, 3), a.regex_extract("[0-9]+"), a.nullif("x"), expression("day").try_parse_date(),
                    expression("n").cast_to_string(), expression("t").access_extreme_array_element("last"),
                    expression("t").access_extreme_array_element("first")):
        yield cll.ExactMatchLevel(changed)


OWN = [
    "n_l between 0 and 10 and a_r in ('x', 'BUDI')", "a_l || b_l = b_r || a_r", "coalesce(a_l, b_l) = coalesce(a_r, b_r)",
    "least(n_l, n_r) >= 5", "date_diff('day', d_l, d_r) <= 2", "len(a_l) = len(a_r)", "a_l is not null and not (a_r = 'x')",
    "case when a_l = b_r then 1 when a_l is null then 2 else 3 end >= 2", "starts_with(a_l, 'SITI') and contains(a_r, 'AMI')",
    "n_l % 5 = n_r % 5", "list_contains(t_l, 'AMI') or list_has_any(t_l, t_r)", "year(d_l) = year(d_r) and month(d_l) = month(d_r)",
    "split_part(a_l, ' ', 1) = split_part(a_r, ' ', 1)", "upper(replace(a_l, 'Y', 'I')) = upper(replace(a_r, 'Y', 'I'))",
    "regexp_replace(a_l, '[AEIOU]+', '', 'g') = regexp_replace(a_r, '[AEIOU]+', '', 'g')", "a_l < a_r", "round(num_l) = round(num_r)",
]


def main(out):
    chance = random.Random(7)
    con = duckdb.connect()
    sides = [f"{name}_{side}" for name in COLUMNS for side in "lr"]
    con.execute("create table rows (" + ", ".join(f'"{one}" {TYPES.get(COLUMNS[one[:-2]], "varchar")}' for one in sides) + ")")
    rows = []
    for _ in range(ROWS):
        row = {one: value(chance, COLUMNS[one[:-2]]) for one in sides}
        for name in COLUMNS:
            if chance.random() < 0.35:
                row[f"{name}_r"] = row[f"{name}_l"]
        rows.append(row)
        con.execute("insert into rows values (" + ", ".join("?" * len(sides)) + ")", [row[one] for one in sides])
    made = []
    for sql in [level.get_comparison_level("duckdb").sql_condition for level in levels()] + OWN:
        try:
            holds = [bool(row[0]) for row in con.execute(f"select ({sql}) from rows").fetchall()]
        except duckdb.Error as error:
            print("DuckDB refuses:", sql[:60], str(error)[:120])
            continue
        made.append({"sql": sql, "holds": "".join("1" if one else "0" for one in holds)})
    text = lambda one: one.isoformat() if isinstance(one, datetime.date) else one
    json.dump({"columns": COLUMNS, "rows": [{key: text(one) for key, one in row.items()} for row in rows], "conditions": made},
              open(out, "w"), indent=0)
    print(len(made), "conditions")


if __name__ == "__main__":
    main(sys.argv[1])
