/* A strategy in C: it maps its two rings and trades, with nothing but the header of `oms schema --c`.
 *
 *   c_client FOLDER STRATEGY INSTRUMENT_ID ACCOUNT_ID TURNS LOTS TICKS LOG BEGIN_FILE
 *
 * It is the first to drive its strategy in this run of the engine, so it counts its commands from 1; one that
 * takes over from another client asks over ZeroMQ (WELCOME) how far that one came.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "oms_schema.h"

#define PATIENCE_NS (INT64_C(40) * 1000000000)

struct ring {
    int descriptor;
    char *base;
    _Atomic int64_t *words;
};

static FILE *journal;

static void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    exit(1);
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_a_moment(void)
{
    struct timespec moment = {.tv_sec = 0, .tv_nsec = 50000};
    nanosleep(&moment, NULL);
}

static int64_t word(const struct ring *ring, int index)
{
    return atomic_load_explicit(&ring->words[index], memory_order_acquire);
}

static struct ring attach(const char *folder, const char *name, const char *strategy, int64_t kind)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s-%s", folder, name, strategy);
    struct ring ring = {.descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)};
    struct stat facts;
    if (ring.descriptor < 0 || fstat(ring.descriptor, &facts) != 0)
        fail("%s cannot be opened", path);
    ring.base = mmap(NULL, (size_t)facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.descriptor, 0);
    if (ring.base == MAP_FAILED)
        fail("%s cannot be mapped", path);
    ring.words = (_Atomic int64_t *)ring.base;
    if (word(&ring, OMS_SEGMENT_WORD_READY) != 1 || word(&ring, OMS_SEGMENT_WORD_MAGIC) != OMS_SEGMENT_MAGIC ||
        word(&ring, OMS_SEGMENT_WORD_LAYOUT_VERSION) != OMS_SEGMENT_LAYOUT_VERSION ||
        word(&ring, OMS_SEGMENT_WORD_SCHEMA_DIGEST) != OMS_SCHEMA_DIGEST || word(&ring, OMS_SEGMENT_WORD_KIND) != kind)
        fail("%s is not what this program was compiled for", path);
    return ring;
}

static char *slot_of(const struct ring *ring, int64_t sequence)
{
    int64_t place = sequence & (word(ring, OMS_SEGMENT_WORD_CAPACITY) - 1);
    return ring->base + OMS_SEGMENT_HEADER_BYTES + place * word(ring, OMS_SEGMENT_WORD_SLOT_BYTES);
}

/* The slot of the next command; its words are the caller's to write, all but the first. */
static void *claim(const struct ring *commands)
{
    int64_t next = word(commands, OMS_SEGMENT_WORD_NEXT);
    if (next - word(commands, OMS_SEGMENT_WORD_RELEASED) >= word(commands, OMS_SEGMENT_WORD_CAPACITY))
        fail("the command ring is full");
    if (word(commands, OMS_SEGMENT_WORD_READY) != 1)
        fail("the engine is gone");
    return slot_of(commands, next);
}

static void publish(const struct ring *commands, void *slot)
{
    int64_t next = word(commands, OMS_SEGMENT_WORD_NEXT);
    atomic_store_explicit((_Atomic int64_t *)slot, next + 1, memory_order_release);
    atomic_store_explicit(&commands->words[OMS_SEGMENT_WORD_NEXT], next + 1, memory_order_relaxed);
}

/* The next report, or NULL; release() gives it back. */
static struct oms_execution_report *poll_report(const struct ring *reports)
{
    int64_t sequence = word(reports, OMS_SEGMENT_WORD_RELEASED);
    char *slot = slot_of(reports, sequence);
    int64_t commit = atomic_load_explicit((_Atomic int64_t *)slot, memory_order_acquire);
    return commit >= sequence + 1 ? (struct oms_execution_report *)slot : NULL;
}

static void release(const struct ring *reports)
{
    int64_t sequence = word(reports, OMS_SEGMENT_WORD_RELEASED);
    atomic_store_explicit(&reports->words[OMS_SEGMENT_WORD_RELEASED], sequence + 1, memory_order_release);
}

static int64_t sequence;

static int64_t send_order(const struct ring *commands, const int64_t *numbers, int64_t order_id, int64_t side,
                          int64_t order_type, int64_t price_ticks)
{
    struct oms_new_order *order = claim(commands);
    *order = (struct oms_new_order){
        .commit = order->commit,
        .kind = OMS_RECORD_KIND_NEW_ORDER,
        .sequence = ++sequence,
        .published_ns = now_ns(CLOCK_MONOTONIC),
        .expires_utc_ns = now_ns(CLOCK_REALTIME) + 1000000000,
        .order_id = order_id,
        .instrument_id = numbers[0],
        .account_id = numbers[1],
        .side = side,
        .order_type = order_type,
        .price_ticks = price_ticks,
        .order_lots = numbers[3],
        .max_slippage_bps = -1,
        .execution_timeout_ms = -1,
        .retry_attempts = -1,
        .retry_delay_ms = -1,
        .self_trade_prevention = order_type == OMS_ORDER_TYPE_MARKET ? OMS_SELF_TRADE_PREVENTION_EXPIRE_TAKER : 0,
    };
    publish(commands, order);
    fprintf(journal, "{\"sent\": %" PRId64 "}\n", order_id);
    return order_id;
}

