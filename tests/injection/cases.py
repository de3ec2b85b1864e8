"""Every injection."""

from __future__ import annotations

from tests.injection import in_files, in_markup, in_words
from tests.injection.attacks import cases_of

CASES = cases_of(in_words, in_markup, in_files)
