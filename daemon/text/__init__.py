"""Markdown to sentences that can be spoken."""
