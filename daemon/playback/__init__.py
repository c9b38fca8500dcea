"""Sound output, one module an output."""
