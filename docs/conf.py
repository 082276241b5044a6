"""Sphinx configuration.

Build with ``python -m sphinx -W --keep-going -b html docs docs/_build/html``. The build works
offline. Set the environment variable ``SK_MNIST_INTERSPHINX`` to link to the documentation of other
libraries, which requires network access.
"""

import os
from typing import Any

import sk_mnist
from sk_mnist.export.mixin import ExportMixin

# Set before an example imports TensorFlow, whose log would end up in the pages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

project = "sk_mnist"
author = "the sk_mnist developers"
project_copyright = author
version = release = sk_mnist.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "**/*.ipynb"]
templates_path = ["_templates"]

# -- Text ---------------------------------------------------------------------------------------

smartquotes = False  # keep quotes in types such as {"rms", "standard"}
toc_object_entries_show_parents = "hide"
default_role = "literal"  # numpydoc puts names in single backticks
myst_heading_anchors = 3
numpydoc_show_class_members = False  # the class template lists them
autodoc_typehints = "none"  # numpydoc sections state the types
autosummary_generate = True
# The class template documents these members of a base class, but none of scikit-learn's.
autosummary_context = {"export_methods": [name for name in vars(ExportMixin) if name[0] != "_"]}

# References to this package must resolve; those to other libraries resolve with intersphinx.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(keras|matplotlib|numpy|onnx|pandas|seaborn|skl2onnx|sklearn)\..*"),
    ("py:func", "format"),
]

if os.environ.get("SK_MNIST_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "matplotlib": ("https://matplotlib.org/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "python": ("https://docs.python.org/3/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
    }

# -- Gallery ------------------------------------------------------------------------------------

# Only examples/plot_*.py are executed; the page "scripts" shows the source of the others.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": r"^(?!plot_)",
    "doc_module": ("sk_mnist",),
    "backreferences_dir": "api/backreferences",
    "within_subsection_order": "FileNameSortKey",
    "copyfile_regex": r"",
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}

# -- HTML ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"sk_mnist {release}"
html_static_path = ["_static"]
html_css_files = ["sk_mnist.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "sk_mnist"},
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


# -- References ---------------------------------------------------------------------------------


def resolve_public_name(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Resolve a public name that a docstring uses without its documented module."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    for package in ("", ".evaluation", ".displays", ".export", ".images"):
        module = f"sk_mnist{package}"
        if node["reftarget"] in (name, f"sk_mnist.{name}"):
            full_name = f"{module}.{name}"
            found = env.domains.python_domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", full_name, node, contnode
            )
            if found is not None:
                return found
    return None


def setup(app: Any) -> None:
    """Connect the resolver of public names."""
    app.connect("missing-reference", resolve_public_name)
