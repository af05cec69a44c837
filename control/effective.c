/* SPDX-License-Identifier: BSD-2-Clause */
#include "control/effective.h"

#include "common/attributes.h"

#include <assert.h>

/* Who takes part, first rule that finds a member wins. */
struct rule {
    bool wants_weight; /* only members whose weight is not 0 */
    bool wants_health; /* only healthy members */
};

/* Zero-weight members stand in once no non-zero one is healthy; the last two rows are the fail-open
 * case, in which all members count as healthy. */
static const struct rule rules[] = {
    {.wants_weight = true, .wants_health = true},
    {.wants_weight = false, .wants_health = true},
    {.wants_weight = true, .wants_health = false},
    {.wants_weight = false, .wants_health = false},
};

static bool takes_part(const struct rule *rule, const struct member_condition *member)
{
    return (member->weight > 0 || !rule->wants_weight) &&
           (member->is_healthy || !rule->wants_health);
}

static bool apply_rule(const struct rule *rule, const struct member_condition *members,
                       size_t count, uint16_t *effective)
{
    bool has_any = false;
    for (size_t i = 0; i < count; i++) {
        effective[i] = 0;
        if (takes_part(rule, &members[i])) {
            /* A rule that takes zero weights in runs only where no other weight is left. */
            effective[i] = rule->wants_weight ? members[i].weight : 1;
            has_any = true;
        }
    }
    return has_any;
}

void effective_weights(const struct member_condition *members, size_t count, uint16_t *effective)
{
    assert(count > 0);
    size_t i = 0;
    while (!apply_rule(&rules[i], members, count, effective)) {
        i++;
        assert(i < ARRAY_LEN(rules));
    }
}
