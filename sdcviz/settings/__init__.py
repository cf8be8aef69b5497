"""Every knob of sdcviz, typed, in one place: each field in the module of its room.

A value comes from, in this order: the call, the environment (``SDCVIZ_PORT=8080``),
the file ``config.toml`` in the user's configuration folder (another file with
``SDCVIZ_CONFIG``), the default beside the field.
"""

from .loading import get_settings, load_settings
from .model import Settings
from .page import WmsLayer
from .places import config_file

__all__ = ["Settings", "WmsLayer", "config_file", "get_settings", "load_settings"]
