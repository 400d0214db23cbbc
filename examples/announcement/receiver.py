"""Shows what a webhook is sent, and whether whoever sent it has the key. One argument: the port."""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import sys
import time

KEY = base64.b64decode((pathlib.Path(__file__).parent / "demo.key").read_text().strip().removeprefix("whsec_"))


def is_signed(headers, body):
    """As https://www.standardwebhooks.com says: a signature over id, time and body, and not an old one."""
    sent, name = headers.get("webhook-timestamp", "0"), headers.get("webhook-id", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > 300:
        return False
    made = hmac.new(KEY, f"{name}.{sent}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(made).decode()
    return any(hmac.compare_digest(expected, one) for one in headers.get("webhook-signature", "").split())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        signed = is_signed(self.headers, body)
        self.send_response(204 if signed else 401)
        self.end_headers()
        said = json.loads(body) if signed else {"title": "refused", "message": "nobody with the key said this"}
        print(f"{said['title']}\n{said['message']}\n", flush=True)


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
