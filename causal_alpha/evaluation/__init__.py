"""How good the families are out of sample: every session an origin, refitted on schedule, one floor for all."""
