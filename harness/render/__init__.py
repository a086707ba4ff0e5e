"""From a template and parameter values to what CloudFormation would create: data with no intrinsic function left."""
