#!/usr/bin/env python3
"""Writes pairs of texts with DuckDB's similarities, to hold ours against.

    python similarity.py --pairs 120000 --out similarity.tsv     # everything, for a full run
    python similarity.py --pairs 600 --seed 5 --out crates/linkage/tests/duckdb_similarity.tsv

Columns: a, b, jaro, jaro_winkler, damerau_levenshtein, levenshtein, jaccard ("" where DuckDB has no answer). Full run:

    LINKAGE_SIMILARITY=similarity.tsv cargo test --release -p linkage answers_are_those_of_duckdb
"""
import argparse
import random

import duckdb

SYLLABLES = "SU HAR WAR SRI NUR MU HAM MAD SI TI AB DUL RAH MAN DEWI AGUS BUDI SAN TO SO YANI WATI NINGSIH KUR NIA".split()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ '-.0123456789"
FOREIGN = "éèêëüöäñçßøåœłžčđıİğşαβγжщя中文字한글\u0301\u200d😀👍🏽"


def text(chance):
    kind = chance.random()
    if kind < 0.45:
        words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 4))]
        return " ".join(words)
    if kind < 0.6:
        return "".join(chance.choices("0123456789", k=chance.choice([8, 10, 16, 16])))
    if kind < 0.7:
        return f"{chance.randint(1940, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    if kind < 0.8:
        return "".join(chance.choices(LETTERS, k=chance.randint(0, 6)))
    if kind < 0.9:
        return "".join(chance.choices(LETTERS + FOREIGN * 2, k=chance.randint(0, 24)))
    if kind < 0.95:
        return "".join(chance.choices("AB", k=chance.randint(0, 90)))
    return "".join(chance.choices(LETTERS[:26], k=chance.randint(60, 200)))


def edited(chance, one):
    letters = list(one)
    for _ in range(chance.randint(0, 4)):
        kind, at = chance.randint(0, 3), chance.randint(0, len(letters))
        if kind == 0:
            letters.insert(at, chance.choice(LETTERS + FOREIGN))
        elif kind == 1 and at < len(letters):
            letters.pop(at)
        elif kind == 2 and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif at < len(letters):
            letters[at] = chance.choice(LETTERS)
    return "".join(letters)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    pairs = []
    for _ in range(asked.pairs):
        one = text(chance)
        pairs.append((one, edited(chance, one) if chance.random() < 0.6 else text(chance)))
    con = duckdb.connect()
    with open(asked.out, "w", encoding="utf-8", newline="\n") as out:
        out.write("a\tb\tj\tx\td\tl\tc\n")
        for start in range(0, len(pairs), 2000):
            some = pairs[start:start + 2000]
            lefts, rights = [a for a, _ in some], [b for _, b in some]
            rows = con.execute("""
                select a, b, jaro_similarity(a, b), jaro_winkler_similarity(a, b), damerau_levenshtein(a, b), levenshtein(a, b),
                       case when a <> '' and b <> '' then jaccard(a, b) end
                from (select unnest($1::varchar[]) a, unnest($2::varchar[]) b)""", [lefts, rights]).fetchall()
            for row in rows:
                out.write("\t".join("" if cell is None else repr(cell) if isinstance(cell, float) else str(cell) for cell in row) + "\n")


if __name__ == "__main__":
    main()
