"""The one exception tree. Every message says what happened, why, and the cure."""


class YomiageError(Exception):
    """Anything that Yomiage reports to its user."""


class SettingsError(YomiageError):
    """settings.json cannot be used as it is."""


class DaemonUnreachable(YomiageError):
    """The daemon did not answer within its time."""


class RequestRefused(YomiageError):
    """The daemon answered with an error code (see docs/protocol.md)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class EngineUnavailable(YomiageError):
    """An engine cannot run here: something is missing. The message names the cure."""


class EngineFailed(YomiageError):
    """An engine that can run failed on this input, or overran its time."""


class ModelError(YomiageError):
    """A model could not be downloaded, verified or read."""
