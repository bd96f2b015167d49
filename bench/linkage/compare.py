#!/usr/bin/env python3
"""How many pairs only one of two engines has, and how far the weights of the common pairs lie apart.

    python compare.py OURS/pairs.parquet PEER/pairs.parquet
"""
import sys

import duckdb


def main(ours, peer):
    con = duckdb.connect()
    columns = [row[0] for row in con.execute(f"describe select * from '{ours}'").fetchall()]
    ids = [name for name in columns if name.endswith(("_l", "_r")) and not name.startswith(("gamma_", "source"))]
    con.execute(f"create view a as select least({ids[0]}, {ids[1]}) l, greatest({ids[0]}, {ids[1]}) r, match_weight w from '{ours}'")
    con.execute(f"create view b as select least(l, r) l, greatest(l, r) r, match_weight w from '{peer}'")
    least = con.execute("select min(w) from a").fetchone()[0]
    both, only_ours, only_peer, apart = con.execute("""
        select count(*) filter (a.w is not null and b.w is not null), count(*) filter (b.w is null),
               count(*) filter (a.w is null), max(abs(a.w - b.w))
        from a full join b using (l, r)""").fetchone()
    print(f"pairs in both {both}, only ours {only_ours}, only the peer's {only_peer} "
          f"(ours are written from weight {least:.2f} on); weights at most {apart or 0:.1e} apart")


if __name__ == "__main__":
    main(*sys.argv[1:3])
