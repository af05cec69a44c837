/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds things by what they are called: a balanced tree of pointers, ordered by a comparison of the
 * user's, so that each call compares a few dozen times among millions. The things are others', who
 * keep them, and what they are compared by, as they are while the tree has them. A tree belongs to
 * one thread at a time; any number may find at once. Out of memory ends the process, as in
 * common/alloc.h. */
#pragma once

/* Less than 0, 0 or more than 0, as one comes before, is found by or comes behind the other. */
typedef int (*search_tree_compare)(const void *one, const void *other);

/* {.compare = …} is an empty one. In one that is all zero nothing is found. */
struct search_tree {
    search_tree_compare compare;
    void *root; /* of tsearch(3) */
};

/* Returns the thing, or the one that was there before and compares as 0: then that one stays. */
void *search_tree_add(struct search_tree *tree, void *thing);
/* The thing that compares as 0, or NULL. */
void *search_tree_find(const struct search_tree *tree, const void *key);
/* From now on nothing is found by the key. */
void search_tree_remove(struct search_tree *tree, const void *key);
/* The tree is empty, of which nothing need be freed. The things may be gone by then. */
void search_tree_free(struct search_tree *tree);
