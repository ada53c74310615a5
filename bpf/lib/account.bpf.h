/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a parsed frame to the counters: the port's totals and, for an IP
 * packet, the flow table, both in the generation of the open window.
 */
#ifndef WEIR_ACCOUNT_BPF_H
#define WEIR_ACCOUNT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "control.bpf.h"
#include "fragment.bpf.h"
#include "packet_view.bpf.h"
#include "parse_direct.bpf.h"
#include "parse_plain.bpf.h"
#include "port.bpf.h"
#include "table.bpf.h"

/*
 * Made when the port is attached. Index: see WEIR_TOTALS_*. An array that knows
 * the CPU, and not a per-CPU array: one pointer less has to be followed.
 */
struct totals {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct weir_totals));
};

MAP_OF_PORTS(weir_totals_of, struct totals);

#include "sample.bpf.h"
#include "sampling.bpf.h"

/* Where a frame counts. */
struct account {
	struct open_window open;
	struct weir_totals *totals;
};

/*
 * Read once a frame: all that a frame counts goes to one generation. User space
 * waits for an RCU grace period after it has written the number, so that no
 * program that read the old one is still at work when it drains. It writes the
 * tick before the number that leads to it.
 *
 * Called before the frame is looked at: calls take the registers. Negative where
 * the frame is of no port.
 */
static __always_inline int account_open(struct account *account,
					FRAME_CONTEXT *context, enum side side)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 index, number;
	struct port port;
	void *totals;

	port_find(&port, context);
	number = port.number;
	if (unlikely(!number))
		return -1;
	totals = bpf_map_lookup_elem(&weir_totals_of, &number);
	if (unlikely(!totals))
		return -1;
	account->open.port = number;
	account->open.direction = port_direction(&port, side);
	account->open.cpu = cpu;
	account->open.number = weir_control.window;
	account->open.policy = policy_version();
	account->open.generation = account->open.number % WEIR_GENERATIONS;
	index = WEIR_TOTALS_OF_CPU(cpu) +
		account->open.generation * WEIR_DIRECTIONS +
		account->open.direction;
	account->totals = bpf_map_lookup_elem(totals, &index);
	return likely(account->totals) ? 0 : -1;
}

static __always_inline void count_add(struct weir_count *count,
				      const struct packet_view *packet)
{
	count->packets += packet->packets;
	count->octets += packet->octets;
}

/*
 * What the policy says of a frame that is in no flow. What cannot be read could
 * be anything that a rule denies, so nothing of it passes; of what is not IP only
 * what a network needs, and what the policy names.
 *
 * A global function: off the way of packets that have a flow.
 */
#ifdef WEIR_POLICY
__noinline int unparsed_ruling(__u32 policy, __u32 port,
			       const struct packet_view *packet, int kind)
{
	if (!packet)
		return WEIR_RULING_NONE;
	return frame_judge(policy, port, kind == PACKET_NOT_IP && packet->is_arp,
			   kind == PACKET_NOT_IP ? packet->ether_type : -1);
}
#else
static __always_inline int unparsed_ruling(__u32 policy, __u32 port,
					   const struct packet_view *packet,
					   int kind)
{
	(void)policy;
	(void)port;
	(void)packet;
	(void)kind;
	return WEIR_RULING_NONE;
}
#endif

/*
 * What found no room is judged, too: every packet of it. Its key is not on the
 * stack, of which Linux 6.1 has no more for the functions below.
 */
#if defined(WEIR_POLICY) && defined(WEIR_SAMPLES)
/* The hook asks, since what it would take is on the stack else. */
static __always_inline int overflow_ruling(const struct account *account,
					   const struct packet_view *packet)
{
	(void)account;
	(void)packet;
	return SAID_UNJUDGED;
}
#elif defined(WEIR_POLICY)
static __noinline int overflow_ruling(const struct account *account,
				      const struct packet_view *packet)
{
	struct rule_search *search;
	__u32 index = 0;

	search = bpf_map_lookup_elem(&weir_judging, &index);
	if (!search)
		return WEIR_RULING_NONE;
	flow_key_make(&search->reported, packet, &account->open,
		      account->open.number);
	return judgement_ruling(flow_judge(&search->reported));
}
#else
static __always_inline int overflow_ruling(const struct account *account,
					   const struct packet_view *packet)
{
	(void)account;
	(void)packet;
	return WEIR_RULING_NONE;
}
#endif

/* What is in no flow is asked about frame by frame. */
#ifdef WEIR_COPIES
#define SAID_OF_NO_FLOW SAID_WANTED
#else
#define SAID_OF_NO_FLOW 0
#endif

/* plain: as packet_origin() has it. Returns what is said, as all that follow. */
static __always_inline int account_ip(const struct account *account,
				      struct packet_view *packet,
				      const void *plain)
{
	struct weir_totals *totals = account->totals;
	int ruling;

	if (!plain && packet->fragment)
		fragment_attribute(packet, account->open.port,
				   account->open.direction);
	if (!plain && packet->fragment == FRAGMENT_WITHOUT_FLOW)
		count_add(&totals->fragment_without_flow, packet);
	ruling = table_count(&account->open, packet, plain);
	if (unlikely(ruling < 0)) {
		count_add(&totals->overflow, packet);
		ruling = overflow_ruling(account, packet) | SAID_OF_NO_FLOW;
	}
	return ruling;
}

