/* SPDX-License-Identifier: MIT */
#include "process/note.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "process/registry.h"

enum { GENERATIONS_MAX = 16 }; /* of ancestors */

/* ---- kinship */

struct kin {
	pid_t parent, group, session;
};

/* false: there is no such process. */
static bool kin_of(pid_t pid, struct kin *ret)
{
	_cleanup_close_ int fd = -1;
	char path[32], text[512];
	const char *rest;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	rest = strrchr(text, ')'); /* of the name, which may hold anything */
	return rest &&
	       sscanf(rest, ") %*c %d %d %d", &ret->parent, &ret->group, &ret->session) == 3;
}

typedef bool (*kin_match)(pid_t leader, void *userdata);

/* Whether the sender or an ancestor is of a session or group that matches. */
static bool any_kin(pid_t sender, kin_match matches, void *userdata)
{
	struct kin kin;
	pid_t pid = sender;

	if (matches(sender, userdata) || matches(getsid(sender), userdata))
		return true;
	for (unsigned n = 0; n < GENERATIONS_MAX && pid > 1 && pid != getpid(); n++) {
		if (!kin_of(pid, &kin))
			return false;
		if (matches(kin.session, userdata) || matches(kin.group, userdata))
			return true;
		pid = kin.parent;
	}
	return false;
}

static bool is_process(pid_t leader, void *userdata)
{
	return leader == ((const struct process *)userdata)->pid;
}

bool process_owns(const struct process *process, pid_t sender)
{
	return any_kin(sender, is_process, (void *)process);
}

/* ---- notes */

struct note *note_free(struct note *note)
{
	if (note)
		closep(&note->barrier_fd);
	free(note);
	return NULL;
}

static struct note *note_new(struct notify_datagram *datagram)
{
	struct note *note = malloc(sizeof(*note) + datagram->length + 1);

	if (!note)
		return NULL;
	note->next = NULL;
	note->barrier_fd = TAKE_FD(datagram->barrier_fd);
	note->length = datagram->length;
	memcpy(note->text, datagram->text, datagram->length);
	note->text[note->length] = '\0';
	return note;
}

/* Under the lock. false: there is no room. */
static bool append(struct process *process, struct note *note)
{
	struct note **end = &process->notes;
	unsigned n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n >= NOTES_MAX)
		return false;
	*end = note;
	mailbox_post(process->box, &process->letter, PROCESS_NOTED);
	return true;
}

static bool leave_with(pid_t leader, void *userdata)
{
	struct note **note = userdata;
	struct process *process;
	bool found;

	pthread_mutex_lock(&registry.lock);
	process = leader > 0 ? registry_find(leader) : NULL;
	found = process && process->takes_notes;
	if (found && append(process, *note))
		*note = NULL;
	pthread_mutex_unlock(&registry.lock);
	return found;
}

bool note_leave(struct notify_datagram *datagram)
{
	struct note *note = note_new(datagram);

	if (!note)
		return false;
	(void)any_kin(datagram->sender, leave_with, &note);
	if (!note)
		return true;
	note_free(note);
	return false;
}

struct note *note_take(struct process *process)
{
	struct note *note;

	pthread_mutex_lock(&registry.lock);
	note = process->notes;
	if (note)
		process->notes = note->next;
	pthread_mutex_unlock(&registry.lock);
	return note;
}

void registry_drop_notes(struct process *process)
{
	while (process->notes) {
		struct note *note = process->notes;

		process->notes = note->next;
		note_free(note);
	}
}
