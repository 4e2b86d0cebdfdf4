/* What the C programs of these tests share: checks that say where they failed, numbers that are the same everywhere, files. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graceful_kernels.h"

#define CHECK(condition) check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

#define OK(call) ok((call), #call, __FILE__, __LINE__)

static inline void check(int good, const char *what, const char *file, int line)
{
    if (good) return;
    fprintf(stderr, "%s:%d: %s (last error: \"%s\")\n", file, line, what, gk_last_error());
    exit(1);
}

static inline void ok(gk_status status, const char *what, const char *file, int line)
{
    if (status == GK_OK && gk_last_error()[0] == 0) return;
    fprintf(stderr, "%s:%d: %s gave %s: %s\n", file, line, what, gk_status_name(status), gk_last_error());
    exit(1);
}

/* |actual - expected| <= tolerance; NaN is near NaN alone. */
static inline int near(double actual, double expected, double tolerance)
{
    if (isnan(expected)) return isnan(actual);
    return fabs(actual - expected) <= tolerance;
}

static inline void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    CHECK(memory != NULL);
    return memory;
}

/* In (-1, 1), from a linear congruential generator. */
static inline float next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)((int32_t)*state >> 8) / 8388608.f;
}

static inline float *random_floats(size_t count, uint32_t seed)
{
    float *values = allocate(count, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = next_random(&seed);
    return values;
}

/* The next count elements of a file that was written on this machine. */
static inline void *take(FILE *file, size_t count, size_t size)
{
    void *memory = allocate(count, size);
    CHECK(fread(memory, size, count, file) == count);
    return memory;
}

static inline int64_t take_size(FILE *file)
{
    int64_t value;
    CHECK(fread(&value, sizeof value, 1, file) == 1);
    return value;
}

static inline double take_number(FILE *file)
{
    double value;
    CHECK(fread(&value, sizeof value, 1, file) == 1);
    return value;
}

#endif
