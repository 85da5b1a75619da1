/* SPDX-License-Identifier: MIT */
/* The delays are sorted; fences, steps and counts follow. */
#include "histogram.h"

#include <stdlib.h>

#include "stats/result.h"
#include "text.h"
#include "text/decimal.h"

enum { MOST_STEPS = 12, BAR = 30, FENCE = 3, PART = 10, LABEL = 17 };

struct delays {
  int64_t *list; /* rising */
  size_t count;
};

struct arrival {
  uint32_t sequence;
  size_t order;
  int64_t delay;
};

/* ---- the delays ---- */

static int by_packet(const void *left, const void *right)
{
  const struct arrival *one = left;
  const struct arrival *other = right;
  int order = (one->sequence > other->sequence) - (one->sequence < other->sequence);
  return order ? order : (one->order > other->order) - (one->order < other->order);
}

static int by_delay(const void *left, const void *right)
{
  int64_t one = *(const int64_t *)left;
  int64_t other = *(const int64_t *)right;
  return (one > other) - (one < other);
}

static size_t gather(const struct ow_samples *samples, struct arrival *arrivals)
{
  size_t count = 0;
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    if (!ow_sample_lost(&sample))
      arrivals[count++] = (struct arrival){sample.sequence, i, ow_sample_delay(&sample)};
  }
  return count;
}

/* Without memory it is empty. */
static struct delays sort_delays(const struct ow_samples *samples)
{
  struct arrival *arrivals = calloc(samples->count, sizeof *arrivals);
  struct delays delays = {calloc(samples->count, sizeof *delays.list), 0};
  size_t count = arrivals && delays.list ? gather(samples, arrivals) : 0;
  if (count > 0)
    qsort(arrivals, count, sizeof *arrivals, by_packet);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || arrivals[i].sequence != arrivals[i - 1].sequence)
      delays.list[delays.count++] = arrivals[i].delay;
  if (delays.count > 0)
    qsort(delays.list, delays.count, sizeof *delays.list, by_delay);
  free(arrivals);
  return delays;
}

/* ---- the steps ---- */

struct steps {
  int64_t from; /* the first one's, a multiple of `width` */
  int64_t width;
  int count;
};

/* What lies within is drawn step by step. */
static void find_fences(const struct delays *delays, int64_t *low, int64_t *high)
{
  size_t last = delays->count - 1;
  size_t apart = delays->count / PART > 0 ? delays->count / PART : 1;
  int64_t quarter = delays->list[last / 4];
  int64_t three = delays->list[last - last / 4];
  double reach = FENCE * (double)(three - quarter);
  size_t from = 0;
  size_t to = last;
  while (from < apart && from < last / 4 && (double)quarter - (double)delays->list[from] > reach)
    from++;
  while (last - to < apart && last - to < last / 4 && (double)delays->list[to] - (double)three > reach)
    to--;
  /* More than may lie apart: then they are no outliers. */
  *low = (double)quarter - (double)delays->list[from] > reach ? delays->list[0] : delays->list[from];
  *high = (double)delays->list[to] - (double)three > reach ? delays->list[last] : delays->list[to];
}

static int64_t floor_to(int64_t value, int64_t width)
{
  int64_t rest = value % width;
  return value - (rest < 0 ? rest + width : rest);
}

static int64_t wider(int64_t width)
{
  int64_t digit = width;
  while (digit >= 10)
    digit /= 10;
  return digit == 2 ? width / 2 * 5 : width * 2;
}

static struct steps plan_steps(int64_t low, int64_t high)
{
  struct steps steps = {.from = low, .width = 1};
  /* Of a single delay three digits tell enough. */
  while (high == low && steps.width < (high < 0 ? -high : high) / 1000)
    steps.width *= 10;
  while ((high - floor_to(low, steps.width)) / steps.width >= MOST_STEPS)
    steps.width = wider(steps.width);
  steps.from = floor_to(low, steps.width);
  steps.count = (int)((high - steps.from) / steps.width) + 1;
  return steps;
}

/* ---- the bars ---- */

