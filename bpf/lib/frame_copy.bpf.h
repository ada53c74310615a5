/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Copies of frames, of whatever hook: for each capture that wants the frame, and
 * for the session that takes it. Where the hook can send (FRAME_CLONES, at TC), a
 * clone is sent; else the frame is put into the ring of weir-mirror.
 *
 * What a frame is, is found anew here, rather than that the short way keeps it.
 */
#ifndef WEIR_FRAME_COPY_BPF_H
#define WEIR_FRAME_COPY_BPF_H

#include "frame_judge.bpf.h"
#include "ring_copy.bpf.h"

/* How long a frame is on the wire, and how much of it is one packet. */
struct wire {
	__u32 octets;		/* of one packet, from the IP header on */
	__u32 length;		/* of its frame, with all tags */
};

static __always_inline void wire_make(struct wire *wire, FRAME_CONTEXT *context,
				      const struct packet_view *packet)
{
	__u32 length = frame_length(context);
	__u32 link = ETH_HLEN;

	if (packet->vlan_id && !FRAME_HAS_TAG(context))
		link += 4;
	if (packet->inner_vlan_id)
		link += 4;
	wire->octets = packet->octets;
	wire->length = length;
	if (packet->packets > 1) {
		/* All segments but the first have the headers once more. */
		__u32 headers = (packet->octets - (length - link)) /
				(packet->packets - 1);

		wire->octets = headers + FRAME_GSO_SIZE(context);
		wire->length = link + wire->octets;
	}
	if (FRAME_HAS_TAG(context))
		wire->length += 4;
}

/*
 * How many bytes of the frame the session keeps, 0 for all. Why none are sent, an
 * enum weir_tap_loss; or TAP_SENT.
 */
static __always_inline int wire_fit(const struct wire *wire,
				    const struct weir_tap_session *session,
				    __u32 *keep)
{
	*keep = session->length;
	if (!session->longest || wire->length <= session->longest)
		return TAP_SENT;
	if (session->oversize == WEIR_TAP_REFUSE)
		return WEIR_TAP_LOSS_TOO_BIG;
	if (session->oversize == WEIR_TAP_CUT &&
	    (!*keep || *keep > session->longest))
		*keep = session->longest;
	return TAP_SENT;
}

/* Says which sender the session has; defined by the hook that clones. */
#ifdef FRAME_CLONES
static __always_inline int frame_clone(FRAME_CONTEXT *context,
				       const struct tapped *tapped, __u32 keep);
#endif

#ifdef WEIR_POLICY
/* By which rule that was said of the frame that is copied; 0: not known. */
__noinline int frame_rule(FRAME_CONTEXT *context, __u32 said)
{
	struct packet_view *packet = packet_copied();
	struct tap_frame *frame = tap_frame();
	__u32 judgement;

	if (!context || !packet || !frame || !(frame->kinds & WEIR_TAP_IP) ||
	    SAID_RULING(said) == WEIR_RULING_NONE)
		return 0;
	judgement = packet_judgement(context, packet, frame->key.key.port,
				     frame->direction & 1);
	return (judgement_ruling(judgement) & 3) == SAID_RULING(said) ?
		       judgement_rule(judgement) :
		       0;
}
#else
static __always_inline int frame_rule(FRAME_CONTEXT *context, __u32 said)
{
	(void)context;
	(void)said;
	return 0;
}
#endif

/* Into a ring; see ring_copy(). */
static __always_inline int frame_record(FRAME_CONTEXT *context,
					const struct tapped *tapped,
					const struct tap_frame *frame,
					const struct packet_view *packet,
					__u32 keep, int said, __u16 rule)
{
	const struct weir_tap_session *session = tapped->session;
	struct ring_copy what = {
		.place = session->destination == WEIR_TAP_TO_RING ?
				 session->interface :
				 WEIR_RING_MIRROR,
		.keep = keep,
		.packets = packet->packets,
		.label = session->label,
		.port = frame->key.key.port,
		.rule = rule,
		.direction = frame->direction,
		.ruling = SAID_RULING(said),
	};

	return ring_copy(context, &what);
}

/* What a clone, of which the kernel has the first segment alone where it is cut. */
static __always_inline void tap_count_clone(struct weir_tap_account *account,
					    const struct packet_view *packet,
					    const struct wire *wire, __u32 keep)
{
	if (!keep) {
		tap_count(&account->mirrored, packet->packets, packet->octets);
		return;
	}
	tap_count(&account->mirrored, 1, wire->octets);
	tap_count(&account->cut, 1, wire->octets);
	if (packet->packets > 1)
		tap_count(&account->losses[WEIR_TAP_LOSS_SEGMENTS],
			  packet->packets - 1, packet->octets - wire->octets);
}

/* For the session or the capture that has taken the frame, as tap_take() has it. */
__noinline int frame_serve(FRAME_CONTEXT *context, int taken, __u32 said,
			   __u32 rule)
{
	struct packet_view *packet = packet_copied();
	struct tap_frame *frame = tap_frame();
	struct weir_tap_account *account;
	struct wire wire = {};
	struct tapped tapped;
	__u32 keep = 0;
	__u32 lost;
	int loss;

	if (!context || !packet || !frame || tap_find(&tapped, frame, taken))
		return 0;
	account = tapped.account;
	tap_count(&account->matched, packet->packets, packet->octets);
	loss = tap_withholds(&tapped, frame, packet);
	if (loss == TAP_SENT) {
		wire_make(&wire, context, packet);
		loss = wire_fit(&wire, tapped.session, &keep);
	}
	if (keep >= frame_length(context))
		keep = 0;
	if (loss == TAP_SENT) {
#ifdef FRAME_CLONES
		if (tapped.session->destination != WEIR_TAP_TO_RING) {
			loss = frame_clone(context, &tapped, keep);
			if (loss == TAP_SENT) {
				tap_count_clone(account, packet, &wire, keep);
				return 0;
			}
		} else
#endif
			loss = frame_record(context, &tapped, frame, packet,
					    keep, said, rule);
	}
	/* The compiler knows what a global function returns; the verifier does not. */
	lost = loss;
	barrier_var(lost);
	if (lost < WEIR_TAP_LOSSES) {
		tap_count(&account->losses[lost], packet->packets,
			  packet->octets);
		return 0;
	}
	tap_count(&account->mirrored, packet->packets, packet->octets);
	if (loss == TAP_CUT)
		tap_count(&account->cut, packet->packets, packet->octets);
	return 0;
}

/* What the frame is to rules, and whether a session takes it: as tap_take(). */
__noinline int frame_look(FRAME_CONTEXT *context, __u32 side, __u32 said)
{
	struct packet_view *packet = packet_copied();
	struct tap_frame *frame = tap_frame();
	struct port port;
	__u8 direction;
	int kind;

	if (!context || !packet || !frame)
		return TAP_NO_MORE;
	port_find(&port, context);
	if (!port.number)
		return TAP_NO_MORE;
	direction = port_direction(&port, side & 1);
	kind = frame_parse_any(context, packet);
	if (kind == PACKET_IP && packet->fragment)
		fragment_attribute(packet, port.number, direction);
	tap_frame_make(frame, packet, kind, said, port.number, direction);
	return tap_take(frame);
}

/*
 * Copies a frame that a session or a capture may want, where one does.
 *
 * A global function: off the way of frames that none wants. It has next to nothing
 * on the stack, which has room for little more than each of the others alone.
 */
__noinline int frame_copy(FRAME_CONTEXT *context, __u32 side, __u32 said)
{
	int taken;

	if (!context)
		return 0;
	taken = frame_look(context, side, said);
	if (taken == TAP_NO_MORE)
		return 0;
	for (__u32 i = 0; i < WEIR_TAP_CAPTURES; i++) {
		int captured = tap_capture(tap_frame(), i);

		if (captured == TAP_NO_MORE)
			break;
		if (captured >= 0)
			frame_serve(context, captured, said,
				    frame_rule(context, said));
	}
	/* Last: programs at the interface that it leaves by may be this one. */
	if (taken >= 0)
		frame_serve(context, taken, said, 0);
	return 0;
}

#endif
