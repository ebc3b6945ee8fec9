# SPDX-License-Identifier: BSD-2-Clause
# natbox: Netfilter in user space. `make help` lists what can be made.
VERSION := 0.2.0
prefix  ?= /usr/local
DESTDIR ?=
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
O       ?= build
CFLAGS  ?= -O2 -g
SAN     ?=
SEED    ?= 1

# what building and testing need, and what the tests against the real kernel need besides
PACKAGES        := build-essential pkg-config libpcap-dev libedit-dev libpcre2-dev libjansson-dev libcmocka-dev
KERNEL_PACKAGES := iptables nftables conntrack iproute2 tcpdump iputils-ping iputils-arping netcat-openbsd traceroute procps bridge-utils
FUZZ_PACKAGES   := clang libclang-rt-14-dev

ALL_CFLAGS := -std=gnu17 -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes -D_GNU_SOURCE \
	-DNATBOX_VERSION='"$(VERSION)"' -Isrc -Iinclude -MMD -MP -fno-strict-aliasing $(CFLAGS) $(SAN)
LIBS := -lpcap -ledit -lpcre2-8 -ljansson

SRCS     := $(sort $(wildcard src/*/*.c src/*/*/*.c))
APP_SRCS := $(filter src/app/%,$(SRCS))
LIB_SRCS := $(filter-out src/app/%,$(SRCS))
OBJ       = $(1:%.c=$(O)/%.o)
LIB      := $(if $(filter build,$(O)),libnatbox.a,$(O)/libnatbox.a)
BIN      := $(if $(filter build,$(O)),natbox,$(O)/natbox)
UNIT     := $(patsubst tests/unit/%.c,$(O)/unit/%,$(sort $(wildcard tests/unit/*_test.c))) \
	$(patsubst tests/anomaly/%.c,$(O)/unit/%,$(sort $(wildcard tests/anomaly/*_test.c)))
FUZZ     := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
BENCH    := $(patsubst bench/%.c,$(O)/bench/%,$(sort $(wildcard bench/*.c)))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

all: $(BIN) $(LIB)

help:
	@echo "make            ./natbox and libnatbox.a"
	@echo "make demo       build, and run the NAT-server lab step by step"
	@echo "make test       unit tests, goldens, labs, layers (under five minutes)"
	@echo "make test-all   the same with sanitizers, the real kernel, fuzzing (long)"
	@echo "make bench      programs that measure"
	@echo "make install    into \$$(DESTDIR)\$$(prefix)"
	@echo "make deps       install the Debian packages that all of it needs (root)"

deps:
	@tools/deps $(PACKAGES) $(KERNEL_PACKAGES)

# for the targets of the README: install what is missing, or print the one line that does
need:
	@tools/deps $(PACKAGES)
need-kernel: need
	@if [ "$$(id -u)" = 0 ]; then tools/deps --optional $(KERNEL_PACKAGES); fi

$(BIN): $(call OBJ,$(APP_SRCS)) $(LIB)
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(call OBJ,$(LIB_SRCS))
	@rm -f $@
	ar rcs $@ $^

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(O)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(shell sed -n 's/^.*LINK: //p' $<) -MF $@.d -o $@ $< $(LIB) $(LIBS) -lcmocka

$(O)/unit/%: tests/anomaly/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(shell sed -n 's/^.*LINK: //p' $<) -MF $@.d -o $@ $< $(LIB) $(LIBS) -lcmocka

# a fuzz target with libFuzzer: make O=build/fuzzing CC=clang SAN="$(SANITIZE) -fsanitize=fuzzer-no-link" FUZZER=1
$(O)/fuzz/%: tests/fuzz/%.c $(if $(FUZZER),,tests/fuzz/main.c) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -MF $@.d -o $@ $(filter %.c,$^) $(LIB) $(LIBS)

$(O)/bench/%: bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -o $@ $< $(LIB) $(LIBS)

demo: need
	@$(MAKE) -s all
	@./natbox lab --demo labs/nat-server.md

unit: $(UNIT)
fuzz: $(FUZZ)

test: need-kernel
	@$(MAKE) -s all unit fuzz
	@O=$(O) NATBOX=./$(BIN) tests/run

test-asan: need-kernel
	@$(MAKE) -s test O=build/asan CFLAGS="-O1 -g" SAN="$(SANITIZE)"

test-all: need-kernel
	@tools/deps --optional $(FUZZ_PACKAGES)
	@$(MAKE) -s all unit fuzz
	@O=$(O) NATBOX=./$(BIN) tests/run --all

bench: need
	@$(MAKE) -s all $(BENCH)
	@for b in $(BENCH); do echo "== $$b"; ./$$b || exit 1; done

install: all
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib $(DESTDIR)$(prefix)/include
	install -d $(DESTDIR)$(prefix)/share/man/man1 $(DESTDIR)$(prefix)/share/man/man5 $(DESTDIR)$(prefix)/share/doc/natbox/labs
	install -m 755 natbox $(DESTDIR)$(prefix)/bin/
	install -m 644 libnatbox.a $(DESTDIR)$(prefix)/lib/
	install -m 644 include/natbox.h $(DESTDIR)$(prefix)/include/
	install -m 644 doc/natbox.1 $(DESTDIR)$(prefix)/share/man/man1/
	install -m 644 doc/natbox-lab.5 $(DESTDIR)$(prefix)/share/man/man5/
	install -m 644 README.md LICENSE doc/*.md $(DESTDIR)$(prefix)/share/doc/natbox/
	install -m 644 labs/*.md $(DESTDIR)$(prefix)/share/doc/natbox/labs/

clean:
	rm -rf build natbox libnatbox.a

-include $(shell find $(O) -name '*.d' 2>/dev/null)

.PHONY: all help deps need need-kernel demo unit fuzz test test-asan test-all bench install clean
.DELETE_ON_ERROR:
