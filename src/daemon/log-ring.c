/* SPDX-License-Identifier: MIT */
/*
 * The ring. An entry that does not fit behind the last one starts at the beginning of the memory;
 * the gap is marked. An empty ring starts anew at the beginning: a logger that keeps up touches a
 * page or two of it.
 */
#include "daemon/log-ring.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"

enum { ALIGNMENT = 8, NAME_MAX_ = 255 };

int log_ring_init(struct log_ring *ring, size_t size)
{
	size -= size % ALIGNMENT;
	*ring = (struct log_ring){ .size = size, .reserve = size / 8 };
	ring->memory = malloc(size);
	return ring->memory ? 0 : -ENOMEM;
}

void log_ring_done(struct log_ring *ring)
{
	free(ring->memory);
	*ring = (struct log_ring){ 0 };
}

static const struct log_entry *entry_at(const struct log_ring *ring, size_t place)
{
	return (const struct log_entry *)(const void *)(ring->memory + place);
}

/* Where an entry of that size goes; what it takes, the gap before it included, in *ret_taken;
 * SIZE_MAX: nowhere. */
static size_t find_room(const struct log_ring *ring, size_t need, size_t *ret_taken)
{
	size_t behind = ring->size - ring->tail;

	*ret_taken = need;
	if (ring->used > 0 && ring->tail <= ring->head)
		return need <= ring->head - ring->tail ? ring->tail : SIZE_MAX;
	if (need <= behind)
		return ring->tail;
	*ret_taken = behind + need;
	return need <= ring->head ? 0 : SIZE_MAX;
}

static uint16_t copy_string(struct log_entry *entry, size_t *place, const char *text)
{
	size_t length = text ? strnlen(text, NAME_MAX_) : 0, start = *place;

	if (length > 0)
		memcpy(entry->data + start, text, length);
	entry->data[start + length] = '\0';
	*place = start + length + 1;
	return (uint16_t)start;
}

static size_t string_room(const char *text)
{
	return (text ? strnlen(text, NAME_MAX_) : 0) + 1;
}

static void copy_text(char *to, const char *text, size_t length, bool raw)
{
	memcpy(to, text, length);
	for (size_t i = 0; !raw && i < length; i++)
		if ((unsigned char)to[i] < ' ' || to[i] == 0x7f)
			to[i] = '?';
}

static void fill(struct log_entry *entry, const struct log_record *record,
	const struct log_fields *about, size_t length)
{
	bool output = entry->flags & LOG_ENTRY_OUTPUT;
	size_t place = 0;

	copy_string(entry, &place, about->loop);
	entry->group = copy_string(entry, &place, about->group);
	entry->throughline = copy_string(entry, &place, about->throughline);
	entry->kind = copy_string(entry, &place, about->kind);
	entry->message_id = copy_string(entry, &place, about->message_id);
	entry->message = (uint16_t)place;
	memcpy(entry->data + place, LOG_ENTRY_MESSAGE, sizeof(LOG_ENTRY_MESSAGE) - 1);
	place += sizeof(LOG_ENTRY_MESSAGE) - 1;
	copy_text(entry->data + place, record->text, length, output);
	if ((entry->flags & LOG_ENTRY_LINES) && length > 0)
		entry->data[place + length - 1] = '\n'; /* also of one that was cut */
	entry->length = (uint32_t)length;
	entry->generation = about->generation;
	entry->cycle = about->cycle;
	entry->episode = about->episode;
	entry->priority = (uint8_t)record->priority;
}

struct log_entry *log_ring_put(struct log_ring *ring, const struct log_record *record,
	unsigned flags, uint64_t realtime_usec)
{
	static const struct log_fields nothing = { 0 };
	const struct log_fields *about = record->fields ? record->fields : &nothing;
	size_t length = MIN(record->length, ring->size / 4), need, taken, place;
	struct log_entry *entry;

	need = sizeof(*entry) + string_room(about->loop) + string_room(about->group) +
	       string_room(about->throughline) + string_room(about->kind) +
	       string_room(about->message_id) + sizeof(LOG_ENTRY_MESSAGE) - 1 + length;
	need = (need + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	place = find_room(ring, need, &taken);
	if (place == SIZE_MAX)
		return NULL;
	if ((flags & LOG_ENTRY_OUTPUT) && ring->used + taken + ring->reserve > ring->size)
		return NULL;
	if (place != ring->tail)
		((struct log_entry *)(void *)(ring->memory + ring->tail))->size = 0;
	entry = (struct log_entry *)(void *)(ring->memory + place);
	*entry = (struct log_entry){ .size = (uint32_t)need, .realtime_usec = realtime_usec };
	entry->flags = (uint8_t)(flags | (record->fields ? LOG_ENTRY_ABOUT : 0));
	fill(entry, record, about, length);
	ring->tail = (place + need) % ring->size;
	ring->used += taken;
	return entry;
}

unsigned log_ring_peek(const struct log_ring *ring, const struct log_entry **ret, unsigned max)
{
	size_t place = ring->head, seen = 0;
	unsigned n = 0;

	while (n < max && seen < ring->used) {
		const struct log_entry *entry = entry_at(ring, place);

		if (entry->size == 0) {
			seen += ring->size - place;
			place = 0;
			continue;
		}
		ret[n++] = entry;
		seen += entry->size;
		place = (place + entry->size) % ring->size;
	}
	return n;
}

void log_ring_release(struct log_ring *ring, unsigned n)
{
	while (n > 0 && ring->used > 0) {
		const struct log_entry *entry = entry_at(ring, ring->head);
		size_t size = entry->size > 0 ? entry->size : ring->size - ring->head;

		if (entry->size > 0)
			n--;
		ring->used -= size;
		ring->head = (ring->head + size) % ring->size;
	}
	if (ring->used == 0)
		ring->head = ring->tail = 0;
}
