/*
 * The ring in C: the same memory and the same algorithm as ipc/ring.py, as a C programmer would write it,
 * with each side's position in a register and the geometry in a handle.
 *
 * Addresses arrive as 64-bit integers. Every function returns a checksum of what passed, or -1 when the
 * other side stayed silent.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include "latency.h"

#define SPINS_MAX INT64_C(4000000000)

typedef struct {
    int64_t *header;
    char *slots;
    int64_t mask;
    int64_t slot_bytes;
    int64_t sequence;
    int64_t seen_released;
} ring_t;

static inline void pause_core(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

static ring_t producer_of(int64_t address) {
    int64_t *header = (int64_t *)address;
    ring_t ring = {header,
                   (char *)header + HEADER_BYTES,
                   header[CAPACITY_WORD] - 1,
                   header[SLOT_BYTES_WORD],
                   header[NEXT_WORD],
                   atomic_load_explicit((_Atomic int64_t *)&header[RELEASED_WORD], memory_order_acquire)};
    return ring;
}

static ring_t consumer_of(int64_t address) {
    ring_t ring = producer_of(address);
    ring.sequence = ring.seen_released;
    return ring;
}

static inline int64_t *slot_of(const ring_t *ring) {
    return (int64_t *)(ring->slots + (ring->sequence & ring->mask) * ring->slot_bytes);
}

static inline bool try_publish(ring_t *ring, const int64_t *record, int64_t words) {
    if (ring->sequence - ring->seen_released > ring->mask) {
        ring->seen_released =
            atomic_load_explicit((_Atomic int64_t *)&ring->header[RELEASED_WORD], memory_order_acquire);
        if (ring->sequence - ring->seen_released > ring->mask) return false;
    }
    int64_t *restrict slot = slot_of(ring);
    for (int64_t index = 1; index < words; index++) slot[index] = record[index];
    ring->sequence += 1;
    atomic_store_explicit((_Atomic int64_t *)slot, ring->sequence, memory_order_release);
    atomic_store_explicit((_Atomic int64_t *)&ring->header[NEXT_WORD], ring->sequence, memory_order_relaxed);
    return true;
}

static inline int64_t *poll(const ring_t *ring) {
    int64_t *slot = slot_of(ring);
    if (atomic_load_explicit((_Atomic int64_t *)slot, memory_order_acquire) > ring->sequence) return slot;
    return 0;
}

static inline void release(ring_t *ring) {
    ring->sequence += 1;
    atomic_store_explicit((_Atomic int64_t *)&ring->header[RELEASED_WORD], ring->sequence, memory_order_release);
}

static inline int64_t *wait_for(const ring_t *ring) {
    for (int64_t spin = 0; spin < SPINS_MAX; spin++) {
        int64_t *slot = poll(ring);
        if (slot) return slot;
        pause_core();
    }
    return 0;
}

static inline bool wait_to_publish(ring_t *ring, const int64_t *record, int64_t words) {
    for (int64_t spin = 0; spin < SPINS_MAX; spin++) {
        if (try_publish(ring, record, words)) return true;
        pause_core();
    }
    return false;
}

static inline int64_t sum_of(const int64_t *slot, int64_t words) {
    int64_t sum = 0;
    for (int64_t index = 0; index < words; index++) sum += slot[index];
    return sum;
}

int64_t exchange(int64_t out, int64_t in, int64_t record_address, int64_t words, int64_t count, int64_t histogram) {
    ring_t outbound = producer_of(out), inbound = consumer_of(in);
    int64_t *record = (int64_t *)record_address;
    int64_t checksum = 0;
    for (int64_t number = 0; number < count; number++) {
        record[2] = number;
        int64_t started = monotonic_ns();
        try_publish(&outbound, record, words);
        int64_t *slot = wait_for(&inbound);
        if (!slot) return -1;
        checksum += sum_of(slot, words);
        release(&inbound);
        record_value((int64_t *)histogram, monotonic_ns() - started);
    }
    return checksum;
}

int64_t answer(int64_t in, int64_t out, int64_t words, int64_t count) {
    ring_t inbound = consumer_of(in), outbound = producer_of(out);
    for (int64_t number = 0; number < count; number++) {
        int64_t *slot = wait_for(&inbound);
        if (!slot) return -1;
        try_publish(&outbound, slot, words);
        release(&inbound);
    }
    return count;
}

int64_t produce(int64_t out, int64_t record_address, int64_t words, int64_t count) {
    ring_t outbound = producer_of(out);
    int64_t *record = (int64_t *)record_address;
    for (int64_t number = 0; number < count; number++) {
        record[2] = number;
        if (!wait_to_publish(&outbound, record, words)) return -1;
    }
    return count;
}

int64_t consume(int64_t in, int64_t words, int64_t count, int64_t elapsed_address) {
    ring_t inbound = consumer_of(in);
    int64_t checksum = 0, started = 0;
    for (int64_t number = 0; number < count; number++) {
        int64_t *slot = wait_for(&inbound);
        if (!slot) return -1;
        if (number == 0) started = monotonic_ns();
        checksum += sum_of(slot, words);
        release(&inbound);
    }
    *(int64_t *)elapsed_address = monotonic_ns() - started;
    return checksum;
}
