"""Repairs that make a page cheaper to build; what it shows stays the same.

Most of a new visitor's time goes into questions that Bokeh and Panel ask again
and again, with the same answer each time (measured by tests/benchmarks/bench_session.py):

- The default of a property is copied, validated and converted at every access.
  Here a plain one (text, number, truth, None) is remembered by class.
- Every component looks for its data models in all that stands below it, so that
  the page is walked once for each of its levels. Here it stops at the next
  component, which looks for its own.
- The parameters of every callback are inspected when it is attached. Panel
  attaches the same few functions thousands of times.
- Which scripts and styles a page loads is worked out anew by looking at all classes
  of components; it depends on the address alone (no page here needs MathJax).
- Every new document is checked for mistakes of its programmer. Tests do that.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.model import DataModel, Model
from bokeh.model.util import collect_filtered_models
from bokeh.settings import settings
from bokeh.util import callback_manager
from panel.io import server
from panel.io.state import state
from panel.reactive import ReactiveCustomBase

__all__ = ["mend_speed"]

_PLAIN = (str, bytes, int, float, bool, type(None))

_get_default = PropertyDescriptor._get_default
_check_callback = callback_manager._check_callback
_bundle_resources = server.bundle_resources
_bundles: dict[tuple[Any, ...], Any] = {}
_defaults: dict[tuple[type, str], Any] = {}
_checked: set[tuple[Any, ...]] = set()


def _remembered_default(self: Any, obj: Any) -> Any:
    """Return the default of a property, without working it out again."""
    name = self.name
    themed = obj.themed_values()
    if themed is not None and name in themed:
        return _get_default(self, obj)
    key = (obj.__class__, name)
    if key in _defaults:
        return _defaults[key]
    value = _get_default(self, obj)
    # What can be changed in place, or is made anew for each object, belongs to one object.
    if type(value) in _PLAIN and not self.has_unstable_default(obj):
        _defaults[key] = value
    return value


def _tag_own_data_models(cls: Any, props: Model, ref: str) -> None:
    """Tag the data models of one component with the root, for the clean-up."""
    tag = f"__ref:{ref}"
    for model in collect_filtered_models(lambda m: not isinstance(m, DataModel), props):
        if tag not in model.tags:
            model.tags.append(tag)


def _check_once(callback: Any, parameters: Any, what: str = "Callback functions") -> None:
    """Check that a callback takes what it is called with, once for each function."""
    function = getattr(callback, "func", callback)
    function = getattr(function, "__func__", function)
    bound = len(getattr(callback, "args", ()))
    key = (getattr(function, "__code__", function), bound, tuple(parameters))
    if key not in _checked:
        _check_callback(callback, parameters, what)
        _checked.add(key)


def _bundle_once(roots: Any, resources: Any, **more: Any) -> Any:
    """Say what a page loads, once for each address it is asked at."""
    key = (state.rel_path, resources.mode, resources.root_url, *sorted(more.items()))
    if key not in _bundles:
        _bundles[key] = _bundle_resources(roots, resources, enable_mathjax=False, **more)
    return copy(_bundles[key])


def mend_speed() -> None:
    """Put the repairs in place, for this process."""
    PropertyDescriptor._get_default = _remembered_default
    ReactiveCustomBase._patch_datamodel_ref = classmethod(_tag_own_data_models)
    callback_manager._check_callback = _check_once
    server.bundle_resources = _bundle_once
    settings.perform_document_validation.set_value(False)
