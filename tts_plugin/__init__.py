"""The light side of Yomiage: what hooks, command line and daemon share."""

__version__ = "0.1.0"
