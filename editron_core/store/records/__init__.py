"""Rows in, domain values out: one small class for each noun."""
