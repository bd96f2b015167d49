"""Random rules and random programmes with the answers that DuckDB gives to the same SQL: the outside oracle of `rules` and `targeting`.

    python oracle.py OUT_DIR [--seed N] [--expressions N] [--rows N] [--programmes N] [--families N]

Reads the documented schema (policy/schema/*) and writes into OUT_DIR
    columns.csv      rows of every `family.*` and `person.*` name
    expressions.tsv  type, expression, DuckDB's answer for every row
    families.csv, people.csv, facts.txt, programmes.txt (TOML of the pack; each programme after a line `### KEY`)
    decisions.tsv    programme, then outcome:amount of every family (0 does not receive, 1 receives, 2 waits)
`cargo test -p targeting oracle` holds both evaluators against them. The sample in the tree is `cargo xtask bench rules --keep`; any
other seed is `cargo xtask bench rules --seed N`. Needs: pip install duckdb

An expression is made as a tree and written twice: as a rule, and as SQL for DuckDB with the same operators, names and brackets.
Where the two languages differ on purpose, the second text says in SQL what the rule language promises (docs/policy.md):
  * what leaves 64 bits or is not finite is unknown, there and not for the whole query: `try(...)`, `fin(...)`;
  * whole numbers have 64 bits and decimals are IEEE doubles, also as literals: `::bigint`, `::double`;
  * `least` and `greatest` are unknown when one argument is: DuckDB leaves the unknown out;
  * `years_between` and `months_between` count completed anniversaries; DuckDB's datesub also completes a month on its last day
    (31 January to 28 February is a month) and is symmetric for negative spans. Where neither applies both are held to be equal here;
  * `has_bit` and parameters do not exist there: a mask, and the value.
Not asked at all, because the answers differ on purpose or DuckDB has none:
  * a written zero as divisor: refused when the rule is read;
  * a code that the column's list does not have, compared for equality: refused likewise;
  * letters whose capital is several letters (German sharp s): `upper` writes them in full, DuckDB has one sign;
  * `%` of the smallest whole number by -1: DuckDB raises; unknown here as all that leaves 64 bits (`try` makes it so there);
  * days outside the years 1 to 9999.
"""

import argparse
import csv
import os
import random
import sys
import tomllib
from datetime import date, timedelta

import duckdb

import programmes

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "..", "..", "policy", "schema")
TODAY = date(2026, 2, 28)
EPOCH = date(1970, 1, 1)
WIDE = {"nik", "kk"}
PARAMS = {
    "limit": ("int", 4), "age": ("int", 60), "big": ("int", 9223372036854775807), "absent": ("int", None), "share": ("num", 0.25),
    "since": ("date", date(2000, 2, 29)), "strict": ("bool", True), "word": ("text", "ab"),
}
TEXTS = ["", "a", "ab", "AB", "Ab", "b", "Siti", "siti aminah", "O'Neil", "é", "née", "Ñ", "日本", "a%", "_b", "99.01.01.2001", "99.02.01.2003", "99"]
SQL_TYPES = {"int": "bigint", "bool": "boolean", "date": "date", "text": "varchar", "num": "double"}


