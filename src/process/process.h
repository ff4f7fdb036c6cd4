/* SPDX-License-Identifier: MIT */
/*
 * Child processes of this program: spawning, ending and signalling them.
 *
 * A registry under one mutex knows every child that was spawned here and is not yet reaped. The
 * reaper thread is the only caller of waitid(). Signals go out under that mutex, only to
 * registered, unreaped pids (and to the process group that such a pid led, once it has been seen
 * that only leftovers remain): a number that was reused is never hit.
 *
 * Every child leads a session and process group of its own. A process has ended when its main
 * process was reaped and its process group is empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mailbox.h"
#include "process/setup.h"
#include "process/spec.h"

enum {                             /* facts in process.letter */
	PROCESS_EXITED = 1 << 0,   /* the main process was reaped: code and status are set */
	PROCESS_CHANGED = 1 << 1,  /* the group of a lingering one may have become empty: look with
				      process_lingers() */
	PROCESS_NOTED = 1 << 2,    /* it has said something: note.h */
	PROCESS_REPLACED = 1 << 3, /* its main process is another one now: process_alive() */
};

enum process_state {
	PROCESS_NEW,       /* never spawned */
	PROCESS_SPAWNING,  /* its pid is not known yet */
	PROCESS_RUNNING,   /* main process not reaped */
	PROCESS_LINGERING, /* main process reaped, group not seen empty yet */
	PROCESS_ENDED,     /* nothing of it is left, or the spawn failed; may be spawned again */
};

struct process { /* memory of the owner's; the fields are the registry's, under its mutex, unless
		    said otherwise */
	struct list link;
	struct mailbox *box; /* borrowed; gets the letter */
	struct letter letter;
	uint64_t ticket;        /* of its spawn: later spawns have higher ones */
	uint64_t pending_main;  /* bit n - 1: signal n waits for the spawn to return, for the main
				   process */
	uint64_t pending_group; /* … for the whole group */
	enum process_state state;
	pid_t pid; /* main process. 0: never spawned; stays after the end. Owner: to read after the
		      spawn, until it has set a successor */
	pid_t leader;    /* of its group: the main process that was spawned, or a successor */
	pid_t successor; /* 0: none */
	uint64_t successor_begin;
	struct note *notes; /* what it has said and nobody has read yet; NULL: nothing */
	bool takes_notes;   /* owner, before the spawn: it reads them */
	int code, status;   /* siginfo's si_code (CLD_EXITED, CLD_KILLED, CLD_DUMPED) and si_status.
			       Owner: after PROCESS_EXITED */
	struct setup_status failed; /* what could not be set up. Owner: after a spawn that failed */
};

/* Reaps everything (P_ALL) and adopts orphans (subreaper): for a program whose children are all
 * spawned here. Call once, before the first spawn. */
int processes_start(void);
void processes_stop(
	void); /* when no child is registered any more; foreign ones may still be there */
uint64_t processes_reaped_unknown(
	void); /* foreign children that were reaped; an exec that failed may be among them */

/* The memory must be zeroed. That is enough for others to signal it (remembered) and to ask whether
 * it is alive. */
void process_init(struct process *process, struct mailbox *box);

/* Blocks until the exec has happened, or a step of the setup has failed; signals reach it while it
 * is set up. 0; or -errno of pipe, fork (EAGAIN, ENOMEM, EMFILE, ENFILE: not the command's fault,
 * see process_is_resource_error()), of a step (named in process.failed) or exec. Any thread. Again
 * only after the end, when process_lingers() has said false. */
int process_spawn(struct process *process, const struct spec *spec);
bool process_is_resource_error(int error);

/* Never block; any thread. Before the spawn has returned the signal is remembered and sent right
 * after it. To one that has ended: -ESRCH. group: to the whole process group, leftovers included.
 */
int process_signal(struct process *process, int signal, bool group);

/* The same for a stop, after which nothing may run unsignalled: to one that has ended it is
 * remembered, too, for the next spawn. */
void process_signal_always(struct process *process, int signal, bool group);

/* After PROCESS_EXITED: whether members of its group are still there. false ends the lingering for
 * good. While it is true PROCESS_CHANGED may come, but look again every 20 ms too: not every end is
 * to be heard of. */
bool process_lingers(struct process *process);

/* Whether anything of it (main process or group) is still there; any thread; pid of the main
 * process in *ret_pid, 0 when it has ended. One whose spawn has not returned is not there yet. */
bool process_alive(struct process *process, pid_t *ret_pid);
pid_t process_group(struct process *process);

/* How the main process ended, as "exit 3" or "killed by SIGSEGV (core dumped)", into buf; returns
 * buf. Owner only. */
char *process_describe_end(const struct process *process, char *buf, size_t size);

/* The kernel's letter for its state ("S", "D", "Z", …); '?': none there, or nobody knows. */
char process_kernel_state(pid_t pid);

/* Forgets it: no letter will be posted after this. It must have ended, or it goes on without an
 * owner. */
void process_done(struct process *process);
