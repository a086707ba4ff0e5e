"""Each engine behind one interface: renderings in, outcomes out."""
