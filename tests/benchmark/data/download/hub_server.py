"""A small hub on loopback: a data set's listing, its commits, and its files, with faults to order.

It speaks the hub's own protocol over HTTP/1.1: a listing of names, sizes and digests; small files sent by the hub
itself, large ones by a redirect to a store of another origin; ranges; errors with the hub's headers. That it does is
tested with the hub library's own download.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "zhaodongwu/MSWAL"
COMMIT = "62c286b0" + "5eed" * 8
OTHER_COMMIT = "0123abcd" + "feed" * 8
PAGE = 1000


@dataclass(frozen=True)
class Asked:
    """One request, as it came in."""

    host: str
    """`hub` or `store`."""
    method: str
    path: str
    range: str | None
    authorization: str | None
    user_agent: str


@dataclass
class Faults:
    """What goes wrong; empty, nothing does. Paths are those of files in the data set."""

    break_after: dict[str, list[int]] = field(default_factory=dict)
    """The connection breaks after so many bytes of the body: one number for each try, then no more."""
    status: dict[str, list[int]] = field(default_factory=dict)
    """The statuses of the first tries; for a listing under the path ``."""
    retry_after: str | None = None
    missing: set[str] = field(default_factory=set)
    """Listed, and not there."""
    sent: dict[str, bytes] = field(default_factory=dict)
    """Sent instead of what is listed."""
    listed: list[dict[str, Any]] = field(default_factory=list)
    """More entries of the listing."""
    no_ranges: bool = False
    """Ranges are ignored: every answer is the whole file."""
    wrong_ranges: bool = False
    """A range starts a byte too late."""
    full_hashes_only: bool = False
    """The beginning of a commit's hash is no revision."""
    token: str | None = None
    """Files and the listing are only for who sends it."""
    gated: bool = False
    """The listing is for all, the files for nobody."""
    block_s: float = 0
    """Time between blocks of 1 KiB of a body."""
    page: bytes | None = None
    """An HTML page that answers everything, as that of a hotel's network."""


class HubServer:
    """Serves `files` (path -> content, or a file that holds it) while the context lasts."""

    def __init__(self, files: Mapping[str, bytes | Path], large_from: int = 1000, handler: type | None = None):
        self.files = files
        self.large_from = large_from
        """Files of so many bytes are in the store, not in git."""
        self.commits = {COMMIT: "released", OTHER_COMMIT: "begun"}
        self.tags: dict[str, str] = {}
        self.faults = Faults()
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] | None = None
        self.handler = handler or HubHandler
        self._servers = {role: _server(self, role) for role in ("hub", "store")}

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    @property
    def endpoint(self) -> str:
        return self.address("hub")

    def address(self, role: str) -> str:
        return f"http://127.0.0.1:{self._servers[role].server_address[1]}"

    def content(self, path: str) -> bytes:
        content = self.files[path]
        return content.read_bytes() if isinstance(content, Path) else content

    def is_large(self, path: str) -> bool:
        return len(self.content(path)) >= self.large_from

    def entries(self) -> list[dict[str, Any]]:
        """The listing: what every file is and, if it is large, what stands for it in git."""
        if self._entries is None:
            self._entries = [
                listing_entry(path, self.content(path), self.is_large(path)) for path in sorted(self.files)
            ]
        return self._entries + self.faults.listed

    def asked_for(self, path: str) -> list[Asked]:
        """The requests that were answered with the bytes of a file, or with an error in their place."""
        names = {f"/datasets/{REPOSITORY}/resolve/{COMMIT}/{path}"}
        if path in self.files and self.is_large(path):
            names = {f"/store/{path}"}
        return [asked for asked in self.asked if asked.method == "GET" and unquote(asked.path) in names]

    def next_of(self, queues: Mapping[str, list[int]], path: str) -> int | None:
        with self._lock:
            queue = queues.get(path)
            return queue.pop(0) if queue else None


def listing_entry(path: str, content: bytes, is_large: bool) -> dict[str, Any]:
    """What the listing says of one file."""
    entry: dict[str, Any] = {"path": path, "size": len(content), "oid": git_sha1(content)}
    if is_large:
        sha256 = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
        entry |= {
            "oid": git_sha1(pointer),
            "lfs": {"oid": sha256, "sha256": sha256, "size": len(content), "pointerSize": len(pointer)},
        }
    return entry


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _server(hub: HubServer, role: str) -> ThreadingHTTPServer:
    class Handler(hub.handler):  # type: ignore[misc, name-defined]
        pass

    Handler.hub, Handler.role = hub, role
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return server


class HubHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer
    role: str

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing: `asked` is the log."""

    def _answer(self) -> None:
        faults, url = self.hub.faults, urlsplit(self.path)
        headers = self.headers
        self.hub.asked.append(
            Asked(self.role, self.command, url.path, headers["Range"], headers["Authorization"], headers["User-Agent"])
        )
        if faults.page is not None:
            self._send(200, faults.page, {"Content-Type": "text/html"})
        else:
            self._route(unquote(url.path), parse_qs(url.query))

    def _route(self, path: str, query: Mapping[str, list[str]]) -> None:
        faults, headers = self.hub.faults, self.headers
        if self.role == "store":
            self._send_file(path.removeprefix("/store/"), self.hub.content(path.removeprefix("/store/")), {})
        elif faults.token is not None and headers["Authorization"] != f"Bearer {faults.token}":
            self._error(
                401, "RepoNotFound" if headers["Authorization"] is None else None, "Invalid username or password."
            )
        elif match := re.fullmatch(f"/api/datasets/{REPOSITORY}/revision/(.+)", path):
            self._listing(match[1])
        elif match := re.fullmatch(f"/api/datasets/{REPOSITORY}/tree/(.+)", path):
            self._tree(match[1], int(query.get("cursor", ["0"])[0]))
        elif path == f"/api/datasets/{REPOSITORY}/commits/main":
            items = [
                {"id": commit, "title": title, "message": "", "date": "2025-03-01T12:00:00.000Z", "authors": []}
                for commit, title in self.hub.commits.items()
            ]
            self._send_json(items)
        elif match := re.fullmatch(f"/datasets/{REPOSITORY}/resolve/([^/]+)/(.+)", path):
            self._resolve(match[1], match[2])
        else:
            self._error(404, "RepoNotFound", "Repository not found")

    def _commit(self, revision: str) -> str | None:
        if revision == "main":
            return COMMIT
        if revision in self.hub.tags:
            return self.hub.tags[revision]
        if revision in self.hub.commits:
            return revision
        found = [commit for commit in self.hub.commits if commit.startswith(revision) and len(revision) >= 7]
        return found[0] if found and not self.hub.faults.full_hashes_only else None

    def _listing(self, revision: str) -> None:
        commit = self._commit(revision)
        status = self.hub.next_of(self.hub.faults.status, "")
        if status is not None:
            self._error(status, None, "busy")
        elif commit is None:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            siblings = [
                {"rfilename": entry["path"], "size": entry.get("size"), "blobId": entry.get("oid")}
                | ({"lfs": entry["lfs"]} if "lfs" in entry else {})
                for entry in self.hub.entries()
            ]
            self._send_json({"id": REPOSITORY, "sha": commit, "private": False, "siblings": siblings})

    def _tree(self, revision: str, cursor: int) -> None:
        entries = [{"type": "file", **entry} for entry in self.hub.entries()]
        headers = {}
        if len(entries) > cursor + PAGE:
            following = (
                f"{self.hub.endpoint}/api/datasets/{REPOSITORY}/tree/{revision}?recursive=true&cursor={cursor + PAGE}"
            )
            headers["Link"] = f'<{following}>; rel="next"'
        self._send_json(entries[cursor : cursor + PAGE], headers)

    def _resolve(self, revision: str, path: str) -> None:
        hub, commit = self.hub, self._commit(revision)
        if hub.faults.gated:
            self._error(403, "GatedRepo", "Access to dataset is restricted and you are not in the authorized list.")
        elif commit is None:
            self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        elif path in hub.faults.missing or path not in hub.files:
            self._error(404, "EntryNotFound", "Entry not found")
        elif hub.is_large(path):
            content = hub.content(path)
            self._send(
                302,
                b"",
                {
                    "Location": f"{hub.address('store')}/store/{path}?signature=1",
                    "X-Repo-Commit": commit,
                    "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
                    "X-Linked-Size": str(len(content)),
                },
            )
        else:
            self._send_file(
                path, hub.content(path), {"X-Repo-Commit": commit, "ETag": f'"{git_sha1(hub.content(path))}"'}
            )

    def _send_file(self, path: str, content: bytes, headers: dict[str, str]) -> None:
        faults = self.hub.faults
        status = self.hub.next_of(faults.status, path)
        if status is not None:
            return self._error(status, None, "busy")
        content = faults.sent.get(path, content)
        headers = headers | {"Accept-Ranges": "bytes"}
        match = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if match is None or faults.no_ranges:
            return self._send(200, content, headers, path)
        start = int(match[1]) + faults.wrong_ranges
        if start >= len(content):
            return self._error(416, None, "Range Not Satisfiable")
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self._send(206, content[start:], headers, path)

    def _error(self, status: int, code: str | None, message: str) -> None:
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        if status in {429, 503} and self.hub.faults.retry_after is not None:
            headers["Retry-After"] = self.hub.faults.retry_after
        self._send(status, json.dumps({"error": message}).encode(), headers | {"Content-Type": "application/json"})

    def _send_json(self, value: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"} | dict(headers or {}))

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], path: str = "") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        breaks = self.hub.next_of(self.hub.faults.break_after, path)
        try:
            self._send_body(body if breaks is None else body[:breaks])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if breaks is not None:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _send_body(self, body: bytes) -> None:
        wait_s = self.hub.faults.block_s
        if not wait_s:
            self.wfile.write(body)
            return
        for start in range(0, len(body), 1024):
            self.wfile.write(body[start : start + 1024])
            time.sleep(wait_s)
