#!/usr/bin/env python3
"""Writes proto/schema/ec2/v1/*.proto from the EC2 API models that botocore ships.

Only names, types and wire spellings are taken, for the actions that families.toml lists. Field
numbers of existing files are kept, since stores on disk hold messages; new fields get the next ones.

    pip install botocore && python3 proto/import/import.py
"""

import gzip
import json
import re
import tomllib
from pathlib import Path

import botocore

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "schema" / "ec2" / "v1"
ACTIONS = HERE.parent / "src" / "actions.txt"
CURRENT, REFERENCE = "2016-11-15", "2014-10-01"
MOST_VALUES = 40
SCALARS = {
    "string": "string", "integer": "int32", "long": "int64", "boolean": "bool",
    "double": "double", "float": "double", "timestamp": "int64", "blob": "bytes",
}


def model(version):
    folder = Path(botocore.__file__).parent / "data" / "ec2" / version
    packed = folder / "service-2.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((folder / "service-2.json").read_text())


def snake(name):
    """VpcId -> vpc_id, EbsOptimized -> ebs_optimized, DNSName -> dns_name."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def camel(field):
    return "".join(part[:1].upper() + part[1:] for part in field.split("_"))


def lower_first(name):
    return name[:1].lower() + name[1:]


def upper_first(name):
    return name[:1].upper() + name[1:]


def query_name(member, trait):
    return trait.get("queryName") or upper_first(trait.get("locationName", member))


def xml_name(member, trait):
    return trait.get("locationName", member)


class Importer:
    def __init__(self, config):
        self.config = config
        self.shapes = model(CURRENT)["shapes"]
        self.operations = model(CURRENT)["operations"]
        self.old = model(REFERENCE)
        self.inputs, self.outputs, self.families_of = set(), set(), {}
        self.responses = set()
        self.empty = {}
        self.twins, self.numbered = {}, set()

    def structures(self, shape, seen):
        """The structures reachable from a shape, the shape itself included."""
        body = self.shapes[shape]
        if body["type"] == "list":
            self.structures(body["member"]["shape"], seen)
        elif body["type"] == "structure" and shape not in seen:
            seen.add(shape)
            for trait in body["members"].values():
                self.structures(trait["shape"], seen)
        return seen

    def input_of(self, action):
        return self.operations[action].get("input", {}).get("shape") or f"{action}Request"

    def output_of(self, action):
        return self.operations[action].get("output", {}).get("shape") or f"{action}Response"

    def survey(self):
        """Which structures exist, in which direction each travels, and which families use it."""
        for family, actions in self.config["families"].items():
            for action in actions:
                for shape, direction in ((self.input_of(action), self.inputs), (self.output_of(action), self.outputs)):
                    if shape not in self.shapes:
                        self.shapes[shape] = {"type": "structure", "members": {}}
                    found = self.structures(shape, set())
                    direction |= found
                    for name in found:
                        self.families_of.setdefault(name, set()).add(family)
                self.responses.add(self.output_of(action))
                self.restore_members(action)

    def restore_members(self, action):
        """Parameters of the 2014-10-01 reference that the current model has dropped."""
        old = self.old["operations"].get(action)
        if not old or "input" not in old:
            return
        members = self.shapes[self.input_of(action)]["members"]
        known = {query_name(m, t) for m, t in members.items()} | set(members)
        for member, trait in self.old["shapes"][old["input"]["shape"]]["members"].items():
            if member not in known and query_name(member, trait) not in known:
                if trait["shape"] in self.shapes:
                    members[member] = trait
                else:
                    print(f"left out: {action}.{member}, a type of {REFERENCE} only")

    def pair(self, shape, model):
        """Structures that say the same in different places: their fields of one name get one number, so that a
        message of the one can be read as the other."""
        if shape == model or shape in self.twins or shape not in self.families_of or model not in self.families_of:
            return
        self.twins[shape] = model
        of_model = {snake(m): t for m, t in self.shapes[model]["members"].items()}
        for member, trait in self.shapes[shape]["members"].items():
            if other := of_model.get(snake(member)):
                inner, model_inner = self.element(trait["shape"]), self.element(other["shape"])
                if self.shapes[inner]["type"] == self.shapes[model_inner]["type"] == "structure":
                    self.pair(inner, model_inner)

    def element(self, shape):
        body = self.shapes[shape]
        return self.element(body["member"]["shape"]) if body["type"] == "list" else shape

    def alike(self, shape, model):
        """Whether a field of the one type can be read as one of the other."""
        a, b = self.shapes[shape], self.shapes[model]
        if (a["type"] == "list") != (b["type"] == "list"):
            return False
        a, b = self.shapes[self.element(shape)], self.shapes[self.element(model)]
        return SCALARS.get(a["type"], "message") == SCALARS.get(b["type"], "message")

    def number(self, shape, numbers):
        """Gives each field of a message its number, once and for all."""
        if shape in self.numbered:
            return
        self.numbered.add(shape)
        known = numbers.setdefault(shape, {})
        taken, model = set(known.values()), self.twins.get(shape)
        if model:
            self.number(model, numbers)
            of_model = {snake(m): t for m, t in self.shapes[model]["members"].items()}
            for member, trait in self.shapes[shape]["members"].items():
                field = snake(member)
                number = numbers[model].get(field)
                fits = field in of_model and self.alike(trait["shape"], of_model[field]["shape"])
                if field not in known and fits and number not in taken:
                    known[field] = number
                    taken.add(number)
            taken |= set(numbers[model].values())
        following = max(taken, default=0) + 1
        for member in self.shapes[shape]["members"]:
            if snake(member) not in known:
                known[snake(member)], following = following, following + 1

    def aliases(self, shape, member):
        names = list(self.config["aliases"].get(f"{shape}.{member}", []))
        trait = self.shapes[shape]["members"][member]
        old = self.old["shapes"].get(shape, {}).get("members", {}).get(member)
        if old and query_name(member, old) != query_name(member, trait):
            names.append(query_name(member, old))
        # A name that has become another member's is that one's.
        taken = {query_name(m, t) for m, t in self.shapes[shape]["members"].items()}
        return [name for name in names if name not in taken]

    def options(self, shape, member, field):
        trait = self.shapes[shape]["members"][member]
        body = self.shapes[trait["shape"]]
        element = self.shapes[body["member"]["shape"]] if body["type"] == "list" else body
        options = []
        if shape in self.inputs:
            query = query_name(member, trait)
            if query != camel(field):
                options.append(f'(ec2.query) = "{query}"')
            options += [f'(ec2.alias) = "{name}"' for name in self.aliases(shape, member)]
            if member in self.shapes[shape].get("required", []):
                options.append("(ec2.required) = true")
            values = element.get("enum", []) + self.config["values"].get(f"{shape}.{member}", [])
            if 0 < len(values) <= MOST_VALUES:
                options += [f'(ec2.values) = "{value}"' for value in values]
        if shape in self.outputs:
            xml = xml_name(member, trait)
            if xml != lower_first(camel(field)):
                options.append(f'(ec2.xml) = "{xml}"')
            old = self.old["shapes"].get(shape, {}).get("members", {})
            lists, name = self.config["lists"], f"{shape}.{member}"
            kept = name in lists["keep_empty"] or (member in old and name not in lists["omit_empty"])
            # A response may be an element of another's list too, as a reservation is.
            nested = shape not in self.responses or name in lists["keep_empty"]
            if body["type"] == "list" and nested and kept:
                options.append("(ec2.keep_empty) = true")
            if body["type"] == "list" and shape in self.responses and name in lists["omit_empty_response"]:
                options.append("(ec2.omit_empty) = true")
        if element["type"] == "timestamp":
            options.append("(ec2.timestamp) = true")
        if element.get("sensitive") or body.get("sensitive"):
            options.append("(ec2.sensitive) = true")
        return options

    def type_of(self, shape):
        body = self.shapes[shape]
        if body["type"] == "list":
            return "repeated " + self.type_of(body["member"]["shape"])
        return SCALARS.get(body["type"], shape)

    def message(self, shape, numbers):
        lines = [f"message {shape} {{"]
        if shape in self.returns_true:
            lines.append("  option (ec2.returns_true) = true;")
        self.number(shape, numbers)
        fields = []
        for member in self.shapes[shape]["members"]:
            field = snake(member)
            number = numbers[shape][field]
            kind = self.type_of(self.shapes[shape]["members"][member]["shape"])
            label = "" if kind.startswith("repeated ") or kind[0].isupper() else "optional "
            options = self.options(shape, member, field)
            suffix = f" [{', '.join(options)}]" if options else ""
            fields.append((number, f"  {label}{kind} {field} = {number}{suffix};"))
        lines += [line for _, line in sorted(fields)]
        return "\n".join(lines + ["}"])

    def run(self):
        self.survey()
        self.returns_true = {
            self.output_of(action)
            for actions in self.config["families"].values()
            for action in actions
            if not self.shapes[self.output_of(action)]["members"] or action in self.config["returns_true"]["also"]
        }
        numbers = existing_numbers()
        for shape, twin in self.config["twins"].items():
            self.pair(shape, twin)
        for family, actions in self.config["families"].items():
            own = sorted(s for s, users in self.families_of.items() if users == {family})
            service = [f"service {camel(family)}Service {{"]
            service += [f"  rpc {a}({self.input_of(a)}) returns ({self.output_of(a)});" for a in actions]
            service.append("}")
            write(family, ["\n".join(service)] + [self.message(s, numbers) for s in own])
        shared = sorted(s for s, users in self.families_of.items() if len(users) > 1)
        write("common", [self.message(s, numbers) for s in shared])
        ACTIONS.write_text("".join(f"{action}\n" for action in sorted({*self.operations, *self.old["operations"]})))
        print(f"{sum(map(len, self.config['families'].values()))} actions, {len(self.families_of)} messages")


def existing_numbers():
    """{message: {field: number}} of the files as they stand."""
    numbers = {}
    for path in SCHEMA.glob("*.proto"):
        message = None
        for line in path.read_text().splitlines():
            if opened := re.match(r"message (\w+) \{", line):
                message = numbers.setdefault(opened[1], {})
            elif (field := re.match(r"  (?:optional |repeated )?\w+ (\w+) = (\d+)", line)) and message is not None:
                message[field[1]] = int(field[2])
    return numbers


def write(name, blocks):
    imports = ['import "ec2/options.proto";'] + ([] if name == "common" else ['import "ec2/v1/common.proto";'])
    head = ['// Written by proto/import/import.py. Do not edit.\nsyntax = "proto3";', "package ec2.v1;", "\n".join(imports)]
    (SCHEMA / f"{name}.proto").write_text("\n\n".join(head + blocks) + "\n")


if __name__ == "__main__":
    Importer(tomllib.loads((HERE / "families.toml").read_text())).run()
