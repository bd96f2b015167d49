"""Random programmes of the policy pack's own form, decided by DuckDB on random families: part of `oracle.py`.

A programme has conditions of eligibility, exclusions, components of members with limits, an amount for all, and for some a quota, all
random; some are blocked by or need programmes decided before them. Besides the facts of policy/schema/derived.toml there are random
facts. For every family: 0 does not receive, 1 receives, 2 waits for a place; and what it is (or would be) given for the fourth stage
of 2026.
"""

import os
from datetime import date, timedelta

PERIOD_START = date(2026, 10, 1)
PARAMS = {"limit": ("int", 4), "age": ("int", 60), "since": ("date", date(2000, 2, 29)), "strict": ("bool", True), "word": ("text", "ab")}
PEOPLE_WITHOUT = {"name", "birth_place", "mother_name", "address"}
REDUCE = {
    "count": ("int", "count(*) filter (where ({e}))"),
    "any": ("bool", "case when bool_or({e}) then true when bool_or(({e}) is null) then null else false end"),
    "sum": ("int", "coalesce(sum({e}), 0)::bigint"),
    "min": (None, "min({e})"),
    "max": (None, "max({e})"),
}


def people_of(rng, columns, families, some):
    """Rows of families and of their people, in the order of `columns`."""
    own = {of: [c for c in columns if c["of"] == of] for of in ("family", "person")}
    homes, people = [], []
    for f in range(families):
        gaps = rng.choice([0, 0.05, 0.3])
        row = [None if rng.random() < gaps else family_value(rng, c, some) for c in own["family"]]
        homes.append([10 + f * 7] + row)
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8])):
            row = [None if rng.random() < gaps else person_value(rng, c, some) for c in own["person"]]
            people.append([1000 + len(people), 10 + f * 7] + row)
    return homes, people


def family_value(rng, column, some):
    if column["name"] == "region":
        return f"99.0{rng.randint(1, 3)}.01.200{rng.randint(1, 2)}"
    if column["name"] == "decile":
        return rng.choice([1, 1, 2, 2, 3, 4, 5, 7, 10])
    return some(rng, column)


def person_value(rng, column, some):
    name = column["name"]
    if name in ("alive", "matched"):
        return rng.random() < 0.92
    if name in ("civil_servant", "disability_severe"):
        return rng.random() < 0.1
    if name == "birth_date":
        return date(2026, 10, 1) - timedelta(days=rng.randint(0, 90 * 365))
    if name == "region":
        return f"99.0{rng.randint(1, 3)}.01.200{rng.randint(1, 2)}"
    return some(rng, column)


class World:
    """The families in DuckDB, with their facts."""

    def __init__(self, con):
        self.con = con

    def add_fact(self, of, name, expr, reduce=None):
        if reduce:
            value = REDUCE[reduce][1].format(e=expr)
            value = f"(select {value} from person where person.family_id = family.family_id)"
        else:
            value = f"({expr})"
        self.con.execute(f'create table next as select {of}.*, {value} as "{name}" from {of} order by {of}_id')
        self.con.execute(f"drop table {of}; alter table next rename to {of}")

    def share(self, of, expr):
        """Share of rows that are true."""
        return self.con.execute(f"select coalesce(avg(case when {expr} then 1.0 else 0.0 end), 0) from {of}").fetchone()[0]

    def different(self, of, expr):
        return self.con.execute(f"select count(distinct {expr}) from {of}").fetchone()[0]


