"""`python -m causal_alpha` is the command `causal-alpha`."""

from causal_alpha.cli import main

main()
