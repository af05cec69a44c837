/* SPDX-License-Identifier: BSD-2-Clause */
/* What a delegation is answered with: NS, in a signed zone DS or the proof of none, and glue. */
#include "common/alloc.h"
#include "zones/zone_draft_finish.h"

/* A referral that is being encoded. */
struct referral {
    const struct finisher *finisher;
    const struct draft_node *cut;
    bool has_dnssec;
};

/* Addresses of the delegation's name servers that the zone knows. In-domain ones (below the cut,
 * or the cut itself) are required in a referral, others are a courtesy (RFC 9471 section 2). */
static bool add_glue(const struct referral *referral, const struct draft_record *ns,
                     bool is_in_domain)
{
    const struct finisher *finisher = referral->finisher;
    const struct draft_node *cut = referral->cut;
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};
    struct name_key key;
    if (name_key_parse(&key, ns->rdata, ns->rdata_len) == 0 ||
        key.label_count < finisher->draft->origin.label_count) {
        return true;
    }
    const struct draft_node *server = draft_find_node(finisher->draft, &key, key.label_count);
    if (server == NULL) {
        return true;
    }
    bool below = key.label_count >= cut->label_count &&
                 draft_find_node(finisher->draft, &key, cut->label_count) == cut;
    for (size_t i = 0; i < ARRAY_LEN(types) && below == is_in_domain; i++) {
        const struct draft_rrset *rrset = draft_find_rrset(server, types[i]);
        if (rrset == NULL) {
            continue;
        }
        /* Below a cut addresses have no signatures; elsewhere they come along. */
        if (!finisher_add_rrset(finisher, ENCODER_ADDITIONAL, server, rrset) ||
            (referral->has_dnssec && server->cut == NULL &&
             !finisher_add_signatures(finisher, ENCODER_ADDITIONAL, server, types[i],
                                      UINT32_MAX))) {
            return false;
        }
    }
    return true;
}

/* DS, or the proof that there is none (RFC 4035 section 3.1.4). */
static bool add_delegation_signer(const struct finisher *finisher, const struct draft_node *cut)
{
    const struct draft_rrset *ds = draft_find_rrset(cut, TYPE_DS);
    if (ds == NULL) {
        return draft_denial_add_to_referral(finisher, cut);
    }
    return finisher_add_rrset(finisher, ENCODER_AUTHORITY, cut, ds) &&
           finisher_add_signatures(finisher, ENCODER_AUTHORITY, cut, TYPE_DS, UINT32_MAX);
}

static bool encode_referral(const struct referral *referral, struct encoded *out)
{
    const struct finisher *finisher = referral->finisher;
    const struct draft_node *cut = referral->cut;
    const struct draft_rrset *ns = draft_find_rrset(cut, TYPE_NS);
    struct name_key key;
    finisher_make_key(cut, &key);
    encoder_start(finisher->encoder, &key, ENCODER_BASE_IS_ABOVE);
    bool fits = finisher_add_rrset(finisher, ENCODER_AUTHORITY, cut, ns) &&
                (!referral->has_dnssec || add_delegation_signer(finisher, cut));
    for (const struct draft_record *i = ns->first; fits && i != NULL; i = i->next) {
        fits = add_glue(referral, i, true);
    }
    encoder_mark_required(finisher->encoder);
    for (const struct draft_record *i = ns->first; fits && i != NULL; i = i->next) {
        if (!add_glue(referral, i, false)) {
            break; /* not required */
        }
    }
    if (fits) {
        encoder_finish(finisher->encoder, finisher->zone->arena, out);
    }
    return fits;
}

bool draft_referral_make(const struct finisher *finisher, const struct draft_node *cut,
                         struct error *err)
{
    size_t forms = finisher->denial != NULL ? 2 : 1;
    struct encoded *referral = arena_alloc(finisher->zone->arena, forms * sizeof(*referral));
    for (size_t i = 0; i < forms; i++) {
        const struct referral from = {.finisher = finisher, .cut = cut, .has_dnssec = i == 1};
        if (!encode_referral(&from, &referral[i])) {
            return draft_refuse_size(cut, draft_find_rrset(cut, TYPE_NS), err);
        }
    }
    finisher->nodes[cut->index].referral = referral;
    return true;
}
