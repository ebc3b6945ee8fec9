# SPDX-License-Identifier: BSD-2-Clause
# natbox: Netfilter in user space. `make help` lists what can be made.
VERSION := 0.1.0
prefix  ?= /usr/local
DESTDIR ?=
CC      ?= gcc
O       ?= build
CFLAGS  ?= -O2 -g
SAN     ?=

PACKAGES := build-essential pkg-config libpcap-dev libedit-dev libpcre2-dev libcmocka-dev

ALL_CFLAGS := -std=gnu17 -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -D_GNU_SOURCE \
	-DNATBOX_VERSION='"$(VERSION)"' -Isrc -Iinclude -MMD -MP -fno-strict-aliasing $(CFLAGS) $(SAN)
LIBS := -lpcap -ledit -lpcre2-8

SRCS     := $(sort $(wildcard src/*/*.c src/*/*/*.c))
APP_SRCS := $(filter src/app/%,$(SRCS))
LIB_SRCS := $(filter-out src/app/%,$(SRCS))
OBJ       = $(1:%.c=$(O)/%.o)
LIB      := $(if $(filter build,$(O)),libnatbox.a,$(O)/libnatbox.a)
BIN      := $(if $(filter build,$(O)),natbox,$(O)/natbox)
UNIT     := $(patsubst tests/unit/%.c,$(O)/unit/%,$(sort $(wildcard tests/unit/*_test.c)))

all: $(BIN) $(LIB)

$(BIN): $(call OBJ,$(APP_SRCS)) $(LIB)
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(call OBJ,$(LIB_SRCS))
	rm -f $@
	ar rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(O)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -o $@ $< $(LIB) $(LIBS) -lcmocka

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

clean:
	rm -rf build natbox libnatbox.a

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
