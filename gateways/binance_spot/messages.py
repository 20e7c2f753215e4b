"""Owns the shapes of Binance Spot's order messages; unknown fields are tolerated, every number and text is bounded.

Source: https://github.com/binance/binance-spot-api-docs, web-socket-api.md and user-data-stream.md of 2026-07-21.
"""

from typing import Annotated

from msgspec import Meta, MsgspecError, Raw, Struct, field

Text = Annotated[str, Meta(max_length=64)]
Message = Annotated[str, Meta(max_length=1024)]
Number = Annotated[str, Meta(min_length=1, max_length=40)]
Identity = Annotated[int, Meta(ge=-1, le=(1 << 62))]
Count = Annotated[int, Meta(ge=0, le=(1 << 53))]
Milliseconds = Annotated[int, Meta(ge=0, le=8_000_000_000_000)]
ErrorCode = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
RequestId = Annotated[str, Meta(max_length=36)]

ROWS_MAX = 1000
"""The longest list that one reply may hold; `myTrades` and `allOrders` page at this length."""

NO_RESULT = Raw(b"null")

UNDECODABLE = (MsgspecError, UnicodeError, RecursionError)
"""What the JSON decoder raises on bytes that are no message of ours."""


class RateLimit(Struct, gc=False, rename="camel"):
    """{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":12}

    web-socket-api.md#how-to-interpret-rate-limits; `exchangeInfo` lists the same without a count.
    """

    rate_limit_type: Text
    interval: Text
    interval_num: Annotated[int, Meta(ge=1, le=1_000_000)]
    limit: Count
    count: Count = 0


RateLimits = Annotated[tuple[RateLimit, ...], Meta(max_length=16)]


class ErrorBody(Struct, gc=False):
    """{"code":-1003,"msg":"Way too much…","data":{"serverTime":1659142907531,"retryAfter":1659146400000}}

    web-socket-api.md#ip-limits; what `data` holds depends on the code.
    """

    code: ErrorCode
    msg: Message = ""
    data: Raw = NO_RESULT


class RetryData(Struct, gc=False, rename="camel"):
    """{"serverTime":1659142907531,"retryAfter":1659146400000}, times in milliseconds of UTC."""

    retry_after: Milliseconds = 0


class ExecutionReport(Struct, gc=False, tag_field="e", tag="executionReport"):
    """{"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"mUvoqJxFIILMdfAW5iGSOW","S":"BUY","o":"LIMIT",
    "f":"GTC","q":"1.00000000","p":"0.10264410","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW",
    "X":"NEW","r":"NONE","i":4293153,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,
    "T":1499405658657,"t":-1,"I":8641984,"w":true,"m":false,"M":false,"O":1499405658657,"Z":"0.00000000",
    "Y":"0.00000000","Q":"0.00000000","W":1499405658657,"V":"NONE"}

    user-data-stream.md#order-update. `c` is the order's client id, except in the report of a
    cancellation: there it is the id of the cancel request and `C` is the order's. `w` turns true when a stop
    order that waited goes to the market, and `eR` comes with an expiry.
    """

    symbol: Text = field(name="s")
    client_order_id: Text = field(name="c")
    original_client_order_id: Text = field(name="C")
    execution_type: Text = field(name="x")
    order_status: Text = field(name="X")
    order_id: Identity = field(name="i")
    order_quantity: Number = field(name="q")
    price: Number = field(name="p")
    last_quantity: Number = field(name="l")
    cumulative_quantity: Number = field(name="z")
    last_price: Number = field(name="L")
    transaction_ms: Milliseconds = field(name="T")
    trade_id: Identity = field(name="t")
    is_maker: bool = field(name="m")
    side: Text = field(name="S", default="")
    order_type: Text = field(name="o", default="")
    is_working: bool = field(name="w", default=False)
    expiry_reason: Text = field(name="eR", default="")
    reject_reason: Text = field(name="r", default="NONE")
    commission: Number | None = field(name="n", default=None)
    commission_asset: Text | None = field(name="N", default=None)
    prevented_quantity: Number = field(name="A", default="0")


