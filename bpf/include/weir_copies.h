/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What programs that copy frames and user space agree on: tap sessions, what
 * becomes of the frames that they take, and copies in rings. Data only.
 *
 * Sessions and their rules lie in two generations, as a policy does:
 * weir_control.taps says which is in force.
 */
#ifndef WEIR_COPIES_H
#define WEIR_COPIES_H

#include <linux/types.h>

#define WEIR_TAP_SESSIONS 1024
#define WEIR_TAP_ACCOUNTS 4096
#define WEIR_TAP_USES 16		/* sessions that one port is a source of */
#define WEIR_TAP_CAPTURES 4	/* beside these */
#define WEIR_TAP_RULES 16384		/* of all sessions */
#define WEIR_TAP_RULES_OF_DIRECTION 128	/* of one */

/* weir_tap_rule.kinds: what it names. */
enum weir_tap_kinds {
	WEIR_TAP_ACCEPTS = 0x01,	/* else what it matches is not taken */
	WEIR_TAP_IP = 0x02,	/* only packets that have a flow */
	WEIR_TAP_IPV4 = 0x04,
	WEIR_TAP_IPV6 = 0x08,
	WEIR_TAP_PROTOCOL = 0x10,
	WEIR_TAP_PORTS = 0x20,	/* not later fragments without a flow */
	WEIR_TAP_VLAN = 0x40,
	/* Not the same for all packets of a flow: */
	WEIR_TAP_FLAGS = 0x100,
	WEIR_TAP_REFUSED = 0x200,	/* the policy drops it, or would */
	WEIR_TAP_PASSED = 0x400,	/* it does not */
};

#define WEIR_TAP_OF_PACKET (WEIR_TAP_FLAGS | WEIR_TAP_REFUSED | WEIR_TAP_PASSED)

/* Index: generation * WEIR_TAP_RULES + place. Host order but for addresses. */
struct weir_tap_rule {
	__u64 words[4];		/* both addresses as weir_flow_key has them, masked */
	__u64 masks[4];
	__u16 src_port[2];	/* lowest and highest */
	__u16 dst_port[2];
	__u16 vlan[2];
	__u16 kinds;		/* enum weir_tap_kinds */
	__u16 number;
	__u8 protocol;
	__u8 tcp_flags;		/* of byte 13 of the header, ... */
	__u8 tcp_mask;		/* ... in these bits */
	__u8 zero[5];
};

enum weir_tap_destination {
	WEIR_TAP_TO_INTERFACE = 1,	/* an Ethernet device */
	WEIR_TAP_TO_TUNNEL = 2,	/* a VXLAN device in collect-metadata mode */
	WEIR_TAP_TO_RING = 3,	/* a capture: frames of its sources' ports alone */
};

/* What becomes of frames whose outer packets would not fit. */
enum weir_tap_oversize {
	WEIR_TAP_FRAGMENT = 0,
	WEIR_TAP_CUT = 1,
	WEIR_TAP_REFUSE = 2,
};

struct weir_tap_rules {
	__u32 first;
	__u32 count;
};

/* Index: generation * WEIR_TAP_SESSIONS + place. */
struct weir_tap_session {
	struct weir_tap_rules rules[2];	/* by enum weir_direction */
	/* Index of the destination or the tunnel's device; or a place in weir_rings. */
	__u32 interface;
	__u32 length;		/* bytes of a frame that are copied; 0: all */
	__u32 longest;		/* frame that fits the tunnel's path; 0: any */
	__u16 label;		/* what records of a ring call it */
	__u8 destination;	/* enum weir_tap_destination */
	__u8 oversize;		/* enum weir_tap_oversize */
	__u32 vni;
	__u8 remote[16];	/* IPv4: the first four bytes, wire order */
	__u8 is_ipv6;
	__u8 type_of_service;
	__u8 time_to_live;
	__u8 without_checksum;	/* 1: the outer UDP header has none */
	__u32 first_packets;	/* of each flow; 0: any */
	__u64 first_octets;	/* of each flow; 0: any */
	__u32 sample_rate;	/* one of so many; 0 and 1: all */
	__u8 sample_flows;	/* 1: whole flows, else packets */
	__u8 has_vlans;		/* 1: only those below */
	__u8 zero[2];
	__u64 vlans[4096 / 64];	/* bit n % 64 of word n / 64: outermost id n */
};

struct weir_tap_use {
	__u16 session;		/* its place */
	__u16 account;
};

/* Index: generation * WEIR_MAX_PORTS + port. */
struct weir_tap_port {
	__u16 count;
	/* Wire order: UDP to it goes to no session here, but to captures; 0: all does. */
	__u16 tunnel_port;
	__u16 captures;
	__u16 zero;
	struct weir_tap_use uses[WEIR_TAP_USES];	/* the first that wants it takes it */
	struct weir_tap_use capture[WEIR_TAP_CAPTURES];	/* each that wants it has it */
};

/*
 * A limit, kept as the time at which what was sent would have been sent had it
 * been sent at the rate (the generic cell rate algorithm, ITU-T I.371). Times are
 * in 1/256 ns of CLOCK_MONOTONIC.
 */
struct weir_tap_limit {
	__u64 due;		/* programs write it */
	__u64 cost;		/* of one unit, in 2^-16 of that time; 0: no limit */
	__u64 burst;		/* that due may be ahead */
	__u64 zero;
};

#define WEIR_TAP_TIME_SHIFT 8
#define WEIR_TAP_COST_SHIFT 16

enum weir_tap_limits {
	WEIR_TAP_RATE_PACKETS = 0,
	WEIR_TAP_RATE_BYTES = 1,
	WEIR_TAP_BUDGET_PACKETS = 2,
	WEIR_TAP_BUDGET_BYTES = 3,
};
#define WEIR_TAP_LIMITS 4

/* Index: place of the session * WEIR_TAP_LIMITS + enum weir_tap_limits. */

/* Why what was taken was not sent. */
enum weir_tap_loss {
	WEIR_TAP_LOSS_FIRST = 0,	/* its flow has had its first packets */
	WEIR_TAP_LOSS_SAMPLING = 1,
	WEIR_TAP_LOSS_RATE = 2,
	WEIR_TAP_LOSS_BUDGET = 3,
	WEIR_TAP_LOSS_SEGMENTS = 4,	/* of a super-frame that was cut: all but one */
	WEIR_TAP_LOSS_DESTINATION = 5,
	WEIR_TAP_LOSS_TOO_BIG = 6,
	WEIR_TAP_LOSS_RING = 7,
};
#define WEIR_TAP_LOSSES 8

struct weir_tap_count {
	__u64 packets;
	__u64 octets;
};

/*
 * Index: account * WEIR_DIRECTIONS + direction; a value for each CPU. They only
 * grow. matched = mirrored + all losses; cut is a part of mirrored.
 */
struct weir_tap_account {
	struct weir_tap_count matched;
	struct weir_tap_count mirrored;
	struct weir_tap_count cut;
	struct weir_tap_count losses[WEIR_TAP_LOSSES];
};

/* A flow of a session that takes the first packets of each. */
struct weir_tap_flow {
	__u64 words[5];		/* addresses, ports, port and VLAN id of weir_flow_key */
	__u32 rest;		/* inner VLAN id, protocol, kind */
	__u32 account;
};

struct weir_tap_seen {
	__u64 packets;
	__u64 octets;
};
#define WEIR_TAP_FLOWS 65536

/*
 * In skb->mark of a copy: it is not copied again, and is not the traffic of the
 * port that it leaves by.
 */
#define WEIR_COPY_MARK 0x57e1c0de

/* Copies that left by a port; index: port. A value for each CPU. */
struct weir_carried {
	__u64 packets;
	__u64 bytes;		/* of frames */
};

/*
 * Copies that another host's tunnel brings: by whom they are sent and under which
 * number. What is not here is dropped.
 */
struct weir_tap_sender {
	__u8 address[16];	/* IPv4: the first four bytes, wire order */
	__u32 vni;
	__u32 is_ipv6;
};

struct weir_tap_arrival {
	__u32 interface;	/* where they go */
	__u32 zero;
	__u64 packets;		/* brought there */
	__u64 bytes;
};
#define WEIR_TAP_ARRIVALS 4096

/* Why a frame is in a ring. */
enum weir_copy_cause {
	WEIR_COPY_SAMPLE = 1,
	WEIR_COPY_DISCARDED = 2,
	WEIR_COPY_SESSION = 3,
};

/* A record of a ring: the beginning of a frame, which follows. */
struct weir_copy {
	__u64 time_ns;		/* CLOCK_MONOTONIC */
	__u32 length;		/* of the whole frame, without a tag that is not in it */
	__u32 kept;		/* bytes of it that follow; the record may be longer */
	__u16 port;
	__u16 rule;		/* of the policy; 0: none, or not known */
	__u8 direction;		/* enum weir_direction */
	__u8 ruling;		/* enum weir_ruling */
	__u8 cause;		/* enum weir_copy_cause */
	__u8 has_vlan;		/* 1: vlan_tci was beside the frame */
	__u16 vlan_tci;
	__u16 gso_size;		/* 0: one wire packet */
	__u16 session;		/* weir_tap_session.label */
	__u16 zero;
	__u32 packets;		/* on the wire */
	__u32 samples;		/* of these, how many were drawn */
	/* Of samples: packets of its direction, CPU and generation that could have been drawn. */
	__u64 pool;
};

/*
 * What is sampled at a port, all directions together; index: port. User space
 * writes it, and then weir_totals.sample_at.
 */
struct weir_sampling {
	__u32 rate;		/* one packet of so many; 0: none */
	__u32 discards;	/* packets a second and CPU that the policy drops; 0: none */
};

/*
 * What became of it; index: port; a value for each CPU. Packets on the wire.
 * What the policy drops while discards are wanted is in one of the last two.
 */
struct weir_sampled {
	__u64 samples;
	__u64 lost;		/* of these: the ring had no room */
	__u64 discards;		/* put into the ring */
	__u64 withheld;		/* not, for their number or for want of room */
	__u64 second;		/* in units of 2^30 ns: ... */
	__u64 spent;		/* ... copies of discarded frames that were made in it */
};

#define WEIR_SAMPLED_SECOND_SHIFT 30

_Static_assert(sizeof(struct weir_tap_rule) == 88, "rule of a tap");
_Static_assert(sizeof(struct weir_tap_session) == 592, "session of a tap");
_Static_assert(sizeof(struct weir_tap_port) == 88, "port of a tap");
_Static_assert(sizeof(struct weir_tap_limit) == 32, "limit of a tap");
_Static_assert(sizeof(struct weir_tap_account) == 176, "account of a tap");
_Static_assert(sizeof(struct weir_tap_flow) == 48, "flow of a tap");
_Static_assert(sizeof(struct weir_tap_sender) == 24, "sender of copies");
_Static_assert(sizeof(struct weir_tap_arrival) == 24, "arrival of copies");
_Static_assert(sizeof(struct weir_copy) == 48, "copy");
_Static_assert(sizeof(struct weir_sampling) == 8, "sampling of a port");
_Static_assert(sizeof(struct weir_sampled) == 48, "samples of a port");

#define WEIR_MAP_TAP_RULES "weir_tap_rules"
#define WEIR_MAP_TAP_SESSIONS "weir_tap_sess"
#define WEIR_MAP_TAP_PORTS "weir_tap_ports"
#define WEIR_MAP_TAP_LIMITS "weir_tap_limits"
#define WEIR_MAP_TAP_ACCOUNTS "weir_tap_counts"
#define WEIR_MAP_TAP_FLOWS "weir_tap_flows"
#define WEIR_MAP_CARRIED "weir_carried"
#define WEIR_MAP_COPYING "weir_copying"
#define WEIR_MAP_TAP_ARRIVALS "weir_tap_from"
#define WEIR_MAP_TAP_STRANGERS "weir_tap_strang"	/* packets of no known sender */
#define WEIR_MAP_SAMPLES "weir_samples"
#define WEIR_MAP_SAMPLING "weir_sampling"
#define WEIR_MAP_SAMPLED "weir_sampled"
#define WEIR_MAP_RINGS "weir_rings"

#define WEIR_SAMPLES_BYTES 1048576

/*
 * Rings of copies, by their places. In the first are the frames of sessions that
 * their ports' programs cannot send; each capture has one of its own.
 */
#define WEIR_RINGS 64
#define WEIR_RING_MIRROR 0
#define WEIR_RING_BYTES 8388608
#define WEIR_RING_MOST 65552	/* bytes of a frame */

#define WEIR_PROGRAM_TAP_TUNNEL "weir_tap_tunnel"
#define WEIR_PROGRAM_TAP_ARRIVE "weir_tap_arrive"

#endif
