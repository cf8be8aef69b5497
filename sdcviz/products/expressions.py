"""Fields that are computed: ``a - b``, ``t - mean(t)``, ``sigma0(t, s)``.

The grammar is that of rules (`sdcviz.qc.rules.grammar`): nothing is executed but what is
listed here. Names stand for fields; those on other grids are interpolated to that of the
first one. Units are followed: what differs can't be added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..qc.rules.grammar import read_rule
from ..qc.rules.tokens import RuleError
from ..qc.rules.tree import Call, Name, Negated, Node, Number, Sum, Text
from .operands import Operand, Place
from .product import Product
from .roles import FieldRoles, Roles
from .source import Variable

__all__ = ["Computed", "expression"]

Array = NDArray[np.floating]
LISTED = 6
"""Fields that a sentence names."""


class Computed(Product):
    """A product whose field is computed from others; it is read and drawn as any other.

    Made by `expression`.
    """

    def __init__(self, text: str, operands: Mapping[str, Operand], name: str) -> None:
        self.text, self.operands = text, dict(operands)
        tree = read_rule(text)
        used = _names(tree, text, operands)
        if not used:
            raise BadRequest(f"{text!r} names no field; there are: {', '.join(operands)}.")
        self.tree, self.base = tree, operands[used[0]]
        self.used = {n: operands[n] for n in used}
        unit = _unit(tree, text, operands) or ""
        self._hold(name, unit)
        self.field_of = _ComputedField(self)

    def _hold(self, name: str, unit: str) -> None:
        base = self.base
        declared = Variable(
            name, base.declared.dims, base.declared.shape, np.dtype(np.float64),
            {"units": unit or "1", "long_name": self.text},
        )  # fmt: skip
        self.source = _Held(self, {name: declared})
        self.given, self._copies = {}, None
        self.roles = Roles(base.product.roles.axes, {name: FieldRoles()})

    def grid(self, variable: str = "") -> Any:
        """Return the axes: those of the first field."""
        return self.base.grid

    def field(self, variable: str = "") -> Any:
        """Return the values, computed as they are asked for."""
        self.named(variable)
        return self.field_of

    @property
    def prepared(self) -> bool:
        """Whether all fields that it needs come from prepared copies."""
        return all(o.product.prepared for o in self.used.values())

    def look_for_copies(self) -> bool:
        """Use prepared copies of the fields it needs if there are any now."""
        for operand in self.used.values():
            operand.product.look_for_copies()
        return self.prepared

    def prepare(self, progress: Any = None, variables: Any = None) -> Product:
        """Prepare the products that it needs."""
        for operand in self.used.values():
            operand.product.prepare(progress, [operand.variable])
        return self

    @property
    def warnings(self) -> list[str]:
        """What a visitor should know of the fields that it needs."""
        return [w for o in self.used.values() for w in o.product.warnings]


class _Held:
    """What a computed product has in place of a file."""

    remote = False

    def __init__(self, computed: Computed, variables: Mapping[str, Variable]) -> None:
        self.variables, self.computed = variables, computed
        self.used = list(computed.used.items())
        self.name = computed.text
        what = "; ".join(f"{n}: {o.variable} of {o.product.path}" for n, o in self.used)
        self.path = f"{computed.text} ({what})"
        self.attrs: Mapping[str, Any] = {}

    def read(self, name: str, index: Any) -> Any:
        raise BadRequest(f"{self.name} is computed and has no file.")

    def fingerprint(self) -> str:
        return self.path + "".join(o.product.source.fingerprint() for _, o in self.used)

    def check(self) -> None:
        for _, operand in self.used:
            operand.product.source.check()

    def close(self) -> None:
        for _, operand in self.used:
            operand.product.close()


class _ComputedField:
    """Computes layers and columns."""

    def __init__(self, computed: Computed) -> None:
        self.computed, self.grid = computed, computed.base.grid
        self.dtype: np.dtype[Any] = np.dtype(np.float64)

    def layer(self, t: int, z: int) -> Array:
        return self._compute(Place(self.computed.base.grid, None, None, t, z))

    def columns(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], t: int | None, z: int | None
    ) -> Array:
        return self._compute(Place(self.computed.base.grid, rows, columns, t, z))

    def broken(self) -> frozenset[tuple[int, int]]:
        found = [o.field.broken() for o in self.computed.used.values() if o.same_grid(self.grid)]
        return frozenset().union(*found)

    def _compute(self, place: Place) -> Array:
        with np.errstate(all="ignore"):
            value = np.asarray(_value(self.computed.tree, self.computed.operands, place))
        return np.where(np.isfinite(value), value, np.nan)


def expression(text: str, name: str = "result", **fields: Any) -> Computed:
    """Make a product that is computed from others.

    Parameters
    ----------
    text : str
        Formula: numbers, names, ``+ - * /``, brackets, and `abs`, `sqrt`, `log`, `exp`, `min`,
        `max`, `mean` (over the time steps), `sigma0`, `sigma0(temperature, salinity)`.
    name : str
        Name of the new field.
    **fields : Product or (Product, str)
        What the names mean: a product's likeliest field, or a named one.

    Returns
    -------
    Product
        On the grid of the first field of the formula.

    Raises
    ------
    RuleError
        The text is no formula; the sentence names the place.
    BadRequest
        Units that do not go together.

    Examples
    --------
    >>> expression("a - b", a=first, b=second).map(time="July", depth=10)  # doctest: +SKIP
    """
    operands = {}
    for key, given in fields.items():
        product, variable = given if isinstance(given, tuple) else (given, "")
        operands[key] = Operand(product, product.named(variable))
    return Computed(text, operands, name)


# ---- the tree --------------------------------------------------------------------
_ONE: Mapping[str, Callable[[Array], Array]] = {
    "abs": np.abs, "sqrt": np.sqrt, "log": np.log, "exp": np.exp,
}  # fmt: skip
_TWO: Mapping[str, Callable[[Array, Array], Array]] = {"min": np.minimum, "max": np.maximum}
_ARGUMENTS = {**dict.fromkeys(_ONE, 1), **dict.fromkeys(_TWO, 2), "mean": 1, "sigma0": 2}


def _names(node: Node, text: str, operands: Mapping[str, Operand]) -> list[str]:
    """List the fields that are named, and refuse what has no meaning here."""
    if isinstance(node, Number):
        return []
    if isinstance(node, Name | Text):
        word = node.word if isinstance(node, Name) else node.value
        if word not in operands:
            known = ", ".join([*list(operands)[:LISTED], *["..."] * (len(operands) > LISTED)])
            raise RuleError(
                text, node.start, node.end, f"{word!r} is no field; known: {known or 'none'}."
            )
        return [word]
    if isinstance(node, Negated):
        return _names(node.item, text, operands)
    if isinstance(node, Sum):
        return _once(_names(node.left, text, operands) + _names(node.right, text, operands))
    if isinstance(node, Call):
        wanted = _ARGUMENTS.get(node.word)
        if wanted is None:
            words = ", ".join(_ARGUMENTS)
            raise RuleError(text, node.start, node.end, f"there is no {node.word}(): {words}.")
        if len(node.args) != wanted:
            said = f"{node.word}() takes {wanted}."
            raise RuleError(text, node.start, node.end, said)
        if node.word == "mean" and not isinstance(node.args[0], Name | Text):
            raise RuleError(text, node.start, node.end, "mean() takes a field.")
        return _once([n for a in node.args for n in _names(a, text, operands)])
    raise RuleError(text, node.start, node.end, "a formula has numbers, not conditions.")


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _unit(node: Node, text: str, operands: Mapping[str, Operand]) -> str | None:
    """Follow the units; None for a bare number, which fits everything."""
    if isinstance(node, Name | Text):
        return operands[node.word if isinstance(node, Name) else node.value].unit
    if isinstance(node, Negated):
        return _unit(node.item, text, operands)
    if isinstance(node, Sum):
        units = _unit(node.left, text, operands), _unit(node.right, text, operands)
        return _product_of(node.op, *units) if node.op in "*/" else _same(node, text, units)
    if isinstance(node, Call):
        args = [_unit(a, text, operands) for a in node.args]
        if node.word in _TWO:
            return _same(node, text, (args[0], args[1]))
        if node.word == "sigma0":
            return "kg/m³"
        if node.word == "sqrt":
            return f"({args[0]})^0.5" if args[0] else args[0]
        return args[0] if node.word in ("abs", "mean") else ""
    return None


def _same(node: Node, text: str, units: tuple[str | None, str | None]) -> str | None:
    a, b = units
    if a is not None and b is not None and a != b:
        shown = " and ".join(u or "no unit" for u in (a, b))
        raise RuleError(text, node.start, node.end, f"these have different units: {shown}.")
    return b if a is None else a


def _product_of(op: str, a: str | None, b: str | None) -> str | None:
    if not b:
        return a if a is not None or b is None else b
    if op == "*":
        return f"{a} {b}" if a else b
    if a == b:
        return ""
    return f"{a or '1'}/({b})"


def _value(node: Node, operands: Mapping[str, Operand], place: Place) -> Any:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name | Text):
        return operands[node.word if isinstance(node, Name) else node.value].at(place)
    if isinstance(node, Negated):
        return -_value(node.item, operands, place)
    if isinstance(node, Sum):
        a, b = _value(node.left, operands, place), _value(node.right, operands, place)
        return {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[node.op](a, b)
    assert isinstance(node, Call)
    if node.word == "mean":
        (arg,) = node.args
        word = arg.word if isinstance(arg, Name) else arg.value  # type: ignore[attr-defined]
        return operands[word].mean(place)
    args = [_value(a, operands, place) for a in node.args]
    if node.word in _ONE:
        return _ONE[node.word](*args)
    if node.word in _TWO:
        return _TWO[node.word](*args)
    from .derived import density

    warm, salt = args
    lon, lat, depth = place.coordinates()
    return density(warm, salt, lon, lat, depth, place.grid.depth_unit)
