"""Compiled code and nothing else; the README.md beside this file explains it."""
