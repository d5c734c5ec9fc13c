"""Writes cache_layout.json: what huggingface_hub's cache holds after snapshot_download of a small repository."""

import hashlib
import json
import os
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": '{"model_type": "clip"}',
    "model.safetensors": "the weights",
    "onnx/config.json": '{"model_type": "clip"}',
    "onnx/model.onnx": "a graph",
    "empty.txt": "",
}


def is_large(path):
    return path.endswith((".safetensors", ".onnx"))


def git_hash(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(path):
    content = FILES[path].encode()
    if not is_large(path):
        return {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
    sha256 = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
    lfs = {"oid": sha256, "size": len(content), "pointerSize": len(pointer)}
    return {"type": "file", "path": path, "size": len(content), "oid": git_hash(pointer), "lfs": lfs}


class Hub(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/api/models/org/name/revision/main":
            return self.answer(json.dumps({"id": "org/name", "sha": COMMIT, "siblings": []}).encode())
        if path == f"/api/models/org/name/tree/{COMMIT}":
            return self.answer(json.dumps([entry(file) for file in FILES]).encode())
        file = path.removeprefix(f"/org/name/resolve/{COMMIT}/")
        if file not in FILES:
            return self.send_error(404)
        listed = entry(file)
        tag = listed["lfs"]["oid"] if "lfs" in listed else listed["oid"]
        self.answer(FILES[file].encode(), {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    do_HEAD = do_GET

    def answer(self, body, headers={}):
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

with tempfile.TemporaryDirectory() as cache:
    os.environ["HF_HOME"] = cache
    import huggingface_hub

    huggingface_hub.snapshot_download("org/name", cache_dir=cache, token=False)
    repository = Path(cache) / "models--org--name"
    layout = {}
    for path in sorted(repository.rglob("*")):
        name = path.relative_to(repository).as_posix()
        if path.is_symlink():
            layout[name] = "-> " + os.readlink(path)
        elif path.is_file():
            layout[name] = path.read_text()
text = {"huggingface_hub": huggingface_hub.__version__, "commit": COMMIT, "files": FILES, "layout": layout}
(HERE / "cache_layout.json").write_text(json.dumps(text, indent=1) + "\n")
