"""Prefect flows: order, retries, schedules and GPU slots around the core. No logic lives here."""
