"""A health check for containers, which have no curl. `python -m crm.embedded.probe URL [CHECK]`

Exit status 0 when the address answers 200 and, if a check of /readyz is named, that check is well.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

SECONDS = 8


def is_well(url: str, check: str = "") -> bool:
    """Ask once."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read()
        if not check:
            return answer.status == 200
        return bool(json.loads(body)["checks"][check]["state"] == "ok")
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_well(*sys.argv[1:]) else 1)