static __always_inline enum weir_unparsed unparsed_reason(int kind)
{
	switch (kind) {
	case PACKET_NOT_IP:
		return WEIR_UNPARSED_NOT_IP;
	case PACKET_TRUNCATED:
		return WEIR_UNPARSED_TRUNCATED;
	case PACKET_BEYOND_LIMITS:
		return WEIR_UNPARSED_BEYOND_LIMITS;
	default:
		return WEIR_UNPARSED_MALFORMED;
	}
}

/* A frame that is in no flow. */
static __always_inline int account_unparsed(const struct account *account,
					    int kind,
					    const struct packet_view *packet,
					    FRAME_CONTEXT *context)
{
	struct weir_totals *totals = account->totals;
	enum weir_unparsed reason = unparsed_reason(kind);
	int ruling = unparsed_ruling(account->open.policy, account->open.port,
				     packet, kind);

	if (kind == PACKET_NOT_IP)
		count_add(&totals->not_ip, packet);
	else
		count_add(&totals->malformed, packet);
	if (kind == PACKET_TRUNCATED)
		count_add(&totals->truncated, packet);
	if (kind == PACKET_BEYOND_LIMITS)
		count_add(&totals->beyond_limits, packet);
	if (ruling == WEIR_RULING_REJECT)
		count_add(&totals->audited[reason], packet);
	if (ruling == WEIR_RULING_DROP)
		count_add(&totals->refused[reason], packet);
	if (kind != PACKET_NOT_IP || ruling != WEIR_RULING_NONE)
		sample_keep(context, account->open.number, account->open.port,
			    WEIR_TOTALS_OF_SAMPLE(reason) +
				    account->open.generation *
					    WEIR_DIRECTIONS +
				    account->open.direction);
	return ruling | SAID_OF_NO_FLOW;
}

/*
 * Adds to what is said of a frame that is counted whether it is to be sampled:
 * now, or since the policy drops it.
 */
static __always_inline int account_sampled(const struct account *account,
					   const struct packet_view *packet,
					   int said)
{
#ifdef WEIR_SAMPLES
	const struct weir_totals *totals = account->totals;
	__u32 packets = packet->packets;

	if (unlikely(totals->seen.packets >= totals->sample_at))
		said |= SAID_SAMPLED;
	else if (likely(SAID_RULING(said) != WEIR_RULING_DROP &&
			!(said & SAID_UNJUDGED)))
		return said;
	if (packets > SAID_PACKETS_MOST)
		packets = SAID_PACKETS_MOST;
	said |= packets << SAID_PACKETS_SHIFT;
#else
	(void)account;
	(void)packet;
#endif
	return said;
}

/* Samples it, where that was said. Once what becomes of it is known. */
static __always_inline void account_sample(const struct account *account,
					   FRAME_CONTEXT *context, int said)
{
#ifdef WEIR_SAMPLES
	if (unlikely(said & SAID_SAMPLED))
		sample_take(context, account->open.port,
			    WEIR_TOTALS_OF_CPU(account->open.cpu) +
				    account->open.generation *
					    WEIR_DIRECTIONS +
				    account->open.direction,
			    said);
	if (unlikely(SAID_RULING(said) == WEIR_RULING_DROP))
		sample_discarded(context, account->open.port,
				 account->open.direction,
				 said >> SAID_PACKETS_SHIFT);
#else
	(void)account;
	(void)context;
	(void)said;
#endif
}

/* What the long way found. context is the frame's. */
static __always_inline int account(const struct account *account, int kind,
				   struct packet_view *packet,
				   FRAME_CONTEXT *context)
{
	count_add(&account->totals->seen, packet);
	if (kind != PACKET_IP)
		return account_sampled(account, packet,
				       account_unparsed(account, kind, packet,
							context));
	related_find(context, packet, &account->open);
	return account_sampled(account, packet,
			       account_ip(account, packet, NULL));
}

/*
 * Where the frame was plain, and is accounted for, what is said of it; a negative
 * number: the long way.
 */
static __always_inline int account_plain(const struct account *account,
					 const struct frame *frame)
{
	struct packet_view packet = {};

	/* Apart, so that IPv4 carries nothing that IPv6 alone needs. */
	switch (plain_ether_type(frame)) {
	case bpf_htons(ETH_P_IP):
		if (!plain_ipv4(frame, &packet))
			return -1;
		count_add(&account->totals->seen, &packet);
		return account_sampled(account, &packet,
				       account_ip(account, &packet,
						  frame->data));
	case bpf_htons(ETH_P_IPV6):
		if (!plain_ipv6(frame, &packet))
			return -1;
		count_add(&account->totals->seen, &packet);
		return account_sampled(account, &packet,
				       account_ip(account, &packet,
						  frame->data));
	default:
		return -1;
	}
}

#endif
