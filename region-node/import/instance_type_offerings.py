#!/usr/bin/env python3
"""Writes region-node/data/instance_type_offerings.tsv from answers of DescribeInstanceTypeOfferings.

    instance_type_offerings.py SOURCE > instance_type_offerings.tsv
    instance_type_offerings.py SOURCE --verify instance_type_offerings.tsv

SOURCE is a folder with one file per region, `REGION.json` or `REGION.json.gz`, each a list of {InstanceType, Location}
where the location is a zone id (location type availability-zone-id).
"""

import argparse
import gzip
import json
import pathlib
import sys
from collections import defaultdict

# Nothing was collected in these regions. Each takes what a region of like size and age offers in its zones.
STAND_INS = {
    "ap-east-2": "ap-southeast-5",
    "ap-southeast-6": "ap-southeast-5",
    "ap-southeast-7": "ap-southeast-5",
    "cn-north-1": "ca-central-1",
    "cn-northwest-1": "eu-west-3",
    "mx-central-1": "ap-southeast-5",
    "us-gov-east-1": "eu-west-3",
    "us-gov-west-1": "eu-west-2",
}

INTRODUCTION = f"""\
# Where instance types are offered. Written by import/instance_type_offerings.py; do not edit by hand.
# A line is a set of types that are offered in the same places, with spaces between, a tab, and the places: a region
# alone means all its plain zones, `us-east-1:124` the zones use1-az1, use1-az2 and use1-az4 (the numbers of the zone
# ids). A type is on one line only; a type on no line is offered nowhere.
# No data was collected in these regions; each repeats the offer of a region of like size:
# {", ".join(f"{region} as {like}" for region, like in STAND_INS.items())}.
"""


def read_source(folder):
    """{region: {type: zone numbers}} and {region: all zone numbers}"""
    offers, zones = {}, {}
    for path in sorted(pathlib.Path(folder).glob("*.json*")):
        region, offered = path.name.split(".")[0], defaultdict(set)
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for offer in json.loads(text):
            offered[offer["InstanceType"]].add(offer["Location"][-1])
        offers[region], zones[region] = offered, set().union(*offered.values())
    for region, like in STAND_INS.items():
        offers[region], zones[region] = offers[like], zones[like]
    return offers, zones


def write_table(offers, zones, out):
    places = defaultdict(list)
    for region in sorted(offers):
        for name, numbers in offers[region].items():
            everywhere = numbers == zones[region]
            places[name].append(region if everywhere else f"{region}:{''.join(sorted(numbers))}")
    types = defaultdict(list)
    for name in sorted(places):
        types[" ".join(places[name])].append(name)
    out.write(INTRODUCTION + "types\tplaces\n")
    for place, names in types.items():
        out.write(f"{' '.join(names)}\t{place}\n")


def read_table(lines, zones):
    offers = {region: {} for region in zones}
    rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    for names, places in rows[1:]:
        for name in names.split():
            for place in places.split():
                region, _, numbers = place.partition(":")
                assert name not in offers[region], f"{name} is on two lines"
                offers[region][name] = set(numbers) or zones[region]
    return offers


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source", help="folder with the offers of each region, by zone id")
    arguments.add_argument("--verify", metavar="TABLE", help="compare this table with the source")
    options = arguments.parse_args()
    offers, zones = read_source(options.source)
    if not options.verify:
        return write_table(offers, zones, sys.stdout)
    with open(options.verify, encoding="utf-8") as table:
        actual = read_table(table, zones)
    different = [region for region in sorted(offers) if offers[region] != actual[region]]
    print(f"{len(offers)} regions, {sum(map(len, offers.values()))} offers; differing regions: {different or 'none'}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