static void send_cancel(const struct ring *commands, int64_t order_id)
{
    struct oms_cancel_order *cancel = claim(commands);
    *cancel = (struct oms_cancel_order){
        .commit = cancel->commit,
        .kind = OMS_RECORD_KIND_CANCEL_ORDER,
        .sequence = ++sequence,
        .published_ns = now_ns(CLOCK_MONOTONIC),
        .expires_utc_ns = now_ns(CLOCK_REALTIME) + 1000000000,
        .order_id = order_id,
    };
    publish(commands, cancel);
}

static int is_over(int64_t status)
{
    return status == OMS_ORDER_STATUS_FILLED || status == OMS_ORDER_STATUS_CANCELED ||
           status == OMS_ORDER_STATUS_EXPIRED || status == OMS_ORDER_STATUS_REJECTED ||
           status == OMS_ORDER_STATUS_REFUSED;
}

static void note(const struct oms_execution_report *report)
{
    fprintf(journal,
            "{\"order_id\": %" PRId64 ", \"execution_type\": %" PRId64 ", \"order_status\": %" PRId64
            ", \"trade_id\": %" PRId64 ", \"last_lots\": %" PRId64 ", \"last_price_ticks\": %" PRId64
            ", \"fee_units\": %" PRId64 ", \"fee_asset_id\": %" PRId64 "}\n",
            report->order_id, report->execution_type, report->order_status, report->trade_id, report->last_lots,
            report->last_price_ticks, report->fee_units, report->fee_asset_id);
}

/* Takes reports until both orders of a turn have ended; cancels the one that rests. */
static void finish_turn(const struct ring *commands, const struct ring *reports, int64_t resting)
{
    int64_t deadline_ns = now_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
    for (int living = 2; living > 0;) {
        const struct oms_execution_report *report = poll_report(reports);
        if (report == NULL) {
            if (now_ns(CLOCK_MONOTONIC) > deadline_ns)
                fail("the engine is silent");
            pause_a_moment();
            continue;
        }
        if (report->kind == OMS_RECORD_KIND_EXECUTION_REPORT) {
            note(report);
            if (is_over(report->order_status))
                living -= 1;
            else if (report->order_id == resting && report->order_status == OMS_ORDER_STATUS_NEW)
                send_cancel(commands, resting);
        }
        release(reports);
    }
}

int main(int count, char **arguments)
{
    if (count != 10)
        fail("usage: c_client FOLDER STRATEGY INSTRUMENT_ID ACCOUNT_ID TURNS LOTS TICKS LOG BEGIN_FILE");
    const char *folder = arguments[1], *strategy = arguments[2], *begin_file = arguments[9];
    int64_t numbers[5];
    for (int place = 0; place < 5; place++)
        numbers[place] = strtoll(arguments[3 + place], NULL, 10);
    journal = fopen(arguments[8], "w");
    if (journal == NULL)
        fail("%s cannot be written", arguments[8]);
    setvbuf(journal, NULL, _IOLBF, 0);
    struct ring commands = attach(folder, "commands", strategy, OMS_SEGMENT_KIND_COMMAND_RING);
    struct ring reports = attach(folder, "reports", strategy, OMS_SEGMENT_KIND_REPORT_RING);
    if (flock(commands.descriptor, LOCK_EX | LOCK_NB) != 0)
        fail("another client drives strategy %s", strategy);
    int64_t order_id = word(&commands, OMS_SEGMENT_WORD_INSTANCE) << OMS_ORDER_ID_INSTANCE_SHIFT |
                       word(&commands, OMS_SEGMENT_WORD_EPOCH) << OMS_ORDER_ID_EPOCH_SHIFT |
                       word(&commands, OMS_SEGMENT_WORD_STRATEGY_ID) << OMS_ORDER_ID_STRATEGY_ID_SHIFT;
    fputs("{\"ready\": true}\n", journal);
    int64_t deadline_ns = now_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
    while (access(begin_file, F_OK) != 0 && now_ns(CLOCK_MONOTONIC) < deadline_ns)
        pause_a_moment();
    for (int64_t turn = 0; turn < numbers[2]; turn++) {
        int64_t one = INT64_C(1) << OMS_ORDER_ID_SEQUENCE_SHIFT;
        int64_t side = turn % 2 ? OMS_SIDE_SELL : OMS_SIDE_BUY;
        order_id = send_order(&commands, numbers, order_id + one, side, OMS_ORDER_TYPE_MARKET, 0);
        order_id = send_order(&commands, numbers, order_id + one, OMS_SIDE_BUY, OMS_ORDER_TYPE_LIMIT, numbers[4]);
        finish_turn(&commands, &reports, order_id);
    }
    fputs("{\"ended\": true}\n", journal);
    return fclose(journal);
}
