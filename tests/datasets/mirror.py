"""A local HTTP server in place of the MNIST mirrors, and helpers for MNIST files."""

import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TRAIN_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IMAGES, LABELS = TEST_FILES

CLOSED_PORT_MIRROR = "http://127.0.0.1:1/"


class Mirror:
    """An HTTP server on this machine that delivers ``files`` and notes what it was asked for."""

    def __init__(self):
        self.files = {}
        self.headers = {}
        self.requested = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/")
                mirror.requested.append(name)
                if name not in mirror.files:
                    self.send_error(404)
                    return
                body = mirror.files[name]
                self.send_response(200)
                for key, value in ({"Content-Length": str(len(body))} | mirror.headers).items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def make_idx(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def write_files(directory, contents):
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return directory


def list_names(directory):
    return sorted(path.name for path in directory.iterdir())