struct bars {
  FILE *out;
  uint32_t most;
  int64_t unit; /* ns, of the bounds */
  const char *unit_name;
  unsigned places; /* as many as a step takes */
};

static void choose_unit(struct bars *bars, const struct steps *steps, int64_t end)
{
  int64_t largest = end > -steps->from ? end : -steps->from;
  int64_t tens = steps->width;
  *bars = (struct bars){.out = bars->out, .most = 1, .unit = 1000, .unit_name = "us"};
  if (largest >= OW_NS_PER_S) {
    bars->unit = OW_NS_PER_S;
    bars->unit_name = "s";
  } else if (largest >= OW_NS_PER_MS) {
    bars->unit = OW_NS_PER_MS;
    bars->unit_name = "ms";
  }
  for (; tens % bars->unit != 0; tens *= 10)
    bars->places++;
}

static const char *print_bound(char out[CHECK_NUMBER], const struct bars *bars, int64_t bound)
{
  char number[CHECK_NUMBER - 4];
  ow_decimal_print(number, sizeof number, (double)bound / (double)bars->unit, bars->places, false);
  snprintf(out, CHECK_NUMBER, "%s %s", number, bars->unit_name);
  return out;
}

static void print_bar(const struct bars *bars, const char *label, uint32_t count, const char *remark)
{
  static const char full[] = "##############################";
  int length = (int)((uint64_t)count * BAR / bars->most);
  if (count > 0 && length == 0)
    length = 1;
  fprintf(bars->out, "%*s %8u%s%.*s%s\n", LABEL, label, count, length ? " " : "", length, full, remark);
}

/* What lies beyond the steps, with how far it reaches. */
static void print_beyond(const struct bars *bars, const char *sign, int64_t bound, uint32_t count,
                         int64_t extreme)
{
  char number[CHECK_NUMBER];
  char label[CHECK_NUMBER + 4];
  char remark[CHECK_NUMBER + 16];
  snprintf(label, sizeof label, "%s %s", sign, print_bound(number, bars, bound));
  snprintf(remark, sizeof remark, "  %s %s", sign[0] == '<' ? "down to" : "up to",
           ow_seconds_print(number, check_seconds(extreme)));
  if (count > 0)
    print_bar(bars, label, count, remark);
}

static void draw(FILE *out, const char *name, const struct delays *delays, const struct steps *steps)
{
  uint32_t counts[MOST_STEPS] = {0};
  uint32_t beyond[2] = {0};
  char label[CHECK_NUMBER];
  struct bars bars = {.out = out};
  int64_t end = steps->from + steps->count * steps->width;
  choose_unit(&bars, steps, end);
  fprintf(out, "%s delays of %zu packet%s, in steps of %s\n", name, delays->count,
          delays->count == 1 ? "" : "s", print_bound(label, &bars, steps->width));
  for (size_t i = 0; i < delays->count; i++) {
    int64_t delay = delays->list[i];
    uint32_t *count = &beyond[delay >= end];
    if (delay >= steps->from && delay < end)
      count = &counts[(delay - steps->from) / steps->width];
    (*count)++;
  }
  for (int i = 0; i < 2; i++)
    bars.most = beyond[i] > bars.most ? beyond[i] : bars.most;
  for (int i = 0; i < steps->count; i++)
    bars.most = counts[i] > bars.most ? counts[i] : bars.most;
  print_beyond(&bars, "<", steps->from, beyond[0], delays->list[0]);
  for (int i = 0; i < steps->count; i++)
    print_bar(&bars, print_bound(label, &bars, steps->from + i * steps->width), counts[i], "");
  print_beyond(&bars, ">=", end, beyond[1], delays->list[delays->count - 1]);
}

void check_histogram_print(FILE *out, const char *name, const struct ow_samples *samples)
{
  struct delays delays = samples->count > 0 ? sort_delays(samples) : (struct delays){0};
  if (delays.count > 0) {
    int64_t low;
    int64_t high;
    find_fences(&delays, &low, &high);
    struct steps steps = plan_steps(low, high);
    draw(out, name, &delays, &steps);
  }
  free(delays.list);
}
