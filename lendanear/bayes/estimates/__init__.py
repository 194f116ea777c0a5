"""What is reported from each posterior, one file per model: draws in, named quantities out."""
