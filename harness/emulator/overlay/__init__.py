"""What MiniStack lacks for this template, added at its start."""
