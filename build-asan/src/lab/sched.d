build-asan/src/lab/sched.o: src/lab/sched.c src/lab/sched.h \
 src/base/clock.h src/base/types.h src/base/list.h src/base/mem.h
src/lab/sched.h:
src/base/clock.h:
src/base/types.h:
src/base/list.h:
src/base/mem.h:
