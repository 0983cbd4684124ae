"""Messages of Kafka topics, recorded as they come: each once, whatever dies in between.

Where each partition goes on stands with the messages on our disk; what the group has committed follows it and never
leads. Promises: an offset is committed only when its messages would survive a crash here; after a crash or a rebalance
a partition goes on at the later of both places, so that nothing is lost and nothing comes twice; what the broker no
longer has is a gap. Never: commits by a timer, creates a topic. Source: Kafka's consumer protocol, by librdkafka.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from hedgerow.core.errors import did_you_mean, problem
from hedgerow.core.settings import Table
from hedgerow.market.feeds.recording import Segments
from hedgerow.market.feeds.transport import Note, Received, World

LOOK_S = 0.2
"""How long a silent broker is waited at before something else is looked at."""
QUEUED_KB = 16_384
"""What librdkafka may hold that we have not taken yet."""


def settings(table: Table) -> KafkaTransport:
    """The keys of `kind = "kafka"`."""
    found = KafkaTransport(
        servers=tuple(sorted(table.texts("servers"))),
        topics=tuple(sorted(table.texts("topics"))),
        group=table.text("group"),
        member=table.text("member", ""),
        session_s=table.span_s("session", "45s", least_s=6.0),
        start=table.choice("start", ("earliest", "latest"), "earliest"),
        batch=table.whole("batch", 500, 1, 100_000),
        tls=table.flag("tls", False),
        ca_file=table.text("ca_file", ""),
        user=table.text("user", ""),
        password_env=table.text("password_env", ""),
        mechanism=table.choice("mechanism", ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"), "SCRAM-SHA-512"),
        timeout_s=table.span_s("timeout", "15s", least_s=0.1),
        message_bytes_max=table.size("message_bytes_max", "16 MB"),
        segments=Segments.read(table, "lines"),
    )
    for server in found.servers:
        if not re.fullmatch(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", server):
            table.fault("servers", f"{server!r} is not HOST:PORT")
    for key in ("servers", "topics"):
        if not getattr(found, key):
            table.fault(key, "is missing")
    if bool(found.user) != bool(found.password_env):
        table.fault("user", "goes with password_env, which names the variable that holds the password")
    if found.user and found.mechanism == "PLAIN" and not found.tls:
        table.fault("mechanism", "PLAIN sends the password as it is: say tls = true")
    return found


@dataclass(frozen=True)
class KafkaTransport:
    """A cluster, the topics wanted of it, and the group that we are a member of."""

    servers: tuple[str, ...]
    topics: tuple[str, ...]
    group: str
    member: str
    session_s: float
    start: str
    batch: int
    tls: bool
    ca_file: str
    user: str
    password_env: str
    mechanism: str
    timeout_s: float
    message_bytes_max: int
    segments: Segments
    shape: Literal["stream"] = "stream"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The cluster and the topics."""
        return f"kafka://{','.join(self.servers)}/{','.join(self.topics)}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> KafkaStream:
        """Get ready; the group is joined when messages are asked for."""
        return KafkaStream(self, world)

    def cursor_in(self, segment: bytes, before: str | None) -> str | None:
        """Where the partitions go on behind a segment that a crash cut, from where they went on before it.

        >>> segment = b'7 #note {"topic": "t", "partition": 0, "offset": 41, "count": 9}\\n7 a\\n7 b\\n'
        >>> KafkaTransport.cursor_in(None, segment, '{"t/1": 5}')
        '{"t/0": 43, "t/1": 5}'
        """
        places, here = _places(before), ""
        for line in segment.splitlines():
            body = line.partition(b" ")[2]
            if body.startswith(b"#note "):
                told = json.loads(body[6:])
                here = f"{told['topic']}/{told['partition']}" if "offset" in told else ""
                places |= {here: told["offset"]} if here else {}
            elif here:
                places[here] += 1
        return _cursor(places)


def _places(cursor: str | None) -> dict[str, int]:
    return dict(json.loads(cursor)) if cursor else {}


def _cursor(places: dict[str, int]) -> str | None:
    return json.dumps(places, sort_keys=True) if places else None


