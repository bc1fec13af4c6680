#include <stdio.h>
#include "list.h"

#define MAX(a, b) \
	((a) > (b) ? (a) : (b))

struct node;

static int total = 0;

/* A list. */
struct list {
	struct node *head;
	int count;
};

static const char *names[] = {
	"one",
	"two",
};

#ifdef FAST
int add(struct list *l, int n) {
#else
int add(struct list *l, long n) {
#endif
	if (n > 1'000) {
		return 1;
	}
	return MAX(n, '}');
}

// Finds a node.
struct node *
find(struct list *l,
     int key)
{
	struct node *n;

	for (n = l->head; n; n = n->next) {
		switch (n->key) {
		case 1:
			puts("}{");
			break;
		default:
			goto out;
		}
	}
out:
	return n;
}
