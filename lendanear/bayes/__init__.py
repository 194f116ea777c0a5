"""Bayesian estimates: models, how they are sampled, when they may be published, what they say."""
