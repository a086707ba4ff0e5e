"""An emulated AWS for the tests and for the proof: MiniStack as a managed process, with an overlay."""
