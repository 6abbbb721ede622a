"""Fuzz targets; their bodies also run as ordinary tests."""
