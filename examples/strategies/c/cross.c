/* A moving-average cross: 95 % of the book while the mean of 20 closes is above that of 100. */
#include "hedgerow_strategy.h"

static double closes[100];
static uint32_t seen;

static double mean(uint32_t count) {
    double sum = 0;
    for (uint32_t at = seen - count; at < seen; at++) sum += closes[at % 100];
    return sum / count;
}

static void on_bars(const hr_now *now, const hr_bar *bars, uint32_t count) {
    (void)now;
    for (uint32_t row = 0; row < count; row++) {
        closes[seen++ % 100] = bars[row].close;
        if (seen >= 100) hr_target_weight(bars[row].instrument, mean(20) > mean(100) ? 0.95 : 0.0);
    }
}

static const hr_strategy CROSS = {.on_bars = on_bars};
HR_EXPORT(CROSS)
