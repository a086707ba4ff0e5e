"""Shows that the rules bite: breaks the real template in every place where it matters, and asks which rule notices."""
