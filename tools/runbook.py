"""Owns the runbook: one line for each alarm and each reason of a refusal, what it means and what to do."""

from difflib import get_close_matches

from ipc.enums import AlarmCode, RefusalReason
from tools.command_error import CommandError

_ALARMS = """
LATE_FILL An order traded after its end. The position holds the fill; hedge it if nobody wants it.
OVERFILL More traded than was ordered. The position holds it; ask the venue, and hedge the excess.
TRADE_CANCELED The venue took a trade back. Position and fees are corrected; check what hedged it.
TRADE_CORRECTED The venue changed a trade. Position and fees are corrected; check what hedged it.
TRADE_DIFFERS A trade came twice with other contents; the first word counts. Ask the venue.
EXTERNAL_ORDER Somebody else orders on this account. Find out who; its orders count in our limits.
EXTERNAL_TRADE Somebody else trades on this account; strategy 0 holds it. Find out who.
BALANCE_CHANGED Money came or went otherwise than by trading. Check that you know of it.
ADOPTED_ORDER The venue has an order of ours that no journal knows. Compare both; cancel it if unwanted.
REVIVED_ORDER The venue had denied an order that lives. It counts again; ask the venue.
POSITION_DIFFERS A venue's balance is not what was booked. Find out why, then oms arm --scope account:NAME.
OUTCOME_UNRESOLVED The venue does not say what became of an order. Look there; its risk stays reserved.
FORGOTTEN_TRADE A trade too old to compare was not booked. Check the position against the venue's.
KILL_VERIFIED Every order in a halted scope has ended by the venue's word; found is after how many ns.
REJECT_RATE The venue rejects too many orders of a strategy. Read its reasons in the reports, then arm.
UNKNOWN_ORDERS Too many orders of unknown outcome on an account. Look at its connection and the venue's status.
UNKNOWN_ORDER_AGE An order's outcome is unknown for too long. Look for it at the venue.
PRICES_STALE No price of an instrument for too long. Look at the market data connection and the venue.
PRICES_CROSSED Bid and ask of an instrument stay crossed. Do not trust its prices; look at the venue.
CLOCK_OFFSET Host and venue disagree about the time. Look at chrony or ntpd on this host first.
LOOP_STALL The engine did nothing for too long. Look at what else its core does, at swap and at the host.
JOURNAL_NOT_KEEPING What happens is not being kept, so new orders are refused. Look at disk and journal process.
LEASE_EXPIRED The guardian does not watch, so only cancels leave. Look at its log; it comes back by itself.
FENCED The guardian has taken over; this engine sends nothing any more. Look why it hung, then start it anew.
TRADING_STATE_RAISED A scope is restricted; found is its state. See why, mend that, then oms arm --scope SCOPE.
ENGINE_HUNG The engine gave no sign of life and was fenced and killed. Read its log before arming.
ENGINE_DIED The engine died; what it left open is cancelled. Read its log before arming.
NOT_CLEARED The guardian could not see every order ended. Look at the venue yourself, now.
GUARDIAN_DISCONNECTED The guardian has no connection to a venue of its own. Look at its log and its keys.
LOSS_LIMIT_EXCEEDED A scope has lost more than a day may cost. Decide whether it goes on, then oms arm --scope SCOPE.
DRAWDOWN_LIMIT_EXCEEDED A scope has lost too much from its best. Decide, then oms arm --scope SCOPE.
BOTH_LEGS_FILLED Take-profit and stop of a bracket traded more than it holds. The position holds it; hedge the excess.
MARKET_DATA_GAP Trades of others never came; found is how many so far. Look at the market data connection.
"""

