"""A hub on this machine: enough of its interface to resolve revisions and download models."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
import transformers.utils.hub

REFUSALS = {
    "GatedRepo": (403, "Access to this model is restricted"),
    "RepoNotFound": (404, "Repository not found"),
    "RevisionNotFound": (404, "Invalid rev id"),
}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def _answer(self, *, with_body: bool) -> None:
        self.server.asked.append(self.path)
        if self.server.refusal is not None:
            status, message = REFUSALS[self.server.refusal]
            headers = {"X-Error-Code": self.server.refusal, "X-Error-Message": message}
            self._send(status, b"{}", headers, with_body)
        elif self.path.startswith("/api/models/org/base/revision/") or self.path == "/api/models/org/base":
            info = {"id": "org/base", "sha": self.server.commit, "siblings": []}
            self._send(200, json.dumps(info).encode(), {}, with_body)
        else:
            self._send_file(with_body)

    def _send_file(self, with_body: bool) -> None:
        path = self.server.folder / self.path.rpartition("/")[2]
        known = {"X-Repo-Commit": self.server.commit}
        if f"/org/base/resolve/{self.server.commit}/" not in self.path or not path.is_file():
            self._send(404, b"", {**known, "X-Error-Code": "EntryNotFound"}, with_body)
            return
        content = path.read_bytes()
        tag = hashlib.sha256(content).hexdigest()
        self._send(200, content, {**known, "ETag": f'"{tag}"'}, with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    """`refusal`: answer everything with this error; `asked`: every path that was requested."""

    folder = Path()
    commit = "c0ffee" + "0" * 34
    refusal: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []


@contextmanager
def hub_server(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """Serve the files of `folder` as the model org/base; the process uses this hub and the empty `cache`."""
    server = _Server()
    server.folder = folder
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(
        huggingface_hub.constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(transformers.utils.hub, "_hf_api", None)  # it keeps the address of its first hub
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
