/*
 * test_list.c - compares the list with an array after random additions and removals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/random.h"

enum { ITEMS = 20, STEPS = 20000 };

struct item {
	int before; /* the link is not the first member */
	struct list link;
	int number;
};

struct world {
	struct list head;
	struct item items[ITEMS];
	struct item *order[ITEMS]; /* the expected items of the list, in order */
	size_t n;
};

static struct item *item_of(struct list *link)
{
	return LIST_OWNER(link, struct item, link);
}

static void check(const struct world *world)
{
	size_t n = 0;

	for (struct list *at = list_first(&world->head); at; at = list_next(&world->head, at)) {
		assert_true(n < world->n);
		assert_ptr_equal(item_of(at), world->order[n++]);
	}
	assert_int_equal(n, world->n);
	assert_int_equal(list_is_empty(&world->head), !n);
	for (const struct list *at = list_last(&world->head); at; at = list_prev(&world->head, at))
		assert_ptr_equal(at, &world->order[--n]->link);
	assert_int_equal(n, 0);
	assert_ptr_equal(list_prev(&world->head, &world->head), list_last(&world->head));
	assert_ptr_equal(list_last(&world->head), world->n ? &world->order[world->n - 1]->link : NULL);
}

/* At `at` in the order. */
static void put(struct world *world, struct item *item, size_t at)
{
	memmove(&world->order[at + 1], &world->order[at], (world->n - at) * sizeof *world->order);
	world->order[at] = item;
	world->n++;
}

static void add(struct world *world, struct item *item, struct random *random)
{
	size_t place = random_next(random) % (world->n + 1);

	switch (random_next(random) % 3) {
	case 0:
		list_add_first(&world->head, &item->link);
		put(world, item, 0);
		break;
	case 1:
		list_add_last(&world->head, &item->link);
		put(world, item, world->n);
		break;
	default:
		list_add_before(place < world->n ? &world->order[place]->link : &world->head, &item->link);
		put(world, item, place);
	}
}

static void take(struct world *world, struct item *item)
{
	size_t at = 0;

	while (world->order[at] != item)
		at++;
	list_remove(&item->link);
	assert_true(list_is_empty(&item->link));
	world->n--;
	memmove(&world->order[at], &world->order[at + 1], (world->n - at) * sizeof *world->order);
}

static void test_against_an_array(void **state)
{
	struct random random = { 1 };
	struct world world = { .n = 0 };

	(void)state;
	list_init(&world.head);
	for (size_t i = 0; i < ITEMS; i++)
		list_init(&world.items[i].link);
	check(&world);
	for (int step = 0; step < STEPS; step++) {
		struct item *item = &world.items[random_next(&random) % ITEMS];

		if (list_is_empty(&item->link))
			add(&world, item, &random);
		else
			take(&world, item);
		check(&world);
	}
}

static void test_a_link_is_removed_twice(void **state)
{
	struct list head;
	struct item one = { .number = 1 }, two = { .number = 2 };

	(void)state;
	list_init(&head);
	list_add_last(&head, &one.link);
	list_add_last(&head, &two.link);
	list_remove(&one.link);
	list_remove(&one.link);
	assert_ptr_equal(item_of(list_first(&head)), &two);
	assert_int_equal(item_of(list_last(&head))->number, 2);
	list_remove(&two.link);
	assert_true(list_is_empty(&head));
	assert_null(list_first(&head));
	assert_null(list_last(&head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_an_array),
		cmocka_unit_test(test_a_link_is_removed_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
