/*
 * test_parse_once.c - each answer is parsed once, in whatever order the pages come, and what waits parsed for the
 * pages before it is bounded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "world.h"

enum { PAGE = 50, PAGES = 80, SMALL = 200, LARGE = 30000, HELD_MAX = 16 << 20, ORDERS = 9 };

static struct {
	struct provider provider;
	size_t n;
} counted;

static enum error count_parse(struct json **root, const struct json **result, const struct response *response,
	struct error_note *note)
{
	counted.n++;
	return provider_tencent.parse(root, result, response, note);
}

struct place {
	struct world *world;
	struct ask list;
	char *text; /* of each item */
};

/* A reader waits for the first page of PAGES; each item has a member of so many bytes. */
static void enter(struct place *place, size_t bytes)
{
	struct setup setup = world_setup();

	counted.provider = provider_tencent;
	counted.provider.parse = count_parse;
	counted.n = 0;
	setup.provider = &counted.provider;
	setup.rate = 1000;
	*place = (struct place){ .text = xcalloc(bytes + 1, 1) };
	memset(place->text, 'x', bytes);
	place->world = world_open(&setup);
	ask_read(&place->list, place->world, world_find(place->world, "training"), 0);
}

/* Every page came and was taken in, and was parsed once for each of the calls. */
static void leave(struct place *place, size_t calls)
{
	script_advance(&place->world->script, 0);
	assert_int_equal(place->world->script.n_waiting, 0);
	assert_int_equal(world_count(place->world, "training"), PAGES * PAGE);
	assert_int_equal(world_calls(place->world), calls);
	assert_int_equal(counted.n, calls);
	world_close(place->world);
	free(place->text);
}

static void say_page(struct place *place, struct exchange *exchange)
{
	int64_t offset = exchange_number(exchange, "Offset");
	struct buf items;

	buf_init(&items, SIZE_MAX);
	for (int i = 0; i < PAGE; i++)
		buf_printf(&items, "%s{\"Id\": \"train-%05d\", \"Name\": \"%s\"}", i ? "," : "", (int)offset + i,
			place->text);
	exchange_tencent(exchange, "\"TrainingTaskSet\": [%s], \"TotalCount\": %d", items.data, PAGES * PAGE);
	buf_release(&items);
}

static struct exchange *waiting(struct place *place, size_t k)
{
	return script_waiting(&place->world->script, k);
}

static size_t n_waiting(const struct place *place)
{
	return place->world->script.n_waiting;
}

static void pages_are_parsed_once_in_any_order(void **state)
{
	uint64_t chance = 7;
	(void)state;

	for (int order = 0; order < ORDERS; order++) {
		struct place place;
		enter(&place, order % 3 ? SMALL : LARGE / 4);
		while (n_waiting(&place)) {
			chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
			size_t most = n_waiting(&place), k = (chance >> 33) % most;
			say_page(&place, waiting(&place, order == 1 ? most - 1 : order == 2 ? 0 : k));
			if (n_waiting(&place) < 2 || !(chance >> 60))
				script_advance(&place.world->script, 0);
		}
		leave(&place, PAGES);
	}
}

static void what_waits_parsed_is_bounded(void **state)
{
	struct place place;
	(void)state;

	enter(&place, LARGE);
	say_page(&place, waiting(&place, 0));
	script_advance(&place.world->script, 0);
	size_t before = counted.n, came = 0;
	for (; n_waiting(&place) > 1; came++) /* all but the next */
		say_page(&place, waiting(&place, 1));
	script_advance(&place.world->script, 0);
	assert_in_range(came, 20, 32);
	assert_in_range(counted.n - before, 2, HELD_MAX / (PAGE * LARGE) + 1);
	while (n_waiting(&place)) {
		say_page(&place, waiting(&place, 0));
		script_advance(&place.world->script, 0);
	}
	leave(&place, PAGES);
}

/* A refusal that stands behind others is found all the same, and its page asked for again. */
static void a_refusal_behind_others_is_tried_again(void **state)
{
	struct place place;
	(void)state;

	enter(&place, LARGE);
	say_page(&place, waiting(&place, 0));
	script_advance(&place.world->script, 0);
	say_page(&place, waiting(&place, 1));
	say_page(&place, waiting(&place, 0));
	exchange_error(waiting(&place, 0), "RequestLimitExceeded"); /* those before it are being taken in */
	script_advance(&place.world->script, 5000);
	while (n_waiting(&place)) {
		say_page(&place, waiting(&place, n_waiting(&place) - 1));
		script_advance(&place.world->script, 0);
	}
	leave(&place, PAGES + 1);
}

/* Nothing of them is left behind, whatever they wait for. */
static void answers_that_are_not_read_yet_go_with_their_flight(void **state)
{
	struct place place;
	(void)state;

	enter(&place, LARGE);
	say_page(&place, waiting(&place, 0));
	script_advance(&place.world->script, 0);
	for (int i = 0; i < 10; i++)
		say_page(&place, waiting(&place, 0));
	assert_int_equal(counted.n, 2);
	world_close(place.world);
	assert_int_equal(place.list.answers, 1);
	free(place.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_parsed_once_in_any_order),
		cmocka_unit_test(what_waits_parsed_is_bounded),
		cmocka_unit_test(a_refusal_behind_others_is_tried_again),
		cmocka_unit_test(answers_that_are_not_read_yet_go_with_their_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
