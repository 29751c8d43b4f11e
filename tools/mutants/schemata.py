"""
All mutants in one source: each mutated place asks `Mut.on(id)` which text holds.

The places, their types and their limits come from the compiler's syntax tree. Mutants are of first order, so the text
of a mutant repeats the original text of its place, and only the unchanged branch holds the mutants further in.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tools.mutants.solidity import ROOT, Node, analysed, children, span

BASE = 0x4D757461_00000000  # "Muta": the address BASE + id switches a mutant on, BASE itself records what is reached

MUT = f"""// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

library Mut {{
    function on(uint256 id) internal view returns (bool yes) {{
        assembly ("memory-safe") {{
            let active := coinbase()
            yes := eq(active, add({BASE}, id))
            if eq(active, {BASE}) {{ pop(staticcall(0, add({BASE}, id), 0, 0, 0, 0)) }}
        }}
    }}
}}
"""
MUT_PATH = "contracts/Mut.sol"

SWAPS: dict[str, list[str]] = {
    "+": ["-"],
    "-": ["+"],
    "*": ["/"],
    "/": ["*"],
    "%": ["*"],
    "<<": [">>"],
    ">>": ["<<"],
    "&": ["|"],
    "|": ["&"],
    "^": ["|"],
    "&&": ["||"],
    "||": ["&&"],
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "==": ["!="],
    "!=": ["=="],
    "+=": ["-="],
    "-=": ["+="],
    "*=": ["/="],
    "/=": ["*="],
    "<<=": [">>="],
    ">>=": ["<<="],
    "|=": ["&="],
    "&=": ["|="],
    "^=": ["|="],
    "++": ["--"],
    "--": ["++"],
}
COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
SYMMETRIC = {"min", "max"}  # their arguments swapped are the same call
UNTOUCHED = {  # a variable without a value, or with one that must be constant: see `_constant`
    "StructDefinition",
    "ErrorDefinition",
    "EventDefinition",
    "EnumDefinition",
    "UsingForDirective",
    "VariableDeclaration",
}
DELETED = {"ExpressionStatement", "EmitStatement", "RevertStatement", "Return", "InlineAssembly", "TryStatement"}


@dataclass
class Mutant:
    file: str
    line: int
    function: str
    kind: str
    before: str
    after: str
    key: str = ""  # the same in every run over the same source
    id: int = 0


@dataclass
class Edit:
    """Replaces a span, given the text inside it with its own edits made."""

    start: int
    end: int
    text: Callable[[bytes], bytes]
    inner: list["Edit"] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    node: Node
    parent: Node
    role: str  # in the parent

    @property
    def is_operand(self) -> bool:
        return self.parent["nodeType"] == "BinaryOperation" and self.parent["operator"] in ("&&", "||")


class Schemata:
    """Instruments those of the given sources that are `mutated`. The others may call them, so none keeps its `pure`."""

    def __init__(self, sources: Mapping[str, bytes], mutated: Collection[str]) -> None:
        self.sources = dict(sources)
        self.mutated = mutated
        self.trees, errors = analysed(sources)
        assert not errors, errors[0]["formattedMessage"]
        self.mutants: dict[int, Mutant] = {}
        self.untyped: list[Mutant] = []  # those that would not type-check
        self._edits: dict[str, list[Edit]] = defaultdict(list)
        self._seen: dict[str, int] = defaultdict(int)
        self._nodes: dict[int, tuple[str, Node]] = {}
        self._bodies: set[int] = set()  # of functions
        self._targets: dict[int, str] = {}  # the types that parts of a tuple are assigned to
        self._constants: dict[int, list[tuple[int, str]]] = {}
        for file, tree in self.trees.items():
            self._index(file, tree)
        for file in self.sources:
            self._file = file
            self._function = ""
            if file in mutated:
                self._visit(Place(self.trees[file], {"nodeType": ""}, ""))
            self._own(file)

    def rendered(self) -> dict[str, bytes]:
        return {file: _render(self.sources[file], edits) for file, edits in self._edits.items()} | {
            MUT_PATH: MUT.encode()
        }

    # --- helpers ---

    def _index(self, file: str, node: Node) -> None:
        if "id" in node:
            self._nodes[node["id"]] = (file, node)
        if node["nodeType"] == "FunctionDefinition" and node.get("body"):
            self._bodies.add(node["body"]["id"])
        if node["nodeType"] == "Assignment" and node["rightHandSide"]["nodeType"] == "TupleExpression":
            for target, part in zip(_parts(node["leftHandSide"]), _parts(node["rightHandSide"]), strict=True):
                self._targets[part["id"]] = target["typeDescriptions"]["typeString"]
        for child in children(node):
            self._index(file, child)

    def _raw(self, node: Node) -> str:
        start, end = span(node)
        return self.sources[self._file][start:end].decode()

    def _edit(self, node: Node, text: Callable[[bytes], bytes]) -> None:
        self._edits[self._file].append(Edit(*span(node), text))

    def _own(self, file: str) -> None:
        """The import of `Mut`, and no `pure` function any more."""
        source = self.sources[file]
        ups = "../" * (file.count("/") - 1) or "./"
        pragma = next(node for node in children(self.trees[file]) if node["nodeType"] == "PragmaDirective")
        self._edit(pragma, lambda text: text + f'\nimport {{Mut}} from "{ups}Mut.sol";'.encode())
        for at, node in self._nodes.values():
            if at == file and node["nodeType"] == "FunctionDefinition" and node["stateMutability"] == "pure":
                start = span(node["parameters"])[1]
                match = re.compile(rb"\bpure\b").search(source, start)
                assert match
                assert match.end() < span(node)[1]
                self._edits[file].append(Edit(*match.span(), lambda _: b"view"))

    def _new(self, node: Node, kind: str, before: str, after: str) -> int:
        line = self.sources[self._file][: span(node)[0]].count(b"\n") + 1
        place = f"{self._file}|{self._function}|{kind}|{before}|{after}"
        self._seen[place] += 1
        key = f"{place}|{self._seen[place]}"
        number = len(self.mutants) + len(self.untyped) + 1
        self.mutants[number] = Mutant(self._file, line, self._function, kind, before, after, key, number)
        return number

    def _choice(self, node: Node, kind: str, after: str) -> None:
        """An expression that is `after` while the mutant is on."""
        self._edit(node, _chosen(self._new(node, kind, self._raw(node), after), after))

    # --- the walk ---

    def _visit(self, place: Place) -> None:
        node = place.node
        kind = node["nodeType"]
        if kind in UNTOUCHED:
            return
        if kind in ("FunctionDefinition", "ModifierDefinition"):
            self._function = node["name"] or node.get("kind", "")
        # Of edits of one span the later is the outer one: so the children first.
        if not _is_rational(node):
            for name, value in node.items():
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, dict) and "nodeType" in child:
                        self._visit(Place(child, node, name))
        handler = getattr(self, f"_on_{_snake(kind)}", None)
        if handler:
            handler(place)
        if place.role == "condition" or place.is_operand:
            self._condition(place)
        if kind in DELETED and place.role not in ("initializationExpression", "loopExpression"):
            self._deletion(place)

    def _condition(self, place: Place) -> None:
        """A condition always true, or always false; an operand that does not matter."""
        values = ["true", "false"]
        if place.is_operand:
            values = ["true" if place.parent["operator"] == "&&" else "false"]
        elif place.parent["nodeType"] in ("ForStatement", "WhileStatement"):
            values = ["false"]  # an endless loop fails everywhere
        for value in values:
            self._choice(place.node, "condition", value)

    def _on_binary_operation(self, place: Place) -> None:
        node = place.node
        if _is_rational(node):
            self._literal(place)
            return
        operator = node["operator"]
        left, right = self._raw(node["leftExpression"]), self._raw(node["rightExpression"])
        for other in SWAPS[operator]:
            negated = operator in COMPARISONS and other[0] != operator[0]
            if not (negated and (place.role == "condition" or place.is_operand)):  # those are always true or false, too
                self._choice(node, "operator", f"({left}) {other} ({right})")

    def _on_unary_operation(self, place: Place) -> None:
        node = place.node
        operator, operand = node["operator"], self._raw(node["subExpression"])
        if _is_rational(node):
            self._literal(place)
        elif operator in SWAPS:
            other = SWAPS[operator][0]
            self._choice(node, "operator", other + operand if node["prefix"] else operand + other)
        elif operator in ("!", "~", "-") and place.role != "condition":
            self._choice(node, "operator", operand)

    def _on_assignment(self, place: Place) -> None:
        node = place.node
        if node["operator"] != "=" and place.parent["nodeType"] == "ExpressionStatement":
            left, right = self._raw(node["leftHandSide"]), self._raw(node["rightHandSide"])
            for other in SWAPS[node["operator"]]:
                self._choice(node, "operator", f"{left} {other} {right}")

    def _on_literal(self, place: Place) -> None:
        self._literal(place)

    def _on_tuple_expression(self, place: Place) -> None:
        if _is_rational(place.node):
            self._literal(place)
        elif place.role != "leftHandSide" and len(place.node["components"]) > 1:
            self._swaps(place.node["components"])

    def _on_member_access(self, place: Place) -> None:
        node = place.node
        of = str(node["expression"]["typeDescriptions"]["typeString"])
        if node["memberName"] in ("max", "min") and of.startswith("type(uint"):
            self._choice(node, "constant", f"({self._raw(node)} - 1)")
        else:
            self._constant(node)

    def _on_identifier(self, place: Place) -> None:
        self._constant(place.node)

    def _on_function_call(self, place: Place) -> None:
        node = place.node
        callee = node["expression"]
        member = callee.get("memberName")
        if callee["nodeType"] == "MemberAccess" and callee["expression"].get("name") == "Math" and member in SYMMETRIC:
            other = "max" if member == "min" else "min"
            arguments = ", ".join(self._raw(argument) for argument in node["arguments"])
            self._choice(node, "operator", f"Math.{other}({arguments})")
        elif not node["names"] and node["kind"] != "typeConversion":
            self._swaps(node["arguments"])

    def _on_modifier_invocation(self, place: Place) -> None:
        """A modifier of its own for each use: one that does nothing while the mutant is on."""
        node = place.node
        if node.get("kind") != "modifierInvocation":
            return
        name = self._raw(node)
        number = self._new(node, "modifier", name, "")
        file, definition = self._nodes[node["modifierName"]["referencedDeclaration"]]

        def declared(_: bytes) -> bytes:
            source = self.sources.get(file) or (ROOT / "node_modules" / file).read_bytes()
            body = _render(source, self._edits.get(file, []), *span(definition["body"])).decode()
            return f"\n    modifier {name}_{number}() {{ if (Mut.on({number})) {{ _; }} else {body} }}".encode()

        at = span(place.parent)[1]
        self._edits[self._file].append(Edit(at, at, declared))
        self._edit(node, lambda text: text.replace(name.encode(), f"{name}_{number}".encode(), 1))

    # --- constants ---

    def _literal(self, place: Place) -> None:
        """A number one more and one less, a flag the other way round, a text with one letter more."""
        node, parent = place.node, place.parent
        if _is_rational(parent):
            return
        raw, kind = self._raw(node), node["typeDescriptions"]["typeString"]
        if kind == "bool":
            self._choice(node, "constant", "false" if raw == "true" else "true")
            return
        if kind.startswith("literal_string"):
            if raw != '""':
                self._choice(node, "constant", raw[:-1] + '!"')
            return
        if not kind.startswith(("int_const", "rational_const")):
            return
        values = [f"{raw} + 1"] if re.search(r"int_const 0$", kind) else [f"{raw} + 1", f"{raw} - 1"]
        if parent["nodeType"] == "FunctionCall" and parent["kind"] == "typeConversion":
            cast = self._raw(parent["expression"])
            if cast.startswith("bytes"):  # takes no other number than 0
                values = [f"uint256({value})" for value in values]
            start, end = span(parent)
            for value in values:
                number = self._new(node, "constant", self._raw(parent), f"{cast}({value})")
                self._edits[self._file].append(Edit(start, end, _chosen(number, f"{cast}({value})")))
            return
        cast = self._expected(place)
        for value in values:
            self._edit(node, _chosen(self._new(node, "constant", raw, value), f"{cast}({value})", cast))

    def _expected(self, place: Place) -> str:
        """The type that a literal takes where it stands."""
        node, parent, role = place.node, place.parent, place.role
        kind = parent["nodeType"]
        if node["id"] in self._targets:
            return _elementary(self._targets[node["id"]])
        if kind == "BinaryOperation":
            if parent["operator"] in ("<<", ">>") and role == "rightExpression":
                return "uint256"
            return _elementary(parent["commonType"]["typeString"])
        if kind == "Assignment":
            return _elementary(parent["leftHandSide"]["typeDescriptions"]["typeString"])
        if kind == "VariableDeclarationStatement":
            return _elementary(parent["declarations"][0]["typeDescriptions"]["typeString"])
        if kind == "Conditional":
            return _elementary(parent["typeDescriptions"]["typeString"])
        if kind == "FunctionCall":
            return _elementary(self._parameter(parent, parent["arguments"].index(node)))
        if kind == "Return" and (returned := self._nodes[parent["functionReturnParameters"]][1]["parameters"]):
            return _elementary(returned[0]["typeDescriptions"]["typeString"])
        if kind == "TupleExpression" and len(parent["components"]) == 1:
            return _elementary(parent["typeDescriptions"]["typeString"])
        return "uint256"

    def _parameter(self, call: Node, index: int) -> str:
        declared = self._nodes.get(call["expression"].get("referencedDeclaration") or -1)
        if declared is None:
            return "uint256"
        parameters = declared[1].get("parameters", declared[1])
        listed = parameters.get("parameters") or parameters.get("members") or []
        bound = len(listed) - len(call["arguments"])  # one less in the call of `x.f()`
        return str(listed[index + bound]["typeDescriptions"]["typeString"]) if bound in (0, 1) else "uint256"

    def _constant(self, node: Node) -> None:
        """A constant by name: the mutants of one constant are on in all its places at once."""
        declared = self._nodes.get(node.get("referencedDeclaration") or -1)
        if not declared or declared[0] not in self.mutated or not declared[1].get("constant"):
            return
        file, declaration = declared
        kind, name = declaration["typeDescriptions"]["typeString"], declaration["name"]
        if declaration["id"] not in self._constants:
            here, function = self._file, self._function
            self._file, self._function = file, ""
            values = [f"{name} + 1", f"{name} - 1"]
            if kind == "bytes32":
                values = [f"bytes32(uint256({name}) ^ 1)"]
            elif kind == "address":
                values = [f"address(uint160({name}) ^ 1)"]
            elif kind == "bytes":
                values = [f'bytes.concat({name}, "!")']
            numbered = [(self._new(declaration, "constant", name, value), value) for value in values]
            self._constants[declaration["id"]] = numbered
            self._file, self._function = here, function
        for number, value in self._constants[declaration["id"]]:
            written = value.replace(name, self._raw(node))
            self._edit(node, _chosen(number, written))

    # --- arguments and statements ---

    def _swaps(self, arguments: list[Node]) -> None:
        """Neighbours of the same type, each in the other's place."""
        for first, second in pairwise(arguments):
            kinds = {each["typeDescriptions"]["typeIdentifier"] for each in (first, second)}
            one, other = self._raw(first), self._raw(second)
            if len(kinds) > 1 or one == other or any(kind.startswith(("t_rational", "t_string")) for kind in kinds):
                continue
            number = self._new(first, "swap", f"{one}, {other}", f"{other}, {one}")
            self._edit(first, _chosen(number, other))
            self._edit(second, _chosen(number, one))

    def _deletion(self, place: Place) -> None:
        node = place.node
        start, end = span(node)
        source = self.sources[self._file]
        if node["nodeType"] not in ("InlineAssembly", "TryStatement"):
            end = source.index(b";", end) + 1
        if node["nodeType"] == "RevertStatement" and self._is_alone(node, place.parent):
            return  # the same as a condition that is never true
        if node["nodeType"] == "Return" and "expression" not in node:
            return
        assigned = node.get("expression", {}).get("leftHandSide", {})
        number = self._new(node, "deletion", source[start:end].decode(), "")
        if assigned.get("nodeType") == "Identifier" and "storage pointer" in assigned["typeDescriptions"]["typeString"]:
            self.untyped.append(self.mutants.pop(number))  # no storage pointer may be used before it is set
            return
        self._edits[self._file].append(
            Edit(start, end, lambda text: f"{{ if (Mut.on({number})) {{}} else ".encode() + text + b" }")
        )

    def _is_alone(self, statement: Node, parent: Node) -> bool:
        if parent["nodeType"] == "Block":
            return parent["statements"] == [statement] and parent["id"] not in self._bodies
        return bool(parent["nodeType"] == "IfStatement")


