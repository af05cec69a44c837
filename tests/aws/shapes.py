# SPDX-License-Identifier: BSD-2-Clause
"""AWS's protocols the server's way round, by botocore's service models: what a client sent becomes
parameters (anything that the model does not have is refused), and results become what AWS sends."""
import base64
import binascii
import datetime
import functools
import json
import pathlib
import re
import urllib.parse
import xml.etree.ElementTree

import botocore.loaders
import botocore.model

VERSIONS = {"route53": "2013-04-01", "sqs": "2012-11-05", "ecs": "2014-11-13",
            "elbv2": "2015-12-01", "cloudwatch": "2010-08-01", "sts": "2011-06-15",
            "dynamodb": "2012-08-10"}
# What a signature's scope and an IAM action call them.
SIGNING_NAMES = {"elbv2": "elasticloadbalancing", "cloudwatch": "monitoring"}
ACTION_PREFIXES = {"elbv2": "elasticloadbalancing"}
# SQS speaks JSON too, which this botocore's model does not know.
SQS_TARGET = "AmazonSQS"
HERE = pathlib.Path(__file__).parent


class Refused(Exception):
    """A request that AWS answers with an error. Malformed: no client that knows the model sends it."""

    def __init__(self, code, text, status=400, malformed=False, details=None):
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.status = code, text, status
        self.malformed, self.details = malformed, details or {}


class Malformed(Exception):
    """What was sent does not have the form that the model gives it."""


@functools.lru_cache(maxsize=None)
def model(service):
    document = botocore.loaders.Loader().load_service_model(service, "service-2",
                                                            VERSIONS[service])
    additions = HERE / f"{service}_additions.json"
    if additions.exists():
        more = json.loads(additions.read_text())
        document = {**document,
                    "operations": {**more["operations"], **document["operations"]},
                    "shapes": {**more["shapes"], **document["shapes"]}}
    return botocore.model.ServiceModel(document, service_name=service)


def signing_name(service):
    return SIGNING_NAMES.get(service, service)


def action(service, operation):
    return f"{ACTION_PREFIXES.get(service, service)}:{operation}"


def wire_name(shape, name):
    return shape.serialization.get("name", name)


# --- what a client sent ---


def from_json(shape, value, where=""):
    """A JSON document as parameters."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise Malformed(f"{where or 'the body'} is no object")
        # Members' own names: those for the query protocol (SQS) are not JSON's.
        unknown = sorted(set(value) - set(shape.members))
        if unknown:
            raise Malformed(f"unknown member {where}.{unknown[0]}".replace(" .", " "))
        return {key: from_json(shape.members[key], inner, f"{where}.{key}")
                for key, inner in value.items() if inner is not None}
    if kind == "list":
        if not isinstance(value, list):
            raise Malformed(f"{where} is no list")
        return [from_json(shape.member, inner, f"{where}[{index}]")
                for index, inner in enumerate(value)]
    if kind == "map":
        if not isinstance(value, dict):
            raise Malformed(f"{where} is no map")
        return {key: from_json(shape.value, inner, f"{where}.{key}")
                for key, inner in value.items()}
    if kind in ("string", "character", "blob"):
        if not isinstance(value, str):
            raise Malformed(f"{where} is no string")
        return scalar(shape, value, where) if kind == "blob" else value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise Malformed(f"{where} is no boolean")
        return value
    if kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Malformed(f"{where} is no integer")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed(f"{where} is no number")
    return value


def scalar(shape, text, where):
    """A text of a form, of XML, of a query string."""
    kind = shape.type_name
    try:
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        if kind in ("integer", "long"):
            if not re.fullmatch(r"-?[0-9]+", text):
                raise ValueError
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "blob":
            return base64.b64decode(text, validate=True)
        if kind == "timestamp":
            return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (KeyError, ValueError, binascii.Error):
        raise Malformed(f"{where}: {text!r} is no {kind}") from None
    return text


def form_tree(pairs):
    """{"A.1.B": "x"} as {"A": {"1": {"B": "x"}}}."""
    tree = {}
    for key, value in pairs:
        *parents, last = key.split(".")
        node = tree
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise Malformed(f"{key} is below a value")
        if last in node:
            raise Malformed(f"{key} is there twice")
        node[last] = value
    return tree


def numbered(node, where):
    """The elements of {"1": …, "2": …}."""
    if not isinstance(node, dict):
        raise Malformed(f"{where} is no list")
    if sorted(node) != sorted(str(number + 1) for number in range(len(node))):
        raise Malformed(f"{where} is not numbered from 1 without gaps")
    return [node[str(number + 1)] for number in range(len(node))]


def from_form(shape, node, where=""):
    """A part of a form's tree as parameters (query protocol)."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(node, dict):
            raise Malformed(f"{where} is no structure")
        members = {}
        for name, member in shape.members.items():
            key = wire_name(member, name)
            if member.type_name in ("list", "map") and member.serialization.get("flattened"):
                inner = getattr(member, "member", member)
                key = wire_name(inner, key) if member.type_name == "list" else key
            members[key] = name
        unknown = sorted(set(node) - set(members))
        if unknown:
            raise Malformed(f"unknown parameter {where}.{unknown[0]}".replace(" .", " "))
        return {members[key]: from_form(shape.members[members[key]], inner, f"{where}.{key}")
                for key, inner in node.items()}
    if kind == "list":
        if node == "":
            return []
        if not shape.serialization.get("flattened"):
            element = wire_name(shape.member, "member")
            if not isinstance(node, dict) or set(node) != {element}:
                raise Malformed(f"{where} is no list of .{element}.")
            node = node[element]
        return [from_form(shape.member, inner, f"{where}.{index + 1}")
                for index, inner in enumerate(numbered(node, where))]
    if kind == "map":
        if not shape.serialization.get("flattened"):
            if not isinstance(node, dict) or set(node) != {"entry"}:
                raise Malformed(f"{where} is no map of .entry.")
            node = node["entry"]
        key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
        found = {}
        for entry in numbered(node, where):
            if not isinstance(entry, dict) or set(entry) != {key_name, value_name}:
                raise Malformed(f"an entry of {where} has not {key_name} and {value_name}")
            found[entry[key_name]] = from_form(shape.value, entry[value_name], where)
        return found
    if not isinstance(node, str):
        raise Malformed(f"{where} is no {kind}")
    return scalar(shape, node, where)


