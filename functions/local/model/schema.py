"""The messages of `generateContent` on the native route, as data.

A field is `name:type`; `[]type` repeats, `any` is taken unread (what it asks for is
not the stand-in's business), `bytes` is base64, any other word names a message or an
enum of this table. Fields that only Vertex knows are missing on purpose.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Enum(NamedTuple):
    """The values of one enum, and the name Google's errors give it."""

    name: str
    values: frozenset[str]


def _fields(text: str) -> dict[str, str]:
    return dict(entry.split(":", 1) for entry in text.split())


def _enum(name: str, values: str) -> Enum:
    return Enum(name, frozenset(values.split()))


SCHEMA: Final[dict[str, dict[str, str]]] = {
    "GenerateContentRequest": _fields(
        "model:str contents:[]Content system_instruction:Content tools:[]Tool"
        " tool_config:any safety_settings:[]SafetySetting"
        " generation_config:GenerationConfig cached_content:str labels:any"
        " service_tier:str store:bool continuation_token:str"
    ),
    "Content": _fields("role:str parts:[]Part"),
    "Part": _fields(
        "text:str inline_data:Blob file_data:FileData function_call:any"
        " function_response:any executable_code:any code_execution_result:any"
        " thought:bool thought_signature:bytes video_metadata:any"
        " media_resolution:any part_metadata:any"
    ),
    "Blob": _fields("mime_type:str data:bytes"),
    "FileData": _fields("mime_type:str file_uri:str"),
    "GenerationConfig": _fields(
        "candidate_count:int stop_sequences:[]str max_output_tokens:int"
        " temperature:float top_p:float top_k:float seed:int response_mime_type:str"
        " response_schema:any response_json_schema:any presence_penalty:float"
        " frequency_penalty:float response_logprobs:bool logprobs:int"
        " response_modalities:[]Modality speech_config:any"
        " thinking_config:ThinkingConfig image_config:ImageConfig"
        " media_resolution:str response_format:ResponseFormat"
        " enable_enhanced_civic_answers:bool"
    ),
    "ThinkingConfig": _fields(
        "include_thoughts:bool thinking_budget:int thinking_level:ThinkingLevel"
    ),
    "ImageConfig": _fields("aspect_ratio:str image_size:str"),
    "ResponseFormat": _fields("image:ImageResponseFormat"),
    "ImageResponseFormat": _fields("aspect_ratio:str image_size:str"),
    "SafetySetting": _fields("category:HarmCategory threshold:HarmBlockThreshold"),
    "Tool": _fields(
        "google_search:any google_search_retrieval:any code_execution:any"
        " function_declarations:any url_context:any google_maps:any computer_use:any"
        " file_search:any mcp_servers:any"
    ),
}

# The fields of a message of which one at most may be set.
ONEOF: Final[dict[str, frozenset[str]]] = {
    "Part": frozenset(
        {
            "text",
            "inline_data",
            "file_data",
            "function_call",
            "function_response",
            "executable_code",
            "code_execution_result",
        }
    )
}

ENUMS: Final[dict[str, Enum]] = {
    "Modality": _enum(
        "GenerationConfig.Modality", "MODALITY_UNSPECIFIED TEXT IMAGE AUDIO VIDEO"
    ),
    "ThinkingLevel": _enum(
        "ThinkingConfig.ThinkingLevel",
        "THINKING_LEVEL_UNSPECIFIED MINIMAL LOW MEDIUM HIGH XHIGH",
    ),
    "HarmCategory": _enum(
        "HarmCategory",
        "HARM_CATEGORY_UNSPECIFIED HARM_CATEGORY_HARASSMENT HARM_CATEGORY_HATE_SPEECH"
        " HARM_CATEGORY_SEXUALLY_EXPLICIT HARM_CATEGORY_DANGEROUS_CONTENT"
        " HARM_CATEGORY_CIVIC_INTEGRITY HARM_CATEGORY_JAILBREAK",
    ),
    "HarmBlockThreshold": _enum(
        "SafetySetting.HarmBlockThreshold",
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE"
        " BLOCK_ONLY_HIGH BLOCK_NONE OFF",
    ),
}

# `responseFormat.image` spells ratios and sizes as enum names; Google's own samples
# write the plain values, so both are read.
_WORDS: Final = [
    "ONE",
    "TWO",
    "THREE",
    "FOUR",
    "FIVE",
    "SIX",
    "SEVEN",
    "EIGHT",
    "NINE",
    "TEN",
    "ELEVEN",
    "TWELVE",
    "THIRTEEN",
    "FOURTEEN",
    "FIFTEEN",
    "SIXTEEN",
    "SEVENTEEN",
    "EIGHTEEN",
    "NINETEEN",
    "TWENTY",
    "TWENTY_ONE",
]
_NUMBER: Final = {str(value): word for value, word in enumerate(_WORDS, 1)}


def ratio_name(ratio: str) -> str:
    """Return the enum name of a ratio: "16:9" is ASPECT_RATIO_SIXTEEN_BY_NINE."""
    words = (_NUMBER.get(number, "") for number in ratio.split(":"))
    return "ASPECT_RATIO_" + "_BY_".join(words)


def size_name(size: str) -> str:
    """Return the enum name of a size: "2K" is IMAGE_SIZE_TWO_K."""
    if size == "512":
        return "IMAGE_SIZE_FIVE_TWELVE"
    return f"IMAGE_SIZE_{_NUMBER.get(size.removesuffix('K'), '')}_K"
