"""Sets up Sphinx for the documentation site; `make docs` builds it into build/docs, with nothing from the network."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "mswal-bench"
author = "The mswal-bench maintainers"
project_copyright = author
version = release = installed_version("mswal-bench")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
    "mswal_bench.docs.generate.extension",
]
exclude_patterns = ["generate/**"]
nitpicky = True
# Types in signatures are those of numpy, pandas and the standard library too, whose pages would have to be fetched, and
# of modules that are not public. All that is linked by hand is checked.
nitpick_ignore_regex = [("py:.*", ".*")]

myst_enable_extensions = ["attrs_block", "colon_fence", "fieldlist"]
myst_heading_anchors = 4

# A double dash is an option.
smartquotes = False

# Docstrings are plain text: what stands in single backticks is code.
default_role = "code"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
# Not the unions that numpy makes of it.
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_class_signature = "separated"
python_maximum_signature_line_length = 80

copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
pygments_style = "default"

html_theme = "pydata_sphinx_theme"
html_title = f"mswal-bench {release}"
_BOARD = "../benchmark/board/site/assets"
html_static_path = ["assets", f"{_BOARD}/scroll_boxes.js", f"{_BOARD}/scroll_boxes.css"]
html_css_files = ["site.css", "scroll_boxes.css"]
html_js_files = [
    (
        "scroll_boxes.js",
        {"data-boxes": "pre, .pst-scrollable-table-container, .notebook-table, .notebook-table > div"},
    )
]
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "logo": {"text": "mswal-bench"},
    "navbar_end": ["theme-switcher"],
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
html_sidebars: dict[str, list[str]] = {"index": [], "benchmarks": [], "changelog": []}
