"""Who may do what: AWS's documented evaluation logic, asked once for every class of requests."""