def _chosen(number: int, other: str, cast: str = "") -> Callable[[bytes], bytes]:
    """The expression `other` while the mutant is on. A literal that is not mutated takes the same type by `cast`."""
    return lambda text: f"(Mut.on({number}) ? {other} : {cast}(".encode() + text + b"))"


def _is_rational(node: Node) -> bool:
    return str(node.get("typeDescriptions", {}).get("typeIdentifier") or "").startswith("t_rational")


def _parts(node: Node) -> list[Node]:
    """Of a tuple; what is in brackets, or stands alone, is one of its own."""
    return [part for part in node["components"] if part] if node["nodeType"] == "TupleExpression" else [node]


def _elementary(kind: str) -> str:
    return kind if re.fullmatch(r"u?int\d+", kind) else "uint256"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _render(source: bytes, edits: list[Edit], start: int = 0, end: int | None = None) -> bytes:
    """The text from `start` to `end` with the edits within it."""
    end = len(source) if end is None else end
    within = [edit for edit in edits if start <= edit.start and edit.end <= end]
    # Outer before inner; of one span the later is the outer one.
    order = sorted(enumerate(within), key=lambda item: (item[1].start, -item[1].end, -item[0]))
    text, position, rest = _compose(source, [edit for _, edit in order], start, end)
    assert (position, rest) == (end, [])
    return text


def _compose(source: bytes, edits: list[Edit], position: int, end: int) -> tuple[bytes, int, list[Edit]]:
    parts = []
    while edits and edits[0].start < end:
        edit, *edits = edits
        assert edit.end <= end, "edits overlap"
        parts.append(source[position : edit.start])
        inner, position, edits = _compose(source, edits, edit.start, edit.end)
        parts.append(edit.text(inner))
    parts.append(source[position:end])
    return b"".join(parts), end, edits
