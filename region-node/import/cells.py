"""How each cell of instance_types.tsv is written and read: a pair of functions per syntax.

`encode_*` takes an InstanceTypeInfo and returns the text of the cell; `decode_*` puts the facts of a cell back into one.
The header of the table describes each syntax.
"""

from itertools import groupby


def get(info, path, fallback=None):
    for key in path.split("."):
        if key not in info:
            return fallback
        info = info[key]
    return info


def put(info, path, value):
    *parents, last = path.split(".")
    for key in parents:
        info = info.setdefault(key, {})
    info[last] = value


def number(value):
    """2.0 -> '2', 0.75 -> '0.75'"""
    return repr(value).removesuffix(".0")


def span(low, high):
    return number(low) if low == high else f"{number(low)}..{number(high)}"


def unspan(text):
    low, _, high = text.partition("..")
    return low, high or low


def encode_cpu(info):
    return f"{info['VCpuInfo']['DefaultCores']}x{info['VCpuInfo']['DefaultThreadsPerCore']}"


def decode_cpu(cell, info):
    cores, threads = map(int, cell.split("x"))
    info["VCpuInfo"] = {"DefaultVCpus": cores * threads, "DefaultCores": cores, "DefaultThreadsPerCore": threads}


def encode_valid_cores(info):
    """The longest even steps from the left: 1,2,3,4 -> 1-4; 2,4,6 -> 2-6/2."""
    rest, parts = get(info, "VCpuInfo.ValidCores", []), []
    while rest:
        step = rest[1] - rest[0] if len(rest) > 1 else 1
        length = 1
        while length < len(rest) and rest[length] - rest[length - 1] == step:
            length += 1
        if length < 3:
            length, part = 1, str(rest[0])
        else:
            part = f"{rest[0]}-{rest[length - 1]}" + (f"/{step}" if step != 1 else "")
        parts.append(part)
        rest = rest[length:]
    return ",".join(parts)


def decode_valid_cores(cell, info):
    cores = []
    for part in filter(None, cell.split(",")):
        bounds, _, step = part.partition("/")
        low, _, high = bounds.partition("-")
        cores.extend(range(int(low), int(high or low) + 1, int(step or 1)))
    if cores:
        put(info, "VCpuInfo.ValidCores", cores)


def encode_disks(info):
    disks = get(info, "InstanceStorageInfo.Disks", [])
    return ";".join(f"{disk['Count']}x{disk['SizeInGB']}{disk['Type']}" for disk in disks)


def decode_disks(cell, info):
    disks = []
    for text in filter(None, cell.split(";")):
        count, size = text[:-3].split("x")
        disks.append({"Count": int(count), "SizeInGB": int(size), "Type": text[-3:]})
    info["InstanceStorageSupported"] = bool(disks)
    if disks:
        total = sum(disk["Count"] * disk["SizeInGB"] for disk in disks)
        info["InstanceStorageInfo"] = {"TotalSizeInGB": total, "Disks": disks}


def encode_ebs_attachments(info):
    return f"{info['EbsInfo']['MaximumEbsAttachments']}{info['EbsInfo']['AttachmentLimitType'][0]}"


def decode_ebs_attachments(cell, info):
    put(info, "EbsInfo.MaximumEbsAttachments", int(cell[:-1]))
    put(info, "EbsInfo.AttachmentLimitType", {"s": "shared", "d": "dedicated"}[cell[-1]])


def encode_ebs_speed(speed):
    def bandwidth(level):
        mbps, throughput = speed[f"{level}BandwidthInMbps"], speed[f"{level}ThroughputInMBps"]
        return str(mbps) if throughput == mbps / 8 else f"{mbps}={number(throughput)}"

    low, high = bandwidth("Baseline"), bandwidth("Maximum")
    return (low if low == high else f"{low}..{high}") + "/" + span(speed["BaselineIops"], speed["MaximumIops"])


def decode_ebs_speed(text):
    bandwidths, _, iops = text.partition("/")
    speed = {}
    for level, bandwidth, operations in zip(("Baseline", "Maximum"), unspan(bandwidths), unspan(iops)):
        mbps, _, throughput = bandwidth.partition("=")
        speed[f"{level}BandwidthInMbps"] = int(mbps)
        speed[f"{level}ThroughputInMBps"] = float(throughput) if throughput else int(mbps) / 8
        speed[f"{level}Iops"] = int(operations)
    return speed


