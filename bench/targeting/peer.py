"""The rules of two programmes written by hand as SQL for DuckDB, on the closing that `cargo xtask bench targeting` made.

    python peer.py LAKE_DIR [THREADS]

Prints seconds (reading, deciding and writing both lists as Parquet) and the totals, to be held against those of the bench.
Needs: pip install duckdb
"""

import json
import os
import sys
import tempfile
import time

import duckdb

ORDER = "decile, severe desc nulls last, elderly desc nulls last, vulnerable desc nulls last, size desc nulls last, family_id"
# In the order of the limit: name, condition, at most, for a stage.
COMPONENTS = [
    ("hamil", "present and sex = 2 and pregnant and pregnancy_no between 1 and 2", 99, 750_000),
    ("balita", "present and age between 0 and 6 and coalesce(school_status, 1) <> 2", 2, 750_000),
    ("disabilitas", "present and disability_severe", 1, 600_000),
    ("lansia", "present and age >= 60 and coalesce(disability_severe, false) = false", 1, 600_000),
    ("sma", "present and school_status = 2 and school_level = 3 and age between 6 and 21", 99, 500_000),
    ("smp", "present and school_status = 2 and school_level = 2 and age between 6 and 21", 99, 375_000),
    ("sd", "present and school_status = 2 and school_level = 1 and age between 6 and 21", 99, 225_000),
]


def objects(lake):
    for kind in ("families", "persons"):
        with open(os.path.join(lake, "manifests", "closing", "2026-11", kind + ".json")) as manifest:
            yield os.path.join(lake, "objects", json.load(manifest)["hash"] + ".parquet")


def any_of(condition):
    return f"case when bool_or({condition}) then true when bool_or(({condition}) is null) then null else false end"


def people_sql(persons):
    return f"""
        select *, alive and coalesce(presence, 1) in (1, 5) as present,
            datesub('year', birth_date, date '2026-10-01') as age, relation = 1 as is_head
        from (select row_number() over () as rid, family_id, alive, presence, birth_date, relation, sex, pregnant, pregnancy_no,
            school_status, school_level, disability_severe, civil_servant, matched from '{persons}')"""


def facts_sql(families):
    # A count of nothing but unknown values is unknown to DuckDB.
    return f"""
        create temp table facts as select f.family_id, f.region, f.decile, f.size, coalesce(living, 0) living,
            coalesce(civil, 0) civil, coalesce(matched_adults, 0) matched_adults, head_dead, head_living,
            coalesce(elderly, 0) elderly, coalesce(severe, 0) severe, coalesce(children, 0) + coalesce(elderly, 0) + coalesce(severe, 0) vulnerable
        from '{families}' f left join (select family_id, count_if(alive) living, count_if(alive and civil_servant) civil,
            count_if(alive and matched and age >= 17) matched_adults, {any_of("is_head and not alive")} head_dead,
            {any_of("is_head and alive")} head_living, count_if(present and age >= 60) elderly,
            count_if(present and disability_severe) severe, count_if(present and age < 18) children
            from people group by family_id) using (family_id)"""


def components_sql():
    """Who counts: the highest amounts first, a person once, four of a family."""
    kinds = ", ".join(f"({condition}) is true as k{i}" for i, (_, condition, _, _) in enumerate(COMPONENTS))
    unknown = " or ".join(f"({condition}) is null" for _, condition, _, _ in COMPONENTS)
    steps = [f"s0 as (select family_id, rid, birth_date, {kinds}, 0 as paid, ({unknown}) as doubt from people)"]
    for i, (_, _, most, amount) in enumerate(COMPONENTS):
        steps.append(
            f"s{i + 1} as (select * replace (case when paid = 0 and k{i} and row_number() over (partition by family_id, paid = 0 and k{i}"
            f" order by birth_date nulls last, rid) <= least({most}, 4 - count_if(paid > 0) over (partition by family_id))"
            f" then {amount} else paid end as paid) from s{i})"
        )
    return (
        "create temp table counted as with " + ", ".join(steps) + f" select family_id, count_if(paid > 0) persons, bool_or(doubt) doubt,"
        f" least(sum(paid), 2700000) amount from s{len(COMPONENTS)} group by family_id"
    )


def list_sql(out, amount, component, permille):
    return f"""
        copy (with judged as (select *, decile between 1 and 4 as decile_ok,
            living = 0 or (head_dead and not head_living) as dead, civil > 0 as servant,
            living > 0 and matched_adults = 0 as unmatched, {component} as needs, {amount} as pays,
            coalesce(left(region, 5), '') as district from facts left join counted using (family_id)),
        ranked as (select *, decile_ok is true and dead is not true and servant is not true and unmatched is not true
                and needs is true as passes,
            row_number() over (partition by district, decile_ok is true and dead is not true and servant is not true
                and unmatched is not true and needs is true order by {ORDER}) as place,
            count(*) over (partition by district) * {permille} // 1000 as places from judged)
        select family_id, region, decile, case when not passes then 0 when place <= places then 1 else 2 end::tinyint as outcome,
            case when passes and place <= places then pays else 0 end::bigint as amount_idr,
            decile_ok, dead, servant, unmatched, needs, case when passes then place end::int as quota_place
        from ranked order by family_id) to '{out}' (format parquet)"""


def main():
    lake, threads = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
    families, persons = objects(lake)
    with tempfile.TemporaryDirectory() as folder:
        con = duckdb.connect()
        con.execute(f"set threads = {threads}; set temp_directory = '{folder}'; set preserve_insertion_order = true")
        start = time.time()
        con.execute("create temp table people as " + people_sql(persons))
        con.execute(facts_sql(families))
        con.execute(components_sql())
        lists = [("PKH", "amount", "coalesce(persons, 0) > 0", 105), ("SEMBAKO", "600000", "true", 193)]
        for key, amount, component, permille in lists:
            con.execute(list_sql(os.path.join(folder, key), amount, component, permille))
        print(f"two programmes by DuckDB {duckdb.__version__}, {threads} threads: {time.time() - start:.3f} s")
        for key, *_ in lists:
            path = os.path.join(folder, key)
            print(key, con.execute(f"select count_if(outcome = 1), count_if(outcome = 2), sum(amount_idr) from read_parquet('{path}')").fetchone())


if __name__ == "__main__":
    main()
