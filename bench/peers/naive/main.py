"""The peer: the same job as the tutorials write it, with Google's own clients.

Clients are made once at the top of the file, the answer is one object in memory, the
picture is stored by `upload_from_string`, and the event is published and waited for.
"""

import base64
import json
import os

import functions_framework
from cloudevents.http import CloudEvent
from google import genai
from google.cloud import pubsub_v1, storage
from google.genai import types

MODEL = os.environ["BENCH_MODEL"]
PROJECT = os.environ["GOOGLE_CLOUD_PROJECT"]

model = genai.Client(
    api_key=os.environ["GEMINI_API_KEY"],
    http_options=types.HttpOptions(base_url=os.environ["BENCH_MODEL_URL"]),
)
pictures = storage.Client(project=PROJECT)
bucket = pictures.bucket(os.environ["BENCH_BUCKET"])
publisher = pubsub_v1.PublisherClient()
topic = publisher.topic_path(PROJECT, os.environ["BENCH_TOPIC"])


@functions_framework.cloud_event
def generate(event: CloudEvent) -> None:
    """Make one picture from one Pub/Sub message."""
    order = json.loads(base64.b64decode(event.data["message"]["data"]))
    contents = [_picture(image["uri"]) for image in order.get("images", ())]
    response = model.models.generate_content(
        model=MODEL,
        contents=[*contents, order["prompt"]],
        config=types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            image_config=types.ImageConfig(image_size=order["image_size"]),
        ),
    )
    for part in response.candidates[0].content.parts:
        if part.inline_data is not None and not part.thought:
            picture = part.inline_data
    blob = bucket.blob(f"naive/{order['id']}")
    blob.upload_from_string(picture.data, content_type=picture.mime_type)
    done = {"id": order["id"], "images": [{"uri": f"gs://{bucket.name}/{blob.name}"}]}
    publisher.publish(topic, json.dumps(done).encode()).result()


def _picture(uri: str) -> types.Part:
    """Return a picture of a bucket as a part of the prompt."""
    place, _, name = uri.removeprefix("gs://").partition("/")
    data = pictures.bucket(place).blob(name).download_as_bytes()
    return types.Part.from_bytes(data=data, mime_type="image/png")
