/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The rule that decides on a flow, by tuple-space search: the rules of one mask
 * are one look into a hash table, and masks are gone through in the order of
 * their best rules, until none that is left can have a better one.
 */
#ifndef WEIR_POLICY_RULES_BPF_H
#define WEIR_POLICY_RULES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "flow_key.bpf.h"
#include "line_hash.bpf.h"

/* Of fixed size, so that looks into them are no calls. */
#define POLICY_MAP(name_, value_, entries_)                                    \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, WEIR_GENERATIONS * (entries_));            \
		__type(key, __u32);                                            \
		__type(value, value_);                                         \
	} name_ SEC(".maps")

POLICY_MAP(weir_masks, struct weir_policy_mask, WEIR_POLICY_MASKS);
POLICY_MAP(weir_tags, struct weir_policy_tag, WEIR_POLICY_TAGS);
POLICY_MAP(weir_rules, struct weir_policy_rule, WEIR_POLICY_RULES);

struct rule_search {
	union key_words key;	/* words as rules have them */
	union key_words masked;
	union key_words reported;	/* by an ICMP error; of what found no room */
	__u32 generation;
	__u32 mask;		/* the one that is next */
	__u32 best;		/* the rule found so far */
	__u32 related;		/* number of the rule by which an ICMP error is allowed */
};

/* Where no rule is found. */
#define RULE_NONE WEIR_POLICY_RULES

static __always_inline struct weir_policy_rule *rule_at(__u32 generation,
							__u32 rule)
{
	__u32 index = generation * WEIR_POLICY_RULES + rule;

	return bpf_map_lookup_elem(&weir_rules, &index);
}

static __always_inline int rule_matches(const struct weir_policy_rule *rule,
					const union key_words *masked)
{
	__u64 difference = 0;

#pragma unroll
	for (int i = 0; i < WEIR_POLICY_WORDS; i++)
		difference |= rule->words[i] ^ masked->words[i];
	return !difference;
}

/*
 * Looks among the rules of the next mask. 0 where none of that mask, nor of
 * those that follow, can be better than what is found already.
 *
 * A global function: the verifier walks through one mask in place of all.
 */
__noinline int rule_look(struct rule_search *search)
{
	struct weir_policy_mask *mask;
	struct weir_policy_rule *rule;
	struct weir_policy_tag *tag;
	__u32 index, hash, at;

	if (!search)
		return 0;
	index = search->generation * WEIR_POLICY_MASKS + search->mask;
	mask = bpf_map_lookup_elem(&weir_masks, &index);
	if (!mask || !mask->size || mask->best >= search->best)
		return 0;
	search->mask++;
	if (!(mask->kinds >> (search->key.key.kind & WEIR_POLICY_KIND) & 1))
		return 1;
#pragma unroll
	for (int i = 0; i < WEIR_POLICY_WORDS; i++)
		search->masked.words[i] = search->key.words[i] & mask->words[i];
	hash = line_hash(&search->masked, 0);
	at = search->generation * WEIR_POLICY_TAGS + mask->tags +
	     ((__u64)hash * mask->size >> 32);
	for (int i = 0; i < WEIR_POLICY_PROBES; i++) {
		index = at + i;
		tag = bpf_map_lookup_elem(&weir_tags, &index);
		if (!tag || !tag->rule)
			break;
		if (tag->hash != hash)
			continue;
		rule = rule_at(search->generation, tag->rule - 1);
		if (!rule || !rule_matches(rule, &search->masked))
			continue;
		if (tag->rule - 1 < search->best)
			search->best = tag->rule - 1;
		break;
	}
	return 1;
}

/* The first rule that matches the key, or RULE_NONE. */
static __always_inline __u32 rule_find(struct rule_search *search)
{
	search->mask = 0;
	search->best = RULE_NONE;
	for (int i = 0; i < WEIR_POLICY_MASKS; i++)
		if (!rule_look(search))
			break;
	return search->best;
}

#endif
