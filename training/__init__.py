"""Training of the starter model. Not part of the installed package."""