class AssetPosition(Struct, gc=False):
    """{"a":"ETH","f":"10000.000000","l":"0.000000"}"""

    asset: Text = field(name="a")
    free: Number = field(name="f")
    locked: Number = field(name="l")


class AccountPosition(Struct, gc=False, tag_field="e", tag="outboundAccountPosition"):
    """{"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,"B":[…]}

    user-data-stream.md#account-update; lists only the assets that may have changed.
    """

    update_ms: Milliseconds = field(name="u")
    balances: Annotated[tuple[AssetPosition, ...], Meta(max_length=ROWS_MAX)] = field(name="B")


class ServerShutdown(Struct, gc=False, tag_field="e", tag="serverShutdown"):
    """{"e":"serverShutdown","E":1770123456789}, web-socket-api.md#server-shutdown"""


class StreamTerminated(Struct, gc=False, tag_field="e", tag="eventStreamTerminated"):
    """{"e":"eventStreamTerminated","E":1728973001334}, user-data-stream.md#event-stream-terminated"""


class BalanceUpdate(Struct, gc=False, tag_field="e", tag="balanceUpdate"):
    """{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"100.00000000","T":1573200697068}

    user-data-stream.md#balance-update; an account position with the new balance comes beside it.
    """

    asset: Text = field(name="a")
    delta: Number = field(name="d")
    clear_ms: Milliseconds = field(name="T")


class ExternalLockUpdate(Struct, gc=False, tag_field="e", tag="externalLockUpdate"):
    """{"e":"externalLockUpdate","E":1581557507324,"a":"NEO","d":"10.00000000","T":1581557507268}

    What is locked elsewhere, as collateral, is still the account's; the position beside it says what stays free.
    """


class ListStatus(Struct, gc=False, tag_field="e", tag="listStatus"):
    """{"e":"listStatus","E":1564035303637,"s":"ETHBTC","g":2,…}: of order lists, which we never send."""


Event = (
    ExecutionReport
    | AccountPosition
    | ServerShutdown
    | StreamTerminated
    | BalanceUpdate
    | ExternalLockUpdate
    | ListStatus
)
KNOWN_EVENTS = frozenset(
    (
        "executionReport",
        "outboundAccountPosition",
        "serverShutdown",
        "eventStreamTerminated",
        "balanceUpdate",
        "externalLockUpdate",
        "listStatus",
    )
)


class OrderFrame(Struct, gc=False):
    """{"id":"…","status":200,"result":{…},"rateLimits":[…]}
    {"id":"…","status":400,"error":{"code":-2010,"msg":"…"},"rateLimits":[…]}
    {"subscriptionId":0,"event":{"e":"…",…}}

    web-socket-api.md#response-format and #event-format.
    """

    id: RequestId | int | None = None
    status: Annotated[int, Meta(ge=0, le=999)] = 0
    result: Raw = NO_RESULT
    error: ErrorBody | None = None
    rate_limits: RateLimits = field(name="rateLimits", default=())
    event: Event | None = None


class EventName(Struct, gc=False):
    """The name of an event whatever else it holds."""

    e: Text


class NamedEventFrame(Struct, gc=False):
    """A frame with an event of a kind that this file does not know."""

    event: EventName


class PlaceResult(Struct, gc=False, rename="camel"):
    """{"symbol":"BTCUSDT","orderId":12569099453,"orderListId":-1,"clientOrderId":"4d96…","transactTime":1660801715639}

    web-socket-api.md#place-new-order-trade, newOrderRespType ACK.
    """

    symbol: Text
    order_id: Identity
    client_order_id: Text
    transact_time: Milliseconds


