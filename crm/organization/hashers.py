"""Argon2id with 19 MB a hash (OWASP's second profile): the stock 100 MB stalls a small web server."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
