"""The deployer's permissions, generated from AWS's resource schemas."""
