/* SPDX-License-Identifier: MIT */
/*
 * The start order: Kahn's algorithm with a heap of those whose predecessors all have their place,
 * the first in order of appearance on top. So a sibling without an `after` never moves behind a
 * later one, and 10 000 siblings take milliseconds. What can never be placed is a cycle, or waits
 * for one.
 */
#include "core/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

struct graph {
	struct expression *const *after;
	unsigned n;
	unsigned *missing;    /* of each: how many of its predecessors have no place yet */
	unsigned *first;      /* of each: where its successors begin; n + 1 of them */
	unsigned *successors; /* of all, one sibling's behind the other's */
	unsigned *heap;
	unsigned n_heap;
	unsigned current; /* the sibling whose expression is visited */
};

static void graph_done(struct graph *graph)
{
	free(graph->missing);
	free(graph->first);
	free(graph->successors);
	free(graph->heap);
}

static void heap_push(struct graph *graph, unsigned sibling)
{
	unsigned *heap = graph->heap, at = graph->n_heap++;

	while (at > 0 && heap[(at - 1) / 2] > sibling) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = sibling;
}

static unsigned heap_pop(struct graph *graph)
{
	unsigned *heap = graph->heap, top = heap[0], last = heap[--graph->n_heap], at = 0, child;

	while ((child = 2 * at + 1) < graph->n_heap) {
		if (child + 1 < graph->n_heap && heap[child + 1] < heap[child])
			child++;
		if (heap[child] >= last)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return top;
}

static void count_edge(unsigned predecessor, void *userdata)
{
	struct graph *graph = userdata;

	graph->missing[graph->current]++;
	graph->first[predecessor + 1]++;
}

static void add_edge(unsigned predecessor, void *userdata)
{
	struct graph *graph = userdata;

	/* first[] is moved on while filling, and moved back by graph_fill(). */
	graph->successors[graph->first[predecessor]++] = graph->current;
}

static int graph_fill(struct graph *graph)
{
	unsigned n = graph->n;

	graph->missing = calloc(n + 1, sizeof(*graph->missing));
	graph->first = calloc(n + 2, sizeof(*graph->first));
	graph->heap = calloc(n + 1, sizeof(*graph->heap));
	if (!graph->missing || !graph->first || !graph->heap)
		return -ENOMEM;
	for (graph->current = 0; graph->current < n; graph->current++)
		expression_visit(graph->after[graph->current], count_edge, graph);
	for (unsigned i = 0; i < n; i++)
		graph->first[i + 1] += graph->first[i];

	graph->successors = calloc((size_t)graph->first[n] + 1, sizeof(*graph->successors));
	if (!graph->successors)
		return -ENOMEM;
	for (graph->current = 0; graph->current < n; graph->current++)
		expression_visit(graph->after[graph->current], add_edge, graph);
	memmove(graph->first + 1, graph->first, n * sizeof(*graph->first));
	graph->first[0] = 0;
	return 0;
}

/* Gives everybody a place who can have one; returns how many. */
static unsigned graph_place(struct graph *graph, unsigned *rank)
{
	unsigned placed = 0;

	for (unsigned i = 0; i < graph->n; i++)
		if (graph->missing[i] == 0)
			heap_push(graph, i);
	while (graph->n_heap > 0) {
		unsigned sibling = heap_pop(graph);

		rank[sibling] = placed++;
		for (unsigned e = graph->first[sibling]; e < graph->first[sibling + 1]; e++)
			if (--graph->missing[graph->successors[e]] == 0)
				heap_push(graph, graph->successors[e]);
	}
	return placed;
}

struct walk {
	const struct graph *graph;
	unsigned next; /* the first predecessor without a place; n: none seen yet */
};

static void pick_unplaced(unsigned predecessor, void *userdata)
{
	struct walk *walk = userdata;

	if (walk->next == walk->graph->n && walk->graph->missing[predecessor] > 0)
		walk->next = predecessor;
}

/* Who has no place has a predecessor without one: walking on from each to such a one must come back
 * to where it was. */
static int graph_spell_cycle(struct graph *graph, unsigned **ret_cycle, size_t *ret_length)
{
	unsigned *path = calloc(graph->n + 1, sizeof(*path)), *seen = graph->heap, length = 0,
		 start;
	struct walk walk = { .graph = graph, .next = 0 };

	if (!path)
		return -ENOMEM;
	memset(seen, 0, graph->n * sizeof(*seen)); /* 1 + its place in the path */
	while (graph->missing[walk.next] == 0)
		walk.next++;
	while (seen[walk.next] == 0) {
		unsigned sibling = walk.next;

		path[length++] = sibling;
		seen[sibling] = length;
		walk.next = graph->n;
		expression_visit(graph->after[sibling], pick_unplaced, &walk);
	}
	start = seen[walk.next] - 1;
	path[length++] = walk.next;
	memmove(path, path + start, (length - start) * sizeof(*path));
	*ret_cycle = path;
	*ret_length = length - start;
	return -ELOOP;
}

int order_rank(struct expression *const *after, unsigned n, unsigned *ret_rank,
	unsigned **ret_cycle, size_t *ret_cycle_length)
{
	_cleanup_(graph_done) struct graph graph = { .after = after, .n = n };
	int r = graph_fill(&graph);

	if (r < 0)
		return r;
	if (graph_place(&graph, ret_rank) == n)
		return 0;
	return graph_spell_cycle(&graph, ret_cycle, ret_cycle_length);
}
