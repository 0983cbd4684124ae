/* What an author writes an opaque strategy in C against: rows in, intents out. Version 1 of the protocol.
 *
 * Include it in one file, fill an hr_strategy with the handlers you want, and end the file with HR_EXPORT(it). The same
 * file builds as a WebAssembly module without imports or as a static native program:
 *
 *   clang --target=wasm32 -O2 -nostdlib -ffreestanding -ffp-contract=off -Wl,--no-entry -Wl,-s -o NAME.wasm NAME.c
 *   cc -O2 -ffp-contract=off -static -s -o NAME NAME.c
 *
 * The machine must be little-endian (x86-64, arm64 and WebAssembly are). Nothing is allocated. */
#ifndef HEDGEROW_STRATEGY_H
#define HEDGEROW_STRATEGY_H

#include <stddef.h>
#include <stdint.h>

#define HR_ABI 1
#define HR_FRAME_BYTES_MAX (256 * 1024)
#define HR_ANSWER_BYTES (64 * 1024)

enum hr_kind { HR_START = 1, HR_BARS = 2, HR_FILLS = 3, HR_STOP = 4, HR_INTENTS = 128, HR_FAILED = 129 };
enum hr_action { HR_BUY = 1, HR_SELL = 2, HR_TARGET = 3, HR_WEIGHT = 4, HR_CANCEL = 5 };
enum hr_tif { HR_GTC = 0, HR_DAY = 1, HR_IOC = 2 };

/* The time of the run (UTC nanoseconds) and the value of the strategy's book in base currency. */
typedef struct { int64_t ts; double nav; } hr_now;

/* An instrument; in all other rows it is its index. The symbol is filled up with zeros. */
typedef struct { char symbol[32]; double tick, lot; uint32_t instrument, spare; } hr_instrument;

/* A bar that closed; volume is NaN where it is not known, step counts the times of a batch. */
typedef struct {
    int64_t ts;
    double open, high, low, close, volume, position, expected;
    uint32_t instrument, step;
} hr_bar;

/* An execution of one of the strategy's orders; quantity is negative when sold. */
typedef struct { int64_t ts; double price, quantity, fee; uint32_t instrument, spare; } hr_fill;

/* What the strategy wants; it becomes an order only if the fund's gate lets it pass. */
typedef struct { double amount, limit; uint32_t instrument; uint16_t action, tif; int64_t spare; } hr_intent;

typedef struct { uint32_t length, sequence; uint16_t kind, abi; uint32_t rows; } hr_head;

_Static_assert(sizeof(hr_head) == 16 && sizeof(hr_now) == 16 && sizeof(hr_instrument) == 56, "layout");
_Static_assert(sizeof(hr_bar) == 72 && sizeof(hr_fill) == 40 && sizeof(hr_intent) == 32, "layout");

/* Handlers; those that are not needed stay zero. */
typedef struct {
    void (*on_start)(const hr_now *now, const hr_instrument *instruments, uint32_t count);
    void (*on_bars)(const hr_now *now, const hr_bar *bars, uint32_t count);
    void (*on_fills)(const hr_now *now, const hr_fill *fills, uint32_t count);
    void (*on_stop)(const hr_now *now);
} hr_strategy;

static _Alignas(8) unsigned char hr_question[HR_FRAME_BYTES_MAX];
static _Alignas(8) unsigned char hr_answer[HR_ANSWER_BYTES];
static uint32_t hr_count;
static int hr_is_full;

/* Says one intent; what does not fit makes the whole answer a failure, so that nothing is lost unseen. */
static inline void hr_say(uint32_t instrument, enum hr_action action, double amount, double limit, enum hr_tif tif) {
    hr_intent *at = (hr_intent *)(hr_answer + sizeof(hr_head)) + hr_count;
    if ((unsigned char *)(at + 1) > hr_answer + HR_ANSWER_BYTES) {
        hr_is_full = 1;
        return;
    }
    *at = (hr_intent){amount, limit, instrument, (uint16_t)action, (uint16_t)tif, 0};
    hr_count += 1;
}

static inline void hr_buy(uint32_t instrument, double quantity) { hr_say(instrument, HR_BUY, quantity, 0, HR_GTC); }
static inline void hr_sell(uint32_t instrument, double quantity) { hr_say(instrument, HR_SELL, quantity, 0, HR_GTC); }
static inline void hr_target(uint32_t instrument, double units) { hr_say(instrument, HR_TARGET, units, 0, HR_GTC); }
static inline void hr_target_weight(uint32_t instrument, double share) {
    hr_say(instrument, HR_WEIGHT, share, 0, HR_GTC);
}
static inline void hr_cancel(uint32_t instrument) { hr_say(instrument, HR_CANCEL, 0, 0, HR_GTC); }

/* One call: the question lies in hr_question, the answer is put into hr_answer; returns the answer's bytes. */
static uint32_t hr_call(const hr_strategy *strategy, uint32_t bytes) {
    const hr_head *asked = (const hr_head *)hr_question;
    const hr_now *now = (const hr_now *)(asked + 1);
    const void *rows = now + 1;
    hr_head *told = (hr_head *)hr_answer;
    hr_count = 0;
    hr_is_full = bytes < sizeof(hr_head) + sizeof(hr_now) || asked->abi != HR_ABI;
    if (!hr_is_full) {
        switch (asked->kind) {
        case HR_START: if (strategy->on_start) strategy->on_start(now, rows, asked->rows); break;
        case HR_BARS: if (strategy->on_bars) strategy->on_bars(now, rows, asked->rows); break;
        case HR_FILLS: if (strategy->on_fills) strategy->on_fills(now, rows, asked->rows); break;
        case HR_STOP: if (strategy->on_stop) strategy->on_stop(now); break;
        default: hr_is_full = 1;
        }
    }
    uint32_t size = (uint32_t)(sizeof(hr_head) + (hr_is_full ? 0 : hr_count * sizeof(hr_intent)));
    *told = (hr_head){size - 4, asked->sequence, hr_is_full ? HR_FAILED : HR_INTENTS, HR_ABI, hr_is_full ? 0 : hr_count};
    return size;
}

#ifdef __wasm__
#define HR_NAMED(name) __attribute__((export_name(#name))) name
#define HR_EXPORT(strategy)                                                                 \
    uint32_t HR_NAMED(hedgerow_abi)(void) { return HR_ABI; }                                \
    unsigned char *HR_NAMED(hedgerow_question)(void) { return hr_question; }                \
    unsigned char *HR_NAMED(hedgerow_answer)(void) { return hr_answer; }                    \
    uint32_t HR_NAMED(hedgerow_call)(uint32_t bytes) { return hr_call(&(strategy), bytes); }
#else
#include <unistd.h>
static int hr_read(unsigned char *to, size_t count) {
    while (count) {
        ssize_t got = read(0, to, count);
        if (got <= 0) return 0;
        to += got, count -= (size_t)got;
    }
    return 1;
}
static int hr_serve(const hr_strategy *strategy) {
    while (hr_read(hr_question, 4)) {
        uint32_t bytes = ((const hr_head *)hr_question)->length;
        if (bytes > HR_FRAME_BYTES_MAX - 4 || !hr_read(hr_question + 4, bytes)) return 1;
        uint32_t size = hr_call(strategy, bytes + 4);
        for (uint32_t sent = 0; sent < size;) {
            ssize_t put = write(1, hr_answer + sent, size - sent);
            if (put <= 0) return 1;
            sent += (uint32_t)put;
        }
    }
    return 0;
}
#define HR_EXPORT(strategy) \
    int main(void) { return hr_serve(&(strategy)); }
#endif

#endif