def random_facts(rng, world, makers, n):
    """Facts of the sample's own, so that every reduction is asked; in TOML."""
    out = []
    for i in range(n):
        reduce = rng.choice([None, "count", "any", "any", "sum", "min", "max"])
        of = "family" if reduce else rng.choice(["person", "family"])
        while True:
            kind = {"count": "bool", "any": "bool", "sum": "int"}.get(reduce) or rng.choice(["int", "date"] + ["bool"] * (not reduce))
            made = (makers["person"] if reduce else makers[of]).value(kind, 2)
            # A sum may leave 64 bits, which is unknown, or pass through there, which DuckDB does not: small numbers only.
            wide = any(word in made.r for word in (".kk", ".nik", ".uji_", "2147483647", "4294967296", "9007199254740993", "9223372036854775807", "*"))
            if "." in made.r and not made.literal and len(made.r) < 160 and not (reduce == "sum" and wide):
                break
        result = REDUCE[reduce][0] if reduce and REDUCE[reduce][0] else kind
        name = f"uji_{i}"
        world.add_fact(of, name, made.d, reduce)
        if reduce == "sum":
            assert world.con.execute(f"select coalesce(max(abs({name})), 0) < 1e15 from family").fetchone()[0]
        lines = ["[[fact]]", f'of = "{of}"', f'name = "{name}"', f'type = "{result}"', f'expr = """{made.r}"""']
        lines += [f'reduce = "{reduce}"'] if reduce else []
        out.append("\n".join([*lines, f'label_id = "{name}"', f'label_en = "{name}"', ""]))
        makers[of].learn(of, name, result)
    return "\n".join(out)


def within(world, maker, of, low, high, depth):
    """A condition that is true for a share of rows between two bounds: one that all or none pass tells nothing."""
    while True:
        made = maker.condition(depth)
        if len(made.r) < 300 and f"{of}." in made.r and low <= world.share(of, made.d) <= high:
            return made


def programme(rng, world, makers, number):
    """One programme: its TOML, and the SQL parts that decide it."""
    family, person = makers["family"], makers["person"]
    by_person = rng.random() < 0.2
    out = [f'key = "UJI_{number:02}"', 'label_id = "Uji"', 'label_en = "Test"', f'recipient = "{"person" if by_person else "family"}"',
           'pillar = "protection"', 'purpose_id = "Uji"', 'purpose_en = "Test"']
    out += ["PARAMETERS", "[[version]]", 'key = "2026"', "valid_from = 2026-01-01", 'legal_basis = "none"', 'reference = "period_start"',
            'channel = "himbara"', 'funding = ["APBN"]', 'budget_line = "none"']
    own, texts = [], ['text_id = "x"', 'text_en = "x"']
    for i in range(rng.randint(1, 3)):
        made = within(world, family, "family", 0.3, 0.95, rng.randint(1, 3))
        own.append(f"({made.d}) is true")
        out += ["[[version.eligibility]]", f'code = "E{i}"', f'when = """{made.r}"""', *texts]
    for i in range(rng.randint(0, 3)):
        made = within(world, family, "family", 0.02, 0.35, rng.randint(1, 3))
        own.append(f"({made.d}) is not true")
        out += ["[[version.exclusion]]", f'code = "X{i}"', f'when = """{made.r}"""', 'status = "EXCLUDE"', 'remedy_id = "x"', 'remedy_en = "x"', *texts]
    for i, (rule, others) in enumerate(combinations(rng, number)):
        keys = ", ".join(f"'{key}'" for key in others)
        own.append(f"family.family_id {'not ' if rule == 'blocks' else ''}in (select family_id from received where programme in ({keys}))")
        listed = ", ".join(f'"{key}"' for key in others[1:])
        out += ["[[version.combination]]", f'with = "{others[0]}"', f"or = [{listed}]", f'rule = "{rule}"', f'code = "B{i}"', *texts]
    components = []
    for i in range(rng.choice([0, 1, 2, 3, 4, 6])):
        made = within(world, person, "person", 0.04, 0.7, rng.randint(1, 2))
        stage, most = rng.choice([75_000, 225_000, 375_000, 500_000, 600_000, 750_000]), rng.choice([None, None, 1, 2, 3])
        components.append((made.d, stage, most))
        out += ["[[version.component]]", f'code = "K{i}"', 'group = "g"', 'label_id = "x"', 'label_en = "x"', f'when = """{made.r}"""',
                f"amount_year = {stage * 4}", f"amount_stage = {stage}"]
        out += [f"max_per_family = {most}"] if most else []
    needs = bool(components) and rng.random() < 0.6
    if needs:
        out += ["[version.needs_component]", 'code = "N"', *texts]
    persons, limit, highest = 10**6, 10**15, False
    if components and rng.random() < 0.8:
        persons, highest = rng.randint(1, 5), rng.random() < 0.6
        year = max(stage for _, stage, _ in components) * 4 * rng.randint(1, 3) + rng.choice([0, 100_001])
        limit = year * 3 // 12
        out += ["[version.cap]", f"persons = {persons}", f"amount_year = {year}",
                f'order = "{"highest_amount_first" if highest else "listed_order"}"', *texts]
    flat = 0
    if not components or rng.random() < 0.3:
        flat = rng.choice([110_000, 200_000, 300_000])
        out += ["[version.flat]", 'kind = "cash"', 'code = "F"', 'label_id = "x"', 'label_en = "x"', f"amount_month = {flat}"]
    quota = None
    if rng.random() < 0.45:
        order = []
        for _ in range(rng.randint(0, 3)):
            made = family.value("int", rng.randint(0, 2))
            # A list of order words is text in one line; what ends in " desc" goes the other way.
            if "." in made.r and len(made.r) < 160 and world.different("family", made.d) > 1:
                order.append((made, rng.random() < 0.5))
        share, cut = rng.choice([0, 60, 120, 250, 500]), rng.choice([(2, "province"), (5, "district"), (13, "village")])
        keys = [f"({made.d}) {'desc' if down else 'asc'} nulls last" for made, down in order]
        quota = (share, cut[0], keys)
        texts_of = ", ".join('"""' + made.r + (" desc" if down else "") + '"""' for made, down in order)
        out += ["[version.quota]", f'by = "{cut[1]}"', f"share_permille = {share}", f"order = [{texts_of}]", 'code = "Q"', *texts]
    out += ["[version.schedule]", 'periods = ["stage"]', "pay_months = [10]"]
    sql = decide(own, components, needs, persons, limit, highest, flat * 3, by_person, quota)
    text = "\n".join(out) + "\n"
    return text.replace("PARAMETERS\n", parameters(text)), sql


