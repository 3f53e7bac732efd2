"""Prompts to text over HTTP: any server that speaks the OpenAI chat-completions protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lichen.base.errors import LichenError
from lichen.base.extras import need
from lichen.base.progress import track


class EndpointGenerator:
    """A generator behind an OpenAI-compatible address; the same calls as `Generator`.

    Args:
        url: the address up to and including `/v1`.
        model: the model's name on that server.
        key: sent as a bearer token; None sends none.
        timeout_s: how long one reply may take.

    Raises:
        MissingExtraError: httpx is not installed.
    """

    def __init__(
        self, url: str, model: str, *, key: str | None = None, timeout_s: float = 60.0
    ) -> None:
        httpx = need("httpx", extra="endpoint", why="a generator behind an address")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = url.rstrip("/")
        self.model = model
        self._errors: Any = httpx.HTTPError
        self._client: Any = httpx.Client(headers=headers, timeout=timeout_s)

    def generate(self, prompts: Sequence[str], *, max_tokens: int = 48) -> list[str]:
        """Ask for one reply per prompt, at temperature 0.

        Args:
            prompts: what the user says.
            max_tokens: the longest reply.

        Returns:
            One reply per prompt, stripped.

        Raises:
            LichenError: the server cannot be reached or answers with something else.
        """
        return [self._ask(prompt, max_tokens) for prompt in track(prompts, what="generating")]

    def _ask(self, prompt: str, max_tokens: int) -> str:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": max_tokens,
            "temperature": 0,
        }
        try:
            reply = self._client.post(f"{self.url}/chat/completions", json=body)
            reply.raise_for_status()
            return str(reply.json()["choices"][0]["message"]["content"]).strip()
        except (self._errors, ValueError, LookupError, TypeError) as error:
            raise LichenError(
                f"generator {self.url}: must answer POST /chat/completions with a chat "
                f"completion; got: {error!r}. Check the address, the model name and the key."
            ) from None
