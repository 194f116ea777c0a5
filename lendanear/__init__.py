"""Executable companion to a study of practising empathic communication with language models.

The study: "Practicing with Language Models Cultivates Human Empathic Communication",
arXiv 2603.15245.
"""
