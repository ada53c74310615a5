// SPDX-License-Identifier: Apache-2.0
#include "weir_libvirt.h"

#include <dlfcn.h>
#include <stdlib.h>

/* <libvirt/libvirt-domain.h>: numbers of its stable interface. */
#define LIST_ACTIVE 1U
#define STATISTICS_WANTED 63U /* state, cpu.total, balloon, vcpu, interface, block */
#define STATISTICS_NOWAIT (1U << 29)
#define STATISTICS_NUMBERS 4 /* VIR_TYPED_PARAM_INT, _UINT, _LLONG, _ULLONG */
#define STATISTICS_TEXT 7
#define EVENT_LIFECYCLE 0
#define EVENT_DEVICE_REMOVED 15
#define EVENT_DEVICE_ADDED 19
#define EVENT_METADATA_CHANGE 23

/* virTypedParameter */
struct parameter {
	char name[80];
	int type;
	union {
		int small;
		unsigned int small_unsigned;
		long long number;
		unsigned long long number_unsigned;
		double real;
		char truth;
		char *text;
	} value;
};

/* virDomainStatsRecord */
struct record {
	void *machine;
	struct parameter *parameters;
	int count;
};

_Static_assert(sizeof(struct parameter) == 96, "as libvirt has it");
_Static_assert(sizeof(struct record) == 24, "as libvirt has it");

typedef void (*free_function)(void *);
typedef void (*generic_event)(void *connection, void *domain, void *opaque);

static struct {
	void (*set_error_function)(void *, void (*)(void *, void *));
	const char *(*last_error)(void);
	int (*register_events)(void);
	int (*run_events)(void);
	int (*add_timeout)(int, void (*)(int, void *), void *, free_function);
	void *(*open_read_only)(const char *);
	int (*close)(void *);
	int (*set_keep_alive)(void *, int, unsigned int);
	int (*on_close)(void *, void (*)(void *, int, void *), void *, free_function);
	int (*on_event)(void *, void *, int, generic_event, void *, free_function);
	int (*list_machines)(void *, void ***, unsigned int);
	char *(*describe)(void *, unsigned int);
	int (*free_machine)(void *);
	const char *(*name)(void *);
	int (*uuid)(void *, char *);
	unsigned int (*number)(void *);
	int (*statistics)(void *, unsigned int, struct record ***, unsigned int);
	void (*free_statistics)(struct record **);
} libvirt;

/* What has happened since weir_libvirt_wait told last. */
static int flags;

static void be_silent(void *data, void *error)
{
	(void)data;
	(void)error;
}

static void note_nothing(int timer, void *data)
{
	(void)timer;
	(void)data;
}

static void note_change(void *connection, void *machine, void *data)
{
	(void)connection;
	(void)machine;
	(void)data;
	flags |= WEIR_LIBVIRT_CHANGED;
}

/* Its callbacks have more parameters, which are not read; all end with the data. */
static int note_life(void *connection, void *machine, int event, int detail, void *data)
{
	(void)event;
	(void)detail;
	note_change(connection, machine, data);
	return 0;
}

static void note_device(void *connection, void *machine, const char *alias, void *data)
{
	(void)alias;
	note_change(connection, machine, data);
}

static void note_metadata(void *connection, void *machine, int type, const char *uri, void *data)
{
	(void)type;
	(void)uri;
	note_change(connection, machine, data);
}

static void note_end(void *connection, int reason, void *data)
{
	(void)connection;
	(void)reason;
	(void)data;
	flags |= WEIR_LIBVIRT_CLOSED;
}

