"""
Saving and serving
==================

Serve a saved network over HTTP, in a process that never imports Keras or TensorFlow.
(To serve without Python, use ``clf.to_onnx()``, which requires the extra ``onnx``.)
"""

import json
import subprocess
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path

import joblib

from sk_mnist import KerasMLPClassifier, load_mnist_sample

# %%
# Train on every second digit, and save. As with any pickle, load only files that you trust.
X, y = load_mnist_sample(return_X_y=True)
clf = KerasMLPClassifier(random_state=0).fit(X[::2], y[::2])
folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "digits.joblib")
joblib.dump(clf, path)
print(f"{path.stat().st_size / 1e6:.1f} MB")

# %%
# The server receives the 784 bytes of an image, and answers in JSON.
program = """
import json, sys, joblib, numpy as np
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        p = clf.predict_proba(np.frombuffer(self.rfile.read(784), np.uint8)[None])[0]
        imported = [name for name in ("keras", "tensorflow") if name in sys.modules]
        answer = {"digit": int(p.argmax()), "probability": float(p.max()), "imported": imported}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

clf = joblib.load(sys.argv[1])
server = HTTPServer(("127.0.0.1", 0), Handler)  # any free port
print(server.server_port, flush=True)
server.serve_forever()
"""

# %%
# Start it in a new process, and send it digits from the other half.
command = [sys.executable, "-c", program, path]
with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
    connection = HTTPConnection("127.0.0.1", int(server.stdout.readline()), timeout=60)
    for image, digit in zip(X[1::1000], y[1::1000], strict=True):
        connection.request("POST", "/", image.tobytes())
        print(f"true digit {digit}:", json.load(connection.getresponse()))
    server.terminate()
folder.cleanup()
