"""Plantain: an event in, an image out.

A message on a queue becomes one request, the request becomes at most a counted
number of paid calls to the image model, the picture lands in a bucket, and one
completion event says so. The tenets every module keeps:

1. Ask once, keep once, announce once, or say honestly why not.
2. What costs money is written down before it is spent.
3. A 200 is not a success until a picture was seen.
4. Nothing whole in memory that can be streamed, nothing secret in a log.
5. `job` decides and touches nothing; the rest touches and decides nothing.
6. Every claim of the README has a command that shows it.
"""
