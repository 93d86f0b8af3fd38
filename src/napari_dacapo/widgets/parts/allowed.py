"""Buttons that say why they cannot be pressed."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractButton


def allow(button: QAbstractButton, does: str, reason: str) -> None:
    """Let it be pressed unless there is a reason against it; its tooltip says what it does, or the reason."""
    button.setEnabled(not reason)
    button.setToolTip(reason or does)
