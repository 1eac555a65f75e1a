/*
 * completion.c - a first-in first-out queue of callbacks.
 */
#include "client/completion.h"

void completion_queue_init(struct completion_queue *queue)
{
	list_init(&queue->posted);
	queue->is_delivering = false;
}

void completion_init(struct completion *completion, void (*deliver)(void *arg), void *arg)
{
	list_init(&completion->link);
	completion->deliver = deliver;
	completion->arg = arg;
}

void completion_post(struct completion_queue *queue, struct completion *completion)
{
	if (list_is_empty(&completion->link))
		list_add_last(&queue->posted, &completion->link);
}

void completion_withdraw(struct completion *completion)
{
	list_remove(&completion->link);
}

void completion_deliver(struct completion_queue *queue)
{
	struct list *first;

	if (queue->is_delivering)
		return;
	queue->is_delivering = true;
	while ((first = list_first(&queue->posted))) {
		struct completion *completion = LIST_OWNER(first, struct completion, link);
		completion_withdraw(completion);
		completion->deliver(completion->arg);
	}
	queue->is_delivering = false;
}
