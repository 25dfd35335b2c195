"""A submission that is a `.tar` or a `.tar.gz`.

It is gone through once to list it, which also compares the checksum that a `.gz` ends with, and again as its files are
read: fast in the order that they lie in, for what lies before is unpacked anew.
"""

from __future__ import annotations

from functools import partial

from .archive_stream import ArchiveStream
from .listing import Listing
from .tar_headers import read_entries


def list_tar(stream: ArchiveStream, listing: Listing) -> None:
    """Lists the archive's files. Raises PackageError for one that is damaged or made to do harm."""
    for entry in read_entries(stream, listing):
        name = listing.name_of(entry.stored_name)
        if name is None or entry.kind == "folder":
            continue
        if entry.kind == "file":
            listing.add(name, entry.size_bytes, partial(stream.stretch, entry.offset, entry.size_bytes))
        else:
            listing.refuse(entry.kind, name)
