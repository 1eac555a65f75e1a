/*
 * list.h - an intrusive, circular, doubly linked list.
 *
 * Head and link are the same struct. A link is a member of its owner, so the list allocates nothing and owns
 * nothing, and an owner leaves its list in constant time without knowing which one that is. LIST_OWNER leads
 * from the link back to the owner.
 *
 * Invariants: list_init comes before any other call. A link that is in no list, and an empty head, point to
 * themselves. A struct that holds a head or a link in a list is never copied or moved.
 */
#ifndef DESCRIBEFS_LIST_H
#define DESCRIBEFS_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* The struct of `type` whose member `member` is `*link`. */
#define LIST_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* A head: the list is empty. A link: it is in no list. */
static inline void list_init(struct list *list)
{
	list->next = list->prev = list;
}

/* A head: the list is empty. A link: it is in no list. */
static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Puts `link`, which is in no list, before `place`: a link, or the head for the list's end. */
static inline void list_add_before(struct list *place, struct list *link)
{
	link->next = place;
	link->prev = place->prev;
	place->prev->next = link;
	place->prev = link;
}

static inline void list_add_first(struct list *head, struct list *link)
{
	list_add_before(head->next, link);
}

static inline void list_add_last(struct list *head, struct list *link)
{
	list_add_before(head, link);
}

/* Takes the link out of its list. It is in no list then; a second call changes nothing. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* NULL: the list is empty. */
static inline struct list *list_first(const struct list *head)
{
	return head->next == head ? NULL : head->next;
}

/* NULL: the list is empty. */
static inline struct list *list_last(const struct list *head)
{
	return head->prev == head ? NULL : head->prev;
}

/* The link behind `link`; NULL: it is the last one. */
static inline struct list *list_next(const struct list *head, const struct list *link)
{
	return link->next == head ? NULL : link->next;
}

/* The link before `link` (a head: the last one); NULL: it is the first one. */
static inline struct list *list_prev(const struct list *head, const struct list *link)
{
	return link->prev == head ? NULL : link->prev;
}

/* The struct whose member at `offset` is `*link`; NULL: `link` is NULL. */
static inline void *list_owner(struct list *link, size_t offset)
{
	return link ? (char *)link - offset : NULL;
}

/* The owners of the links that list_first, list_last and list_next return; NULL: there is none. */
#define LIST_FIRST(head, type, member) ((type *)list_owner(list_first(head), offsetof(type, member)))
#define LIST_LAST(head, type, member) ((type *)list_owner(list_last(head), offsetof(type, member)))
#define LIST_NEXT(head, owner, type, member) \
	((type *)list_owner(list_next(head, &(owner)->member), offsetof(type, member)))

#endif
