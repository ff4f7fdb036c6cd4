/* SPDX-License-Identifier: MIT */
#include "process/note.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "process/kin.h"
#include "process/registry.h"

enum { GENERATIONS_MAX = 16 }; /* of ancestors */

/* ---- kinship */

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

struct whose {
	pid_t pid, leader;
	pid_t successor; /* it may speak already before the main process is reaped */
};

static bool is_whose(pid_t leader, void *userdata)
{
	const struct whose *whose = userdata;

	return leader == whose->pid || leader == whose->leader ||
	       (whose->successor && leader == whose->successor);
}

bool process_owns(const struct process *process, pid_t sender)
{
	struct whose whose;

	pthread_mutex_lock(&registry.lock);
	whose = (struct whose){
		.pid = process->pid, .leader = process->leader, .successor = process->successor
	};
	pthread_mutex_unlock(&registry.lock);
	return any_kin(sender, is_whose, &whose);
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
