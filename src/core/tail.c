/* SPDX-License-Identifier: MIT */
/*
 * Records behind each other; the oldest are dropped at the front, and what is left moves to the
 * start of the memory when its end is reached. Of a batch that alone is more than is kept only its
 * end is looked at, so a flood costs next to nothing here.
 */
#include "core/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/strings.h"

enum { ALIGNMENT = 8, SIZE_FIRST = 1024 };

struct record {
	struct tail_stamp stamp;
	uint32_t size; /* of all of it */
	uint32_t length;
	char text[];
};

struct tail {
	size_t size, begin, end; /* of memory; of what is kept in it */
	size_t n;
	uint64_t next;
	char *memory;
};

static const struct record *record_at(const struct tail *tail, size_t place)
{
	return (const struct record *)(const void *)(tail->memory + place);
}

static size_t record_size(size_t length)
{
	return (sizeof(struct record) + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void drop_oldest(struct tail *tail)
{
	tail->begin += record_at(tail, tail->begin)->size;
	if (--tail->n == 0)
		tail->begin = tail->end = 0;
}

static void move_to_front(struct tail *tail)
{
	if (tail->begin > 0)
		memmove(tail->memory, tail->memory + tail->begin, tail->end - tail->begin);
	tail->end -= tail->begin;
	tail->begin = 0;
}

/* false: no memory. The memory is twice what may be kept in it, so that moving is rare. */
static bool resize(struct tail *tail, size_t size)
{
	char *memory = realloc(tail->memory, size);

	if (!memory)
		return false;
	tail->memory = memory;
	tail->size = size;
	return true;
}

/* Room for one more record at the end. */
static bool make_room(struct tail *tail, const struct tail_limits *limits, size_t need)
{
	size_t most = MAX(2 * limits->bytes, need), size = MAX(tail->size, (size_t)SIZE_FIRST);

	while (tail->n > 0 &&
		(tail->n >= limits->lines || tail->end - tail->begin + need > limits->bytes))
		drop_oldest(tail);
	if (tail->size <= most && tail->size - tail->end >= need)
		return true;
	move_to_front(tail);
	while (size < 2 * (tail->end + need))
		size *= 2;
	size = MIN(size, most);
	if (size != tail->size && !resize(tail, size))
		return tail->size - tail->end >= need;
	return true;
}

static void add_line(struct tail *tail, const struct tail_limits *limits,
	const struct tail_stamp *stamp, const char *text, size_t length)
{
	size_t kept = MIN(length, limits->line_bytes), need = record_size(kept);
	struct record *record;

	tail->next++;
	if (!make_room(tail, limits, need)) {
		tail->n = tail->begin = tail->end = 0; /* what is kept has no gaps */
		return;
	}
	record = (struct record *)(void *)(tail->memory + tail->end);
	*record = (struct record){
		.stamp = *stamp, .size = (uint32_t)need, .length = (uint32_t)kept
	};
	memcpy(record->text, text, kept);
	tail->end += need;
	tail->n++;
}

static uint64_t count_lines(const char *text, const char *end)
{
	uint64_t n = 0;

	while (text < end && (text = memchr(text, '\n', (size_t)(end - text)))) {
		text++;
		n++;
	}
	return n;
}

/* Where the last lines begin, as many as will be kept. */
static const char *last_lines(const struct tail_limits *limits, const char *lines, const char *end)
{
	const char *begin = end;
	unsigned n = 0;

	while (begin > lines && n < limits->lines) {
		const char *newline = memrchr(lines, '\n', (size_t)(begin - 1 - lines));

		begin = newline ? newline + 1 : lines;
		n++;
	}
	return begin;
}

void tail_add(struct tail **tail, const struct tail_limits *limits, const struct tail_stamp *stamp,
	const char *lines, size_t length)
{
	const char *end = lines + length, *text = last_lines(limits, lines, end);

	if (!*tail)
		*tail = calloc(1, sizeof(**tail));
	if (!*tail)
		return;
	if (text > lines) { /* all that was kept so far would go */
		(*tail)->n = (*tail)->begin = (*tail)->end = 0;
		(*tail)->next += limits->exact ? count_lines(lines, text) : 1;
	}
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		newline = newline ? newline : end;
		add_line(*tail, limits, stamp, text, (size_t)(newline - text));
		text = newline + 1;
	}
}

void tail_free(struct tail *tail)
{
	if (!tail)
		return;
	free(tail->memory);
	free(tail);
}

/* The place of the first of the newest lines that are asked for, how many they are, and the bytes
 * of their text. */
static size_t find(const struct tail *tail, uint64_t from, size_t max, size_t *ret_n)
{
	uint64_t first = tail->next - tail->n;
	size_t place = tail->begin, skip = tail->n > max ? tail->n - max : 0;

	if (from > first)
		skip = MAX(skip, (size_t)MIN(from - first, (uint64_t)tail->n));
	*ret_n = tail->n - skip;
	for (; skip > 0; skip--)
		place += record_at(tail, place)->size;
	return place;
}

int tail_copy(const struct tail *tail, uint64_t from, size_t max, struct tail_copy *ret)
{
	size_t place, n;
	char *text;

	*ret = (struct tail_copy){ .next = tail ? tail->next : 0 };
	if (!tail || tail->n == 0)
		return 0;
	place = find(tail, from, max, &n);
	if (n == 0)
		return 0;
	ret->lines = malloc(n * sizeof(*ret->lines) + tail->end - place);
	if (!ret->lines)
		return -ENOMEM;
	text = (char *)(ret->lines + n);
	for (; ret->n < n; ret->n++) {
		const struct record *record = record_at(tail, place);

		ret->lines[ret->n] = (struct tail_line){ .sequence = tail->next - n + ret->n,
			.stamp = record->stamp,
			.text = text,
			.length = record->length };
		text = mempcpy(text, record->text, record->length);
		place += record->size;
	}
	return 0;
}

char *tail_text(
	const struct tail *tail, uint64_t generation, uint64_t cycle, size_t max_lines, size_t max)
{
	_cleanup_free_ char *text = NULL;
	struct tail_copy copy;
	size_t first, room = max, length = 0;
	char *clean = NULL;

	if (tail_copy(tail, 0, max_lines, &copy) < 0)
		return NULL;
	for (first = copy.n; first > 0; first--) {
		const struct tail_line *line = &copy.lines[first - 1];

		if (line->stamp.generation != generation || line->stamp.cycle != cycle ||
			line->length + 1 > room)
			break;
		room -= line->length + 1;
	}
	text = first < copy.n ? malloc(max) : NULL;
	for (size_t i = first; text && i < copy.n; i++) {
		memcpy(text + length, copy.lines[i].text, copy.lines[i].length);
		length += copy.lines[i].length;
		text[length++] = '\n';
	}
	free(copy.lines);
	if (text)
		clean = string_utf8(text, length - 1);
	return clean;
}