def combinations(rng, number):
    """Up to two lines of programmes that were decided before, none of them twice: any of a line blocks, or is enough."""
    earlier = [f"UJI_{n:02}" for n in range(1, number)]
    rng.shuffle(earlier)
    lines = []
    for _ in range(rng.choice([0, 0, 1, 1, 2]) if number > 6 else 0):
        some, earlier = earlier[:(size := rng.randint(1, 3))], earlier[size:]
        lines.append((rng.choice(["blocks", "blocks", "needs"]), some))
    return lines


def parameters(text):
    """Those that the programme names."""
    out = ""
    for name, (kind, value) in PARAMS.items():
        if "param." + name in text:
            shown = str(value).lower() if kind != "text" else f'"{value}"'
            out += f'[[parameter]]\nname = "{name}"\ntype = "{kind}"\nlabel_id = "x"\nlabel_en = "x"\n'
            out += f'[[parameter.value]]\nfrom = 2026-01-01\nvalue = {shown}\nlegal_basis = "none"\n'
    return out


def decide(own, components, needs, persons, limit, highest, flat, by_person, quota):
    """Members are given out component by component, the oldest first, a person once; then the family; then the places."""
    order = sorted(range(len(components)), key=lambda i: -components[i][1]) if highest else range(len(components))
    flags = "".join(f", ({when}) is true as k{i}" for i, (when, _, _) in enumerate(components))
    steps = [f"s0 as (select family_id, person_id, birth_date{flags}, -1 as own from person)"]
    for n, i in enumerate(order):
        most = components[i][2] or 10**6
        steps.append(
            f"s{n + 1} as (select * replace (case when own < 0 and k{i} and row_number() over (partition by family_id, own < 0 and k{i}"
            f" order by birth_date nulls last, person_id) <= least({most}, {persons} - count_if(own >= 0) over (partition by family_id))"
            f" then {i} else own end as own) from s{n})"
        )
    worth = "case own " + " ".join(f"when {i} then {stage}" for i, (_, stage, _) in enumerate(components)) + " else 0 end" if components else "0"
    steps.append(f"counted as (select family_id, count_if(own >= 0) n, least(sum({worth}), {limit}) paid from s{len(components)} group by family_id)")
    given = f"{flat} * coalesce(n, 0)" if by_person and components else str(flat)
    steps.append(
        f"judged as (select family.*, ({' and '.join(own)}{' and coalesce(n, 0) > 0' if needs else ''}) as passes,"
        f" (coalesce(paid, 0) + {given})::bigint as amount from family left join counted using (family_id))"
    )
    if quota is None:
        return "with " + ", ".join(steps) + " select case when passes then 1 else 0 end, amount from judged order by family_id"
    share, letters, keys = quota
    steps.append(
        f"placed as (select family.family_id, passes, amount, count(*) over (partition by coalesce(left(region, {letters}), '')) * {share} // 1000 as places,"
        f" row_number() over (partition by coalesce(left(region, {letters}), ''), passes order by {', '.join([*keys, 'family.family_id'])}) as place"
        " from judged as family)"
    )
    return "with " + ", ".join(steps) + """ select case when not passes then 0 when place <= places then 1 else 2 end, amount
        from placed order by family_id"""


