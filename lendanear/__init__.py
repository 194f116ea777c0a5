"""Executable companion to 'Practicing with Language Models Cultivates Human Empathic Communication'."""
