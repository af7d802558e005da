// Plans: for every service and client class, which balancers answer and with what share, and why.
