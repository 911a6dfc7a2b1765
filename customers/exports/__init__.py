"""Exports: a list as a file, masked, approved where it must be, made in the background, fetched once.

requests.py is the life of a request, runs.py makes the file, rows.py says what is in it, files.py writes it, vault.py
keeps it sealed, fingerprint.py hides in the order of its rows whose it is.
"""