int weir_libvirt_load(void)
{
	const struct {
		const char *name;
		void *place;
	} symbols[] = {
		{ "virSetErrorFunc", &libvirt.set_error_function },
		{ "virGetLastErrorMessage", &libvirt.last_error },
		{ "virEventRegisterDefaultImpl", &libvirt.register_events },
		{ "virEventRunDefaultImpl", &libvirt.run_events },
		{ "virEventAddTimeout", &libvirt.add_timeout },
		{ "virConnectOpenReadOnly", &libvirt.open_read_only },
		{ "virConnectClose", &libvirt.close },
		{ "virConnectSetKeepAlive", &libvirt.set_keep_alive },
		{ "virConnectRegisterCloseCallback", &libvirt.on_close },
		{ "virConnectDomainEventRegisterAny", &libvirt.on_event },
		{ "virConnectListAllDomains", &libvirt.list_machines },
		{ "virDomainGetXMLDesc", &libvirt.describe },
		{ "virDomainFree", &libvirt.free_machine },
		{ "virDomainGetName", &libvirt.name },
		{ "virDomainGetUUIDString", &libvirt.uuid },
		{ "virDomainGetID", &libvirt.number },
		{ "virConnectGetAllDomainStats", &libvirt.statistics },
		{ "virDomainStatsRecordListFree", &libvirt.free_statistics },
	};
	void *library = dlopen("libvirt.so.0", RTLD_NOW);
	unsigned int index;

	if (!library)
		return -1;
	for (index = 0; index < sizeof(symbols) / sizeof(symbols[0]); index++) {
		*(void **)symbols[index].place = dlsym(library, symbols[index].name);
		if (!*(void **)symbols[index].place)
			return -1;
	}
	libvirt.set_error_function(NULL, be_silent);
	if (libvirt.register_events())
		return -1;
	/* Without it the loop would wait for the next event, however long. */
	return libvirt.add_timeout(1000, note_nothing, NULL, NULL) < 0 ? -1 : 0;
}

void *weir_libvirt_connect(const char *uri)
{
	void *connection = libvirt.open_read_only(uri);

	/* A driver that has no connection to lose refuses it. */
	if (connection)
		libvirt.set_keep_alive(connection, 5, 3);
	return connection;
}

void weir_libvirt_follow(void *connection)
{
	flags = 0;
	libvirt.on_close(connection, note_end, NULL, NULL);
	/* What a driver does not tell of is seen at the next look. */
	libvirt.on_event(connection, NULL, EVENT_LIFECYCLE, (generic_event)(void *)note_life, NULL, NULL);
	libvirt.on_event(connection, NULL, EVENT_DEVICE_REMOVED, (generic_event)(void *)note_device, NULL, NULL);
	libvirt.on_event(connection, NULL, EVENT_DEVICE_ADDED, (generic_event)(void *)note_device, NULL, NULL);
	libvirt.on_event(connection, NULL, EVENT_METADATA_CHANGE, (generic_event)(void *)note_metadata, NULL, NULL);
}

void weir_libvirt_disconnect(void *connection) { libvirt.close(connection); }

int weir_libvirt_wait(void)
{
	int happened;

	if (libvirt.run_events() < 0)
		return -1;
	happened = flags;
	flags = 0;
	return happened;
}

int weir_libvirt_machines(void *connection, char ***documents)
{
	void **machines;
	int count = libvirt.list_machines(connection, &machines, LIST_ACTIVE);
	int index, described = 0;

	if (count < 0)
		return -1;
	*documents = calloc(count + 1, sizeof(**documents));
	for (index = 0; index < count; index++) {
		char *document = *documents ? libvirt.describe(machines[index], 0) : NULL;

		if (document)
			(*documents)[described++] = document;
		libvirt.free_machine(machines[index]);
	}
	free(machines);
	return *documents ? described : -1;
}

void weir_libvirt_release(char **documents, int count)
{
	while (count-- > 0)
		free(documents[count]);
	free(documents);
}

int weir_libvirt_statistics(void *connection, void ***records)
{
	return libvirt.statistics(connection, STATISTICS_WANTED, (struct record ***)records, STATISTICS_NOWAIT);
}

int weir_libvirt_machine(void *record, struct weir_libvirt_machine *machine)
{
	void *handle = ((struct record *)record)->machine;

	machine->name = libvirt.name(handle);
	machine->life = (int)libvirt.number(handle);
	return machine->name && !libvirt.uuid(handle, machine->uuid) ? 0 : -1;
}

int weir_libvirt_figure(void *record, int index, struct weir_libvirt_figure *figure)
{
	struct parameter *parameter;

	if (index >= ((struct record *)record)->count)
		return -1;
	parameter = &((struct record *)record)->parameters[index];
	figure->name = parameter->name;
	figure->text = parameter->type == STATISTICS_TEXT ? parameter->value.text : NULL;
	figure->is_number = parameter->type <= STATISTICS_NUMBERS;
	switch (parameter->type) {
	case 1:
		figure->number = parameter->value.small;
		break;
	case 2:
		figure->number = parameter->value.small_unsigned;
		break;
	default:
		figure->number = parameter->value.number_unsigned;
	}
	return 0;
}

void weir_libvirt_forget(void **records) { libvirt.free_statistics((struct record **)records); }

const char *weir_libvirt_error(void)
{
	const char *error = libvirt.last_error ? libvirt.last_error() : NULL;

	return error ? error : "";
}