def read_schema():
    codes, columns = {}, []
    with open(os.path.join(SCHEMA, "codes.csv"), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            codes.setdefault(row["list"], []).append(int(row["code"]))
    for name in ("canonical.csv", "registry.csv"):
        with open(os.path.join(SCHEMA, name), encoding="utf-8") as file:
            for row in csv.DictReader(file):
                known = row["codes"] if row["codes"] in codes else ""
                columns.append({"of": row["subject"], "name": row["column"], "type": row["type"], "list": known})
    with open(os.path.join(SCHEMA, "derived.toml"), "rb") as file:
        facts = tomllib.load(file)["fact"]
    return codes, columns, facts


class E:
    """One expression: `r` for the rule language, `d` for DuckDB, its type, its codes, and whether it is a plain literal."""

    def __init__(self, kind, rule, duck, codes=None, literal=False):
        self.kind, self.r, self.d, self.codes, self.literal = kind, rule, duck, codes, literal


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def literal(kind, value):
    if value is None:
        return f"null::{SQL_TYPES[kind]}"
    if kind == "date":
        return f"date '{value.isoformat()}'"
    if kind == "text":
        return quoted(value)
    if kind == "bool":
        return "true" if value else "false"
    return f"({value})::{SQL_TYPES[kind]}"


class Maker:
    def __init__(self, rng, columns, codes, params, today):
        self.rng, self.params, self.today = rng, params, today
        self.by_kind = {kind: [] for kind in SQL_TYPES}
        for column in columns:
            of = codes.get(column["list"])
            coded = None if column["list"].endswith("_bits") else of
            name = f"{column['of']}.{column['name']}"
            self.by_kind[column["type"]].append(E(column["type"], name, name, coded))
        self.wide = [e for e in self.by_kind["int"] if e.r.split(".")[1] in WIDE]

    def learn(self, of, name, kind):
        self.by_kind[kind].append(E(kind, f"{of}.{name}", f"{of}.{name}"))

    def pick(self, *ways):
        return self.rng.choice(ways)

    def param(self, kind):
        of_kind = [item for item in self.params.items() if item[1][0] == kind]
        if not of_kind:
            return self.constant(kind, zero=False)
        name, (_, value) = self.rng.choice(of_kind)
        return E(kind, "param." + name, literal(kind, value))

    def constant(self, kind, zero=True):
        rng = self.rng
        if kind == "int":
            value = rng.choice([-1, 0, 1, 2, 3, 4, 5, 7, 10, 60, 100, -3, 2147483647, 4294967296, 9007199254740993, 9223372036854775807, -9223372036854775807])
            value = value if value or zero else 2
            return E(kind, str(value), literal(kind, value), literal=True)
        if kind == "num":
            value = rng.choice(["0.5", "1.5", "-2.5", "0.1", "3.0", "1e300", "0.0" if zero else "0.3"])
            return E(kind, value, f"({value})::double", literal=True)
        if kind == "date":
            value = rng.choice([date(2000, 2, 29), date(1966, 2, 28), date(2020, 3, 1), date(2026, 1, 31)])
        elif kind == "text":
            value = rng.choice(TEXTS)
        else:
            value = rng.random() < 0.5
        text = literal(kind, value)
        return E(kind, text, text, literal=True)

    def leaf(self, kind, zero=True):
        if kind == "num":
            return self.pick(self.constant, lambda _, **k: self.param("num"))(kind, zero=zero)
        roll = self.rng.random()
        if roll < 0.62:
            own = self.wide if kind == "int" and self.rng.random() < 0.12 else self.by_kind[kind]
            return self.rng.choice(own) if own else self.constant(kind, zero)
        if roll < 0.85:
            return self.constant(kind, zero)
        if kind == "date" and self.rng.random() < 0.5:
            return E(kind, "reference_date", literal(kind, self.today))
        return self.param(kind)

    def number(self, depth):
        return self.value(self.pick("int", "int", "num"), depth)

    def value(self, kind, depth):
        rng = self.rng
        if kind == "bool":
            return self.condition(depth)
        if depth <= 0 or rng.random() < 0.2:
            return self.leaf(kind)
        ways = [self.coalesced, self.cased, self.extreme]
        own = {"int": [self.arith, self.arith, self.spans, self.changed, self.chain], "num": [self.arith, self.divided, self.divided, self.changed],
               "date": [self.shifted, self.shifted], "text": [self.texted, self.texted]}
        return rng.choice(ways + own[kind] + own[kind])(kind, depth - 1)

    def coalesced(self, kind, depth):
        items = [self.value(kind, depth) for _ in range(self.rng.randint(2, 3))]
        return self.called("coalesce", kind, items, codes=items[0].codes)

    def called(self, name, kind, items, codes=None, duck=None):
        rules, ducks = (", ".join(getattr(item, way) for item in items) for way in "rd")
        return E(kind, f"{name}({rules})", f"{duck or name}({ducks})", codes)

    def extreme(self, kind, depth):
        name, n = self.pick("least", "greatest"), self.rng.randint(2, 3)
        return self.called(name, kind, [self.value(kind, depth) for _ in range(n)], duck=f"{name}{n}")

    def cased(self, kind, depth):
        arms = [(self.condition(depth - 1), self.value(kind, depth)) for _ in range(self.rng.randint(1, 2))]
        other = self.value(kind, depth) if self.rng.random() < 0.7 else None
        if self.rng.random() < 0.25:
            of = self.value(self.pick("int", "text"), 0)
            arms = [(self.like(of), then) for _, then in arms]
            r, d = f"case {of.r}", f"case {of.d}"
        else:
            r = d = "case"
        for when, then in arms:
            r, d = f"{r} when {when.r} then {then.r}", f"{d} when {when.d} then {then.d}"
        if other:
            r, d = f"{r} else {other.r}", f"{d} else {other.d}"
        return E(kind, r + " end", d + " end")

    def like(self, other):
        """A leaf to compare with `other` for equality: its literals are codes of `other`."""
        own = self.leaf(other.kind)
        if other.literal and own.codes or own.literal and other.codes:
            value = self.rng.choice(other.codes or own.codes)
            if other.literal:
                return next(e for e in self.by_kind[other.kind] if not e.codes)
            return E("int", str(value), literal("int", value), literal=True)
        return own

    def checked(self, kind, duck):
        return f"fin({duck})" if kind == "num" else f"try({duck})"

    def arith(self, kind, depth):
        op = self.pick("+", "-", "*", "%")
        left, right = self.value(kind, depth), self.value(kind if self.rng.random() < 0.7 else "int", depth)
        if op == "%" and right.literal:
            right = self.constant(kind, zero=False)
        return E(kind, f"({left.r} {op} {right.r})", self.checked(kind, f"({left.d} {op} {right.d})"))

    def divided(self, _, depth):
        left, right = self.number(depth), self.number(depth)
        if right.literal:
            right = self.constant(right.kind, zero=False)
        return E("num", f"({left.r} / {right.r})", f"fin({left.d} / {right.d})")

    def chain(self, _, depth):
        """Without brackets: which operator binds first."""
        r, d = "", ""
        for i in range(self.rng.randint(3, 4)):
            op = self.pick(" + ", " - ", " * ", " % ", " - -") if i else self.pick("", "-")
            item = self.rng.choice(self.by_kind["int"])
            r, d = r + op + item.r, d + op + item.d
        return E("int", f"({r})", f"try({d})")

    def changed(self, kind, depth):
        item = self.value(kind, depth)
        if self.rng.random() < 0.5:
            return E(kind, f"abs({item.r})", self.checked(kind, f"abs({item.d})"))
        return E(kind, f"(- ({item.r}))", self.checked(kind, f"(- ({item.d}))"))

    def spans(self, kind, depth):
        first, last = self.leaf("date"), self.value("date", depth - 1)
        way = self.pick("years_between", "months_between", "-")
        if way == "-":
            return E(kind, f"({first.r} - {last.r})", f"({first.d} - {last.d})")
        return self.called(way, kind, [first, last])

    def shifted(self, kind, depth):
        days = self.pick(self.leaf, lambda _: self.constant("int"))("int")
        span = f"least(greatest({days.r}, -40000), 40000)"
        duck = f"(least2(greatest2({days.d}, (-40000)::bigint), 40000::bigint))::integer"
        item, way = self.value(kind, depth), self.pick("+", "-", "flip")
        if way == "flip":
            return E(kind, f"({span} + {item.r})", f"({duck} + {item.d})::date")
        return E(kind, f"({item.r} {way} {span})", f"({item.d} {way} {duck})::date")

    def texted(self, kind, depth):
        item = self.value(kind, depth)
        if self.rng.random() < 0.5:
            return self.called("upper", kind, [item])
        first, length = self.rng.randint(1, 5), self.rng.randint(0, 6)
        return E(kind, f"substr({item.r}, {first}, {length})", f"substr({item.d}, {first}, {length})")

    def condition(self, depth):
        rng = self.rng
        ways = [self.compared, self.compared, self.listed, self.between, self.asked, self.begins, self.bit, self.plain]
        if depth > 0:
            ways += [self.joined] * 5 + [self.denied, self.asked, self.flat, self.flat, self.judged]
        return rng.choice(ways)(depth - 1)

    def plain(self, _):
        return self.leaf("bool")

    def judged(self, depth):
        return self.pick(self.coalesced, self.cased)("bool", depth)

    def compared(self, depth):
        kind = self.pick("int", "int", "num", "text", "date", "bool")
        op = self.pick("=", "<>") if kind == "bool" else self.pick("=", "<>", "<", "<=", ">", ">=", "!=")
        left, right = (self.value(kind, depth) for _ in range(2))
        if kind == "num" and self.rng.random() < 0.5:
            right = self.value("int", depth)
        if op in ("=", "<>", "!="):
            if left.codes or right.codes:
                right = self.like(left)
        return E("bool", f"({left.r} {op} {right.r})", f"({left.d} {op} {right.d})")

    def listed(self, depth):
        item = self.value(self.pick("int", "int", "text", "date", "num", "bool"), depth)
        others = [self.like(item) if item.codes or item.literal else self.value(item.kind, depth - 1) for _ in range(self.rng.randint(1, 4))]
        others = [self.like(item) if item.kind == "int" and (other.literal and item.codes) else other for other in others]
        way = self.pick("in", "not in")
        rules, ducks = (", ".join(getattr(other, at) for other in others) for at in "rd")
        return E("bool", f"({item.r} {way} ({rules}))", f"({item.d} {way} ({ducks}))")

    def between(self, depth):
        kind = self.pick("int", "int", "num", "text", "date")
        item, low, high = (self.value(kind, depth) for _ in range(3))
        way = self.pick("between", "not between")
        return E("bool", f"({item.r} {way} {low.r} and {high.r})", f"({item.d} {way} {low.d} and {high.d})")

    def asked(self, depth):
        item = self.value(self.pick("int", "num", "text", "date", "bool"), depth)
        way = self.pick("is null", "is not null")
        return E("bool", f"(({item.r}) {way})", f"(({item.d}) {way})")

    def begins(self, depth):
        return self.called("starts_with", "bool", [self.value("text", depth), self.leaf("text")])

    def bit(self, depth):
        item, n = self.value("int", depth - 1), self.pick(0, 1, 2, 3, 9, 26, 62)
        return E("bool", f"has_bit({item.r}, {n})", f"((({item.d}) & {1 << n}) <> 0)")

    def joined(self, depth):
        word = self.pick(" and ", " or ")
        items = [self.condition(depth) for _ in range(self.rng.randint(2, 3))]
        return E("bool", "(" + word.join(i.r for i in items) + ")", "(" + word.join(i.d for i in items) + ")")

    def denied(self, depth):
        item = self.condition(depth)
        return E("bool", f"(not {item.r})", f"(not {item.d})")

    def flat(self, _):
        """Without brackets: not before and, and before or, comparisons before not, arithmetic before comparisons."""
        ints, days = self.by_kind["int"], self.by_kind["date"]
        out = []
        for i in range(self.rng.randint(2, 5)):
            a, b, c = (self.rng.choice(ints).r for _ in range(3))
            flag, day = self.rng.choice(self.by_kind["bool"]).r, self.rng.choice(days).r
            item = self.pick(flag, flag, f"{a} < {b}", f"{a} + {b} >= {c}", f"{a} between {b} and {c}", f"{a} not in ({b}, {c})",
                             f"{day} is null", f"{a} - {b} > -{c}", f"{a} * {b} <> {c} % {a}")
            # Wide numbers may leave 64 bits: then DuckDB has no answer to the whole text.
            if any(e.r in item for e in self.wide) or "uji_" in item:
                item = flag
            out.append((self.pick(" and ", " or ") if i else "") + self.pick("", "not ") + item)
        return E("bool", f"({''.join(out)})", f"({''.join(out)})")


MACROS = [
    "create macro fin(x) as case when isfinite(try(x)) then try(x) end",
    *(f"create macro {name}2(a, b) as case when a is null or b is null then null else {name}(a, b) end" for name in ("least", "greatest")),
    *(f"create macro {name}3(a, b, c) as case when a is null or b is null or c is null then null else {name}(a, b, c) end" for name in ("least", "greatest")),
    """create macro years_between(a, b) as
        (year(b) - year(a) - case when (month(b) * 100 + day(b)) < (month(a) * 100 + day(a)) then 1 else 0 end)::bigint""",
    """create macro months_between(a, b) as
        ((year(b) - year(a)) * 12 + month(b) - month(a) - case when day(b) < day(a) then 1 else 0 end)::bigint""",
    "create macro has_bit(x, n) as (x & (1::bigint << n)) <> 0",
]


def connect():
    con = duckdb.connect()
    # From version 2 on DuckDB has to be told that what is divided by zero is unknown.
    if con.execute("select count(*) from duckdb_settings() where name = 'error_on_division_by_zero'").fetchone()[0]:
        con.execute("set error_on_division_by_zero = false")
    con.execute("set threads = 1")
    con.execute("pragma disable_optimizer")
    for macro in MACROS:
        con.execute(macro)
    return con


def cell(kind, value):
    if value is None:
        return ""
    if kind == "bool":
        return "1" if value else "0"
    if kind == "text":
        return '"' + value.replace('"', '""') + '"'
    return str(value)


def some_value(rng, column, codes):
    kind, name = column["type"], column["name"]
    if kind == "int" and column["list"]:
        return rng.choice(codes[column["list"]])
    if kind == "int" and name in WIDE:
        return rng.choice([9901010101000001, 9902027112990002, 9223372036854775807, -9223372036854775808, 0, -1, 3])
    if kind == "int":
        return rng.choice([0, 0, 1, 1, 2, 3, 4, 5, 7, 12, 36, 60, 900, 2147483647, -2])
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "date":
        return rng.choice([date(2000, 2, 29), date(1999, 3, 1), date(2026, 2, 28), EPOCH + timedelta(days=rng.randint(-15000, 21000))])
    return rng.choice(TEXTS)


def write_csv(path, names, kinds, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(names) + "\n")
        for row in rows:
            file.write(",".join(cell(kind, value) for kind, value in zip(kinds, row)) + "\n")


def table(con, name, names, kinds, rows):
    con.execute(f"create table {name} (" + ", ".join(f'"{n}" {SQL_TYPES[k]}' for n, k in zip(names, kinds)) + ")")
    con.executemany(f"insert into {name} values (" + ", ".join("?" * len(names)) + ")", rows)


def answers(kind, values):
    if kind == "bool":
        return "".join({None: "-", True: "1", False: "0"}[value] for value in values)
    if kind == "date":
        values = [None if value is None else (value - EPOCH).days for value in values]
    shown = ["~" if value is None else repr(float(value)) if kind == "num" else str(value) for value in values]
    # The different answers, then for every row which of them (in base 64, from '0' on).
    known = sorted(set(shown))
    return "|".join(known) + "\t" + "".join(chr(48 + known.index(value)) for value in shown)


def expressions(out, rng, n, rows):
    codes, columns, facts = read_schema()
    facts = [{"of": fact["of"], "name": fact["name"], "type": fact["type"], "list": ""} for fact in facts]
    columns = columns + facts
    names, kinds = [f"{c['of']}.{c['name']}" for c in columns], [c["type"] for c in columns]
    data = [[None if rng.random() < 0.22 else some_value(rng, c, codes) for c in columns] for _ in range(rows)]
    write_csv(os.path.join(out, "columns.csv"), names, kinds, data)
    con, plain = connect(), connect()
    plain.execute("pragma enable_optimizer")
    for one in (con, plain):
        for of in ("family", "person"):
            at = [i for i, c in enumerate(columns) if c["of"] == of]
            table(one, of, ["rid"] + [columns[i]["name"] for i in at], ["int"] + [kinds[i] for i in at], [[r] + [row[i] for i in at] for r, row in enumerate(data)])
    maker, seen, lines, tell = Maker(rng, columns, codes, PARAMS, TODAY), set(), [], {}
    while len(lines) < n:
        kind = rng.choice(["bool"] * 6 + ["int", "num", "date", "text"])
        made = maker.value(kind, rng.randint(1, 4))
        if len(made.r) > 420 or made.r in seen or made.literal:
            continue
        seen.add(made.r)
        query = f"select {made.d} from family join person using (rid) order by rid"
        values = [row[0] for row in con.execute(query).fetchall()]
        if changed_by_optimizer(plain, query, values):
            raise SystemExit(f"DuckDB's optimizer changes the answer: {query}")
        if kind == "date" and any(value is not None and not isinstance(value, date) for value in values):
            continue
        # A rule that says the same of every row tells little: one in eight is kept.
        if len(set(values)) == 1 and tell.setdefault("same", 0) * 8 > len(lines):
            continue
        tell["same"] = tell.get("same", 0) + (len(set(values)) == 1)
        lines.append(f"{kind}\t{made.r}\t{answers(kind, values)}\n")
    check_spans(con)
    with open(os.path.join(out, "expressions.tsv"), "w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
    return len(lines), tell.get("same", 0)


def changed_by_optimizer(con, query, values):
    """Without the optimizer DuckDB is the plainer oracle; with it the answer must stay, but what it folds ahead may raise past `try`."""
    try:
        return [row[0] for row in con.execute(query).fetchall()] != values
    except duckdb.OutOfRangeException:
        return False


def check_spans(con):
    """Our spans and DuckDB's own, where the definitions meet: forward in time and not ending on the last day of a month."""
    bad = con.execute("""
        with days as (select (date '1990-01-01' + (i * 37)::integer)::date a, (date '1990-01-01' + (i * 37 + j * 53)::integer)::date b
            from range(400) r(i), range(200) s(j))
        select count(*) from days where b <> last_day(b)
            and (years_between(a, b) <> datesub('year', a, b) or months_between(a, b) <> datesub('month', a, b))""").fetchone()[0]
    assert bad == 0, f"{bad} spans differ from datesub"


def main():
    words = argparse.ArgumentParser()
    words.add_argument("out")
    for name, value in (("seed", 11), ("expressions", 1500), ("rows", 60), ("programmes", 60), ("families", 150)):
        words.add_argument("--" + name, type=int, default=value)
    asked = words.parse_args()
    os.makedirs(asked.out, exist_ok=True)
    made, same = expressions(asked.out, random.Random(asked.seed), asked.expressions, min(asked.rows, 64))
    print(f"DuckDB {duckdb.__version__}, seed {asked.seed}: {made} expressions on {min(asked.rows, 64)} rows, {same} with one answer for all")
    rng = random.Random(asked.seed + 1)
    people, receivers = programmes.write(asked.out, rng, connect(), read_schema(), sys.modules[__name__], asked.programmes, asked.families)
    print(f"{asked.programmes} programmes on {asked.families} families of {people} people: {receivers} receive")


if __name__ == "__main__":
    main()
