/*
 * completion.c - a first-in first-out queue of callbacks.
 */
#include "client/completion.h"

#include <stddef.h>

void completion_init(struct completion *completion, void (*deliver)(void *arg), void *arg)
{
	*completion = (struct completion){ .deliver = deliver, .arg = arg };
}

void completion_post(struct completion_queue *queue, struct completion *completion)
{
	if (completion->queue)
		return;
	completion->queue = queue;
	completion->next = NULL;
	completion->prev = queue->last;
	*(queue->last ? &queue->last->next : &queue->first) = completion;
	queue->last = completion;
}

void completion_withdraw(struct completion *completion)
{
	struct completion_queue *queue = completion->queue;

	if (!queue)
		return;
	*(completion->next ? &completion->next->prev : &queue->last) = completion->prev;
	*(completion->prev ? &completion->prev->next : &queue->first) = completion->next;
	completion->queue = NULL;
}

void completion_deliver(struct completion_queue *queue)
{
	struct completion *completion;

	if (queue->is_delivering)
		return;
	queue->is_delivering = true;
	while ((completion = queue->first)) {
		completion_withdraw(completion);
		completion->deliver(completion->arg);
	}
	queue->is_delivering = false;
}
