"""What will fail in a deployment, asked before anything is built: `python -m harness preflight`. Read-only."""
