"""Real PostgreSQL and Valkey from wheels, and the supervisor behind `make start`. Imports no Django."""
