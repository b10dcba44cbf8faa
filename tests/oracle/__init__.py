"""Slow, obvious versions of what Siaga computes: the tests' second opinion."""
