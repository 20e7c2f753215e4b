"""Owns the rules of the life cycle that are changed one at a time, and into what."""

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule: what it says, where it stands, its text, and the text that breaks it."""

    name: str
    file: str
    before: str
    after: str


_ACCEPTANCE = "engine/core/acceptance.py"
_BUSTS = "engine/core/busts.py"
_CANCEL = "engine/core/cancel.py"
_CANCEL_REPORTS = "engine/core/cancel_reports.py"
_COMPLETION = "engine/core/completion.py"
_DOUBTS = "engine/core/doubts.py"
_FILLS = "engine/core/fills.py"
_HOLDS = "engine/core/holds.py"
_LEG_END = "engine/core/leg_end.py"
_ORDER_END = "engine/core/order_end.py"
_REPLACEMENT = "engine/core/replacement.py"
_REPLACE_REPORTS = "engine/core/replace_reports.py"
_REVIVAL = "engine/core/revival.py"
_STATUS = "ipc/order_status.py"
_TRADES = "engine/core/trades.py"
_VENUE_REPORTS = "engine/core/venue_reports.py"
_VERSIONS = "engine/core/versions.py"

RULES = (
    Rule(
        "a fill implies the acknowledgement",
        _FILLS,
        '    order["accepted"] = 1\n    order["accepted_ns"] = now_ns\n',
        '    order["accepted_ns"] = now_ns\n',
    ),
    Rule(
        "a part says nothing of a cancel in doubt",
        _FILLS,
        '(order["pending_cancel_ns"] == 0 or order["cancel_wanted"] != 0) and order["pending_replace_ns"] == 0:\n',
        "True:\n",
    ),
    Rule(
        "a fill of an earlier leg counts to what earlier legs filled",
        _FILLS,
        '        order["leg_base_lots"] += lots\n',
        '        order["leg_base_lots"] += 0\n',
    ),
    Rule(
        "an end waits for all fills that the venue counts",
        _FILLS,
        "        if missing_lots(order) == 0:\n            has_ended",
        "        if True:\n            has_ended",
    ),
    Rule(
        "a fill after the end is counted as late",
        _FILLS,
        '["late_fill_count"] += 1\n    alarm = alarm_of_order',
        '["late_fill_count"] += 0\n    alarm = alarm_of_order',
    ),
    Rule(
        "a trade is booked once", _TRADES, "    if place >= 0:\n        header_of", "    if False:\n        header_of"
    ),
    Rule("a trade with other contents is an alarm", _TRADES, "    if is_same_order and is_same:\n", "    if True:\n"),
    Rule("a trade that was taken back stays so", _TRADES, '    if trade["lots"] == 0:\n', "    if False:\n"),
    Rule(
        "a filled order that is being cancelled waits for the answer",
        _ORDER_END,
        '    if end_reason != EndReason.FILLED and order["pending_cancel_ns"] != 0:\n',
        '    if order["pending_cancel_ns"] != 0:\n',
    ),
    Rule("an order that has ended reserves nothing", _ORDER_END, "    release_down_to(state, order, 0)\n", ""),
    Rule("an end is the end of a hold", _ORDER_END, '    order["venue_hold"] = VenueHold.NONE\n', ""),
    Rule(
        "a leg's rest is what it was asked for, less its own fills",
        _REPLACEMENT,
        '        rest_lots = max(order["order_lots"] - done_lots, leg_rest_lots(order))\n',
        '        rest_lots = order["order_lots"] - done_lots\n',
    ),
    Rule(
        "a leg that is too large is cancelled again",
        _CANCEL,
        "EndReason.CANCELED and not has_surplus(order):",
        "EndReason.CANCELED:",
    ),
    Rule(
        "the answer to an amendment speaks of its leg",
        _REPLACE_REPORTS,
        "return leg == replace_leg and",
        "return",
    ),
    Rule(
        "a leg that shows itself after its order's end at the venue is cancelled",
        _REVIVAL,
        'is_over = is_ended(order) or order["end_wanted"] != EndReason.NONE\n',
        "is_over = is_ended(order)\n",
    ),
    Rule(
        "an overfill is one of the order as it was",
        _FILLS,
        'if order["cumulative_lots"] > order_lots:',
        'if order["cumulative_lots"] > order["order_lots"]:',
    ),
    Rule(
        "the first word on an end counts",
        _LEG_END,
        'if order["end_wanted"] != EndReason.NONE and',
        "if False and",
    ),
    Rule(
        "a leg is as large as it was asked to be",
        _REPLACEMENT,
        'order["replace_leg_lots"] if is_sent else',
        'order["replace_lots"] - order["leg_base_lots"] if is_sent else',
    ),
    Rule(
        "a leg that became too large is cancelled",
        _COMPLETION,
        "not has_surplus(order) or",
        "True or",
    ),
    Rule(
        "a new leg is sent for what is left",
        _COMPLETION,
        '        if order["replace_lots"] > order["cumulative_lots"]:\n',
        "        if True:\n",
    ),
    Rule(
        "an end with fills missing is held open",
        _LEG_END,
        "    if missing_lots(order) > 0:\n        hold_open(state, order, end_reason, report)\n    elif conclude",
        "    if False:\n        hold_open(state, order, end_reason, report)\n    elif conclude",
    ),
    Rule(
        "the old leg's end is not the order's",
        _LEG_END,
        '        order["replace_state"] = ReplaceState.OLD_LEG_GONE\n',
        '        order["replace_state"] = ReplaceState.NONE\n',
    ),
    Rule(
        "an order that has traded is not a rejected one",
        _LEG_END,
        "EndReason.CANCELED if has_traded else EndReason.REJECTED",
        "EndReason.REJECTED",
    ),
    Rule("not found must be said twice", _LEG_END, "NOT_FOUND_ANSWERS_NEEDED = 2\n", "NOT_FOUND_ANSWERS_NEEDED = 1\n"),
    Rule(
        "not found proves nothing while the request may still arrive",
        _LEG_END,
        '    if header["now_ns"] < asked_ns + header["request_expiry_ns"]:\n        return\n',
        "",
    ),
    Rule(
        "what was taken cannot be denied",
        _LEG_END,
        '    if order["accepted"] != 0 and not is_replacement:\n',
        "    if False:\n",
    ),
    Rule(
        "a cancel of an unknown order is a doubt",
        _CANCEL_REPORTS,
        'so it is asked.\n        order["is_unknown"] = 1\n',
        "so it is asked.\n",
    ),
    Rule(
        "a cancel that overtook its order is kept",
        _CANCEL_REPORTS,
        '            order["cancel_wanted"] = 1\n',
        "",
    ),
    Rule(
        "a cancel that met the old leg follows the new one",
        _CANCEL_REPORTS,
        '        if leg != order["leg"]:\n',
        "        if False:\n",
    ),
    Rule(
        "a status older than the last trades is passed over",
        _ACCEPTANCE,
        'stated + order["leg_base_lots"] < order["cumulative_lots"]\n',
        "stated < 0\n",
    ),
    Rule(
        "a status settles a cancel in doubt",
        _ACCEPTANCE,
        '    if was_in_doubt and order["cancel_wanted"] == 0:\n        order["pending_cancel_ns"] = 0\n',
        "",
    ),
    Rule(
        "the venue's own word on an end holds",
        _REVIVAL,
        '        if order["not_found_count"] == 0:\n            return False\n',
        "",
    ),
    Rule(
        "an end that silence spoke for can be revived",
        _REVIVAL,
        "        if not is_ended(order):\n            return True\n",
        "        return not is_ended(order)\n",
    ),
    Rule(
        "what is counted after the end opens the order again",
        _REVIVAL,
        "    if missing_lots(order) == 0:\n        return\n",
        "    return\n",
    ),
    Rule(
        "a filled order lives again when a trade is taken back",
        _BUSTS,
        'order["end_reason"] == EndReason.FILLED and order',
        'order["end_reason"] == EndReason.EXPIRED and order',
    ),
    Rule("a restated order trades again", _HOLDS, '    order["venue_hold"] = VenueHold.NONE\n', ""),
    Rule(
        "a pending cancel outranks a pending replacement",
        _STATUS,
        "        return OrderStatus.PENDING_CANCEL\n",
        "        return OrderStatus.PENDING_REPLACE\n",
    ),
    Rule(
        "done for the day outranks a part that was filled",
        _STATUS,
        "        return OrderStatus.DONE_FOR_DAY\n",
        "        return OrderStatus.PARTIALLY_FILLED\n",
    ),
    Rule(
        "an amendment hangs on the version before it",
        _VERSIONS,
        '    if condition != 0 and condition != order["version"]:\n',
        "    if False:\n",
    ),
    Rule(
        "a replacement that is refused leaves the order as it was",
        _REPLACE_REPORTS,
        "    drop_replacement(state, order)\n    if not old_leg_gone",
        "    take_replacement(state, order)\n    if not old_leg_gone",
    ),
    Rule(
        "what the venue takes away is taken away",
        _REPLACE_REPORTS,
        '    order["order_lots"] = max(total_lots, order["cumulative_lots"])\n',
        "",
    ),
)
