"""Builds the public board: static pages made of records.

Records and the paper's printed numbers become entries (`entries.py`), entries that compare become a board
(`boards.py`), which shows ceilings beside them (`ceiling_entries.py`), a board gets its ranks (`board_ranks.py`), its
statistics (`board_statistics.py`), its charts (`charts.py`) and the files of its table (`page_data.py`), templates make
pages of them (`site_pages.py`), and the pages take the place of the old ones in one step (`site_folder.py`).
"""
