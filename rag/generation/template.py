"""The chat template of a GGUF file: a prompt's constant head and what closes the last turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag.generation.protocol import Prompt

_MARK = "\ue000rest\ue001"  # private-use characters: no template and no trimming touches them
_Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The constant text before and after the changing part of a prompt."""

    head: str
    tail: str


class ChatTemplate:
    """Renders messages as the model was trained to read them.

    `source` is the Jinja template of the GGUF file; without one, plain lines `User: ...` are
    used. It runs in Jinja's sandbox, since a model file is data too.
    """

    def __init__(
        self, source: str | None, *, bos: str = "", eos: str = "", adds_bos: bool = False
    ) -> None:
        self._template = _compile(source) if source else None
        self._special = {"bos_token": bos, "eos_token": eos}
        self._dropped = bos if adds_bos else ""  # the tokeniser writes it
        self._frames: dict[tuple[tuple[str, str], ...], Frame] = {}

    def frame(self, prompt: Prompt) -> Frame:
        """What stands around `prompt.rest`; without a beginning that the tokeniser adds itself."""
        known = self._frames.get(prompt.prefix)
        if known is None:
            messages = [*map(_message, prompt.prefix), _message(("user", _MARK))]
            text = self._render(messages)
            if text.count(_MARK) != 1:  # a template that leaves the last message out
                text = _plain(messages)
            head, _, tail = text.partition(_MARK)
            known = Frame(head.removeprefix(self._dropped), tail)
            self._frames[prompt.prefix] = known
        return known

    def _render(self, messages: _Messages) -> str:
        if self._template is None:
            return _plain(messages)
        for tried in (messages, _without_system(messages)):
            rendered = self._apply(tried)
            if rendered is not None:  # None: such as a template that knows no system role
                return rendered
        return _plain(messages)

    def _apply(self, messages: _Messages) -> str | None:
        import jinja2

        template: Any = self._template
        try:
            return str(
                template.render(messages=messages, add_generation_prompt=True, **self._special)
            )
        except (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError):
            return None


def _plain(messages: _Messages) -> str:
    lines = [f"{m['role'].capitalize()}: {m['content']}\n\n" for m in messages]
    return "".join(lines) + "Assistant:"


def _message(pair: tuple[str, str]) -> dict[str, str]:
    return {"role": pair[0], "content": pair[1]}


def _without_system(messages: _Messages) -> _Messages:
    if not messages or messages[0]["role"] != "system":
        return messages
    system, first, *others = messages
    return [
        {"role": first["role"], "content": f"{system['content']}\n\n{first['content']}"},
        *others,
    ]


def _compile(source: str) -> Any:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda layout: ""
    try:
        return environment.from_string(source)
    except jinja2.TemplateError:
        return None
