// SPDX-License-Identifier: Apache-2.0
#include "weir_image.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static _Thread_local struct weir_program_image kept;
static _Thread_local void *kept_functions;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered;

/* libbpf frees the functions with the program: they are copied. */
static int keep(struct bpf_program *program, struct bpf_prog_load_opts *options,
		long cookie)
{
	size_t size = (size_t)options->func_info_rec_size *
		      options->func_info_cnt;

	free(kept_functions);
	kept_functions = NULL;
	memset(&kept, 0, sizeof(kept));
	if (!size || !options->func_info)
		return 0;
	kept_functions = malloc(size);
	if (!kept_functions)
		return -ENOMEM;
	memcpy(kept_functions, options->func_info, size);
	kept.instructions = bpf_program__insns(program);
	kept.instruction_count = bpf_program__insn_cnt(program);
	kept.btf = options->prog_btf_fd;
	kept.functions = kept_functions;
	kept.function_size = options->func_info_rec_size;
	kept.function_count = options->func_info_cnt;
	return 0;
}

static void listen(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options,
		.prog_prepare_load_fn = keep);
	int handler = libbpf_register_prog_handler("tc",
						   BPF_PROG_TYPE_SCHED_CLS, 0,
						   &options);

	registered = handler < 0 ? handler : 0;
}

int weir_keep_program_images(void)
{
	pthread_once(&once, listen);
	return registered;
}

const struct weir_program_image *weir_program_image(void)
{
	return kept.instructions ? &kept : NULL;
}
