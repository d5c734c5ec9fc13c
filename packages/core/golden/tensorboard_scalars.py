# Writes tensorboard_scalars.json: a record of one event with two scalars, in hexadecimal, as TensorBoard's own
# protobufs and record writer have it.
import io
import json
from pathlib import Path

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

values = [
    Summary.Value(tag="train/loss", simple_value=0.1),
    Summary.Value(tag="train/名", simple_value=-2.5),
]
event = Event(wall_time=1234.5, step=2**40 + 300, summary=Summary(value=values))
out = io.BytesIO()
RecordWriter(out).write(event.SerializeToString())
fixture = {"versions": f"tensorboard {tensorboard.__version__}", "record": out.getvalue().hex()}
Path(__file__).with_suffix(".json").write_text(json.dumps(fixture, indent=1) + "\n")
print(fixture["versions"])
