"""The comment lines of an ODV spreadsheet and its line of labels."""

from __future__ import annotations

from .base import WriteContext
from .model import FEATURES, Parameter
from .odv_write_layout import CORE, Layout

__all__ = ["clean", "header"]

_DATA_TYPES = ("Profiles", "TimeSeries", "Trajectories")
_TIME = Parameter("time_ISO8601", "YYYY-MM-DDThh:mm:ss.sss", "DTUT8601", "TISO")
_DEPTH = Parameter("Depth", "m", "ADEPZZ01", "ULAA")
_FLAG = "QV:SEADATANET"
_CDI = '<sdn_reference xlink:href="{}" xlink:role="isDescribedBy" xlink:type="SDN:L23::CDI" sdn:scope="{}:{}"/>'  # noqa: E501
_CSR = '<sdn_reference xlink:href="{}" xlink:role="isObservedBy" xlink:type="SDN:L23::CSR"/>'
_SHIP = '<sdn_reference xlink:href="https://www.seadatanet.org/urnurl/SDN:C17::{}" xlink:role="isObservedBy" xlink:type="SDN:L23::NVS2CON"/>'  # noqa: E501

_REPEATED = (
    "{} stations differ in nothing from the station above: to keep them apart, their longitude "
    "is written with one more zero or, without a position, their name with (again)"
)


def header(layout: Layout, context: WriteContext) -> list[str]:
    """Make the comment lines and the line of labels."""
    lines = ["//<Encoding>UTF-8</Encoding>", f"//<Software>{clean(context.software)}</Software>"]
    if len(layout.features) == 1:
        lines.append(f"//<DataType>{_DATA_TYPES[next(iter(layout.features))]}</DataType>")
    if context.title:
        lines.append(f"//<Description>{clean(context.title)}</Description>")
    lines += [f"//<Source>{clean(source)}</Source>" for source in context.sources]
    lines += [f"//<History>{clean(step)}</History>" for step in context.history]
    if layout.repeated:
        lines.append(f"//<History>{_REPEATED.format(layout.repeated)}</History>")
    for report in layout.header_value("CSR link").split(" | "):
        lines += [f"//{_CSR.format(report)}"] if report else []
    if ship := layout.header_value("Platform"):
        lines.append(f"//{_SHIP.format(ship)}")
    for (edmo, cdi), link in layout.cdi.items():
        lines.append(f"//{_CDI.format(link, edmo or '', clean(cdi))}")
    lines.append("//SDN_parameter_mapping")
    special = [_TIME, _DEPTH] if layout.has_time else [_DEPTH]
    for parameter in [*special, *(p for p, _ in layout.values)]:
        if parameter.p01:
            lines.append(_subject(parameter))
    lines.append("//")
    # The mapping is of P01 codes; a unit code alone stands where ODV writes it.
    lines += [_variable(p) for p, _ in layout.values if p.p06 and not p.p01]
    labels = [*CORE, *(f"{clean(k)}:METAVAR:INDEXED_TEXT" for k in layout.extra)]
    for parameter in [*special, *(p for p, _ in layout.values)]:
        label = _label(parameter)
        if parameter.kind == "text":
            label += ":INDEXED_TEXT"
        labels += [clean(label), _FLAG]
    lines.append("\t".join(labels))
    return lines


def _subject(parameter: Parameter) -> str:
    name = clean(parameter.name)
    text = f"//<subject>SDN:LOCAL:{name}</subject><object>SDN:P01::{parameter.p01}</object>"
    text += f"<units>SDN:P06::{parameter.p06 or 'XXXX'}</units>"
    if parameter.instrument:
        text += f"<instrument>SDN:L22::{clean(parameter.instrument)}</instrument>"
    return text


def _label(parameter: Parameter) -> str:
    name = f"{parameter.name} [{parameter.unit}]" if parameter.unit else parameter.name
    return clean(name)


def _variable(parameter: Parameter) -> str:
    return (
        f'//<DataVariable>label="{_label(parameter)}" qf_schema="SEADATANET" '
        f'is_primary_variable="F" comment="Codes: SDN:P06::{parameter.p06}"</DataVariable>'
    )


def clean(text: str) -> str:
    """Take out what would break a line."""
    return " ".join(text.split())


assert len(_DATA_TYPES) == len(FEATURES)