def local(tag, namespace):
    """An element's name, which must be in the namespace."""
    expected = "{%s}" % namespace
    if not tag.startswith(expected):
        raise Malformed(f"cvc-elt.1: Cannot find the declaration of element '{tag}'.")
    return tag[len(expected):]


def from_xml(shape, element, namespace):
    """An element as parameters (REST-XML)."""
    kind, where = shape.type_name, element.tag.split("}")[-1]
    if kind == "structure":
        members = {wire_name(member, name): name for name, member in shape.members.items()
                   if "location" not in member.serialization}
        found = {}
        for child in element:
            key = local(child.tag, namespace)
            if key not in members:
                raise Malformed(f"cvc-complex-type.2.4.a: Invalid content was found starting with "
                                f"element '{key}'.")
            if members[key] in found:
                raise Malformed(f"cvc-complex-type.2.4.d: Invalid content was found starting with "
                                f"element '{key}'. No child element is expected at this point.")
            found[members[key]] = from_xml(shape.members[members[key]], child, namespace)
        if (element.text or "").strip():
            raise Malformed(f"cvc-complex-type.2.3: Element '{where}' cannot have character "
                            "[children], because the type's content type is element-only.")
        return found
    if kind == "list":
        name = wire_name(shape.member, "member")
        for child in element:
            if local(child.tag, namespace) != name:
                raise Malformed(f"cvc-complex-type.2.4.a: Invalid content was found starting with "
                                f"element '{child.tag.split('}')[-1]}'. One of "
                                f"'{{\"{namespace}\":{name}}}' is expected.")
        if not len(element):
            raise Malformed(f"cvc-complex-type.2.4.b: The content of element '{where}' is not "
                            f"complete. One of '{{\"{namespace}\":{name}}}' is expected.")
        return [from_xml(shape.member, child, namespace) for child in element]
    if len(element):
        raise Malformed(f"cvc-type.3.1.2: Element '{where}' is a simple type, so it must have no "
                        "element information item [children].")
    return scalar(shape, element.text or "", where)


def rest_request(operation, method, path, query, body):
    """The parameters of a REST-XML request for this operation, or None: it is for another one."""
    pattern, _, _ = operation.http["requestUri"].partition("?")
    if method != operation.http["method"]:
        return None
    names = re.findall(r"\{(\w+)\+?\}", pattern)
    expression = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(pattern).rstrip("/"))
    found = re.fullmatch(expression + "/?", path)
    if not found:
        return None
    shape = operation.input_shape
    parts = dict(zip(names, (urllib.parse.unquote(part) for part in found.groups())))
    values = {}
    places = {"uri": parts, "querystring": dict(query)}
    known = {"uri": set(), "querystring": set()}
    for name, member in (shape.members.items() if shape else ()):
        place = member.serialization.get("location")
        if place in places:
            key = wire_name(member, name)
            known[place].add(key)
            if key in places[place]:
                values[name] = scalar(member, places[place][key], key)
    unknown = sorted(set(places["querystring"]) - known["querystring"])
    if unknown:
        raise Malformed(f"unknown parameter {unknown[0]}")
    if len(places["querystring"]) != len(query):
        raise Malformed("a parameter is there twice")
    values.update(rest_body(operation, body))
    return values


