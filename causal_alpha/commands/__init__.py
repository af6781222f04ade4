"""What `causal-alpha` can be told to do, one command a file."""
