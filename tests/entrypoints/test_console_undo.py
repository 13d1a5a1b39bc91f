"""The console names whom an action affected, can undo it, and never overwrites silently."""

import re
from collections.abc import Iterator

import httpx
import pytest

from application.contacts import TransferContact
from application.operators import UpdateOperator
from application.sources import UpdateSource
from domain.strategy import Strategy
from tests.entrypoints.consoles import RUSSIAN, House, fields, furnished, said, undo, words

NONE = "\u2013"


@pytest.fixture
def house() -> Iterator[House]:
    with furnished() as opened:
        yield opened


class TestUndo:
    """Actions name whom they affected, and can be undone."""

    def test_a_transfer_goes_back_to_whoever_had_it(self, house: House) -> None:
        path = f"/contacts/{house.contact.id}/transfer"
        text = house.after(house.send(path, {"operator": str(house.bob.id)}))
        assert said(text) == "Transferred to Bob: no name."
        assert house.holder() == "Bob"
        text = undo(house, text)
        assert said(text) == "Transferred to Ann: no name."
        assert house.holder() == "Ann"

    def test_a_transfer_from_the_page_of_an_operator_does_so_too(self, house: House) -> None:
        path = f"/operators/{house.ann.id}/contacts"
        given = {"transfer": str(house.contact.id), "operator": str(house.bob.id)}
        text = house.after(house.send(path, given))
        assert said(text) == "Transferred to Bob: no name."
        assert "<h1>Ann</h1>" in undo(house, text)
        assert house.holder() == "Ann"

    def test_what_a_colleague_has_moved_on_is_not_fetched_back(self, house: House) -> None:
        path = f"/contacts/{house.contact.id}/transfer"
        text = house.after(house.send(path, {"operator": str(house.bob.id)}))
        toast = fields(text.partition('id="said"')[2], path)
        cid = house.world.operator("Cid")
        house.world.fairlead.transfer_contact(TransferContact(house.contact.id, cid.id))
        answer = house.send(path, toast)
        assert answer.status_code == 412
        assert "Meanwhile this contact has gone to Cid." in answer.text
        assert house.holder() == "Cid"

    def test_what_waited_has_nobody_to_go_back_to(self, house: House) -> None:
        house.world.source(key="night")
        waiting = house.world.register("night")
        path = f"/contacts/{waiting.id}/transfer"
        text = house.after(house.send(path, {"operator": str(house.bob.id)}))
        assert said(text) == "Transferred to Bob: no name."
        assert "Undo" not in text

    def test_a_pause_is_taken_back_on_the_page_where_it_was_made(self, house: House) -> None:
        path, here = f"/operators/{house.ann.id}/active", f"/console/operators?after={house.ann.id}"
        answer = house.send(path, {"active": "no", "here": here})
        assert answer.headers["location"].startswith(f"{here}&said=paused")
        text = house.after(answer)
        assert said(text) == "Ann is paused: no new contacts."
        answer = house.send(path, fields(text.partition('id="said"')[2], path))
        assert answer.headers["location"].startswith(f"{here}&said=resumed")
        assert said(house.after(answer)) == "Ann takes contacts again."
        assert house.world.fairlead.catalogue.operator(house.ann.id).active

    def test_weights_are_put_back_as_a_whole(self, house: House) -> None:
        path = "/sources/telegram/weights"
        cid = house.world.operator("Cid")
        form = {**fields(house.look("/sources/telegram"), path), str(house.ann.id): "77"}
        form |= {str(house.bob.id): "", "operator": str(cid.id), "weight": "5"}
        text = house.after(house.send(path, form))
        assert said(text) == "The weights of telegram are changed."
        assert house.weights() == {"Ann": 77, "Cid": 5}
        undo(house, text)
        assert house.weights() == {"Ann": 10, "Bob": 30}

    def test_weights_that_a_colleague_has_changed_since_are_not_put_back(
        self, house: House
    ) -> None:
        path = "/sources/telegram/weights"
        form = {**fields(house.look("/sources/telegram"), path), str(house.ann.id): "77"}
        toast = fields(house.after(house.send(path, form)).partition('id="said"')[2], path)
        house.world.allocate("telegram", (house.ann, 1))
        assert house.send(path, toast).status_code == 412
        assert house.weights() == {"Ann": 1}

    def test_what_changed_nothing_takes_nothing_back(self, house: House) -> None:
        path = "/sources/telegram/weights"
        text = house.after(house.send(path, fields(house.look("/sources/telegram"), path)))
        assert said(text) == "Nothing to change: telegram."
        assert "Undo" not in text

    def test_what_somebody_else_has_done_is_not_offered_to_be_undone(self, house: House) -> None:
        version = house.world.fairlead.catalogue.source("telegram").version
        text = house.look(f"/sources/telegram?said=weighed&of=telegram&as={version}")
        assert "Undo" not in text


@pytest.mark.parametrize(
    "query",
    [
        "said=paused&of={ann}",
        "said=resumed&of={contact}",
        "said=transferred&of={contact}",
        "said=closed&of={contact}",
        "said=saved&of={ann}&as=0",
        "said=added&of=telegram&as=0",
        "said=weighed&of=telegram&as=0",
        "said=transferred&of=x",
        "said=closed",
        "said=signed-in",
        "said=nothing",
        "said=registered&of={ann}",
    ],
)
def test_an_address_that_somebody_made_up_says_nothing(house: House, query: str) -> None:
    for path in ("/", "/operators", f"/operators/{house.ann.id}", f"/contacts/{house.contact.id}"):
        asked = query.format(ann=house.ann.id, contact=house.contact.id)
        assert said(house.look(f"{path}?{asked}")) is None


class TestMeanwhile:
    """A colleague's changes are shown, and never silently overwritten."""

    def weigh(self, house: House) -> httpx.Response:
        """Save weights from a page that was opened before somebody else changed them."""
        path = "/sources/telegram/weights"
        form = fields(house.look("/sources/telegram"), path)
        cid = house.world.operator("Cid")
        house.world.allocate("telegram", (house.ann, 55), (cid, 7))
        return house.send(path, {**form, str(house.ann.id): "66"})

    def test_weights_stand_side_by_side(self, house: House) -> None:
        answer = self.weigh(house)
        assert answer.status_code == 412
        assert house.weights() == {"Ann": 55, "Cid": 7}
        text = answer.text
        assert "Save mine over it" in text
        assert "Take theirs" in text
        rows = re.findall(
            r'<tr id="weight-[0-9a-f-]{36}" class="differs">.*?</tr>', text, re.DOTALL
        )
        assert ["Ann" in each or "Bob" in each for each in rows] == [True, True]
        assert "<strong>55</strong>" in rows[0]
        assert 'value="66"' in rows[0]
        assert 'value="30"' in rows[1]

    def test_mine_is_saved_over_theirs_only_by_who_has_seen_it(self, house: House) -> None:
        path = "/sources/telegram/weights"
        form = fields(self.weigh(house).text, path)
        house.world.allocate("telegram", (house.ann, 56))
        assert house.send(path, form).status_code == 412
        form = fields(house.send(path, form).text, path)
        assert said(house.after(house.send(path, form))) == "The weights of telegram are changed."
        # Cid was added in the meantime, and this user never changed Cid's weight.
        assert house.weights() == {"Ann": 66, "Bob": 30, "Cid": 7}

    def test_whoever_both_have_added_is_one_row(self, house: House) -> None:
        path = "/sources/telegram/weights"
        form = fields(house.look("/sources/telegram"), path)
        cid = house.world.operator("Cid")
        house.world.allocate("telegram", (house.ann, 10), (house.bob, 30), (cid, 7))
        answer = house.send(path, {**form, "operator": str(cid.id), "weight": "9"})
        assert answer.status_code == 412
        form = fields(answer.text, path)
        assert form[str(cid.id)] == "9"
        house.after(house.send(path, form))
        assert house.weights() == {"Ann": 10, "Bob": 30, "Cid": 9}

    def test_a_new_name_is_no_conflict_of_weights(self, house: House) -> None:
        path = "/sources/telegram/weights"
        form = {**fields(house.look("/sources/telegram"), path), str(house.ann.id): "66"}
        house.world.fairlead.update_source(UpdateSource("telegram", name="Sales"))
        house.after(house.send(path, form))
        assert house.weights() == {"Ann": 66, "Bob": 30}

    def test_settings_of_an_operator_say_field_by_field(self, house: House) -> None:
        path = f"/operators/{house.ann.id}"
        form = fields(house.look(path), path)
        update = house.world.fairlead.update_operator
        update(UpdateOperator(house.ann.id, capacity=9, active=False))
        answer = house.send(path, {**form, "capacity": "7"})
        assert answer.status_code == 412
        assert "Now: 9" in answer.text
        assert 'value="7"' in answer.text
        house.after(house.send(path, fields(answer.text, path)))
        ann = house.world.fairlead.catalogue.operator(house.ann.id)
        assert (ann.capacity, ann.active) == (7, False)

    def test_a_pause_is_no_conflict_of_settings(self, house: House) -> None:
        path = f"/operators/{house.ann.id}"
        form = fields(house.look(path), path)
        house.world.fairlead.update_operator(UpdateOperator(house.ann.id, active=False))
        assert said(house.after(house.send(path, {**form, "capacity": "7"}))) == "Saved: Ann."

    def test_who_wants_the_same_has_it(self, house: House) -> None:
        path = f"/operators/{house.ann.id}"
        form = fields(house.look(path), path)
        house.world.fairlead.update_operator(UpdateOperator(house.ann.id, capacity=7))
        text = house.after(house.send(path, {**form, "capacity": "7"}))
        assert said(text) == "Nothing to change: Ann."
        assert house.world.fairlead.catalogue.operator(house.ann.id).capacity == 7

    def test_settings_of_a_source_say_so_in_words(self, house: House) -> None:
        form = fields(house.look("/sources/telegram"), "/sources/telegram")
        update = house.world.fairlead.update_source
        update(UpdateSource("telegram", strategy=Strategy.RANDOM))
        given = {**form, "name": "Sales", "strategy": "exact"}
        answer = house.send("/sources/telegram", given, RUSSIAN)
        assert answer.status_code == 412
        assert "Сейчас: случайная" in answer.text

    def test_a_contact_that_changed_hands_is_not_transferred_blindly(self, house: House) -> None:
        path = f"/contacts/{house.contact.id}"
        form = fields(house.look(path), f"{path}/transfer")
        cid = house.world.operator("Cid")
        house.world.fairlead.transfer_contact(TransferContact(house.contact.id, cid.id))
        answer = house.send(f"{path}/transfer", {**form, "operator": str(house.bob.id)})
        assert answer.status_code == 412
        assert "Meanwhile this contact has gone to Cid." in answer.text
        assert house.holder() == "Cid"
        assert re.search(rf'<option value="{house.bob.id}" selected>', answer.text)
        again = {**fields(answer.text, f"{path}/transfer"), "operator": str(house.bob.id)}
        house.after(house.send(f"{path}/transfer", again))
        assert house.holder() == "Bob"

    @pytest.mark.parametrize("act", ["close", "transfer"])
    def test_nor_is_one_that_has_left_the_page_of_its_operator(
        self, house: House, act: str
    ) -> None:
        cid = house.world.operator("Cid")
        house.world.fairlead.transfer_contact(TransferContact(house.contact.id, cid.id))
        given = {act: str(house.contact.id), "operator": str(house.bob.id)}
        answer = house.send(f"/operators/{house.ann.id}/contacts", given)
        assert answer.status_code == 412
        assert "Meanwhile this contact has gone to Cid." in answer.text
        assert house.holder() == "Cid"


