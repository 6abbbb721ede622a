"""D4.1 of docs/decisions.md: offers of our own, made by the stack or in its place."""

from __future__ import annotations
