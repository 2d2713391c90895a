"""Checks that draw at random: gradflow beside PyTorch, interrupted, and with altered files.  ``ci/fuzz`` runs them."""
