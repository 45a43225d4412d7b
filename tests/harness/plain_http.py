"""Requests over HTTP that no client library has to make."""

import json
from http.client import HTTPConnection

from harness.waiting import PATIENCE


def ask(home, method, path, body=None, headers=None, host=None):
    """(status, headers, text) of one request."""
    address = host or home.http_url.removeprefix("http://")
    connection = HTTPConnection(address, timeout=PATIENCE)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()