class KafkaStream:
    """One membership of the group."""

    def __init__(self, transport: KafkaTransport, world: World) -> None:
        self._told, self._world = transport, world
        self._places: dict[str, int] = {}
        self._notes: list[Note] = []
        self._down_ns: int | None = None
        self._fault = ""
        self._denied = False
        self._consumer: Any = None

    def events(self, cursor: str | None) -> Iterator[Received | Note | None]:
        """Join the group and say what comes. cursor: where the partitions go on, from the last delivery."""
        self._places = _places(cursor)
        self._consumer = _consumer(self._told, self._world, self._fell)
        self._look_at_topics()
        self._consumer.subscribe(list(self._told.topics), on_assign=self._assigned, on_revoke=self._revoked)
        yield Note(self._world.now_ns(), {"connected": self._told.origin})
        while True:
            messages = self._consume()
            notes, self._notes = self._notes, []
            yield from notes
            came = [message for message in messages if not self._is_error(message)]
            for run in _runs(came):
                yield self._received(run)
            if came:
                self._down_ns = None
            else:
                self._watch()
                yield None

    def _consume(self) -> Sequence[Any]:
        """What came, after partitions were taken over or given up, which asks the broker too."""
        from confluent_kafka import KafkaException

        try:
            found: Sequence[Any] = self._consumer.consume(self._told.batch, timeout=LOOK_S)
        except KafkaException as error:
            raise problem("FEED_UNREACHABLE", f"{self._told.origin}: {error.args[0]}") from None
        return found

    def close(self) -> None:
        """Commit what is on our disk, and leave the group."""
        if self._consumer is not None:
            self._consumer.close()

    def _received(self, run: Sequence[Any]) -> Received:
        """Messages of one partition that follow each other; committed once they are on our disk."""
        first, after = run[0], run[-1].offset() + 1
        key = f"{first.topic()}/{first.partition()}"
        self._places[key] = after
        says: dict[str, Any] = {"topic": first.topic(), "partition": first.partition()}
        says |= {"offset": first.offset(), "count": len(run), "sent_ms": [one.timestamp()[1] for one in run]}
        if any(one.key() is not None for one in run):
            says["keys"] = [None if one.key() is None else base64.b64encode(one.key()).decode() for one in run]
        return Received(
            self._world.now_ns(),
            [_value(message) for message in run],
            says=says,
            cursor=_cursor(self._places),
            settle=lambda: self._commit({key: after}, wait=False),
        )

    def _commit(self, places: dict[str, int], *, wait: bool) -> None:
        """Tell the group how far we are. What goes wrong is made good by the next commit, and by our own places."""
        from confluent_kafka import KafkaException

        if places:
            with contextlib.suppress(KafkaException):
                self._consumer.commit(
                    offsets=[_partition(key, at) for key, at in places.items()], asynchronous=not wait
                )

    def _assigned(self, consumer: Any, partitions: Sequence[Any]) -> None:
        """Go on at the later of our place and the group's, and say what the broker no longer has."""
        committed = consumer.committed(list(partitions), timeout=self._told.timeout_s)
        for partition in committed:
            key = f"{partition.topic}/{partition.partition}"
            ours = self._places.get(key)
            if ours is None and partition.offset < 0:
                continue
            place = max(ours or 0, partition.offset)
            low, high = consumer.get_watermark_offsets(partition, timeout=self._told.timeout_s)
            if not low <= place <= high:
                says = {"topic": partition.topic, "partition": partition.partition, "expected": place, "first": low}
                self._notes.append(Note(self._world.now_ns(), says, gap=True))
                place = low
            partition.offset = self._places[key] = place
        consumer.assign(committed)

    def _revoked(self, consumer: Any, partitions: Sequence[Any]) -> None:
        """Whoever takes a partition over begins where we stopped: all that came is on our disk by now."""
        keys = [f"{partition.topic}/{partition.partition}" for partition in partitions]
        self._commit({key: self._places.pop(key) for key in keys if key in self._places}, wait=True)

    def _look_at_topics(self) -> None:
        from confluent_kafka import KafkaException

        try:
            known = self._consumer.list_topics(timeout=self._told.timeout_s).topics
        except KafkaException as error:
            self._consumer.poll(0)  # hear why
            code = "FEED_REFUSED" if self._denied else "FEED_UNREACHABLE"
            raise problem(code, f"{self._told.origin}: {self._fault or error.args[0]}") from None
        for topic in self._told.topics:
            if topic not in known:
                raise problem("FEED_REFUSED", f"{self._told.origin} has no topic {topic!r}{did_you_mean(topic, known)}")

    def _fell(self, error: Any) -> None:
        """Told by librdkafka that a connection fell, and why; it goes on trying by itself."""
        from confluent_kafka import KafkaError

        self._fault = self._fault if self._denied else str(error)
        self._denied |= error.code() == KafkaError._AUTHENTICATION
        if self._down_ns is None:
            self._down_ns = self._world.now_ns()

    def _watch(self) -> None:
        """While no broker answers: count for how long, and break off when it is too long."""
        down_ns = self._down_ns
        if down_ns is None:
            return
        from confluent_kafka import KafkaException

        try:
            self._consumer.list_topics(self._told.topics[0], timeout=1.0)
            self._down_ns = None
        except KafkaException as error:
            if self._world.now_ns() - down_ns > self._told.timeout_s * 1e9:
                raise problem("FEED_UNREACHABLE", f"{self._told.origin}: {error.args[0]}") from None

    def _is_error(self, message: Any) -> bool:
        error = message.error()
        if error is None:
            return False
        from confluent_kafka import KafkaError

        refused = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED,
                   KafkaError.GROUP_AUTHORIZATION_FAILED)  # fmt: skip
        if error.code() in refused:
            raise problem("FEED_REFUSED", f"{self._told.origin}: {error}")
        if error.code() != KafkaError._PARTITION_EOF:
            raise problem("FEED_UNREACHABLE", f"{self._told.origin}: {error}")
        return True