def encode_ebs_speed_cell(info):
    speed = get(info, "EbsInfo.EbsOptimizedInfo")
    return encode_ebs_speed(speed) if speed else ""


def decode_ebs_speed_cell(cell, info):
    if cell:
        put(info, "EbsInfo.EbsOptimizedInfo", decode_ebs_speed(cell))


def repeated(texts):
    """Equal neighbours are written once: a;a;b -> 2*a;b."""
    runs = [(text, len(list(run))) for text, run in groupby(texts)]
    return ";".join(text if length == 1 else f"{length}*{text}" for text, length in runs)


def unrepeated(cell):
    for text in filter(None, cell.split(";")):
        count, star, rest = text.partition("*")
        yield from [rest] * int(count) if star else [text]


def encode_ebs_cards(info):
    return repeated(encode_ebs_speed(card) for card in get(info, "EbsInfo.EbsCards", []))


def decode_ebs_cards(cell, info):
    cards = [{"EbsCardIndex": at, **decode_ebs_speed(text)} for at, text in enumerate(unrepeated(cell))]
    if cards:
        put(info, "EbsInfo.MaximumEbsCards", len(cards))
        put(info, "EbsInfo.EbsCards", cards)


def encode_performance(text):
    """'25 Gigabit' -> 25, 'Up to 25 Gigabit' -> ~25, '4x 100 Gigabit' -> 4x100, other words stay."""
    if not text.endswith(" Gigabit"):
        return text
    text = text.removesuffix(" Gigabit").replace("x ", "x")
    return "~" + text.removeprefix("Up to ") if text.startswith("Up to ") else text


def decode_performance(code):
    if code.startswith("~"):
        return f"Up to {code[1:]} Gigabit"
    return f"{code.replace('x', 'x ')} Gigabit" if code[0].isdigit() else code


def encode_net_cards(info):
    network = info["NetworkInfo"]

    def card_text(card):
        performance = card["NetworkPerformance"]
        queues = [
            card.get(key, "")
            for key in ("DefaultEnaQueueCountPerInterface", "MaximumEnaQueueCount", "MaximumEnaQueueCountPerInterface")
        ]
        flexible = card.get("AdditionalFlexibleNetworkInterfaces", "")
        return "/".join(
            [
                "" if performance == network["NetworkPerformance"] else encode_performance(performance),
                f"{card['MaximumNetworkInterfaces']}" + (f"+{flexible}" if flexible != "" else ""),
                span(card["BaselineBandwidthInGbps"], card["PeakBandwidthInGbps"]),
                ":".join(map(str, queues)).rstrip(":"),
            ]
        )

    return repeated(card_text(card) for card in network["NetworkCards"])


def decode_net_cards(cell, info):
    network, cards = info["NetworkInfo"], []
    for at, text in enumerate(unrepeated(cell)):
        performance, interfaces, bandwidth, queues = text.split("/")
        interfaces, plus, flexible = interfaces.partition("+")
        baseline, peak = map(float, unspan(bandwidth))
        card = {
            "NetworkCardIndex": at,
            "NetworkPerformance": decode_performance(performance) if performance else network["NetworkPerformance"],
            "MaximumNetworkInterfaces": int(interfaces),
            "BaselineBandwidthInGbps": baseline,
            "PeakBandwidthInGbps": peak,
        }
        if plus:
            card["AdditionalFlexibleNetworkInterfaces"] = int(flexible)
        keys = ("DefaultEnaQueueCountPerInterface", "MaximumEnaQueueCount", "MaximumEnaQueueCountPerInterface")
        card.update({key: int(queue) for key, queue in zip(keys, queues.split(":")) if queue})
        cards.append(card)
    network["NetworkCards"] = cards
    network["MaximumNetworkCards"] = len(cards)
    network["MaximumNetworkInterfaces"] = sum(card["MaximumNetworkInterfaces"] for card in cards)


def encode_addresses(info):
    network = info["NetworkInfo"]
    v4, v6 = network["Ipv4AddressesPerInterface"], network["Ipv6AddressesPerInterface"]
    return str(v4) if v4 == v6 else f"{v4}/{v6}"


