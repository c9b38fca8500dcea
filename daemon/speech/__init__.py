"""Speech synthesis, one module an engine."""
