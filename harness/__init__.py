"""The verification harness: shows, on every change, that the template deploys and that the data path loses nothing."""
