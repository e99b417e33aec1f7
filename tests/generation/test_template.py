from __future__ import annotations

from rag.generation.protocol import Prompt
from rag.generation.template import ChatTemplate

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}"
)
PROMPT = Prompt((("system", "Be short."), ("user", "A"), ("assistant", "B")), "the rest")


def test_the_head_is_constant_and_ends_where_the_rest_begins() -> None:
    frame = ChatTemplate(CHATML).frame(PROMPT)
    assert frame.head == (
        "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nA<|im_end|>\n"
        "<|im_start|>assistant\nB<|im_end|>\n<|im_start|>user\n"
    )
    assert frame.tail == "<|im_end|>\n<|im_start|>assistant\n"
    assert ChatTemplate(CHATML).frame(Prompt(PROMPT.prefix, "another")) == frame


def test_a_template_without_a_system_role_gets_it_in_the_first_message() -> None:
    frame = ChatTemplate(NO_SYSTEM, bos="<s>", adds_bos=True).frame(PROMPT)
    assert frame.head == "<user>Be short.\n\nA</user><assistant>B</assistant><user>"
    assert frame.tail == "</user>"


def test_the_beginning_stays_where_the_tokeniser_does_not_add_it() -> None:
    frame = ChatTemplate("{{ bos_token }}{{ messages[-1].content }}", bos="<s>").frame(PROMPT)
    assert frame.head == "<s>"


def test_without_a_template_the_roles_are_written_out() -> None:
    for source in (None, "", "{% broken"):
        frame = ChatTemplate(source).frame(PROMPT)
        assert frame.head == "System: Be short.\n\nUser: A\n\nAssistant: B\n\nUser: "
        assert frame.tail == "\n\nAssistant:"


def test_a_template_is_run_in_a_sandbox() -> None:
    call = "{{ messages.append(1) }}{{ messages[-1].content }}"
    for evil in ("{{ messages.__class__.__mro__ }}", call):
        frame = ChatTemplate(evil).frame(PROMPT)
        assert frame.head.startswith("System: Be short.")


def test_a_template_that_leaves_the_last_message_out_is_not_used() -> None:
    assert ChatTemplate("{{ messages[0].content }}").frame(PROMPT).head.endswith("User: ")
