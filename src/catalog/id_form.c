/*
 * id_form.c - bounds the size of an id's form before regcomp compiles it.
 *
 * regcomp expands bounds such as {9} without a limit: ((a{9}){9}){9} becomes 729 letters. regexec then walks
 * the result for each name that a reader looks up. So the steps after expansion are counted beforehand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "reader.h"

/*
 * The count so far: `sum` has one sum for each open parenthesis; `last` is what the next bound multiplies.
 */
struct steps {
	const char *at;
	int64_t sum[FORM_DEPTH_MAX + 1], last;
	int depth;
};

static void add_steps(struct steps *steps, int64_t n)
{
	steps->last = n;
	steps->sum[steps->depth] += n;
}

static void multiply(struct steps *steps, int64_t times)
{
	int64_t more = steps->last * (times - 1);

	if (times < 1)
		return;
	steps->last += more;
	steps->sum[steps->depth] += more;
}

/*
 * Skips a bracket expression. A ] at its beginning does not end it, and neither does the one of [:alpha:].
 */
static void pass_bracket(struct steps *steps)
{
	const char *at = steps->at + 1;

	at += *at == '^';
	at += *at == ']';
	while (*at && *at != ']') {
		const char *end = *at == '[' && at[1] && strchr(":.=", at[1]) ?
			strstr(at + 2, (char[]){ at[1], ']', '\0' }) :
			NULL;
		at = end ? end + 2 : at + 1;
	}
	steps->at = *at ? at : at - 1;
	add_steps(steps, 1);
}

/* Of {3}, {3,} and {3,5} the larger number counts. */
static void pass_bound(struct steps *steps)
{
	const char *at = steps->at + 1;
	int64_t times = 0, number = 0;

	for (; *at == ',' || ascii_is_digit(*at); at++) {
		number = *at == ',' ? 0 : number * 10 + (*at - '0');
		if (number > FORM_STEPS_MAX)
			number = FORM_STEPS_MAX + 1;
		times = number > times ? number : times;
	}
	if (*at != '}') {
		add_steps(steps, 1); /* the brace is an ordinary letter */
		return;
	}
	multiply(steps, times + (at[-1] == ','));
	steps->at = at;
}

static void pass_letter(struct steps *steps)
{
	switch (*steps->at) {
	case '[':
		pass_bracket(steps);
		break;
	case '{':
		pass_bound(steps);
		break;
	case '+': /* x+ expands to xx* */
		multiply(steps, 2);
		break;
	case '(':
		steps->sum[++steps->depth] = 0;
		steps->last = 0;
		break;
	case ')':
		if (steps->depth > 0)
			add_steps(steps, steps->sum[steps->depth--]);
		break;
	case '*':
	case '?':
	case '|':
		break;
	default:
		steps->at += *steps->at == '\\' && steps->at[1];
		add_steps(steps, 1);
	}
}

bool form_is_too_large(const char *form)
{
	struct steps steps = { .at = form };

	for (; *steps.at; steps.at++) {
		if (*steps.at == '(' && steps.depth == FORM_DEPTH_MAX)
			return true;
		pass_letter(&steps);
		if (steps.sum[steps.depth] > FORM_STEPS_MAX)
			return true;
	}
	return false;
}
