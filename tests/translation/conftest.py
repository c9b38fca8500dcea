"""Torch must find its environment as the daemon sets it, so this comes before any test imports it."""

from daemon.translation import devices

assert devices
