"""Real parts for tests: a sound server, an ear, a Messages API server, Claude Code."""
