"""What happened that somebody should know: rules, and a watch that prints and posts what they say."""

from catenary.watch.rules import EVERYTHING, Alert, Interest, alerts
from catenary.watch.watch import Watch, Webhook

__all__ = ["EVERYTHING", "Alert", "Interest", "Watch", "Webhook", "alerts"]
