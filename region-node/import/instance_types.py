#!/usr/bin/env python3
"""Writes region-node/data/instance_types.tsv from answers of DescribeInstanceTypes.

    instance_types.py SOURCE > instance_types.tsv
    instance_types.py SOURCE --verify instance_types.tsv

SOURCE is JSON, gzipped or not: an object {instance type: InstanceTypeInfo}, or a list of them. `--verify` decodes the
table and compares each type with SOURCE, down to the kind of each number; it prints what differs and fails.

A column is declared once, in COLUMNS: name, value of an empty cell, meaning, how it is read from an InstanceTypeInfo
and how it is put back; cells.py has the syntaxes that take more than a line. A fact that no column can carry makes
`--verify` fail, so a new field of the API is noticed.
"""

import argparse
import gzip
import json
import sys
from typing import Callable, NamedTuple

import cells
from cells import get, number, put


class Column(NamedTuple):
    name: str
    default: str
    meaning: str
    encode: Callable[[dict], str]
    decode: Callable[[str, dict], None]


def word(name, default, path, meaning, read=str):
    """One scalar, as it is. `-` stands for absent, where the default is something else."""
    absent = "-" if default else ""

    def encode(info):
        value = get(info, path)
        return absent if value is None else number(value) if isinstance(value, float) else str(value)

    def decode(cell, info):
        if cell != absent:
            put(info, path, read(cell))

    return Column(name, default, meaning, encode, decode)


def words(name, default, path, meaning, read=str):
    """A list of scalars, with commas. An empty cell without a default is an absent list."""

    def decode(cell, info):
        if cell:
            put(info, path, [read(item) for item in cell.split(",")])

    return Column(name, default, meaning, lambda info: ",".join(map(str, get(info, path, []))), decode)


def flags(name, meaning, letters):
    """One letter for each fact that holds. A fact is a path and the values it has when it holds and when not."""

    def encode(info):
        return "".join(letter for letter, (path, yes, _) in letters.items() if get(info, path) == yes)

    def decode(cell, info):
        for letter, (path, yes, no) in letters.items():
            value = yes if letter in cell else no
            if value is not None:
                put(info, path, value)

    listed = " ".join(f"{letter}={path.rpartition('.')[2]}" for letter, (path, _, _) in letters.items())
    return Column(name, "", f"{meaning}: {listed}", encode, decode)


def yes_no(path):
    return path, True, False


def supported(path):
    return path, "supported", "unsupported"


def accelerators(name, field, devices, total, meaning):
    """`count*maker:name@MiB`; the total is count times memory."""

    def encode(info):
        return ";".join(
            f"{d['Count']}*{d['Manufacturer']}:{d['Name']}@{d['MemoryInfo']['SizeInMiB']}"
            for d in get(info, f"{field}.{devices}", [])
        )

    def decode(cell, info):
        found = []
        for text in filter(None, cell.split(";")):
            count, _, rest = text.partition("*")
            maker, _, rest = rest.partition(":")
            label, _, memory = rest.rpartition("@")
            found.append(
                {"Count": int(count), "Manufacturer": maker, "Name": label, "MemoryInfo": {"SizeInMiB": int(memory)}}
            )
        if found:
            info[field] = {devices: found, total: sum(d["Count"] * d["MemoryInfo"]["SizeInMiB"] for d in found)}

    return Column(name, "", meaning, encode, decode)


