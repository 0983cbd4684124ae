"""Kafka: a real broker on loopback that is killed and started again, and consumers that are killed, too."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hedgerow.cli.main import run
from hedgerow.core.errors import HedgerowError

ROOT = Path(__file__).resolve().parents[3]
JARS = ROOT / ".venv" / "kafka"
Make = Callable[..., Any]
kafka = pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed")
CLUSTER = "aGVkZ2Vyb3ctdGVzdHMtMQ"
"""The broker's id; a drawn one can begin with a dash, which its tool takes for an option."""

CRASHES = {
    "between receive and disk": "from hedgerow.market.feeds.landing import PartWriter as It\nit = 'write'",
    "between disk and commit": "from hedgerow.market.feeds.kafka import KafkaStream as It\nit = '_commit'",
}
CRASHING = """
import os, sys
{where}
plain, left = getattr(It, it), [{after}]
def dying(*given, **named):
    left[0] -= 1
    if left[0] <= 0:
        os._exit(9)
    return plain(*given, **named)
setattr(It, it, dying)
from hedgerow.cli.main import run
sys.exit(run(["feeds", "run", sys.argv[1], "--landing", sys.argv[2], "--for", "30"]))
"""


def free_port() -> int:
    """A port that nobody uses now, below those that connections are given."""
    for _ in range(100):
        port = random.randrange(15_000, 30_000)
        with socket.socket() as at, contextlib.suppress(OSError):
            at.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Broker:
    """A broker in KRaft mode, its own controller, with its data in a folder."""

    def __init__(self, folder: Path, certificate: Path) -> None:
        self.port, controller, secured = free_port(), free_port(), free_port()
        self.secured_at = f"localhost:{secured}"
        self.at, self._settings = f"127.0.0.1:{self.port}", folder / "server.properties"
        self._log = folder / "out.txt"
        self._process: subprocess.Popen[bytes] | None = None
        listeners = f"PLAINTEXT://127.0.0.1:{self.port}"
        self._settings.write_text(
            f"process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n"
            f"listeners={listeners},SASL_SSL://localhost:{secured},CONTROLLER://127.0.0.1:{controller}\n"
            f"advertised.listeners={listeners},SASL_SSL://localhost:{secured}\n"
            "controller.listener.names=CONTROLLER\nauto.create.topics.enable=false\n"
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL\n"
            f"ssl.keystore.type=PEM\nssl.keystore.location={certificate}\nsasl.enabled.mechanisms=PLAIN\n"
            "listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
            'required user_reader="open sesame";\n'
            f"log.dirs={folder / 'data'}\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\n"
            "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
            "group.initial.rebalance.delay.ms=0\nlog.retention.check.interval.ms=1000\n"
        )
        words = ["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._settings)]
        subprocess.run([*self._java(), *words], check=True, capture_output=True, timeout=120)

    @staticmethod
    def _java() -> list[str]:
        return ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/*"]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(self._settings)], stdout=out, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                self.admin().list_topics(timeout=1)
                return
            except kafka.KafkaException:
                assert self._process.poll() is None, self._log.read_text()[-2000:]
        raise AssertionError(f"no broker after 90 s: {self._log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def admin(self) -> Any:
        """Who makes topics."""
        from confluent_kafka.admin import AdminClient

        return AdminClient({"bootstrap.servers": self.at, "log_level": 0})

    def topic(self, partitions: int = 1) -> str:
        """A new topic."""
        from confluent_kafka.admin import NewTopic

        name, admin = f"t{uuid.uuid4().hex[:12]}", self.admin()
        for made in admin.create_topics([NewTopic(name, partitions, 1)]).values():
            made.result(30)
        return name

    def say(self, topic: str, values: list[Any], *, partition: int | None = None, key: bytes | None = None) -> None:
        """Messages, each by its value, spread over the partitions in turn."""
        producer = kafka.Producer({"bootstrap.servers": self.at, "log_level": 0, "linger.ms": 5})
        count = len(self.admin().list_topics(topic, timeout=30).topics[topic].partitions)
        for number, value in enumerate(values):
            data = value if isinstance(value, bytes) or value is None else json.dumps({"n": value}).encode()
            producer.produce(topic, data, key=key, partition=number % count if partition is None else partition)
        assert producer.flush(30) == 0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, certificate: Path) -> Iterator[Broker]:
    """A broker, running."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java to run a Kafka broker with")
    if not (JARS / ".whole").exists():
        pytest.skip("Kafka's jars are not here: tools/prepare_tests.sh fetches them")
    made = Broker(tmp_path_factory.mktemp("kafka"), certificate)
    try:
        try:
            made.start()
        except AssertionError:  # somebody else took one of its ports meanwhile
            made.kill()
            made = Broker(tmp_path_factory.mktemp("kafka"), certificate)
            made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def topic_feed(feed: Make, broker: Broker) -> Make:
    """A feed of a topic, with its own group."""

    def make(topic: str, keys: str = "", more: str = "") -> Any:
        group = f"g{uuid.uuid4().hex[:8]}"
        told = f'kind = "kafka"\nservers = ["{broker.at}"]\ntopics = ["{topic}"]\ngroup = "{group}"\nbatch = 7\n'
        return feed(told + keys, more)

    return make


def numbers(*feeds: Any) -> list[int]:
    """What was recorded, of all segments, in no order."""
    found = []
    for here in feeds:
        for data in here.files().values():
            bodies = [line.split(b" ", 1)[1] for line in data.splitlines()]
            found += [json.loads(body)["n"] for body in bodies if body.startswith(b"{")]
    return sorted(found)


def until_all(here: Any, count: int) -> None:
    """Record until so many messages are here, or for a minute."""
    for _ in range(10):
        if len(numbers(here)) >= count:
            return
        here.record(6)


def test_messages_come_once_with_their_places(topic_feed: Make, broker: Broker) -> None:
    """From the beginning on, then from where the last run stopped; and the group knows how far we are."""
    topic = broker.topic(2)
    broker.say(topic, list(range(40)))
    here = topic_feed(topic)
    here.record(messages=40)
    assert numbers(here) == list(range(40))
    broker.say(topic, list(range(40, 60)))
    here.record(messages=20)
    assert numbers(here) == list(range(60))
    assert here.lines()[-1]["cursor"] == json.dumps({f"{topic}/0": 30, f"{topic}/1": 30})
    assert {line["gaps"] for line in here.lines()} == {0}
    group = kafka.Consumer({"bootstrap.servers": broker.at, "group.id": here.spec.transport.group, "log_level": 0})
    places = group.committed([kafka.TopicPartition(topic, number) for number in range(2)], timeout=30)
    group.close()
    assert [place.offset for place in places] == [30, 30]


def test_what_is_no_text_what_is_empty_and_what_came_twice_is_kept(topic_feed: Make, broker: Broker) -> None:
    """Bytes in base64, a deletion, keys in the note, and a producer's duplicate: another message, so it is kept."""
    topic = broker.topic()
    broker.say(topic, [b"\xff\x00", b"two\nlines", None, 5, 5], key=b"k")
    here = topic_feed(topic)
    here.record(messages=5)
    (data,) = here.files().values()
    bodies = [line.split(b" ", 1)[1] for line in data.splitlines()]
    assert bodies[-5:] == [
        b"#binary /wA=",
        b"#text " + base64.b64encode(b"two\nlines"),
        b"#binary ",
        b'{"n": 5}',
        b'{"n": 5}',
    ]
    note = json.loads(bodies[-6].removeprefix(b"#note "))
    assert (note["topic"], note["offset"], note["count"]) == (topic, 0, 5)
    assert note["keys"] == ["aw=="] * 5
    assert len(note["sent_ms"]) == 5
    (path,) = (here.here / "files").rglob("*.txt")
    assert run(["data", "probe", str(path), "--json"]) == 0


@pytest.mark.parametrize("where", CRASHES)
@pytest.mark.parametrize("after", [1, 3])
def test_a_consumer_that_is_killed_loses_and_doubles_nothing(
    topic_feed: Make, broker: Broker, tmp_path: Path, where: str, after: int
) -> None:
    """Between receive and disk, and between disk and commit; the next run has every message once."""
    topic = broker.topic(2)
    broker.say(topic, list(range(40)))
    here = topic_feed(topic, 'member = "one"', more='[limits]\ndisk_free_bytes_min = "0"')
    spec = tmp_path / "feed.toml"
    spec.write_text(here.text)
    script = CRASHING.format(where=CRASHES[where], after=after)
    died = subprocess.run([sys.executable, "-c", script, str(spec), str(here.folder)], timeout=90, check=False)
    assert died.returncode == 9
    until_all(here, 40)
    assert numbers(here) == list(range(40))
    assert {line["gaps"] for line in here.lines()} == {0}


def test_a_broker_that_is_killed_and_started_again_costs_nothing(topic_feed: Make, broker: Broker) -> None:
    """What it had comes, what it gets later comes, and nothing comes twice."""
    topic = broker.topic(2)
    broker.say(topic, list(range(20)))
    here = topic_feed(topic, 'timeout = "2s"', '[retries]\nattempts = 100\nwait = "100ms"\nwait_max = "1s"')
    runner = threading.Thread(target=here.record, args=(90,), kwargs={"messages": 40})
    runner.start()
    time.sleep(4)
    broker.kill()
    time.sleep(4)
    broker.start()
    broker.say(topic, list(range(20, 40)))
    runner.join(120)
    assert not runner.is_alive()
    assert numbers(here) == list(range(40))
    assert {line["gaps"] for line in here.lines()} == {0}


def test_members_of_a_group_share_the_partitions_and_hand_them_over(
    topic_feed: Make, broker: Broker, tmp_path: Path
) -> None:
    """A second consumer joins while messages come, and the first one leaves: together they have each once."""
    topic = broker.topic(4)
    one = topic_feed(topic)
    two = topic_feed(topic)
    two.text, two.folder = one.text, tmp_path / "second"
    first = threading.Thread(target=one.record, args=(12,))
    second = threading.Thread(target=two.record, args=(20,))
    first.start()
    for number in range(30):
        if number == 8:
            second.start()
        broker.say(topic, list(range(number * 20, number * 20 + 20)))
        time.sleep(0.3)
    first.join(60)
    second.join(60)
    assert numbers(one)
    assert numbers(two)
    until_all(two, 600 - len(numbers(one)))
    assert numbers(one, two) == list(range(600))


def test_what_the_broker_has_no_more_is_a_gap(topic_feed: Make, broker: Broker) -> None:
    """Messages that were deleted before we came are noted with how many."""
    topic = broker.topic()
    broker.say(topic, list(range(10)))
    here = topic_feed(topic)
    here.record(messages=10)
    broker.say(topic, list(range(10, 30)))
    place = kafka.TopicPartition(topic, 0, 25)
    admin = broker.admin()
    for done in admin.delete_records([place]).values():
        done.result(30)
    here.record(messages=5)
    assert numbers(here) == [*range(10), *range(25, 30)]
    assert [line["gaps"] for line in here.lines()] == [0, 1]
    note = next(data for data in here.files().values() if b'"expected"' in data)
    assert b'"expected": 10, "first": 25' in note


def test_a_topic_that_is_not_there_is_named(topic_feed: Make, broker: Broker) -> None:
    """With the nearest one; it is not made."""
    topic = broker.topic()
    here = topic_feed(topic[:-1] + "x")
    (ran,) = [ran for ran in here.record(10) if ran.errors]
    assert ran.errors[0].row.name == "FEED_REFUSED"
    assert topic in str(ran.errors[0])


def test_nobody_there_is_named(feed: Make) -> None:
    """After the tries that were allowed."""
    here = feed(
        f'kind = "kafka"\nservers = ["127.0.0.1:{free_port()}"]\ntopics = ["t"]\ngroup = "g"\ntimeout = "500ms"'
    )
    errors = [error for ran in here.record(20) for error in ran.errors]
    assert [error.row.name for error in errors] == ["FEED_UNREACHABLE"]


def test_over_tls_the_certificate_and_the_password_are_checked(
    topic_feed: Make, broker: Broker, certificate: Path
) -> None:
    """With both messages come; with a wrong password, or another authority, nothing, and no file has the password."""
    topic = broker.topic()
    broker.say(topic, [1, 2, 3])
    here = topic_feed(topic)
    here.text = here.text.replace(broker.at, broker.secured_at)
    here.text += f'tls = true\nca_file = "{certificate}"\nuser = "reader"\npassword_env = "WORD"\nmechanism = "PLAIN"\n'
    here.text += 'timeout = "4s"\n'
    here.environment["WORD"] = "wrong"
    errors = [error for ran in here.record(30, messages=3) for error in ran.errors]
    assert [error.row.name for error in errors] == ["FEED_REFUSED"]
    assert "uthentication" in str(errors[0])
    here.environment["WORD"] = "open sesame"
    plain = here.text
    here.text = "\n".join(line for line in plain.splitlines() if not line.startswith("ca_file"))
    errors = [error for ran in here.record(40, messages=3) for error in ran.errors]
    assert [error.row.name for error in errors] == ["FEED_UNREACHABLE"]
    here.text = plain
    here.record(messages=3)
    assert numbers(here) == [1, 2, 3]
    assert not any(b"sesame" in path.read_bytes() for path in here.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('servers = ["nowhere"]', "is not HOST:PORT"),
        ("servers = []", "servers: is missing"),
        ('servers = ["h:1"]\nuser = "u"', "goes with password_env"),
        ('servers = ["h:1"]\nuser = "u"\npassword_env = "P"\nmechanism = "PLAIN"', "say tls = true"),
        ('servers = ["h:1"]\nstart = "newest"', "is none of earliest, latest"),
        ('servers = ["h:1"]\nsession = "1s"', "is shorter than 6 s"),
    ],
)
def test_a_specification_of_kafka_is_checked(feed: Make, keys: str, says: str) -> None:
    """Every key that is wrong is named, and nothing is opened."""
    here = feed(f'kind = "kafka"\ntopics = ["t"]\ngroup = "g"\n{keys}')
    with pytest.raises(HedgerowError, match="FEED-001") as caught:
        _ = here.spec
    assert says in str(caught.value)
