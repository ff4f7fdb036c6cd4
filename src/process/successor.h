/* SPDX-License-Identifier: MIT */
/*
 * MAINPID: a program that starts its successor and ends, as a restart of itself without a gap. The
 * process goes on with the successor as its main process, if that is then a child of ours: its
 * parent has ended, and orphans are adopted by this program. So it is registered, unreaped, and
 * safe to be signalled like any other.
 */
#pragma once

#include <sys/types.h>

#include "process/process.h"

/* Owner: who takes over when the main process ends. -EPERM: it does not belong to the process;
 * -ESRCH: there is none, or the main process has ended. */
int process_set_successor(struct process *process, pid_t pid);
