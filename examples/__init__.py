"""What you can build on Causal Alpha; each file runs, and its test is `tests/examples/`."""
