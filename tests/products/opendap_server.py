"""An OPeNDAP server: xpublish with its plug-in, in a process of its own.

    python opendap_server.py PRODUCT.nc PORT

The page of the data set is /datasets/p/opendap.
"""

from __future__ import annotations

import importlib.metadata
import sys
import types
import warnings


def _old_interface() -> None:
    """opendap_protocol asks pkg_resources for its version, which setuptools no longer has."""
    module = types.ModuleType("pkg_resources")
    module.get_distribution = importlib.metadata.distribution  # type: ignore[attr-defined]
    module.DistributionNotFound = importlib.metadata.PackageNotFoundError  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = module


def main(product: str, port: int) -> None:
    """Serve the numbers of a product."""
    _old_interface()
    import xarray as xr
    import xpublish

    warnings.simplefilter("ignore")
    dataset = xr.open_dataset(product, decode_times=False).load()
    numbers = [n for n, v in dataset.data_vars.items() if v.dtype.kind in "fiu" and v.ndim > 1]
    server = xpublish.Rest({"p": dataset[numbers]})
    server.serve(host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
