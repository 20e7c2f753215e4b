/* The clock and the latency histogram of the platform, in C. Layout constants come from the command line. */
#ifndef OMS_PERF_LATENCY_H
#define OMS_PERF_LATENCY_H

#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* http://hdrhistogram.github.io/HdrHistogram/ : buckets double in width, each has equal steps. */
static inline int64_t count_index(int64_t value) {
    const int64_t full = 2 * HISTOGRAM_HALF_COUNT;
    int bucket = 63 - __builtin_clzll((uint64_t)(value | (full - 1))) - (63 - __builtin_clzll((uint64_t)(full - 1)));
    return (bucket + 1) * HISTOGRAM_HALF_COUNT + (value >> bucket) - HISTOGRAM_HALF_COUNT;
}

static inline void record_value(int64_t *histogram, int64_t value) {
    if (value < 0) value = 0;
    if (value > HISTOGRAM_HIGHEST) value = HISTOGRAM_HIGHEST;
    histogram[HISTOGRAM_FIRST_COUNT + count_index(value)] += 1;
    histogram[HISTOGRAM_SUM] += value;
    if (value > histogram[HISTOGRAM_MAXIMUM]) histogram[HISTOGRAM_MAXIMUM] = value;
    if (histogram[HISTOGRAM_TOTAL] == 0 || value < histogram[HISTOGRAM_MINIMUM]) histogram[HISTOGRAM_MINIMUM] = value;
    histogram[HISTOGRAM_TOTAL] += 1;
}

#endif
