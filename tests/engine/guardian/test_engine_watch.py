"""When an engine is taken for hung or dead, and when it is not."""

from engine.guardian.engine_watch import OWN_PAUSE_NS, EngineWatch, Finding, Sighting
from ipc.clock import NS_PER_MS, NS_PER_S

HANG_NS = 300 * NS_PER_MS
LOOK_NS = 25 * NS_PER_MS


class Scene:
    """An engine of epoch 3 whose beat goes on until it is stopped."""

    def __init__(self) -> None:
        self.watch = EngineWatch(HANG_NS)
        self.now_ns = NS_PER_S
        self.beat_ns = self.now_ns
        self.look()

    def look(
        self, passed_ns: int = LOOK_NS, *, beats: bool = True, is_alive: bool = True, epoch: int = 3, fenced: int = 0
    ) -> Finding:
        """What is found after some time."""
        self.now_ns += passed_ns
        if beats:
            self.beat_ns = self.now_ns
        return self.watch.look(Sighting(epoch, self.beat_ns, is_alive), fenced, self.now_ns)

    def silent_ns(self) -> int:
        """How long the beat stands still before that is found."""
        start_ns = self.now_ns
        while self.look(beats=False) is Finding.NOTHING:
            assert self.now_ns < start_ns + 60 * NS_PER_S
        return self.now_ns - start_ns


def test_an_engine_whose_beat_goes_on_lives() -> None:
    scene = Scene()
    assert {scene.look() for _ in range(100)} == {Finding.NOTHING}


def test_an_engine_without_a_beat_hangs() -> None:
    assert Scene().silent_ns() == HANG_NS


def test_one_beat_is_enough_to_begin_again() -> None:
    scene = Scene()
    for _ in range(8):
        assert scene.look(beats=False) is Finding.NOTHING
    scene.look()
    assert scene.silent_ns() == HANG_NS


def test_a_pause_of_our_own_is_not_held_against_the_engine() -> None:
    scene = Scene()
    assert scene.look(60 * NS_PER_S, beats=False) is Finding.NOTHING
    assert scene.silent_ns() == HANG_NS - OWN_PAUSE_NS


def test_an_engine_whose_process_is_gone_has_died() -> None:
    assert Scene().look(beats=False, is_alive=False) is Finding.DIED


def test_an_engine_that_starts_or_has_ended_in_order_is_left_alone() -> None:
    scene = Scene()
    scene.beat_ns = 0
    assert {scene.look(beats=False) for _ in range(100)} == {Finding.NOTHING}
    assert scene.look(beats=False, is_alive=False) is Finding.NOTHING


def test_a_fenced_engine_is_not_found_again_but_the_next_one_is() -> None:
    scene = Scene()
    scene.silent_ns()
    assert {scene.look(beats=False, fenced=3) for _ in range(100)} == {Finding.NOTHING}
    assert scene.look(beats=False, is_alive=False, fenced=3) is Finding.NOTHING
    assert scene.look(epoch=4, fenced=3) is Finding.NOTHING
    assert scene.look(epoch=4, fenced=3, is_alive=False) is Finding.DIED


def test_where_no_engine_ever_ran_there_is_nothing_to_find() -> None:
    watch = EngineWatch(HANG_NS)
    found = {watch.look(Sighting(0, 0, is_alive=False), 0, number * LOOK_NS) for number in range(100)}
    assert found == {Finding.NOTHING}