def test_a_closed_contact_is_named(house: House) -> None:
    path = f"/contacts/{house.contact.id}"
    form = fields(house.look(path), f"{path}/close")
    assert said(house.after(house.send(f"{path}/close", form))) == "Closed: no name."


class TestRestoring:
    """The audit log names what changed, and weights are restored from there."""

    def changes(self, house: House) -> list[str]:
        """Return what the page tells of changes of weights, the newest first."""
        page = house.look("/audit?action=allocations_replaced")
        return re.findall('<tr id="entry-.*?</tr>', page, re.DOTALL)

    def test_weights_before_any_change_are_a_click_away(self, house: House) -> None:
        cid = house.world.operator("Cid")
        house.world.allocate("telegram", (house.ann, 1), (cid, 2))
        house.world.allocate("telegram", (cid, 3))
        newest, middle, *_ = self.changes(house)
        assert f"Ann 1 → {NONE} Cid 2 → 3 Restore what was before" in words(newest)
        assert f"Ann 10 → 1 Bob 30 → {NONE} Cid {NONE} → 2 Restore" in words(middle)
        path = "/sources/telegram/weights"
        text = house.after(house.send(path, fields(middle, path)))
        assert said(text) == "The weights of telegram are changed."
        assert house.weights() == {"Ann": 10, "Bob": 30}
        undo(house, text)
        assert house.weights() == {"Cid": 3}

    def test_what_is_there_now_is_not_offered(self, house: House) -> None:
        house.world.allocate("telegram", (house.ann, 7))
        house.world.allocate("telegram", (house.ann, 10), (house.bob, 30))
        newest, middle, *_ = self.changes(house)
        assert "Restore" in newest
        assert "Restore" not in middle

    def test_a_colleague_who_was_faster_is_not_overwritten(self, house: House) -> None:
        house.world.allocate("telegram", (house.ann, 7))
        path = "/sources/telegram/weights"
        form = fields(self.changes(house)[0], path)
        house.world.allocate("telegram", (house.ann, 8))
        assert house.send(path, form).status_code == 412
        assert house.weights() == {"Ann": 8}

    def test_people_read_names_and_not_ids(self, house: House) -> None:
        house.world.fairlead.transfer_contact(TransferContact(house.contact.id, house.bob.id))
        house.world.fairlead.update_operator(UpdateOperator(house.ann.id, capacity=7))
        text = words(house.look("/audit").partition("<tbody>")[2])
        assert "operator changed Ann capacity 5 → 7" in text
        assert "operator_id Ann → Bob" in text
        assert "operator added Bob" in text
        assert "Restore" not in words(house.look("/audit?action=operator_changed"))
