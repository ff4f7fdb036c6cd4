/* SPDX-License-Identifier: MIT */
/*
 * A bounded ring of log records in one piece of memory, each in one contiguous entry. Not locked:
 * the logger does that. Entries stay where they are until they are released, so that they can be
 * written out without a copy and without a lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum {                              /* flags of an entry */
	LOG_ENTRY_OUTPUT = 1 << 0,  /* a child's line */
	LOG_ENTRY_CONSOLE = 1 << 1, /* to the console, whatever the others do */
	LOG_ENTRY_BARE = 1 << 2,    /* without a prefix on the console */
	LOG_ENTRY_ABOUT = 1 << 3,   /* has fields */
	LOG_ENTRY_JOURNAL = 1 << 4, /* to the journal, whatever the others do */
	LOG_ENTRY_LINES = 1 << 5,   /* the text is whole lines, each with its newline */
};

#define LOG_ENTRY_MESSAGE                                                                          \
	"MESSAGE=" /* stands before the text, so that it is a journal field as it is */

struct log_file;

struct log_entry {
	uint32_t size;         /* of the whole entry; 0: the ring goes on at its start */
	uint32_t length;       /* of the text */
	struct log_file *file; /* where it goes, instead of the others; NULL: nowhere else */
	uint64_t realtime_usec;
	uint64_t generation, cycle, episode;
	uint16_t group, throughline, kind, message_id,
		message; /* where they begin in data; the loop begins at 0 */
	uint8_t priority, flags;
	char data[]; /* terminated strings, then LOG_ENTRY_MESSAGE and the text (not terminated) */
};

static inline const char *log_entry_text(const struct log_entry *entry)
{
	return entry->data + entry->message + sizeof(LOG_ENTRY_MESSAGE) - 1;
}

struct log_ring {
	char *memory;
	size_t size, reserve;    /* reserve: what children's lines leave to the daemon's own */
	size_t head, tail, used; /* used: gaps included */
};

int log_ring_init(struct log_ring *ring, size_t size); /* -ENOMEM */
void log_ring_done(struct log_ring *ring);

/* Copies the record; a text longer than a quarter of the ring is cut, control characters of own
 * lines become '?'. The entry; NULL: no room. */
struct log_entry *log_ring_put(struct log_ring *ring, const struct log_record *record,
	unsigned flags, uint64_t realtime_usec);

/* The first max entries, oldest first; how many. They stay until log_ring_release(). */
unsigned log_ring_peek(const struct log_ring *ring, const struct log_entry **ret, unsigned max);
void log_ring_release(struct log_ring *ring, unsigned n); /* the n oldest */
