"""What whoever deploys the template has to be allowed: read from AWS's resource schemas, not from memory."""
