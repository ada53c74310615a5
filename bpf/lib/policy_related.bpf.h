/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * ICMP errors that report a packet of a connection that the policy allows: RFC 792,
 * RFC 4443 §3, RFC 5508 §3.2. Each error is looked into, since one that reports
 * something else has the same addresses, type and code.
 */
#ifndef WEIR_POLICY_RELATED_BPF_H
#define WEIR_POLICY_RELATED_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "policy_judge.bpf.h"

#define ICMP_UNREACHABLE 3
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_PARAMETER_PROBLEM 4

#define IPV4_FRAGMENT_BITS 0x3fff	/* more fragments, and the offset */

/* Redirects report nothing: they tell a machine where to send. */
static __always_inline int is_icmp_error(const struct packet_view *packet)
{
	int type = bpf_ntohs(packet->src_port);

	if (packet->key_kind & WEIR_KEY_IPV6)
		return packet->protocol == IPPROTO_ICMPV6 &&
		       type >= ICMPV6_UNREACHABLE &&
		       type <= ICMPV6_PARAMETER_PROBLEM;
	return packet->protocol == IPPROTO_ICMP &&
	       (type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
		type == ICMP_PARAMETER_PROBLEM);
}

/*
 * The addresses of a reported packet, as a flow key has them, its protocol, and
 * where its transport's header is: NULL where it is cut, or a fragment.
 */
static __always_inline __u8 *reported_ipv4(union key_words *flow, void *data,
					   void *data_end, __u8 *protocol)
{
	struct iphdr *ip = data;

	if ((void *)(ip + 1) > data_end || ip->version != 4 ||
	    ip->ihl * 4 < (int)sizeof(*ip) ||
	    ip->frag_off & bpf_htons(IPV4_FRAGMENT_BITS))
		return NULL;
	flow->words[0] = ip->saddr;
	flow->words[1] = 0;
	flow->words[2] = ip->daddr;
	flow->words[3] = 0;
	*protocol = ip->protocol;
	return data + ip->ihl * 4;
}

static __always_inline __u8 *reported_ipv6(union key_words *flow, void *data,
					   void *data_end, __u8 *protocol)
{
	struct ipv6hdr *ip = data;

	if ((void *)(ip + 1) > data_end || ip->version != 6)
		return NULL;
	flow->words[0] = load_word(&ip->saddr);
	flow->words[1] = load_word((void *)&ip->saddr + 8);
	flow->words[2] = load_word(&ip->daddr);
	flow->words[3] = load_word((void *)&ip->daddr + 8);
	*protocol = ip->nexthdr;
	return data + sizeof(*ip);
}

/* As a flow key has them: wire order. The first four bytes can be read. */
static __always_inline __u32 reported_ports(const __u8 *transport, __u8 protocol,
					    int is_ipv6)
{
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case UDP_LITE_PROTOCOL:
		return *(__u32 *)transport;
	case IPPROTO_ICMP:
		return is_ipv6 ? 0 : PORT_PAIR(transport[0], transport[1]);
	case IPPROTO_ICMPV6:
		return is_ipv6 ? PORT_PAIR(transport[0], transport[1]) : 0;
	default:
		return 0;
	}
}

/* The flow of the reported packet, which went the other way; 0 where it is cut. */
static __always_inline int reported_flow(union key_words *flow,
					 FRAME_CONTEXT *context,
					 const struct packet_view *packet,
					 __u32 port, __u32 direction,
					 __u32 policy)
{
	int is_ipv6 = packet->key_kind & WEIR_KEY_IPV6;
	void *data_end = frame_data_end(context);
	void *data = frame_data(context);
	__u64 kind = packet->key_kind;
	__u8 *transport, protocol;

	if (packet->payload > FRAME_OFFSET_MAX)
		return 0;
	data += packet->payload;
	transport = is_ipv6 ? reported_ipv6(flow, data, data_end, &protocol) :
			      reported_ipv4(flow, data, data_end, &protocol);
	if (!transport || transport + 4 > (__u8 *)data_end)
		return 0;
	/* An error goes to the machine that sent what it reports. */
	if (flow->words[0] != packet->dst_addr[0] ||
	    flow->words[1] != packet->dst_addr[1])
		return 0;
	if (direction == WEIR_INGRESS)
		kind |= WEIR_KEY_EGRESS;
	flow->words[4] = reported_ports(transport, protocol, is_ipv6) |
			 (__u64)port << 32 |
			 (__u64)packet->vlan_id << 48;
	flow->words[5] = packet->inner_vlan_id |
			 (__u64)protocol << KEY_PROTOCOL_SHIFT |
			 kind << KEY_KIND_SHIFT | policy;
	return 1;
}

/* The rule that allows the connection of that flow; NULL where there is none. */
static __always_inline struct weir_policy_rule *
connection_rule(struct rule_search *search, const union key_words *flow)
{
	struct weir_policy_port *port = flow_policy(search, flow);
	__u8 direction = flow_direction(flow);
	struct weir_policy_rule *rule;
	void *connections = flow_connections(flow);
	__u64 now = FRAME_CLOCK();

	if (!port || !connections || !connection_key(&search->key, flow))
		return NULL;
	if (connection_find(connections, &search->key, flow, now, direction))
		rule = flow_rule(search, flow, port->set);
	else if (connection_find(connections, &search->key, flow, now,
				 direction ^ 1))
		rule = answered_rule(search, flow, port->set);
	else
		return NULL;
	return rule && rule->allows && rule->is_stateful ? rule : NULL;
}

/*
 * Marks an ICMP error that reports a packet of an allowed connection: policy_judge()
 * allows it.
 *
 * A global function: off the way of other packets, and looked at by the verifier
 * once.
 */
__noinline int related_mark(FRAME_CONTEXT *context, struct packet_view *packet,
			    __u32 port, __u32 direction, __u32 policy)
{
	struct weir_policy_rule *rule;
	struct rule_search *search;
	__u32 index = 0;

	search = bpf_map_lookup_elem(&weir_judging, &index);
	if (!context || !packet || !search ||
	    !reported_flow(&search->reported, context, packet, port, direction,
			   policy))
		return 0;
	rule = connection_rule(search, &search->reported);
	if (!rule)
		return 0;
	search->related = rule->number;
	packet->dst_port |= bpf_htons(WEIR_KEY_RELATED);
	return 1;
}

static __always_inline void related_find(FRAME_CONTEXT *context,
					 struct packet_view *packet,
					 const struct open_window *open)
{
	if (open->policy && packet->fragment == FRAGMENT_NONE &&
	    is_icmp_error(packet))
		related_mark(context, packet, open->port, open->direction,
			     open->policy);
}

#endif
