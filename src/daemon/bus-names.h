/* SPDX-License-Identifier: MIT */
/*
 * The names and signatures of the control interface: what greenloopd and greenloopctl agree on. One
 * process serves, the other reads; both include this page and nothing else of each other.
 */
#pragma once

#define BUS_SERVICE       "org.greenloop"
#define BUS_PATH          "/org/greenloop"
#define BUS_PATH_GROUP    "/org/greenloop/group" /* + / + escaped name */
#define BUS_PATH_LOOP     "/org/greenloop/loop"
#define BUS_MANAGER       "org.greenloop.Manager1"
#define BUS_GROUP         "org.greenloop.Group1"
#define BUS_LOOP          "org.greenloop.Loop1"
#define BUS_ERROR_PREFIX  "org.greenloop.Error."
#define BUS_ERROR_NO_SUCH "org.greenloop.Error.NoSuch" /* no such loop or group */
#define BUS_ERROR_USAGE   "org.greenloop.Error.Usage"  /* arguments that make no sense */
#define BUS_ERROR_BUSY                                                                             \
	"org.greenloop.Error.Busy" /* too many connections, calls or subscriptions                 \
				    */

/*
 * ListLoops(as patterns) -> a(BUS_LOOP_ROW), ListGroups(as patterns) -> a(BUS_GROUP_ROW)
 * Patterns: names, globs, group/loop; an empty list: all; a pattern that matches nothing:
 * Error.NoSuch. greenloopctl always asks for all and selects itself: names may mix loops and
 * groups, and a tree needs what is around them.
 *
 * loop: name, group ("" under the root), type, description, state, desired ("started", "stopped"),
 * color, ready, generation, cycle, pid, since (realtime usec), failures, max_loop_failures,
 * failures_total, starts, last failure: kind ("" none), reason, realtime usec; outcome, status,
 * note, next start (realtime usec, 0: none), last lines before the last failure (a newline between
 * them)
 */
#define BUS_LOOP_ROW "(sssssssbttutuuttsstsssts)"

/*
 * group: name, parent, description, state, desired, color, ready, light ("green", "red"), strategy,
 * generation, resets, max_resets, resets_total, episode (0: none), episode open, loops wanted,
 * loops ready, since, note
 */
#define BUS_GROUP_ROW "(ssssssbsstuuttbuuts)"

/* Daemon() -> BUS_DAEMON_ROW, one struct: version, color, loops wanted, loops ready, abandoned
 * threads, status line, pid, started (realtime usec), config file */
#define BUS_DAEMON_ROW "(ssuuusuts)"

/*
 * Start, Stop, Restart, HardReset, Forgive(as patterns, b all, b oneway, s reason) ->
 * a(BUS_RESULT_ROW). Reset: the same, groups only. Reload: the same, loops only. Kill(as patterns,
 * b all, i signal), Fail(as patterns, b all, s reason, b trip). All patterns are checked before
 * anything is done. One row for each target: name, errno (0: done), sentence.
 */
#define BUS_RESULT_ROW "(sis)"

/*
 * Why(s target) -> a(BUS_EPISODE_ROW), a(BUS_FAILURE_ROW). target: "" (all, newest first), a loop,
 * a group, or "#N". episode: number, group, opened, closed (0: open), result ("" open), cause:
 * member, kind, reason, throughline, origin, realtime, nth, of, last lines; resets, failures
 * attached (all), a(BUS_FAILURE_ROW) those kept failure: realtime usec, loop, kind, reason,
 * generation, cycle, nth, of: the 11 and the 10 of "11 of 10"; nth 0: not counted; last lines: what
 * its process had said, a newline between them
 */
#define BUS_FAILURE_ROW "(tsssttuus)"
#define BUS_EPISODE_ROW "(tsttsssssstuusuua(tsssttuus))"

/* Show(s name) -> s kind ("loop", "group"), a{ss}: every property and setting, in the order to
 * print */

/* Subscribe(): signals come from now on. All on BUS_PATH, BUS_MANAGER:
 *   StateChanged(s loop, s group, s from, s to, t generation, s color)   loop "": the group itself.
 *       Sent, too, when only readiness or color changed (from = to): "greenloopctl wait" looks
 * again at each and has no timer. Failure(s loop, s group, s kind, s reason, b counted, s
 * throughline) EpisodeOpened(t number, s group, s loop, s kind, s reason) EpisodeClosed(t number, s
 * group, s result) Note(s loop, s group, s text) Lost(t count)  events that came too fast to be
 * told
 */

/*
 * Logs(as patterns, u lines) -> a(BUS_LOG_ROW): of each loop, or of all in a group, the last lines
 * that are kept in memory. log: name, group, output and error_output ("journal", "console", "null",
 * "file:PATH"; error_output "": as output), number of the line to come, lines, oldest first:
 * realtime usec, of standard error's own pipe, text
 *
 * Follow(as patterns): from now on this client gets each line of these loops, by a signal for it
 * alone: Log(s loop, s group, t lost, t number, a(BUS_LINE_ROW) lines): lost: how many are missing
 * before them; number: of the first.
 */
#define BUS_LINE_ROW "(tbs)"
#define BUS_LOG_ROW                                                                                \
	"(sssst"                                                                                   \
	"a" BUS_LINE_ROW ")"

/* Properties of Manager1: Version s, Color s, Status s, LoopsTotal u, LoopsReady u, Pid u */
