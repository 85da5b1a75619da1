/* SPDX-License-Identifier: MIT */
/* Days and dates by arithmetic alone; what is read must have exactly the printed form. */
#include "report/stamp_text.h"

#include <stdio.h>
#include <string.h>

#include "text/number.h"

/* 2036-02-07 06:28:16 UTC, when the second era begins: stamps are taken within 68 years of it. */
#define PIVOT INT64_C(2085978496)
#define DAY INT64_C(86400)

enum { TEXT_LENGTH = 30 };

/* A proleptic Gregorian date. March is the year's first month here, so that the leap day is its last. */
struct date {
  int64_t year;
  int64_t month; /* 1: January */
  int64_t day;
};

static const int month_begins[] = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337}; /* from March on */

/* Days from 1970-01-01. */
static int64_t days_of(struct date date)
{
  int64_t year = date.month < 3 ? date.year - 1 : date.year; /* positive: see PIVOT */
  return year * 365 + year / 4 - year / 100 + year / 400 + month_begins[(date.month + 9) % 12] + date.day -
         1 - 719468;
}

static struct date date_of(int64_t days)
{
  struct date date = {.year = 1970 + days / 366, .month = 12, .day = 1};
  while (days_of((struct date){date.year + 1, 1, 1}) <= days)
    date.year++;
  while (days_of(date) > days)
    date.month--;
  date.day += days - days_of(date);
  return date;
}

const char *ow_stamp_print(char out[OW_STAMP_TEXT], struct ow_timestamp stamp)
{
  int64_t seconds = (int32_t)(uint32_t)(stamp.ntp >> 32) + PIVOT;
  int64_t nanoseconds = (int64_t)((stamp.ntp & UINT32_MAX) * (uint64_t)OW_NS_PER_S >> 32);
  int64_t days = seconds >= 0 ? seconds / DAY : -((DAY - 1 - seconds) / DAY);
  int second = (int)(seconds - days * DAY);
  struct date date = date_of(days < 0 ? days + 1461 : days);
  if (days < 0) /* four years on, every date is the same but for the year */
    date.year -= 4;
  /* The remainders say to the compiler what fits. */
  snprintf(out, OW_STAMP_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", (unsigned)date.year % 10000,
           (unsigned)date.month % 100, (unsigned)date.day % 100, (unsigned)second / 3600 % 100,
           (unsigned)second / 60 % 60, (unsigned)second % 60, (unsigned)nanoseconds % 1000000000);
  return out;
}

/* Digits where the pattern has a 0, and else the very octet of the pattern. */
static bool has_form(const char *text)
{
  static const char form[] = "0000-00-00T00:00:00.000000000Z";
  bool good = strlen(text) == TEXT_LENGTH;
  for (size_t i = 0; i < TEXT_LENGTH && good; i++)
    good = form[i] == '0' ? ow_is_digit(text[i]) : text[i] == form[i];
  return good;
}

/* In the form, each number ends before something else. */
static int64_t number_at(const char *text, size_t first)
{
  return (int64_t)ow_digits_read(ow_piece_of(text + first)).value;
}

/* Rounded up, so that printing, which rounds down, finds the same nanosecond. */
static uint64_t fraction_of(int64_t nanoseconds)
{
  return (((uint64_t)nanoseconds << 32) + (uint64_t)OW_NS_PER_S - 1) / (uint64_t)OW_NS_PER_S;
}

bool ow_stamp_parse(const char *text, struct ow_timestamp *stamp)
{
  char again[OW_STAMP_TEXT];
  bool good = has_form(text);
  if (good) {
    struct date date = {number_at(text, 0), number_at(text, 5), number_at(text, 8)};
    int64_t seconds = days_of(date) * DAY + number_at(text, 11) * 3600 + number_at(text, 14) * 60 +
                      number_at(text, 17) - PIVOT;
    stamp->ntp = ((uint64_t)seconds << 32) + fraction_of(number_at(text, 20));
    /* What isn't a date, or lies in another era, comes out as another one. */
    good = strcmp(text, ow_stamp_print(again, *stamp)) == 0;
  }
  return good;
}
