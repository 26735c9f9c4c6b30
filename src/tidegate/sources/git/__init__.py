"""Git repositories: the whole object database, read directly, and what it says outside of objects."""

from tidegate.sources.git.clone import clone_bare, is_url
from tidegate.sources.git.read import Bounds
from tidegate.sources.git.repository import is_repository
from tidegate.sources.git.source import GitSource, open_git

__all__ = ["Bounds", "GitSource", "clone_bare", "is_repository", "is_url", "open_git"]
