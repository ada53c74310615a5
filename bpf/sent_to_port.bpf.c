// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames to an AF_XDP port, which the switch hands to it past its qdisc: what
 * sent_frames.bpf.c has kept of the frame is counted when it is on its way.
 *
 * Contexts: runs in __dev_direct_xmit(), where packets that arrive interrupt
 * it: it has a table of its own. Of two of it on one CPU the second does not
 * run, since the program that calls it does not.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAME_CONTEXT struct weir_sent_frame
#define FRAME_PORT(sent) ((sent)->port)
/* Further frames are not kept; what goes on behind that is malformed. */
#define FRAME_OFFSET_MAX (WEIR_SENT_COPY - 1)
/* What it sees is on its way already. */
#define POLICY_CANNOT_DROP
/* The coarse one is not for programs of this type before Linux 6.2. */
#define FRAME_CLOCK bpf_ktime_get_ns

#include "lib/sent.bpf.h"

static __always_inline void *frame_data(FRAME_CONTEXT *sent)
{
	return sent->bytes;
}

static __always_inline void *frame_data_end(FRAME_CONTEXT *sent)
{
	__u32 copied = sent->copied;

	return sent->bytes + (copied <= WEIR_SENT_COPY ? copied : 0);
}

static __always_inline __u32 frame_length(FRAME_CONTEXT *sent)
{
	return sent->length;
}

#define FRAME_GSO_SIZE(sent) ((sent)->gso_size)

#include "lib/account.bpf.h"

#ifdef WEIR_SAMPLES
static __always_inline int frame_read(FRAME_CONTEXT *sent, __u8 *bytes,
				      __u32 length)
{
	if (length > sent->copied)
		return -1;
	return bpf_probe_read_kernel(bytes, length, sent->bytes);
}
#endif

static __always_inline void frame_make(struct frame *frame,
				       struct weir_sent_frame *sent)
{
	__builtin_memset(frame, 0, sizeof(*frame));
	frame->context = sent;
	frame->data = frame_data(sent);
	frame->data_end = frame_data_end(sent);
	frame->length = sent->length;
	frame->gso_size = sent->gso_size;
	frame->gso_segments = sent->gso_size ? sent->gso_segments : 0;
}

/* The long way, for whatever frame; a function as tc_parse() is one. */
__noinline int sent_parse(struct weir_sent_frame *sent,
			  struct packet_view *packet)
{
	struct frame frame;

	if (!sent || !packet)
		return PACKET_MALFORMED;
	frame_make(&frame, sent);
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse(&frame, packet);
}

#ifdef WEIR_SAMPLES
static __always_inline int frame_parse_any(struct weir_sent_frame *sent,
					   struct packet_view *packet)
{
	return sent_parse(sent, packet);
}

#include "lib/frame_judge.bpf.h"
#endif

#ifdef WEIR_COPIES
static __always_inline __u32 frame_copied(FRAME_CONTEXT *sent)
{
	__u32 copied = sent->copied;

	return copied <= WEIR_SENT_COPY ? copied : 0;
}

#include "lib/frame_copy.bpf.h"
#endif

static __always_inline void sent_account(struct weir_sent_frame *sent)
{
	struct account where;
	struct frame frame;
	int said;

	if (account_open(&where, sent, TO_PORT))
		return;		/* of no port */
	frame_make(&frame, sent);
	said = account_plain(&where, &frame);
	if (unlikely(said < 0)) {
#ifdef WEIR_SAMPLES
		struct packet_view *packet = packet_copied();

		if (!packet)
			return;
		said = account(&where, frame_parse_any(sent, packet), packet,
			       sent);
#else
		struct packet_view packet;
		int kind = PACKET_IP;

		if (!parse_direct(&frame, &packet))
			kind = sent_parse(sent, &packet);
		said = account(&where, kind, &packet, sent);
#endif
	}
#ifdef WEIR_SAMPLES
	said = frame_said(sent, TO_PORT, said);
#endif
	account_sample(&where, sent, said);
#ifdef WEIR_COPIES
	if (unlikely(said & SAID_WANTED))
		frame_copy(sent, TO_PORT, said);
#endif
}

/* Called by weir_sent_end alone. */
SEC("fexit/__dev_direct_xmit")
int weir_sent_to(void *context)
{
	struct weir_sent_frame *sent = sent_frame(0);

	(void)context;
	if (sent)
		sent_account(sent);
	return 0;
}

char _license[] SEC("license") = "GPL";
