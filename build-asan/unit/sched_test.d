build-asan/unit/sched_test: tests/unit/sched_test.c src/base/rng.h \
 src/base/types.h src/base/sbuf.h src/lab/sched.h src/base/clock.h \
 src/base/list.h
src/base/rng.h:
src/base/types.h:
src/base/sbuf.h:
src/lab/sched.h:
src/base/clock.h:
src/base/list.h:
