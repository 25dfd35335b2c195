"""A hub on loopback that models are pushed to and fetched from: accounts, repositories with commits, and a store.

It speaks what the hub's library speaks when it makes a repository and a commit: the check of a card, the question which
files are large, the batches of Git LFS, uploads in one piece or in parts, and commits in lines of JSON. That it does is
tested with the library's own calls.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .hub_server import HubHandler, HubServer, git_sha1, listing_entry

WRITER, READER = "hf_writer", "hf_reader"
_MODEL = r"([\w.-]+/[\w.-]+)"


@dataclass
class Commit:
    oid: str
    title: str
    files: dict[str, bytes]


@dataclass
class Repository:
    private: bool
    commits: list[Commit] = field(default_factory=list)
    """The newest last."""


@dataclass
class PushFaults:
    """What goes wrong with a push; empty, nothing does."""

    breaks: int = 0
    """So many uploads break off in their first kilobyte."""
    status: dict[str, list[int]] = field(default_factory=dict)
    """The statuses of the first tries of a step: `create`, `preupload`, `batch`, `upload`, `verify`, `commit`."""
    kept: dict[str, bytes] = field(default_factory=dict)
    """What the store keeps of an upload instead of it, by its SHA-256."""
    ignored: set[str] = field(default_factory=set)
    """Files that the repository's .gitignore names."""
    lost_answer: bool = False
    """The commit is made, and the connection breaks before it is said."""
    before_commit: Callable[[], object] | None = None
    """Happens between the upload and the commit."""


class ModelHub(HubServer):
    """Serves models while the context lasts; there is none at first."""

    def __init__(self, large_from: int = 1000):
        super().__init__({}, large_from, ModelHandler)
        self.repositories: dict[str, Repository] = {}
        self.writers: dict[str, set[str]] = {WRITER: {"me", "group"}, READER: set()}
        """The owners that a token may write for."""
        self.objects: dict[str, bytes] = {}
        """What is in the store, by its SHA-256."""
        self.parts: dict[tuple[str, int], bytes] = {}
        self.part_bytes: int | None = None
        """The size of parts; None, uploads are in one piece."""
        self.xet: str | None = None
        """The address of a store by the newer protocol, which is not served here."""
        self.push_faults = PushFaults()

    def publish(self, name: str, files: Mapping[str, bytes], private: bool = False, title: str = "publish") -> str:
        """Makes a commit with these files and no others, and returns its hash."""
        repository = self.repositories.setdefault(name, Repository(private))
        parent = repository.commits[-1].oid if repository.commits else ""
        content = "".join(f"{path}{git_sha1(files[path])}" for path in sorted(files))
        oid = hashlib.sha1(f"{parent}{title}{content}".encode()).hexdigest()
        repository.commits.append(Commit(oid, title, dict(files)))
        return oid

    def newest(self, name: str) -> Commit:
        return self.repositories[name].commits[-1]

    def found(self, name: str, revision: str) -> Commit | None:
        commits = self.repositories[name].commits
        revision = self.tags.get(revision, revision)
        if revision == "main":
            return commits[-1]
        meant = [each for each in commits if each.oid.startswith(revision) and len(revision) >= 7]
        return meant[0] if meant else None

    def uploads(self) -> list[str]:
        """What was sent to the store, each object as often as it was."""
        return [asked.path for asked in self.asked if asked.method == "PUT"]

    def next_status(self, step: str) -> int | None:
        return self.next_of(self.push_faults.status, step)


class ModelHandler(HubHandler):
    hub: ModelHub

    def _route(self, path: str, query: Mapping[str, list[str]]) -> None:
        if self.role == "store":
            return self._store(path, query)
        body = self._body()
        token = (self.headers["Authorization"] or "").removeprefix("Bearer ")
        if token and token not in self.hub.writers:
            return self._error(401, None, "Invalid credentials in Authorization header")
        for pattern, may, answer in (
            ("/api/repos/create", None, lambda: self._create(token, json.loads(body))),
            ("/api/validate-yaml", None, lambda: self._card(json.loads(body)["content"])),
            (f"/api/models/{_MODEL}(?:/revision/(.+))?", self._may_read, self._info),
            (f"/api/models/{_MODEL}/commits/(main)", self._may_read, self._commits),
            (f"/{_MODEL}/resolve/([^/]+)/(.+)", self._may_read, self._resolve_model),
            (f"/api/models/{_MODEL}/xet-write-token/(main)", self._may_write, self._xet_token),
            (f"/api/models/{_MODEL}/preupload/main", self._may_write, lambda name: self._preupload(name, body)),
            (f"/{_MODEL}\\.git/info/lfs/objects/batch", self._may_write, lambda name: self._batch(name, body)),
            (f"/{_MODEL}\\.git/info/lfs/verify", self._may_write, lambda _: self._verify(body)),
            (f"/api/models/{_MODEL}/commit/main", self._may_write, lambda name: self._commit_files(name, body)),
        ):
            if match := re.fullmatch(pattern, path):
                if may is None or may(match[1], token):
                    answer(*match.groups())
                return None
        return self._error(404, None, "Not found")

    def _body(self) -> bytes:
        if self.headers["Transfer-Encoding"] == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def _may_read(self, name: str, token: str) -> bool:
        repository = self.hub.repositories.get(name)
        if repository is not None and (token or not repository.private):
            return True
        if token:
            self._error(404, "RepoNotFound", "Repository not found")
        else:
            self._error(401, "RepoNotFound", "Invalid username or password.")
        return False

    def _may_write(self, name: str, token: str) -> bool:
        if not self._may_read(name, token):
            return False
        if name.partition("/")[0] in self.hub.writers.get(token, ()):
            return True
        self._error(403, None, "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request")
        return False

    def _fails(self, step: str) -> bool:
        status = self.hub.next_status(step)
        if status is not None:
            self._error(status, None, "as the test has it")
        return status is not None

    def _create(self, token: str, asked: Mapping[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if self._fails("create"):
            return
        if not token:
            self._error(401, None, "Invalid username or password.")
        elif asked["organization"] not in self.hub.writers[token]:
            message = f'You don\'t have the rights to create a model under the namespace "{asked["organization"]}"'
            self._error(403, None, message)
        elif name in self.hub.repositories:
            self._error(409, None, "You already created this model repo")
        else:
            self.hub.publish(name, {".gitattributes": b""}, asked.get("visibility") == "private", "initial commit")
            self._send_json({"url": f"{self.hub.endpoint}/{name}", "name": name, "id": "1"})

    def _card(self, content: str) -> None:
        match = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        try:
            card = yaml.safe_load(match[1]) if match else None
        except yaml.YAMLError as error:
            answer = {"errors": [{"message": f"bad YAML: {type(error).__name__}"}], "warnings": []}
            return self._send(400, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
        return self._send_json({"errors": [], "warnings": warnings})

    def _info(self, name: str, revision: str | None) -> None:
        status = self.hub.next_of(self.hub.faults.status, "")
        commit = self.hub.found(name, revision or "main")
        if status is not None:
            return self._error(status, None, "busy")
        if commit is None:
            return self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        entries = [listing_entry(path, content, self._is_large(content)) for path, content in commit.files.items()]
        siblings = [
            {"rfilename": entry["path"], "size": entry["size"], "blobId": entry["oid"]}
            | ({"lfs": entry["lfs"]} if "lfs" in entry else {})
            for entry in entries
        ]
        siblings += self.hub.faults.listed
        private = self.hub.repositories[name].private
        return self._send_json({"id": name, "sha": commit.oid, "private": private, "siblings": siblings, "tags": []})

    def _commits(self, name: str, _: str) -> None:
        commits = reversed(self.hub.repositories[name].commits)
        date = "2025-03-01T12:00:00.000Z"
        self._send_json(
            [{"id": each.oid, "title": each.title, "message": "", "date": date, "authors": []} for each in commits]
        )

    def _resolve_model(self, name: str, revision: str, path: str) -> None:
        commit = self.hub.found(name, revision)
        if commit is None:
            return self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if path not in commit.files or path in self.hub.faults.missing:
            return self._error(404, "EntryNotFound", "Entry not found")
        content = commit.files[path]
        if not self._is_large(content):
            return self._send_file(path, content, {"X-Repo-Commit": commit.oid, "ETag": f'"{git_sha1(content)}"'})
        oid = hashlib.sha256(content).hexdigest()
        self.hub.objects[oid] = content
        location = f"{self.hub.address('store')}/store/{oid}?path={path}"
        linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content)), "X-Repo-Commit": commit.oid}
        return self._send(302, b"", {"Location": location, **linked})

    def _is_large(self, content: bytes) -> bool:
        return len(content) >= self.hub.large_from

    def _preupload(self, name: str, body: bytes) -> None:
        if self._fails("preupload"):
            return
        there = self.hub.newest(name).files
        files = []
        for asked in json.loads(body)["files"]:
            is_large, content = asked["size"] >= self.hub.large_from, there.get(asked["path"])
            known = {}
            if content is not None:
                known["oid"] = hashlib.sha256(content).hexdigest() if self._is_large(content) else git_sha1(content)
            ignored = asked["path"] in self.hub.push_faults.ignored
            mode = "lfs" if is_large else "regular"
            files.append({"path": asked["path"], "uploadMode": mode, "shouldIgnore": ignored, **known})
        self._send_json({"files": files})

    def _xet_token(self, _: str, __: str) -> None:
        if self.hub.xet is None:
            return self._error(404, None, "Not found")
        token = {"X-Xet-Cas-Url": self.hub.xet, "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": "4000000000"}
        answer = {"casUrl": self.hub.xet, "accessToken": "xet", "exp": 4000000000}
        return self._send_json(answer, token)

    def _batch(self, name: str, body: bytes) -> None:
        if self._fails("batch"):
            return
        objects = []
        for asked in json.loads(body)["objects"]:
            answer = {"oid": asked["oid"], "size": asked["size"]}
            if asked["oid"] not in self.hub.objects:
                answer["actions"] = {
                    "upload": self._upload_action(asked["oid"], asked["size"]),
                    "verify": {"href": f"{self.hub.endpoint}/{name}.git/info/lfs/verify"},
                }
            objects.append(answer)
        self._send_json({"transfer": "multipart" if self.hub.part_bytes else "basic", "objects": objects})

    def _upload_action(self, oid: str, size: int) -> dict[str, Any]:
        href, part_bytes = f"{self.hub.address('store')}/upload/{oid}", self.hub.part_bytes
        if part_bytes is None:
            return {"href": href}
        numbers = range(1, -(-size // part_bytes) + 1)
        parts = {str(number): f"{href}?part={number}" for number in numbers}
        return {"href": f"{href}?parts={len(numbers)}", "header": {"chunk_size": str(part_bytes), **parts}}

    def _verify(self, body: bytes) -> None:
        if self._fails("verify"):
            return None
        asked = json.loads(body)
        content = self.hub.objects.get(asked["oid"])
        if content is None or hashlib.sha256(content).hexdigest() != asked["oid"] or len(content) != asked["size"]:
            self.hub.objects.pop(asked["oid"], None)
            return self._error(422, None, "the object is not what it is named")
        return self._send_json({})

    def _store(self, path: str, query: Mapping[str, list[str]]) -> None:
        kind, _, oid = path.removeprefix("/").partition("/")
        if kind == "xet":
            return self._error(403, None, "nothing of this protocol")
        if self.command in {"GET", "HEAD"}:
            return self._send_file(query["path"][0], self.hub.objects[oid], {})
        faults = self.hub.push_faults
        if kind == "upload" and self.command == "PUT" and faults.breaks:
            faults.breaks -= 1
            self.rfile.read(1000)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        body = self._body()
        if self._fails("upload"):
            return None
        if self.command == "PUT" and "part" in query:
            self.hub.parts[oid, int(query["part"][0])] = body
        elif self.command == "PUT":
            self.hub.objects[oid] = faults.kept.get(oid, body)
        else:
            numbers = [part["partNumber"] for part in json.loads(body)["parts"]]
            self.hub.objects[oid] = b"".join(self.hub.parts.pop((oid, number)) for number in numbers)
        return self._send(200, b"", {"ETag": '"etag"'})

    def _commit_files(self, name: str, body: bytes) -> None:
        faults = self.hub.push_faults
        if faults.before_commit is not None:
            faults.before_commit()
        if self._fails("commit"):
            return None
        newest, header = self.hub.newest(name), {}
        files = dict(newest.files)
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                header = value
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile" and value["oid"] in self.hub.objects:
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif line["key"] == "deletedFile" and value["path"] in files:
                del files[value["path"]]
            else:
                return self._error(400, None, f"{line['key']} {value.get('path')} cannot be committed")
        if header.get("parentCommit") not in {None, newest.oid}:
            return self._error(412, None, "A commit has happened since. Please refresh and try again.")
        oid = self.hub.publish(name, files, title=header["summary"])
        if faults.lost_answer:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        return self._send_json(
            {"success": True, "commitOid": oid, "commitUrl": f"{self.hub.endpoint}/{name}/commit/{oid}"}
        )
