"""What shows jobs: cards, logs, the queue."""
