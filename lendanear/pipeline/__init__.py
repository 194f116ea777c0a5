"""The graph from data files to figures, and the command line that runs it."""