def _runs(messages: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Messages cut where the partition changes or offsets do not follow each other."""
    ends = [
        at
        for at, (one, other) in enumerate(pairwise(messages), start=1)
        if (one.topic(), one.partition(), one.offset() + 1) != (other.topic(), other.partition(), other.offset())
    ]
    for begin, end in pairwise([0, *ends, len(messages)]):
        if begin < end:
            yield messages[begin:end]


def _value(message: Any) -> bytes | str:
    """A message's bytes, as text where they are text; what was deleted is empty."""
    value: bytes = message.value() or b""
    try:
        return value.decode() if value else value
    except UnicodeDecodeError:
        return value


def _partition(key: str, offset: int) -> Any:
    from confluent_kafka import TopicPartition

    topic, _, number = key.rpartition("/")
    return TopicPartition(topic, int(number), offset)


def _consumer(told: KafkaTransport, world: World, fell: Callable[[Any], None]) -> Any:
    """A member of the group that commits only what it is told to."""
    try:
        from confluent_kafka import Consumer
    except ImportError:
        raise problem("CLI_MISSING", "confluent-kafka: pip install 'hedgerow[kafka]'") from None
    about = {
        "bootstrap.servers": ",".join(told.servers),
        "group.id": told.group,
        "client.id": "hedgerow-feeds",
        "session.timeout.ms": int(told.session_s * 1000),
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": told.start,
        "allow.auto.create.topics": False,
        "queued.max.messages.kbytes": QUEUED_KB,
        "fetch.message.max.bytes": min(told.message_bytes_max, QUEUED_KB * 1024),
        "reconnect.backoff.max.ms": 1000,
        "security.protocol": ("SASL_" if told.user else "") + ("SSL" if told.tls else "PLAINTEXT"),
        "error_cb": fell,
        "log_level": 0,
    }
    if told.member:  # one of its name that comes back has its partitions at once
        about["group.instance.id"] = told.member
    if told.ca_file:
        about["ssl.ca.location"] = told.ca_file
    if told.user:
        about |= {"sasl.mechanism": told.mechanism, "sasl.username": told.user}
        about["sasl.password"] = world.secret(told.password_env)
    return Consumer(about)
