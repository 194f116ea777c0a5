"""One module per family of published numbers: each computes its ids from a `Study`."""
