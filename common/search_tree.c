/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/search_tree.h"

#include <search.h>
#include <stdlib.h>

void *search_tree_add(struct search_tree *tree, void *thing)
{
    void *const *found = tsearch(thing, &tree->root, tree->compare);
    if (found == NULL) {
        abort(); /* out of memory, as in alloc_* */
    }
    return *found;
}

void *search_tree_find(const struct search_tree *tree, const void *key)
{
    void *const *found = tfind(key, &tree->root, tree->compare);
    return found == NULL ? NULL : *found;
}

void search_tree_remove(struct search_tree *tree, const void *key)
{
    tdelete(key, &tree->root, tree->compare);
}

/* The things are others'. */
static void keep(void *thing)
{
    (void)thing;
}

void search_tree_free(struct search_tree *tree)
{
    tdestroy(tree->root, keep);
    tree->root = NULL;
}
