"""The part of the model hub's HTTP API that models need, on this machine alone."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Optional, Tuple
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_ofthetests"
Files = Dict[str, bytes]


class FakeHub:
    """
    # Attributes

    url : `str`
        What HF_ENDPOINT has to be.
    repositories : `Dict[str, Dict[str, str]]`
        Of each the commits of its branches.
    commits : `Dict[str, Files]`
    requests : `List[str]`
        Method and path of each.
    sizes : `Dict[str, int]`
        What is said of the size of a file, where that is not the truth.
    """

    def __init__(self) -> None:
        self.url = ""
        self.repositories: Dict[str, Dict[str, str]] = {}
        self.commits: Dict[str, Files] = {}
        self.large: Dict[str, bytes] = {}
        self.requests: List[str] = []
        self.sizes: Dict[str, int] = {}

    def add(self, name: str, files: Files, branch: str = "main") -> str:
        """Makes a commit, and returns its hash."""
        sha = hashlib.sha1(f"{name} {branch} {len(self.commits)}".encode()).hexdigest()
        self.commits[sha] = files
        self.repositories.setdefault(name, {})[branch] = sha
        return sha

    def files(self, name: str, revision: str) -> Tuple[str, Files]:
        sha = self.repositories[name].get(revision, revision)
        return sha, self.commits[sha]

    def answer(self, method: str, path: str, body: bytes) -> Tuple[int, Any, Dict[str, str]]:
        """Status, JSON or bytes, and headers."""
        if method == "POST" and path == "/api/repos/create":
            given = json.loads(body)
            name = "/".join(filter(None, (given.get("organization"), given["name"])))
            if name in self.repositories:
                return 409, {"error": "exists", "url": f"{self.url}/{name}"}, {}
            self.add(name, {".gitattributes": b""})
            return 200, {"url": f"{self.url}/{name}", "name": name}, {}
        if method == "POST" and path == "/api/validate-yaml":
            front_matter = json.loads(body)["content"].split("---\n")[1]
            assert isinstance(yaml.safe_load(front_matter), dict)
            return 200, {"errors": [], "warnings": []}, {}
        if match := re.fullmatch(r"/lfs/(\w+)", path):
            assert hashlib.sha256(body).hexdigest() == match[1]
            self.large[match[1]] = body
            return 200, {}, {}
        if match := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            return 200, {"transfer": "basic", "objects": self._uploads(body)}, {}
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(match[1], unquote(match[2]), unquote(match[3]))
        match = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(\w+)/([^/]+))?(/.*)?", path)
        if match is None or match[1] not in self.repositories:
            return 404, {"error": "no"}, {"X-Error-Code": "RepoNotFound"}
        name, action, revision = match[1], match[2] or "revision", unquote(match[3] or "main")
        if action == "branch":
            if revision in self.repositories[name]:
                return 409, {"error": "exists"}, {}
            self.add(name, self.files(name, "main")[1], revision)
            return 200, {}, {}
        if revision not in {*self.repositories[name], *self.commits}:
            return 404, {"error": "no"}, {"X-Error-Code": "RevisionNotFound"}
        if action == "preupload":
            return 200, {"files": [*map(_mode, json.loads(body)["files"])]}, {}
        if action == "commit":
            sha = self._commit(name, revision, body)
            return 200, {"commitUrl": f"{self.url}/{name}/commit/{sha}", "commitOid": sha}, {}
        sha, files = self.files(name, revision)
        if action == "tree":
            return 200, [self._entry(path, content) for path, content in files.items()], {}
        siblings = [
            {"rfilename": path, "size": self.sizes.get(path, len(content))}
            for path, content in files.items()
        ]
        return 200, {"id": name, "sha": sha, "siblings": siblings}, {}

    def _uploads(self, body: bytes) -> List[Any]:
        return [
            {**each, "actions": {"upload": {"href": f"{self.url}/lfs/{each['oid']}"}}}
            for each in json.loads(body)["objects"]
        ]

    def _commit(self, name: str, branch: str, body: bytes) -> str:
        files = dict(self.files(name, branch)[1])
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.large[value["oid"]]
            elif item["key"] == "deletedFile":
                del files[value["path"]]
        return self.add(name, files, branch)

    def _entry(self, path: str, content: bytes) -> Dict[str, Any]:
        entry = {"type": "file", "path": path, "size": len(content), "oid": _oid(content)}
        if path.endswith(".safetensors"):
            digest = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
        return entry

    def _file(self, name: str, revision: str, path: str) -> Tuple[int, Any, Dict[str, str]]:
        sha, files = self.files(name, revision)
        if path not in files:
            return 404, {"error": "no"}, {"X-Error-Code": "EntryNotFound"}
        content = files[path]
        return 200, content, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": sha}


def _mode(file: Dict[str, Any]) -> Dict[str, Any]:
    mode = "lfs" if file["path"].endswith(".safetensors") else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A hub that is there within it."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = urlsplit(self.path).path
            hub.requests.append(f"{self.command} {path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_write = self.command != "HEAD" and self.command != "GET"
            has_token = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            if is_write and not has_token and not path.startswith("/lfs/"):
                status, answer, headers = 401, {"error": "who are you?"}, {}
            else:
                status, answer, headers = hub.answer(self.command, path, body)
            self.give(status, answer, headers)

        def give(self, status: int, answer: Any, headers: Optional[Dict[str, str]]) -> None:
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