COLUMNS = [
    word("name", "", "InstanceType", "the type; lines are sorted by it"),
    flags(
        "flags",
        "a letter for each that holds",
        {
            "c": yes_no("CurrentGeneration"),
            "f": yes_no("FreeTierEligible"),
            "b": yes_no("BareMetal"),
            "h": yes_no("HibernationSupported"),
            "t": yes_no("BurstablePerformanceSupported"),
            "d": yes_no("DedicatedHostsSupported"),
            "r": yes_no("AutoRecoverySupported"),
            "m": supported("RebootMigrationSupport"),
            "e": supported("NitroEnclavesSupport"),
            "p": supported("PhcSupport"),
        },
    ),
    words("tpm", "", "NitroTpmInfo.SupportedVersions", "Nitro TPM versions; empty: unsupported"),
    words("usage", "on-demand,spot", "SupportedUsageClasses", "usage classes"),
    words("root", "ebs", "SupportedRootDeviceTypes", "root device types"),
    words("virtualization", "hvm", "SupportedVirtualizationTypes", "virtualization types"),
    words("boot", "legacy-bios,uefi", "SupportedBootModes", "boot modes"),
    words("placement", "cluster,partition,spread", "PlacementGroupInfo.SupportedStrategies", "placement strategies"),
    word("hypervisor", "nitro", "Hypervisor", "hypervisor; -: none"),
    words("arch", "x86_64", "ProcessorInfo.SupportedArchitectures", "architectures"),
    word("maker", "Intel", "ProcessorInfo.Manufacturer", "maker of the processor"),
    word("ghz", "", "ProcessorInfo.SustainedClockSpeedInGhz", "clock speed; empty: not told", float),
    words("cpu_features", "", "ProcessorInfo.SupportedFeatures", "additional processor features"),
    Column("cpu", "", "default cores x threads per core; vCPUs are the product", cells.encode_cpu, cells.decode_cpu),
    Column(
        "valid_cores",
        "",
        "valid core counts: 1-4 is 1,2,3,4; 2-8/2 is 2,4,6,8; empty: not told",
        cells.encode_valid_cores,
        cells.decode_valid_cores,
    ),
    words("valid_threads", "", "VCpuInfo.ValidThreadsPerCore", "valid threads per core; empty: not told", int),
    word("memory", "", "MemoryInfo.SizeInMiB", "memory, MiB", int),
    Column(
        "disks",
        "",
        "instance store: 2x1900ssd is two SSDs of 1900 GB; the total is the sum; empty: none",
        cells.encode_disks,
        cells.decode_disks,
    ),
    Column(
        "disk_options",
        "required/required",
        "NVMe support / encryption support of the disks, if there are disks",
        cells.encode_disk_options,
        cells.decode_disk_options,
    ),
    word("ebs_optimized", "default", "EbsInfo.EbsOptimizedSupport", "EBS optimization"),
    word("ebs_encryption", "supported", "EbsInfo.EncryptionSupport", "EBS encryption"),
    word("ebs_nvme", "required", "EbsInfo.NvmeSupport", "EBS over NVMe"),
    Column(
        "ebs_attachments",
        "",
        "most volumes, then s: limit shared with interfaces, or d: dedicated",
        cells.encode_ebs_attachments,
        cells.decode_ebs_attachments,
    ),
    Column(
        "ebs_speed",
        "",
        "Mbps/IOPS, each baseline..maximum or one number for both; MB/s is Mbps / 8, else written after =; empty: not told",
        cells.encode_ebs_speed_cell,
        cells.decode_ebs_speed_cell,
    ),
    Column("ebs_cards", "", "speed of each EBS card, with ; between, 2*speed for two equal ones", cells.encode_ebs_cards, cells.decode_ebs_cards),
    Column(
        "net",
        "",
        "network performance: 25 is '25 Gigabit', ~25 'Up to 25 Gigabit', 4x100 '4x 100 Gigabit', words stay",
        lambda info: cells.encode_performance(info["NetworkInfo"]["NetworkPerformance"]),
        lambda cell, info: put(info, "NetworkInfo.NetworkPerformance", cells.decode_performance(cell)),
    ),
    Column(
        "net_cards",
        "",
        "each card, with ; between, 16*card for sixteen equal ones. A card is performance/interfaces/Gbps/queues: performance"
        " as in `net`, empty: the same; interfaces 15 or 15+4, where 4 more are flexible; Gbps baseline..peak; ENA queues"
        " default per interface:most:most per interface, where the last two may lack. The most interfaces are the sum",
        cells.encode_net_cards,
        cells.decode_net_cards,
    ),
    Column(
        "addresses",
        "",
        "addresses per interface: IPv4, then /IPv6 if it differs; /0: no IPv6",
        cells.encode_addresses,
        cells.decode_addresses,
    ),
    flags(
        "net_flags",
        "a letter for each that holds",
        {
            "k": yes_no("NetworkInfo.EncryptionInTransitSupported"),
            "x": yes_no("NetworkInfo.EnaSrdSupported"),
            "q": supported("NetworkInfo.FlexibleEnaQueuesSupport"),
            "s": yes_no("NetworkInfo.SecondaryNetworkSupported"),
        },
    ),
    word("ena", "required", "NetworkInfo.EnaSupport", "ENA support"),
    word(
        "efa",
        "",
        "NetworkInfo.EfaInfo.MaximumEfaInterfaces",
        "most EFA interfaces; empty: EFA is not supported",
    )._replace(decode=cells.decode_efa),
    word("default_card", "0", "NetworkInfo.DefaultNetworkCardIndex", "default network card", int),
    words("weightings", "", "NetworkInfo.BandwidthWeightings", "bandwidth weightings"),
    Column(
        "timeouts",
        "432000/30/180",
        "connection tracking, seconds: TCP established/UDP/UDP stream",
        cells.encode_timeouts,
        cells.decode_timeouts,
    ),
    word(
        "secondary_ipv4",
        "",
        "NetworkInfo.Ipv4AddressesPerSecondaryInterface",
        "IPv4 addresses per interface of a secondary network; empty: not told",
        int,
    ),
    Column(
        "gpus",
        "",
        "count*maker:name@MiB/workloads; a part of a GPU is count:logical GPUs x partition size*...;"
        " the total is logical GPUs times memory",
        cells.encode_gpus,
        cells.decode_gpus,
    ),
    accelerators("fpgas", "FpgaInfo", "Fpgas", "TotalFpgaMemoryInMiB", "FPGAs: count*maker:name@MiB each"),
    accelerators(
        "inference",
        "InferenceAcceleratorInfo",
        "Accelerators",
        "TotalInferenceMemoryInMiB",
        "inference accelerators, as FPGAs",
    ),
    accelerators("media", "MediaAcceleratorInfo", "Accelerators", "TotalMediaMemoryInMiB", "media accelerators, as FPGAs"),
    Column(
        "neuron",
        "",
        "Neuron devices: count*name@MiB/cores per device v core version",
        cells.encode_neuron,
        cells.decode_neuron,
    ),
]