def rest_body(operation, body):
    root_name = operation.input_shape and operation.input_shape.serialization.get("name")
    if not root_name or operation.http["method"] == "GET":
        if body:
            raise Malformed("a body where none is expected")
        return {}
    namespace = operation.input_shape.serialization["xmlNamespace"]["uri"]
    try:
        root = xml.etree.ElementTree.fromstring(body)
    except xml.etree.ElementTree.ParseError as error:
        raise Malformed(f"javax.xml.stream.XMLStreamException: {error}") from None
    if local(root.tag, namespace) != root_name:
        raise Malformed(f"cvc-elt.1: Cannot find the declaration of element '{root.tag}'.")
    return from_xml(operation.input_shape, root, namespace)


# --- constraints ---


def lower(path, name):
    return f"{path}.{name}" if path else name


def violations(shape, value, path="", loose=()):
    """What the model's constraints say against it, as AWS words it. loose: names of shapes whose
    list of values is not to be looked at."""
    kind, found = shape.type_name, []

    def complain(text, shown=None):
        shown = value if shown is None else shown
        found.append(f"Value '{shown}' at '{path}' failed to satisfy constraint: {text}")

    if kind == "structure":
        for name in shape.required_members:
            if name not in value:
                found.append(f"Value null at '{lower(path, name[0].lower() + name[1:])}' failed to "
                             "satisfy constraint: Member must not be null")
        for name, inner in value.items():
            found += violations(shape.members[name], inner,
                                lower(path, name[0].lower() + name[1:]), loose)
        return found
    length = len(value) if kind in ("string", "list", "map", "blob") else None
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if length is not None:
        if least is not None and length < least:
            complain(f"Member must have length greater than or equal to {least}")
        if most is not None and length > most:
            complain(f"Member must have length less than or equal to {most}")
    elif kind in ("integer", "long", "float", "double"):
        if least is not None and value < least:
            complain(f"Member must have value greater than or equal to {least}")
        if most is not None and value > most:
            complain(f"Member must have value less than or equal to {most}")
    if kind == "list":
        for index, inner in enumerate(value):
            found += violations(shape.member, inner, f"{path}.{index + 1}.member", loose)
    elif kind == "map":
        for key, inner in value.items():
            found += violations(shape.key, key, f"{path}.key", loose)
            found += violations(shape.value, inner, f"{path}.{key}", loose)
    elif kind == "string":
        allowed = getattr(shape, "enum", None)
        if allowed and value not in allowed and shape.name not in loose:
            complain(f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        if shape.metadata.get("pattern") and not matches(shape.metadata["pattern"], value):
            complain(f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}")
    return found


def matches(pattern, text):
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:  # Java's expressions, of which a few are not Python's
        return True


# --- what the server sends ---


def moment(value):
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value.astimezone(datetime.timezone.utc)


def to_json(shape, value):
    """A result as the model has it; a member that the model lacks is a fault of the double."""
    kind = shape.type_name
    if kind == "structure":
        lacking = set(value) - set(shape.members)
        assert not lacking, f"{shape.name} has no {lacking}"
        return {name: to_json(shape.members[name], inner)
                for name, inner in value.items() if inner is not None}
    if kind == "list":
        return [to_json(shape.member, inner) for inner in value]
    if kind == "map":
        return {key: to_json(shape.value, inner) for key, inner in value.items()}
    if kind == "timestamp":
        return moment(value).timestamp()
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def text_of(shape, value):
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return moment(value).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if kind == "blob":
        return base64.b64encode(value).decode()
    return str(value)


def to_xml(parent, shape, value, name):
    """Appends a result below parent."""
    kind = shape.type_name
    if kind == "list" and shape.serialization.get("flattened"):
        for inner in value:
            to_xml(parent, shape.member, inner, wire_name(shape.member, name))
        return
    if kind == "map" and shape.serialization.get("flattened"):
        for key, inner in value.items():
            entry = xml.etree.ElementTree.SubElement(parent, name)
            to_xml(entry, shape.key, key, wire_name(shape.key, "key"))
            to_xml(entry, shape.value, inner, wire_name(shape.value, "value"))
        return
    element = xml.etree.ElementTree.SubElement(parent, name)
    if kind == "structure":
        fill_xml(element, shape, value)
    elif kind == "list":
        for inner in value:
            to_xml(element, shape.member, inner, wire_name(shape.member, "member"))
    elif kind == "map":
        for key, inner in value.items():
            entry = xml.etree.ElementTree.SubElement(element, "entry")
            to_xml(entry, shape.key, key, wire_name(shape.key, "key"))
            to_xml(entry, shape.value, inner, wire_name(shape.value, "value"))
    else:
        element.text = text_of(shape, value)


def fill_xml(element, shape, value):
    lacking = set(value) - set(shape.members)
    assert not lacking, f"{shape.name} has no {lacking}"
    for name, member in shape.members.items():
        if value.get(name) is not None and "location" not in member.serialization:
            to_xml(element, member, value[name], wire_name(member, name))


def document(root):
    return xml.etree.ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
