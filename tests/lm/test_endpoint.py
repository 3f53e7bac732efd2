"""The endpoint client against a real HTTP server on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lichen.base.errors import LichenError
from lichen.lm.endpoint import EndpointGenerator


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.path == "/v1/chat/completions" and body["model"] == "echo"
        reply = {"choices": [{"message": {"content": f" {body['messages'][0]['content']}! "}}]}
        if self.headers.get("Authorization") != "Bearer secret":
            good = False
        data = json.dumps(reply if good else {"error": "no"}).encode()
        self.send_response(200 if good else 401)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_asks_the_server_and_strips_the_reply(url):
    generator = EndpointGenerator(url, "echo", key="secret")
    assert generator.generate(["Vienna", "Graz"]) == ["Vienna!", "Graz!"]


def test_a_refusal_is_one_clear_line(url):
    with pytest.raises(LichenError, match="must answer POST /chat/completions") as error:
        EndpointGenerator(url, "echo").generate(["Vienna"])
    assert "\n" not in str(error.value).replace("\\n", "")


def test_nobody_there_is_one_clear_line():
    with pytest.raises(LichenError, match="Check the address"):
        EndpointGenerator("http://127.0.0.1:9/v1", "echo").generate(["Vienna"])