def write(out, rng, con, schema, tools, programmes, families):
    """Writes families.csv, people.csv, facts.txt, programmes.txt and decisions.tsv."""
    codes, columns, facts = schema
    columns = [c for c in columns if not (c["of"] == "person" and c["name"] in PEOPLE_WITHOUT)]
    homes, people = people_of(rng, columns, families, lambda r, c: tools.some_value(r, c, codes))
    for of, rows, ids in (("family", homes, ["family_id"]), ("person", people, ["person_id", "family_id"])):
        own = [c for c in columns if c["of"] == of]
        names, kinds = ids + [c["name"] for c in own], ["int"] * len(ids) + [c["type"] for c in own]
        tools.write_csv(os.path.join(out, {"family": "families.csv", "person": "people.csv"}[of]), names, kinds, rows)
        tools.table(con, of, names, kinds, rows)
    con.execute(f"create macro today() as date '{PERIOD_START.isoformat()}'")
    world = World(con)
    makers = {of: tools.Maker(rng, [c for c in columns if c["of"] == of], codes, {}, PERIOD_START) for of in ("family", "person")}
    for fact in facts:
        world.add_fact(fact["of"], fact["name"], fact["expr"].replace("reference_date", "today()"), fact.get("reduce"))
        makers[fact["of"]].learn(fact["of"], fact["name"], fact["type"])
    own_facts = random_facts(rng, world, makers, 30)
    for maker in makers.values():
        maker.params = PARAMS
    con.execute("create table received (programme varchar, family_id bigint)")
    texts, lines, receivers = [], [], 0
    for number in range(1, programmes + 1):
        text, sql = programme(rng, world, makers, number)
        decided = con.execute(sql).fetchall()
        receivers += sum(outcome == 1 for outcome, _ in decided)
        given = [(f"UJI_{number:02}", home[0]) for home, (outcome, _) in zip(homes, decided) if outcome == 1]
        if given:
            con.executemany("insert into received values (?, ?)", given)
        texts.append(f"### UJI_{number:02}\n{text}")
        lines.append(f"UJI_{number:02}\t{''.join(str(outcome) for outcome, _ in decided)}\t{' '.join(str(amount) for _, amount in decided)}\n")
    for name, text in (("facts.txt", own_facts), ("programmes.txt", "".join(texts)), ("decisions.tsv", "".join(lines))):
        with open(os.path.join(out, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return len(people), receivers