_REFUSALS = """
NONE Nothing was refused.
MALFORMED_RECORD The record is no whole record. Compare its layout with oms schema.
UNKNOWN_RECORD_KIND This client may not send such a record. See ipc/frame.py for what it may.
COMMAND_OUT_OF_SEQUENCE A command's sequence must be larger than the last one's. Perhaps two share a strategy.
COMMAND_EXPIRED The command was too long on its way. Look at both clocks, and at what delays the client.
STALE_EPOCH The order id is of an earlier run. Connect again for a new one.
WRONG_INSTANCE The order id is of another engine. Check which one the client talks to.
WRONG_STRATEGY The order id names another strategy. Build ids from the WELCOME record.
DUPLICATE_ORDER_ID The order id was used before. Count order sequences up.
UNKNOWN_INSTRUMENT No instrument has this number. List them with the client.
UNKNOWN_ACCOUNT No account has this number. List them with the client.
UNKNOWN_ORDER No order of that id is known, or it was forgotten. See oms orders.
NOT_PERMITTED The configuration does not allow this here. Add account or [[strategy.limit]] if it should.
INSTRUMENT_NOT_TRADING The venue does not trade the instrument now. Wait, or look at the venue's status.
VENUE_NOT_READY The account's connection is not live. It reconnects by itself; see the engine's log.
INVALID_SIDE The side is none. Allowed are BUY and SELL.
INVALID_ORDER_TYPE The order type is none that this engine knows.
INVALID_TIME_IN_FORCE The time in force is none, or does not go with the order's type.
INVALID_FLAGS The order's flags do not go with its type or time in force.
INVALID_PRICE The price is none, or the order may not have one.
PRICE_OUT_OF_RANGE The price lies outside what the venue takes.
INVALID_QUANTITY The quantity is none, or does not go with the order's type.
QUANTITY_OUT_OF_RANGE The quantity lies outside what the venue takes.
NOTIONAL_BELOW_MINIMUM The order is worth less than the venue takes.
MAX_QUANTITY_EXCEEDED The order is larger than max_order_quantity of its strategy and instrument.
MAX_NOTIONAL_EXCEEDED The order is worth more than max_order_notional or than the venue takes.
POSITION_LIMIT_EXCEEDED The position could exceed max_long or max_short if all open orders filled.
DUPLICATE_ORDER The same order came too often in a row. See whether the strategy loops.
RATE_LIMIT_EXCEEDED The strategy sends more orders than rate_limit_orders allows.
VENUE_RATE_LIMIT_EXCEEDED The venue's budget for requests is used up. Send less, or wait for its window.
NO_REFERENCE_PRICE No fresh price to compare with. Wait for market data.
ORDER_TABLE_FULL The engine's order_capacity is used up. Cancel orders, or raise it.
ORDER_ALREADY_ENDED The order has ended; nothing is left to change.
CANCEL_ALREADY_PENDING A cancel is on its way already.
REPLACE_ALREADY_PENDING A later amendment took this one's place.
AMEND_CHANGES_NOTHING The order is what the amendment asks for.
AMEND_BELOW_FILLED As much as that has traded already.
AMEND_NOT_SUPPORTED The venue cannot change such an order. Cancel it and send another.
LEGS_EXHAUSTED The order was replaced as often as an id allows. Send another.
TARGET_ALREADY_REACHED The position, with all that is open, is there already.
INVALID_OVERRIDE One of the order's own terms is out of bounds.
MARKET_ORDER_AMEND A market order cannot be changed.
ORDER_OUTCOME_UNKNOWN The order's outcome is unknown; wait for the venue's word.
UNKNOWN_CLIENT The engine's configuration has no strategy of this name.
SCHEMA_MISMATCH Client and engine are of different versions. Update the older one.
CLIENT_SUPERSEDED A newer client drives this strategy.
FRAME_TOO_LARGE The frame holds more than one may. Send several.
NOT_CONNECTED The engine knows no such client. Say HELLO first.
STRATEGY_IN_USE Another client drives this strategy. Stop it first.
NOT_SUPPORTED_BY_VENUE The venue cannot do that with this instrument.
JOURNAL_NOT_KEEPING What happens is not being kept. Look at the disk and the journal process.
INVALID_STOP_PRICE The stop price is none, or the order may not have one.
INVALID_EXPIRY The order's end has passed, is too far away, or does not go with its time in force.
INVALID_DISPLAY_QUANTITY The display quantity does not go with the order.
INVALID_RELEASE_TIME The release has passed, is too far away, or lies beyond the order's end.
INVALID_SELF_TRADE_PREVENTION The self-trade prevention is none that is known.
REDUCE_ONLY_WOULD_INCREASE The order could open or turn the position, and may only reduce it.
VERSION_CONFLICT The amendment hangs on a version that is not in force, or repeats one.
STATUS_ALREADY_PENDING The strategy has such a request under way.
PRICE_COLLAR_EXCEEDED The price is too far from the middle. Check the strategy, or price_collar_bps.
FAT_FINGER The price crosses the book too far. Check the strategy, or fat_finger_bps.
SELF_MATCH The order would meet one of ours on the same account.
NO_CONVERSION_RATE No fresh rate into the risk currency. Look at that instrument's market data.
MAX_OPEN_ORDERS_EXCEEDED A scope has as many open orders as it may. See oms limits.
MAX_OPEN_NOTIONAL_EXCEEDED A scope's open orders are worth as much as they may. See oms limits.
GROSS_EXPOSURE_EXCEEDED A scope's gross exposure could exceed its limit. See oms limits.
NET_EXPOSURE_EXCEEDED A scope's net exposure could exceed its limit. See oms limits.
LEVERAGE_EXCEEDED An account's exposure could exceed its equity by too much. See oms limits.
INSUFFICIENT_FUNDS The account has not enough that is free. See oms positions.
MESSAGE_THROTTLE_EXCEEDED A scope sends messages faster than it may. See oms limits.
TRADED_VOLUME_EXCEEDED What a scope has traded in its window and what works come to all it may. See oms limits.
MAX_EXECUTIONS_EXCEEDED As many orders as one arming allows. Look at the strategy, then oms arm --scope SCOPE.
ORDER_TO_TRADE_EXCEEDED Too many messages for each fill today. See oms limits.
RATE_SHARE_EXCEEDED What is left of the venue's limit is the share of other strategies. Send less.
RATE_QUEUE_FULL As many orders of the strategy wait for room in a rate limit as may. Send less.
RATE_QUEUE_EXPIRED No room in a rate limit came about while the order could wait. Send less.
RATE_QUEUE_SHED A newer order took this one's place among those that wait for room in a rate limit.
RATE_QUEUE_AHEAD Others of the same strategy wait for room in a rate limit already.
CLIENT_TOO_FAST The client sends faster than the engine takes it from one client. Send less at once.
KEY_NOT_ALLOWED The client's key is not on the allow-list for this strategy. Add it if it should be.
TRADING_STATE A scope is restricted. oms limits says which; mend the cause, then oms arm --scope SCOPE.
ENGINE_FENCED The guardian has taken over from this engine. Start it anew, then arm what is halted.
LEASE_EXPIRED The guardian does not watch; only cancels leave until it does.
UNKNOWN_SCOPE The engine has no such venue, account, strategy or instrument. See oms limits.
INVALID_TRADING_STATE The trading state is none. Allowed are ACTIVE to HALT.
REARMING_REQUIRED Nothing but arming lowers a trading state: oms arm --scope SCOPE.
KILL_STANDS A KILL file, oms kill or the guardian asks for more. Remove the file, then oms arm on the engine's host.
INVALID_ALGORITHM The algorithm is none, or what was said does not go with it.
INVALID_SCHEDULE The schedule is none: its parts come in order and sum up to the quantity.
INVALID_PARTICIPATION Urgency or participation is no share, or missing where the algorithm lives by it.
INVALID_TRIGGER The trigger does not go with the algorithm, or cannot be reached any more.
INVALID_INTERVAL The interval is too short or too long.
INVALID_ENTRY The order to follow is unknown, over, of the same side or of another instrument.
PARENT_TABLE_FULL The engine's parent_capacity is used up. Cancel parents, or raise it.
UNKNOWN_PARENT No parent order of this id is known.
PARENT_ALREADY_ENDED The parent order has ended; nothing is left to change.
PARENT_STATE_CONFLICT The parent order is in another state than this asks for. See oms parents.
SLIPPAGE_EXCEEDED What the book holds would fill the order beyond max_slippage_bps. Send less, or with a limit.
NO_DEPTH The fresh depth holds less than the order, or there is none. Send less, or wait for market data.
NO_ROUTE No venue may be given the order now. oms explain tells what each one lacks.
CHILD_OF_PARENT The order is worked by its parent. Amend or cancel that one.
UNKNOWN_ALARM No alarm has this number, or it is gone. See oms alarms.
BREAKER_OPEN What a breaker watches exceeds its threshold. oms alarms says which; it closes by itself.
"""


def _by_name(lines: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in lines.strip().splitlines())


ALARMS, REFUSALS = _by_name(_ALARMS), _by_name(_REFUSALS)


def explain(code: str) -> str:
    """What a code means and what to do; CommandError with the nearest ones when there is none of that name."""
    name = code.strip().upper()
    found = [
        f"{kind} {name}: {lines[name]}" for kind, lines in (("alarm", ALARMS), ("refusal", REFUSALS)) if name in lines
    ]
    if not found:
        names = [*AlarmCode.__members__, *RefusalReason.__members__]
        near = ", ".join(dict.fromkeys(get_close_matches(name, names, 3, 0.4))) or ", ".join(AlarmCode.__members__)
        raise CommandError(f"code {code[:40]!r} is none; allowed are those of alarms and refusals, such as {near}")
    return "\n".join(found)
