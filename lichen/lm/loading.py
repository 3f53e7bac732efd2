"""A hub name or a folder to a language model and its tokenizer."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from lichen.base.errors import ArtifactError, first_line
from lichen.base.extras import need

T5_KIN = ("mt5", "t5", "umt5")
"""Models whose encoder is read alone, without the decoder that they come with."""


def load_parts(name: str, *, dtype: torch.dtype | str) -> tuple[Any, Any]:
    """Return the language model of a name, without a head, and its tokenizer.

    Args:
        name: a hub name, or a folder.
        dtype: of its weights; "auto" is as they are kept.

    Raises:
        MissingExtraError: transformers is not installed.
        ArtifactError: nothing loadable is found under that name.
    """
    transformers = need("transformers", extra="lm", why="a text encoder")
    offline = not Path(name).is_dir() and not _hub_answers()
    try:
        with quietly(transformers):
            tokenizer = transformers.AutoTokenizer.from_pretrained(name, local_files_only=offline)
            config = transformers.AutoConfig.from_pretrained(name, local_files_only=offline)
            is_t5 = config.model_type in T5_KIN
            kind = transformers.AutoModelForTextEncoding if is_t5 else transformers.AutoModel
            model = kind.from_pretrained(name, local_files_only=offline, dtype=dtype)
    except Exception as error:  # noqa: BLE001 - each file format has its own exceptions
        raise ArtifactError(
            f"text encoder {name!r}: must be a Hugging Face encoder that is on this "
            f"machine or downloadable; got: {first_line(error)} Name a model folder, or "
            "leave it out for the packaged model."
        ) from None
    return model, tokenizer


@contextmanager
def quietly(transformers: Any) -> Iterator[None]:
    """Keep the loader's own progress bars and reports off."""
    logging = transformers.utils.logging
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


def _hub_answers() -> bool:
    """Say whether the hub's address can be looked up; without it, asking takes half a minute."""
    if any(key.lower() in ("https_proxy", "all_proxy") for key in os.environ):
        return True
    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).hostname
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return False
    return True