INTRODUCTION = """\
# Instance types as DescribeInstanceTypes tells them. Written by import/instance_types.py; do not edit by hand.
# One line per type, cells with tabs between. An empty cell means the default that stands in [] below, if there is one.
# Lists have commas between. Totals, counts and other facts that follow from a cell have no cell of their own.
#"""


def write_table(types, out):
    print(INTRODUCTION, file=out)
    for column in COLUMNS:
        default = f" [{column.default}]" if column.default else ""
        print(f"# {column.name}{default}: {column.meaning}", file=out)
    print("\t".join(column.name for column in COLUMNS), file=out)
    for name in sorted(types):
        row = [column.encode(types[name]) for column in COLUMNS]
        print("\t".join("" if cell == column.default else cell for cell, column in zip(row, COLUMNS)), file=out)


def read_table(lines):
    rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    header = [column.name for column in COLUMNS]
    if rows.pop(0) != header:
        sys.exit("the header line does not name the columns of this script")
    types = {}
    for row in rows:
        info = {}
        for column, cell in zip(COLUMNS, row, strict=True):
            column.decode(cell or column.default, info)
        info["NitroTpmSupport"] = "supported" if "NitroTpmInfo" in info else "unsupported"
        types[info["InstanceType"]] = info
    return types


def read_source(path):
    with open(path, "rb") as file:
        data = file.read()
    source = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    infos = source.values() if isinstance(source, dict) else source
    return {info["InstanceType"]: info for info in infos}


def verify(expected, actual):
    """Names of the types that the table lacks, adds or tells otherwise."""

    def as_text(info):
        return json.dumps(info, sort_keys=True)

    return [
        name
        for name in sorted(expected.keys() | actual.keys())
        if as_text(expected.get(name)) != as_text(actual.get(name))
    ]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source", help="answers of DescribeInstanceTypes as JSON, gzipped or not")
    arguments.add_argument("--verify", metavar="TABLE", help="compare this table with the source")
    options = arguments.parse_args()
    types = read_source(options.source)
    if not options.verify:
        return write_table(types, sys.stdout)
    with open(options.verify, encoding="utf-8") as table:
        actual = read_table(table)
    different = verify(types, actual)
    for name in different:
        print(f"{name}\n  source {json.dumps(types.get(name), sort_keys=True)}\n  table  {json.dumps(actual.get(name), sort_keys=True)}")
    print(f"{len(types)} types in the source, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
