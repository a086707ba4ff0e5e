"""Market data in: captures, canonical files and generated feeds become the contract's records, and go on the stream."""
