"""Pure plots: data in, HoloViews element out."""
