"""AWS in memory: clients with boto3's methods, answers and errors, as far as the functions and the job use them."""
