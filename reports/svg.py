"""A matplotlib figure as SVG that can stand in an HTML page beside others."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reports.palette import VARIABLES

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def inline_svg(figure: Figure, key: str, description: str, tooltips: Mapping[str, str]) -> Markup:
    """The figure as one `<svg>` element, the same bytes for the same figure.

    Args:
        key: put before every id, so that several figures share a page.
        description: what the picture shows, for those who do not see it.
        tooltips: text shown over an artist, by the artist's gid.
    """
    import matplotlib
    from markupsafe import Markup

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        figure.savefig(drawn, format="svg", metadata=_METADATA)
    root = ElementTree.fromstring(drawn.getvalue())
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib.update({"role": "img", "aria-label": description, "class": "plot"})
    for element in root.iter():
        _adapt(element, key, tooltips)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _adapt(element: ElementTree.Element, key: str, tooltips: Mapping[str, str]) -> None:
    identity = element.get("id")
    if identity and identity in tooltips:
        title = ElementTree.Element(f"{{{_SVG}}}title")
        title.text = tooltips[identity]
        element.insert(0, title)
    if identity:
        element.set("id", f"{key}-{identity}")
    if reference := element.get(_HREF):
        element.set(_HREF, re.sub("^#", f"#{key}-", reference))
    for name in ("style", "clip-path", "fill", "stroke"):
        if value := element.get(name):
            for color, variable in VARIABLES.items():
                value = value.replace(color, variable)
            element.set(name, value.replace("url(#", f"url(#{key}-"))
