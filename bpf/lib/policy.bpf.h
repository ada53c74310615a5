/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the policy says of a flow, asked when the flow's counters are made.
 *
 * Programs for ports without a policy are compiled without WEIR_POLICY, and
 * have not an instruction of this.
 */
#ifndef WEIR_POLICY_BPF_H
#define WEIR_POLICY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "control.bpf.h"
#include "flow_key.bpf.h"
#include "packet_view.bpf.h"

/* An enum weir_ruling, and above it the number of the rule that decided. */
#define JUDGEMENT_RULING 0xff
#define JUDGEMENT_RULE_SHIFT 8

static __always_inline __u8 judgement_ruling(__u32 judgement)
{
	return judgement & JUDGEMENT_RULING;
}

static __always_inline __u16 judgement_rule(__u32 judgement)
{
	return judgement >> JUDGEMENT_RULE_SHIFT;
}

/* Read once a frame, as the window is; see weir_control. */
static __always_inline __u32 policy_version(void)
{
#if defined(WEIR_POLICY) || defined(WEIR_COPIES)
	return weir_control.policy;
#else
	return 0;
#endif
}

#ifdef WEIR_POLICY
#include "policy_judge.bpf.h"
#include "policy_related.bpf.h"

static __always_inline __u32 flow_judge(const union key_words *flow)
{
	return policy_judge((union key_words *)flow);
}

/* Whether what was said of it before holds no more. */
static __always_inline int flow_relents(const union key_words *flow, int ruling)
{
	return unlikely(ruling >= WEIR_RULING_REJECT) &&
	       policy_relents((union key_words *)flow);
}
#else
static __always_inline void related_find(FRAME_CONTEXT *context,
					 struct packet_view *packet,
					 const struct open_window *open)
{
	(void)context;
	(void)packet;
	(void)open;
}

static __always_inline __u32 flow_judge(const union key_words *flow)
{
	(void)flow;
	return 0;
}

static __always_inline int flow_relents(const union key_words *flow, int ruling)
{
	(void)flow;
	(void)ruling;
	return 0;
}
#endif

#endif
