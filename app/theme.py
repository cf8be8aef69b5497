"""How the application looks: colours, letters and sizes as data, and one `configure`."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

__all__ = ["BRAND", "PAPER", "THEME", "configure", "logo"]

BRAND = {"light": "#0b5a78", "dark": "#7cc4da"}
"""Colour of what can be pressed, on a light and on a dark ground."""

PAPER = {"light": "#ffffff", "dark": "#12181d"}
"""Ground behind plots and tables."""

_COMPONENTS: dict[str, Any] = {
    # Controls stay quiet: no capitals, no shadows, dense rows.
    "MuiButton": {"defaultProps": {"disableElevation": True}},
    "MuiButtonBase": {"defaultProps": {"disableRipple": True}},
    "MuiAppBar": {
        "defaultProps": {"elevation": 0},
        "styleOverrides": {"root": {"backgroundImage": "none"}},
    },
    "MuiTab": {
        "styleOverrides": {
            "root": {"textTransform": "none", "minHeight": 40, "padding": "6px 12px"}
        }
    },
    "MuiTabs": {"styleOverrides": {"root": {"minHeight": 40}}},
    "MuiDialog": {
        "styleOverrides": {
            # On a dark page nothing else would show where a dialog ends.
            "paper": {"backgroundImage": "none", "outline": "1px solid rgba(127, 145, 155, 0.35)"},
            # In the dark the button that closes would be black.
            "root": {"& .MuiIconButton-root": {"color": "inherit"}},
        }
    },
    # Raised, its dark ground would swallow the lines of what is on it.
    "MuiDrawer": {"styleOverrides": {"paper": {"backgroundImage": "none"}}},
    "MuiTooltip": {"defaultProps": {"enterDelay": 400}},
    "MuiToolbar": {"defaultProps": {"variant": "dense"}},
}

_LETTERS = {
    "fontSize": 13,
    "button": {"textTransform": "none", "fontWeight": 500},
    "h3": {"fontSize": "1.15rem", "fontWeight": 600},
    "h4": {"fontSize": "1.05rem", "fontWeight": 600},
    "h5": {"fontSize": "0.95rem", "fontWeight": 600},
    "h6": {"fontSize": "0.85rem", "fontWeight": 600},
}


def _palette(mode: str, **more: Any) -> dict[str, Any]:
    return {
        "mode": mode,
        "primary": {"main": BRAND[mode], "contrastText": PAPER[mode]},
        "background": {"paper": PAPER[mode], "default": PAPER[mode]},
        **more,
    }


def _theme(mode: str, **palette: Any) -> dict[str, Any]:
    return {
        "palette": _palette(mode, **palette),
        "typography": _LETTERS,
        "shape": {"borderRadius": 6},
        "components": _COMPONENTS,
        # "minimal" would hide axes and frames, which scientists want to see.
        "chart_style": "classic",
    }


THEME: dict[str, Any] = {
    "light": _theme(
        "light", text={"primary": "#16232b", "secondary": "#52646f"}, divider="#dde4e8"
    ),
    "dark": _theme("dark", text={"primary": "#e4ecf0", "secondary": "#9fb1bb"}, divider="#2a343b"),
}
"""Theme of panel-material-ui, light and dark."""

PAGE_STYLE: dict[str, Any] = {
    # These two make panel-material-ui give what stands in the bar the theme of the page;
    # otherwise it would be white on white.
    ".MuiAppBar-root": {
        "bgcolor": "primary.contrastText",
        "color": "primary.main",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiAppBar-root .title": {"color": "text.primary", "fontSize": "1.05rem"},
    "& .MuiAppBar-root .logo": {"height": "28px !important"},
}
"""Styles of the frame: a quiet bar in the colour of the page."""


def logo() -> bytes:
    """Return the logo as SVG."""
    return files("sdcviz_assets").joinpath("logo.svg").read_bytes()


def configure() -> None:
    """Prepare Panel and HoloViews for this process; to be called once, before any page."""
    import holoviews as hv
    import panel as pn
    import panel_material_ui  # noqa: F401  (makes its design the one of all pages)

    pn.extension("tabulator", notifications=True, sizing_mode="stretch_width")
    hv.extension("bokeh", logo=False)
    for script in ("plots_wait", "tables_wait"):
        pn.config.js_files[script] = f"assets/{script}.js"
    # Every plot asks for what it needs; an unasked-for spinner over the map disturbs.
    pn.config.loading_indicator = False
    pn.config.loading_max_height = 120
