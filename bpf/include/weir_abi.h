/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the kernel programs and user space agree on: the layout of keys, slots,
 * totals and control, and the names of maps and programs. Data only. Included
 * by bpf/lib and, as module CWeirABI, by FlowKernel.
 *
 * A change of anything here changes the layout hash that names the directory
 * of pins, so that two builds with different layouts never share a map.
 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <linux/types.h>

#define WEIR_ABI_VERSION 1

/* Port numbers are 1 .. WEIR_MAX_PORTS - 1; 0 is no port. */
#define WEIR_MAX_PORTS 4096
#define WEIR_GENERATIONS 2
#define WEIR_DIRECTIONS 2
#define WEIR_ADDRESS_LENGTH 16
#define WEIR_MAC_LENGTH 6
#define WEIR_INTERFACE_NAME_LENGTH 16

/* Always the view of the machine behind a guest port, as AWS has it. */
enum weir_direction {
	WEIR_INGRESS = 0,
	WEIR_EGRESS = 1,
};

enum weir_role {
	WEIR_GUEST = 0,
	WEIR_UPLINK = 1,
};

/* weir_flow_key.flags */
#define WEIR_KEY_FRAGMENT_WITHOUT_FLOW 0x01

/*
 * What makes a flow. Addresses and ports are in wire order, the rest in host
 * order. An IPv4 address fills the first four bytes; the others are zero.
 */
struct weir_flow_key {
	__u8 src_addr[WEIR_ADDRESS_LENGTH];
	__u8 dst_addr[WEIR_ADDRESS_LENGTH];
	__u16 src_port;		/* wire order; ICMP: the type */
	__u16 dst_port;		/* wire order; ICMP: the code */
	__u16 port;		/* number of the port */
	__u16 vlan_id;		/* outermost tag; 0: untagged or priority tag */
	__u16 inner_vlan_id;	/* the tag below it; 0: none */
	__u8 ip_version;	/* 4 or 6 */
	__u8 protocol;		/* IANA number of the transport */
	__u8 direction;		/* enum weir_direction */
	__u8 flags;		/* WEIR_KEY_* */
	__u16 zero;		/* padding, always zero */
};

/*
 * The counters of one flow on one CPU in one window. The last three fields
 * describe the first packet only. Times are nanoseconds of CLOCK_MONOTONIC as
 * bpf_ktime_get_coarse_ns() gives them: one tick is their resolution.
 */
struct weir_slot {
	__u64 packets;		/* wire packets: a GSO frame counts its segments */
	__u64 octets;		/* from the IP header on, without padding */
	__u64 first_ns;
	__u64 last_ns;
	__u16 tcp_control_bits;	/* OR of bytes 12 (low half) and 13 */
	__u8 tcp_flags;		/* AWS reduction: ACK only as part of SYN+ACK */
	__u8 dscp;
	__u8 src_mac[WEIR_MAC_LENGTH];
	__u8 dst_mac[WEIR_MAC_LENGTH];
};

struct weir_count {
	__u64 packets;
	__u64 octets;
};

/*
 * Every frame that a hook sees, counted by what became of it. They only grow;
 * a window is the difference to what weir_totals held when the generation was
 * drained before.
 *
 *	seen = ip + not_ip + malformed
 *	ip = packets in slots + overflow
 *
 * truncated is a part of malformed, fragment_without_flow a part of ip.
 * Octets are counted from the IP header on; for what is not IP or malformed,
 * from where the IP header would be to the end of the frame.
 */
struct weir_totals {
	struct weir_count seen;
	struct weir_count ip;
	struct weir_count overflow;
	struct weir_count not_ip;
	struct weir_count malformed;
	struct weir_count truncated;
	struct weir_count fragment_without_flow;
};

/* One mmap-able page; what user space tells the programs, and other readers. */
struct weir_control {
	__u32 window;		/* the open window's number; bit 0: its generation */
	__u32 meter_pid;	/* the daemon that swaps; 0: nobody does */
	__u64 opened_monotonic_ns;	/* the anchor of the open window: ... */
	__u64 opened_realtime_ns;	/* ... both clocks when it was opened */
	__u64 closes_realtime_ns;	/* when it is due to be closed; 0: unknown */
	__u32 interval_ms;	/* length of a window; 0: nobody swaps */
	__u32 last_port;	/* the port number given out last */
};

