build-asan/src/base/lpm.o: src/base/lpm.c src/base/lpm.h src/base/types.h \
 src/base/mem.h
src/base/lpm.h:
src/base/types.h:
src/base/mem.h:
