/* SPDX-License-Identifier: MIT */
/*
 * Random calls from several threads on a random tree whose loops do random things. Whatever
 * happens: never two live generations of one loop, generation numbers only grow (both seen by the
 * actors), no EVENT_BUG, every call is answered exactly once, the tree always ends.
 *
 * Each round has a seed, which is told when it fails. TEST_ROUNDS: how many; TEST_SEED: the first
 * one's.
 */
#include "lib/tree-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "core/root.h"

enum { N_CALLERS = 3, N_CALLS = 60, GROUPS_MAX = 5, LOOPS_MAX = 10, ROUNDS = 30 };

static unsigned seed_of(int round)
{
	const char *seed = getenv("TEST_SEED");

	return (seed ? (unsigned)atoi(seed) : 1) + (unsigned)round;
}

static int rounds(void)
{
	const char *n = getenv("TEST_ROUNDS");

	return n ? atoi(n) : ROUNDS;
}

struct chance { /* its own for each thread: a round can be played again, as far as threads allow */
	unsigned state;
};

static unsigned any(struct chance *chance, unsigned n)
{
	return (unsigned)rand_r(&chance->state) % n;
}

static const char *one_of(struct chance *chance, const char *const *texts, unsigned n)
{
	return texts[any(chance, n)];
}

/* ---- the tree */

struct forest {
	struct planned plan[GROUPS_MAX + LOOPS_MAX];
	char names[GROUPS_MAX + LOOPS_MAX][12], with[GROUPS_MAX + LOOPS_MAX][300];
	unsigned n_groups, n_loops;
};

static void plan_group(struct forest *forest, struct chance *chance, unsigned i)
{
	static const char *const strategies[] = { "one_for_all", "rest_for_one", "one_for_one" };
	static const char *const actions[] = { "escalate", "escalate", "stay", "cooldown:3ms" };
	static const char *const extras[] = { "", "autostart=no", "reset_globally=no",
		"stop_timeout=3ms", "\"on_reset=ok reset\"", "\"on_red=fail red\"" };

	snprintf(forest->names[i], sizeof(forest->names[i]), "g%u", i);
	snprintf(forest->with[i], sizeof(forest->with[i]),
		"strategy=%s exhausted_action=%s max_resets=%u backoff=1ms backoff_max=2ms %s",
		one_of(chance, strategies, ELEMENTS(strategies)),
		one_of(chance, actions, ELEMENTS(actions)), any(chance, 4),
		one_of(chance, extras, ELEMENTS(extras)));
	forest->plan[i] = (struct planned){ .group = forest->names[i], .with = forest->with[i] };
	if (i > 0 && any(chance, 3))
		forest->plan[i].in = forest->names[any(chance, i)];
}

/* An earlier sibling, for `after`; NULL: none. */
static const char *sibling_of(const struct forest *forest, unsigned i)
{
	for (unsigned j = i; j-- > 0;) {
		const struct planned *other = &forest->plan[j];

		if (other->in == forest->plan[i].in && other->loop)
			return other->loop;
	}
	return NULL;
}

static void plan_loop(struct forest *forest, struct chance *chance, unsigned i)
{
	static const char *const types[] = { "service", "oneshot", "cycle", "module", "module" };
	static const char *const actions[] = { "escalate", "escalate", "escalate", "stay", "ignore",
		"cooldown:2ms" };
	static const char *const extras[] = { "", "", "autostart=no", "reset_globally=no",
		"stop_on_failure=yes", "ready=cycle", "ready=delay:1ms",
		"\"on_start=ok start\" \"on_stop=ok stop\"", "\"on_start=veto start\"",
		"\"on_start=fail start\"", "cycle_timeout=3ms", "forgive_after=0" };
	const char *sibling;
	char after[20] = "";

	snprintf(forest->names[i], sizeof(forest->names[i]), "l%u", i);
	forest->plan[i] = (struct planned){ .loop = forest->names[i], .with = forest->with[i] };
	if (any(chance, 6))
		forest->plan[i].in = forest->names[any(chance, forest->n_groups)];
	sibling = sibling_of(forest, i);
	if (sibling && any(chance, 3) == 0)
		snprintf(after, sizeof(after), "after=%s", sibling);
	snprintf(forest->with[i], sizeof(forest->with[i]),
		"type=%s exhausted_action=%s max_loop_failures=%u grace_period=%ums backoff=1ms "
		"backoff_max=2ms interval=%ums %s %s",
		one_of(chance, types, ELEMENTS(types)), one_of(chance, actions, ELEMENTS(actions)),
		any(chance, 5), any(chance, 3), any(chance, 2),
		one_of(chance, extras, ELEMENTS(extras)), after);
}

static void plan_forest(struct forest *forest, struct chance *chance)
{
	forest->n_groups = 1 + any(chance, GROUPS_MAX);
	forest->n_loops = 1 + any(chance, LOOPS_MAX);
	for (unsigned i = 0; i < forest->n_groups; i++)
		plan_group(forest, chance, i);
	for (unsigned i = forest->n_groups; i < forest->n_groups + forest->n_loops; i++)
		plan_loop(forest, chance, i);
}

/* ---- what happens to it */

struct caller {
	pthread_t thread;
	struct chance chance;
	const struct forest *forest;
	struct asked *asked[N_CALLS];
	unsigned n_asked, n_strange; /* answers that no call may have */
};

static const char *any_name(const struct forest *forest, struct chance *chance)
{
	return forest->names[any(chance, forest->n_groups + forest->n_loops)];
}

static void act(const struct forest *forest, struct chance *chance)
{
	static const enum act acts[] = { ACT_WAIT, ACT_WAIT, ACT_SUCCEED, ACT_SUCCEED, ACT_FAIL,
		ACT_FAIL, ACT_EXIT_3, ACT_REPORT, ACT_DONE, ACT_TROUBLE, ACT_SULK, ACT_CRAWL };
	const char *name = forest->names[forest->n_groups + any(chance, forest->n_loops)];
	enum act chosen = acts[any(chance, ELEMENTS(acts))];

	if (any(chance, 8) == 0)
		actor_fail_starts(actor(name), any(chance, 2));
	/* What goes on for ever without a pause, or waits for the hard stop, only once. */
	if (any(chance, 2) && chosen != ACT_CRAWL && chosen != ACT_REPORT && chosen != ACT_SUCCEED)
		actor_set_habit(actor(name), chosen);
	else
		actor_order(actor(name), chosen);
}

static bool is_plausible(int result)
{
	return result == 0 || result == -EPERM || result == -ECANCELED || result == -EIO ||
	       result == -EINVAL || result == -ETIMEDOUT || result == -ESHUTDOWN;
}

static void call(struct caller *caller)
{
	static const enum call_op of_groups[] = { CALL_START, CALL_START, CALL_STOP, CALL_RESTART,
		CALL_RESET, CALL_HARD_RESET, CALL_FORGIVE };
	static const enum call_op of_loops[] = { CALL_START, CALL_START, CALL_STOP, CALL_RESTART,
		CALL_HARD_RESET, CALL_FAIL, CALL_FORGIVE, CALL_KILL };
	struct chance *chance = &caller->chance;
	const char *name = any_name(caller->forest, chance);
	enum call_op op = *name == 'g' ? of_groups[any(chance, ELEMENTS(of_groups))]
				       : of_loops[any(chance, ELEMENTS(of_loops))];

	if (any(chance, 4) == 0)
		caller->n_strange += !is_plausible(
			call_sync(call_new(op, task(name)), any(chance, 3) * USEC_PER_MSEC, NULL));
	else
		caller->asked[caller->n_asked++] = ask_later(op, name, any(chance, 3) == 0);
}

static void look(const struct forest *forest, struct chance *chance)
{
	_cleanup_free_ struct episode *episodes = NULL;
	struct tree_snapshot all;
	size_t n;

	tree_snapshot(fixture_tree(), &all);
	tree_ping(fixture_tree(), 1);
	if (any(chance, 2))
		(void)loop_now(forest->names[forest->n_groups]);
	else
		(void)episodes_copy(fixture_tree(), NULL, 0, &episodes, &n);
}

static void *run_caller(void *userdata)
{
	struct caller *caller = userdata;
	struct chance *chance = &caller->chance;

	for (unsigned i = 0; i < N_CALLS; i++) {
		if (any(chance, 3) == 0) /* so that calls meet the tree in all of its phases */
			host_table.sleep(any(chance, 1000));
		switch (any(chance, 5)) {
		case 0:
			look(caller->forest, chance);
			break;
		case 1:
		case 2:
			act(caller->forest, chance);
			break;
		default:
			call(caller);
			break;
		}
	}
	return NULL;
}

static void check_answers(struct caller *caller)
{
	ck_assert_uint_eq(caller->n_strange, 0);
	for (unsigned i = 0; i < caller->n_asked; i++)
		ck_assert(is_plausible(asked_result(caller->asked[i])));
}

START_TEST(test_round)
{
	unsigned seed = seed_of(_i);
	struct chance chance = { .state = seed };
	struct caller callers[N_CALLERS] = { 0 };
	bool early = any(&chance, 3) == 0;
	struct forest forest = { 0 };

	fixture_config()->exhausted_action.kind = ACTION_EXIT;
	plan_forest(&forest, &chance);
	fixture_start(forest.plan, forest.n_groups + forest.n_loops);
	for (unsigned i = 0; i < N_CALLERS; i++) {
		callers[i].chance.state = seed * N_CALLERS + i;
		callers[i].forest = &forest;
		ck_assert_int_eq(
			pthread_create(&callers[i].thread, NULL, run_caller, &callers[i]), 0);
	}
	if (early) /* while they still call */
		tree_stop(fixture_tree());
	if (any(&chance, 4) == 0)
		tree_hurry(fixture_tree());
	for (unsigned i = 0; i < N_CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
	fixture_halt();
	ck_assert_uint_le(count(.type = EVENT_EXIT), 1);
	fixture_free();
	for (unsigned i = 0; i < N_CALLERS; i++)
		check_answers(&callers[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chaos");

	fprintf(stderr, "seeds %u to %u\n", seed_of(0), seed_of(rounds() - 1));
	fixture_add(suite, "round", test_round, (size_t)rounds());
	return unit_main(suite);
}