/* Baked into each port's copy of a program before it is loaded. */
struct weir_port_config {
	__u16 port;
	__u8 role;		/* enum weir_role */
	__u8 zero[5];
};

/* The datagram that a fragment belongs to: RFC 791 §3.2, RFC 8200 §4.5. */
struct weir_fragment_key {
	__u8 src_addr[WEIR_ADDRESS_LENGTH];
	__u8 dst_addr[WEIR_ADDRESS_LENGTH];
	__u32 identification;	/* wire order */
	__u16 port;
	__u16 vlan_id;
	__u16 inner_vlan_id;
	__u8 ip_version;
	__u8 protocol;		/* IPv4 only: IPv6 does not tell it apart by this */
	__u8 direction;
	__u8 zero[3];
};

/* What only the first fragment of a datagram tells. */
struct weir_fragment {
	__u64 seen_ns;
	__u16 src_port;		/* as in weir_flow_key */
	__u16 dst_port;
	__u8 protocol;
	__u8 zero[3];
};

/* Where a program of a port sits; one for frames from it, one for frames to it. */
enum weir_hook {
	WEIR_HOOK_NONE = 0,
	WEIR_HOOK_TCX = 1,	/* a bpf_link, kernel 6.6 and later */
	WEIR_HOOK_CLSACT = 2,	/* a filter of the clsact qdisc */
	WEIR_HOOK_XDP = 3,	/* a bpf_link; frames from the port only */
};

enum weir_xdp_mode {
	WEIR_XDP_NONE = 0,
	WEIR_XDP_NATIVE = 1,
	WEIR_XDP_GENERIC = 2,
};

enum weir_port_state {
	WEIR_PORT_ATTACHED = 1,
	WEIR_PORT_CLOSING = 2,	/* detached; its last counts are not yet drained */
};

/* The register of ports: written by user space, never read by programs. */
struct weir_port {
	char name[WEIR_INTERFACE_NAME_LENGTH];	/* ends with a zero byte */
	__u32 ifindex;
	__u8 role;		/* enum weir_role */
	__u8 state;		/* enum weir_port_state */
	__u8 from_hook;		/* enum weir_hook */
	__u8 to_hook;		/* enum weir_hook */
	__u8 xdp_mode;		/* enum weir_xdp_mode */
	__u8 owns_clsact;	/* 1: the clsact qdisc is ours to remove */
	__u8 zero[6];
	__u64 attached_realtime_ns;
	__u64 network_namespace;	/* inode number of its nsfs file */
};

_Static_assert(sizeof(struct weir_flow_key) == 48, "flow key");
_Static_assert(sizeof(struct weir_slot) == 48, "slot");
_Static_assert(sizeof(struct weir_totals) == 112, "totals");
_Static_assert(sizeof(struct weir_control) == 40, "control");
_Static_assert(sizeof(struct weir_port_config) == 8, "port configuration");
_Static_assert(sizeof(struct weir_fragment_key) == 48, "fragment key");
_Static_assert(sizeof(struct weir_fragment) == 16, "fragment");
_Static_assert(sizeof(struct weir_port) == 48, "port");

/* Names of maps: the same in the objects and as pins. */
#define WEIR_MAP_CONTROL "weir_control"
#define WEIR_MAP_FLOWS_0 "weir_flows_0"
#define WEIR_MAP_FLOWS_1 "weir_flows_1"
#define WEIR_MAP_TOTALS_0 "weir_totals_0"
#define WEIR_MAP_TOTALS_1 "weir_totals_1"
#define WEIR_MAP_DRAINED "weir_drained"
#define WEIR_MAP_FRAGMENTS "weir_fragments"
#define WEIR_MAP_PORTS "weir_ports"

/* Names of programs, one in each object. */
#define WEIR_PROGRAM_TC_FROM_PORT "weir_tc_from"
#define WEIR_PROGRAM_TC_TO_PORT "weir_tc_to"
#define WEIR_PROGRAM_XDP_FROM_PORT "weir_xdp_from"

#endif