class CancelResult(Struct, gc=False, rename="camel"):
    """{"symbol":"BTCUSDT","origClientOrderId":"4d96…","orderId":12569099453,"orderListId":-1,
    "clientOrderId":"91fe…","transactTime":1684804350068,"price":"23416.10000000","origQty":"0.00847000",
    "executedQty":"0.00001000","status":"CANCELED",…}

    web-socket-api.md#cancel-order-trade; `clientOrderId` is that of the cancel request.
    """

    symbol: Text
    orig_client_order_id: Text
    order_id: Identity
    transact_time: Milliseconds
    orig_qty: Number
    executed_qty: Number
    side: Text = ""


class AmendedOrder(Struct, gc=False, rename="camel"):
    """{"symbol":"BTCUSDT","orderId":12,"orderListId":-1,"origClientOrderId":"my_test_order1",
    "clientOrderId":"4zR9…","price":"5.00000000","qty":"5.00000000","executedQty":"0.00000000",…}"""

    symbol: Text
    order_id: Identity
    client_order_id: Text
    price: Number
    qty: Number
    executed_qty: Number
    prevented_qty: Number = "0"
    side: Text = ""


class AmendResult(Struct, gc=False, rename="camel"):
    """{"transactTime":1741923284382,"executionId":16,"amendedOrder":{…}}

    web-socket-api.md#order-amend-keep-priority-trade
    """

    transact_time: Milliseconds
    amended_order: AmendedOrder


class CancelReplaceResult(Struct, gc=False, rename="camel"):
    """{"cancelResult":"SUCCESS","newOrderResult":"FAILURE","cancelResponse":{…},"newOrderResponse":{"code":-2010,…}}

    web-socket-api.md#cancel-and-replace-order-trade; the same stands in `error.data` when a half failed,
    and a half that failed is a code and a message, one not attempted null.
    """

    cancel_result: Text
    new_order_result: Text
    cancel_response: Raw = NO_RESULT
    new_order_response: Raw = NO_RESULT


class OrderStatusResult(Struct, gc=False, rename="camel"):
    """{"symbol":"BTCUSDT","orderId":12569099453,"orderListId":-1,"clientOrderId":"4d96…","price":"23416.10000000",
    "origQty":"0.00847000","executedQty":"0.00847000","cummulativeQuoteQty":"198.33521500","status":"FILLED",…,
    "time":1660801715639,"updateTime":1660801717945,…}

    web-socket-api.md#query-order-user_data; `openOrders.status` replies a list of the same.
    """

    symbol: Text
    order_id: Identity
    client_order_id: Text
    price: Number
    orig_qty: Number
    executed_qty: Number
    status: Text
    update_time: Milliseconds
    side: Text = ""
    type: Text = ""
    is_working: bool = False
    expiry_reason: Text = ""
    prevented_quantity: Number = "0"


class TradeRow(Struct, gc=False, rename="camel"):
    """{"symbol":"BTCUSDT","id":1650422481,"orderId":12569099453,"orderListId":-1,"price":"23416.10000000",
    "qty":"0.00635000","quoteQty":"148.69223500","commission":"0.00000000","commissionAsset":"BNB",
    "time":1660801715793,"isBuyer":false,"isMaker":true,"isBestMatch":true}

    web-socket-api.md#account-trade-history-user_data
    """

    symbol: Text
    id: Identity
    order_id: Identity
    price: Number
    qty: Number
    commission: Number
    commission_asset: Text
    time: Milliseconds
    is_maker: bool
    is_buyer: bool


class AssetBalance(Struct, gc=False):
    """{"asset":"BTC","free":"1.3447112","locked":"0.08600000"}"""

    asset: Text
    free: Number
    locked: Number


class AccountResult(Struct, gc=False, rename="camel"):
    """{"makerCommission":15,…,"canTrade":true,…,"updateTime":1660801833000,"balances":[…],…}

    web-socket-api.md#account-information-user_data
    """

    can_trade: bool
    update_time: Milliseconds
    balances: Annotated[tuple[AssetBalance, ...], Meta(max_length=ROWS_MAX)]


class TimeResult(Struct, gc=False, rename="camel"):
    """{"serverTime":1656400526260}, web-socket-api.md#check-server-time"""

    server_time: Milliseconds
