build-asan/src/base/sbuf.o: src/base/sbuf.c src/base/sbuf.h \
 src/base/types.h src/base/mem.h
src/base/sbuf.h:
src/base/types.h:
src/base/mem.h:
