/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf gives to the kernel: only a callback of C sees it. */
#ifndef WEIR_IMAGE_H
#define WEIR_IMAGE_H

#include <stdint.h>

struct bpf_insn;

/*
 * A program as it was loaded: relocated, with the descriptors of its maps in
 * the instructions. The descriptors, btf too, are those of the bpf_object that
 * it was loaded from and end with it.
 */
struct weir_program_image {
	const struct bpf_insn *instructions;
	uint32_t instruction_count;
	int btf;
	const void *functions;	/* struct bpf_func_info, bpf(2) */
	uint32_t function_size;	/* of one, in bytes */
	uint32_t function_count;
};

/*
 * From now on the image of every program in a section "tc" is kept, per
 * thread, until the thread loads the next. Once is enough; never fails twice.
 * Returns 0, or -errno.
 */
int weir_keep_program_images(void);

/*
 * The image of what this thread loaded last, or NULL. Valid until the thread's
 * next load and as long as the bpf_object.
 */
const struct weir_program_image *weir_program_image(void);

#endif