def decode_addresses(cell, info):
    v4, _, v6 = cell.partition("/")
    network = info["NetworkInfo"]
    network["Ipv4AddressesPerInterface"] = int(v4)
    network["Ipv6AddressesPerInterface"] = int(v6 or v4)
    network["Ipv6Supported"] = int(v6 or v4) > 0


def decode_efa(cell, info):
    info["NetworkInfo"]["EfaSupported"] = bool(cell)
    if cell:
        put(info, "NetworkInfo.EfaInfo.MaximumEfaInterfaces", int(cell))


TIMEOUTS = ("DefaultTcpEstablishedTimeout", "DefaultUdpTimeout", "DefaultUdpStreamTimeout")


def encode_timeouts(info):
    return "/".join(str(info["NetworkInfo"]["ConnectionTrackingConfiguration"][key]) for key in TIMEOUTS)


def decode_timeouts(cell, info):
    put(info, "NetworkInfo.ConnectionTrackingConfiguration", dict(zip(TIMEOUTS, map(int, cell.split("/")))))


def encode_gpus(info):
    def gpu_text(gpu):
        count, logical, size = gpu["Count"], gpu["LogicalGpuCount"], gpu["GpuPartitionSize"]
        split = "" if (logical, size) == (count, 1.0) else f":{logical}x{number(size)}"
        memory, workloads = gpu["MemoryInfo"]["SizeInMiB"], ",".join(gpu["Workloads"])
        return f"{count}{split}*{gpu['Manufacturer']}:{gpu['Name']}@{memory}/{workloads}"

    return ";".join(gpu_text(gpu) for gpu in get(info, "GpuInfo.Gpus", []))


def decode_gpus(cell, info):
    gpus = []
    for text in filter(None, cell.split(";")):
        counts, _, rest = text.partition("*")
        count, _, split = counts.partition(":")
        logical, _, size = (split or f"{count}x1").partition("x")
        maker, _, rest = rest.partition(":")
        name, _, rest = rest.rpartition("@")
        memory, _, workloads = rest.partition("/")
        gpus.append(
            {
                "Name": name,
                "Manufacturer": maker,
                "Count": int(count),
                "LogicalGpuCount": int(logical),
                "GpuPartitionSize": float(size),
                "Workloads": workloads.split(","),
                "MemoryInfo": {"SizeInMiB": int(memory)},
            }
        )
    if gpus:
        total = sum(gpu["LogicalGpuCount"] * gpu["MemoryInfo"]["SizeInMiB"] for gpu in gpus)
        info["GpuInfo"] = {"Gpus": gpus, "TotalGpuMemoryInMiB": total}


def encode_neuron(info):
    return ";".join(
        f"{device['Count']}*{device['Name']}@{device['MemoryInfo']['SizeInMiB']}"
        f"/{device['CoreInfo']['Count']}v{device['CoreInfo']['Version']}"
        for device in get(info, "NeuronInfo.NeuronDevices", [])
    )


def decode_neuron(cell, info):
    devices = []
    for text in filter(None, cell.split(";")):
        count, _, rest = text.partition("*")
        name, _, rest = rest.partition("@")
        memory, _, cores = rest.partition("/")
        cores, _, version = cores.partition("v")
        devices.append(
            {
                "Name": name,
                "Count": int(count),
                "CoreInfo": {"Count": int(cores), "Version": int(version)},
                "MemoryInfo": {"SizeInMiB": int(memory)},
            }
        )
    if devices:
        total = sum(device["Count"] * device["MemoryInfo"]["SizeInMiB"] for device in devices)
        info["NeuronInfo"] = {"NeuronDevices": devices, "TotalNeuronDeviceMemoryInMiB": total}


def encode_disk_options(info):
    storage = get(info, "InstanceStorageInfo")
    return f"{storage['NvmeSupport']}/{storage['EncryptionSupport']}" if storage else "required/required"


def decode_disk_options(cell, info):
    if info["InstanceStorageSupported"]:
        nvme, encryption = cell.split("/")
        info["InstanceStorageInfo"].update(NvmeSupport=nvme, EncryptionSupport=encryption)
