"""The project's benchmark; see ``__main__.py``."""
