"""Every answer of status 200 without a picture, as data.

`content` says what stands where the picture should be: `empty` ({}), `absent` (no
key), `null` ({"parts": null}), `role` ({"role": "model"}) or `parts`.
`charge` says what Google writes on the bill: text or image tokens out count as paid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

_SORRY: Final = "Unable to show the generated image. "
_SUPPORT: Final = "If you think this was an error, send feedback. Support code: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One way of not giving a picture."""

    reason: str = "STOP"  # finishReason, "" for none
    content: str = "role"
    message: str = ""  # finishMessage
    text: str = ""  # a text part
    part: Json = field(default_factory=dict)  # any other part
    thought: bool = False  # the text is a thought
    block: str = ""  # promptFeedback.blockReason, and no candidates
    block_message: str = ""
    ratings: bool = False  # safetyRatings in the candidate
    usage: str = "prompt"  # none | prompt | thoughts | mirror | text | picture
    index: bool = True

    @property
    def paid(self) -> bool:
        """Say whether the bill shows output."""
        return self.usage in {"text", "picture"}


REFUSALS: Final = {
    "en": "I can't generate images that are sexually explicit.",
    "de": "Dieses Bild kann ich leider nicht erstellen, weil es gegen meine Richtlinien"
    " verstößt.",
    "fr": "Je ne peux pas créer cette image, car elle enfreint nos règles.",
    "es": "No puedo crear esa imagen porque infringe nuestras políticas.",
    "pt": "Não posso gerar essa imagem, pois viola nossas políticas.",
    "ja": "申し訳ありませんが、その画像は作成できません。",
    "zh": "我不能为你创建这张图像。这违反了我们的安全政策。",
    "ko": "죄송하지만 그 이미지는 만들 수 없습니다.",
    "ar": "لا يمكنني إنشاء هذه الصورة.",
}

PROHIBITED: Final = {  # by support code
    "11030041": f"{_SORRY}The image was filtered out because it violated Google's"
    f" Responsible AI practices. Try rephrasing the prompt. {_SUPPORT}11030041.",
    "35561575": "Unable to show the generated image due to interests of third-party"
    " content providers. Please edit your prompt and try again."
    f" {_SUPPORT}35561575.",
    "42876398": "The model output could not be generated. This output contains"
    " sensitive words that violate Google's Responsible AI practices."
    f" {_SUPPORT}42876398.",
}

SHAPES: Final[dict[str, Shape]] = {
    "image_other": Shape(
        reason="IMAGE_OTHER",
        content="empty",
        message=f"{_SORRY}The model could not generate the image based on the prompt"
        " provided. You will not be charged for this request. Try rephrasing the"
        " prompt.",
        usage="none",
    ),
    "no_image": Shape(reason="NO_IMAGE", content="null", usage="mirror"),
    "no_image_bare": Shape(reason="NO_IMAGE", content="absent", usage="none"),
    "safety": Shape(reason="SAFETY", content="empty", ratings=True),
    "image_safety": Shape(
        reason="IMAGE_SAFETY",
        content="null",
        message=f"{_SORRY}The image was filtered out because it violated Google's"
        " [Generative AI Prohibited Use"
        " policy](https://policies.google.com/terms/generative-ai/use-policy). You will"
        " not be charged for blocked images. Try rephrasing the prompt. If you think"
        " this was an error, [send"
        " feedback](https://ai.google.dev/gemini-api/docs/troubleshooting).",
        usage="thoughts",
    ),
    "prohibited": Shape(
        reason="IMAGE_PROHIBITED_CONTENT", message=PROHIBITED["11030041"]
    ),
    "prohibited_content": Shape(reason="PROHIBITED_CONTENT", content="null"),
    "recitation": Shape(reason="IMAGE_RECITATION", content="empty", usage="thoughts"),
    "recitation_text": Shape(reason="RECITATION", content="absent"),
    "max_tokens": Shape(
        reason="MAX_TOKENS", content="parts", text="The picture shows", usage="text"
    ),
    "max_tokens_empty": Shape(reason="MAX_TOKENS", usage="thoughts"),
    "prompt_block": Shape(block="OTHER"),
    "prompt_block_message": Shape(
        block="PROHIBITED_CONTENT",
        block_message="The prompt could not be submitted. This prompt contains"
        " sensitive words that violate Google's Responsible AI practices. Try"
        " rephrasing the prompt. If you think this was an error, send feedback.",
    ),
    "refusal": Shape(content="parts", text=REFUSALS["en"], usage="text"),
    "text_only": Shape(
        content="parts", text="Of course! Which colours would you like?", usage="text"
    ),
    "stop_empty": Shape(usage="thoughts"),
    "paid_dropped": Shape(usage="picture"),
    "unexpected_tool_call": Shape(
        reason="UNEXPECTED_TOOL_CALL",
        content="parts",
        part={"functionCall": {"name": "list_files", "args": {}}},
        message="Unexpected tool call: Model tried to call an undeclared function:"
        " list_files",
        usage="text",
        index=False,
    ),
    "malformed_function_call": Shape(
        reason="MALFORMED_FUNCTION_CALL",
        content="empty",
        message="Malformed function call: print(image_gen.generate(prompt='a cat'))",
    ),
    "model_armor": Shape(
        reason="MODEL_ARMOR",
        content="absent",
        message="The response violated Responsible AI Safety settings (Hate Speech,"
        " Harassment, Dangerous) filters.",
        usage="text",
        index=False,
    ),
    "unknown_reason": Shape(reason="IMAGE_UNFORESEEN", content="empty"),
    "thoughts_only": Shape(
        reason="",
        content="parts",
        text="**Imagining the Scene**\n\nI'm currently picturing the scene.",
        thought=True,
        usage="none",
    ),
}
