/*
 * test_completion.c - the order in which completions are delivered, and what a callback may do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "client/completion.h"

enum { N = 4 };

struct kit;

/* An object that completes. Its letter is written when its completion is delivered. */
struct object {
	struct completion completion;
	struct kit *kit;
	char letter;
	void (*then)(struct object *object); /* what else its callback does; NULL: nothing */
};

struct kit {
	struct completion_queue queue;
	struct object objects[N];
	char delivered[32]; /* letters */
};

static void object_deliver(void *arg)
{
	struct object *object = arg;
	size_t len = strlen(object->kit->delivered);

	assert_true(len + 1 < sizeof(object->kit->delivered));
	object->kit->delivered[len] = object->letter;
	if (object->then)
		object->then(object);
}

static void object_init(struct object *object, struct kit *kit, char letter)
{
	*object = (struct object){ .kit = kit, .letter = letter };
	completion_init(&object->completion, object_deliver, object);
}

static void kit_init(struct kit *kit)
{
	memset(kit, 0, sizeof(*kit));
	completion_queue_init(&kit->queue);
	for (size_t i = 0; i < N; i++)
		object_init(&kit->objects[i], kit, (char)('a' + i));
}

static void kit_post_all(struct kit *kit)
{
	for (size_t i = 0; i < N; i++)
		completion_post(&kit->queue, &kit->objects[i].completion);
}

static void assert_delivers(struct kit *kit, const char *letters)
{
	memset(kit->delivered, 0, sizeof(kit->delivered));
	completion_deliver(&kit->queue);
	assert_string_equal(kit->delivered, letters);
}

static void test_they_are_delivered_once_in_the_order_of_posting(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	assert_delivers(&kit, "");
	kit_post_all(&kit);
	assert_delivers(&kit, "abcd");
	assert_delivers(&kit, "");
}

static void test_one_that_is_posted_already_keeps_its_place(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	kit_post_all(&kit);
	completion_post(&kit.queue, &kit.objects[0].completion);
	completion_post(&kit.queue, &kit.objects[2].completion);
	assert_delivers(&kit, "abcd");
}

static void test_one_that_was_delivered_may_be_posted_again(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	kit_post_all(&kit);
	assert_delivers(&kit, "abcd");
	completion_post(&kit.queue, &kit.objects[3].completion);
	completion_post(&kit.queue, &kit.objects[0].completion);
	assert_delivers(&kit, "da");
}

static void test_a_withdrawn_one_is_not_delivered_and_the_others_are(void **state)
{
	static const char *const rest[N] = { "bcd", "acd", "abd", "abc" };
	(void)state;

	for (size_t i = 0; i < N; i++) {
		struct kit kit;
		kit_init(&kit);
		completion_withdraw(&kit.objects[i].completion); /* it was never posted */
		kit_post_all(&kit);
		completion_withdraw(&kit.objects[i].completion);
		completion_withdraw(&kit.objects[i].completion); /* it is not posted any more */
		assert_delivers(&kit, rest[i]);
		completion_post(&kit.queue, &kit.objects[i].completion);
		assert_delivers(&kit, (char[]){ kit.objects[i].letter, '\0' });
	}
}

static void post_next_two(struct object *object)
{
	struct kit *kit = object->kit;

	completion_post(&kit->queue, &kit->objects[2].completion);
	completion_post(&kit->queue, &kit->objects[3].completion);
	completion_deliver(&kit->queue); /* returns at once */
	assert_string_equal(kit->delivered, "a");
}

static void test_what_a_callback_posts_is_delivered_after_it_returned(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	kit.objects[0].then = post_next_two;
	completion_post(&kit.queue, &kit.objects[0].completion);
	completion_post(&kit.queue, &kit.objects[1].completion);
	assert_delivers(&kit, "abcd");
	assert_delivers(&kit, "");
}

static void post_itself_twice(struct object *object)
{
	if (strlen(object->kit->delivered) < 3)
		completion_post(&object->kit->queue, &object->completion);
}

static void test_a_callback_may_post_its_own_completion(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	kit.objects[0].then = post_itself_twice;
	completion_post(&kit.queue, &kit.objects[0].completion);
	assert_delivers(&kit, "aaa");
}

static void withdraw_others(struct object *object)
{
	for (size_t i = 0; i < N; i++)
		completion_withdraw(&object->kit->objects[i].completion);
}

static void test_a_callback_may_withdraw_the_others(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	kit.objects[1].then = withdraw_others;
	kit_post_all(&kit);
	assert_delivers(&kit, "ab");
}

static void object_free(struct object *object)
{
	free(object);
}

/* The sanitizer reports a completion that is touched after its callback. */
static void test_a_callback_may_free_its_object(void **state)
{
	struct kit kit;
	(void)state;

	kit_init(&kit);
	for (char letter = 'x'; letter <= 'z'; letter++) {
		struct object *object = xcalloc(1, sizeof(*object));
		object_init(object, &kit, letter);
		object->then = object_free;
		completion_post(&kit.queue, &object->completion);
	}
	assert_delivers(&kit, "xyz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_they_are_delivered_once_in_the_order_of_posting),
		cmocka_unit_test(test_one_that_is_posted_already_keeps_its_place),
		cmocka_unit_test(test_one_that_was_delivered_may_be_posted_again),
		cmocka_unit_test(test_a_withdrawn_one_is_not_delivered_and_the_others_are),
		cmocka_unit_test(test_what_a_callback_posts_is_delivered_after_it_returned),
		cmocka_unit_test(test_a_callback_may_post_its_own_completion),
		cmocka_unit_test(test_a_callback_may_withdraw_the_others),
		cmocka_unit_test(test_a_callback_may_free_its_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
