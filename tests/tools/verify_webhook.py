"""Verifies a message with the library of the Standard Webhooks specification.

    verify_webhook.py SECRET HEADERS BODY

The headers are a JSON object. Exit status 0 when the signature is right.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

secret, headers, body = sys.argv[1:]
try:
    Webhook(secret).verify(body, json.loads(headers))
except WebhookVerificationError as error:
    sys.exit(str(error))
