"""Translation into Japanese, one module an engine."""
