"""What is sold and proven: levels, subscriptions, requests, decisions."""
