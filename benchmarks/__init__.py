"""What Causal Alpha reaches on this machine: `python -m benchmarks throughput`. See README.md."""
